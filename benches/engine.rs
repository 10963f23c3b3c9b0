//! One engine step on a busy day: 500 strategies, 200 positions, a few hundred orders.
//!
//! `cargo bench --bench engine`

#![allow(clippy::expect_used)]

use std::hint::black_box;

use divan::Bencher;
use jiff::civil::{Date, date};
use rust_decimal_macros::dec;
use strikedeck::domain::time::{Timestamp, after_ms, from_ist};
use strikedeck::domain::{
    AccountId, BrokerOrderId, Contract, CorrelationId, Exchange, Instrument, Intent, IntentId, OptionRight, OrderKind,
    OrderSighting, OrderSpec, Price, Product, Quantity, Quote, Recommendation, SecurityId, SeenStatus, Segment, Side,
    StrategyId, StrategyStatus, Symbol, Validity,
};
use strikedeck::engine::record::{Profile, Purpose};
use strikedeck::engine::reference::{OrderTally, RawCharges};
use strikedeck::engine::{Engine, EngineConfig, Event, Record, Reference, ResolvedLeg, State};

const ACCOUNT: AccountId = AccountId(1);

fn main() {
    divan::main();
}

struct Market;

fn contract(n: u32) -> Contract {
    let nifty = Symbol::new("NIFTY").expect("a symbol");
    let strike = Price((20_000 + 50 * i64::from(n)).into());
    Contract::option(Exchange::Nse, nifty, date(2026, 11, 23), strike, OptionRight::Call)
}

fn instrument(contract: Contract) -> Instrument {
    let (lot, max) = (Quantity(65), Some(Quantity(1_755)));
    Instrument { contract, security_id: SecurityId(1), lot, tick: Price(dec!(0.05)), max_order: max }
}

impl Reference for Market {
    fn resolve(&self, _: &Recommendation, _: Date, _: Timestamp) -> Result<Vec<ResolvedLeg>, String> {
        Ok(Vec::new())
    }
    fn is_open(&self, _: Segment, _: Timestamp) -> bool {
        true
    }
    fn next_open(&self, _: Segment, _: Timestamp) -> Option<Timestamp> {
        None
    }
    fn instrument(&self, contract: &Contract) -> Option<Instrument> {
        Some(instrument(*contract))
    }
    fn charges(&self, _: &OrderTally) -> RawCharges {
        RawCharges::default()
    }
}

fn now() -> Timestamp {
    from_ist(date(2026, 11, 20).at(11, 0, 0, 0))
}

fn recommendation(n: u64) -> Recommendation {
    Recommendation {
        key: n.to_string(),
        source: "bench".into(),
        symbol: Symbol::new("NIFTY").expect("a symbol"),
        exchange: Exchange::Nse,
        name: "Long Call".into(),
        derived_name: None,
        legs: Vec::new(),
        spot: None,
        score: Some(dec!(0.6)),
        conviction: None,
        probability: None,
        reported_max_profit: None,
        reported_max_loss: None,
        metrics: None,
        generated_at: None,
        valid_until: None,
        outlook: String::new(),
        issues: Vec::new(),
        rules: strikedeck::domain::ExitRules::default(),
    }
}

fn intent(n: u64) -> Intent {
    Intent {
        id: IntentId(n),
        account: ACCOUNT,
        correlation: CorrelationId::new("BENCH1", n).expect("an id"),
        spec: OrderSpec {
            contract: contract(u32::try_from(n).expect("small") - 1),
            side: Side::Buy,
            quantity: Quantity(65),
            kind: OrderKind::Limit { price: Price(dec!(100)) },
            validity: Validity::Day,
            product: Product::Margin,
        },
        expires: after_ms(now(), 5_000),
    }
}

fn sighting(intent: &Intent, filled: u32) -> OrderSighting {
    OrderSighting {
        correlation: Some(intent.correlation.clone()),
        order_id: BrokerOrderId(format!("10{}", intent.id)),
        spec: intent.spec,
        filled: Quantity(filled),
        average: Some(Price(dec!(100))),
        status: if filled == 65 { SeenStatus::Filled } else { SeenStatus::Working },
        reason: None,
        updated: None,
    }
}

/// 500 strategies, 200 filled entries (so 200 positions), one order working.
fn busy_engine() -> (Engine, Intent) {
    let mut state = State::default();
    let at = now();
    state.apply(&Record::Created { profile: Profile::Paper, prefix: "BENCH1".into() }, at);
    state.apply(&Record::DayStarted { day: date(2026, 11, 20) }, at);
    for n in 1..=500 {
        let recommendation = Box::new(recommendation(n));
        state.apply(&Record::StrategyAdded { id: StrategyId(n), recommendation }, at);
    }
    for n in 1..=201 {
        let intent = intent(n);
        let purpose = Purpose::Entry { strategy: StrategyId(n), leg: 0 };
        state.apply(&Record::IntentMade { intent: Box::new(intent.clone()), purpose }, at);
        let filled = if n == 201 { 0 } else { 65 };
        let sighting = Box::new(sighting(&intent, filled));
        state.apply(&Record::OrderSeen { intent: intent.id, sighting }, at);
        let to = StrategyStatus::Executed;
        state.apply(&Record::StrategyMoved { id: StrategyId(n), to, reason: None }, at);
    }
    let mut engine = Engine::new(EngineConfig::default(), state);
    // Started: from now on the quotes of what is held are watched.
    engine.handle(&Event::Started, at, &Market);
    (engine, intent(201))
}

/// Nothing is due: a wake.
#[divan::bench]
fn wake(bencher: Bencher) {
    let (mut engine, _) = busy_engine();
    let at = after_ms(now(), 1);
    bencher.bench_local(|| black_box(engine.handle(&Event::Wake, at, &Market)));
}

/// An order sighting that tells nothing new.
#[divan::bench]
fn order_seen_again(bencher: Bencher) {
    let (mut engine, order) = busy_engine();
    let event = Event::OrderSeen { account: ACCOUNT, sighting: sighting(&order, 0) };
    let at = after_ms(now(), 1);
    bencher.bench_local(|| black_box(engine.handle(&event, at, &Market)));
}

/// One unit more has filled.
#[divan::bench(sample_count = 60, sample_size = 1)]
fn partial_fill(bencher: Bencher) {
    let (mut engine, order) = busy_engine();
    let mut filled = 0;
    let at = after_ms(now(), 1);
    bencher.bench_local(|| {
        filled += 1;
        let event = Event::OrderSeen { account: ACCOUNT, sighting: sighting(&order, filled) };
        black_box(engine.handle(&event, at, &Market))
    });
}

/// The second's quotes of 200 held contracts, all of them moved.
#[divan::bench]
fn marks_of_200_positions(bencher: Bencher) {
    let (mut engine, _) = busy_engine();
    let mut bid = dec!(100);
    let at = after_ms(now(), 1);
    bencher.bench_local(|| {
        bid += dec!(0.05);
        let one = |n| {
            let quote = Quote {
                last: Price(bid),
                bid: Some(Price(bid)),
                ask: Some(Price(bid + dec!(0.5))),
                bid_quantity: Quantity(65),
                ask_quantity: Quantity(65),
                at,
            };
            (contract(n), quote)
        };
        black_box(engine.handle(&Event::Quotes((0..200).map(one).collect()), at, &Market))
    });
}

/// A minute of a busy day handled again: every second a wake, four sightings that tell nothing new, the quotes of eight held
/// contracts that have moved, and two books read.
#[divan::bench(sample_count = 40, sample_size = 1)]
fn events_of_a_minute_again(bencher: Bencher) {
    const EVENTS: usize = 60 * 8;
    let (engine, order) = busy_engine();
    let second = |n: i64| {
        let at = after_ms(now(), n * 1_000);
        let price = dec!(100) + rust_decimal::Decimal::from(n % 7) * dec!(0.05);
        let one = |n| {
            let (bid, ask) = (Some(Price(price)), Some(Price(price + dec!(0.5))));
            (
                contract(n),
                Quote { last: Price(price), bid, ask, bid_quantity: Quantity(65), ask_quantity: Quantity(65), at },
            )
        };
        let mut events = vec![Event::Wake, Event::Quotes((0..8).map(one).collect())];
        events.extend((0..4).map(|_| Event::OrderSeen { account: ACCOUNT, sighting: sighting(&order, 0) }));
        events.push(Event::OrdersRead { account: ACCOUNT, asked_at: at, orders: vec![sighting(&order, 0)] });
        events.push(Event::TradesRead { account: ACCOUNT, asked_at: at, trades: Vec::new() });
        events.into_iter().map(|event| (at, event)).collect::<Vec<_>>()
    };
    let events: Vec<(Timestamp, Event)> = (1..=60).flat_map(second).collect();
    assert_eq!(events.len(), EVENTS);
    bencher.counter(divan::counter::ItemsCount::new(EVENTS)).with_inputs(|| engine.clone()).bench_local_refs(
        |engine| {
            for (at, event) in &events {
                black_box(engine.handle(event, *at, &Market));
            }
        },
    );
}
