//! The screen's rules.

mod approvals;

use std::sync::Arc;

use rust_decimal_macros::dec;

use super::{Msg, Outgoing, update};
use crate::domain::{StrategyId, StrategyStatus};
use crate::engine::command::{Command, Reply};
use crate::engine::effect::AlertLevel;
use crate::engine::record::Record;
use crate::tui::demo::{busy, dark, frame, halted, preview, screen, show};
use crate::tui::key::{Chord, Key};
use crate::tui::model::{ARMING_MS, CARD_MS, Layer, Model, PREVIEW_MS, Pane, RequestId, Screen, ToastLevel};
use crate::view::fixture::Desk;
use crate::view::{Notice, Stage};

fn chord(key: &str) -> Chord {
    key.parse().unwrap()
}

fn key(model: &mut Model, key: Key) -> Vec<Outgoing> {
    update(model, Msg::Key(key))
}

/// Presses keys, each half a second after the last.
fn press(model: &mut Model, keys: &str) -> Vec<Outgoing> {
    keys.split_whitespace()
        .flat_map(|k| {
            wait(model, 500);
            key(model, Key::press(chord(k)))
        })
        .collect()
}

fn wait(model: &mut Model, ms: u64) {
    let now = model.now + ms;
    update(model, Msg::Tick(now));
}

fn commands(out: &[Outgoing]) -> Vec<Command> {
    out.iter()
        .filter_map(|o| match o {
            Outgoing::Send { command, .. } => Some(command.clone()),
            _ => None,
        })
        .collect()
}

/// Answers the newest question.
fn answer(model: &mut Model, reply: Reply) {
    let request: RequestId = *model.requests.keys().next_back().unwrap();
    update(model, Msg::Reply { request, reply });
}

fn said(model: &Model) -> String {
    model.toasts.iter().flat_map(|t| t.lines.clone()).collect::<Vec<_>>().join(" | ")
}

fn id(n: u64) -> StrategyId {
    StrategyId(n)
}

/// The cursor of the pending list on this strategy.
fn at(model: &mut Model, strategy: u64) {
    press(model, "1 Home");
    for _ in 0..model.pending_rows.len() {
        if model.pending.key() == Some(id(strategy)) {
            return;
        }
        press(model, "j");
    }
    panic!("#{strategy} is not listed");
}

/// An execution card for #3, filled and armed.
fn execution_card(desk: &Desk, model: &mut Model) {
    at(model, 3);
    press(model, "e");
    answer(model, Reply::Previews { previews: vec![preview(desk, id(3), &[])] });
    wait(model, ARMING_MS);
}

// Marking and priority.

#[test]
fn space_marks_a_pending_strategy_and_unmarks_a_marked_one() {
    let mut model = screen(&busy(), (120, 36));
    at(&mut model, 1);
    assert_eq!(
        commands(&press(&mut model, "Space")),
        [Command::Mark { ids: vec![id(1)], priority: None, notes: None }]
    );
    at(&mut model, 2);
    assert_eq!(commands(&press(&mut model, "Space")), [Command::Unmark { ids: vec![id(2)] }]);
}

#[test]
fn what_cannot_be_marked_says_why() {
    let mut model = screen(&busy(), (120, 36));
    at(&mut model, 8);
    assert_eq!(press(&mut model, "Space"), []);
    assert!(said(&model).contains("#8 cannot be marked: one leg only"), "{}", said(&model));
    at(&mut model, 9);
    assert_eq!(press(&mut model, "Space"), []);
    assert!(said(&model).contains("#9 has failed: r puts it back"), "{}", said(&model));
}

#[test]
fn selected_strategies_are_marked_together() {
    let mut model = screen(&busy(), (120, 36));
    at(&mut model, 4);
    let out = press(&mut model, "v v Space");
    assert_eq!(commands(&out), [Command::Mark { ids: vec![id(4), id(5)], priority: None, notes: None }]);
    assert!(model.chosen.is_empty());
}

#[test]
fn quick_presses_of_plus_add_up_before_the_engine_answers() {
    let mut model = screen(&busy(), (120, 36));
    at(&mut model, 2);
    let out = press(&mut model, "+ + + -");
    let asked: Vec<i32> = commands(&out)
        .into_iter()
        .map(|c| match c {
            Command::SetPriority { id: StrategyId(2), priority } => priority,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(asked, [4, 5, 6, 5]);
}

#[test]
fn a_refused_priority_goes_back_to_what_the_view_says() {
    let mut model = screen(&busy(), (120, 36));
    at(&mut model, 2);
    press(&mut model, "+");
    answer(&mut model, Reply::refused("it is executing"));
    let row = model.view.strategy(id(2)).unwrap();
    assert_eq!((model.priority(row), said(&model)), (3, "it is executing".into()));
}

#[test]
fn a_pending_strategy_has_no_priority_yet() {
    let mut model = screen(&busy(), (120, 36));
    at(&mut model, 1);
    assert_eq!(press(&mut model, "+"), []);
    assert!(said(&model).contains("mark it first (Space)"));
}

#[test]
fn the_best_are_marked_by_count_and_score() {
    let mut model = screen(&busy(), (120, 36));
    let out = press(&mut model, "t Backspace 3 Tab Backspace Backspace 6 5 Enter");
    assert_eq!(commands(&out), [Command::MarkTop { count: 3, min_score: dec!(0.65) }]);
    press(&mut model, "t Backspace x");
    assert_eq!(press(&mut model, "Enter"), []);
    assert!(
        matches!(model.layers.last(), Some(Layer::Text(d)) if d.error.as_deref() == Some("`x` is no number of strategies."))
    );
}

#[test]
fn notes_are_typed_pasted_and_saved() {
    let mut model = screen(&busy(), (120, 36));
    at(&mut model, 3);
    press(&mut model, "n h i");
    update(&mut model, Msg::Paste(" y\u{1b}F\n12".into()));
    let out = press(&mut model, "Enter");
    assert_eq!(commands(&out), [Command::SetNotes { id: id(3), notes: "hi yF 12".into() }]);
    assert!(press(&mut model, "n x Esc").is_empty() && model.layers.is_empty());
}

#[test]
fn a_failed_strategy_is_put_back_by_a_key() {
    let mut model = screen(&busy(), (120, 36));
    at(&mut model, 9);
    assert_eq!(commands(&press(&mut model, "r")), [Command::Retry { id: id(9) }]);
}

// Executing.

#[test]
fn execute_asks_first_and_sends_only_after_the_other_key() {
    let desk = busy();
    let mut model = screen(&desk, (120, 36));
    at(&mut model, 3);
    assert_eq!(commands(&press(&mut model, "e")), [Command::Preview { ids: vec![id(3)] }]);
    assert_eq!(press(&mut model, "e y"), [], "nothing is armed before the answer");
    answer(&mut model, Reply::Previews { previews: vec![preview(&desk, id(3), &[])] });
    assert_eq!(key(&mut model, Key::press(chord("y"))), [], "nor at the moment it comes");
    let out = press(&mut model, "y");
    assert_eq!(commands(&out), [Command::Execute { ids: vec![id(3)] }]);
    assert!(model.layers.is_empty());
    assert_eq!(press(&mut model, "y y"), [], "a card commits once");
}

#[test]
fn enter_and_esc_cancel() {
    let desk = busy();
    for cancel in ["Enter", "Esc", "n"] {
        let mut model = screen(&desk, (120, 36));
        execution_card(&desk, &mut model);
        assert_eq!(press(&mut model, cancel), []);
        assert!(model.layers.is_empty());
        assert_eq!(press(&mut model, "y"), []);
    }
}

#[test]
fn a_held_or_pasted_key_commits_nothing() {
    let desk = busy();
    let mut model = screen(&desk, (120, 36));
    execution_card(&desk, &mut model);
    let y = Key::press(chord("y"));
    assert_eq!(key(&mut model, Key { repeat: true, ..y }), []);
    assert_eq!(key(&mut model, Key { pasted: true, ..y }), []);
    update(&mut model, Msg::Paste("yyy".into()));
    assert!(matches!(model.layers.last(), Some(Layer::Execute(_))));
    assert_eq!(commands(&key(&mut model, y)).len(), 1);
}

#[test]
fn those_that_are_refused_stay_out() {
    let desk = busy();
    let mut model = screen(&desk, (120, 36));
    assert_eq!(commands(&press(&mut model, "E")), [Command::Preview { ids: vec![id(3), id(2)] }]);
    let previews = vec![preview(&desk, id(3), &["no quote younger than 3 s"]), preview(&desk, id(2), &[])];
    answer(&mut model, Reply::Previews { previews });
    wait(&mut model, ARMING_MS);
    assert_eq!(commands(&press(&mut model, "y")), [Command::Execute { ids: vec![id(2)] }]);
}

#[test]
fn when_all_are_refused_there_is_nothing_to_commit() {
    let desk = busy();
    let mut model = screen(&desk, (120, 36));
    at(&mut model, 3);
    press(&mut model, "e");
    answer(&mut model, Reply::Previews { previews: vec![preview(&desk, id(3), &["the market is closed"])] });
    assert_eq!(press(&mut model, "y"), []);
    assert!(said(&model).contains("Nothing on this card can be executed"));
}

#[test]
fn a_change_underneath_disarms_the_card() {
    let mut desk = busy();
    let mut model = screen(&desk, (120, 36));
    execution_card(&desk, &mut model);
    desk.record(Record::StrategyMoved { id: id(3), to: StrategyStatus::Pending, reason: None });
    show(&mut model, &desk);
    assert_eq!(press(&mut model, "y"), []);
    assert!(said(&model).contains("Disarmed: #3 is pending now"), "{}", said(&model));
}

#[test]
fn a_halt_disarms_the_card() {
    let desk = busy();
    let mut model = screen(&desk, (120, 36));
    execution_card(&desk, &mut model);
    show(&mut model, &halted());
    assert_eq!(press(&mut model, "y"), []);
    assert!(said(&model).contains("entries are halted"));
}

#[test]
fn old_prices_disarm_the_card_and_checking_again_makes_a_new_one() {
    let desk = busy();
    let mut model = screen(&desk, (120, 36));
    execution_card(&desk, &mut model);
    wait(&mut model, PREVIEW_MS);
    assert_eq!(press(&mut model, "y"), []);
    assert!(said(&model).contains("its prices are old"), "{}", said(&model));
    assert_eq!(commands(&press(&mut model, "r")), [Command::Preview { ids: vec![id(3)] }]);
    answer(&mut model, Reply::Previews { previews: vec![preview(&desk, id(3), &[])] });
    assert_eq!(commands(&press(&mut model, "y")), [Command::Execute { ids: vec![id(3)] }]);
}

#[test]
fn an_answer_for_a_card_that_is_gone_changes_nothing() {
    let desk = busy();
    let mut model = screen(&desk, (120, 36));
    at(&mut model, 3);
    press(&mut model, "e");
    let late = *model.requests.keys().next_back().unwrap();
    press(&mut model, "Esc e");
    let reply = Reply::Previews { previews: vec![preview(&desk, id(3), &[])] };
    update(&mut model, Msg::Reply { request: late, reply });
    assert_eq!(press(&mut model, "y"), []);
}

#[test]
fn what_is_not_marked_says_how_to_mark_it() {
    let mut model = screen(&busy(), (120, 36));
    at(&mut model, 1);
    assert_eq!(press(&mut model, "e"), []);
    assert!(said(&model).contains("#1 is pending: mark it first (Space)"));
    let mut model = screen(&halted(), (120, 36));
    at(&mut model, 3);
    assert_eq!(press(&mut model, "e E"), []);
    assert!(said(&model).contains("Entries are halted: A allows them again"));
}

// The kill switch.

#[test]
fn the_kill_switch_halts_from_every_layer_even_while_typing() {
    let desk = busy();
    for before in ["", "? ", "/ x ", "n y ", "e ", "Enter ", "q ", "t 9 ", "F4 x ", "4 x ", "z "] {
        let mut model = screen(&desk, (80, 24));
        at(&mut model, 3);
        press(&mut model, before);
        let out = press(&mut model, "F12");
        assert_eq!(out, [Outgoing::Halt], "after `{before}`");
        assert!(matches!(model.layers.last(), Some(Layer::Kill(_))));
        assert_eq!(press(&mut model, "F12 F12"), [], "again it does nothing");
    }
}

#[test]
fn what_the_input_thread_has_sent_is_not_sent_again() {
    let mut model = screen(&busy(), (80, 24));
    let f12 = Key { halt_sent: true, ..Key::press(chord("F12")) };
    assert_eq!(key(&mut model, f12), []);
    assert!(matches!(model.layers.last(), Some(Layer::Kill(_))));
}

#[test]
fn flatten_is_another_key_on_the_card_and_goes_out_once() {
    let mut model = screen(&busy(), (80, 24));
    assert_eq!(press(&mut model, "F"), [], "outside the card it is nothing");
    press(&mut model, "F12");
    assert_eq!(key(&mut model, Key::press(chord("F"))), [], "not in the same moment");
    let held = Key { repeat: true, ..Key::press(chord("F")) };
    wait(&mut model, 1_000);
    assert_eq!(key(&mut model, held), []);
    let out = press(&mut model, "F F F");
    assert_eq!(commands(&out), [Command::Flatten { include_foreign: false }]);
}

#[test]
fn foreign_positions_go_only_when_included() {
    let mut model = screen(&halted(), (80, 24));
    press(&mut model, "F12 i");
    assert_eq!(commands(&press(&mut model, "F")), [Command::Flatten { include_foreign: true }]);
    let mut model = screen(&Desk::new(), (80, 24));
    press(&mut model, "F12 i");
    assert!(said(&model).contains("Nothing was opened elsewhere"));
}

#[test]
fn the_brokers_exit_is_asked_about_first_and_taken_back_by_the_same_key() {
    let mut desk = busy();
    let mut model = screen(&desk, (120, 36));
    assert_eq!(press(&mut model, "L"), []);
    assert!(
        matches!(model.layers.last(), Some(Layer::Confirm(c)) if c.subject == crate::tui::model::Subject::BrokerExit { on: true })
    );
    wait(&mut model, 1_000);
    assert_eq!(commands(&press(&mut model, "y")), [Command::BrokerExit { on: true }]);
    let exit =
        crate::domain::PnlExit { loss: crate::domain::Money(rust_decimal_macros::dec!(25000)), ..Default::default() };
    let told = crate::domain::SafeguardTold::Exit(Some(exit));
    desk.record(crate::engine::Record::SafeguardTold { told });
    let mut model = screen(&desk, (120, 36));
    press(&mut model, "L");
    wait(&mut model, 1_000);
    assert_eq!(commands(&press(&mut model, "y")), [Command::BrokerExit { on: false }]);
}

#[test]
fn esc_stays_halted() {
    let mut model = screen(&halted(), (80, 24));
    press(&mut model, "F12");
    assert_eq!(press(&mut model, "Esc"), []);
    assert!(model.layers.is_empty() && model.view.safety.halt.is_some());
}

#[test]
fn with_one_press_the_kill_switch_flattens_at_once() {
    let mut desk = busy();
    desk.config.kill_switch.one_press = true;
    let mut model = screen(&desk, (80, 24));
    let out = press(&mut model, "F12");
    assert_eq!(out[0], Outgoing::Halt);
    assert_eq!(commands(&out), [Command::Flatten { include_foreign: false }]);
    assert_eq!(press(&mut model, "F12 F"), []);
}

#[test]
fn entries_are_allowed_again_only_by_a_typed_word() {
    let mut model = screen(&halted(), (80, 24));
    press(&mut model, "F12 A");
    assert_eq!(press(&mut model, "Enter"), [], "nothing typed");
    let out = press(&mut model, "A R M Enter");
    assert_eq!(commands(&out), [Command::Arm { word: "ARM".into() }]);
    answer(&mut model, Reply::done("Entries are allowed again."));
    show(&mut model, &busy());
    assert!(model.layers.is_empty(), "the halt card goes with the halt");
}

#[test]
fn nothing_can_be_armed_when_nothing_is_halted() {
    let mut model = screen(&busy(), (80, 24));
    press(&mut model, "A");
    assert!(model.layers.is_empty() && said(&model).contains("nothing is halted"));
}

// Positions and orders.

#[test]
fn closing_asks_and_closes_what_is_under_the_cursor() {
    let mut model = screen(&busy(), (120, 36));
    press(&mut model, "F4 x");
    assert_eq!(commands(&press(&mut model, "y")), [Command::CloseStrategy { id: id(10) }]);
    press(&mut model, "j x");
    let closed = commands(&press(&mut model, "y"));
    assert!(matches!(closed.as_slice(), [Command::ClosePosition { .. }]), "{closed:?}");
}

#[test]
fn a_position_that_changes_under_its_card_disarms_it() {
    let mut desk = busy();
    let mut model = screen(&desk, (120, 36));
    press(&mut model, "F4 x");
    desk.exit(id(10), crate::domain::Price(dec!(30)));
    show(&mut model, &desk);
    assert_eq!(press(&mut model, "y"), []);
    assert!(said(&model).contains("Disarmed"));
}

#[test]
fn a_card_left_alone_closes_itself() {
    let mut model = screen(&busy(), (120, 36));
    press(&mut model, "F4 x");
    wait(&mut model, CARD_MS);
    assert!(model.layers.is_empty());
}

#[test]
fn an_order_of_ours_is_cancelled_after_asking() {
    let mut model = screen(&busy(), (120, 36));
    press(&mut model, "4 x");
    let out = commands(&press(&mut model, "y"));
    assert!(matches!(out.as_slice(), [Command::CancelOrder { .. }]), "{out:?}");
}

#[test]
fn a_held_execution_is_continued_or_unwound() {
    let mut desk = busy();
    desk.record(Record::ExecutionHeld { id: id(12), reason: "leg 3 did not fill".into() });
    let mut model = screen(&desk, (120, 36));
    assert!(matches!(&model.view.queue[0].stage, Stage::Held(_)));
    press(&mut model, "F3 u");
    assert_eq!(commands(&press(&mut model, "y")), [Command::Unwind { id: id(12) }]);
    press(&mut model, "c");
    assert_eq!(commands(&press(&mut model, "y")), [Command::Resume { id: id(12) }]);
}

// Lists.

#[test]
fn the_cursor_stays_on_its_strategy_when_others_come_and_go() {
    let mut desk = busy();
    let mut model = screen(&desk, (120, 36));
    at(&mut model, 4);
    desk.pending("Better", dec!(0.99), &[("B", 26000, "CE", dec!(1))]);
    show(&mut model, &desk);
    assert_eq!(model.pending.key(), Some(id(4)));
}

#[test]
fn the_filter_narrows_while_it_is_typed_and_esc_brings_the_list_back() {
    let mut model = screen(&busy(), (120, 36));
    let all = model.pending_rows.len();
    press(&mut model, "/ b u l l");
    assert_eq!(model.pending_rows.len(), 3);
    press(&mut model, "Esc");
    assert_eq!((model.pending_rows.len(), model.layers.len()), (all, 0));
    press(&mut model, "/ s y m b o l : S E N Enter");
    assert_eq!(model.pending_rows.len(), 1);
    press(&mut model, "Esc");
    assert_eq!(model.pending_rows.len(), all);
}

#[test]
fn a_filter_that_is_not_understood_leaves_the_list_and_says_so() {
    let mut model = screen(&busy(), (120, 36));
    press(&mut model, "/ s c o r > 1 Enter");
    assert!(
        matches!(model.layers.last(), Some(Layer::Text(d)) if d.error.as_deref().is_some_and(|e| e.contains("no field")))
    );
}

#[test]
fn letters_in_a_text_field_are_letters() {
    let mut model = screen(&busy(), (120, 36));
    at(&mut model, 3);
    let out = press(&mut model, "n q e y F x Enter");
    assert_eq!(commands(&out), [Command::SetNotes { id: id(3), notes: "qeyFx".into() }]);
}

#[test]
fn tab_goes_round_the_panes() {
    let mut model = screen(&busy(), (120, 36));
    let panes = Screen::Cockpit.panes();
    let mut seen = vec![model.focus];
    for _ in 1..panes.len() {
        press(&mut model, "Tab");
        seen.push(model.focus);
    }
    assert_eq!(seen, panes);
    press(&mut model, "Tab Shift-Tab");
    assert_eq!(model.focus, Pane::Signals);
}

#[test]
fn a_screen_left_is_found_as_it_was_left() {
    let mut model = screen(&busy(), (120, 36));
    press(&mut model, "F4 j");
    let held = model.positions.key();
    for screen in Screen::ALL.into_iter().skip(1) {
        press(&mut model, screen.action().def().keys[0]);
        assert_eq!(model.screen, screen);
        assert!(screen.panes().contains(&model.focus), "{screen:?}");
    }
    press(&mut model, "1");
    assert_eq!((model.screen, model.focus, model.positions.key()), (Screen::Cockpit, Pane::Positions, held));
    press(&mut model, "1");
    assert_eq!(model.focus, Pane::Pending, "pressed where it leads, a screen's key goes to its first pane");
}

#[test]
fn the_kill_key_is_heard_on_every_screen() {
    for screen_shown in Screen::ALL {
        let mut model = screen(&busy(), (120, 36));
        press(&mut model, screen_shown.action().def().keys[0]);
        assert!(press(&mut model, "F12").contains(&Outgoing::Halt), "{screen_shown:?}");
        assert!(matches!(model.layers.last(), Some(Layer::Kill(_))), "{screen_shown:?}");
    }
}

#[test]
fn folding_hides_the_legs() {
    let mut model = screen(&busy(), (120, 36));
    let lines = model.position_keys().len();
    press(&mut model, "F4 j Space");
    assert_eq!(model.position_keys().len(), lines - 4);
    press(&mut model, "Space");
    assert_eq!(model.position_keys().len(), lines);
}

#[test]
fn a_long_page_scrolls_no_further_than_its_end() {
    let mut model = screen(&busy(), (80, 24));
    press(&mut model, "? End");
    frame(&mut model, &dark());
    let Some(Layer::Help { scroll }) = model.layers.last() else { panic!("no help") };
    let end = *scroll;
    assert!(end > 10 && end < 400);
    press(&mut model, "Up");
    assert!(matches!(model.layers.last(), Some(Layer::Help { scroll }) if *scroll == end - 1));
}

// Answers, alerts, leaving.

#[test]
fn refusals_are_shown_with_their_reason() {
    let mut model = screen(&busy(), (120, 36));
    at(&mut model, 1);
    press(&mut model, "Space");
    answer(&mut model, Reply::refused("NIFTY 26,400 CE 23 Nov is not listed; 26,350 and 26,450 are"));
    assert_eq!(model.toasts[0].level, ToastLevel::Refused);
    assert!(said(&model).contains("26,350 and 26,450"));
}

#[test]
fn an_answer_that_does_not_come_is_mentioned_once() {
    let mut model = screen(&busy(), (120, 36));
    at(&mut model, 1);
    press(&mut model, "Space");
    wait(&mut model, 6_000);
    assert!(said(&model).contains("No answer to `mark` yet"));
    wait(&mut model, 60_000);
    assert_eq!(said(&model), "");
}

#[test]
fn alerts_are_shown_once_and_old_ones_not_at_all() {
    let mut desk = busy();
    let notice = |id, level, text: &str| Notice { id, at: desk.now, level, text: text.into() };
    let before = notice(7, AlertLevel::Critical, "long ago");
    let news = notice(8, AlertLevel::Critical, "an exit was refused");
    desk.health.notices = vec![before];
    let mut model = screen(&desk, (120, 36));
    assert_eq!(said(&model), "");
    desk.health.notices.push(news);
    let out = update(&mut model, Msg::View(Arc::new(desk.view())));
    assert_eq!((out, said(&model)), (vec![], "an exit was refused".to_string()));
    assert_eq!(update(&mut model, Msg::View(Arc::new(desk.view()))), []);
}

#[test]
fn quitting_asks_while_something_is_open() {
    let mut model = screen(&busy(), (120, 36));
    assert_eq!(press(&mut model, "q"), []);
    assert_eq!(press(&mut model, "Enter"), [], "cancel is the default");
    assert_eq!(press(&mut model, "q y"), [Outgoing::Quit]);
    let mut model = screen(&Desk::new(), (120, 36));
    assert_eq!(press(&mut model, "q"), [Outgoing::Quit]);
}

#[test]
fn ctrl_c_leaves_from_anywhere_at_the_second_press() {
    for before in ["", "? ", "n ", "E ", "F12 "] {
        let mut model = screen(&busy(), (120, 36));
        press(&mut model, before);
        assert_eq!(press(&mut model, "Ctrl-c"), [], "after `{before}`");
        assert_eq!(press(&mut model, "Ctrl-c"), [Outgoing::Quit], "after `{before}`");
    }
}

#[test]
fn when_the_engine_is_gone_the_trader_is_told() {
    let mut model = screen(&busy(), (120, 36));
    update(&mut model, Msg::EngineGone);
    assert!(said(&model).contains("The engine has stopped"));
    assert_eq!(press(&mut model, "q"), [Outgoing::Quit]);
}
