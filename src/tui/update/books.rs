//! Questions to the books: what a screen needs is asked for when the trader goes there, and again when he asks.

use super::{Outgoing, lists, toast};
use crate::domain::AuditRecord;
use crate::tui::model::{Model, Screen, ToastLevel};
use crate::view::books::{Question, Told};

/// What a screen shows beyond the picture.
fn needs(screen: Screen) -> Option<Question> {
    match screen {
        Screen::Journal => Some(Question::History),
        Screen::Alerts => Some(Question::Inbox),
        Screen::Audit => Some(Question::Audit),
        Screen::Cockpit
        | Screen::Strategy
        | Screen::Chain
        | Screen::Orders
        | Screen::Portfolio
        | Screen::Risk
        | Screen::Signals
        | Screen::Accounts
        | Screen::Logs => None,
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
    narrow_audit(model);
    lists::refresh_rows(model);
}

/// Which lines of the audit trail are shown.
pub(super) fn narrow_audit(model: &mut Model) {
    let words: Vec<String> = model.audit.filter.split_whitespace().map(str::to_lowercase).collect();
    let all = model.books.audit.value.as_deref().map_or(&[][..], Vec::as_slice);
    let shown = |r: &AuditRecord| {
        let text = searched(r);
        words.iter().all(|w| text.contains(w.as_str()))
    };
    model.audit.rows = (0..all.len()).filter(|n| shown(&all[*n])).collect();
    let lines = model.audit_keys();
    model.audit.lines.follow(&lines);
}

/// A line as it is searched: what it says and its ids.
fn searched(r: &AuditRecord) -> String {
    let id = |name: &str, id: Option<u64>| id.map(|n| format!("{name}{n}")).unwrap_or_default();
    let parts = [
        r.category.clone(),
        r.event.clone(),
        r.what.clone(),
        r.reason.clone().unwrap_or_default(),
        r.before.clone().unwrap_or_default(),
        r.after.clone().unwrap_or_default(),
        r.origin.clone().unwrap_or_default(),
        id("#", r.strategy.map(|s| s.0)),
        id("order ", r.intent.map(|i| i.0)),
        id("trade ", r.trade),
        id("command ", r.command),
        id("record ", Some(r.seq)),
    ];
    parts.join(" ").to_lowercase()
}

pub(super) fn read_alert(model: &mut Model, out: &mut Vec<Outgoing>) {
    if let Some(id) = model.alert_at_hand().map(|a| a.id) {
        out.push(Outgoing::Ask(Question::Read(Some(id))));
    }
}

pub(super) fn read_all_alerts(out: &mut Vec<Outgoing>) {
    out.push(Outgoing::Ask(Question::Read(None)));
}
