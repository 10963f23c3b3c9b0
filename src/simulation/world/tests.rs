//! How long a flatten takes, in virtual time: as long as the pace of orders makes it, and hardly longer.

use super::*;
use crate::domain::time::ms_between;
use crate::domain::{OptionRight, OrderKind, OrderSpec, Price, Product, Quantity, Side, StrategyId, Validity};
use crate::engine::{Command, State};
use crate::exchange::NewOrder;
use crate::simulation::broker::ACCOUNT;
use crate::simulation::checks::CALLS_PER_SECOND;
use crate::simulation::trader::recommendation;

/// A calm world where nobody presses keys, with a liquid market and room for everything.
fn quiet() -> World {
    let play = Play { seed: 20, weather: Weather::Calm, only: Some(BTreeSet::new()) };
    let mut world = World::new(&play, Tricks::default());
    let config = ExchangeConfig {
        seed: 20,
        underlyings: vec![listing::underlying(world.symbol)],
        start_cash: Money(dec!(50_000_000)),
        clock: world.hours.clock(),
        behaviour: Behaviour { depth: 5.0, ..Behaviour::simulation() },
    };
    world.exchange = Exchange::new(config, world.now);
    world.config = EngineConfig::default();
    world.config.limits.capital = Money(dec!(100_000_000));
    world.config.limits.max_daily_loss = Money(dec!(10_000_000));
    world.checks = Checks::new(world.config.clone());
    // No end of the day, and no last key.
    world.queue.retain(|_, happening| !matches!(happening, Happening::Clears));
    world
}

fn until(world: &mut World, what: &str, done: impl Fn(&State) -> bool) {
    let end = after_ms(world.now, 60_000);
    while !world.desk.as_ref().is_some_and(|d| done(d.state())) {
        let strategies = || {
            let all = world.desk.iter().flat_map(|d| d.state().strategies.values());
            all.map(|s| format!("{} {:?} {:?} {:?}", s.title(), s.status, s.reason, s.execution)).collect::<Vec<_>>()
        };
        assert!(world.now < end, "never {what}: {:#?}", strategies());
        world.step().unwrap();
    }
}

/// Twenty legs held, of five condors with strikes of their own.
fn twenty_positions(world: &mut World) {
    let condor = |i: i64| {
        let legs = [
            (Side::Sell, OptionRight::Put, -i, 1),
            (Side::Buy, OptionRight::Put, -i - 5, 1),
            (Side::Sell, OptionRight::Call, i, 1),
            (Side::Buy, OptionRight::Call, i + 5, 1),
        ];
        recommendation(world.symbol, format!("condor {i}"), "Iron Condor", &legs)
    };
    let recommendations: Vec<_> = (1..=5).map(condor).collect();
    until(world, "ready", |s| s.reconciling_since.is_none() && s.broker.funds.is_some());
    world.command(Command::Import { recommendations });
    let ids: Vec<StrategyId> = world.desk.as_ref().unwrap().state().strategies.keys().copied().collect();
    world.command(Command::Mark { ids: ids.clone(), priority: None, notes: None });
    world.command(Command::Execute { ids });
    until(world, "twenty positions", |s| {
        s.active.is_empty() && s.lots.values().filter(|l| !l.net.is_flat()).count() == 20
    });
}

/// Ten orders that rest far from the market.
fn ten_working_orders(world: &mut World) {
    for i in 0..10 {
        let strike = Price((listing::SPOT + 550 + (i % 2) * listing::STRIKE_STEP).into());
        let place = crate::domain::Exchange::Nse;
        let contract = Contract::option(place, world.symbol, listing::expiry(), strike, OptionRight::Call);
        let bid = world.exchange.quote(&contract).and_then(|q| q.bid).unwrap();
        let price = Price((bid.0 * dec!(0.8)).round());
        let spec = OrderSpec {
            contract,
            side: Side::Buy,
            quantity: Quantity(65),
            kind: OrderKind::Limit { price },
            validity: Validity::Day,
            product: Product::Margin,
        };
        world.exchange.place(ACCOUNT, &NewOrder::new(spec, "APP-1"), world.now).unwrap();
    }
    until(world, "ten working orders", |s| s.foreign_orders.len() == 10);
}

#[test]
fn flattening_twenty_positions_with_ten_working_orders_takes_what_the_pace_takes() {
    let mut world = quiet();
    twenty_positions(&mut world);
    ten_working_orders(&mut world);
    // A second without a call: the whole window is free.
    let (began, free) = (world.now, after_ms(world.now, 1_500));
    while world.now < free {
        world.step().unwrap();
    }
    assert!(began < world.now);
    let state = world.desk.as_ref().unwrap().state();
    assert_eq!((state.foreign_orders.len(), state.open_orders().count()), (10, 0));
    let (began, before) = (world.now, world.checks.order_calls);
    world.command(Command::Flatten { include_foreign: true });
    let (mut calls, mut last_call) = (0, began);
    while world.desk.as_ref().unwrap().state().flatten.is_some() {
        world.step().unwrap();
        if world.checks.order_calls - before > calls {
            (calls, last_call) = (world.checks.order_calls - before, world.now);
        }
        assert!(ms_between(began, world.now) < 60_000);
    }
    assert!(world.exchange.positions(ACCOUNT).iter().all(|p| p.net.is_flat()));
    let window = CALLS_PER_SECOND as i64;
    let elapsed = ms_between(began, world.now);
    let confirmations = ms_between(last_call, world.now);
    // Were the pace an even one, a call could leave every 125 ms. But eight in *any* second is what is promised: once eight
    // have left at once, the ninth waits for the whole second, and no order of calls can do better than `bound`.
    let average = (i64::from(calls) - window) * 1_000 / window + confirmations;
    let bound = (i64::from(calls) - 1) / window * 1_000 + confirmations;
    println!(
        "{calls} calls: {elapsed} ms; bound {bound} ms ({average} ms at an even pace), {confirmations} ms confirm it"
    );
    assert!((30..=34).contains(&calls), "{calls} calls");
    assert!(confirmations < 1_000, "{confirmations} ms until it is known to be flat");
    // An exit that has waited for its turn may have to follow the price once more.
    assert!(elapsed * 10 <= bound * 11, "{elapsed} ms; the bound is {bound} ms");
    assert!(elapsed * 10 <= average * 11, "{elapsed} ms; at an even pace it would be {average} ms");
}
