//! Text fields: typing, pasting, taking what was typed.

use rust_decimal::Decimal;

use super::{Outgoing, lists, replay, send, toast};
use crate::domain::Drill;
use crate::engine::Command;
use crate::tui::filter::Filter;
use crate::tui::key::Key;
use crate::tui::model::{Asked, Layer, Model, Purpose, TextDialog, ToastLevel};

pub(super) fn with_dialog(model: &mut Model, change: impl FnOnce(&mut TextDialog)) {
    if let Some(Layer::Text(dialog)) = model.layers.last_mut() {
        change(dialog);
    }
}

pub(super) fn typed(model: &mut Model, key: Key) {
    with_dialog(model, |d| d.key(key));
    filter_as_typed(model);
}

pub(super) fn paste(model: &mut Model, text: &str) {
    if matches!(model.layers.last(), Some(Layer::Text(_))) {
        with_dialog(model, |d| d.paste(text));
        filter_as_typed(model);
    } else {
        toast(model, ToastLevel::Warning, "Pasted text is ignored outside text fields.");
    }
}

/// The list narrows while the filter is typed; a part that is not understood yet leaves it as it is.
fn filter_as_typed(model: &mut Model) {
    let Some(Layer::Text(dialog)) = model.layers.last_mut() else { return };
    let typed = dialog.value(0).to_string();
    match &mut dialog.asked {
        Asked::Filter { .. } => {}
        // Other letters offer other things.
        Asked::Palette { at } => {
            *at = 0;
            return;
        }
        Asked::FilterAudit { .. } => {
            model.audit.filter = typed.trim().to_string();
            return super::books::narrow_audit(model);
        }
        _ => return,
    }
    match Filter::parse(dialog.value(0)) {
        Ok(filter) => {
            dialog.error = None;
            lists::set_filter(model, filter);
        }
        Err(why) => dialog.error = Some(why),
    }
}

/// Forgets what was typed.
pub(super) fn abandon(model: &mut Model) {
    let Some(Layer::Text(dialog)) = model.layers.pop() else { return };
    match dialog.asked {
        Asked::Filter { before } => lists::set_filter(model, before),
        Asked::FilterAudit { before } => {
            model.audit.filter = before;
            super::books::narrow_audit(model);
        }
        _ => {}
    }
}

pub(super) fn submit(model: &mut Model, out: &mut Vec<Outgoing>) {
    let Some(Layer::Text(dialog)) = model.layers.last() else { return };
    if matches!(dialog.asked, Asked::ReplayTime) {
        match replay::jump(dialog.value(0)) {
            Err(why) => with_dialog(model, |d| d.error = Some(why)),
            Ok(to) => {
                model.layers.pop();
                out.push(Outgoing::Replay(to));
            }
        }
        return;
    }
    match taken(dialog) {
        Err(why) => with_dialog(model, |d| d.error = Some(why)),
        Ok(command) => {
            model.layers.pop();
            if let Some(command) = command {
                send(model, out, command, Purpose::Tell);
            }
        }
    }
}

/// The command that follows from what was typed, or what is wrong with it.
fn taken(dialog: &TextDialog) -> Result<Option<Command>, String> {
    match &dialog.asked {
        Asked::Notes(id) => Ok(Some(Command::SetNotes { id: *id, notes: dialog.value(0).trim().to_string() })),
        Asked::Filter { .. } => Filter::parse(dialog.value(0)).map(|_| None),
        Asked::ReplayTime | Asked::FilterAudit { .. } | Asked::Palette { .. } => Ok(None),
        Asked::Stop { id, leg } => {
            let stop = dialog.value(0).parse()?;
            Ok(Some(Command::SetStop { id: *id, leg: *leg, stop }))
        }
        Asked::Arm => {
            let word = dialog.value(0).trim();
            if word.is_empty() {
                Err("Nothing was typed.".into())
            } else {
                Ok(Some(Command::Arm { word: word.into() }))
            }
        }
        Asked::Rehearse => {
            let (what, seconds) = (dialog.value(0).trim(), dialog.value(1).trim());
            if what.is_empty() {
                return Ok(Some(Command::EndRehearsals));
            }
            let drill: Drill = what.parse()?;
            let seconds = seconds.parse().map_err(|_| format!("`{seconds}` is no number of seconds."))?;
            Ok(Some(Command::Rehearse { drill, seconds }))
        }
        Asked::MarkTop => {
            let (count, score) = (dialog.value(0).trim(), dialog.value(1).trim());
            let count: u32 = count.parse().map_err(|_| format!("`{count}` is no number of strategies."))?;
            let min_score: Decimal = score.parse().map_err(|_| format!("`{score}` is no score, such as 0.60."))?;
            if count == 0 {
                Err("Mark none? Write 1 or more.".into())
            } else {
                Ok(Some(Command::MarkTop { count, min_score }))
            }
        }
    }
}
