//! A signal that waits for the trader, and the keys of the signals pane.

use super::{chord, commands, key, press, said, wait};
use crate::domain::{SetupName, SignalId, SignalRefusal};
use crate::engine::StopWish;
use crate::engine::command::Command;
use crate::engine::record::Record;
use crate::tui::demo::{asking, busy, scalping, screen, show};
use crate::tui::key::Key;
use crate::tui::keymap::{ACTIONS, Action, Context};
use crate::tui::model::{ARMING_MS, Layer, Model, Pane, ScalperKey};
use crate::tui::update::{Msg, Outgoing, update};

const SIZE: (u16, u16) = (120, 36);

fn asked() -> SignalId {
    let desk = asking();
    SignalId(desk.state.scalper.last_signal)
}

fn approve(yes: bool) -> Command {
    Command::DecideSignal { id: asked(), approve: yes }
}

#[test]
fn the_card_comes_by_itself_and_o_buys_once() {
    let mut model = screen(&scalping(), SIZE);
    assert_eq!((model.approval, model.context()), (None, Context::Pending));
    update(&mut model, Msg::View(std::sync::Arc::new(asking().view())));
    assert_eq!(model.context(), Context::Approval);
    let out = press(&mut model, "o");
    assert_eq!(commands(&out), [approve(true)]);
    // Until the picture follows, it does not come again.
    show(&mut model, &asking());
    assert_eq!((model.approval, commands(&press(&mut model, "o"))), (None, vec![]));
}

#[test]
fn d_lets_it_go() {
    let mut model = screen(&asking(), SIZE);
    assert_eq!(commands(&press(&mut model, "d")), [approve(false)]);
    assert_eq!(model.approval, None);
}

#[test]
fn a_key_on_its_way_a_held_one_and_a_pasted_one_approve_nothing() {
    let mut model = screen(&scalping(), SIZE);
    show(&mut model, &asking());
    assert_eq!(commands(&key(&mut model, Key::press(chord("o")))), []);
    assert!(said(&model).contains("Just a moment"), "{}", said(&model));
    wait(&mut model, ARMING_MS);
    for odd in [Key { repeat: true, ..Key::press(chord("o")) }, Key { pasted: true, ..Key::press(chord("o")) }] {
        assert_eq!(commands(&key(&mut model, odd)), []);
    }
    assert_eq!(commands(&press(&mut model, "o")), [approve(true)]);
}

#[test]
fn the_key_that_approves_does_nothing_else_anywhere() {
    let own = Action::ApproveSignal.def();
    assert_eq!(own.contexts, [Context::Approval]);
    for other in ACTIONS.iter().filter(|a| a.action != own.action) {
        assert!(other.keys.iter().all(|k| !own.keys.contains(k)), "{}", other.id);
    }
    // Nor does any other key approve.
    let mut model = screen(&asking(), SIZE);
    let out = press(&mut model, "y Y Enter Space e E x b B a A 1 7 j k r F n");
    assert_eq!(commands(&out), []);
    assert!(model.approval.is_some());
}

#[test]
fn what_is_typed_stays_with_the_field() {
    let mut model = screen(&scalping(), SIZE);
    press(&mut model, "/");
    show(&mut model, &asking());
    assert_eq!(commands(&press(&mut model, "o d")), []);
    let Some(Layer::Text(dialog)) = model.layers.last() else { panic!("the field is gone") };
    assert_eq!(dialog.value(0), "od");
    // The key that ends the typing comes before the card can hear one.
    press(&mut model, "Esc");
    assert_eq!(model.context(), Context::Approval);
    assert_eq!(commands(&key(&mut model, Key::press(chord("o")))), []);
    assert_eq!(commands(&press(&mut model, "o")), [approve(true)]);
}

#[test]
fn the_kill_key_works_on_it_and_nothing_is_bought_while_halted() {
    let mut model = screen(&asking(), SIZE);
    let out = press(&mut model, "F12");
    assert!(out.contains(&Outgoing::Halt));
    assert_eq!(model.context(), Context::Kill);
    let mut desk = asking();
    desk.record(Record::Halted { reason: "kill switch".into() });
    show(&mut model, &desk);
    press(&mut model, "Esc");
    assert_eq!(model.context(), Context::Approval);
    assert_eq!(commands(&press(&mut model, "o")), []);
    assert!(said(&model).contains("halted"), "{}", said(&model));
}

#[test]
fn a_card_over_it_waits_underneath() {
    let mut model = screen(&busy(), SIZE);
    press(&mut model, "F4 x");
    show(&mut model, &asking());
    assert_eq!(commands(&press(&mut model, "y")), []);
    press(&mut model, "Esc");
    assert_eq!(model.context(), Context::Card);
}

#[test]
fn put_away_it_stays_away_until_it_is_looked_for() {
    let mut model = screen(&asking(), SIZE);
    assert_eq!(commands(&press(&mut model, "Esc")), []);
    show(&mut model, &asking());
    assert_eq!(model.approval, None);
    press(&mut model, "7");
    at(&mut model, ScalperKey::Signal(asked()));
    press(&mut model, "Enter");
    assert_eq!(commands(&press(&mut model, "o")), [approve(true)]);
}

#[test]
fn it_goes_with_its_time_and_with_its_signal() {
    let mut model = screen(&asking(), SIZE);
    wait(&mut model, 15_000);
    assert_eq!((model.approval, commands(&press(&mut model, "o"))), (None, vec![]));
    let mut model = screen(&asking(), SIZE);
    let mut desk = asking();
    desk.refuse_signal(asked(), SignalRefusal::Closed, "halted");
    show(&mut model, &desk);
    assert_eq!(model.approval, None);
}

#[test]
fn of_several_one_is_asked_at_a_time() {
    let mut desk = asking();
    let second = desk.signal("NIFTY_ASK", "BANKNIFTY", crate::domain::Side::Buy, rust_decimal_macros::dec!(58200));
    desk.proposes(second, 25950, rust_decimal_macros::dec!(102));
    let mut model = screen(&desk, SIZE);
    assert_eq!(commands(&press(&mut model, "o")), [approve(true)]);
    show(&mut model, &desk);
    // The second has a card of its own, which the same press does not reach.
    assert_eq!(commands(&key(&mut model, Key::press(chord("o")))), []);
    assert_eq!(commands(&press(&mut model, "d")), [Command::DecideSignal { id: second, approve: false }]);
}

/// The cursor of the signals pane on this row.
fn at(model: &mut Model, row: ScalperKey) {
    press(model, "Home");
    for _ in 0..model.scalper_keys().len() {
        if model.signals.key() == Some(row) {
            return;
        }
        press(model, "j");
    }
    panic!("{row:?} is not listed");
}

#[test]
fn arming_asks_pausing_does_not() {
    let mut model = screen(&scalping(), SIZE);
    press(&mut model, "7");
    assert_eq!(model.focus, Pane::Signals);
    let of = |name: &str, armed| Command::ArmSetup { setup: SetupName::new(name).unwrap(), armed };
    assert_eq!(commands(&press(&mut model, "a")), [of("SCALP_ATM", false)]);
    at(&mut model, ScalperKey::Setup(2));
    assert_eq!(commands(&press(&mut model, "a")), []);
    assert_eq!(commands(&press(&mut model, "a Esc")), [], "the key that opened the card does not commit it");
    assert_eq!(commands(&press(&mut model, "a y y")), [of("SENSEX_WATCH", true)]);
}

#[test]
fn a_scalp_is_closed_by_a_card_and_its_stop_goes_to_breakeven_by_a_key() {
    let desk = scalping();
    let mut open = desk.state.scalper.open.iter().copied();
    let (held, bought) = (open.next().unwrap(), open.next().unwrap());
    let mut model = screen(&desk, SIZE);
    press(&mut model, "7");
    at(&mut model, ScalperKey::Scalp(held));
    let breakeven = Command::SetStop { id: held, leg: None, stop: StopWish::Breakeven };
    assert_eq!(commands(&press(&mut model, "B")), [breakeven]);
    assert_eq!(commands(&press(&mut model, "x")), []);
    assert_eq!(commands(&press(&mut model, "y")), [Command::CloseStrategy { id: held }]);
    // Below its fill price a stop there would be hit at once.
    at(&mut model, ScalperKey::Scalp(bought));
    assert_eq!(commands(&press(&mut model, "B")), []);
    assert!(said(&model).contains("not above its fill price"), "{}", said(&model));
}

#[test]
fn scalps_do_not_stand_among_the_strategies() {
    let model = screen(&scalping(), SIZE);
    assert!(model.pending_rows.is_empty() && !model.view.strategies.is_empty());
}
