//! What holds whatever is done, in whatever order, at whatever times.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;
use crate::domain::{
    BracketLeg, Comparison, Condition, ForeverLeg, ForeverLegs, ForeverOrder, Frequency, Operator, Pricing, Trigger,
};

/// One thing a client does, some milliseconds after the one before.
#[derive(Clone, Debug)]
enum Act {
    Place {
        strike: i64,
        call: bool,
        buy: bool,
        lots: u32,
        ticks: i64,
        style: u8,
    },
    Modify {
        which: usize,
        lots: u32,
        ticks: i64,
    },
    Cancel {
        which: usize,
    },
    ExitAll,
    Wait,
    /// A super order with exits this many ticks away.
    Super {
        strike: i64,
        buy: bool,
        lots: u32,
        ticks: i64,
        target: i64,
        stop: i64,
        trail: i64,
    },
    /// New exits this many ticks from where they are, or a leg cancelled.
    ChangeSuper {
        which: usize,
        what: u8,
        ticks: i64,
    },
    /// A forever order with a trigger this many ticks away, or a pair around the price.
    Forever {
        strike: i64,
        buy: bool,
        lots: u32,
        ticks: i64,
        pair: bool,
    },
    /// A trigger on the index, this many points away.
    Alert {
        points: i64,
        buy: bool,
    },
}

fn act() -> impl Strategy<Value = Act> {
    let place = (0..5i64, any::<bool>(), any::<bool>(), 1..30u32, -60..60i64, 0..6u8).prop_map(
        |(n, call, buy, lots, ticks, style)| Act::Place { strike: 25_850 + 50 * n, call, buy, lots, ticks, style },
    );
    prop_oneof![
        6 => place,
        2 => (0..20usize, 1..30u32, -60..60i64).prop_map(|(which, lots, ticks)| Act::Modify { which, lots, ticks }),
        2 => (0..20usize).prop_map(|which| Act::Cancel { which }),
        1 => Just(Act::ExitAll),
        3 => Just(Act::Wait),
        3 => (0..5i64, any::<bool>(), 1..30u32, -60..60i64, 1..80i64, 1..80i64, 0..20i64).prop_map(
            |(n, buy, lots, ticks, target, stop, trail)| {
                Act::Super { strike: 25_850 + 50 * n, buy, lots, ticks, target, stop, trail }
            }
        ),
        2 => (0..10usize, 0..6u8, -60..60i64).prop_map(|(which, what, ticks)| Act::ChangeSuper { which, what, ticks }),
        1 => (0..5i64, any::<bool>(), 1..30u32, -60..60i64, any::<bool>()).prop_map(|(n, buy, lots, ticks, pair)| {
            Act::Forever { strike: 25_850 + 50 * n, buy, lots, ticks, pair }
        }),
        1 => (-40..40i64, any::<bool>()).prop_map(|(points, buy)| Act::Alert { points, buy }),
    ]
}

fn script() -> impl Strategy<Value = Vec<(Act, i64)>> {
    prop::collection::vec((act(), 0..4_000i64), 1..40)
}

fn world(seed: u64) -> Exchange {
    let behaviour = Behaviour { depth: 0.1, reject: 0.03, passive_fill: 0.2, jumps: 200.0, ..Behaviour::default() };
    Exchange::new(ExchangeConfig { behaviour, ..config(seed) }, start())
}

/// Does one thing. Refusals are part of life.
fn perform(exchange: &mut Exchange, act: &Act, now: Timestamp) {
    let tick = price("0.05");
    let id_of = |exchange: &Exchange, which: usize| exchange.orders(ME).get(which).map(|o| o.order_id.clone());
    match act {
        Act::Place { strike, call, buy, lots, ticks, style } => {
            let contract = option(*strike, if *call { "CE" } else { "PE" });
            let near = exchange
                .quote(&contract)
                .map_or(price("10"), |q| q.mid().on_tick(tick, crate::domain::money::Toward::Nearest));
            let at = near.ticks(*ticks, tick);
            let side = if *buy { Side::Buy } else { Side::Sell };
            let (kind, validity) = match style {
                0 => (OrderKind::Market, Validity::Day),
                1 => (limit(at), Validity::Ioc),
                2 => (OrderKind::StopLimit { trigger: at, price: at }, Validity::Day),
                _ => (limit(at), Validity::Day),
            };
            let spec =
                OrderSpec { contract, side, quantity: Quantity(lots * 65), kind, validity, product: Product::Margin };
            let _ = exchange.place(ME, &NewOrder::new(spec, ""), now);
        }
        Act::Modify { which, lots, ticks } => {
            let Some(id) = id_of(exchange, *which) else { return };
            let Some(order) = exchange.order(ME, &id) else { return };
            let Some(at) = order.limit.map(|l| l.ticks(*ticks, tick)) else { return };
            let to = Modification { kind: limit(at), quantity: Quantity(lots * 65), validity: Validity::Day };
            let _ = exchange.modify(ME, &id, &to, now);
        }
        Act::Cancel { which } => {
            let Some(id) = id_of(exchange, *which) else { return };
            let _ = exchange.cancel(ME, &id, now);
        }
        Act::ExitAll => exchange.exit_all(ME, now),
        Act::Wait => {}
        Act::Super { .. } | Act::ChangeSuper { .. } => super_act(exchange, act, now),
        Act::Forever { strike, buy, lots, ticks, pair } => {
            let contract = option(*strike, "CE");
            let leg = |ticks: i64| ForeverLeg {
                quantity: Quantity(lots * 65),
                trigger: near(exchange, contract).ticks(ticks, tick),
                pricing: Pricing::Market,
            };
            let legs = if *pair {
                ForeverLegs::OneCancelsOther { stop: leg(-ticks.abs() - 1), target: leg(ticks.abs() + 1) }
            } else {
                ForeverLegs::Single(leg(*ticks))
            };
            let side = if *buy { Side::Buy } else { Side::Sell };
            let order = ForeverOrder { contract, side, product: Product::Margin, validity: Validity::Day, legs };
            let _ = exchange.place_forever_order(ME, &NewForeverOrder { order, correlation: String::new() }, now);
        }
        Act::Alert { points, buy } => {
            let index = Contract::index(Place::Nse, Symbol::new("NIFTY").unwrap());
            let condition = Condition {
                contract: index,
                comparison: Comparison::Price { value: near(exchange, index).ticks(*points * 20, tick) },
                operator: Operator::CrossingAnySide,
                expires: None,
                frequency: Frequency::Once,
                note: String::new(),
            };
            let spec = OrderSpec {
                contract: option(25_950, "CE"),
                side: if *buy { Side::Buy } else { Side::Sell },
                quantity: Quantity(65),
                kind: OrderKind::Market,
                validity: Validity::Day,
                product: Product::Margin,
            };
            let _ = exchange.create_trigger(ME, Trigger { condition, orders: vec![spec] }, now);
        }
    }
}

fn near(exchange: &Exchange, contract: Contract) -> Price {
    let nearest = crate::domain::money::Toward::Nearest;
    exchange.quote(&contract).map_or(price("10"), |q| q.last.on_tick(price("0.05"), nearest))
}

fn super_act(exchange: &mut Exchange, act: &Act, now: Timestamp) {
    let tick = price("0.05");
    match *act {
        Act::Super { strike, buy, lots, ticks, target, stop, trail } => {
            let contract = option(strike, "CE");
            let at = near(exchange, contract).ticks(ticks, tick);
            let side = if buy { Side::Buy } else { Side::Sell };
            let way = if buy { 1 } else { -1 };
            let (quantity, validity, product) = (Quantity(lots * 65), Validity::Day, Product::Margin);
            let order = NewSuperOrder {
                entry: OrderSpec { contract, side, quantity, kind: limit(at), validity, product },
                target: (target % 7 != 0).then(|| at.ticks(way * target, tick)),
                stop: (stop % 7 != 0).then(|| at.ticks(-way * stop, tick)),
                trail: (trail > 0).then(|| Price::ZERO.ticks(trail, tick)),
                correlation: String::new(),
            };
            let _ = exchange.place_super_order(ME, &order, now);
        }
        Act::ChangeSuper { which, what, ticks } => {
            let Some(seen) = exchange.super_orders(ME).into_iter().nth(which) else { return };
            let id = seen.entry.order_id;
            let at = |leg| seen.legs.iter().find(|l| l.leg == leg).map(|l| l.price.ticks(ticks, tick));
            let change = match what {
                0 => at(BracketLeg::Target).map(|price| SuperChange::Target { price }),
                1 => at(BracketLeg::StopLoss).map(|price| SuperChange::StopLoss { price, trail: None }),
                2 => Some(SuperChange::Entry {
                    kind: seen.entry.spec.kind,
                    quantity: Quantity(seen.entry.spec.quantity.0 + 65),
                    target: at(BracketLeg::Target),
                    stop: at(BracketLeg::StopLoss),
                    trail: None,
                }),
                _ => None,
            };
            let leg = [BracketLeg::Entry, BracketLeg::Target, BracketLeg::StopLoss][usize::from(what) % 3];
            let _ = match change {
                Some(change) => exchange.modify_super_order(ME, &id, &change, now),
                None => exchange.cancel_super_order(ME, &id, leg, now),
            };
        }
        _ => {}
    }
}

fn run(exchange: &mut Exchange, script: &[(Act, i64)]) -> (Timestamp, Vec<Notice>) {
    let (mut now, mut told) = (exchange.now(), Vec::new());
    for (act, ms) in script {
        now = after_ms(now, *ms);
        told.extend(exchange.advance(now));
        perform(exchange, act, now);
    }
    told.extend(exchange.advance(now));
    (now, told)
}

/// All a client can see.
fn seen(exchange: &Exchange) -> String {
    format!(
        "{:?} {:?} {:?} {:?} {:?}",
        exchange.orders(ME),
        exchange.trades(ME),
        exchange.positions(ME),
        exchange.funds(ME),
        (exchange.quote(&future()), exchange.super_orders(ME), exchange.forever_orders(ME), exchange.triggers(ME))
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn money_and_positions_are_the_sum_of_the_trades(seed in 0..1_000u64, script in script()) {
        let mut exchange = world(seed);
        let cash = Decimal::from(1_000_000);
        run(&mut exchange, &script);
        let mut net: BTreeMap<Contract, i64> = BTreeMap::new();
        let mut flow = Decimal::ZERO;
        for trade in exchange.trades(ME) {
            *net.entry(trade.contract).or_default() += trade.side.signed(trade.quantity).0;
            flow -= (trade.price * trade.side.signed(trade.quantity)).0;
        }
        let positions = exchange.positions(ME);
        for position in &positions {
            prop_assert_eq!(position.net.0, net.remove(&position.contract).unwrap_or(0));
        }
        prop_assert!(net.values().all(|n| *n == 0));
        // Profit is what flowed and what is left, to the paisa.
        let profit: Decimal = positions.iter().map(|p| (p.realised + p.unrealised).0).sum();
        let left: Decimal = positions.iter().map(|p| (p.mark * p.net).0).sum();
        prop_assert_eq!(profit, flow + left);
        if let Some(account) = exchange.accounts.get(ME) {
            prop_assert_eq!(Decimal::new(account.cash, 2), cash + flow);
        }
    }

    #[test]
    fn no_fill_is_worse_than_the_limit_and_none_is_too_many(seed in 0..1_000u64, script in script()) {
        let mut exchange = world(seed);
        let (_, told) = run(&mut exchange, &script);
        let mut filled: BTreeMap<String, u32> = BTreeMap::new();
        for notice in told {
            let Notice::Order(order) = notice else { continue };
            prop_assert!(order.filled <= order.spec.quantity, "{:?}", order);
            let before = filled.insert(order.order_id.0.clone(), order.filled.0).unwrap_or(0);
            prop_assert!(order.filled.0 >= before, "filled never falls");
            if order.filled.0 > before {
                let ((_, at), limit) = (order.last_fill.unwrap(), order.limit.unwrap());
                match order.spec.side {
                    Side::Buy => prop_assert!(at <= limit, "{:?}", order),
                    Side::Sell => prop_assert!(at >= limit, "{:?}", order),
                }
            }
        }
        for order in exchange.orders(ME) {
            let traded: u32 = exchange.trades_of(ME, &order.order_id).iter().map(|t| t.quantity.0).sum();
            prop_assert_eq!(traded, order.filled.0);
        }
    }

    #[test]
    fn the_exits_of_a_super_order_never_exceed_what_it_has_open(seed in 0..1_000u64, script in script()) {
        let mut exchange = world(seed);
        let mut now = exchange.now();
        for (act, ms) in &script {
            // In small steps, so that what happens between two acts is looked at too.
            for part in 0..4 {
                now = after_ms(now, ms / 4);
                exchange.advance(now);
                for order in exchange.super_orders(ME) {
                    let legs: Vec<_> = order.legs.iter().filter(|l| l.order_id != order.entry.order_id).collect();
                    let own = |l: &&SuperLegView| exchange.order(ME, &l.order_id).unwrap();
                    let out: u32 = legs.iter().map(|l| own(l).filled.0).sum();
                    prop_assert!(out <= order.entry.filled.0, "{part}: {:?}", order);
                    for leg in &legs {
                        prop_assert!(leg.remaining.0 <= order.entry.filled.0 - out, "{:?}", order);
                        // An exit that rests is for all that is open.
                        let whole = order.entry.filled.0 - out;
                        prop_assert!(own(leg).status.is_final() || leg.remaining.0 == whole, "{:?}", order);
                    }
                    let stop_fired = legs.iter().any(|l| l.leg == BracketLeg::StopLoss && !l.triggered.is_zero());
                    let rests = |l: &&SuperLegView| l.leg == BracketLeg::Target && !own(l).status.is_final();
                    prop_assert!(!(stop_fired && legs.iter().any(rests)), "{:?}", order);
                }
                let pairs = exchange.forever_orders(ME);
                for pair in pairs.chunk_by(|a, b| a.order_id == b.order_id) {
                    prop_assert!(pair.iter().filter(|leg| leg.sent_as.is_some()).count() <= 1, "{:?}", pair);
                }
            }
            perform(&mut exchange, act, now);
        }
    }

    #[test]
    fn a_stop_that_trails_only_moves_in_favour(seed in 0..1_000u64, buy in any::<bool>(), trail in 1..20i64, stop in 5..60i64) {
        let mut exchange = world(seed);
        let act = Act::Super { strike: 25_950, buy, lots: 3, ticks: if buy { 40 } else { -40 }, target: 2_001, stop, trail };
        perform(&mut exchange, &act, start());
        let mut last: Option<Price> = None;
        for notice in exchange.advance(after_ms(start(), 600_000)) {
            let Notice::Order(order) = notice else { continue };
            let Some(trigger) = order.spec.kind.trigger() else { continue };
            let better = last.is_none_or(|l| if buy { trigger >= l } else { trigger <= l });
            prop_assert!(better, "from {:?} to {}", last, trigger);
            last = Some(trigger);
        }
    }

    #[test]
    fn exiting_again_and_again_ends_flat(seed in 0..1_000u64, script in script()) {
        let mut exchange = world(seed);
        let (mut now, _) = run(&mut exchange, &script);
        // What waits for its price is not in the exchange's way out: its owner cancels it.
        for waits in exchange.forever_orders(ME) {
            let _ = exchange.cancel_forever_order(ME, &waits.order_id, now);
        }
        for waits in exchange.triggers(ME) {
            let _ = exchange.cancel_trigger(ME, &waits.id, now);
        }
        for _ in 0..40 {
            exchange.exit_all(ME, now);
            now = after_ms(now, 5_000);
            exchange.advance(now);
        }
        for position in exchange.positions(ME) {
            prop_assert!(position.net.is_flat(), "{:?} {:?}", position, exchange.orders(ME).last());
        }
        prop_assert_eq!(exchange.funds(ME).utilised, Money::ZERO);
    }

    #[test]
    fn it_does_not_matter_how_time_is_cut(seed in 0..1_000u64, script in script(), cuts in prop::collection::vec(1..700i64, 1..6)) {
        let mut whole = world(seed);
        let mut cut = world(seed);
        let (end, mut told_whole) = run(&mut whole, &script);
        let (mut now, mut told_cut) = (cut.now(), Vec::new());
        let mut sizes = cuts.iter().cycle();
        let mut walk = |cut: &mut Exchange, from: Timestamp, to: Timestamp, told: &mut Vec<Notice>| {
            let mut at = from;
            while at < to {
                at = after_ms(at, *sizes.next().unwrap()).min(to);
                told.extend(cut.advance(at));
            }
        };
        for (act, ms) in &script {
            let next = after_ms(now, *ms);
            walk(&mut cut, now, next, &mut told_cut);
            now = next;
            perform(&mut cut, act, now);
        }
        let last = after_ms(end, 30_000);
        told_whole.extend(whole.advance(last));
        walk(&mut cut, now, last, &mut told_cut);
        prop_assert_eq!(seen(&whole), seen(&cut));
        prop_assert_eq!(told_whole, told_cut);
    }

    #[test]
    fn a_saved_exchange_goes_on_as_the_one_it_was(seed in 0..1_000u64, first in script(), second in script()) {
        let mut original = world(seed);
        run(&mut original, &first);
        let mut restored = Exchange::restore(&original.save(), ClockMode::AlwaysOpen).unwrap();
        prop_assert_eq!(seen(&restored), seen(&original));
        prop_assert_eq!(run(&mut restored, &second).1, run(&mut original, &second).1);
        prop_assert_eq!(restored.save(), original.save());
    }

    #[test]
    fn a_snapshot_and_its_deltas_are_the_books(seed in 0..1_000u64, script in script()) {
        let mut exchange = world(seed);
        let Changes::Snapshot(snapshot) = exchange.take_changes() else { panic!("the first is a snapshot") };
        let mut copy = Exchange::restore(&snapshot, ClockMode::AlwaysOpen).unwrap();
        let mut now = exchange.now();
        for (act, ms) in &script {
            now = after_ms(now, *ms);
            perform(&mut exchange, act, now);
            match exchange.take_changes() {
                Changes::Nothing => {}
                Changes::Delta(delta) => copy.apply(&delta).unwrap(),
                Changes::Snapshot(_) => panic!("nothing here needs one"),
            }
        }
        exchange.advance(now);
        copy.advance(now);
        prop_assert_eq!(seen(&copy), seen(&exchange));
    }

    #[test]
    fn bids_stay_below_asks_and_calls_get_cheaper_with_the_strike(seed in 0..10_000u64, minutes in 0..4_000i64) {
        let mut exchange = world(seed);
        exchange.advance(after_ms(start(), minutes * 60_000));
        let nifty = Symbol::new("NIFTY").unwrap();
        let Some(chain) = exchange.option_chain(Place::Nse, nifty, date(2026, 11, 23)) else {
            return Ok(());
        };
        for row in &chain.rows {
            for leg in row.call.iter().chain(&row.put) {
                let q = leg.market.quote;
                prop_assert!(q.bid.is_none_or(|b| b.is_positive() && q.ask.is_none_or(|a| b < a)), "{:?}", q);
                prop_assert!(q.last.is_positive());
                prop_assert_eq!(q.last.on_tick(price("0.05"), crate::domain::money::Toward::Nearest), q.last);
                prop_assert!(leg.market.low <= q.last && q.last <= leg.market.high);
            }
        }
        for pair in chain.rows.windows(2) {
            let (low, high) = (pair[0].call.as_ref().unwrap(), pair[1].call.as_ref().unwrap());
            if let (Some(bid), Some(ask)) = (high.market.quote.bid, low.market.quote.ask) {
                prop_assert!(bid <= ask, "a free lunch between {} and {}", pair[0].strike, pair[1].strike);
            }
        }
    }
}

#[test]
fn making_one_and_letting_it_idle_costs_next_to_nothing() {
    // Counted in work, not in time: an idle day is a handful of events.
    let mut exchange = world(1);
    let mut wakes = 0;
    let mut now = start();
    while now < after_ms(start(), 86_400_000) {
        now = exchange.next_wake();
        exchange.advance(now);
        wakes += 1;
    }
    assert!(wakes <= 4, "{wakes} wakes on an idle day");
}
