//! A trading desk for tests: its state is folded from records, as the engine's is, so it stays true.

pub mod chains;
pub mod scalps;

use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use rust_decimal::Decimal;
use rust_decimal_macros::dec;

use super::{Health, Link, LinkState, Prices, View};
use crate::domain::strategy::Metrics;
use crate::domain::time::{Timestamp, after_ms, from_ist};
use crate::domain::{
    AccountId, Bound, BrokerOrderId, Contract, Conviction, CorrelationId, Exchange, Funds, Instrument, Intent,
    IntentId, Issue, Leg, LegKind, Money, NetQuantity, OptionRight, OrderKind, OrderSighting, OrderSpec,
    PositionSighting, Price, Product, Quantity, Quote, Recommendation, SecurityId, SeenStatus, Segment, Side,
    StrategyId, StrategyStatus, Symbol, Validity,
};
use crate::engine::record::{Owner, Profile, Purpose, Record, Unplaced};
use crate::engine::reference::{OrderTally, RawCharges};
use crate::engine::state::LotKey;
use crate::engine::{EngineConfig, Reference, ResolvedLeg, State};

pub const EXPIRY: Date = date(2026, 11, 23);
pub const LOT: u32 = 65;

/// Side (`B` or `S`), strike, `CE` or `PE`, premium.
pub type TestLeg<'a> = (&'a str, i64, &'a str, Decimal);

pub fn symbol(name: &str) -> Symbol {
    Symbol::new(name).unwrap()
}

pub fn option(name: &str, strike: i64, right: &str) -> Contract {
    let right = if right == "CE" { OptionRight::Call } else { OptionRight::Put };
    Contract::option(Exchange::Nse, symbol(name), EXPIRY, Price(strike.into()), right)
}

pub fn instrument(contract: Contract) -> Instrument {
    let id = match contract.kind {
        crate::domain::ContractKind::Option { strike, right, .. } => {
            u64::try_from(strike.0.mantissa()).unwrap_or(0) * 2 + u64::from(right == OptionRight::Put)
        }
        _ => 1,
    };
    Instrument {
        contract,
        security_id: SecurityId(id),
        lot: Quantity(LOT),
        tick: Price(dec!(0.05)),
        max_order: Some(Quantity(1755)),
    }
}

/// Everything is listed with a lot of 65; the market is open; charges are 0.1 % of the turnover.
pub struct OpenMarket;

impl Reference for OpenMarket {
    fn resolve(&self, r: &Recommendation, _: Date, _: Timestamp) -> Result<Vec<ResolvedLeg>, String> {
        Ok(r.legs.iter().map(|l| resolved(r.symbol, l)).collect())
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
    fn underlying(&self, symbol: Symbol) -> Option<Contract> {
        Some(Contract::index(Exchange::Nse, symbol))
    }
    fn charges(&self, order: &OrderTally) -> RawCharges {
        RawCharges { brokerage: Money(order.turnover.0.abs() * dec!(0.001)), ..RawCharges::default() }
    }
}

fn resolved(symbol: Symbol, leg: &Leg) -> ResolvedLeg {
    let contract = match leg.kind {
        LegKind::Option { strike, right } => Contract::option(Exchange::Nse, symbol, EXPIRY, strike, right),
        LegKind::Future => Contract::future(Exchange::Nse, symbol, EXPIRY),
        LegKind::Equity => Contract::equity(Exchange::Nse, symbol),
    };
    ResolvedLeg { instrument: instrument(contract), side: leg.side, ratio: leg.ratio, recommended: leg.premium }
}

pub struct Desk {
    pub state: State,
    pub config: EngineConfig,
    pub prices: Prices,
    pub health: Health,
    pub now: Timestamp,
    pub chains: BTreeMap<super::analytics::ChainKey, super::analytics::ChainSeen>,
    books: BTreeMap<(Contract, Product), PositionSighting>,
}

impl Desk {
    /// 20 November 2026, 10:42:17 IST, paper, reconciled, links up, nothing there yet.
    pub fn new() -> Self {
        Self::of(Profile::Paper)
    }

    pub fn of(profile: Profile) -> Self {
        let now = from_ist(date(2026, 11, 20).at(10, 42, 17, 0));
        let up = |ms: i64| Link { state: LinkState::Up, last_message: Some(after_ms(now, -ms)) };
        let mut desk = Self {
            state: State::default(),
            config: EngineConfig::default(),
            prices: Prices::default(),
            health: Health {
                feed: up(38),
                orders: up(12),
                api: super::ApiUse { used: Some(2), elsewhere: 0, limit: 8, recent: [1, 2, 1] },
                closes_at: Some(from_ist(date(2026, 11, 20).at(15, 40, 0, 0))),
                ..Health::default()
            },
            now,
            chains: BTreeMap::new(),
            books: BTreeMap::new(),
        };
        desk.record(Record::Created { profile, prefix: "SD7K2M".into() });
        desk.record(Record::Started);
        desk.record(Record::DayStarted { day: date(2026, 11, 20) });
        desk.record(Record::Reconciled);
        let funds =
            Funds { available: Money(dec!(137600)), utilised: Money(dec!(262400)), start_of_day: Money(dec!(400000)) };
        desk.record(Record::FundsRead { asked_at: now, funds });
        desk.read();
        desk
    }

    #[allow(clippy::needless_pass_by_value)] // called with a record made on the spot, everywhere
    pub fn record(&mut self, record: Record) {
        self.state.apply(&record, self.now);
    }

    pub fn advance(&mut self, ms: i64) {
        self.now = after_ms(self.now, ms);
    }

    pub fn view(&self) -> View {
        View::build(&self.state, &self.config, &self.prices, &self.health, &OpenMarket, self.now)
    }

    pub fn index(&mut self, name: &str, last: Decimal, close: Decimal) {
        let contract = Contract::index(Exchange::Nse, symbol(name));
        self.quote(contract, last, None, None);
        self.prices.set_previous_close(contract, Price(close));
    }

    pub fn price(&mut self, strike: i64, right: &str, last: Decimal) {
        self.quote(option("NIFTY", strike, right), last, None, None);
    }

    pub fn touch(&mut self, strike: i64, right: &str, last: Decimal, bid: Decimal, ask: Decimal) {
        self.quote(option("NIFTY", strike, right), last, Some(bid), Some(ask));
    }

    pub fn quote(&mut self, contract: Contract, last: Decimal, bid: Option<Decimal>, ask: Option<Decimal>) {
        let quantity = Quantity(LOT * 10);
        self.prices.set_quote(
            contract,
            Quote {
                last: Price(last),
                bid: bid.map(Price),
                ask: ask.map(Price),
                bid_quantity: quantity,
                ask_quantity: quantity,
                at: self.now,
            },
        );
    }

    pub fn recommendation(&self, name: &str, score: Decimal, legs: &[TestLeg<'_>]) -> Recommendation {
        let legs = legs.iter().map(|(side, strike, right, premium)| Leg {
            side: if *side == "B" { Side::Buy } else { Side::Sell },
            kind: LegKind::Option {
                strike: Price((*strike).into()),
                right: if *right == "CE" { OptionRight::Call } else { OptionRight::Put },
            },
            expiry: Some(EXPIRY),
            ratio: 1,
            premium: Some(Price(*premium)),
        });
        Recommendation {
            key: format!("{name}/{}", self.state.next_strategy),
            source: "seed".into(),
            symbol: symbol("NIFTY"),
            exchange: Exchange::Nse,
            name: name.into(),
            derived_name: None,
            legs: legs.collect(),
            spot: Some(Price(dec!(25944.35))),
            score: Some(score),
            conviction: Some(Conviction::High),
            probability: Some(dec!(0.64)),
            reported_max_profit: None,
            reported_max_loss: None,
            metrics: Some(Metrics {
                max_profit: Bound::Limited(Money(dec!(2145))),
                max_loss: Bound::Limited(Money(dec!(4355))),
                net_premium: Money(dec!(1449.50)),
                breakevens: vec![Price(dec!(26233))],
                lot: LOT,
            }),
            generated_at: Some(after_ms(self.now, -240_000)),
            valid_until: None,
            outlook: "range".into(),
            rules: crate::domain::ExitRules::default(),
            issues: Vec::new(),
        }
    }

    pub fn add(&mut self, recommendation: Recommendation) -> StrategyId {
        let id = StrategyId(self.state.next_strategy.max(1));
        self.record(Record::StrategyAdded { id, recommendation: Box::new(recommendation) });
        id
    }

    pub fn pending(&mut self, name: &str, score: Decimal, legs: &[TestLeg<'_>]) -> StrategyId {
        let recommendation = self.recommendation(name, score, legs);
        self.add(recommendation)
    }

    /// One leg only: it must not be executed.
    pub fn blocked(&mut self, name: &str) -> StrategyId {
        let mut recommendation = self.recommendation(name, dec!(0.60), &[("S", 26500, "CE", dec!(20))]);
        recommendation.metrics = None;
        recommendation.issues.push(Issue {
            code: "single_leg".into(),
            detail: "one leg only: a covered call without its stock would be a naked call. Not executable.".into(),
            blocking: true,
        });
        self.add(recommendation)
    }

    pub fn mark(&mut self, id: StrategyId, priority: i32) {
        let legs = {
            let r = &self.state.strategies[&id].recommendation;
            r.legs.iter().map(|l| resolved(r.symbol, l)).collect()
        };
        let expires = after_ms(self.now, 13 * 60_000);
        self.record(Record::StrategyMarked { id, priority, notes: None, legs, expires });
    }

    pub fn start(&mut self, id: StrategyId) {
        self.record(Record::Queued { id });
        self.record(Record::ExecutionStarted { id, quotes: Vec::new(), margin: None });
    }

    /// An intent for one leg, not answered yet.
    pub fn intend(&mut self, id: StrategyId, leg: usize) -> IntentId {
        let resolved = self.state.strategies[&id].legs[leg];
        let purpose = Purpose::Entry { strategy: id, leg };
        let price = resolved.recommended.unwrap();
        self.order(resolved.instrument.contract, resolved.side, LOT * resolved.ratio, price, purpose)
    }

    pub fn order(&mut self, contract: Contract, side: Side, quantity: u32, price: Price, purpose: Purpose) -> IntentId {
        self.order_of(contract, side, quantity, OrderKind::Limit { price }, purpose, Product::Margin)
    }

    fn order_of(
        &mut self,
        contract: Contract,
        side: Side,
        quantity: u32,
        kind: OrderKind,
        purpose: Purpose,
        product: Product,
    ) -> IntentId {
        let number = self.state.next_intent.max(1);
        let spec = OrderSpec { contract, side, quantity: Quantity(quantity), kind, validity: Validity::Day, product };
        let intent = Intent {
            id: IntentId(number),
            account: AccountId(1),
            correlation: CorrelationId::new("SD7K2M", number).unwrap(),
            spec,
            expires: after_ms(self.now, 10_000),
        };
        self.record(Record::IntentMade { intent: Box::new(intent), purpose });
        IntentId(number)
    }

    pub fn unplaced(&mut self, intent: IntentId, how: Unplaced, reason: &str) {
        self.record(Record::IntentUnplaced { intent, how, reason: reason.into() });
    }

    pub fn see(&mut self, intent: IntentId, status: SeenStatus, filled: u32) {
        let spec = self.state.orders[&intent].intent.spec;
        let before = self.state.orders[&intent].filled;
        let sighting = OrderSighting {
            correlation: None,
            order_id: BrokerOrderId(format!("{}", 112_111_182_000 + intent.0)),
            spec,
            filled: Quantity(filled),
            average: (filled > 0).then(|| spec.kind.price().unwrap()),
            status,
            reason: None,
            updated: Some(self.now),
        };
        self.record(Record::OrderSeen { intent, sighting: Box::new(sighting) });
        let news = Quantity(filled).saturating_sub(before);
        let net = self.books.get(&(spec.contract, spec.product)).map_or(0, |p| p.net.0);
        self.book(spec.contract, spec.product, net + spec.side.signed(news).0, spec.kind.price().unwrap_or_default());
    }

    /// A whole strategy in the book, filled at its premiums, and the broker's positions read after it.
    pub fn executed(&mut self, name: &str, legs: &[TestLeg<'_>]) -> StrategyId {
        let id = self.executed_without_reading(name, legs);
        self.advance(300);
        self.read();
        id
    }

    pub fn executed_without_reading(&mut self, name: &str, legs: &[TestLeg<'_>]) -> StrategyId {
        let id = self.pending(name, dec!(0.7), legs);
        self.mark(id, 1);
        self.start(id);
        for leg in 0..legs.len() {
            let intent = self.intend(id, leg);
            self.see(intent, SeenStatus::Filled, LOT);
        }
        self.record(Record::StrategyMoved { id, to: StrategyStatus::Executed, reason: None });
        id
    }

    /// What the broker's book says of one contract, read now.
    pub fn broker_has(&mut self, strike: i64, right: &str, net: i64) {
        self.book(option("NIFTY", strike, right), Product::Margin, net, Price(dec!(50)));
        self.advance(100);
        self.read();
    }

    fn book(&mut self, contract: Contract, product: Product, net: i64, price: Price) {
        let size = NetQuantity(net).size();
        self.books.insert(
            (contract, product),
            PositionSighting {
                contract,
                product,
                net: NetQuantity(net),
                buy_quantity: if net > 0 { size } else { Quantity::ZERO },
                sell_quantity: if net < 0 { size } else { Quantity::ZERO },
                buy_average: price,
                sell_average: price,
                realised: Money::ZERO,
                unrealised: Money::ZERO,
            },
        );
    }

    pub fn read(&mut self) {
        let positions = Some(self.books.values().cloned().collect());
        self.record(Record::PositionsRead { asked_at: self.now, positions });
    }

    /// Everything a strategy holds is sold or bought back at `price`.
    pub fn exit(&mut self, id: StrategyId, price: Price) {
        let keys: Vec<LotKey> = self.state.lots_of(Owner::Strategy(id)).map(|(k, _)| *k).collect();
        for key in keys {
            let net = self.state.lots[&key].net;
            let side = net.closing_side();
            let purpose = Purpose::Exit { owner: key.owner };
            let intent = self.order(key.contract, side, net.size().0, price, purpose);
            self.see(intent, SeenStatus::Filled, net.size().0);
        }
        self.advance(300);
        self.read();
    }
}
