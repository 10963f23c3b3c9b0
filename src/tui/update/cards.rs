//! Cards: opening, arming, disarming, committing once.

use super::{Outgoing, dispatch, next_id, send, toast};
use crate::domain::{StrategyId, StrategyStatus};
use crate::engine::Command;
use crate::engine::state::Safeguard;
use crate::tui::model::{
    Answer, CARD_MS, CardId, ConfirmCard, DetailPage, DetailPreview, ExecuteCard, Facts, KillCard, Layer, Millis,
    Model, PositionKey, Purpose, Subject, ToastLevel,
};
use crate::tui::offers;
use crate::view::Stage;

/// The halt card on top of everything. With `one_press` it flattens at once.
pub(super) fn open_kill(model: &mut Model, out: &mut Vec<Outgoing>) {
    model.layers.retain(|l| !matches!(l, Layer::Kill(_)));
    let id = CardId(next_id(model));
    let flattening = model.view.safety.flatten.is_some();
    let mut card = KillCard {
        id,
        shown_at: model.now,
        include_foreign: model.view.safety.flatten.is_some_and(|f| f.include_foreign),
        halted: model.view.safety.halt.is_some(),
        sent: flattening,
        scroll: 0,
    };
    if model.view.safety.one_press && !flattening && !model.read_only {
        card.sent = true;
        dispatch(model, out, Command::Flatten { include_foreign: false }, Purpose::Tell, Some(id));
    }
    model.layers.push(Layer::Kill(card));
}

/// From the halt card, once.
pub(super) fn flatten(model: &mut Model, out: &mut Vec<Outgoing>) {
    let Some(Layer::Kill(card)) = model.layers.last_mut() else { return };
    if card.sent {
        return;
    }
    card.sent = true;
    let (id, include_foreign) = (card.id, card.include_foreign);
    dispatch(model, out, Command::Flatten { include_foreign }, Purpose::Tell, Some(id));
}

pub(super) fn include_foreign(model: &mut Model) {
    if let Some(Layer::Kill(card)) = model.layers.last_mut() {
        card.include_foreign = !card.include_foreign;
    }
}

pub(super) fn execute_targets(model: &mut Model, out: &mut Vec<Outgoing>) {
    let targets = model.targets();
    let ready: Vec<StrategyId> = targets.iter().filter(|s| offers::is_ready(s)).map(|s| s.id).collect();
    let left_out = targets.len() - ready.len();
    if left_out > 0 {
        toast(model, ToastLevel::Warning, format!("{left_out} of those selected are not marked and stay out."));
    }
    open_execute(model, in_queue_order(model, &ready), out);
}

pub(super) fn execute_marked(model: &mut Model, out: &mut Vec<Outgoing>) {
    let marked = model.view.queue.iter().filter(|q| q.stage == Stage::Marked).map(|q| q.strategy.id).collect();
    open_execute(model, marked, out);
}

fn in_queue_order(model: &Model, ids: &[StrategyId]) -> Vec<StrategyId> {
    model.view.queue.iter().map(|q| q.strategy.id).filter(|id| ids.contains(id)).collect()
}

fn open_execute(model: &mut Model, ids: Vec<StrategyId>, out: &mut Vec<Outgoing>) {
    if ids.is_empty() {
        return;
    }
    let card = ExecuteCard {
        id: CardId(next_id(model)),
        facts: Facts::of(&model.view, &ids),
        ids,
        answer: Answer::Waiting,
        ready_at: model.now,
        expires_at: model.now + CARD_MS,
        disarmed: None,
        scroll: 0,
    };
    ask_preview(model, &card, out);
    model.layers.push(Layer::Execute(Box::new(card)));
}

fn ask_preview(model: &mut Model, card: &ExecuteCard, out: &mut Vec<Outgoing>) {
    send(model, out, Command::Preview { ids: card.ids.clone() }, Purpose::ExecutePreview(card.id));
}

/// Asks again for those on the card that are still marked: a new card in the place of the old one.
pub(super) fn refresh(model: &mut Model, out: &mut Vec<Outgoing>) {
    let Some(Layer::Execute(old)) = model.layers.pop() else { return };
    let still = |id: &&StrategyId| model.view.strategy(**id).is_some_and(|s| offers::is_ready(s));
    let ids: Vec<StrategyId> = old.ids.iter().filter(still).copied().collect();
    if ids.is_empty() || model.view.safety.halt.is_some() {
        toast(model, ToastLevel::Refused, "Nothing on this card can be executed any more.");
        return;
    }
    open_execute(model, ids, out);
}

pub(super) fn confirm(model: &mut Model, subject: Subject) {
    let card = ConfirmCard {
        id: CardId(next_id(model)),
        snapshot: subject.snapshot(&model.view),
        subject,
        shown_at: model.now,
        expires_at: model.now + CARD_MS,
        disarmed: None,
    };
    model.layers.push(Layer::Confirm(Box::new(card)));
}

pub(super) fn confirm_close(model: &mut Model) {
    let subject = match model.positions.key() {
        Some(PositionKey::Group(id)) => Subject::CloseStrategy(id),
        Some(PositionKey::Leg(_, contract, product) | PositionKey::Foreign(contract, product)) => {
            Subject::ClosePosition(contract, product)
        }
        Some(PositionKey::ForeignHead) | None => return,
    };
    confirm(model, subject);
}

pub(super) fn confirm_scalp(model: &mut Model) {
    if let Some(id) = model.scalp_at_hand().map(|s| s.strategy) {
        confirm(model, Subject::CloseStrategy(id));
    }
}

pub(super) fn confirm_cancel(model: &mut Model) {
    if let Some(intent) = model.order_at_hand().and_then(|o| o.intent) {
        confirm(model, Subject::CancelOrder(intent));
    }
}

pub(super) fn confirm_held(model: &mut Model, subject: fn(StrategyId) -> Subject) {
    if let Some(id) = model.strategy_at_hand().map(|s| s.id) {
        confirm(model, subject(id));
    }
}

pub(super) fn confirm_broker_exit(model: &mut Model) {
    let set = matches!(model.view.safety.broker_exit, Safeguard::Set(_) | Safeguard::Asked(_));
    confirm(model, Subject::BrokerExit { on: !set });
}

/// Leaves at once when nothing is open; asks otherwise.
pub(super) fn quit(model: &mut Model, out: &mut Vec<Outgoing>) {
    if model.view.is_busy() && !model.engine_gone {
        confirm(model, Subject::Quit);
    } else {
        out.push(Outgoing::Quit);
    }
}

/// Does what the card on top says, if it is armed. The card goes with it: it cannot be committed twice.
pub(super) fn commit(model: &mut Model, out: &mut Vec<Outgoing>) {
    let armed = match model.layers.last() {
        Some(Layer::Execute(card)) => card.is_armed(model.now),
        Some(Layer::Confirm(card)) => card.is_armed(model.now),
        _ => false,
    };
    if !armed {
        return;
    }
    match model.layers.pop() {
        Some(Layer::Execute(card)) => {
            let ids = card.executable();
            model.chosen.clear();
            dispatch(model, out, Command::Execute { ids }, Purpose::Tell, Some(card.id));
        }
        Some(Layer::Confirm(card)) => match card.subject.command() {
            Some(command) => dispatch(model, out, command, Purpose::Tell, Some(card.id)),
            None => out.push(Outgoing::Quit),
        },
        _ => {}
    }
}

/// Cards that were left alone close themselves; an execution card says that its prices are old.
pub(super) fn expire(model: &mut Model) {
    let now: Millis = model.now;
    for layer in &mut model.layers {
        if let Layer::Execute(card) = layer
            && now >= card.expires_at
            && card.disarmed.is_none()
        {
            card.disarmed = Some("its prices are old".into());
        }
    }
    model.layers.retain(|l| match l {
        Layer::Confirm(card) => now < card.expires_at,
        Layer::Execute(card) => now < card.expires_at + CARD_MS,
        Layer::Detail(_) | Layer::Help { .. } | Layer::Kill(_) | Layer::Text(_) => true,
    });
}

/// The page of the strategy at hand, with what executing it would mean where that is a question.
pub(super) fn open_details(model: &mut Model, out: &mut Vec<Outgoing>) {
    let Some(row) = model.strategy_at_hand() else {
        toast(model, ToastLevel::Refused, "This position belongs to no strategy: there are no details.");
        return;
    };
    let id = row.id;
    open_details_of(model, id, out);
}

pub(super) fn open_details_of(model: &mut Model, id: StrategyId, out: &mut Vec<Outgoing>) {
    let Some(status) = model.view.strategy(id).map(|row| row.status) else { return };
    let could_be = matches!(status, StrategyStatus::Pending | StrategyStatus::Marked | StrategyStatus::Deferred);
    let preview = if could_be { DetailPreview::Waiting } else { DetailPreview::None };
    if could_be {
        send(model, out, Command::Preview { ids: vec![id] }, Purpose::DetailPreview(id));
    }
    model.layers.push(Layer::Detail(DetailPage { id, preview, asked_at: model.now, scroll: 0 }));
}
