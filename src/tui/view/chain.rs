//! An option chain: calls on the left, puts on the right, the strikes between them; prices, interest, volatilities and Greeks
//! as far as there is room, and what is held.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::{Scene, greeks, words};
use crate::domain::{OptionRight, Price};
use crate::options::black76::{Greeks, YEAR_SECONDS};
use crate::tui::keymap::Action;
use crate::tui::model::{Pane, offset};
use crate::tui::theme::Theme;
use crate::tui::widgets::table::{self, Column, Row};
use crate::tui::widgets::{pane, text};
use crate::view::analytics::{ChainCell, ChainLook, MarkKind, StrikeLook};
use crate::view::format;

/// A chain that was read longer ago is called old.
const OLD_MS: i64 = 15_000;

/// Calls, from the outside in; puts have them the other way round.
const COLUMNS: &[Column] = &[
    Column::number("Held", 0, 4),
    Column::number("OI", 4, 5),
    Column::number("ΔOI", 8, 6),
    Column::number("Volume", 9, 6),
    Column::number("Vega", 12, 5),
    Column::number("Θ", 11, 6),
    Column::number("Γ", 13, 6),
    Column::number("Δ", 3, 5),
    Column::number("IV", 2, 5),
    Column::number("Bid", 5, 8),
    Column::number("Ask", 5, 8),
    Column::number("Chg", 7, 6),
    Column::number("CALL", 0, 8),
    Column::number("Strike", 0, 8),
    Column::number("PUT", 0, 8),
    Column::number("Chg", 7, 6),
    Column::number("Bid", 5, 8),
    Column::number("Ask", 5, 8),
    Column::number("IV", 2, 5),
    Column::number("Δ", 3, 5),
    Column::number("Γ", 13, 6),
    Column::number("Θ", 11, 6),
    Column::number("Vega", 12, 5),
    Column::number("Volume", 9, 6),
    Column::number("ΔOI", 8, 6),
    Column::number("OI", 4, 5),
    Column::number("Held", 0, 4),
];

pub fn render(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    let (model, theme) = (scene.model, scene.theme);
    let key = model.looking.chain_key();
    let name = key.map_or_else(
        || "Chain".to_string(),
        |k| format!("Chain {} {}", k.underlying.underlying, k.expiry.strftime("%a %d %b %Y")),
    );
    let chain = model.looking.analytics.chain.as_ref().filter(|c| Some(c.key) == key);
    let title = Line::styled(name, theme.title);
    let read = chain.map(|c| freshness(c, theme)).unwrap_or_default();
    let inner = pane::frame(buf, area, &title, &read, model.focus == Pane::Chain, theme);
    let Some(chain) = chain.filter(|c| !c.rows.is_empty()) else {
        pane::empty(buf, inner, &nothing(scene, chain), theme);
        return;
    };
    text::put(buf, text::row(inner, 0), &head(chain, inner.width, theme), theme.symbols.ellipsis);
    let foot = u16::from(inner.height > 6);
    let list = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1 + foot), ..inner };
    let height = usize::from(list.height.saturating_sub(1));
    let cursor = &model.looking.chain.strike;
    let first = offset(cursor.index(), chain.rows.len(), height);
    let rows: Vec<Row<'_>> = chain.rows[first..]
        .iter()
        .enumerate()
        .take(height)
        .map(|(n, r)| row(r, first + n == chain.middle, cursor.key() == Some(r.strike), theme))
        .collect();
    table::render(buf, list, COLUMNS, &rows, theme);
    if let Some(line) = at_hand(chain, cursor.key(), theme).filter(|_| foot > 0) {
        text::put(buf, text::row(inner, inner.height - 1), &line, theme.symbols.ellipsis);
    }
}

/// How old the chain is, and that asking again has failed.
fn freshness(chain: &ChainLook, theme: &Theme) -> Line<'static> {
    let Some(age) = chain.age_ms else { return Line::default() };
    let style = if age > OLD_MS { theme.warn } else { theme.dim };
    let failed = chain.problem.as_ref().map(|_| ", asking again fails");
    Line::styled(format!("read {} ago{}", format::whole_age(age), failed.unwrap_or_default()), style)
}

fn nothing(scene: &Scene<'_>, chain: Option<&ChainLook>) -> String {
    let (model, keymap) = (scene.model, &scene.model.keymap);
    if model.view.replay.is_some() {
        return "A replay has no chains: only what was journalled is shown.".into();
    }
    if model.looking.listed().is_none() {
        return "The instrument list has not been read yet: a moment, or see the log.".into();
    }
    match chain {
        Some(ChainLook { problem: Some(why), .. }) => {
            let key = keymap.key(Action::NextExpiry);
            format!(
                "The broker does not give this chain: {why}. It is asked again by itself; {key} goes to another expiry."
            )
        }
        Some(ChainLook { read_at: Some(_), .. }) => "The broker lists no options for this expiry.".into(),
        Some(_) | None => "Asking the broker for the chain …".into(),
    }
}

/// The underlying and what the chain says of its future: as many facts as fit whole.
fn head(chain: &ChainLook, width: u16, theme: &Theme) -> Line<'static> {
    let fact = |name: &'static str, value: String, style: Style| {
        vec![Span::styled(name, theme.dim), Span::styled(value, style)]
    };
    let left = chain.forward.map(|f| (f.t_years * YEAR_SECONDS * 1_000.0) as i64);
    let vol = format::or_unknown(chain.at_the_money, format::volatility);
    let moved = format::or_unknown(chain.expected_move, |m| greeks::points(m, 0));
    let ratio = format::or_unknown(chain.put_call_ratio, |r| greeks::points(r, 2));
    let facts = [
        fact("spot ", format::or_unknown(chain.spot, format::price), theme.bright),
        greeks::forward(chain.forward, theme),
        fact("at the money ", vol, theme.text),
        fact("1σ ±", moved, theme.text),
        fact("left ", format::or_unknown(left, format::left), theme.text),
        fact("put/call OI ", ratio, theme.text),
    ];
    let mut line = Line::default();
    for fact in facts {
        let wide = text::line_width(&line) + fact.iter().map(|s| text::width(&s.content)).sum::<u16>() + 2;
        if wide <= width {
            line.spans.extend(fact);
            line.push_span(Span::raw("  "));
        }
    }
    line
}

fn row(strike: &StrikeLook, middle: bool, selected: bool, theme: &Theme) -> Row<'static> {
    let mut cells = side(strike.call.as_ref(), theme);
    let style = if middle { theme.accent.add_modifier(Modifier::BOLD | Modifier::REVERSED) } else { theme.bright };
    cells.push(words::cell(format::strike(strike.strike), style));
    let mut puts = side(strike.put.as_ref(), theme);
    puts.reverse();
    // Mirrored, ask would stand before bid.
    puts.swap(2, 3);
    cells.extend(puts);
    Row { cells, selected, heads: false, style: Style::new() }
}

fn side(cell: Option<&ChainCell>, theme: &Theme) -> Vec<Line<'static>> {
    let Some(c) = cell else { return vec![Line::default(); 13] };
    let unit = |get: fn(&Greeks) -> f64, places: u32| {
        words::known(c.look.greeks, theme.dim, theme, |g| greeks::points(get(&g), places))
    };
    let interest = |n: u64| words::cell(format::compact(n as f64), theme.text);
    let price = |p: Option<Price>| words::known(p, greeks::price_style(c.age_ms, theme), theme, format::price);
    let held = if c.net.is_flat() { Line::default() } else { words::net(c.net, theme) };
    let change = c.change_pct.map(|p| p.round_dp(1));
    let direction = change.map_or(theme.dim, |p| if p.is_sign_negative() { theme.down } else { theme.up });
    vec![
        held,
        interest(c.open_interest),
        words::cell(format::compact(c.open_interest_change as f64), theme.dim),
        words::cell(format::compact(c.volume as f64), theme.dim),
        unit(|g| g.vega, 2),
        unit(|g| g.theta, 2),
        unit(|g| g.gamma, 4),
        unit(|g| g.delta, 2),
        greeks::volatility(Some(&c.look), theme),
        price(c.bid),
        price(c.ask),
        words::known(change, direction, theme, |p| format!("{}%", format::signed(p, 1))),
        last(c, theme),
    ]
}

/// The last price; a model's, marked as such, where nobody has traded or quoted it.
fn last(c: &ChainCell, theme: &Theme) -> Line<'static> {
    match (c.last, c.look.mark) {
        (Some(last), _) => {
            let style = if c.age_ms > greeks::STALE_MS { theme.faint } else { theme.bright };
            words::cell(format::price(last), style)
        }
        (None, mark @ Some(m)) if m.kind == MarkKind::Model => greeks::mark(mark, theme),
        (None, _) => words::unknown(theme),
    }
}

/// What a row cannot say in a cell: why one of its volatilities is another's.
fn at_hand(chain: &ChainLook, strike: Option<Price>, theme: &Theme) -> Option<Line<'static>> {
    let row = chain.rows.iter().find(|r| Some(r.strike) == strike)?;
    let told = [OptionRight::Call, OptionRight::Put].into_iter().find_map(|right| {
        let why = greeks::volatility_in_full(&row.side(right)?.look)?;
        Some(format!("{} {right}: {why}", format::strike(row.strike)))
    });
    told.map(|words| Line::styled(words, theme.dim))
}
