//! Orders: those that may still trade, then what became of the others today.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use super::{Scene, words};
use crate::domain::{ContractKind, OrderKind, Quantity};
use crate::engine::state::OrderState;
use crate::tui::model::{OrderKey, Pane, offset};
use crate::tui::theme::Theme;
use crate::tui::widgets::pane;
use crate::tui::widgets::table::{Column, Row, render as table};
use crate::view::{OrderOrigin, OrderRow, format};

const COLUMNS: &[Column] = &[
    Column::text("Order", 0, 20),
    Column::number("Qty", 0, 3),
    Column::number("Price", 1, 6),
    Column::text("State", 0, 6),
    Column::word("Expiry", 2, 6),
    Column::word("For", 3, 5),
    Column::number("Age", 4, 3),
    Column::text("Why", 5, 10),
    Column::word("Order id", 6, 8),
];

pub fn render(scene: &Scene<'_>, buf: &mut Buffer, area: Rect, compact: bool) {
    let (model, theme) = (scene.model, scene.theme);
    let own = format!("Working orders {}", model.view.working.len());
    let title = words::title(model, Pane::Orders, own, compact, theme);
    let focused = model.focus == Pane::Orders;
    let inner = pane::frame(buf, area, &title, &Line::default(), focused, theme);
    let (working, recent) = (&model.view.working, &model.view.recent);
    if working.is_empty() && recent.is_empty() {
        pane::empty(buf, inner, "No orders today.", theme);
        return;
    }
    let height = usize::from(inner.height.saturating_sub(1));
    let first = offset(model.orders.index(), working.len(), height.min(working.len().max(1)));
    let selected = model.orders.key().filter(|_| focused);
    let open = working.iter().enumerate().skip(first).map(|(n, o)| {
        let key = o.intent.map_or(OrderKey::Foreign(n), OrderKey::Ours);
        row(o, selected == Some(key), theme)
    });
    let over = recent.iter().map(|o| Row { style: theme.dim, ..over(o, theme) });
    let rows: Vec<Row<'_>> = open.chain(over).take(height).collect();
    table(buf, inner, COLUMNS, &rows, theme);
}

fn row(o: &OrderRow, selected: bool, theme: &Theme) -> Row<'static> {
    let name_style = if o.origin == OrderOrigin::Foreign { theme.warn } else { theme.text };
    let cells = vec![
        words::cell(name(o), name_style),
        words::cell(quantity(o.filled, o.quantity), theme.text),
        words::cell(price(o), theme.text),
        words::cell(state_word(o), state_style(o, theme)),
        words::cell(expiry(o), theme.dim),
        words::cell(origin(o), theme.dim),
        words::cell(format::whole_age(o.age_ms), theme.dim),
        words::cell(o.reason.clone().unwrap_or_default(), theme.dim),
        words::cell(o.order_id.as_ref().map_or_else(String::new, |i| i.0.clone()), theme.dim),
    ];
    Row { cells, selected, heads: false, style: Style::new() }
}

fn over(o: &OrderRow, theme: &Theme) -> Row<'static> {
    let style = match o.state {
        OrderState::Rejected | OrderState::Lost | OrderState::NotSent => theme.down,
        _ => theme.dim,
    };
    let price = o.average.map_or_else(|| price(o), format::price);
    let plain = |text: String| Line::from(text);
    let cells = vec![
        plain(name(o)),
        plain(quantity(o.filled, o.quantity)),
        plain(price),
        words::cell(state_word(o), style),
        plain(expiry(o)),
        plain(origin(o)),
        plain(format::whole_age(o.age_ms)),
        words::cell(o.reason.clone().unwrap_or_default(), style),
        plain(o.order_id.as_ref().map_or_else(String::new, |i| i.0.clone())),
    ];
    Row { cells, ..Row::default() }
}

/// `B NIFTY 26300 CE`: short, because it stands in a narrow place.
pub fn name(o: &OrderRow) -> String {
    format!("{} {}", words::side_letter(o.side), what(o))
}

/// `NIFTY 26300 CE`.
pub fn what(o: &OrderRow) -> String {
    let what = match o.contract.kind {
        ContractKind::Option { strike, right, .. } => format!(" {} {right}", strike.0.normalize()),
        ContractKind::Future { .. } => " FUT".to_string(),
        ContractKind::Index | ContractKind::Equity => String::new(),
        ContractKind::Unlisted { id, .. } => format!(" id {id}"),
    };
    format!("{}{what}", o.contract.underlying)
}

pub fn expiry(o: &OrderRow) -> String {
    o.contract.expiry().map_or_else(String::new, |d| d.strftime("%d %b").to_string())
}

/// `65`, or `30/65` while part of it has filled.
pub fn quantity(filled: Quantity, all: Quantity) -> String {
    if filled.is_zero() || filled == all { all.to_string() } else { format!("{filled}/{all}") }
}

pub fn price(o: &OrderRow) -> String {
    match o.kind {
        OrderKind::Limit { price } => format::price(price),
        OrderKind::Market => "market".into(),
        OrderKind::StopLimit { trigger, .. } | OrderKind::StopMarket { trigger } => {
            format!("SL {}", format::price(trigger))
        }
    }
}

pub fn state_word(o: &OrderRow) -> String {
    let word = match o.state {
        _ if o.cancelling => "cancelling",
        OrderState::Working if o.modifying => "modifying",
        OrderState::Working if !o.filled.is_zero() => "part",
        state => state.as_str(),
    };
    word.to_string()
}

pub fn state_style(o: &OrderRow, theme: &Theme) -> Style {
    match o.state {
        OrderState::Unknown | OrderState::Lost => theme.warn,
        OrderState::Working | OrderState::Intent | OrderState::Transit => theme.accent,
        OrderState::Filled => theme.up,
        OrderState::Rejected | OrderState::NotSent => theme.down,
        OrderState::Cancelled | OrderState::Expired => theme.dim,
    }
}

pub fn origin(o: &OrderRow) -> String {
    match o.origin {
        OrderOrigin::Entry { strategy, leg } => format!("#{strategy}/{leg}"),
        OrderOrigin::Exit { strategy: Some(strategy) } => format!("exit #{strategy}"),
        OrderOrigin::Exit { strategy: None } => "exit".into(),
        OrderOrigin::Stop { strategy: Some(strategy) } => format!("stop #{strategy}"),
        OrderOrigin::Stop { strategy: None } => "stop".into(),
        OrderOrigin::Foreign => "foreign".into(),
    }
}
