//! Money, once all is quiet: fills, lots, profit and charges are those of the exchange's own books, to the paisa.

use std::collections::BTreeMap;

use super::{Checked, Checks, Known, must};
use crate::domain::time::trading_day;
use crate::domain::{BrokerOrderId, Contract, IntentId, Money, Product, Side};
use crate::engine::State;
use crate::engine::record::Owner;
use crate::engine::state::LotKey;
use crate::exchange::{PositionView, TradeView};
use crate::options::charges::{OrderTally, RawCharges};
use crate::simulation::listing::{Listing, tariff};
use crate::simulation::report::Invariant;

/// The exchange's books of the day.
pub struct Books {
    pub trades: Vec<TradeView>,
    pub positions: Vec<PositionView>,
    /// Nothing of the run is missing in them: no day has ended since it began.
    pub whole: bool,
}

/// What was traded: net quantity, and cash in less cash out.
type Traded = (i64, Money);

fn add(to: &mut Traded, trade: &TradeView) {
    let value = trade.price.times(trade.quantity);
    to.0 += trade.side.signed(trade.quantity).0;
    to.1 += if trade.side == Side::Sell { value } else { -value };
}

impl Checks {
    pub(super) fn money_is_theirs(&self, state: &State, books: &Books, listing: &Listing) -> Checked {
        if !books.whole {
            return Ok(());
        }
        self.charges_are_theirs(state, &books.trades, listing)?;
        fills_are_theirs(state, &books.trades)?;
        self.lots_are_theirs(state, &books.trades)?;
        self.profit_is_theirs(state, books)
    }

    fn known(&self, id: &BrokerOrderId) -> Option<&Known> {
        self.orders.get(id).filter(|o| o.purpose.is_some())
    }

    /// What the day's trades of our orders have cost by the tariff, added up as a contract note does.
    fn charges_are_theirs(&self, state: &State, trades: &[TradeView], listing: &Listing) -> Checked {
        let Some(tariff) = tariff() else { return Ok(()) };
        let Some(day) = state.day.date else { return Ok(()) };
        let mut orders: BTreeMap<&BrokerOrderId, OrderTally> = BTreeMap::new();
        let ours = |t: &&TradeView| self.known(&t.order_id).is_some() && trading_day(t.at) == day;
        for t in trades.iter().filter(ours) {
            let new = || OrderTally::new(t.contract, t.product, t.side, day);
            orders.entry(&t.order_id).or_insert_with(new).fill(t.quantity, t.price);
        }
        let raw: RawCharges = orders.values().filter_map(|tally| tally.charges(tariff).ok()).sum();
        let (ours, theirs) = (state.charges(day, listing), raw.rounded().total());
        must(ours == theirs, Invariant::MoneyReconciles, || {
            format!("our charges of {day} are {ours}, by the exchange's trades they are {theirs}")
        })
    }

    /// What each strategy holds and has paid for it, contract by contract.
    fn lots_are_theirs(&self, state: &State, trades: &[TradeView]) -> Checked {
        let mut theirs: BTreeMap<LotKey, Traded> = BTreeMap::new();
        for trade in trades {
            let purpose = self.known(&trade.order_id).and_then(|o| o.purpose);
            let Some(owner) = purpose.map(|p| p.owner()).filter(|o| *o != Owner::Foreign) else { continue };
            let key = LotKey { owner, contract: trade.contract, product: trade.product };
            add(theirs.entry(key).or_default(), trade);
        }
        let ours: BTreeMap<LotKey, Traded> =
            state.lots.iter().map(|(k, l)| (*k, (l.net.0, l.sold_value - l.bought_value))).collect();
        let keys = theirs.keys().chain(ours.keys());
        let mut keys = keys.into_iter().filter(|k| !self.closed.contains(&(k.contract, k.product)));
        let different = keys.find(|k| theirs.get(k) != ours.get(k));
        different.map_or(Ok(()), |key| {
            must(false, Invariant::MoneyReconciles, || {
                let (ours, theirs, label) = (ours.get(key), theirs.get(key), key.contract.label());
                format!("{:?} has {ours:?} of {label}; by the exchange's trades {theirs:?}", key.owner)
            })
        })
    }

    /// The profit of the day: by contract it is what the exchange's positions say, and all of it is what its trades come to.
    fn profit_is_theirs(&self, state: &State, books: &Books) -> Checked {
        let mut cash = Money::ZERO;
        let mut elsewhere: BTreeMap<(Contract, Product), Traded> = BTreeMap::new();
        for trade in &books.trades {
            let purpose = self.known(&trade.order_id).and_then(|o| o.purpose);
            if purpose.is_none_or(|p| p.owner() == Owner::Foreign) {
                add(elsewhere.entry((trade.contract, trade.product)).or_default(), trade);
            } else {
                let value = trade.price.times(trade.quantity);
                cash += if trade.side == Side::Sell { value } else { -value };
            }
        }
        for p in books.positions.iter().filter(|p| !self.closed.contains(&(p.contract, p.product))) {
            let lots = state.lots.iter().filter(|(k, _)| (k.contract, k.product) == (p.contract, p.product));
            let ours: Money = lots.filter_map(|(_, l)| l.pnl(Some(p.mark))).sum();
            let (net, paid) = elsewhere.get(&(p.contract, p.product)).copied().unwrap_or_default();
            let ours = ours + paid + p.mark * crate::domain::NetQuantity(net);
            let theirs = p.realised + p.unrealised;
            must(ours == theirs, Invariant::MoneyReconciles, || {
                format!("{}: our profit is {ours}, the exchange's position says {theirs}", p.contract.label())
            })?;
            let realised = p.net.is_flat().then_some(p.realised);
            must(realised.is_none_or(|r| r == ours), Invariant::MoneyReconciles, || {
                format!("{}: {ours} is realised, the exchange says {realised:?}", p.contract.label())
            })?;
        }
        if !self.closed.is_empty() {
            // What those closings brought is an estimate of ours.
            return Ok(());
        }
        let open = state.lots.iter().filter(|(_, l)| !l.net.is_flat());
        let open: Option<Money> = open.map(|(k, l)| Some(state.marks.get(&k.contract)?.mid() * l.net)).sum();
        let (gross, theirs) = (state.gross_pnl(), open.map(|open| cash + open));
        must(gross == theirs, Invariant::MoneyReconciles, || {
            format!("our profit before charges is {gross:?}, by the exchange's trades it is {theirs:?}")
        })
    }
}

/// What each order's fills came to.
fn fills_are_theirs(state: &State, trades: &[TradeView]) -> Checked {
    let mut exchange: BTreeMap<IntentId, Money> = BTreeMap::new();
    for trade in trades {
        if let Some(id) = state.order_ids.get(&trade.order_id) {
            *exchange.entry(*id).or_default() += trade.price.times(trade.quantity);
        }
    }
    for order in state.orders.values().filter(|o| !o.filled.is_zero()) {
        let (ours, theirs) = (order.value, exchange.get(&order.intent.id).copied().unwrap_or_default());
        must(ours == theirs, Invariant::MoneyReconciles, || {
            format!("intent {}: our fills are worth {ours}, the exchange's {theirs}", order.intent.id)
        })?;
    }
    Ok(())
}
