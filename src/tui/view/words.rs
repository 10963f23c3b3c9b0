//! Figures as styled words: what is not known is a dim dash, a gain has its colour and its sign.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::domain::{Bound, Money, NetQuantity, Side};
use crate::tui::model::{Model, Pane, Screen};
use crate::tui::theme::Theme;
use crate::view::format;

/// A cell of a table.
pub fn cell(text: impl Into<String>, style: Style) -> Line<'static> {
    Line::from(Span::styled(text.into(), style))
}

pub fn unknown(theme: &Theme) -> Line<'static> {
    cell(format::UNKNOWN, theme.dim)
}

/// The value in a style, or the dash.
pub fn known<T>(value: Option<T>, style: Style, theme: &Theme, write: impl FnOnce(T) -> String) -> Line<'static> {
    value.map_or_else(|| unknown(theme), |v| cell(write(v), style))
}

/// Gains, losses and neither.
pub fn gain(amount: Money, theme: &Theme) -> Style {
    let paise = amount.to_paise();
    if paise.is_negative() {
        theme.down
    } else if paise == Money::ZERO {
        theme.text
    } else {
        theme.up
    }
}

pub fn pnl(amount: Option<Money>, theme: &Theme) -> Span<'static> {
    match amount {
        Some(amount) => Span::styled(format::pnl(amount), gain(amount, theme)),
        None => Span::styled(format::UNKNOWN, theme.dim),
    }
}

pub fn net(quantity: NetQuantity, theme: &Theme) -> Line<'static> {
    let style = match quantity.0 {
        0 => theme.dim,
        1.. => theme.up,
        _ => theme.down,
    };
    cell(format::net(quantity), style)
}

pub fn bound(bound: Option<Bound>, style: Style, theme: &Theme) -> Line<'static> {
    known(bound, style, theme, format::bound)
}

pub fn side_letter(side: Side) -> &'static str {
    match side {
        Side::Buy => "B",
        Side::Sell => "S",
    }
}

/// `BUY ` and `SELL`, equally wide.
pub fn side_word(side: Side) -> String {
    format!("{:<4}", side.as_str())
}

/// A key and what it does.
pub fn key_hint(key: &str, label: &str, theme: &Theme) -> Vec<Span<'static>> {
    vec![Span::styled(key.to_string(), theme.key), Span::styled(format!(" {label}"), theme.dim)]
}

/// The name of a pane with its count.
pub fn pane_name(model: &Model, pane: Pane) -> String {
    let view = &model.view;
    match pane {
        Pane::Pending => format!("Pending {}", model.pending_rows.len()),
        Pane::Queue => format!("Queue {}", view.queue.len()),
        Pane::Positions => format!("Positions {}", view.positions.open_legs()),
        Pane::Orders if model.screen == Screen::Orders => format!("Working {}", view.working.len()),
        Pane::Orders => format!("Orders {}", view.working.len()),
        Pane::DayOrders => format!("All of today {}", model.day_order_keys().len()),
        Pane::Fills => format!("Trades {}", model.fill_keys().len()),
        Pane::Log => "Log".into(),
        Pane::Account => "Account".into(),
        Pane::Inbox => {
            let unread = view_unread(model);
            if unread == 0 { "Alerts".into() } else { format!("Alerts {unread} unread") }
        }
        Pane::Messages => format!("Messages {}", model.said.len()),
        Pane::Audit => format!("Audit trail {}", model.audit.rows.len()),
        Pane::LogTargets => "Parts".into(),
        Pane::JournalFigures => "Results".into(),
        Pane::JournalTrades => format!("Trades {}", model.journal.page.trades.len()),
        Pane::JournalDays => format!("Sessions {}", model.journal.page.days.len()),
        Pane::JournalKinds => format!("Strategies {}", model.journal.page.kinds.len()),
        Pane::Signals => format!("Signals {}", view.signals.open.len()),
        Pane::Strategy => "Strategy".into(),
        Pane::Chain => "Chain".into(),
        Pane::Portfolio => match (view.positions.groups.len(), view.positions.open_legs()) {
            (0, 0) => "Portfolio".into(),
            (groups, legs) => format!("Portfolio {groups} strategies · {legs} legs"),
        },
        Pane::Scenario => "Scenarios".into(),
        Pane::Limits => "Limits".into(),
    }
}

fn view_unread(model: &Model) -> usize {
    model.books.inbox.value.as_ref().map_or(0, |all| all.iter().filter(|a| !a.read).count())
}

/// The title of a pane: its own, or, where one pane of several has the screen, the names of all.
pub fn title(model: &Model, pane: Pane, own: String, compact: bool, theme: &Theme) -> Line<'static> {
    if !compact || model.screen.panes().len() == 1 {
        return Line::from(Span::styled(own, theme.title));
    }
    let mut spans = Vec::new();
    for (n, p) in model.screen.panes().iter().copied().enumerate() {
        if n > 0 {
            spans.push(Span::styled("  ", theme.dim));
        }
        let style = if p == pane { theme.bright } else { theme.dim };
        spans.push(Span::styled(pane_name(model, p), style));
    }
    Line::from(spans)
}
