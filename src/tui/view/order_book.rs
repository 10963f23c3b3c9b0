//! The orders with the whole screen: those that may still trade, all of today, and what has filled.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::{Scene, orders, words};
use crate::domain::time::ist;
use crate::domain::{Money, OrderKind};
use crate::engine::state::OrderState;
use crate::tui::keymap::Action;
use crate::tui::model::{Model, Pane};
use crate::tui::theme::Theme;
use crate::tui::widgets::list::List;
use crate::tui::widgets::table::{Column, Row};
use crate::tui::widgets::{pane, text};
use crate::view::{OrderOrigin, OrderRow, format};

const ORDERS: &[Column] = &[
    Column::word("Time", 3, 8),
    Column::word("", 0, 1),
    Column::word("Contract", 0, 14),
    Column::word("Expiry", 3, 6),
    Column::number("Qty", 0, 3),
    Column::number("Limit", 1, 6),
    Column::number("Trigger", 2, 7),
    Column::number("Filled at", 4, 6),
    Column::word("State", 0, 9),
    Column::word("For", 2, 5),
    Column::number("Steps", 7, 5),
    Column::number("Age", 5, 3),
    Column::word("Product", 8, 6),
    Column::text("Why", 6, 10),
    Column::word("Order id", 9, 8),
    Column::word("Correlation", 10, 8),
];

const FILLS: &[Column] = &[
    Column::word("Time", 1, 8),
    Column::word("", 0, 1),
    Column::word("Contract", 0, 14),
    Column::word("Expiry", 2, 6),
    Column::number("Qty", 0, 3),
    Column::number("Average", 0, 6),
    Column::number("Value", 2, 9),
    Column::word("For", 1, 5),
    Column::word("State", 3, 9),
    Column::word("Product", 4, 6),
    Column::word("Order id", 5, 8),
];

/// Draws `own`, one of the panes of the orders screen.
pub fn render(scene: &Scene<'_>, buf: &mut Buffer, area: Rect, own: Pane) {
    let (model, theme) = (scene.model, scene.theme);
    let title = words::title(model, own, String::new(), true, theme);
    let inner = pane::frame(buf, area, &title, &totals(model, theme), model.focus == own, theme);
    let (keys, at) = match own {
        Pane::DayOrders => (model.day_order_keys(), model.day_orders.index()),
        Pane::Fills => (model.fill_keys(), model.fills.index()),
        _ => (model.order_keys(), model.orders.index()),
    };
    if keys.is_empty() {
        pane::empty(buf, inner, &nothing(model, own), theme);
        return;
    }
    let at_hand = model.order_at_hand().map(|o| in_full(o, model)).unwrap_or_default();
    let foot = text::wrapped(&at_hand, inner.width, "", theme.dim).into_iter().take(2).collect();
    let columns = if own == Pane::Fills { FILLS } else { ORDERS };
    let list = List { columns, count: keys.len(), at, focused: true, foot };
    let of = |n: usize| keys.get(n).and_then(|key| model.order_of(*key)).map(|o| row(o, own, theme));
    list.render(buf, inner, |n| of(n).unwrap_or_default(), theme);
}

/// What is said where a list is empty.
fn nothing(model: &Model, own: Pane) -> String {
    let key = |action| model.keymap.key(action);
    match own {
        Pane::DayOrders => format!(
            "No order has left today. Mark a strategy on the cockpit ({}) and execute it ({}).",
            key(Action::Mark),
            key(Action::Execute)
        ),
        Pane::Fills => "Nothing has filled today.".into(),
        _ => format!("No order is working. {} shows all of today.", key(Action::NextPane)),
    }
}

/// How many are what, for the frame.
fn totals(model: &Model, theme: &Theme) -> Line<'static> {
    let count = |wanted: fn(&OrderRow) -> bool| model.view.working.iter().filter(|o| wanted(o)).count();
    let parts = [
        (count(|o| o.origin.is_entry()), "entry", "entries"),
        (count(|o| matches!(o.origin, OrderOrigin::Exit { .. })), "exit", "exits"),
        (count(|o| matches!(o.origin, OrderOrigin::Stop { .. })), "stop", "stops"),
        (count(|o| o.origin == OrderOrigin::Foreign), "foreign", "foreign"),
        (count(|o| o.state == OrderState::Unknown), "unknown", "unknown"),
    ];
    let said = parts.into_iter().filter(|(n, ..)| *n > 0);
    let words: Vec<String> = said.map(|(n, one, many)| format!("{n} {}", if n == 1 { one } else { many })).collect();
    Line::styled(words.join(" · "), theme.dim)
}

fn row(o: &OrderRow, own: Pane, theme: &Theme) -> Row<'static> {
    let over = !o.state.is_open();
    let plain = if over { theme.dim } else { theme.text };
    let name = match o.origin {
        OrderOrigin::Foreign => theme.warn,
        _ if over => theme.text,
        _ => theme.bright,
    };
    let side = match o.side {
        crate::domain::Side::Buy => theme.up,
        crate::domain::Side::Sell => theme.down,
    };
    let time = words::cell(ist(o.changed_at).strftime("%H:%M:%S").to_string(), theme.dim);
    let side = words::cell(words::side_letter(o.side), side);
    let contract = words::cell(orders::what(o), name);
    let expiry = words::cell(orders::expiry(o), theme.dim);
    let state = words::cell(orders::state_word(o), orders::state_style(o, theme));
    let of = words::cell(orders::origin(o), theme.dim);
    let product = words::cell(o.product.as_str(), theme.dim);
    let id = words::cell(o.order_id.as_ref().map_or_else(String::new, |i| i.0.clone()), theme.dim);
    let average = words::known(o.average, plain, theme, format::price);
    let cells = if own == Pane::Fills {
        let value = words::known(value(o), plain, theme, format::rupees);
        let quantity = words::cell(o.filled.to_string(), plain);
        vec![time, side, contract, expiry, quantity, average, value, of, state, product, id]
    } else {
        let filled = if o.filled.is_zero() { Line::default() } else { average };
        let trigger = o.kind.trigger().map_or_else(Line::default, |t| words::cell(format::price(t), plain));
        let steps = if o.steps == 0 { String::new() } else { o.steps.to_string() };
        vec![
            time,
            side,
            contract,
            expiry,
            words::cell(orders::quantity(o.filled, o.quantity), plain),
            words::cell(limit(o), plain),
            trigger,
            filled,
            state,
            of,
            words::cell(steps, theme.dim),
            words::cell(format::whole_age(o.age_ms), theme.dim),
            product,
            words::cell(o.reason.clone().unwrap_or_default(), orders::state_style(o, theme)),
            id,
            words::cell(o.correlation.as_ref().map_or_else(String::new, ToString::to_string), theme.dim),
        ]
    };
    Row { cells, ..Row::default() }
}

fn limit(o: &OrderRow) -> String {
    match o.kind {
        OrderKind::Limit { price } | OrderKind::StopLimit { price, .. } => format::price(price),
        OrderKind::Market | OrderKind::StopMarket { .. } => "market".into(),
    }
}

/// Rupees that have changed hands.
fn value(o: &OrderRow) -> Option<Money> {
    o.average.map(|price| price.times(o.filled))
}

/// The order under the cursor in a sentence or two.
fn in_full(o: &OrderRow, model: &Model) -> String {
    let mut parts = vec![format!("{} {} {} {}", o.side, o.quantity, format::contract(&o.contract), o.product.as_str())];
    parts.push(match o.origin {
        OrderOrigin::Foreign => "placed elsewhere".into(),
        origin => match origin.strategy().and_then(|id| model.view.strategy(id)) {
            Some(strategy) => format!("{} of {}", orders::origin(o), strategy.title()),
            None => orders::origin(o),
        },
    });
    if let Some(id) = &o.order_id {
        parts.push(format!("order {}", id.0));
    }
    if let Some(id) = &o.correlation {
        parts.push(format!("correlation {id}"));
    }
    if o.state == OrderState::Unknown {
        parts.push("its answer was lost: the broker is asked for it, it is never sent again".into());
    }
    parts.extend(o.reason.clone());
    parts.join(" · ")
}
