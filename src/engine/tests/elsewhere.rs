//! What was closed elsewhere: taken off our books once it is certain, its stop made smaller, and nothing exited for it.

use super::desk::*;
use super::entry::executing;
use super::protect::{protected, taken};
use crate::domain::time::after_ms;
use crate::domain::*;
use crate::engine::command::Command;
use crate::engine::effect::{AlertLevel, Effect};
use crate::engine::record::{Owner, Record};
use crate::engine::state::Phase;
use crate::engine::{EngineConfig, Event};

/// An order of the broker's app that has traded.
fn traded(desk: &mut Desk, number: &str, side: Side, strike: i64, quantity: u32) {
    let spec = OrderSpec {
        contract: call(strike),
        side,
        quantity: Quantity(quantity),
        kind: OrderKind::Market,
        validity: Validity::Day,
        product: Product::Margin,
    };
    let sighting = OrderSighting {
        correlation: None,
        order_id: BrokerOrderId(number.into()),
        spec,
        filled: Quantity(quantity),
        average: None,
        status: SeenStatus::Filled,
        reason: None,
        updated: None,
    };
    desk.book.insert(number.into(), sighting);
}

/// So many seconds, each with its quotes and the books as they are.
fn seconds(desk: &mut Desk, many: u32) {
    for _ in 0..many {
        desk.pass(1_000);
        desk.quote(&[26_000, 26_100]);
        desk.read_books();
    }
}

fn written_off(desk: &Desk) -> Vec<(Owner, Option<Quantity>)> {
    let one = |(_, r): &(_, Record)| match r {
        Record::LotWrittenOff { owner, quantity, .. } => Some((*owner, *quantity)),
        _ => None,
    };
    desk.journal.iter().filter_map(one).collect()
}

#[test]
fn a_part_closed_elsewhere_is_written_off_within_two_seconds_and_the_stop_keeps_the_rest_covered() {
    let mut desk = Desk::open();
    let (id, stop) = protected(&mut desk);
    seconds(&mut desk, 6);
    let sent = desk.placed().len();
    traded(&mut desk, "999", Side::Sell, 26_000, 65);
    desk.read_books();
    assert_eq!((desk.net(id, 26_000), desk.order(&stop).quantity), (130, Quantity(65)), "the stop is never for more");
    let stop = taken(&mut desk, &stop);
    seconds(&mut desk, 2);
    assert_eq!((desk.net(id, 26_000), written_off(&desk)), (65, vec![(Owner::Strategy(id), Some(Quantity(65)))]));
    // And so it stays.
    seconds(&mut desk, 30);
    assert!(desk.state().exits.is_empty());
    assert_eq!((desk.placed().len(), desk.cancels(), desk.order(&stop).resting()), (sent, 0, Quantity(65)));
    assert_eq!(desk.told_of("65 fewer: they were closed elsewhere"), Some(AlertLevel::Warning));
    desk.assert_folds();
}

#[test]
fn a_fill_of_our_own_that_has_not_been_told_yet_is_not_taken_for_somebody_elses() {
    let mut desk = Desk::open();
    let (id, stop) = protected(&mut desk);
    seconds(&mut desk, 6);
    // The stop has filled in part. The position book says so, the order book comes later.
    for _ in 0..5 {
        desk.pass(1_000);
        let asked_at = desk.now;
        desk.now = after_ms(desk.now, 5);
        let positions = vec![position(call(26_000), Product::Margin, NetQuantity(65))];
        desk.tell(Event::PositionsRead { account: ACCOUNT, asked_at, positions });
    }
    assert!(desk.effects.contains(&Effect::ReadOrders));
    desk.see(&stop, SeenStatus::Working, 65, stop.spec.kind.price());
    seconds(&mut desk, 3);
    assert_eq!((desk.net(id, 26_000), written_off(&desk)), (65, Vec::new()));
}

#[test]
fn of_several_strategies_the_one_executed_first_loses_first_and_never_more_than_is_missing() {
    let mut desk = Desk::open();
    let (older, _) = protected(&mut desk);
    let (newer, _) = protected(&mut desk);
    seconds(&mut desk, 6);
    traded(&mut desk, "999", Side::Sell, 26_000, 195);
    seconds(&mut desk, 3);
    let (first, second) = ((Owner::Strategy(older), Quantity(130)), (Owner::Strategy(newer), Quantity(65)));
    assert_eq!(written_off(&desk), [first, second].map(|(owner, quantity)| (owner, Some(quantity))));
    assert_eq!((desk.net(older, 26_000), desk.net(newer, 26_000)), (0, 65));
}

#[test]
fn what_was_opened_elsewhere_is_closed_elsewhere_before_what_is_ours() {
    let mut desk = Desk::open();
    let (id, _) = protected(&mut desk);
    traded(&mut desk, "998", Side::Buy, 26_000, 65);
    seconds(&mut desk, 6);
    traded(&mut desk, "999", Side::Sell, 26_000, 65);
    seconds(&mut desk, 6);
    assert_eq!((desk.net(id, 26_000), written_off(&desk)), (130, Vec::new()));
}

#[test]
fn a_book_without_the_position_at_all_is_not_believed_at_once() {
    let mut desk = Desk::open();
    let (id, _) = protected(&mut desk);
    seconds(&mut desk, 6);
    let without = |desk: &mut Desk, many: u32| {
        for _ in 0..many {
            desk.pass(1_000);
            let asked_at = desk.now;
            desk.now = after_ms(desk.now, 5);
            let orders: Vec<OrderSighting> = desk.book.values().cloned().collect();
            desk.tell(Event::OrdersRead { account: ACCOUNT, asked_at, orders });
            desk.tell(Event::PositionsRead { account: ACCOUNT, asked_at, positions: Vec::new() });
        }
    };
    without(&mut desk, 5);
    assert_eq!(desk.net(id, 26_000), 130);
    without(&mut desk, 10);
    assert_eq!(desk.net(id, 26_000), 0);
}

#[test]
fn a_short_that_has_lost_its_hedge_is_told_loudly() {
    let mut desk = Desk::open();
    let id = super::exit::holding(&mut desk);
    seconds(&mut desk, 6);
    traded(&mut desk, "999", Side::Sell, 26_000, 65);
    seconds(&mut desk, 3);
    assert_eq!((desk.net(id, 26_000), desk.net(id, 26_100)), (0, -65));
    assert_eq!(desk.told_of("have lost a hedge"), Some(AlertLevel::Critical));
}

#[test]
fn what_was_closed_while_its_strategy_is_entered_is_not_bought_again() {
    let mut config = EngineConfig::default();
    (config.execution.step_ms, config.execution.timeout_ms) = (60_000, 600_000);
    let mut desk = Desk::with(config);
    let id = executing(&mut desk, &[(Side::Buy, 26_000, 1), (Side::Sell, 26_100, 1)]);
    let hedge = desk.last_placed();
    desk.fill(&hedge, 65);
    let short = desk.last_placed();
    desk.accept(&short);
    seconds(&mut desk, 6);
    let sent = desk.placed().len();
    traded(&mut desk, "999", Side::Sell, 26_000, 65);
    seconds(&mut desk, 3);
    let execution = desk.state().strategies[&id].execution.clone().unwrap();
    assert!(matches!(execution.phase, Phase::Held(ref why) if why.contains("closed elsewhere")), "{execution:?}");
    assert_eq!((desk.placed().len(), desk.cancels()), (sent, 1), "its short is not sold without its hedge");
}

#[test]
fn an_exit_of_what_was_closed_elsewhere_ends_when_that_is_certain() {
    let mut desk = Desk::open();
    let id = super::exit::holding(&mut desk);
    seconds(&mut desk, 6);
    traded(&mut desk, "999", Side::Buy, 26_100, 65);
    desk.read_books();
    let sent = desk.placed().len();
    desk.ask(Command::CloseStrategy { id });
    assert_eq!(desk.placed().len(), sent, "nothing is bought that is not short");
    seconds(&mut desk, 3);
    assert_eq!(desk.net(id, 26_100), 0);
    let hedge = desk.last_placed();
    assert_eq!((hedge.spec.side, hedge.spec.contract), (Side::Sell, call(26_000)), "then its hedge is sold");
}
