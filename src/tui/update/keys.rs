//! A key: who hears it, whether it may be done now, and doing it.

use super::{
    LogMove, Outgoing, READ_ONLY, approvals, books, cards, journal, lists, looking, palette, replay, send, text, toast,
};
use crate::domain::{Contract, Drill, StrategyId, StrategyStatus};
use crate::engine::{Command, StopWish};
use crate::tui::key::Key;
use crate::tui::keymap::{Action, Context};
use crate::tui::model::{
    Asked, Layer, Model, Pane, PositionKey, Purpose, ScalperKey, Screen, Subject, TextDialog, ToastLevel, Wish,
};
use crate::view::books::Question;
use crate::view::{OrderOrigin, StrategyRow};

pub(super) fn key(model: &mut Model, key: Key, out: &mut Vec<Outgoing>) {
    let before = model.context();
    heard(model, key, out);
    // A signal's card that has just got the keys is not answered by one already on its way.
    if before != Context::Approval && model.context() == Context::Approval {
        approvals::hear(model);
    }
}

fn heard(model: &mut Model, key: Key, out: &mut Vec<Outgoing>) {
    if model.view.replay.is_some() && replay::key(model, key, out) {
        return;
    }
    let context = model.context();
    let action = model.keymap.find(context, key.chord);
    if action == Some(Action::Halt) {
        halt(model, key, out);
        return;
    }
    if context == Context::Text {
        match action {
            Some(action) if !key.pasted => perform(model, action, key, out),
            _ => text::typed(model, key),
        }
        return;
    }
    if key.pasted {
        toast(model, ToastLevel::Warning, "Pasted keys are ignored outside text fields.");
        return;
    }
    let Some(action) = action else { return };
    if key.repeat && !action.def().repeats {
        return;
    }
    act(model, action, key, out);
}

/// Does it if it can be done now; otherwise says why not.
pub(super) fn act(model: &mut Model, action: Action, key: Key, out: &mut Vec<Outgoing>) {
    if model.read_only && !looks_only(model, action) {
        return toast(model, ToastLevel::Refused, READ_ONLY);
    }
    match (action.def().available)(model) {
        Ok(()) => perform(model, action, key, out),
        Err(why) if why.is_empty() => {}
        Err(why) => toast(model, ToastLevel::Refused, why),
    }
}

/// What a screen that only looks still does: looking, halting, and what asks the engine for a preview.
fn looks_only(model: &Model, action: Action) -> bool {
    let leaves = matches!(model.layers.last(), Some(Layer::Confirm(card)) if card.subject == Subject::Quit);
    let previews = matches!(action, Action::Execute | Action::ExecuteAll | Action::Refresh | Action::Select);
    action == Action::Halt || previews || replay::only_looks(action) || (action == Action::Commit && leaves)
}

fn is_palette(model: &Model) -> bool {
    matches!(model.layers.last(), Some(Layer::Text(dialog)) if matches!(dialog.asked, Asked::Palette { .. }))
}

fn ask_for_audit_filter(model: &mut Model) {
    let before = model.audit.filter.clone();
    let dialog = TextDialog::new(Asked::FilterAudit { before: before.clone() }, "Filter".into(), &[("/", &before)]);
    ask(model, dialog);
}

/// The safe direction: no question, from any layer. The input thread has usually told the engine already.
fn halt(model: &mut Model, key: Key, out: &mut Vec<Outgoing>) {
    if key.repeat || key.pasted {
        return;
    }
    if matches!(model.layers.last(), Some(Layer::Kill(_))) {
        return;
    }
    if !key.halt_sent {
        out.push(Outgoing::Halt);
    }
    cards::open_kill(model, out);
}

fn perform(model: &mut Model, action: Action, key: Key, out: &mut Vec<Outgoing>) {
    match action {
        Action::Halt => halt(model, key, out),
        Action::Flatten => cards::flatten(model, out),
        Action::IncludeForeign => cards::include_foreign(model),
        Action::Arm => ask_for_arm_word(model),
        Action::BrokerExit => cards::confirm_broker_exit(model),
        Action::Mark => mark(model, out),
        Action::PriorityUp => change_priority(model, 1, out),
        Action::PriorityDown => change_priority(model, -1, out),
        Action::Execute => cards::execute_targets(model, out),
        Action::ExecuteAll => cards::execute_marked(model, out),
        Action::Select => lists::select(model),
        Action::MarkTop => ask_for_top(model),
        Action::Notes => ask_for_notes(model),
        Action::Retry => retry(model, out),
        Action::Resume => cards::confirm_held(model, Subject::Resume),
        Action::Unwind => cards::confirm_held(model, Subject::Unwind),
        Action::Close => cards::confirm_close(model),
        Action::MoveStop => ask_for_stop(model),
        Action::CancelOrder => cards::confirm_cancel(model),
        Action::CancelEntries => cards::confirm(model, Subject::CancelEntries),
        Action::Fold => lists::fold(model),
        Action::ApproveSignal => approvals::decide(model, true, out),
        Action::DeclineSignal => approvals::decide(model, false, out),
        Action::ArmSetup => arm_or_pause(model, out),
        Action::CloseScalp => cards::confirm_scalp(model),
        Action::Breakeven => breakeven(model, out),
        Action::Details => details(model, out),
        Action::Filter => ask_for_filter(model),
        Action::Sort => lists::sort(model, false),
        Action::SortReverse => lists::sort(model, true),
        Action::NextPane => model.focus = model.screen.pane(model.focus, 1),
        Action::PreviousPane => model.focus = model.screen.pane(model.focus, -1),
        Action::GoCockpit => go(model, Screen::Cockpit, out),
        Action::GoOrders => go(model, Screen::Orders, out),
        Action::GoSignals => go(model, Screen::Signals, out),
        Action::GoJournal => go(model, Screen::Journal, out),
        Action::GoAccounts => go(model, Screen::Accounts, out),
        Action::GoAlerts => go(model, Screen::Alerts, out),
        Action::GoAudit => go(model, Screen::Audit, out),
        Action::GoLogs => go(model, Screen::Logs, out),
        Action::GoStrategy => looking::open_strategy(model, out),
        Action::GoChain => go(model, Screen::Chain, out),
        Action::GoPortfolio => go(model, Screen::Portfolio, out),
        Action::GoRisk => go(model, Screen::Risk, out),
        Action::NextStrategy => looking::step_strategy(model, 1, out),
        Action::PreviousStrategy => looking::step_strategy(model, -1, out),
        Action::NextUnderlying => looking::step_underlying(model, 1),
        Action::PreviousUnderlying => looking::step_underlying(model, -1),
        Action::NextExpiry => looking::step_expiry(model, 1),
        Action::PreviousExpiry => looking::step_expiry(model, -1),
        Action::Centre => looking::centre(model),
        Action::NextScope => looking::step_scope(model, 1),
        Action::PreviousScope => looking::step_scope(model, -1),
        Action::DayLater => looking::step_days(model, 1),
        Action::DayEarlier => looking::step_days(model, -1),
        Action::GoPending => lists::go_to_pane(model, Screen::Cockpit, Pane::Pending),
        Action::GoQueue => lists::go_to_pane(model, Screen::Cockpit, Pane::Queue),
        Action::GoPositions => lists::go_to_pane(model, Screen::Cockpit, Pane::Positions),
        Action::GoWorking => lists::go_to_pane(model, Screen::Cockpit, Pane::Orders),
        Action::GoLog => lists::go_to_pane(model, Screen::Cockpit, Pane::Log),
        Action::JournalSpan => journal::span(model),
        Action::JournalEarlier => journal::step(model, -1),
        Action::JournalLater => journal::step(model, 1),
        Action::JournalOpen => journal::open(model, out),
        Action::Reread => books::refresh(model, out),
        Action::TestConnection => books::ask(model, Question::Connection, out),
        Action::ReadAlert => books::read_alert(model, out),
        Action::ReadAllAlerts => books::read_all_alerts(out),
        Action::FilterAudit => ask_for_audit_filter(model),
        Action::TargetShown => out.push(Outgoing::Log(LogMove::More)),
        Action::TargetHidden => out.push(Outgoing::Log(LogMove::Less)),
        Action::Palette => palette::open(model),
        Action::Zoom => model.zoomed = !model.zoomed,
        Action::Up => lists::step(model, -1, out),
        Action::Down => lists::step(model, 1, out),
        Action::PageUp => lists::page(model, -1, out),
        Action::PageDown => lists::page(model, 1, out),
        Action::First => lists::end(model, false, out),
        Action::Last => lists::end(model, true, out),
        Action::ShowHelp => model.layers.push(Layer::Help { scroll: 0 }),
        Action::Back => back(model),
        Action::Rehearse => ask_for_drill(model),
        Action::Redraw => out.push(Outgoing::Repaint),
        Action::Quit => cards::quit(model, out),
        Action::Interrupt => interrupt(model, out),
        Action::Commit => cards::commit(model, out),
        Action::Refresh => cards::refresh(model, out),
        Action::Cancel => {
            model.layers.pop();
        }
        Action::Submit if is_palette(model) => palette::choose(model, key, out),
        Action::Submit => text::submit(model, out),
        Action::Abandon => text::abandon(model),
        // Heard only where a day is replayed, and dealt with there.
        Action::ReplayPlay
        | Action::ReplayForward
        | Action::ReplayBack
        | Action::ReplayMinuteOn
        | Action::ReplayMinuteBack
        | Action::ReplayJump
        | Action::ReplayFaster
        | Action::ReplaySlower
        | Action::ReplayStart
        | Action::ReplayEnd => {}
        Action::NextField if is_palette(model) => palette::step(model, 1),
        Action::PreviousField if is_palette(model) => palette::step(model, -1),
        Action::NextField => text::with_dialog(model, TextDialog::next_field),
        Action::PreviousField => text::with_dialog(model, TextDialog::previous_field),
    }
}

/// To a screen; what it shows beyond the picture is asked for.
pub(super) fn go(model: &mut Model, screen: Screen, out: &mut Vec<Outgoing>) {
    lists::go(model, screen);
    books::refresh(model, out);
}

/// Leaves the layer on top; in the panes clears messages, then the selection, then the filter.
fn back(model: &mut Model) {
    if model.context() == Context::Approval {
        approvals::put_away(model);
        return;
    }
    if model.layers.pop().is_some() {
        return;
    }
    if !model.toasts.is_empty() {
        model.toasts.clear();
    } else if !model.chosen.is_empty() {
        model.chosen.clear();
    } else if model.screen == Screen::Audit && !model.audit.filter.is_empty() {
        model.audit.filter.clear();
        books::narrow_audit(model);
    } else if !model.filter.is_empty() {
        lists::set_filter(model, crate::tui::filter::Filter::default());
    } else {
        model.zoomed = false;
    }
}

/// Leaves from anywhere; the second time without asking.
fn interrupt(model: &mut Model, out: &mut Vec<Outgoing>) {
    let asked = model.layers.iter().any(|l| matches!(l, Layer::Confirm(c) if c.subject == Subject::Quit));
    if asked {
        out.push(Outgoing::Quit);
    } else {
        if matches!(model.layers.last(), Some(Layer::Text(_))) {
            text::abandon(model);
        }
        approvals::put_away(model);
        cards::quit(model, out);
    }
}

/// Marks what can be marked; when there is nothing to mark, takes the marks back.
fn mark(model: &mut Model, out: &mut Vec<Outgoing>) {
    let ids = |wanted: fn(&StrategyRow) -> bool| {
        model.targets().into_iter().filter(|s| wanted(s)).map(|s| s.id).collect::<Vec<_>>()
    };
    let pending = ids(|s| s.status == StrategyStatus::Pending && s.blocked().is_none());
    let marked = ids(|s| match s.status {
        StrategyStatus::Marked => s.queued_at.is_none(),
        StrategyStatus::Deferred => true,
        _ => false,
    });
    if !pending.is_empty() {
        send(model, out, Command::Mark { ids: pending, priority: None, notes: None }, Purpose::Tell);
    } else if !marked.is_empty() {
        for id in &marked {
            model.priorities.remove(id);
        }
        send(model, out, Command::Unmark { ids: marked }, Purpose::Tell);
    }
    model.chosen.clear();
}

/// Counts from what was asked for last, so that quick presses add up before the engine has answered.
fn change_priority(model: &mut Model, by: i32, out: &mut Vec<Outgoing>) {
    let Some(row) = model.strategy_at_hand().cloned() else { return };
    let priority = model.priority(&row).saturating_add(by);
    model.priorities.insert(row.id, Wish { priority, until: None });
    send(model, out, Command::SetPriority { id: row.id, priority }, Purpose::Priority(row.id, priority));
}

fn retry(model: &mut Model, out: &mut Vec<Outgoing>) {
    if let Some(id) = model.strategy_at_hand().map(|s| s.id) {
        send(model, out, Command::Retry { id }, Purpose::Tell);
    }
}

fn ask(model: &mut Model, dialog: TextDialog) {
    model.layers.push(Layer::Text(Box::new(dialog)));
}

fn ask_for_notes(model: &mut Model) {
    let Some(row) = model.strategy_at_hand() else { return };
    let dialog = TextDialog::new(Asked::Notes(row.id), format!("Note on {}", row.title()), &[("Note", &row.notes)]);
    ask(model, dialog);
}

/// The strategy under the cursor whole, or the card of a signal that waits.
fn details(model: &mut Model, out: &mut Vec<Outgoing>) {
    match model.signals.key() {
        Some(ScalperKey::Signal(id)) if model.focus == Pane::Signals && model.strategy_at_hand().is_none() => {
            approvals::show(model, id);
        }
        _ => cards::open_details(model, out),
    }
}

/// Pausing is the safe direction and asks nothing.
fn arm_or_pause(model: &mut Model, out: &mut Vec<Outgoing>) {
    let Some(row) = model.setup_at_hand() else { return };
    let setup = row.setup.name.clone();
    if row.armed {
        send(model, out, Command::ArmSetup { setup, armed: false }, Purpose::Tell);
    } else {
        cards::confirm(model, Subject::ArmSetup(setup));
    }
}

fn breakeven(model: &mut Model, out: &mut Vec<Outgoing>) {
    let Some(id) = model.scalp_at_hand().map(|s| s.strategy) else { return };
    send(model, out, Command::SetStop { id, leg: None, stop: StopWish::Breakeven }, Purpose::Tell);
}

fn ask_for_stop(model: &mut Model) {
    if model.focus == Pane::Signals {
        let Some(id) = model.scalp_at_hand().map(|s| s.strategy) else { return };
        return ask_for_stop_of(model, id, None);
    }
    if model.focus.context() == Context::Orders {
        let order = model.order_at_hand().map(|o| (o.origin, o.contract));
        if let Some((OrderOrigin::Stop { strategy: Some(id) }, contract)) = order {
            ask_for_stop_of(model, id, Some(contract));
        }
        return;
    }
    let Some(key) = model.positions.key() else { return };
    let (id, contract) = match key {
        PositionKey::Group(id) => (id, None),
        PositionKey::Leg(id, contract, _) => (id, Some(contract)),
        PositionKey::Foreign(..) | PositionKey::ForeignHead => return,
    };
    ask_for_stop_of(model, id, contract);
}

fn ask_for_stop_of(model: &mut Model, id: StrategyId, contract: Option<Contract>) {
    let of_leg = |wanted: Contract| {
        let row = model.view.strategy(id)?;
        let leg = row.legs.iter().position(|l| l.instrument.is_some_and(|i| i.contract == wanted))?;
        Some(leg + 1)
    };
    let leg = contract.and_then(of_leg);
    let what = contract.map_or_else(|| format!("#{id}"), |c| c.label());
    let title = format!("Stop of {what}: a price, breakeven, trail 10, off");
    ask(model, TextDialog::new(Asked::Stop { id, leg }, title, &[("Stop", "")]));
}

fn ask_for_filter(model: &mut Model) {
    let before = model.filter.clone();
    let text = before.text.clone();
    ask(model, TextDialog::new(Asked::Filter { before }, "Filter".into(), &[("/", &text)]));
}

fn ask_for_top(model: &mut Model) {
    let fields = [("How many", "5"), ("Least score", "0.50")];
    ask(model, TextDialog::new(Asked::MarkTop, "Mark the best pending strategies".into(), &fields));
}

fn ask_for_drill(model: &mut Model) {
    let running = model.view.header.rehearsals.first();
    let fields = [("What", running.map_or(Drill::DeadFeed, |r| r.drill).as_str()), ("Seconds", "30")];
    ask(model, TextDialog::new(Asked::Rehearse, "Rehearse what may go wrong".into(), &fields));
}

fn ask_for_arm_word(model: &mut Model) {
    let title = format!("Type {} to allow entries again", model.view.safety.arm_word);
    ask(model, TextDialog::new(Asked::Arm, title, &[("Word", "")]));
}
