//! A busy desk for benches: 500 strategies, 200 open positions, prices that move; if wanted, a stop resting for each position.

use std::sync::Arc;

use jiff::civil::{Date, date};
use rust_decimal::Decimal;
use strikedeck::domain::strategy::Metrics;
use strikedeck::domain::time::{Timestamp, from_ist};
use strikedeck::domain::{
    AccountId, Bound, BrokerOrderId, Contract, Conviction, CorrelationId, Exchange, Funds, Instrument, Intent,
    IntentId, Leg, LegKind, Money, NetQuantity, OptionRight, OrderKind, OrderSighting, OrderSpec, PositionSighting,
    Price, Product, Quantity, Quote, Recommendation, SecurityId, SeenStatus, Segment, Side, StrategyId, StrategyStatus,
    Symbol, Validity,
};
use strikedeck::engine::record::{Owner, Profile, Purpose, Record};
use strikedeck::engine::reference::{OrderTally, RawCharges};
use strikedeck::engine::state::{LotKey, Stop, StopHow};
use strikedeck::engine::{Engine, EngineConfig, Event, Reference, ResolvedLeg, State};
use strikedeck::tui::keymap::Keymap;
use strikedeck::tui::model::Model;
use strikedeck::tui::update::{Msg, update};
use strikedeck::view::{Health, Prices, View};

pub const SIZE: (u16, u16) = (200, 50);
const STRATEGIES: u64 = 500;
/// Four legs each.
pub const EXECUTED: u64 = 50;
const EXPIRY: Date = date(2026, 11, 23);
const LOT: u32 = 65;

pub struct Desk {
    state: State,
    pub prices: Prices,
    now: Timestamp,
}

fn contract(strike: u64, right: OptionRight) -> Contract {
    Contract::option(Exchange::Nse, nifty(), EXPIRY, Price(strike.into()), right)
}

pub fn nifty() -> Symbol {
    Symbol::new("NIFTY").unwrap()
}

pub fn legs(n: u64) -> [(Side, Contract); 4] {
    let at = 20_000 + n * 50;
    [
        (Side::Buy, contract(at, OptionRight::Put)),
        (Side::Sell, contract(at + 100, OptionRight::Put)),
        (Side::Sell, contract(at + 600, OptionRight::Call)),
        (Side::Buy, contract(at + 700, OptionRight::Call)),
    ]
}

impl Desk {
    pub fn new() -> Self {
        let now = from_ist(date(2026, 11, 20).at(10, 42, 17, 0));
        let mut desk = Self { state: State::default(), prices: Prices::default(), now };
        desk.record(&Record::Created { profile: Profile::Paper, prefix: "SD7K2M".into() });
        desk.record(&Record::DayStarted { day: date(2026, 11, 20) });
        let mut books = Vec::new();
        for n in 1..=STRATEGIES {
            let id = StrategyId(n);
            desk.record(&Record::StrategyAdded { id, recommendation: Box::new(recommendation(n)) });
            if n <= EXECUTED {
                desk.execute(id, &mut books);
            }
        }
        desk.record(&Record::PositionsRead { asked_at: now, positions: Some(books) });
        desk.prices.set_previous_close(Contract::index(Exchange::Nse, nifty()), Price(25_835.into()));
        desk.move_prices();
        assert_eq!(desk.view().positions.open_legs(), 200);
        desk
    }

    /// The engine of this desk, its positions watched.
    pub fn engine(&self) -> (Engine, Timestamp) {
        let mut engine = Engine::new(EngineConfig::default(), self.state.clone());
        let funds = Funds { available: Money(1_000_000.into()), ..Funds::default() };
        let read = Event::FundsRead { account: AccountId(1), asked_at: self.now, funds };
        engine.handle(&read, self.now, &OpenMarket);
        (engine, strikedeck::domain::time::after_ms(self.now, 1))
    }

    /// Puts a stop at rest for every position.
    pub fn guarded(mut self) -> Self {
        let lots: Vec<(LotKey, NetQuantity)> = self.state.lots.iter().map(|(k, l)| (*k, l.net)).collect();
        for (key, net) in lots {
            let (trigger, price) = if net.0 > 0 { (30, 27) } else { (70, 77) };
            let (trigger, price) = (Price(trigger.into()), Price(price.into()));
            let LotKey { owner, contract, product } = key;
            let stop = Some(Stop { trigger, how: StopHow::ByHand });
            self.record(&Record::StopSet { owner, contract, product, stop });
            let spec = key.order(net.closing_side(), net.size(), OrderKind::StopLimit { trigger, price });
            let number = self.intend(spec, Purpose::Protect { owner });
            let sighting = sighting(number, spec, 0);
            self.record(&Record::OrderSeen { intent: IntentId(number), sighting: Box::new(sighting) });
        }
        assert_eq!((self.state.guards.len(), self.state.open.len()), (200, 200));
        self
    }

    /// An exit that works, of a long leg: its number and what it is for.
    pub fn working(&mut self) -> (u64, OrderSpec) {
        let owner = Owner::Strategy(StrategyId(1));
        let key = LotKey { owner, contract: legs(1)[0].1, product: Product::Margin };
        let spec = key.order(Side::Sell, Quantity(LOT), OrderKind::Limit { price: Price(50.into()) });
        let number = self.intend(spec, Purpose::Exit { owner });
        let sighting = sighting(number, spec, 0);
        self.record(&Record::OrderSeen { intent: IntentId(number), sighting: Box::new(sighting) });
        (number, spec)
    }

    fn intend(&mut self, spec: OrderSpec, purpose: Purpose) -> u64 {
        let number = self.state.next_intent.max(1);
        let intent = Intent {
            id: IntentId(number),
            account: AccountId(1),
            correlation: CorrelationId::new("SD7K2M", number).unwrap(),
            spec,
            expires: Timestamp::MAX,
        };
        self.record(&Record::IntentMade { intent: Box::new(intent), purpose });
        number
    }

    fn record(&mut self, record: &Record) {
        self.state.apply(record, self.now);
    }

    fn execute(&mut self, id: StrategyId, books: &mut Vec<PositionSighting>) {
        let legs = legs(id.0);
        let resolved = legs.map(|(side, contract)| ResolvedLeg {
            instrument: instrument(contract),
            side,
            ratio: 1,
            recommended: Some(Price(50.into())),
        });
        self.record(&Record::StrategyMarked {
            id,
            priority: 1,
            notes: None,
            legs: resolved.to_vec(),
            expires: Timestamp::MAX,
        });
        self.record(&Record::ExecutionStarted { id, quotes: Vec::new(), margin: None });
        for (leg, (side, contract)) in legs.into_iter().enumerate() {
            let spec = OrderSpec {
                contract,
                side,
                quantity: Quantity(LOT),
                kind: OrderKind::Limit { price: Price(50.into()) },
                validity: Validity::Day,
                product: Product::Margin,
            };
            let number = self.intend(spec, Purpose::Entry { strategy: id, leg });
            let sighting = sighting(number, spec, LOT);
            self.record(&Record::OrderSeen { intent: IntentId(number), sighting: Box::new(sighting) });
            books.push(PositionSighting {
                contract,
                product: Product::Margin,
                net: side.signed(Quantity(LOT)),
                buy_quantity: Quantity::ZERO,
                sell_quantity: Quantity::ZERO,
                buy_average: Price(50.into()),
                sell_average: Price(50.into()),
                realised: Money::ZERO,
                unrealised: Money::ZERO,
            });
        }
        self.record(&Record::StrategyMoved { id, to: StrategyStatus::Executed, reason: None });
        debug_assert!(books.iter().all(|b| b.net != NetQuantity::ZERO));
    }

    pub fn move_prices(&mut self) {
        self.now = strikedeck::domain::time::after_ms(self.now, 1_000);
        let step = Decimal::new(self.now.as_millisecond() / 1_000 % 7, 1);
        let price = |base: i64| Price(Decimal::from(base) + step);
        let quote = |last: Price| Quote {
            last,
            bid: Some(last),
            ask: Some(last),
            bid_quantity: Quantity(LOT),
            ask_quantity: Quantity(LOT),
            at: self.now,
        };
        let mut set = vec![(Contract::index(Exchange::Nse, nifty()), quote(price(25_944)))];
        for n in 1..=EXECUTED {
            set.extend(legs(n).map(|(_, contract)| (contract, quote(price(48)))));
        }
        for (contract, quote) in set {
            self.prices.set_quote(contract, quote);
        }
    }

    pub fn view(&self) -> View {
        View::build(&self.state, &EngineConfig::default(), &self.prices, &Health::default(), &OpenMarket, self.now)
    }

    pub fn model(&self) -> Model {
        let mut model = Model::new(Arc::new(Keymap::default()), SIZE);
        update(&mut model, Msg::View(Arc::new(self.view())));
        model
    }
}

/// What the broker tells of an order, with so much of it filled.
pub fn sighting(number: u64, spec: OrderSpec, filled: u32) -> OrderSighting {
    let whole = filled >= spec.quantity.0;
    OrderSighting {
        correlation: None,
        order_id: BrokerOrderId(number.to_string()),
        spec,
        filled: Quantity(filled),
        average: (filled > 0).then(|| Price(50.into())),
        status: if whole { SeenStatus::Filled } else { SeenStatus::Working },
        reason: None,
        updated: None,
    }
}

fn recommendation(n: u64) -> Recommendation {
    let legs = legs(n).map(|(side, contract)| match contract.kind {
        strikedeck::domain::ContractKind::Option { strike, right, expiry } => Leg {
            side,
            kind: LegKind::Option { strike, right },
            expiry: Some(expiry),
            ratio: 1,
            premium: Some(Price(50.into())),
        },
        _ => unreachable!("only options are built here"),
    });
    Recommendation {
        key: n.to_string(),
        source: "bench".into(),
        symbol: nifty(),
        exchange: Exchange::Nse,
        name: "Iron Condor".into(),
        derived_name: None,
        legs: legs.to_vec(),
        spot: Some(Price(25_944.into())),
        score: Some(Decimal::new(i64::try_from(n % 100).unwrap_or(0), 2)),
        conviction: Some(Conviction::High),
        probability: Some(Decimal::new(64, 2)),
        reported_max_profit: None,
        reported_max_loss: None,
        metrics: Some(Metrics {
            max_profit: Bound::Limited(Money(2_145.into())),
            max_loss: Bound::Limited(Money(4_355.into())),
            net_premium: Money(1_449.into()),
            breakevens: vec![Price(26_233.into())],
            lot: LOT,
        }),
        generated_at: None,
        valid_until: None,
        outlook: "range".into(),
        issues: Vec::new(),
        rules: strikedeck::domain::ExitRules::default(),
    }
}

fn instrument(contract: Contract) -> Instrument {
    Instrument {
        contract,
        security_id: SecurityId(1),
        lot: Quantity(LOT),
        tick: Price(Decimal::new(5, 2)),
        max_order: Some(Quantity(1_755)),
    }
}

/// Everything is listed, at any hour.
pub struct OpenMarket;

impl Reference for OpenMarket {
    fn resolve(&self, _: &Recommendation, _: Date, _: Timestamp) -> Result<Vec<ResolvedLeg>, String> {
        Err("not asked here".into())
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
    fn charges(&self, order: &OrderTally) -> RawCharges {
        RawCharges { brokerage: Money(order.turnover.0 / Decimal::from(1_000)), ..RawCharges::default() }
    }
}
