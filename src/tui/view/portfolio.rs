//! Everything held: by strategy with its legs, by underlying and in all; gross and net, with Greeks in rupees; what was opened
//! elsewhere; and where the broker's book differs from ours.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::{Scene, greeks, words};
use crate::domain::{Money, Symbol};
use crate::risk::Exposure;
use crate::tui::model::{Pane, PositionKey, offset};
use crate::tui::theme::Theme;
use crate::tui::widgets::table::{self, Column, Row};
use crate::tui::widgets::{pane, text};
use crate::view::analytics::{Book, LegLook, Sum};
use crate::view::{Group, PositionRow, Positions, format};

const COLUMNS: &[Column] = &[
    Column::text("Contract", 0, 22),
    Column::number("Qty", 0, 4),
    Column::number("Avg", 7, 7),
    Column::number("Mark", 2, 7),
    Column::number("P&L", 0, 10),
    Column::number("Realised", 8, 8),
    Column::number("Charges", 6, 7),
    Column::number("Net", 5, 10),
    Column::number("Δ ₹/1%", 1, 6),
    Column::number("Γ ₹/1%", 6, 6),
    Column::number("Θ ₹/day", 3, 7),
    Column::number("Vega ₹/pt", 4, 9),
    Column::number("IV", 5, 5),
    Column::text("State", 4, 8),
    Column::number("Age", 9, 3),
];

pub fn render(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    let (model, theme) = (scene.model, scene.theme);
    let (positions, book) = (&model.view.positions, &model.looking.analytics.book);
    let title = Line::styled(words::pane_name(model, Pane::Portfolio), theme.title);
    let right = Line::styled("P&L at the last price", theme.dim);
    let inner = pane::frame(buf, area, &title, &right, model.focus == Pane::Portfolio, theme);
    let head = head(scene, inner.width);
    let keys = model.position_keys();
    let foot = foot(positions, book, inner.width, usize::from(inner.height), theme);
    let (above, below) = (rows(head.len()), rows(foot.len()));
    for (n, line) in (0..inner.height).zip(&head) {
        text::put(buf, text::row(inner, n), line, theme.symbols.ellipsis);
    }
    let list = Rect { y: inner.y + above, height: inner.height.saturating_sub(above + below), ..inner };
    if keys.is_empty() {
        pane::empty(buf, list, &nothing_held(positions), theme);
    } else {
        let height = usize::from(list.height.saturating_sub(1));
        let first = offset(model.positions.index(), keys.len(), height);
        let shown: Vec<Row<'_>> = keys[first..].iter().take(height).filter_map(|key| row(scene, *key)).collect();
        table::render(buf, list, COLUMNS, &shown, theme);
    }
    for (n, line) in (0..below).zip(&foot) {
        let at = Rect { y: list.bottom() + n, height: u16::from(list.bottom() + n < inner.bottom()), ..inner };
        text::put(buf, at, line, theme.symbols.ellipsis);
    }
}

fn rows(n: usize) -> u16 {
    u16::try_from(n).unwrap_or(u16::MAX)
}

fn nothing_held(positions: &Positions) -> String {
    match positions.age_ms {
        Some(age) => format!("Nothing is open. The broker's book was read {} ago.", format::whole_age(age)),
        None => "The broker's positions have not been read yet: nothing is known of what is open.".into(),
    }
}

/// The day: ours, and what the broker counts.
fn head(scene: &Scene<'_>, width: u16) -> Vec<Line<'static>> {
    let (view, theme) = (&scene.model.view, scene.theme);
    let (pnl, positions) = (view.header.pnl, &view.positions);
    let label = |words: &'static str| Span::styled(words, theme.dim);
    let ours = Line::from(vec![
        label("Day gross "),
        words::pnl(pnl.gross, theme),
        label("  charges ≈ "),
        Span::styled(format::rupees(pnl.charges), theme.text),
        label("  net "),
        bold(words::pnl(pnl.net, theme)),
    ]);
    let mut broker = vec![label("Broker ")];
    match positions.broker {
        None => broker.push(label("not read yet")),
        Some(day) => {
            let off = off_by(scene, day.gross());
            broker.push(words::pnl(Some(day.gross()), theme));
            let parts = vec![
                label(" = realised "),
                words::pnl(Some(day.realised), theme),
                label(" + open "),
                words::pnl(Some(day.unrealised), theme),
            ];
            let age = format::or_unknown(positions.age_ms, format::whole_age);
            let read = vec![Span::styled(format!(", read {age} ago"), theme.dim)];
            let wide = |parts: &[Span<'static>]| parts.iter().map(|s| text::width(&s.content)).sum::<u16>();
            // The parts are left out before the difference would be cut.
            if wide(&broker) + wide(&parts) + wide(&read) + wide(&off) <= width {
                broker.extend(parts);
            }
            broker.extend(read);
            broker.extend(off);
        }
    }
    vec![ours, Line::from(broker)]
}

/// How far the two counts are apart; foreign positions are in the broker's alone.
fn off_by(scene: &Scene<'_>, broker: Money) -> Vec<Span<'static>> {
    let (view, theme) = (&scene.model.view, scene.theme);
    let Some(gross) = view.header.pnl.gross else { return Vec::new() };
    let foreign: Option<Money> = view.positions.foreign.iter().map(|r| r.pnl).sum();
    let Some(foreign) = foreign else { return Vec::new() };
    let off = broker - gross - foreign;
    if off.to_paise() == Money::ZERO {
        return vec![Span::styled(format!("  {} agrees", theme.symbols.done), theme.up)];
    }
    vec![Span::styled("  differs by ", theme.dim), Span::styled(format::pnl(off), theme.warn)]
}

fn bold(span: Span<'static>) -> Span<'static> {
    Span { style: span.style.add_modifier(Modifier::BOLD), ..span }
}

fn row(scene: &Scene<'_>, key: PositionKey) -> Option<Row<'static>> {
    let (model, theme) = (scene.model, scene.theme);
    let book = &model.looking.analytics.book;
    let heads = matches!(key, PositionKey::Group(_) | PositionKey::ForeignHead);
    let cells = match key {
        PositionKey::Group(id) => {
            let group = model.view.positions.groups.iter().find(|g| g.strategy == id)?;
            group_cells(group, book.strategy(id), model.folded.contains(&id), theme)
        }
        PositionKey::Leg(..) => leg_cells(model.position_at(key)?, book, false, theme),
        PositionKey::ForeignHead => {
            let mut cells = vec![Line::default(); COLUMNS.len()];
            cells[0] = words::cell("opened elsewhere, left alone", theme.warn);
            cells
        }
        PositionKey::Foreign(..) => leg_cells(model.position_at(key)?, book, true, theme),
    };
    let selected = model.focus == Pane::Portfolio && model.positions.key() == Some(key);
    Some(Row { cells, selected, heads, style: Style::new() })
}

fn group_cells(group: &Group, exposure: Option<Exposure>, folded: bool, theme: &Theme) -> Vec<Line<'static>> {
    let sign = if folded { theme.symbols.folded } else { theme.symbols.unfolded };
    let symbol = group.symbol.map_or_else(String::new, |s| format!("{s} "));
    let [delta, gamma, theta, vega] = greeks::cells(exposure, theme);
    let state = if group.exiting.is_some() { words::cell("exiting", theme.warn) } else { Line::default() };
    vec![
        words::cell(format!("{sign} {symbol}{} #{}", group.name, group.strategy), theme.bright),
        Line::default(),
        Line::default(),
        Line::default(),
        Line::from(bold(words::pnl(group.pnl, theme))),
        Line::from(words::pnl(group.realised(), theme)),
        words::cell(format::rupees(group.charges), theme.dim),
        Line::from(words::pnl(group.net(), theme)),
        delta,
        gamma,
        theta,
        vega,
        Line::default(),
        state,
        Line::default(),
    ]
}

fn leg_cells(row: &PositionRow, book: &Book, foreign: bool, theme: &Theme) -> Vec<Line<'static>> {
    let look = book.leg(row);
    let open = !row.net.is_flat();
    let style = match (foreign, open) {
        (true, _) => theme.warn,
        (false, true) => theme.text,
        (false, false) => theme.dim,
    };
    let name = if foreign {
        format!("  {} {}", row.contract.underlying, format::leg(&row.contract, false))
    } else {
        format!("  {}", format::leg(&row.contract, false))
    };
    let exposure = look.and_then(LegLook::exposure);
    let [delta, gamma, theta, vega] = if open { greeks::cells(exposure, theme) } else { Default::default() };
    vec![
        words::cell(name, style),
        words::net(row.net, theme),
        words::known(row.average, theme.dim, theme, format::price),
        if open { greeks::mark(look.and_then(|l| l.mark), theme) } else { Line::default() },
        Line::from(words::pnl(row.pnl, theme)),
        Line::from(words::pnl(row.realised, theme)),
        Line::default(),
        Line::default(),
        delta,
        gamma,
        theta,
        vega,
        greeks::volatility(look.and_then(|l| l.option.as_ref()), theme),
        state(row, theme),
        if open { greeks::age(row.age_ms, theme) } else { Line::default() },
    ]
}

fn state(row: &PositionRow, theme: &Theme) -> Line<'static> {
    if row.strategy.is_none() {
        words::cell("not ours", theme.warn)
    } else if row.mismatch {
        words::cell(format!("≠ broker {}", format::or_unknown(row.broker, format::net)), theme.danger)
    } else if row.exiting {
        words::cell("exiting", theme.warn)
    } else if row.net.is_flat() {
        words::cell("closed", theme.dim)
    } else if row.broker.is_none() {
        words::cell("confirming", theme.dim)
    } else {
        words::cell("matched", theme.faint)
    }
}

const UNDERLYINGS: &[Column] = &[
    Column::text("Underlying", 0, 10),
    Column::number("Legs", 3, 4),
    Column::number("P&L", 0, 10),
    Column::number("Δ ₹/1%", 0, 6),
    Column::number("Γ ₹/1%", 2, 6),
    Column::number("Θ ₹/day", 1, 7),
    Column::number("Vega ₹/pt", 1, 9),
    Column::text("Not known", 4, 9),
];

/// By underlying and in all, then the differences; as much as leaves half of the room to the list.
fn foot(positions: &Positions, book: &Book, width: u16, height: usize, theme: &Theme) -> Vec<Line<'static>> {
    if book.total.legs == 0 && positions.differences.is_empty() {
        return Vec::new();
    }
    let mut lines = Vec::new();
    if book.total.legs > 0 {
        let mut table: Vec<Row<'static>> = Vec::new();
        if height >= 24 && book.underlyings.len() > 1 {
            let pnl = |s| pnl_of(positions, s);
            table.extend(book.underlyings.iter().map(|u| sum_row(u.symbol.to_string(), &u.sum, pnl(u.symbol), theme)));
        }
        let all = |r: &PositionRow| r.pnl;
        let total: Option<Money> = every(positions).map(all).sum();
        let name = match book.underlyings.as_slice() {
            [one] => format!("All on {}", one.symbol),
            _ => "All".into(),
        };
        table.push(sum_row(name, &book.total, total, theme));
        lines.extend(table::lines(UNDERLYINGS, &table, width, theme));
    }
    for d in positions.differences.iter().take(if height >= 24 { 6 } else { 2 }) {
        let numbers = format!(
            "{} {} {}: ours {}, broker {}: ",
            theme.symbols.blocked,
            format::contract(&d.contract),
            d.product.as_str(),
            format::net(d.ours),
            format::net(d.broker)
        );
        let whole = vec![Span::styled(numbers, theme.warn), Span::styled(d.kind().words(), theme.dim)];
        lines.push(Line::from(whole));
    }
    lines
}

fn every(positions: &Positions) -> impl Iterator<Item = &PositionRow> {
    positions.groups.iter().flat_map(|g| &g.rows).chain(&positions.foreign)
}

fn pnl_of(positions: &Positions, symbol: Symbol) -> Option<Money> {
    every(positions).filter(|r| r.contract.underlying == symbol).map(|r| r.pnl).sum()
}

fn sum_row(name: String, sum: &Sum, pnl: Option<Money>, theme: &Theme) -> Row<'static> {
    let [delta, gamma, theta, vega] = greeks::cells(sum.exposure(), theme);
    let unknown = if sum.unknown == 0 { String::new() } else { format!("{} of {} legs", sum.unknown, sum.legs) };
    let cells = vec![
        words::cell(name, theme.bright),
        words::cell(sum.legs.to_string(), theme.dim),
        Line::from(words::pnl(pnl, theme)),
        delta,
        gamma,
        theta,
        vega,
        words::cell(unknown, theme.warn),
    ];
    Row { cells, ..Row::default() }
}
