//! A desk: the engine, a clock that stands still, and a broker that does what the test says.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use rust_decimal::Decimal;
use rust_decimal_macros::dec;

use crate::domain::mapping::nearest_strike;
use crate::domain::time::{Timestamp, after_ms, from_ist};
use crate::domain::*;
use crate::engine::command::{Command, Origin, Reply};
use crate::engine::effect::Effect;
use crate::engine::record::{Owner, Profile, Record};
use crate::engine::reference::{OrderTally, RawCharges, Reference, ResolvedLeg};
use crate::engine::state::{LotKey, Order};
use crate::engine::{Engine, EngineConfig, Event, State};

pub const ACCOUNT: AccountId = AccountId(1);

/// One listed expiry of NIFTY, open or closed as the test says.
pub struct Market {
    pub open: bool,
    /// Its options are on a share, not on an index.
    pub shares: bool,
}

pub fn expiry() -> Date {
    date(2026, 11, 23)
}

pub fn call(strike: i64) -> Contract {
    let nifty = Symbol::new("NIFTY").unwrap();
    Contract::option(Exchange::Nse, nifty, expiry(), Price(strike.into()), OptionRight::Call)
}

fn listed(contract: Contract) -> Instrument {
    let (lot, max) = (Quantity(65), Some(Quantity(1_755)));
    Instrument { contract, security_id: SecurityId(1), lot, tick: Price(dec!(0.05)), max_order: max }
}

impl Reference for Market {
    fn resolve(&self, r: &Recommendation, _: Date, _: Timestamp) -> Result<Vec<ResolvedLeg>, String> {
        let leg = |l: &Leg| match l.kind {
            LegKind::Option { strike, right } => Ok(ResolvedLeg {
                instrument: listed(Contract::option(r.exchange, r.symbol, expiry(), strike, right)),
                side: l.side,
                ratio: l.ratio,
                recommended: l.premium,
            }),
            LegKind::Future | LegKind::Equity => Err("options only here".to_string()),
        };
        r.legs.iter().map(leg).collect()
    }
    fn is_open(&self, _: Segment, _: Timestamp) -> bool {
        self.open
    }
    fn next_open(&self, _: Segment, _: Timestamp) -> Option<Timestamp> {
        None
    }
    fn instrument(&self, contract: &Contract) -> Option<Instrument> {
        (contract.kind != ContractKind::Index || !self.shares).then(|| listed(*contract))
    }
    fn underlying(&self, symbol: Symbol) -> Option<Contract> {
        Some(Contract::index(Exchange::Nse, symbol))
    }
    /// Strikes are 50 apart.
    fn at_the_money(
        &self,
        symbol: Symbol,
        spot: Price,
        right: OptionRight,
        _: ExpiryPolicy,
        _: Timestamp,
    ) -> Result<Instrument, String> {
        let strikes: Vec<Price> = (400..600).map(|n| Price(Decimal::from(n * 50))).collect();
        let strike = nearest_strike(&strikes, spot, right).ok_or("not at the money")?;
        Ok(listed(Contract::option(Exchange::Nse, symbol, expiry(), strike, right)))
    }
    fn charges(&self, _: &OrderTally) -> RawCharges {
        RawCharges { brokerage: Money(dec!(20)), ..RawCharges::default() }
    }
}

pub struct Desk {
    pub engine: Engine,
    pub market: Market,
    pub now: Timestamp,
    pub journal: Vec<(Timestamp, Record)>,
    pub effects: Vec<Effect>,
    /// What the broker has: orders by id, as it would tell them.
    pub book: BTreeMap<String, OrderSighting>,
    commands: u64,
}

impl Desk {
    /// Reconciled, with funds, nothing imported.
    pub fn open() -> Self {
        Self::with(EngineConfig::default())
    }

    pub fn with(config: EngineConfig) -> Self {
        Self::of(config, Profile::Paper)
    }

    pub fn of(config: EngineConfig, profile: Profile) -> Self {
        let now = from_ist(date(2026, 11, 20).at(10, 0, 0, 0));
        let created = Record::Created { profile, prefix: "TEST01".into() };
        let mut state = State::default();
        state.apply(&created, now);
        let mut desk = Self {
            engine: Engine::new(config, state),
            market: Market { open: true, shares: false },
            now,
            journal: vec![(now, created)],
            effects: Vec::new(),
            book: BTreeMap::new(),
            commands: 0,
        };
        desk.reconcile();
        desk
    }

    pub fn reconcile(&mut self) {
        self.tell(Event::Started);
        self.pass(10);
        let available = Money(dec!(1000000));
        let funds = Funds { available, utilised: Money::ZERO, start_of_day: available };
        self.tell(Event::FundsRead { account: ACCOUNT, asked_at: self.now, funds });
        self.read_books();
        assert!(self.state().reconciling_since.is_none());
    }

    pub fn state(&self) -> &State {
        self.engine.state()
    }

    #[allow(clippy::needless_pass_by_value)] // the stories read better
    pub fn tell(&mut self, event: Event) {
        let step = self.engine.handle(&event, self.now, &self.market);
        self.journal.extend(step.records.into_iter().map(|r| (self.now, r)));
        self.effects.extend(step.effects);
    }

    pub fn pass(&mut self, ms: i64) {
        self.now = after_ms(self.now, ms);
        self.tell(Event::Wake);
    }

    pub fn ask(&mut self, command: Command) -> Reply {
        self.ask_with(command, Vec::new())
    }

    pub fn ask_with(&mut self, command: Command, quotes: Vec<(Contract, Quote)>) -> Reply {
        self.ask_knowing(command, quotes, Vec::new())
    }

    pub fn ask_knowing(
        &mut self,
        command: Command,
        quotes: Vec<(Contract, Quote)>,
        margins: Vec<(StrategyId, Money)>,
    ) -> Reply {
        self.commands += 1;
        let id = CommandId(self.commands);
        self.tell(Event::Command { id, origin: Origin::Screen, command, quotes, margins });
        let replies: Vec<Reply> = self
            .effects
            .iter()
            .filter_map(|e| match e {
                Effect::Reply { command, reply } if *command == id => Some(reply.clone()),
                _ => None,
            })
            .collect();
        assert_eq!(replies.len(), 1, "a command is answered exactly once");
        replies[0].clone()
    }

    /// Imports a strategy of NIFTY calls: `(side, strike, ratio)`, premiums of 100 and 40.
    pub fn import(&mut self, legs: &[(Side, i64, u32)]) -> StrategyId {
        let before = self.state().next_strategy.max(1);
        let recommendation = recommendation(&format!("key {before}"), legs);
        self.ask(Command::Import { recommendations: vec![recommendation] });
        StrategyId(before)
    }

    /// Fresh quotes of the strikes: 100.00 / 100.50 for the first, falling by 30 with each further one.
    pub fn quote(&mut self, strikes: &[i64]) {
        let quotes = strikes
            .iter()
            .enumerate()
            .map(|(i, strike)| {
                let bid = Price(dec!(100) - Decimal::from(i) * dec!(30));
                (call(*strike), quote(bid, self.now))
            })
            .collect();
        self.tell(Event::Quotes(quotes));
    }

    pub fn placed(&self) -> Vec<Intent> {
        let place = |e: &Effect| match e {
            Effect::Place { intent, .. } => Some(intent.clone()),
            _ => None,
        };
        self.effects.iter().filter_map(place).collect()
    }

    pub fn last_placed(&self) -> Intent {
        self.placed().last().expect("an order was sent").clone()
    }

    /// The broker takes an order: it works.
    pub fn accept(&mut self, intent: &Intent) {
        self.see(intent, SeenStatus::Working, 0, None);
    }

    /// It has filled up to `filled`, at its own limit.
    pub fn fill(&mut self, intent: &Intent, filled: u32) {
        let whole = filled >= intent.spec.quantity.0;
        let price = intent.spec.kind.price();
        self.see(intent, if whole { SeenStatus::Filled } else { SeenStatus::Working }, filled, price);
    }

    pub fn see(&mut self, intent: &Intent, status: SeenStatus, filled: u32, average: Option<Price>) {
        self.now = after_ms(self.now, 5);
        let sighting = OrderSighting {
            correlation: Some(intent.correlation.clone()),
            order_id: BrokerOrderId(format!("10{}", intent.id)),
            spec: intent.spec,
            filled: Quantity(filled),
            average,
            status,
            reason: (status == SeenStatus::Rejected).then(|| "RMS: not today".to_string()),
            updated: Some(self.now),
        };
        self.book.insert(sighting.order_id.0.clone(), sighting.clone());
        self.tell(Event::OrderSeen { account: ACCOUNT, sighting });
    }

    /// The broker's books as they are, read now: positions follow from the orders' fills.
    pub fn read_books(&mut self) {
        self.now = after_ms(self.now, 1);
        let asked_at = self.now;
        self.now = after_ms(self.now, 5);
        let orders: Vec<OrderSighting> = self.book.values().cloned().collect();
        let positions = self.positions();
        self.tell(Event::OrdersRead { account: ACCOUNT, asked_at, orders });
        self.tell(Event::TradesRead { account: ACCOUNT, asked_at, trades: Vec::new() });
        self.tell(Event::PositionsRead { account: ACCOUNT, asked_at, positions });
    }

    fn positions(&self) -> Vec<PositionSighting> {
        let mut net: BTreeMap<(Contract, Product), NetQuantity> = BTreeMap::new();
        for o in self.book.values() {
            *net.entry((o.spec.contract, o.spec.product)).or_default() += o.spec.side.signed(o.filled);
        }
        net.into_iter().map(|((contract, product), net)| position(contract, product, net)).collect()
    }

    pub fn order(&self, intent: &Intent) -> &Order {
        &self.state().orders[&intent.id]
    }

    pub fn status(&self, id: StrategyId) -> StrategyStatus {
        self.state().strategies[&id].status
    }

    pub fn net(&self, id: StrategyId, strike: i64) -> i64 {
        let key = LotKey { owner: Owner::Strategy(id), contract: call(strike), product: Product::Margin };
        self.state().lots.get(&key).map_or(0, |l| l.net.0)
    }

    pub fn cancels(&self) -> usize {
        self.effects.iter().filter(|e| matches!(e, Effect::Cancel { .. })).count()
    }

    /// Folding the journal arrives at the same state, byte for byte.
    pub fn assert_folds(&self) {
        let mut folded = State::default();
        for (at, record) in &self.journal {
            let json = serde_json::to_string(record).unwrap();
            folded.apply(&serde_json::from_str(&json).unwrap(), *at);
        }
        assert!(postcard::to_stdvec(&folded).unwrap() == postcard::to_stdvec(self.state()).unwrap());
    }
}

pub fn quote(bid: Price, at: Timestamp) -> Quote {
    let ask = Some(Price(bid.0 + dec!(0.5)));
    Quote { last: bid, bid: Some(bid), ask, bid_quantity: Quantity(650), ask_quantity: Quantity(650), at }
}

pub fn position(contract: Contract, product: Product, net: NetQuantity) -> PositionSighting {
    PositionSighting {
        contract,
        product,
        net,
        buy_quantity: Quantity::ZERO,
        sell_quantity: Quantity::ZERO,
        buy_average: Price::ZERO,
        sell_average: Price::ZERO,
        realised: Money::ZERO,
        unrealised: Money::ZERO,
    }
}

pub fn recommendation(key: &str, legs: &[(Side, i64, u32)]) -> Recommendation {
    let legs = legs
        .iter()
        .map(|(side, strike, ratio)| Leg {
            side: *side,
            kind: LegKind::Option { strike: Price((*strike).into()), right: OptionRight::Call },
            expiry: None,
            ratio: *ratio,
            premium: Some(Price(dec!(100))),
        })
        .collect();
    Recommendation {
        key: key.into(),
        source: "test".into(),
        symbol: Symbol::new("NIFTY").unwrap(),
        exchange: Exchange::Nse,
        name: "Bull Call Spread".into(),
        derived_name: None,
        legs,
        spot: Some(Price(dec!(26000))),
        score: Some(dec!(0.7)),
        conviction: Some(Conviction::High),
        probability: Some(dec!(0.6)),
        reported_max_profit: None,
        reported_max_loss: None,
        metrics: None,
        generated_at: None,
        valid_until: None,
        outlook: String::new(),
        rules: crate::domain::ExitRules::default(),
        issues: Vec::new(),
    }
}
