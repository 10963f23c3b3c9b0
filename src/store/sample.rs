//! A small trading day as records, for the tests of this room.

use jiff::civil::date;
use rust_decimal::Decimal;
use rust_decimal_macros::dec;

use crate::domain::strategy::Metrics;
use crate::domain::time::{Timestamp, after_ms, from_ist};
use crate::domain::{
    AccountId, Bound, BrokerOrderId, CommandId, Contract, Conviction, CorrelationId, Exchange, Funds, Instrument,
    Intent, IntentId, Leg, LegKind, Money, NetQuantity, OptionRight, OrderKind, OrderSighting, OrderSpec,
    PositionSighting, Price, Product, Quantity, Quote, Recommendation, SecurityId, SeenStatus, Side, StrategyId,
    StrategyStatus, Symbol, TradeSighting, Validity,
};
use crate::engine::record::{Owner, Purpose, Record};
use crate::engine::{Origin, ResolvedLeg};

pub const PUT_SPREAD: StrategyId = StrategyId(118);
pub const CONDOR: StrategyId = StrategyId(119);

/// 20 November 2026, a quarter past nine in India, with nanoseconds.
pub fn nine_fifteen() -> Timestamp {
    from_ist(date(2026, 11, 20).at(9, 15, 0, 123_456_789))
}

pub fn put(strike: Decimal) -> Contract {
    let nifty = Symbol::new("NIFTY").unwrap();
    Contract::option(Exchange::Nse, nifty, date(2026, 11, 24), Price(strike), OptionRight::Put)
}

pub fn recommendation(name: &str, score: Decimal) -> Recommendation {
    let leg = |side, strike: Decimal, premium: Decimal| Leg {
        side,
        kind: LegKind::Option { strike: Price(strike), right: OptionRight::Put },
        expiry: None,
        ratio: 1,
        premium: Some(Price(premium)),
    };
    Recommendation {
        key: format!("NIFTY {name}"),
        source: "options_v4_analysis_20261120_090000.json".into(),
        symbol: Symbol::new("NIFTY").unwrap(),
        exchange: Exchange::Nse,
        name: name.into(),
        derived_name: Some(name.into()),
        legs: vec![leg(Side::Sell, dec!(25900), dec!(84.50)), leg(Side::Buy, dec!(25800), dec!(61.05))],
        spot: Some(Price(dec!(26012.35))),
        score: Some(score),
        conviction: Some(Conviction::High),
        probability: Some(dec!(0.71)),
        reported_max_profit: Some(Bound::Limited(Money(dec!(1524.25)))),
        reported_max_loss: Some(Bound::Unlimited),
        metrics: Some(Metrics {
            max_profit: Bound::Limited(Money(dec!(1524.25))),
            max_loss: Bound::Limited(Money(dec!(4975.75))),
            net_premium: Money(dec!(1524.25)),
            breakevens: vec![Price(dec!(25876.55))],
            lot: 65,
        }),
        generated_at: Some(nine_fifteen()),
        valid_until: None,
        outlook: "bullish".into(),
        rules: crate::domain::ExitRules::default(),
        issues: Vec::new(),
    }
}

pub fn resolved(strike: Decimal, side: Side) -> ResolvedLeg {
    let instrument = Instrument {
        contract: put(strike),
        security_id: SecurityId(if side == Side::Buy { 35_018 } else { 35_020 }),
        lot: Quantity(65),
        tick: Price(dec!(0.05)),
        max_order: Some(Quantity(1755)),
    };
    ResolvedLeg { instrument, side, ratio: 1, recommended: Some(Price(dec!(84.50))) }
}

pub fn spec(strike: Decimal, side: Side, price: Decimal) -> OrderSpec {
    OrderSpec {
        contract: put(strike),
        side,
        quantity: Quantity(65),
        kind: OrderKind::Limit { price: Price(price) },
        validity: Validity::Day,
        product: Product::Margin,
    }
}

pub fn quote(last: Decimal, at: Timestamp) -> Quote {
    let (bid, ask) = (Some(Price(last - dec!(0.10))), Some(Price(last + dec!(0.10))));
    Quote { last: Price(last), bid, ask, bid_quantity: Quantity(650), ask_quantity: Quantity(130), at }
}

pub fn intent(n: u64, spec: OrderSpec, at: Timestamp) -> Box<Intent> {
    let correlation = CorrelationId::new("SD7K2M", n).unwrap();
    Box::new(Intent { id: IntentId(n), account: AccountId(1), correlation, spec, expires: after_ms(at, 15_000) })
}

pub fn seen(n: u64, spec: OrderSpec, status: SeenStatus, filled: u32, average: Option<Decimal>) -> Record {
    let sighting = OrderSighting {
        correlation: Some(CorrelationId::new("SD7K2M", n).unwrap()),
        order_id: BrokerOrderId(format!("1126112000{n}")),
        spec,
        filled: Quantity(filled),
        average: average.map(Price),
        status,
        reason: None,
        updated: None,
    };
    Record::OrderSeen { intent: IntentId(n), sighting: Box::new(sighting) }
}

pub fn trade(n: u64, spec: OrderSpec, quantity: u32, price: Decimal) -> TradeSighting {
    TradeSighting {
        order_id: BrokerOrderId(format!("1126112000{n}")),
        trade_id: format!("T{n}-{quantity}"),
        contract: spec.contract,
        product: spec.product,
        side: spec.side,
        quantity: Quantity(quantity),
        price: Price(price),
        at: Some(nine_fifteen()),
    }
}

/// A put spread is marked, executed and half-way out again; a condor waits; somebody was refused.
pub fn day() -> Vec<(Timestamp, Record)> {
    let at = nine_fifteen();
    let (buy, sell) = (spec(dec!(25800), Side::Buy, dec!(61.30)), spec(dec!(25900), Side::Sell, dec!(84.20)));
    let back = spec(dec!(25900), Side::Buy, dec!(80.00));
    let owner = Owner::Strategy(PUT_SPREAD);
    let legs = vec![resolved(dec!(25900), Side::Sell), resolved(dec!(25800), Side::Buy)];
    let position = PositionSighting {
        contract: put(dec!(25900)),
        product: Product::Margin,
        net: NetQuantity(-65),
        buy_quantity: Quantity(0),
        sell_quantity: Quantity(65),
        buy_average: Price(dec!(0)),
        sell_average: Price(dec!(84.25)),
        realised: Money(dec!(0)),
        unrealised: Money(dec!(-3.25)),
    };
    let funds = Funds {
        available: Money(dec!(912345.67)),
        utilised: Money(dec!(87654.33)),
        start_of_day: Money(dec!(1000000)),
    };
    let records = vec![
        Record::Started,
        Record::DayStarted { day: date(2026, 11, 20) },
        Record::Reconciled,
        Record::StrategyAdded {
            id: PUT_SPREAD,
            recommendation: Box::new(recommendation("Bull Put Spread", dec!(0.712))),
        },
        Record::StrategyAdded { id: CONDOR, recommendation: Box::new(recommendation("Iron Condor", dec!(0.80))) },
        Record::Asked { command: CommandId(1), origin: Origin::Screen, what: "mark 118".into() },
        Record::StrategyMarked {
            id: PUT_SPREAD,
            priority: 1,
            notes: Some("from the open".into()),
            legs: legs.clone(),
            expires: after_ms(at, 21_600_000),
        },
        Record::StrategyMarked { id: CONDOR, priority: 3, notes: None, legs, expires: after_ms(at, 21_600_000) },
        Record::PrioritySet { id: PUT_SPREAD, priority: 2 },
        Record::Asked { command: CommandId(2), origin: Origin::Shell, what: "execute 118".into() },
        Record::Queued { id: PUT_SPREAD },
        Record::ExecutionStarted {
            id: PUT_SPREAD,
            quotes: vec![(put(dec!(25900)), quote(dec!(84.30), at))],
            margin: Some(Money(dec!(38000))),
        },
        Record::IntentMade { intent: intent(1, buy, at), purpose: Purpose::Entry { strategy: PUT_SPREAD, leg: 1 } },
        seen(1, buy, SeenStatus::Working, 0, None),
        seen(1, buy, SeenStatus::Filled, 65, Some(dec!(61.17))),
        Record::IntentMade { intent: intent(2, sell, at), purpose: Purpose::Entry { strategy: PUT_SPREAD, leg: 0 } },
        seen(2, sell, SeenStatus::Filled, 65, Some(dec!(84.25))),
        Record::TradesSeen {
            trades: vec![
                trade(1, buy, 40, dec!(61.15)),
                trade(1, buy, 25, dec!(61.20)),
                trade(2, sell, 65, dec!(84.25)),
            ],
        },
        Record::StrategyMoved { id: PUT_SPREAD, to: StrategyStatus::Executed, reason: None },
        Record::PositionsRead { asked_at: after_ms(at, 900), positions: Some(vec![position]) },
        Record::FundsRead { asked_at: after_ms(at, 900), funds },
        Record::Marks { quotes: vec![(put(dec!(25900)), quote(dec!(84.30), after_ms(at, 1_000)))] },
        Record::Refused { command: CommandId(3), what: "execute 119".into(), reason: "max_open_lots: 62 of 60".into() },
        Record::ExitStarted {
            owner,
            contract: put(dec!(25900)),
            product: Product::Margin,
            keep: Quantity::ZERO,
            reason: "closed by hand".into(),
        },
        Record::IntentMade { intent: intent(3, back, at), purpose: Purpose::Exit { owner } },
        seen(3, back, SeenStatus::Working, 30, Some(dec!(80.00))),
    ];
    (0..).zip(records).map(|(n, r)| (after_ms(at, n * 100), r)).collect()
}
