//! Questions to the books: what a screen needs is asked for when the trader goes there, and again when he asks.

use super::{Outgoing, lists, toast};
use crate::tui::model::{Model, Screen, ToastLevel};
use crate::view::books::{Question, Told};

/// What a screen shows beyond the picture.
fn needs(screen: Screen) -> Option<Question> {
    match screen {
        Screen::Journal => Some(Question::History),
        Screen::Cockpit | Screen::Orders | Screen::Signals | Screen::Accounts | Screen::Logs => None,
    }
}

/// Asks for what the screen needs; not twice while an answer is awaited.
pub(super) fn refresh(model: &mut Model, out: &mut Vec<Outgoing>) {
    if let Some(question) = needs(model.screen) {
        ask(model, question, out);
    }
}

pub(super) fn ask(model: &mut Model, question: Question, out: &mut Vec<Outgoing>) {
    if model.books.ask(&question) {
        out.push(Outgoing::Ask(question));
    }
}

pub(super) fn told(model: &mut Model, question: &Question, answer: Result<Told, String>) {
    if let Err(why) = &answer {
        toast(model, ToastLevel::Warning, why.clone());
    }
    let now = model.now;
    model.books.told(question, answer, now);
    lists::refresh_rows(model);
}
