//! Coming back: nothing is sent that may have been sent; the broker is asked first.

use super::desk::*;
use super::entry::executing;
use crate::domain::time::after_ms;
use crate::domain::*;
use crate::engine::command::Command;
use crate::engine::effect::Effect;
use crate::engine::event::Event;
use crate::engine::state::Phase;
use crate::engine::{Engine, EngineConfig, State};

const SPREAD: [(Side, i64, u32); 2] = [(Side::Buy, 26_000, 1), (Side::Sell, 26_100, 1)];

/// The process dies; another folds the journal and goes on.
fn restart(desk: &mut Desk) {
    let mut state = State::default();
    for (at, record) in &desk.journal {
        state.apply(record, *at);
    }
    desk.engine = Engine::new(EngineConfig::default(), state);
    desk.effects.clear();
    desk.pass(2_000);
}

#[test]
fn an_intent_without_an_answer_is_looked_up_and_never_sent_again() {
    let mut desk = Desk::open();
    let id = executing(&mut desk, &SPREAD);
    let hedge = desk.last_placed();
    restart(&mut desk);
    desk.tell(Event::Started);
    assert!(desk.effects.iter().any(|e| matches!(e, Effect::LookUp { intent } if intent.id == hedge.id)));
    desk.quote(&[26_000, 26_100]);
    desk.read_books();
    desk.quote(&[26_000, 26_100]);
    assert!(desk.placed().is_empty());
    assert!(matches!(desk.state().strategies[&id].execution.as_ref().unwrap().phase, Phase::Held(_)));
    // It had reached the broker and has filled: going on sends the other leg only.
    desk.fill(&hedge, 65);
    desk.ask(Command::Resume { id });
    desk.quote(&[26_000, 26_100]);
    let sent = desk.placed();
    assert_eq!(sent.len(), 1);
    assert_eq!((sent[0].spec.side, sent[0].spec.contract), (Side::Sell, call(26_100)));
    assert_ne!(sent[0].correlation, hedge.correlation);
}

#[test]
fn no_entry_before_the_brokers_books_have_been_read() {
    let mut desk = Desk::open();
    let id = desk.import(&SPREAD);
    desk.ask(Command::Mark { ids: vec![id], priority: None, notes: None });
    restart(&mut desk);
    desk.tell(Event::Started);
    assert!(desk.ask(Command::Execute { ids: vec![id] }).is_refused());
    desk.pass(10);
    desk.read_books();
    assert!(!desk.ask(Command::Execute { ids: vec![id] }).is_refused());
}

#[test]
fn a_flatten_goes_on_after_a_restart() {
    let mut desk = Desk::open();
    super::exit::holding(&mut desk);
    desk.quote(&[26_000, 26_100]);
    desk.ask(Command::Flatten { include_foreign: false });
    let cover = desk.last_placed();
    assert_eq!(cover.spec.side, Side::Buy);
    restart(&mut desk);
    desk.tell(Event::Started);
    desk.pass(10);
    desk.read_books();
    desk.quote(&[26_000, 26_100]);
    desk.read_books();
    desk.quote(&[26_000, 26_100]);
    assert!(desk.placed().is_empty(), "the cover may have been taken: it is looked up");
    desk.fill(&cover, 65);
    desk.read_books();
    desk.quote(&[26_000, 26_100]);
    assert_eq!(desk.last_placed().spec.contract, call(26_000));
    assert!(desk.state().halt.as_ref().unwrap().locked);
}

#[test]
fn a_book_that_is_slow_to_come_is_waited_for_without_haste() {
    let mut desk = Desk::open();
    desk.pass(60_000);
    desk.effects.clear();
    let mut wakes = 0;
    // Nothing is answered for ten seconds.
    for _ in 0..40 {
        desk.effects.clear();
        desk.pass(250);
        wakes +=
            desk.effects.iter().filter(|e| matches!(e, Effect::WakeAt(at) if *at <= after_ms(desk.now, 1))).count();
    }
    assert_eq!(wakes, 0);
}

#[test]
fn a_process_that_starts_has_its_journal() {
    let mut desk = Desk::open();
    desk.tell(Event::Store { up: false });
    restart(&mut desk);
    desk.tell(Event::Started);
    assert!(!desk.state().store_down);
}
