//! What the engine knows. Only [`State::apply`] changes it, so folding the journal arrives at the same state.

mod apply;
mod guards;
mod lots;
mod orders;
mod safeguards;
mod scalps;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use guards::{Basis, Guard, Plan, Stop, StopHow};
pub use lots::{Lot, LotKey};
pub use orders::{Order, OrderState, Told};
pub use safeguards::{Safeguard, Safeguards};
pub use scalps::{Proposal, Received, Scalp, ScalpDay, ScalpPlan, Scalper, SignalFate, TradeState};

use super::config::FailurePolicy;
use super::record::{Owner, Profile};
use super::reference::{Reference, ResolvedLeg};
use crate::domain::time::{Timestamp, trading_day};
use crate::domain::{
    BrokerOrderId, Contract, CorrelationId, ExitRules, Funds, IntentId, Money, NetQuantity, OrderSighting,
    PositionSighting, Product, Quantity, Quote, Recommendation, StrategyId, StrategyStatus,
};
use crate::options::charges::RawCharges;

/// A recommendation and what has become of it here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Strategy {
    pub id: StrategyId,
    pub recommendation: Recommendation,
    pub status: StrategyStatus,
    /// Higher goes first. 0 while unmarked.
    pub priority: i32,
    pub notes: String,
    pub added_at: Timestamp,
    pub marked_at: Option<Timestamp>,
    /// What was sent for it since then has this number or a later one.
    pub first_intent: IntentId,
    /// When a marked strategy stops being one.
    pub expires: Option<Timestamp>,
    /// Resolved when it was marked, frozen since. Empty before.
    pub legs: Vec<ResolvedLeg>,
    /// When its execution ended, well or not.
    pub executed_at: Option<Timestamp>,
    /// Why it failed, was deferred or has expired.
    pub reason: Option<String>,
    /// Waiting for its turn since.
    pub queued_at: Option<Timestamp>,
    pub execution: Option<Execution>,
    /// Exit rules by the trader's own word; `None`: by the settings.
    pub rules: Option<ExitRules>,
    /// What happens when a leg fails, by the trader's own word; `None`: by the settings.
    pub on_failure: Option<FailurePolicy>,
    /// What it goes by since it was executed.
    pub plan: Option<Plan>,
}

impl Strategy {
    /// `#118 NIFTY Iron Condor`.
    pub fn title(&self) -> String {
        format!("#{} {} {}", self.id, self.recommendation.symbol, self.recommendation.name)
    }
}

/// An execution under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    pub started_at: Timestamp,
    /// The quotes it began with: chasing is bounded by them.
    pub quotes: BTreeMap<Contract, Quote>,
    pub phase: Phase,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    Entering,
    /// Stopped, with the reason; the trader resumes or unwinds.
    Held(String),
    /// Exiting what has filled, with the reason; then it has failed.
    Unwinding(String),
}

/// An exit under way: reduces what `owner` holds to what it keeps, usually nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    pub keep: Quantity,
    pub reason: String,
    pub started_at: Timestamp,
    /// Exit orders refused or lost in a row: the next waits longer.
    pub failures: u32,
    pub last_failure: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Halt {
    pub since: Timestamp,
    pub reason: String,
    /// Flattened: only the typed word arms again.
    pub locked: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flatten {
    pub started_at: Timestamp,
    pub include_foreign: bool,
}

/// What the broker last said of the account, and when it was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokerBooks {
    pub positions: Vec<PositionSighting>,
    pub positions_at: Option<Timestamp>,
    pub orders_at: Option<Timestamp>,
    pub trades_at: Option<Timestamp>,
    pub funds: Option<Funds>,
    pub funds_at: Option<Timestamp>,
}

/// Counters of the trading day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayCounters {
    pub date: Option<Date>,
    pub trades: u32,
    pub intents: u32,
}

/// Everything. Ordered maps and exact numbers only, so that its bytes are the same wherever it is built.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    pub profile: Profile,
    pub prefix: String,
    pub day: DayCounters,
    pub strategies: BTreeMap<StrategyId, Strategy>,
    pub orders: BTreeMap<IntentId, Order>,
    /// Of `orders`, those that may still trade.
    pub open: BTreeSet<IntentId>,
    /// The same, by contract and product.
    pub open_in: BTreeMap<(Contract, Product), BTreeSet<IntentId>>,
    /// Of `strategies`, those that are marked, deferred or executing.
    pub active: BTreeSet<StrategyId>,
    /// Of `strategies`, those whose exit rules still wait.
    pub planned: BTreeSet<StrategyId>,
    pub correlations: BTreeMap<CorrelationId, IntentId>,
    pub order_ids: BTreeMap<BrokerOrderId, IntentId>,
    /// Working orders that are not ours.
    pub foreign_orders: BTreeMap<BrokerOrderId, OrderSighting>,
    pub lots: BTreeMap<LotKey, Lot>,
    /// Their keys, by contract.
    pub lots_by_contract: BTreeMap<Contract, BTreeSet<LotKey>>,
    pub exits: BTreeMap<LotKey, Exit>,
    /// Lots with a stop or a target, and lots that shall have none.
    pub guards: BTreeMap<LotKey, Guard>,
    #[serde(default)]
    pub scalper: Scalper,
    pub broker: BrokerBooks,
    pub marks: BTreeMap<Contract, Quote>,
    pub halt: Option<Halt>,
    pub flatten: Option<Flatten>,
    pub safeguards: Safeguards,
    /// The start being reconciled; `None` once the books have been compared.
    pub reconciling_since: Option<Timestamp>,
    /// False while the journal cannot be written.
    pub store_down: bool,
    pub order_link_down: bool,
    /// When anything of a contract last changed (intents, fills, ends): a position read before says nothing of it.
    pub changed: BTreeMap<(Contract, Product), Timestamp>,
    pub next_strategy: u64,
    pub next_intent: u64,
    pub last_fill_at: Option<Timestamp>,
}

impl State {
    /// What the broker says is open, by contract and product.
    pub fn broker_net(&self, contract: &Contract, product: Product) -> NetQuantity {
        let rows = self.broker.positions.iter().filter(|p| p.contract == *contract && p.product == product);
        rows.map(|p| p.net).sum()
    }

    /// What all of our lots in a contract and product sum to.
    pub fn lots_net(&self, contract: &Contract, product: Product) -> NetQuantity {
        let ours = self.lots_in(contract).filter(|k| k.product == product && k.owner != Owner::Foreign);
        ours.filter_map(|k| self.lots.get(&k)).map(|l| l.net).sum()
    }

    /// What the broker has beyond our lots: opened elsewhere.
    pub fn foreign_net(&self, contract: &Contract, product: Product) -> NetQuantity {
        self.broker_net(contract, product) - self.lots_net(contract, product)
    }

    /// Whether the position book was read after the last change of this contract.
    pub fn position_is_fresh(&self, contract: &Contract, product: Product) -> bool {
        let changed = self.changed.get(&(*contract, product)).copied();
        match (self.broker.positions_at, changed) {
            (Some(read), Some(changed)) => read > changed,
            (Some(_), None) => true,
            (None, _) => false,
        }
    }

    /// Orders that may still trade: working, on their way, or unknown.
    pub fn open_orders(&self) -> impl Iterator<Item = &Order> {
        self.open.iter().filter_map(|id| self.orders.get(id))
    }

    /// Strategies that are marked, deferred or executing.
    pub fn active_strategies(&self) -> impl Iterator<Item = &Strategy> {
        self.active.iter().filter_map(|id| self.strategies.get(id))
    }

    /// Those of one contract and product.
    pub fn open_orders_of(&self, contract: Contract, product: Product) -> impl Iterator<Item = &Order> {
        let ids = self.open_in.get(&(contract, product)).into_iter().flatten();
        ids.filter_map(|id| self.orders.get(id))
    }

    /// Working orders that are not ours, of one contract and product.
    pub fn foreign_orders_of(&self, contract: Contract, product: Product) -> impl Iterator<Item = &OrderSighting> {
        self.foreign_orders.values().filter(move |o| o.spec.contract == contract && o.spec.product == product)
    }

    /// Our stops of a lot that may still trade, restated into exits or not.
    pub fn stops_of(&self, key: LotKey) -> impl Iterator<Item = &Order> {
        let stop = super::record::Purpose::Protect { owner: key.owner };
        self.open_orders_of(key.contract, key.product).filter(move |o| o.purpose == stop)
    }

    /// Whose lots there are of a contract, held or closed today.
    pub fn lots_in(&self, contract: &Contract) -> impl Iterator<Item = LotKey> {
        self.lots_by_contract.get(contract).into_iter().flatten().copied()
    }

    /// For how much of a lot stops rest at the broker, as far as it has said.
    pub fn resting_stops(&self, key: LotKey) -> Quantity {
        self.stops_of(key).filter(|o| o.is_resting_stop()).map(Order::resting).sum()
    }

    /// What a strategy holds.
    pub fn lots_of(&self, owner: Owner) -> impl Iterator<Item = (&LotKey, &Lot)> {
        self.lots.iter().filter(move |(k, _)| k.owner == owner)
    }

    /// What a strategy holds of one leg: what its entry orders have filled, less what has been exited since.
    pub fn leg_held(&self, id: StrategyId, leg: usize) -> Quantity {
        let filled: Quantity = self.leg_orders(id, leg).map(|o| o.filled).sum();
        let resolved = self.strategies.get(&id).and_then(|s| s.legs.get(leg));
        let held: i64 = resolved.map_or(0, |l| {
            let lots = self.lots_of(Owner::Strategy(id)).filter(|(k, _)| k.contract == l.instrument.contract);
            lots.map(|(_, lot)| lot.net.0).sum::<i64>() * l.side.signed(Quantity(1)).0
        });
        filled.min(NetQuantity(held.max(0)).size())
    }

    /// Quantity that one leg's entry orders may still fill.
    pub fn leg_open(&self, id: StrategyId, leg: usize) -> Quantity {
        self.leg_orders(id, leg).filter(|o| o.state.is_open()).map(Order::remaining).sum()
    }

    /// The entry orders of one leg since the strategy was marked: those of an attempt before that are history.
    pub fn leg_orders(&self, id: StrategyId, leg: usize) -> impl Iterator<Item = &Order> {
        let entry = super::record::Purpose::Entry { strategy: id, leg };
        self.orders_since_marked(id).filter(move |o| o.purpose == entry)
    }

    /// Every order since a strategy was marked, its own among them; none while it is not.
    pub fn orders_since_marked(&self, id: StrategyId) -> impl Iterator<Item = &Order> {
        let marked = self.strategies.get(&id).filter(|s| s.marked_at.is_some());
        marked.into_iter().flat_map(|s| self.orders.range(s.first_intent..)).map(|(_, order)| order)
    }

    /// Realised + open P&L of all our lots of the day at the newest marks, before charges. `None` where a held
    /// contract has no mark.
    pub fn gross_pnl(&self) -> Option<Money> {
        self.lots.iter().map(|(k, l)| l.pnl(self.marks.get(&k.contract).map(Quote::mid))).sum()
    }

    /// What the orders of one owner have cost, by the tariff of `day`: rounded once.
    pub fn charges_of(&self, owner: Owner, day: Date, reference: &dyn Reference) -> Money {
        let filled = self.orders.values().filter(|o| o.purpose.owner() == owner && !o.filled.is_zero());
        let raw: RawCharges = filled.map(|o| reference.charges(&o.tally(day))).sum();
        raw.rounded().total()
    }

    /// What our orders of `day` have cost, by the tariff: added up unrounded and rounded once, as a contract note does.
    pub fn charges(&self, day: Date, reference: &dyn Reference) -> Money {
        let of_day = self.orders.values().filter(|o| !o.filled.is_zero() && trading_day(o.changed_at) == day);
        let raw: RawCharges = of_day.map(|o| reference.charges(&o.tally(day))).sum();
        raw.rounded().total()
    }
}
