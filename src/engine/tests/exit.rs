//! Coming out: reduce-only, shorts first, flatten until the broker says flat.

use super::desk::*;
use super::entry::executing;
use crate::domain::time::after_ms;
use crate::domain::*;
use crate::engine::command::Command;
use crate::engine::effect::{Effect, Lane};
use crate::engine::event::Event;

const SPREAD: [(Side, i64, u32); 2] = [(Side::Buy, 26_000, 1), (Side::Sell, 26_100, 1)];

/// A spread that is in.
pub fn holding(desk: &mut Desk) -> StrategyId {
    let id = executing(desk, &SPREAD);
    for _ in 0..2 {
        let entry = desk.last_placed();
        desk.fill(&entry, 65);
    }
    assert_eq!(desk.status(id), StrategyStatus::Executed);
    desk.read_books();
    id
}

#[test]
fn flatten_closes_shorts_first_verifies_and_stays_locked() {
    let mut desk = Desk::open();
    let id = holding(&mut desk);
    desk.quote(&[26_000, 26_100]);
    desk.ask(Command::Flatten { include_foreign: false });
    desk.read_books();
    assert_eq!(desk.placed().len(), 3, "one exit: the short's");
    let cover = desk.last_placed();
    assert_eq!((cover.spec.side, cover.spec.contract), (Side::Buy, call(26_100)));
    assert!(
        desk.effects.iter().any(|e| matches!(e, Effect::Place { intent, lane: Lane::Exit } if intent.id == cover.id))
    );
    desk.fill(&cover, 65);
    desk.read_books();
    let sell = desk.last_placed();
    assert_eq!((sell.spec.side, sell.spec.contract), (Side::Sell, call(26_000)));
    desk.fill(&sell, 65);
    assert!(desk.state().flatten.is_some(), "not flat before the broker has been asked");
    desk.pass(10);
    desk.read_books();
    desk.pass(10);
    desk.read_books();
    assert!(desk.state().flatten.is_none());
    assert!(desk.state().halt.as_ref().unwrap().locked);
    assert_eq!((desk.net(id, 26_000), desk.net(id, 26_100)), (0, 0));
    desk.assert_folds();
}

#[test]
fn an_exit_is_never_larger_than_what_the_broker_reports_open() {
    let mut desk = Desk::open();
    let id = holding(&mut desk);
    // Part of the short was covered elsewhere.
    let elsewhere = OrderSighting {
        correlation: None,
        order_id: BrokerOrderId("999".into()),
        spec: OrderSpec { side: Side::Buy, quantity: Quantity(40), ..desk.last_placed().spec },
        filled: Quantity(40),
        average: None,
        status: SeenStatus::Filled,
        reason: None,
        updated: None,
    };
    desk.book.insert("999".into(), elsewhere);
    desk.read_books();
    desk.quote(&[26_000, 26_100]);
    desk.ask(Command::CloseStrategy { id });
    let cover = desk.last_placed();
    assert_eq!((cover.spec.side, cover.spec.quantity), (Side::Buy, Quantity(25)));
    desk.fill(&cover, 25);
    for _ in 0..8 {
        desk.pass(1_000);
        desk.quote(&[26_000, 26_100]);
        desk.read_books();
    }
    assert_eq!(desk.net(id, 26_100), 0, "what the broker does not have is off the books");
}

#[test]
fn an_exit_waits_for_a_position_read_after_the_last_change() {
    let mut desk = Desk::open();
    let id = executing(&mut desk, &SPREAD);
    for _ in 0..2 {
        let entry = desk.last_placed();
        desk.fill(&entry, 65);
    }
    let sent = desk.placed().len();
    desk.ask(Command::CloseStrategy { id });
    assert_eq!(desk.placed().len(), sent);
    assert!(desk.effects.contains(&Effect::ReadPositions));
    desk.read_books();
    assert_eq!(desk.placed().len(), sent + 1);
}

#[test]
fn a_position_opened_elsewhere_is_left_alone_unless_asked_for() {
    for include_foreign in [false, true] {
        let mut desk = Desk::open();
        let foreign = vec![position(call(26_500), Product::Margin, NetQuantity(130))];
        let tell = |desk: &mut Desk| {
            let asked_at = desk.now;
            desk.now = after_ms(desk.now, 5);
            desk.tell(Event::OrdersRead { account: ACCOUNT, asked_at, orders: Vec::new() });
            desk.tell(Event::PositionsRead { account: ACCOUNT, asked_at, positions: foreign.clone() });
        };
        desk.ask(Command::Flatten { include_foreign });
        for _ in 0..2 {
            desk.pass(10);
            tell(&mut desk);
            desk.quote(&[26_500]);
        }
        assert_eq!(desk.placed().len(), usize::from(include_foreign));
        assert_eq!(desk.state().flatten.is_some(), include_foreign);
    }
}

#[test]
fn without_a_bid_a_long_is_reported_and_not_given_away() {
    let mut desk = Desk::open();
    let id = holding(&mut desk);
    let no_bid = Quote { bid: None, ..quote(Price(rust_decimal_macros::dec!(0.05)), desk.now) };
    desk.quote(&[26_100]);
    desk.tell(Event::Quotes(vec![(call(26_000), no_bid)]));
    desk.ask(Command::CloseStrategy { id });
    let cover = desk.last_placed();
    desk.fill(&cover, 65);
    desk.read_books();
    desk.tell(Event::Quotes(vec![(call(26_000), Quote { at: desk.now, ..no_bid })]));
    assert_eq!(desk.last_placed().id, cover.id);
    assert!(desk.effects.iter().any(|e| matches!(e, Effect::Alert { text, .. } if text.contains("no bid"))));
}

#[test]
fn with_the_store_dead_entries_stop_and_exits_go() {
    let mut desk = Desk::open();
    let id = holding(&mut desk);
    desk.tell(Event::Store { up: false });
    desk.quote(&[26_000, 26_100]);
    let other = desk.import(&[(Side::Buy, 26_200, 1)]);
    desk.ask(Command::Mark { ids: vec![other], priority: None, notes: None });
    assert!(desk.ask(Command::Execute { ids: vec![other] }).is_refused());
    desk.ask(Command::CloseStrategy { id });
    assert_eq!(desk.last_placed().spec.side, Side::Buy);
    assert_eq!(desk.last_placed().spec.contract, call(26_100));
}

#[test]
fn a_fill_of_ours_that_has_not_been_told_yet_is_not_taken_for_somebody_elses_position() {
    let mut desk = Desk::open();
    let id = executing(&mut desk, &SPREAD);
    let hedge = desk.last_placed();
    desk.see(&hedge, SeenStatus::Transit, 0, None);
    desk.ask(Command::Flatten { include_foreign: true });
    // The broker's position book is faster than the news of the fill.
    let asked_at = after_ms(desk.now, 1);
    desk.now = after_ms(desk.now, 5);
    let positions = vec![position(call(26_000), Product::Margin, NetQuantity(65))];
    desk.tell(Event::PositionsRead { account: ACCOUNT, asked_at, positions });
    desk.quote(&[26_000]);
    assert_eq!(desk.last_placed().id, hedge.id, "nothing is exited yet");
    desk.fill(&hedge, 65);
    desk.pass(10);
    desk.read_books();
    desk.quote(&[26_000]);
    desk.pass(10_000);
    desk.quote(&[26_000]);
    let exit = desk.last_placed();
    assert_eq!((exit.spec.side, exit.spec.quantity), (Side::Sell, Quantity(65)));
    desk.fill(&exit, 65);
    desk.read_books();
    assert_eq!(desk.net(id, 26_000), 0);
}

/// Somebody else has traded on the account.
fn elsewhere(desk: &mut Desk, number: &str, side: Side, quantity: u32) {
    let sighting = OrderSighting {
        correlation: None,
        order_id: BrokerOrderId(number.into()),
        spec: OrderSpec {
            contract: call(26_000),
            side,
            quantity: Quantity(quantity),
            kind: OrderKind::Market,
            validity: Validity::Day,
            product: Product::Margin,
        },
        filled: Quantity(quantity),
        average: None,
        status: SeenStatus::Filled,
        reason: None,
        updated: None,
    };
    desk.book.insert(number.into(), sighting);
}

#[test]
fn an_exit_of_what_was_opened_elsewhere_leaves_no_lot_behind() {
    let mut desk = Desk::open();
    elsewhere(&mut desk, "999", Side::Sell, 65);
    desk.read_books();
    desk.quote(&[26_000]);
    desk.ask(Command::ClosePosition { contract: call(26_000), product: Product::Margin });
    desk.pass(10);
    desk.quote(&[26_000]);
    let cover = desk.last_placed();
    assert_eq!((cover.spec.side, cover.spec.quantity), (Side::Buy, Quantity(65)));
    desk.fill(&cover, 65);
    desk.read_books();
    assert!(desk.state().lots.is_empty(), "{:?}", desk.state().lots);
    assert!(desk.state().exits.is_empty());
}

#[test]
fn an_exit_of_what_was_opened_elsewhere_goes_by_what_the_broker_said_lately() {
    let mut desk = Desk::open();
    elsewhere(&mut desk, "998", Side::Buy, 130);
    desk.read_books();
    // Half of it is sold again, and nobody tells us.
    elsewhere(&mut desk, "999", Side::Sell, 65);
    desk.pass(25_000);
    desk.quote(&[26_000]);
    desk.ask(Command::Flatten { include_foreign: true });
    desk.pass(5_000);
    desk.quote(&[26_000]);
    assert!(desk.placed().is_empty());
    let told = |e: &Effect| matches!(e, Effect::Alert { text, .. } if text.contains("waits until the broker says"));
    assert!(desk.effects.iter().any(told));
    desk.read_books();
    let sell = desk.last_placed();
    assert_eq!((sell.spec.side, sell.spec.quantity), (Side::Sell, Quantity(65)));
}

#[test]
fn an_order_from_elsewhere_that_stands_in_the_way_of_an_exit_is_cancelled() {
    let mut desk = Desk::open();
    let id = holding(&mut desk);
    let resting = OrderSighting {
        correlation: None,
        order_id: BrokerOrderId("999".into()),
        spec: OrderSpec { side: Side::Buy, ..desk.last_placed().spec },
        filled: Quantity::ZERO,
        average: None,
        status: SeenStatus::Working,
        reason: None,
        updated: None,
    };
    desk.book.insert("999".into(), resting.clone());
    desk.read_books();
    desk.quote(&[26_000, 26_100]);
    let sent = desk.placed().len();
    desk.ask(Command::CloseStrategy { id });
    desk.pass(10);
    desk.read_books();
    desk.quote(&[26_000, 26_100]);
    assert_eq!(desk.placed().len(), sent, "both together could open the other side");
    let cancel = |e: &Effect| matches!(e, Effect::Cancel { intent: None, order_id } if order_id.0 == "999");
    assert!(desk.effects.iter().any(cancel));
    desk.book.insert("999".into(), OrderSighting { status: SeenStatus::Cancelled, ..resting });
    desk.read_books();
    desk.pass(10);
    desk.read_books();
    desk.quote(&[26_000, 26_100]);
    let cover = desk.last_placed();
    assert_eq!((cover.spec.side, cover.spec.quantity), (Side::Buy, Quantity(65)));
}

#[test]
fn what_is_left_alone_is_reported_by_name_quantity_and_product_rather_than_called_flat() {
    let mut desk = Desk::open();
    desk.ask(Command::Flatten { include_foreign: false });
    let resting = OrderSighting {
        correlation: None,
        order_id: BrokerOrderId("999".into()),
        spec: OrderSpec {
            contract: call(26_200),
            side: Side::Sell,
            quantity: Quantity(130),
            kind: OrderKind::Limit { price: Price(90.into()) },
            validity: Validity::Day,
            product: Product::Margin,
        },
        filled: Quantity(65),
        average: None,
        status: SeenStatus::Working,
        reason: None,
        updated: None,
    };
    for _ in 0..2 {
        desk.pass(10);
        let asked_at = desk.now;
        desk.pass(5);
        desk.tell(Event::OrdersRead { account: ACCOUNT, asked_at, orders: vec![resting.clone()] });
        let positions = vec![position(call(26_000), Product::Intraday, NetQuantity(-65))];
        desk.tell(Event::PositionsRead { account: ACCOUNT, asked_at, positions });
    }
    assert!(desk.state().flatten.is_none());
    let told = desk.effects.iter().find_map(|e| match e {
        Effect::Alert { text, .. } if text.starts_with("Flat but for") => Some(text.clone()),
        _ => None,
    });
    let told = told.expect("it is said");
    for part in [call(26_000).label(), "-65 INTRADAY".into(), call(26_200).label(), "order SELL 65".into()] {
        assert!(told.contains(&part), "{part}: {told}");
    }
}

#[test]
fn an_order_in_transit_is_cancelled_as_soon_as_it_can_be() {
    let mut desk = Desk::open();
    executing(&mut desk, &SPREAD);
    let entry = desk.last_placed();
    desk.see(&entry, SeenStatus::Transit, 0, None);
    desk.ask(Command::Flatten { include_foreign: false });
    desk.pass(1_000);
    assert_eq!(desk.cancels(), 0, "the broker would refuse it");
    desk.see(&entry, SeenStatus::Working, 0, None);
    assert_eq!(desk.cancels(), 1);
    desk.read_books();
    assert!(desk.state().flatten.is_some(), "its end is awaited");
    desk.see(&entry, SeenStatus::Cancelled, 0, None);
    for _ in 0..2 {
        desk.pass(10);
        desk.read_books();
    }
    assert!(desk.state().flatten.is_none());
}

#[test]
fn flatten_ends_flat_without_feed_order_link_and_journal_in_the_middle_of_an_execution() {
    let mut desk = Desk::open();
    let id = executing(&mut desk, &SPREAD);
    let hedge = desk.last_placed();
    desk.fill(&hedge, 65);
    let short = desk.last_placed();
    desk.accept(&short);
    // No quote comes any more: the exit is a market order, which the broker protects.
    desk.now = after_ms(desk.now, 4_000);
    desk.tell(Event::OrderLink { up: false });
    desk.tell(Event::Store { up: false });
    desk.ask(Command::Flatten { include_foreign: false });
    desk.see(&short, SeenStatus::Cancelled, 0, None);
    for _ in 0..8 {
        desk.now = after_ms(desk.now, 1_000);
        desk.read_books();
    }
    let exit = desk.last_placed();
    assert_eq!((exit.spec.side, exit.spec.contract, exit.spec.kind), (Side::Sell, call(26_000), OrderKind::Market));
    desk.fill(&exit, 65);
    for _ in 0..2 {
        desk.pass(10);
        desk.read_books();
    }
    assert!(desk.state().flatten.is_none());
    assert_eq!((desk.net(id, 26_000), desk.status(id)), (0, StrategyStatus::Failed));
}
