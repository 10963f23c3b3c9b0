//! Moving in lists, selecting, sorting, filtering, folding.

use super::{Drawn, LogMove, Outgoing, looking};
use crate::domain::StrategyId;
use crate::tui::filter::Filter;
use crate::tui::model::{Layer, Model, Pane, PositionKey, Screen};
use crate::tui::sort::Sort;

/// Which strategies are listed, in which order; afterwards every cursor is on its item again.
pub(super) fn refresh_rows(model: &mut Model) {
    let (filter, sort) = (&model.filter, model.sort);
    let strategies = &model.view.strategies;
    let mut rows: Vec<usize> = (0..strategies.len()).filter(|i| filter.lets_through(&strategies[*i])).collect();
    rows.sort_by(|a, b| sort.compare(&strategies[*a], &strategies[*b]));
    model.pending_rows = rows;
    let (pending, queue, positions, orders) =
        (model.pending_keys(), model.queue_keys(), model.position_keys(), model.order_keys());
    let signals = model.scalper_keys();
    model.signals.follow(&signals);
    model.pending.follow(&pending);
    model.queue.follow(&queue);
    model.positions.follow(&positions);
    model.orders.follow(&orders);
    match model.screen {
        Screen::Orders => {
            let (day, fills) = (model.day_order_keys(), model.fill_keys());
            model.day_orders.follow(&day);
            model.fills.follow(&fills);
        }
        Screen::Journal => model.turn_journal_page(),
        Screen::Alerts => {
            let (inbox, messages) = (model.inbox_keys(), (0..model.said.len()).collect::<Vec<_>>());
            model.inbox.follow(&inbox);
            model.messages.follow(&messages);
        }
        Screen::Audit => {
            let lines = model.audit_keys();
            model.audit.lines.follow(&lines);
        }
        _ => {}
    }
}

/// To a screen, and there to the pane that had the keys last; who is there already goes to its first pane.
pub(super) fn go(model: &mut Model, screen: Screen) {
    let left_at = model.left_at.get(&screen).copied().filter(|_| model.screen != screen);
    let pane = left_at.or_else(|| screen.panes().first().copied());
    go_to_pane(model, screen, pane.unwrap_or_default());
}

pub(super) fn go_to_pane(model: &mut Model, screen: Screen, pane: Pane) {
    if model.screen != screen {
        model.left_at.insert(model.screen, model.focus);
        model.screen = screen;
        model.zoomed = false;
        model.focus = pane;
        // What is only followed where it is shown.
        refresh_rows(model);
    }
    model.focus = pane;
}

pub(super) fn set_filter(model: &mut Model, filter: Filter) {
    model.filter = filter;
    refresh_rows(model);
}

pub(super) fn sort(model: &mut Model, reverse: bool) {
    model.sort = if reverse {
        Sort { reversed: !model.sort.reversed, ..model.sort }
    } else {
        Sort { by: model.sort.by.next(), reversed: false }
    };
    refresh_rows(model);
}

pub(super) fn select(model: &mut Model) {
    let id = match model.focus {
        Pane::Pending => model.pending.key(),
        Pane::Queue => model.queue.key(),
        _ => None,
    };
    if let Some(id) = id {
        if !model.chosen.remove(&id) {
            model.chosen.insert(id);
        }
        move_cursor(model, 1);
    }
}

/// Hides or shows the legs of the strategy under the cursor, and goes to its head line.
pub(super) fn fold(model: &mut Model) {
    let id: StrategyId = match model.positions.key() {
        Some(PositionKey::Group(id) | PositionKey::Leg(id, ..)) => id,
        Some(PositionKey::ForeignHead | PositionKey::Foreign(..)) | None => return,
    };
    if !model.folded.remove(&id) {
        model.folded.insert(id);
    }
    let keys = model.position_keys();
    model.positions.go(&keys, PositionKey::Group(id));
}

pub(super) fn scroll(model: &mut Model, rows: isize, out: &mut Vec<Outgoing>) {
    step(model, rows, out);
}

pub(super) fn step(model: &mut Model, by: isize, out: &mut Vec<Outgoing>) {
    if let Some(scroll) = top_scroll(model) {
        *scroll = scroll.saturating_add_signed(by);
    } else if model.layers.is_empty() {
        match model.focus {
            Pane::Log => out.push(Outgoing::Log(if by < 0 { LogMove::PageUp } else { LogMove::PageDown })),
            Pane::LogTargets => out.push(Outgoing::Log(if by < 0 { LogMove::TargetUp } else { LogMove::TargetDown })),
            _ => move_cursor(model, by),
        }
    }
}

pub(super) fn page(model: &mut Model, by: isize, out: &mut Vec<Outgoing>) {
    let rows = isize::try_from(model.page_rows).unwrap_or(10);
    if model.layers.is_empty() && model.focus == Pane::Log {
        out.push(Outgoing::Log(if by < 0 { LogMove::PageUp } else { LogMove::PageDown }));
    } else {
        step(model, by * rows, out);
    }
}

/// The first row, or the last.
pub(super) fn end(model: &mut Model, last: bool, out: &mut Vec<Outgoing>) {
    const FAR: isize = 100_000;
    if model.layers.is_empty() && model.focus == Pane::Log {
        out.push(Outgoing::Log(if last { LogMove::Follow } else { LogMove::PageUp }));
    } else if let Some(scroll) = top_scroll(model) {
        *scroll = if last { usize::MAX } else { 0 };
    } else {
        move_cursor(model, if last { FAR } else { -FAR });
    }
}

/// How far the page on top can be scrolled is known once it has been drawn.
pub(super) fn drawn(model: &mut Model, drawn: Drawn) {
    model.page_rows = drawn.page_rows.max(1);
    if let Some(scroll) = top_scroll(model) {
        *scroll = (*scroll).min(drawn.scroll_limit);
    }
}

/// Of the layer on top; without one, of the pane that is read like a page.
fn top_scroll(model: &mut Model) -> Option<&mut usize> {
    if model.layers.is_empty() && model.focus.is_page() {
        return Some(model.page_scroll.entry(model.focus).or_default());
    }
    if model.layers.is_empty() && model.focus == Pane::Strategy {
        return model.looking.page.as_mut().map(|page| &mut page.scroll);
    }
    match model.layers.last_mut()? {
        Layer::Detail(page) => Some(&mut page.scroll),
        Layer::Help { scroll } => Some(scroll),
        Layer::Execute(card) => Some(&mut card.scroll),
        Layer::Kill(card) => Some(&mut card.scroll),
        Layer::Confirm(_) | Layer::Text(_) => None,
    }
}

fn move_cursor(model: &mut Model, by: isize) {
    match model.focus {
        Pane::Pending => {
            let keys = model.pending_keys();
            model.pending.step(&keys, by);
        }
        Pane::Queue => {
            let keys = model.queue_keys();
            model.queue.step(&keys, by);
        }
        Pane::Positions | Pane::Portfolio => {
            let keys = model.position_keys();
            model.positions.step(&keys, by);
        }
        Pane::Orders => {
            let keys = model.order_keys();
            model.orders.step(&keys, by);
        }
        Pane::DayOrders => {
            let keys = model.day_order_keys();
            model.day_orders.step(&keys, by);
        }
        Pane::Fills => {
            let keys = model.fill_keys();
            model.fills.step(&keys, by);
        }
        Pane::Signals => {
            let keys = model.scalper_keys();
            model.signals.step(&keys, by);
        }
        Pane::JournalTrades | Pane::JournalDays | Pane::JournalKinds => super::journal::move_cursor(model, by),
        Pane::Audit => {
            let keys = model.audit_keys();
            model.audit.lines.step(&keys, by);
        }
        Pane::Inbox => {
            let keys = model.inbox_keys();
            model.inbox.step(&keys, by);
        }
        Pane::Messages => {
            let rows: Vec<usize> = (0..model.said.len()).collect();
            model.messages.step(&rows, by);
        }
        Pane::Chain => looking::step_strike(model, by),
        Pane::Log
        | Pane::LogTargets
        | Pane::JournalFigures
        | Pane::Account
        | Pane::Strategy
        | Pane::Scenario
        | Pane::Limits => {}
    }
}
