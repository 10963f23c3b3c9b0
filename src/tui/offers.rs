//! When an action is available, and otherwise why not. The hint line shows what is; the others say this when pressed.

use super::keymap::Context;
use super::model::{Layer, Model, Pane, PositionKey, ScalperKey, Screen};
use crate::domain::StrategyStatus;
use crate::engine::record::Profile;
use crate::view::performance::Span;
use crate::view::{OrderOrigin, Stage};

type Offer = Result<(), String>;

fn no(why: impl Into<String>) -> Offer {
    Err(why.into())
}

#[allow(clippy::unnecessary_wraps)] // has the form of all the others
pub fn always(_: &Model) -> Offer {
    Ok(())
}

/// Tab has somewhere to go.
pub fn several_panes(model: &Model) -> Offer {
    if model.screen.panes().len() > 1 { Ok(()) } else { no("") }
}

/// There is more on the screen than one pane.
pub fn zoom(model: &Model) -> Offer {
    if model.screen.has_columns() { Ok(()) } else { no("One pane has the whole screen here.") }
}

/// There is a chain to go from.
pub fn chain(model: &Model) -> Offer {
    if model.looking.listed().is_some() { Ok(()) } else { no("The instrument list has not been read yet.") }
}

/// There is a row under the cursor.
pub fn row(model: &Model) -> Offer {
    let here = model.strategy_at_hand().is_some() || model.positions.key().is_some();
    if here { Ok(()) } else { no("There is nothing in this list.") }
}

/// There is something to show whole.
pub fn details(model: &Model) -> Offer {
    match (model.focus, model.signals.key()) {
        (Pane::Signals, Some(ScalperKey::Signal(id))) if asks(model, id) => Ok(()),
        (Pane::Signals, _) if model.strategy_at_hand().is_none() => {
            no("There is no trade here: the line below says all.")
        }
        (Pane::Signals, _) => Ok(()),
        (pane, _) if pane.context() == Context::Orders && model.strategy_at_hand().is_none() => {
            no("This order belongs to no strategy: the line below says all.")
        }
        _ => row(model),
    }
}

fn asks(model: &Model, id: crate::domain::SignalId) -> bool {
    model.view.signals.signal(id).is_some_and(|s| s.asks().is_some())
}

pub fn approve(model: &Model) -> Offer {
    let Some(card) = &model.approval else { return no("No signal waits for you.") };
    entries_allowed(model)?;
    if card.is_armed(model.now) { Ok(()) } else { no("Just a moment: this card has only just come.") }
}

pub fn decline(model: &Model) -> Offer {
    if model.approval.is_some() { Ok(()) } else { no("No signal waits for you.") }
}

pub fn arm_setup(model: &Model) -> Offer {
    if model.setup_at_hand().is_some() { Ok(()) } else { no("There is no set-up here: strategy.yaml declares them.") }
}

/// The scalp under the cursor holds something.
pub fn scalp(model: &Model) -> Offer {
    match model.scalp_at_hand() {
        None => no("There is no open scalp under the cursor."),
        Some(s) if s.net.is_flat() => no(format!("#{} holds nothing yet: its entry ends by itself.", s.strategy)),
        Some(s) if s.exiting.is_some() => no(format!("#{} is being left already.", s.strategy)),
        Some(_) => Ok(()),
    }
}

pub fn breakeven(model: &Model) -> Offer {
    scalp(model)?;
    let above = model.scalp_at_hand().and_then(|s| Some(s.last()? > s.average?));
    match above {
        Some(true) => Ok(()),
        Some(false) => no("It is not above its fill price: a stop there would be hit at once."),
        None => no("Its price is not known."),
    }
}

pub fn mark(model: &Model) -> Offer {
    let targets = model.targets();
    let Some(first) = targets.first() else { return no("There is no strategy here to mark.") };
    let movable = targets.iter().any(|s| match s.status {
        StrategyStatus::Pending => s.blocked().is_none(),
        StrategyStatus::Marked => s.queued_at.is_none(),
        StrategyStatus::Deferred => true,
        StrategyStatus::Executing | StrategyStatus::Executed | StrategyStatus::Failed | StrategyStatus::Expired => {
            false
        }
    });
    if movable {
        return Ok(());
    }
    match (first.status, first.blocked()) {
        (StrategyStatus::Pending, Some(issue)) => no(format!("#{} cannot be marked: {}", first.id, issue.detail)),
        (StrategyStatus::Failed, _) => {
            no(format!("#{} has failed: {} puts it back among the pending ones.", first.id, key(model, "retry")))
        }
        (status, _) => {
            no(format!("#{} is {status}: only pending and marked strategies can be marked or unmarked.", first.id))
        }
    }
}

/// The key of an action, for messages.
fn key(model: &Model, id: &str) -> String {
    let def = super::keymap::ACTIONS.iter().find(|a| a.id == id);
    def.map_or_else(String::new, |d| model.keymap.key(d.action))
}

pub fn priority(model: &Model) -> Offer {
    match model.strategy_at_hand() {
        None => no("There is no strategy here."),
        Some(s) if matches!(s.status, StrategyStatus::Marked | StrategyStatus::Deferred) => Ok(()),
        Some(s) if s.status == StrategyStatus::Pending => {
            no(format!("#{} is pending: mark it first ({}), then it has a priority.", s.id, key(model, "mark")))
        }
        Some(s) => no(format!("#{} is {}: its priority no longer matters.", s.id, s.status)),
    }
}

pub fn execute(model: &Model) -> Offer {
    let targets = model.targets();
    let Some(first) = targets.first() else { return no("There is no strategy here to execute.") };
    entries_allowed(model)?;
    if targets.iter().any(|s| is_ready(s)) {
        return Ok(());
    }
    no(match first.status {
        StrategyStatus::Pending => format!("#{} is pending: mark it first ({}).", first.id, key(model, "mark")),
        StrategyStatus::Deferred => format!("#{} is deferred: the market is closed.", first.id),
        StrategyStatus::Marked => format!("#{} is already waiting for its turn.", first.id),
        status => format!("#{} is {status}.", first.id),
    })
}

pub fn execute_all(model: &Model) -> Offer {
    entries_allowed(model)?;
    if model.view.queue.iter().any(|q| q.stage == Stage::Marked) {
        Ok(())
    } else {
        no(format!("Nothing is marked: {} marks the strategy under the cursor.", key(model, "mark")))
    }
}

/// Marked, and not waiting already.
pub fn is_ready(row: &crate::view::StrategyRow) -> bool {
    row.status == StrategyStatus::Marked && row.queued_at.is_none()
}

fn entries_allowed(model: &Model) -> Offer {
    if model.view.safety.halt.is_some() {
        return no(format!("Entries are halted: {} allows them again.", key(model, "arm")));
    }
    Ok(())
}

pub fn retry(model: &Model) -> Offer {
    match model.strategy_at_hand() {
        Some(s) if s.scalp => no("A signal is traded once: another one brings another scalp."),
        Some(s) if s.status == StrategyStatus::Failed => Ok(()),
        Some(s) => no(format!("#{} is {}: only a failed strategy is tried again.", s.id, s.status)),
        None => no("There is no strategy here."),
    }
}

pub fn held(model: &Model) -> Offer {
    match model.queued_at_hand() {
        Some(q) if matches!(q.stage, Stage::Held(_)) => Ok(()),
        _ => no("This execution is not held."),
    }
}

pub fn close(model: &Model) -> Offer {
    let Some(key) = model.positions.key() else { return no("No position is open.") };
    match key {
        PositionKey::Group(id) => {
            let open = model.view.positions.groups.iter().find(|g| g.strategy == id);
            if open.is_some_and(|g| g.rows.iter().any(|r| !r.net.is_flat())) {
                Ok(())
            } else {
                no(format!("#{id} holds nothing any more."))
            }
        }
        PositionKey::ForeignHead => no("Each of these is closed by itself: choose one below."),
        PositionKey::Leg(..) | PositionKey::Foreign(..) => match model.position_at(key) {
            Some(row) if !row.net.is_flat() => Ok(()),
            _ => no("This position is closed."),
        },
    }
}

pub fn move_stop(model: &Model) -> Offer {
    if model.focus == Pane::Signals {
        return scalp(model);
    }
    if model.focus.context() == Context::Orders {
        return restate(model);
    }
    match model.positions.key() {
        Some(PositionKey::Foreign(..) | PositionKey::ForeignHead) => {
            no("It was opened elsewhere: its stop is placed there too.")
        }
        _ => close(model),
    }
}

/// Whether the price of the order under the cursor is the trader's to move: only stops are.
fn restate(model: &Model) -> Offer {
    let Some(order) = model.order_at_hand() else { return no("There is no order here.") };
    if !order.state.is_open() {
        return no(format!("It is {} already: nothing of it can be moved.", order.state.as_str()));
    }
    match order.origin {
        OrderOrigin::Stop { strategy: Some(_) } => Ok(()),
        OrderOrigin::Stop { strategy: None } => no("It covers what was opened elsewhere: it follows that position."),
        OrderOrigin::Entry { strategy, .. } => no(format!(
            "The engine steps the price of an entry by itself, within the limits of #{strategy}: {} cancels it.",
            key(model, "cancel_order")
        )),
        OrderOrigin::Exit { .. } => no("An exit follows the market by itself until it has filled."),
        OrderOrigin::Foreign => no("This order was placed elsewhere: change it there."),
    }
}

pub fn cancel_entries(model: &Model) -> Offer {
    if model.view.working.iter().any(|o| o.origin.is_entry()) {
        Ok(())
    } else {
        no("No entry is working: exits and stops stay, they only reduce.")
    }
}

pub fn cancel_order(model: &Model) -> Offer {
    match model.order_at_hand() {
        None => no("No order is working."),
        Some(o) if !o.state.is_open() => no(format!("It is {} already.", o.state.as_str())),
        Some(o) if o.intent.is_none() => {
            no("This order was placed elsewhere: cancel it there. Flattening with foreign positions cancels it too.")
        }
        Some(o) if o.cancelling => no("Its cancellation is under way."),
        Some(_) => Ok(()),
    }
}

pub fn flatten(model: &Model) -> Offer {
    let Some(Layer::Kill(card)) = model.layers.last() else { return no("The halt card is not open.") };
    if card.sent || model.view.safety.flatten.is_some() {
        return no("Flattening is under way.");
    }
    if card.is_armed(model.now) { Ok(()) } else { no("Just a moment: the card has only just opened.") }
}

pub fn include_foreign(model: &Model) -> Offer {
    if model.view.safety.close.foreign.is_empty() {
        return no("Nothing was opened elsewhere.");
    }
    match model.layers.last() {
        Some(Layer::Kill(card)) if card.sent => no("Flattening is under way."),
        _ => Ok(()),
    }
}

pub fn rehearse(model: &Model) -> Offer {
    match model.view.header.profile {
        Profile::Paper => Ok(()),
        Profile::Live => no("Rehearsals are for paper mode: nothing is made to go wrong with real money."),
    }
}

pub fn arm(model: &Model) -> Offer {
    if model.view.safety.flatten.is_some() {
        return no("Flattening is under way: entries can be allowed again when it is done.");
    }
    if model.view.safety.halt.is_some() { Ok(()) } else { no("Entries are allowed: nothing is halted.") }
}

pub fn commit(model: &Model) -> Offer {
    match model.layers.last() {
        Some(Layer::Execute(card)) if card.is_armed(model.now) => Ok(()),
        Some(Layer::Execute(card)) => no(match &card.disarmed {
            Some(why) => format!("Disarmed: {why}. {} checks again.", key(model, "refresh")),
            None if card.executable().is_empty() => "Nothing on this card can be executed.".into(),
            None => "Just a moment: this card has only just been filled.".into(),
        }),
        Some(Layer::Confirm(card)) if card.is_armed(model.now) => Ok(()),
        Some(Layer::Confirm(card)) => {
            no(card.disarmed.clone().unwrap_or_else(|| "Just a moment: this card has only just opened.".into()))
        }
        _ => no("There is nothing to confirm."),
    }
}

/// There is something to leave or to clear; otherwise nothing needs to be said.
pub fn back(model: &Model) -> Offer {
    let something = model.approval.is_some()
        || !model.layers.is_empty()
        || !model.toasts.is_empty()
        || !model.chosen.is_empty()
        || !model.filter.is_empty()
        || (model.screen == Screen::Audit && !model.audit.filter.is_empty())
        || model.zoomed;
    if something { Ok(()) } else { no("") }
}

pub fn journal_moves(model: &Model) -> Offer {
    if model.journal.span == Span::All {
        return no(format!("All of it is shown: {} chooses a day, week or month.", key(model, "journal_span")));
    }
    Ok(())
}

pub fn journal_open(model: &Model) -> Offer {
    match model.focus {
        Pane::JournalDays if model.journal.days.key().is_some() => Ok(()),
        Pane::JournalTrades if model.strategy_at_hand().is_some() => Ok(()),
        Pane::JournalTrades => no("Its strategy is of an earlier day: the line below says what is known of it."),
        _ => no("There is nothing here to open."),
    }
}

pub fn read_alert(model: &Model) -> Offer {
    if model.focus != Pane::Inbox {
        return no("Messages of this screen are not marked: they are gone when it closes.");
    }
    match model.alert_at_hand() {
        None => no("There is no alert here."),
        Some(alert) if alert.read => no("It is read already."),
        Some(_) => Ok(()),
    }
}

pub fn read_alerts(model: &Model) -> Offer {
    let unread = model.books.inbox.value.as_ref().is_some_and(|all| all.iter().any(|a| !a.read));
    if unread { Ok(()) } else { no("Nothing is unread.") }
}

pub fn test_connection(model: &Model) -> Offer {
    if model.books.connection.waiting { no("The broker is being asked.") } else { Ok(()) }
}

pub fn refresh(model: &Model) -> Offer {
    match model.layers.last() {
        Some(Layer::Execute(_)) => Ok(()),
        _ => no("There is nothing to check again."),
    }
}
