//! The journal screen: which part of the past, and its lists.

use super::{Outgoing, cards, lists};
use crate::tui::model::{Model, Pane};
use crate::view::performance::Span;

pub(super) fn span(model: &mut Model) {
    model.journal.span = model.journal.span.next();
    lists::refresh_rows(model);
}

/// Not beyond today: there is nothing yet.
pub(super) fn step(model: &mut Model, by: i64) {
    let day = model.journal.span.step(model.journal_day(), by);
    model.journal.around = Some(day).filter(|day| *day < model.today());
    lists::refresh_rows(model);
}

/// A session: its day alone. A trade: the page of its strategy.
pub(super) fn open(model: &mut Model, out: &mut Vec<Outgoing>) {
    if model.focus == Pane::JournalTrades {
        return cards::open_details(model, out);
    }
    if let Some(day) = model.journal.days.key() {
        model.journal.span = Span::Day;
        model.journal.around = Some(day);
        lists::refresh_rows(model);
    }
}

pub(super) fn move_cursor(model: &mut Model, by: isize) {
    let page = &model.journal.page;
    match model.focus {
        Pane::JournalTrades => {
            let rows: Vec<usize> = (0..page.trades.len()).collect();
            model.journal.trades.step(&rows, by);
        }
        Pane::JournalKinds => {
            let rows: Vec<usize> = (0..page.kinds.len()).collect();
            model.journal.kinds.step(&rows, by);
        }
        _ => {
            let rows = page.days.clone();
            model.journal.days.step(&rows, by);
        }
    }
}
