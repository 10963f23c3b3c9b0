//! Importing, marking, the queue, the gate.

use rust_decimal_macros::dec;

use super::desk::*;
use crate::domain::*;
use crate::engine::command::{Command, Reply};
use crate::engine::state::Phase;

const SPREAD: [(Side, i64, u32); 2] = [(Side::Buy, 26_000, 1), (Side::Sell, 26_100, 1)];

fn mark(desk: &mut Desk, id: StrategyId) -> Reply {
    desk.ask(Command::Mark { ids: vec![id], priority: None, notes: None })
}

#[test]
fn a_reimport_updates_what_is_pending_and_touches_nothing_marked() {
    let mut desk = Desk::open();
    let id = desk.import(&SPREAD);
    let mut again = recommendation("key 1", &SPREAD);
    again.score = Some(dec!(0.9));
    desk.ask(Command::Import { recommendations: vec![again.clone()] });
    assert_eq!(desk.state().strategies[&id].recommendation.score, Some(dec!(0.9)));
    mark(&mut desk, id);
    again.score = Some(dec!(0.1));
    desk.ask(Command::Import { recommendations: vec![again] });
    assert_eq!(desk.state().strategies[&id].recommendation.score, Some(dec!(0.9)));
    assert_eq!(desk.state().strategies.len(), 1);
}

#[test]
fn marking_freezes_the_contracts_and_unmarking_forgets_them() {
    let mut desk = Desk::open();
    let id = desk.import(&SPREAD);
    mark(&mut desk, id);
    let s = &desk.state().strategies[&id];
    assert_eq!((s.status, s.priority, s.legs.len()), (StrategyStatus::Marked, 1, 2));
    assert_eq!(s.legs[0].instrument.contract, call(26_000));
    desk.ask(Command::Unmark { ids: vec![id] });
    assert_eq!((desk.status(id), desk.state().strategies[&id].legs.len()), (StrategyStatus::Pending, 0));
    assert!(desk.ask(Command::Unmark { ids: vec![id] }).is_refused());
}

#[test]
fn a_blocked_strategy_cannot_be_marked_and_says_why() {
    let mut desk = Desk::open();
    let mut covered = recommendation("covered", &[(Side::Sell, 26_000, 1)]);
    let detail = "one leg only: a covered call without its stock would be a naked call".to_string();
    covered.issues = vec![Issue { code: "uncovered".into(), detail: detail.clone(), blocking: true }];
    desk.ask(Command::Import { recommendations: vec![covered] });
    let Reply::Refused { reason } = mark(&mut desk, StrategyId(1)) else { panic!("it was marked") };
    assert!(reason.contains(&detail), "{reason}");
}

#[test]
fn a_mark_expires() {
    let mut desk = Desk::open();
    let id = desk.import(&SPREAD);
    mark(&mut desk, id);
    desk.pass(360 * 60_000 + 1);
    assert_eq!(desk.status(id), StrategyStatus::Expired);
}

#[test]
fn with_the_market_closed_execution_defers_and_the_open_brings_it_back_but_starts_nothing() {
    let mut desk = Desk::open();
    let id = desk.import(&SPREAD);
    mark(&mut desk, id);
    desk.market.open = false;
    assert!(desk.ask(Command::Execute { ids: vec![id] }).is_refused());
    assert_eq!(desk.status(id), StrategyStatus::Deferred);
    desk.market.open = true;
    desk.pass(60_000);
    assert_eq!(desk.status(id), StrategyStatus::Marked);
    desk.quote(&[26_000, 26_100]);
    assert!(desk.placed().is_empty());
}

#[test]
fn the_queue_goes_by_priority_then_score_one_at_a_time() {
    let mut desk = Desk::open();
    let ids: Vec<StrategyId> = (0..3).map(|i| desk.import(&[(Side::Buy, 26_000 + i * 100, 1)])).collect();
    for (id, priority) in ids.iter().zip([1, 5, 3]) {
        desk.ask(Command::Mark { ids: vec![*id], priority: Some(priority), notes: None });
    }
    desk.ask(Command::Execute { ids: vec![] });
    let mut order = Vec::new();
    for _ in 0..3 {
        desk.quote(&[26_000, 26_100, 26_200]);
        let intent = desk.last_placed();
        order.push(desk.state().strategies.values().find(|s| s.execution.is_some()).unwrap().id);
        desk.fill(&intent, 65);
    }
    assert_eq!(order, [ids[1], ids[2], ids[0]]);
}

#[test]
fn the_gate_refuses_at_its_turn_and_the_strategy_stays_marked() {
    let mut desk = Desk::open();
    desk.engine.config.limits.max_open_lots = Lots(1);
    let id = desk.import(&SPREAD);
    mark(&mut desk, id);
    desk.ask(Command::Execute { ids: vec![id] });
    desk.quote(&[26_000, 26_100]);
    let s = &desk.state().strategies[&id];
    assert_eq!(s.status, StrategyStatus::Marked);
    assert!(s.reason.as_deref().unwrap_or("").contains("2 open lots would be over the limit of 1"), "{:?}", s.reason);
    assert!(desk.placed().is_empty());
}

#[test]
fn nothing_is_decided_on_a_stale_quote() {
    let mut desk = Desk::open();
    let id = desk.import(&SPREAD);
    mark(&mut desk, id);
    desk.quote(&[26_000, 26_100]);
    desk.pass(3_001);
    desk.ask(Command::Execute { ids: vec![id] });
    assert!(desk.placed().is_empty());
    desk.pass(10_002);
    let s = &desk.state().strategies[&id];
    assert!(s.reason.as_deref().unwrap_or("").contains("no fresh quote"), "{:?}", s.reason);
    assert_eq!(s.status, StrategyStatus::Marked);
}

#[test]
fn halt_cancels_working_entries_holds_executions_and_only_the_word_arms_again() {
    let mut desk = Desk::open();
    let id = desk.import(&SPREAD);
    mark(&mut desk, id);
    desk.ask(Command::Execute { ids: vec![id] });
    desk.quote(&[26_000, 26_100]);
    let entry = desk.last_placed();
    desk.accept(&entry);
    desk.ask(Command::Halt);
    assert_eq!(desk.cancels(), 1);
    assert!(matches!(desk.state().strategies[&id].execution.as_ref().unwrap().phase, Phase::Held(_)));
    assert!(desk.ask(Command::Execute { ids: vec![id] }).is_refused());
    assert!(desk.ask(Command::Arm { word: "arm".into() }).is_refused());
    assert!(!desk.ask(Command::Arm { word: "ARM".into() }).is_refused());
}

#[test]
fn a_preview_says_what_is_in_the_way_and_changes_nothing() {
    let mut desk = Desk::open();
    let id = desk.import(&SPREAD);
    mark(&mut desk, id);
    let journal = desk.journal.len();
    let Reply::Previews { previews } = desk.ask(Command::Preview { ids: vec![] }) else { panic!("no preview") };
    assert!(previews[0].refusals.iter().any(|r| r.contains("no fresh quote")), "{:?}", previews[0].refusals);
    assert_eq!(desk.journal.len(), journal);
}
