//! One engine step on a busy day: 500 strategies, 200 positions, with and without a stop resting for each.
//!
//! `cargo bench --bench engine`

#![allow(clippy::unwrap_used, clippy::expect_used)] // a bench that cannot set up its desk should stop

#[allow(dead_code)] // each bench uses a part of it
#[path = "busy_desk.rs"]
mod busy_desk;

use std::hint::black_box;

use busy_desk::{Desk, EXECUTED, OpenMarket, legs, sighting};
use divan::Bencher;
use rust_decimal_macros::dec;
use strikedeck::domain::time::after_ms;
use strikedeck::domain::{AccountId, Contract, OrderSpec, Price, Quantity, Quote};
use strikedeck::engine::{Engine, Event};

const ACCOUNT: AccountId = AccountId(1);
/// Whether every position has its stop.
const DESKS: [bool; 2] = [false, true];

fn main() {
    divan::main();
}

fn desk(guarded: bool) -> Desk {
    if guarded { Desk::new().guarded() } else { Desk::new() }
}

/// An engine that has settled, with one exit working besides.
fn engine(guarded: bool) -> (Engine, strikedeck::domain::time::Timestamp, u64, OrderSpec) {
    let mut desk = desk(guarded);
    let (number, spec) = desk.working();
    let (mut engine, at) = desk.engine();
    let settled = (0..10).any(|_| engine.handle(&Event::Wake, at, &OpenMarket).records.is_empty());
    assert!(settled, "it goes on by itself");
    (engine, at, number, spec)
}

/// Nothing is due: a wake.
#[divan::bench(args = DESKS)]
fn wake(bencher: Bencher, guarded: bool) {
    let (mut engine, at, ..) = engine(guarded);
    bencher.bench_local(|| black_box(engine.handle(&Event::Wake, at, &OpenMarket)));
}

/// An order sighting that tells nothing new.
#[divan::bench(args = DESKS)]
fn order_seen_again(bencher: Bencher, guarded: bool) {
    let (mut engine, at, number, spec) = engine(guarded);
    let event = Event::OrderSeen { account: ACCOUNT, sighting: sighting(number, spec, 0) };
    bencher.bench_local(|| black_box(engine.handle(&event, at, &OpenMarket)));
}

/// One unit more has filled.
#[divan::bench(args = DESKS, sample_count = 60, sample_size = 1)]
fn partial_fill(bencher: Bencher, guarded: bool) {
    let (mut engine, at, number, spec) = engine(guarded);
    let mut filled = 0;
    bencher.bench_local(|| {
        filled += 1;
        let event = Event::OrderSeen { account: ACCOUNT, sighting: sighting(number, spec, filled) };
        black_box(engine.handle(&event, at, &OpenMarket))
    });
}

/// A price of one held contract, as a crossed level brings it.
#[divan::bench(args = DESKS)]
fn one_mark(bencher: Bencher, guarded: bool) {
    let (mut engine, at, ..) = engine(guarded);
    let mut bid = dec!(48);
    bencher.bench_local(|| {
        bid = if bid > dec!(50) { dec!(48) } else { bid + dec!(0.05) };
        black_box(engine.handle(&Event::Quotes(vec![(legs(2)[0].1, quote(bid, at))]), at, &OpenMarket))
    });
}

/// The second's quotes of 200 held contracts, all of them moved.
#[divan::bench(args = DESKS)]
fn marks_of_200_positions(bencher: Bencher, guarded: bool) {
    let (mut engine, at, ..) = engine(guarded);
    let held: Vec<Contract> = (1..=EXECUTED).flat_map(legs).map(|(_, contract)| contract).collect();
    let mut bid = dec!(48);
    bencher.bench_local(|| {
        bid = if bid > dec!(50) { dec!(48) } else { bid + dec!(0.05) };
        let quotes = held.iter().map(|contract| (*contract, quote(bid, at))).collect();
        black_box(engine.handle(&Event::Quotes(quotes), at, &OpenMarket))
    });
}

/// A minute of a busy day handled again: every second a wake, four sightings that tell nothing new, the quotes of eight held
/// contracts that have moved, and two books read.
#[divan::bench(args = DESKS, sample_count = 40, sample_size = 1)]
fn events_of_a_minute_again(bencher: Bencher, guarded: bool) {
    let (engine, start, number, spec) = engine(guarded);
    let held: Vec<Contract> = (1..=2).flat_map(legs).map(|(_, contract)| contract).collect();
    let second = |n: i64| {
        let at = after_ms(start, n * 1_000);
        let bid = dec!(48) + rust_decimal::Decimal::from(n % 7) * dec!(0.05);
        let mut events = vec![Event::Wake, Event::Quotes(held.iter().map(|c| (*c, quote(bid, at))).collect())];
        events.extend((0..4).map(|_| Event::OrderSeen { account: ACCOUNT, sighting: sighting(number, spec, 0) }));
        events.push(Event::OrdersRead { account: ACCOUNT, asked_at: at, orders: vec![sighting(number, spec, 0)] });
        events.push(Event::TradesRead { account: ACCOUNT, asked_at: at, trades: Vec::new() });
        events.into_iter().map(|event| (at, event)).collect::<Vec<_>>()
    };
    let events: Vec<_> = (1..=60).flat_map(second).collect();
    let count = divan::counter::ItemsCount::new(events.len());
    bencher.counter(count).with_inputs(|| engine.clone()).bench_local_refs(|engine| {
        for (at, event) in &events {
            black_box(engine.handle(event, *at, &OpenMarket));
        }
    });
}

fn quote(bid: rust_decimal::Decimal, at: strikedeck::domain::time::Timestamp) -> Quote {
    Quote {
        last: Price(bid),
        bid: Some(Price(bid)),
        ask: Some(Price(bid + dec!(0.5))),
        bid_quantity: Quantity(65),
        ask_quantity: Quantity(65),
        at,
    }
}
