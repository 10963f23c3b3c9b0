//! Open positions, grouped by strategy; then what was opened elsewhere.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::{Scene, words};
use crate::tui::model::{Pane, PositionKey, offset};
use crate::tui::theme::Theme;
use crate::tui::widgets::table::{Column, Row, render as table};
use crate::tui::widgets::{pane, text};
use crate::view::{Awake, Group, GuardRow, PositionRow, format};

const COLUMNS: &[Column] = &[
    Column::text("Contract", 0, 24),
    Column::number("Qty", 0, 5),
    Column::number("Avg", 2, 8),
    Column::number("LTP", 1, 8),
    Column::number("P&L", 0, 12),
    Column::text("State", 1, 8),
    Column::word("Product", 4, 6),
    Column::number("Age", 3, 3),
];

pub fn render(scene: &Scene<'_>, buf: &mut Buffer, area: Rect, compact: bool) {
    let (model, theme) = (scene.model, scene.theme);
    let positions = &model.view.positions;
    let own = match (positions.groups.len(), positions.open_legs()) {
        (0, 0) => "Positions".to_string(),
        (groups, legs) => format!("Positions {groups} strategies · {legs} legs"),
    };
    let title = words::title(model, Pane::Positions, own, compact, theme);
    let focused = model.focus == Pane::Positions;
    let inner = pane::frame(buf, area, &title, &facts(scene), focused, theme);
    let keys = model.position_keys();
    let closed = closed(scene);
    if keys.is_empty() {
        let age = format::or_unknown(positions.age_ms, format::whole_age);
        let words = match positions.read_at {
            Some(_) => format!("No open positions. The broker's book was read {age} ago."),
            None => "The broker's positions have not been read yet.".to_string(),
        };
        pane::empty(buf, inner, &words, theme);
        if let Some(line) = closed.filter(|_| inner.height > 1) {
            text::put(buf, text::row(inner, 1), &line, theme.symbols.ellipsis);
        }
        return;
    }
    let foot = u16::from(closed.is_some() && inner.height > 5);
    let list = Rect { height: inner.height - foot, ..inner };
    let height = usize::from(list.height.saturating_sub(1));
    let first = offset(model.positions.index(), keys.len(), height);
    let rows: Vec<Row<'_>> = keys[first..].iter().take(height).filter_map(|key| row(scene, *key, focused)).collect();
    table(buf, list, COLUMNS, &rows, theme);
    if let Some(line) = closed.filter(|_| foot > 0) {
        text::put(buf, text::row(inner, inner.height - 1), &line, theme.symbols.ellipsis);
    }
}

fn facts(scene: &Scene<'_>) -> Line<'static> {
    let (theme, header) = (scene.theme, &scene.model.view.header);
    let mut facts = match &header.awake {
        Awake::NotNeeded => Vec::new(),
        Awake::Kept => vec![Span::styled("kept awake", theme.dim)],
        Awake::NotKept(_) => vec![Span::styled("may fall asleep", theme.warn)],
    };
    if header.pnl.charges != crate::domain::Money::ZERO {
        let between = if facts.is_empty() { "" } else { " · " };
        let charges = format::rupees_whole(header.pnl.charges);
        facts.push(Span::styled(format!("{between}before charges, today ≈ {charges}"), theme.dim));
    }
    Line::from(facts)
}

fn closed(scene: &Scene<'_>) -> Option<Line<'static>> {
    let (theme, positions) = (scene.theme, &scene.model.view.positions);
    (positions.closed > 0).then(|| {
        Line::from(vec![
            Span::styled(format!("{} closed today ", positions.closed), theme.dim),
            words::pnl(Some(positions.closed_pnl), theme),
        ])
    })
}

fn row(scene: &Scene<'_>, key: PositionKey, focused: bool) -> Option<Row<'static>> {
    let (model, theme) = (scene.model, scene.theme);
    let heads = matches!(key, PositionKey::Group(_) | PositionKey::ForeignHead);
    let cells = match key {
        PositionKey::Group(id) => {
            let group = model.view.positions.groups.iter().find(|g| g.strategy == id)?;
            group_cells(group, model.folded.contains(&id), theme)
        }
        PositionKey::Leg(..) => leg_cells(model.position_at(key)?, theme),
        PositionKey::ForeignHead => foreign_head(theme),
        PositionKey::Foreign(..) => foreign_cells(model.position_at(key)?, theme),
    };
    Some(Row { cells, selected: focused && model.positions.key() == Some(key), heads, style: Style::new() })
}

fn group_cells(group: &Group, folded: bool, theme: &Theme) -> Vec<Line<'static>> {
    let sign = if folded { theme.symbols.folded } else { theme.symbols.unfolded };
    let symbol = group.symbol.map_or_else(String::new, |s| format!("{s} "));
    let legs = if folded { format!(" · {} legs", group.rows.len()) } else { String::new() };
    let pnl = words::pnl(group.pnl, theme);
    let state = if group.exiting.is_some() { words::cell("exiting", theme.warn) } else { Line::default() };
    vec![
        words::cell(format!("{sign} {symbol}{} #{}{legs}", group.name, group.strategy), theme.bright),
        Line::default(),
        Line::default(),
        Line::default(),
        Line::from(Span::styled(pnl.content, pnl.style.add_modifier(Modifier::BOLD))),
        state,
        Line::default(),
        Line::default(),
    ]
}

fn leg_cells(row: &PositionRow, theme: &Theme) -> Vec<Line<'static>> {
    let style = if row.net.is_flat() { theme.dim } else { theme.text };
    cells(row, words::cell(format!("  {}", format::leg(&row.contract, false)), style), theme)
}

fn foreign_cells(row: &PositionRow, theme: &Theme) -> Vec<Line<'static>> {
    let name = format!("  {} {}", row.contract.underlying, format::leg(&row.contract, false));
    cells(row, words::cell(name, theme.warn), theme)
}

fn foreign_head(theme: &Theme) -> Vec<Line<'static>> {
    let mut cells = vec![Line::default(); COLUMNS.len()];
    cells[0] = words::cell("foreign: opened elsewhere, left alone", theme.warn);
    cells
}

fn cells(row: &PositionRow, name: Line<'static>, theme: &Theme) -> Vec<Line<'static>> {
    vec![
        name,
        words::net(row.net, theme),
        words::known(row.average, theme.dim, theme, format::price),
        words::known(row.last(), price_style(row, theme), theme, format::price),
        Line::from(words::pnl(row.pnl, theme)),
        state(row, theme),
        words::cell(row.product.as_str(), theme.dim),
        age(row, theme),
    ]
}

/// Older than this, a price is dimmed and its age coloured.
const STALE_MS: i64 = 10_000;

fn price_style(row: &PositionRow, theme: &Theme) -> Style {
    if row.age_ms.is_some_and(|ms| ms > STALE_MS) { theme.faint } else { theme.bright.remove_modifier(Modifier::BOLD) }
}

fn age(row: &PositionRow, theme: &Theme) -> Line<'static> {
    let style = if row.age_ms.is_some_and(|ms| ms > STALE_MS) { theme.warn } else { theme.faint };
    words::known(row.age_ms, style, theme, format::whole_age)
}

/// Where its stop stands; loudly, while less of it rests than is held.
fn guard(row: &PositionRow, theme: &Theme) -> Line<'static> {
    match row.guard {
        Some(GuardRow { stop: Some(stop), resting, .. }) if resting >= row.net.size() => {
            words::cell(format!("SL {}", format::price(stop.trigger)), theme.dim)
        }
        Some(GuardRow { stop: Some(_), .. }) => words::cell("no stop", theme.danger),
        Some(GuardRow { stop: None, .. }) | None => Line::default(),
    }
}

/// What the trader should know of this line: an exit under way, or a broker who says otherwise.
fn state(row: &PositionRow, theme: &Theme) -> Line<'static> {
    if row.mismatch {
        let broker = format::or_unknown(row.broker, format::net);
        return words::cell(format!("≠ broker {broker}"), theme.danger);
    }
    if row.exiting {
        return words::cell("exiting", theme.warn);
    }
    if row.net.is_flat() {
        return words::cell("closed", theme.dim);
    }
    match row.broker {
        Some(_) => guard(row, theme),
        None => words::cell("confirming", theme.dim),
    }
}
