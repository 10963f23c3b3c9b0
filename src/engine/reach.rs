//! How far what was remembered reaches: the lots for which anything can have changed. Rules that look at every lot look
//! at those again, and at no others.

use std::collections::BTreeSet;

use super::record::Record;
use super::state::{LotKey, State};
use crate::domain::{Contract, IntentId};

/// Lots that something may have changed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    Of {
        lots: BTreeSet<LotKey>,
        /// Every lot of these.
        contracts: BTreeSet<Contract>,
    },
    All,
}

impl Default for Reach {
    /// Nothing has been looked at yet.
    fn default() -> Self {
        Self::All
    }
}

impl Reach {
    pub const NOTHING: Self = Self::Of { lots: BTreeSet::new(), contracts: BTreeSet::new() };

    pub fn take(&mut self) -> Self {
        std::mem::replace(self, Self::NOTHING)
    }

    /// Notes prices: they reach every lot of their contract.
    pub fn note_marks(&mut self, record: &Record) {
        if let (Self::Of { contracts, .. }, Record::Marks { quotes }) = (self, record) {
            contracts.extend(quotes.iter().map(|(contract, _)| *contract));
        }
    }

    /// Notes whatever else was remembered, and has been applied to the state.
    pub fn note(&mut self, record: &Record, state: &State) {
        match record {
            Record::IntentMade { intent, .. } => self.order(intent.id, state),
            Record::IntentUnplaced { intent, .. }
            | Record::OrderSeen { intent, .. }
            | Record::ModifyAsked { intent, .. }
            | Record::ModifyFailed { intent, .. }
            | Record::CancelAsked { intent }
            | Record::CancelFailed { intent, .. } => self.order(*intent, state),
            Record::ForeignOrderSeen { sighting } => self.contract(sighting.spec.contract),
            Record::ExitStarted { owner, contract, product, .. }
            | Record::ExitEnded { owner, contract, product, .. }
            | Record::LotWrittenOff { owner, contract, product, .. }
            | Record::StopSet { owner, contract, product, .. }
            | Record::TargetSet { owner, contract, product, .. }
            | Record::GuardDropped { owner, contract, product } => {
                self.lot(LotKey { owner: *owner, contract: *contract, product: *product });
            }
            Record::Marks { .. }
            | Record::Asked { .. }
            | Record::Refused { .. }
            | Record::PrioritySet { .. }
            | Record::NotesSet { .. }
            | Record::Queued { .. }
            | Record::Unqueued { .. }
            | Record::ForeignCancelAsked { .. }
            | Record::OrdersRead { .. }
            | Record::TradesRead { .. }
            | Record::FundsRead { .. }
            | Record::PlanMade { .. }
            | Record::PlanPeak { .. }
            | Record::FailurePolicySet { .. }
            | Record::RulesSet { .. }
            | Record::BrokerExitWished { .. }
            | Record::SafeguardAsked { .. }
            | Record::SafeguardTold { .. }
            | Record::SafeguardFailed { .. }
            | Record::SignalSeen { .. }
            | Record::SignalProposed { .. }
            | Record::SignalApproved { .. }
            | Record::SignalEnded { .. }
            | Record::SetupArmed { .. }
            | Record::OrderLink { .. } => {}
            Record::Created { .. }
            | Record::Started
            | Record::DayStarted { .. }
            | Record::Reconciled
            | Record::StrategyAdded { .. }
            | Record::StrategyUpdated { .. }
            | Record::StrategyMarked { .. }
            | Record::StrategyMoved { .. }
            | Record::ExecutionStarted { .. }
            | Record::ExecutionHeld { .. }
            | Record::ExecutionResumed { .. }
            | Record::UnwindStarted { .. }
            | Record::TradesSeen { .. }
            | Record::PositionsRead { .. }
            | Record::RuleFired { .. }
            | Record::ScalpOpened { .. }
            | Record::ScalpMoved { .. }
            | Record::ScalpClosed { .. }
            | Record::Halted { .. }
            | Record::FlattenStarted { .. }
            | Record::FlattenEnded
            | Record::Armed
            | Record::Store { .. } => *self = Self::All,
        }
    }

    fn lot(&mut self, key: LotKey) {
        if let Self::Of { lots, contracts } = self {
            lots.insert(key);
            contracts.insert(key.contract);
        }
    }

    fn contract(&mut self, contract: Contract) {
        if let Self::Of { contracts, .. } = self {
            contracts.insert(contract);
        }
    }

    fn order(&mut self, id: IntentId, state: &State) {
        if let Some(order) = state.orders.get(&id) {
            self.lot(order.lot_key());
        }
    }

    /// The lots themselves, in order: those that are held, guarded, or have a stop that may still trade.
    pub fn lots(self, state: &State) -> BTreeSet<LotKey> {
        match self {
            Self::Of { mut lots, contracts } => {
                lots.extend(contracts.iter().flat_map(|c| state.lots_in(c)));
                lots
            }
            Self::All => {
                let stops = state.open_orders().filter(|o| o.purpose.is_stop()).map(super::state::Order::lot_key);
                state.lots.keys().chain(state.guards.keys()).copied().chain(stops).collect()
            }
        }
    }
}
