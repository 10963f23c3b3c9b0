//! The card of a signal that waits for the trader: it comes by itself, one at a time, and goes with its signal.

use super::{Outgoing, dispatch, next_id};
use crate::domain::SignalId;
use crate::engine::Command;
use crate::tui::model::{ApprovalCard, CardId, Millis, Model, Purpose};

/// A new picture: the card goes when its signal no longer asks; the oldest one that nobody has looked at brings its own.
pub(super) fn follow(model: &mut Model) {
    let asking: Vec<SignalId> = model.view.signals.asking().map(|(s, _)| s.id).collect();
    model.put_away.retain(|id| asking.contains(id));
    model.approval = model.approval.filter(|card| asking.contains(&card.signal));
    if model.approval.is_some() {
        return;
    }
    if let Some(id) = asking.into_iter().find(|id| !model.put_away.contains(id)) {
        show(model, id);
    }
}

/// Its card, whether or not it was put away before.
pub(super) fn show(model: &mut Model, signal: SignalId) {
    let asked = model.view.signals.signal(signal).and_then(|s| s.asks());
    let Some(left) = asked.map(|a| Millis::try_from(a.left_ms).unwrap_or(0)) else { return };
    let id = CardId(next_id(model));
    model.approval = Some(ApprovalCard { id, signal, shown_at: model.now, expires_at: model.now + left });
}

/// It hears keys from now on.
pub(super) fn hear(model: &mut Model) {
    let now = model.now;
    if let Some(card) = &mut model.approval {
        card.shown_at = now;
    }
}

/// Undecided: it stands among the signals until its time is over.
pub(super) fn put_away(model: &mut Model) {
    if let Some(card) = model.approval.take() {
        model.put_away.insert(card.signal);
    }
}

/// The trader's word, once a card: the card goes with it.
pub(super) fn decide(model: &mut Model, approve: bool, out: &mut Vec<Outgoing>) {
    let now = model.now;
    let Some(card) = model.approval.filter(|card| !approve || card.is_armed(now)) else { return };
    put_away(model);
    dispatch(model, out, Command::DecideSignal { id: card.signal, approve }, Purpose::Tell, Some(card.id));
}

pub(super) fn expire(model: &mut Model) {
    let now = model.now;
    if model.approval.is_some_and(|card| now >= card.expires_at) {
        put_away(model);
    }
}
