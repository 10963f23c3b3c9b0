//! The screen's own logic: a message in, changes of the model and a list of what is to go out. No I/O, no clock.
//!
//! Nothing dangerous leaves from here without its card: preview → arm → commit, and a card commits once.

mod approvals;
mod books;
mod cards;
mod journal;
mod keys;
mod lists;
mod looking;
mod palette;
mod replay;
mod replies;
mod text;
mod views;

#[cfg(test)]
mod random;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub(super) use palette::{Entry, SHOWN, entries as palette_entries};
pub use replay::ReplayMove;
pub(super) use replay::only_looks;

use super::key::Key;
use super::model::{CardId, Millis, Model, Purpose, Request, RequestId, Said, Toast, ToastLevel};
use crate::engine::{Command, Reply};
use crate::view::View;
use crate::view::analytics::Analytics;
use crate::view::books::{Question, Told};

/// What can happen to the screen.
#[derive(Clone, Debug)]
pub enum Msg {
    /// Time has passed: milliseconds since the screen started. Sent before anything else that happens then.
    Tick(Millis),
    Key(Key),
    /// Text from the clipboard. It goes into text fields and nowhere else.
    Paste(String),
    /// Wheel: rows down (up when negative).
    Scroll(isize),
    Resize(u16, u16),
    View(Arc<View>),
    /// What the models say.
    Analytics(Arc<Analytics>),
    Reply {
        request: RequestId,
        reply: Reply,
    },
    /// An answer of the books; the error is for the trader.
    Told {
        question: Question,
        answer: Result<Told, String>,
    },
    /// What was learned by drawing.
    Drawn(Drawn),
    /// The engine's end is closed: nothing will be answered any more.
    EngineGone,
}

/// What only drawing shows: how long things are at this size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drawn {
    /// The furthest the page or card on top can be scrolled.
    pub scroll_limit: usize,
    /// Rows that PageDown moves by: what the list or page with the focus shows.
    pub page_rows: usize,
}

/// What the screen wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Outgoing {
    /// To the engine; the answer comes back as [`Msg::Reply`]. `card` is the card that was committed for it.
    Send {
        request: RequestId,
        command: Command,
        card: Option<CardId>,
    },
    /// To the books; the answer comes back as [`Msg::Told`].
    Ask(Question),
    /// Halt, by the way that nothing can block.
    Halt,
    Log(LogMove),
    /// Another instant of the day that is replayed.
    Replay(ReplayMove),
    /// Paint every cell again.
    Repaint,
    Quit,
}

/// Scrolling in the log, which keeps its own place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogMove {
    PageUp,
    PageDown,
    /// Follow the newest lines again.
    Follow,
    /// To the part of the program above, or below.
    TargetUp,
    TargetDown,
    /// More of what that part says, or less.
    More,
    Less,
}

/// One step.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Outgoing> {
    let mut out = Vec::new();
    match msg {
        Msg::Tick(now) => tick(model, now),
        Msg::Key(key) => keys::key(model, key, &mut out),
        Msg::Paste(text) => text::paste(model, &text),
        Msg::Scroll(rows) => lists::scroll(model, rows, &mut out),
        Msg::Resize(columns, rows) => model.size = (columns, rows),
        Msg::View(view) => views::view(model, view),
        Msg::Analytics(analytics) => looking::take(model, analytics),
        Msg::Reply { request, reply } => replies::reply(model, request, reply),
        Msg::Told { question, answer } => books::told(model, &question, answer),
        Msg::Drawn(drawn) => lists::drawn(model, drawn),
        Msg::EngineGone => views::engine_gone(model),
    }
    out
}

/// Said where a key would do something on a screen that only looks.
pub(super) const READ_ONLY: &str = "This screen only looks (--read-only): nothing is sent but a halt.";

/// An answer that has not come after this long is mentioned.
const OVERDUE_MS: Millis = 5_000;

fn tick(model: &mut Model, now: Millis) {
    model.now = model.now.max(now);
    let now = model.now;
    model.toasts.retain(|t| t.until > now);
    cards::expire(model);
    approvals::expire(model);
    let overdue = model.requests.values_mut().filter(|r| !r.overdue_told && now >= r.sent_at + OVERDUE_MS);
    let names: Vec<&str> = overdue
        .map(|r| {
            r.overdue_told = true;
            r.what
        })
        .collect();
    for name in names {
        toast(
            model,
            ToastLevel::Warning,
            format!("No answer to `{name}` yet. It is not sent again; look at what happens."),
        );
    }
}

/// How long messages stay.
fn stays(level: ToastLevel) -> Millis {
    match level {
        ToastLevel::Done | ToastLevel::Info => 5_000,
        ToastLevel::Warning | ToastLevel::Refused | ToastLevel::Alarm => 12_000,
    }
}

fn toast(model: &mut Model, level: ToastLevel, text: impl Into<String>) {
    toast_lines(model, level, vec![text.into()]);
}

fn toast_lines(model: &mut Model, level: ToastLevel, lines: Vec<String>) {
    const KEPT: usize = 4;
    const SAID: usize = 200;
    let until = model.now + stays(level);
    let at = model.view.header.clock;
    model.said.extend(lines.iter().map(|text| Said { at, level, text: text.clone() }));
    model.said.drain(..model.said.len().saturating_sub(SAID));
    // The same message again only stays longer.
    model.toasts.retain(|t| t.lines != lines);
    model.toasts.push(Toast { level, lines, until });
    let excess = model.toasts.len().saturating_sub(KEPT);
    model.toasts.drain(..excess);
}

fn next_id(model: &mut Model) -> u64 {
    let id = model.next_id;
    model.next_id += 1;
    id
}

/// Sends a command that needs no card.
fn send(model: &mut Model, out: &mut Vec<Outgoing>, command: Command, purpose: Purpose) {
    dispatch(model, out, command, purpose, None);
}

fn dispatch(model: &mut Model, out: &mut Vec<Outgoing>, command: Command, purpose: Purpose, card: Option<CardId>) {
    // The last gate of a screen that only looks: whichever way led here, nothing but a halt and previews goes out.
    if model.read_only && !matches!(command, Command::Halt | Command::Preview { .. }) {
        toast(model, ToastLevel::Refused, READ_ONLY);
        return;
    }
    let request = RequestId(next_id(model));
    let what = command.name();
    model.requests.insert(request, Request { what, purpose, sent_at: model.now, overdue_told: false });
    out.push(Outgoing::Send { request, command, card });
}
