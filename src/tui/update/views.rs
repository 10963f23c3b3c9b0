//! A new picture: cursors follow, cards are disarmed by what has changed underneath, alerts are shown once.

use std::sync::Arc;

use super::{approvals, lists, toast};
use crate::engine::effect::AlertLevel;
use crate::tui::model::{Facts, Layer, Model, ToastLevel};
use crate::view::View;

pub(super) fn view(model: &mut Model, view: Arc<View>) {
    model.view = view;
    forget_what_is_gone(model);
    lists::refresh_rows(model);
    disarm(model);
    approvals::follow(model);
    notices(model);
}

/// Wishes that have come true, and selections of strategies that are no longer there.
fn forget_what_is_gone(model: &mut Model) {
    let (view, now) = (&model.view, model.now);
    model.priorities.retain(|id, wish| {
        let open = view.strategy(*id).is_some_and(|r| r.priority != wish.priority && r.marked_at.is_some());
        open && wish.until.is_none_or(|until| now < until)
    });
    model.chosen.retain(|id| view.strategy(*id).is_some());
    let gone = |l: &Layer| matches!(l, Layer::Detail(page) if view.strategy(page.id).is_none());
    model.layers.retain(|l| !gone(l));
}

fn disarm(model: &mut Model) {
    let view = &model.view;
    for layer in &mut model.layers {
        match layer {
            Layer::Execute(card) if card.disarmed.is_none() => {
                card.disarmed = card.facts.change(&Facts::of(view, &card.ids));
            }
            Layer::Confirm(card) if card.disarmed.is_none() && card.subject.snapshot(view) != card.snapshot => {
                card.disarmed = Some("Disarmed: what it is about has changed. Close this card and look again.".into());
            }
            _ => {}
        }
    }
    // Armed again, here or from a shell: the halt card has nothing left to say.
    if view.safety.halt.is_none() {
        model.layers.retain(|l| !matches!(l, Layer::Kill(card) if card.halted));
        return;
    }
    for layer in &mut model.layers {
        if let Layer::Kill(card) = layer {
            card.halted = true;
        }
    }
}

/// Each alert once; those from before the screen started only stand in the log.
fn notices(model: &mut Model) {
    let newest = model.view.notices.last().map(|n| n.id);
    let Some(seen) = model.seen_notice else {
        model.seen_notice = Some(newest.unwrap_or(0));
        return;
    };
    let view = Arc::clone(&model.view);
    for notice in view.notices.iter().filter(|n| n.id > seen) {
        let level = match notice.level {
            AlertLevel::Info => ToastLevel::Info,
            AlertLevel::Warning => ToastLevel::Warning,
            AlertLevel::Critical => ToastLevel::Alarm,
        };
        toast(model, level, notice.text.clone());
    }
    model.seen_notice = Some(newest.unwrap_or(seen).max(seen));
}

pub(super) fn engine_gone(model: &mut Model) {
    if !model.engine_gone {
        model.engine_gone = true;
        model.requests.clear();
        toast(
            model,
            ToastLevel::Refused,
            "The engine has stopped: nothing is sent or answered any more. Quit and start again.",
        );
    }
}
