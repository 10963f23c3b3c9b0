//! Open positions: ours grouped by strategy, then what was opened elsewhere, each against what the broker last said.

use std::collections::{BTreeMap, BTreeSet};

use super::build::Quotes;
use crate::domain::time::{Timestamp, ms_between};
use crate::domain::{
    Contract, ContractKind, Money, NetQuantity, PositionSighting, Price, Product, Quantity, Quote, SecurityId,
    StrategyId, StrategyStatus, Symbol,
};
use crate::engine::record::Owner;
use crate::engine::state::{Lot, LotKey, Stop};
use crate::engine::{Reference, State};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Positions {
    /// Strategies that hold something or are being exited, by id.
    pub groups: Vec<Group>,
    /// What the broker has beyond our lots.
    pub foreign: Vec<PositionRow>,
    /// Strategies that were closed today, and what they brought.
    pub closed: usize,
    pub closed_pnl: Money,
    /// What the broker counts for the day, ours and foreign; `None` until its book was read.
    pub broker: Option<BrokerDay>,
    /// Where the broker's book and ours differ, each with its numbers.
    pub differences: Vec<Difference>,
    /// When the broker's book was read.
    pub read_at: Option<Timestamp>,
    pub age_ms: Option<i64>,
}

/// The broker's own count of the day, before charges, at the prices it had when its book was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BrokerDay {
    pub realised: Money,
    pub unrealised: Money,
}

impl BrokerDay {
    pub fn gross(&self) -> Money {
        self.realised + self.unrealised
    }
}

/// One contract and product in which the broker's book and our lots do not agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    pub contract: Contract,
    pub product: Product,
    /// Of all our strategies.
    pub ours: NetQuantity,
    pub broker: NetQuantity,
}

/// How they differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DifferenceKind {
    /// None of ours: opened elsewhere.
    Foreign,
    /// More than ours, in the same direction: the rest was opened elsewhere.
    Beyond,
    /// Less than ours: partly closed elsewhere, or a fill not told yet.
    Less,
    /// Nothing of ours is left there.
    Missing,
    /// The other way round.
    Opposite,
}

impl Difference {
    pub fn kind(&self) -> DifferenceKind {
        let (ours, broker) = (self.ours.0, self.broker.0);
        if ours == 0 {
            DifferenceKind::Foreign
        } else if broker == 0 {
            DifferenceKind::Missing
        } else if ours.signum() != broker.signum() {
            DifferenceKind::Opposite
        } else if broker.abs() > ours.abs() {
            DifferenceKind::Beyond
        } else {
            DifferenceKind::Less
        }
    }
}

impl DifferenceKind {
    /// What it means, and what is done or can be done about it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Foreign => "opened elsewhere: it is left alone; `close` on its row exits it",
            Self::Beyond => "more than ours: the rest was opened elsewhere and is left alone",
            Self::Less => "partly closed elsewhere, or a fill is not told yet: our books follow the broker's",
            Self::Missing => "closed elsewhere, or a fill is not told yet: our books follow the broker's",
            Self::Opposite => "the other way round: nothing more is entered there; look at the broker's own page",
        }
    }
}

/// What one strategy holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    pub strategy: StrategyId,
    pub symbol: Option<Symbol>,
    pub name: String,
    /// `None` for a strategy that is no longer known.
    pub status: Option<StrategyStatus>,
    /// Legs with an open quantity first, closed ones after them.
    pub rows: Vec<PositionRow>,
    /// Realised and open, before charges. `None` when an open leg has no price.
    pub pnl: Option<Money>,
    /// What its orders have cost, estimated by the tariff.
    pub charges: Money,
    /// Why it is being exited.
    pub exiting: Option<String>,
}

/// One contract and product of one owner.
#[derive(Clone, Debug, PartialEq)]
pub struct PositionRow {
    /// `None`: opened elsewhere.
    pub strategy: Option<StrategyId>,
    pub contract: Contract,
    pub product: Product,
    pub security_id: Option<SecurityId>,
    pub net: NetQuantity,
    pub average: Option<Price>,
    pub quote: Option<Quote>,
    pub pnl: Option<Money>,
    /// The part of `pnl` that no price changes any more. `None`: not known of a foreign position mixed with ours.
    pub realised: Option<Money>,
    /// Of the quote.
    pub age_ms: Option<i64>,
    /// The broker's net of this contract and product, where it was read after the last change.
    pub broker: Option<NetQuantity>,
    /// The broker has less than our lots say, or the other way round.
    pub mismatch: bool,
    pub exiting: bool,
    /// Its stop and target.
    pub guard: Option<GuardRow>,
}

/// What watches over a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuardRow {
    pub stop: Option<Stop>,
    pub target: Option<Price>,
    /// Units for which stops rest at the broker, as it said.
    pub resting: Quantity,
}

impl PositionRow {
    pub fn last(&self) -> Option<Price> {
        self.quote.map(|q| q.last)
    }

    /// What is open, at the last price.
    pub fn unrealised(&self) -> Option<Money> {
        Some(self.pnl? - self.realised?)
    }
}

impl Group {
    pub fn realised(&self) -> Option<Money> {
        self.rows.iter().map(|r| r.realised).sum()
    }

    pub fn unrealised(&self) -> Option<Money> {
        self.rows.iter().map(PositionRow::unrealised).sum()
    }

    /// After charges.
    pub fn net(&self) -> Option<Money> {
        self.pnl.map(|p| p - self.charges)
    }
}

impl Positions {
    pub fn is_flat(&self) -> bool {
        self.foreign.is_empty() && self.groups.iter().all(|g| g.rows.iter().all(|r| r.net.is_flat()))
    }

    /// Open legs, ours and foreign ones.
    pub fn open_legs(&self) -> usize {
        self.groups.iter().flat_map(|g| &g.rows).filter(|r| !r.net.is_flat()).count() + self.foreign.len()
    }

    pub fn mismatches(&self) -> impl Iterator<Item = &PositionRow> {
        self.groups.iter().flat_map(|g| &g.rows).filter(|r| r.mismatch)
    }
}

/// What the broker has beyond our lots.
struct Beyond {
    /// The broker's net, where the book was read after the last change.
    broker: Option<NetQuantity>,
    foreign: NetQuantity,
    mismatch: bool,
}

fn difference(state: &State, contract: &Contract, product: Product, ours: NetQuantity) -> Beyond {
    if !state.position_is_fresh(contract, product) {
        return Beyond { broker: None, foreign: NetQuantity::ZERO, mismatch: false };
    }
    let broker = state.broker_net(contract, product);
    let beyond = broker - ours;
    // More in the same direction was opened elsewhere; less, or the opposite, contradicts our lots.
    let more_of_the_same = broker.0.signum() == ours.0.signum() && beyond.0.signum() == ours.0.signum();
    if ours.is_flat() || beyond.is_flat() || more_of_the_same {
        Beyond { broker: Some(broker), foreign: beyond, mismatch: false }
    } else {
        Beyond { broker: Some(broker), foreign: NetQuantity::ZERO, mismatch: true }
    }
}

/// What looking at one position needs.
struct Look<'a> {
    state: &'a State,
    quotes: &'a Quotes<'a>,
    reference: &'a dyn Reference,
    /// The sum of our lots by contract and product.
    ours: BTreeMap<(Contract, Product), NetQuantity>,
    charges: &'a BTreeMap<Owner, Money>,
    now: Timestamp,
}

/// `read` is when the broker's book was last read, even if it said nothing new.
pub(super) fn positions(
    quotes: &Quotes<'_>,
    charges: &BTreeMap<Owner, Money>,
    read: Option<Timestamp>,
    reference: &dyn Reference,
    now: Timestamp,
) -> Positions {
    let state = quotes.state;
    let mut look = Look { state, quotes, reference, ours: BTreeMap::new(), charges, now };
    let mut by_strategy: BTreeMap<StrategyId, Vec<(&LotKey, &Lot)>> = BTreeMap::new();
    for (key, lot) in &state.lots {
        if let Owner::Strategy(id) = key.owner {
            *look.ours.entry((key.contract, key.product)).or_default() += lot.net;
            by_strategy.entry(id).or_default().push((key, lot));
        }
    }
    let mut all = Positions { read_at: state.broker.positions_at.max(read), ..Positions::default() };
    all.age_ms = all.read_at.map(|t| ms_between(t, now));
    for (id, lots) in by_strategy {
        let exiting = lots.iter().find_map(|(k, _)| state.exits.get(k)).map(|e| e.reason.clone());
        if exiting.is_none() && lots.iter().all(|(_, l)| l.net.is_flat()) {
            all.closed += 1;
            all.closed_pnl += lots.iter().filter_map(|(_, l)| l.pnl(None)).sum();
        } else {
            all.groups.push(look.group(id, &lots, exiting));
        }
    }
    all.foreign = state.broker.positions.iter().filter_map(|row| look.foreign(row)).collect();
    all.differences = differences(state, &look.ours);
    all.broker = state.broker.positions_at.map(|_| {
        let rows = || state.broker.positions.iter();
        BrokerDay { realised: rows().map(|p| p.realised).sum(), unrealised: rows().map(|p| p.unrealised).sum() }
    });
    all
}

/// Only where the book was read after the last change: before, it says nothing.
fn differences(state: &State, ours: &BTreeMap<(Contract, Product), NetQuantity>) -> Vec<Difference> {
    let book = state.broker.positions.iter().map(|p| (p.contract, p.product));
    let keys: BTreeSet<(Contract, Product)> = ours.keys().copied().chain(book).collect();
    let told = keys.into_iter().filter(|(contract, product)| state.position_is_fresh(contract, *product));
    told.map(|(contract, product)| Difference {
        contract,
        product,
        ours: ours.get(&(contract, product)).copied().unwrap_or_default(),
        broker: state.broker_net(&contract, product),
    })
    .filter(|d| d.ours != d.broker)
    .collect()
}

impl Look<'_> {
    fn group(&self, id: StrategyId, lots: &[(&LotKey, &Lot)], exiting: Option<String>) -> Group {
        let mut rows: Vec<PositionRow> = lots.iter().map(|(key, lot)| self.lot(id, key, lot)).collect();
        rows.sort_by_key(|r| (r.net.is_flat(), r.contract, r.product));
        let strategy = self.state.strategies.get(&id);
        let held = rows.first().map(|r| r.contract.underlying);
        Group {
            strategy: id,
            symbol: strategy.map(|s| s.recommendation.symbol).or(held),
            name: strategy.map_or_else(|| "(no longer listed)".to_string(), |s| s.recommendation.name.clone()),
            status: strategy.map(|s| s.status),
            pnl: rows.iter().map(|r| r.pnl).sum(),
            charges: self.charges.get(&Owner::Strategy(id)).copied().unwrap_or_default(),
            rows,
            exiting,
        }
    }

    fn lot(&self, id: StrategyId, key: &LotKey, lot: &Lot) -> PositionRow {
        let ours = self.ours.get(&(key.contract, key.product)).copied().unwrap_or_default();
        let difference = difference(self.state, &key.contract, key.product, ours);
        let quote = self.quotes.of(&key.contract);
        PositionRow {
            strategy: Some(id),
            contract: key.contract,
            product: key.product,
            security_id: self.security_id(&key.contract),
            net: lot.net,
            average: lot.average(),
            quote,
            pnl: lot.pnl(quote.map(|q| q.last)),
            realised: lot.pnl(lot.average()),
            age_ms: quote.map(|q| q.age_ms(self.now)),
            broker: difference.broker,
            mismatch: difference.mismatch,
            exiting: self.state.exits.contains_key(key),
            guard: self.guard(*key),
        }
    }

    fn guard(&self, key: LotKey) -> Option<GuardRow> {
        let guard = self.state.guards.get(&key)?;
        let resting = self.state.resting_stops(key);
        Some(GuardRow { stop: guard.stop, target: guard.target, resting })
    }

    fn foreign(&self, row: &PositionSighting) -> Option<PositionRow> {
        let ours = self.ours.get(&(row.contract, row.product)).copied().unwrap_or_default();
        let difference = difference(self.state, &row.contract, row.product, ours);
        let net = difference.foreign;
        if net.is_flat() {
            return None;
        }
        let quote = self.quotes.of(&row.contract);
        // Mixed with lots of ours, the broker's averages say nothing of the foreign part alone.
        let alone = ours.is_flat();
        let average = if net.0 > 0 { row.buy_average } else { row.sell_average };
        let pnl = quote.map(|q| row.realised + (q.last - average) * net);
        let key = LotKey { owner: Owner::Foreign, contract: row.contract, product: row.product };
        Some(PositionRow {
            strategy: None,
            contract: row.contract,
            product: row.product,
            security_id: self.security_id(&row.contract),
            net,
            average: alone.then_some(average),
            quote,
            pnl: pnl.filter(|_| alone),
            realised: alone.then_some(row.realised),
            age_ms: quote.map(|q| q.age_ms(self.now)),
            broker: difference.broker,
            mismatch: false,
            exiting: self.state.exits.contains_key(&key),
            guard: None,
        })
    }

    fn security_id(&self, contract: &Contract) -> Option<SecurityId> {
        match contract.kind {
            ContractKind::Unlisted { id, .. } => Some(id),
            _ => self.reference.instrument(contract).map(|i| i.security_id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Desk;
    use super::*;
    use rust_decimal_macros::dec;

    #[test]
    fn legs_are_grouped_by_strategy_and_their_profit_is_exact() {
        let mut desk = Desk::new();
        let id = desk.executed("Bear Call Spread", &[("S", 26200, "CE", dec!(58.20)), ("B", 26300, "CE", dec!(35.90))]);
        desk.price(26200, "CE", dec!(33.85));
        desk.price(26300, "CE", dec!(34.15));
        let view = desk.view();
        let group = &view.positions.groups[0];
        assert_eq!((group.strategy, group.rows.len()), (id, 2));
        assert_eq!(group.pnl, Some(Money(dec!(1469.00))));
        assert!(view.positions.foreign.is_empty() && view.positions.mismatches().next().is_none());
    }

    #[test]
    fn a_leg_without_a_price_makes_the_group_unknown_not_zero() {
        let mut desk = Desk::new();
        desk.executed("Long Call", &[("B", 26300, "CE", dec!(35.90))]);
        let view = desk.view();
        assert_eq!((view.positions.groups[0].pnl, view.header.pnl.net), (None, None));
    }

    #[test]
    fn what_the_broker_has_beyond_our_lots_is_foreign() {
        let mut desk = Desk::new();
        desk.executed("Long Call", &[("B", 26300, "CE", dec!(35.90))]);
        desk.broker_has(26300, "CE", 130);
        desk.broker_has(26000, "CE", -65);
        let view = desk.view();
        let foreign: Vec<(i64, Option<StrategyId>)> =
            view.positions.foreign.iter().map(|r| (r.net.0, r.strategy)).collect();
        assert_eq!(foreign, [(-65, None), (65, None)]);
        assert!(!view.positions.groups[0].rows[0].mismatch);
    }

    #[test]
    fn what_is_realised_what_is_open_and_what_it_cost_add_up() {
        let mut desk = Desk::new();
        desk.executed("Long Call", &[("B", 26300, "CE", dec!(35.90))]);
        desk.price(26300, "CE", dec!(40.00));
        let view = desk.view();
        let group = &view.positions.groups[0];
        assert_eq!((group.realised(), group.unrealised()), (Some(Money::ZERO), Some(Money(dec!(266.50)))));
        // 0.1 % of 65 × 35.90.
        assert_eq!((group.charges, group.net()), (Money(dec!(2.33)), Some(Money(dec!(264.17)))));
    }

    #[test]
    fn each_difference_has_its_numbers_and_its_kind() {
        use DifferenceKind::{Beyond, Foreign, Less, Missing, Opposite};
        let mut desk = Desk::new();
        desk.executed("Strangle", &[("B", 26300, "CE", dec!(35.90)), ("B", 25600, "PE", dec!(30))]);
        assert_eq!(desk.view().positions.differences, []);
        desk.broker_has(26300, "CE", 130);
        desk.broker_has(25600, "PE", 0);
        desk.broker_has(26000, "CE", -65);
        let kinds: Vec<(i64, i64, DifferenceKind)> =
            desk.view().positions.differences.iter().map(|d| (d.ours.0, d.broker.0, d.kind())).collect();
        assert_eq!(kinds, [(65, 0, Missing), (0, -65, Foreign), (65, 130, Beyond)]);
        desk.broker_has(25600, "PE", 30);
        desk.broker_has(26300, "CE", -65);
        let kinds: Vec<DifferenceKind> = desk.view().positions.differences.iter().map(Difference::kind).collect();
        assert_eq!(kinds, [Less, Foreign, Opposite]);
    }

    #[test]
    fn less_at_the_broker_than_our_lots_say_is_a_mismatch() {
        let mut desk = Desk::new();
        desk.executed("Long Call", &[("B", 26300, "CE", dec!(35.90))]);
        desk.broker_has(26300, "CE", 0);
        let view = desk.view();
        let row = &view.positions.groups[0].rows[0];
        assert_eq!((row.mismatch, row.broker, view.positions.foreign.len()), (true, Some(NetQuantity(0)), 0));
    }

    #[test]
    fn a_book_read_before_the_last_fill_says_nothing() {
        let mut desk = Desk::new();
        desk.broker_has(26300, "CE", 0);
        desk.executed_without_reading("Long Call", &[("B", 26300, "CE", dec!(35.90))]);
        let view = desk.view();
        let row = &view.positions.groups[0].rows[0];
        assert_eq!((row.mismatch, row.broker), (false, None));
    }
}
