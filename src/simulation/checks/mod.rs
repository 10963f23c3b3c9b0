//! The promises, as they are checked after every step: what leaves, what the exchange has, what is remembered.

mod concerns;
mod cover;
mod decisions;
mod leaving;
mod money;
mod orders;
mod rest;
mod scalps;

pub use money::Books;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::report::Invariant;
use crate::domain::time::Timestamp;
use crate::domain::{BrokerOrderId, CommandId, Contract, IntentId, Product, Quantity, Side};
use crate::engine::record::{Purpose, Unplaced};
use crate::engine::state::LotKey;
use crate::engine::{EngineConfig, State};

/// A promise that was broken, and by what.
#[derive(Clone, Debug)]
pub struct Broken {
    pub invariant: Invariant,
    pub detail: String,
}

pub type Checked = Result<(), Broken>;

pub fn broken(invariant: Invariant, detail: impl Into<String>) -> Checked {
    Err(Broken { invariant, detail: detail.into() })
}

/// Fails with a detail unless a condition holds.
fn must(holds: bool, invariant: Invariant, detail: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { broken(invariant, detail()) }
}

/// One order as the exchange has it.
#[derive(Clone, Debug)]
struct Known {
    purpose: Option<Purpose>,
    key: (Contract, Product),
    side: Side,
    quantity: Quantity,
    filled: Quantity,
    over: bool,
}

/// The installation's part of every mark.
pub const PREFIX: &str = "SIM01";

/// The mark of orders by which somebody else closes what is ours.
pub const CLOSING: &str = "APP2";

/// An exit is decided, sent and filled within this time, unless it rests.
const RACE_MS: i64 = 20_000;

/// For so long at most the desk may be down, cut off and logged out, one after the other.
const CUT_OFF_MS: i64 = 90_000;

/// The engine looks once a second, and asks before it acts.
const COVER_SLACK_MS: i64 = 3_000;

/// Order calls that may leave in one rolling second.
pub const CALLS_PER_SECOND: usize = 8;

#[derive(Debug, Default)]
pub struct Checks {
    /// Every intent that was ever made, by its mark, committed or not.
    intents: BTreeMap<String, (IntentId, Purpose)>,
    orders: BTreeMap<BrokerOrderId, Known>,
    by_mark: BTreeMap<String, BrokerOrderId>,
    /// Marks of intents that are said to have made no order.
    unplaced: BTreeMap<String, Unplaced>,
    nets: BTreeMap<(Contract, Product), i64>,
    foreign: BTreeMap<(Contract, Product), i64>,
    /// Where somebody else has closed what was ours: at what price, we are not told.
    closed: BTreeSet<(Contract, Product)>,
    /// Where an exit of ours raced with that: what is left then is nobody's.
    blurred: BTreeSet<(Contract, Product)>,
    /// When somebody else last traded it.
    foreign_traded: BTreeMap<(Contract, Product), Option<Timestamp>>,
    left: VecDeque<Timestamp>,
    pub order_calls: u32,
    /// Contracts whose exit the exchange has refused because it would need more margin than there is.
    refused_for_funds: BTreeSet<Contract>,
    /// What the records fold to, uncommitted ones included.
    shadow: State,
    /// The newest batch in it: one that is spilled after its commit failed comes by twice.
    last_seq: u64,
    unanswered: BTreeSet<CommandId>,
    /// Protected lots without their stop: since when, and how much was held then.
    uncovered: BTreeMap<LotKey, (Timestamp, i64)>,
    /// When the process began to reconcile last.
    running_since: Option<Timestamp>,
    pub config: EngineConfig,
}

impl Checks {
    pub fn new(config: EngineConfig) -> Self {
        Self { config, ..Self::default() }
    }

    /// A process starts from what the disk holds, up to batch `last_seq`.
    pub fn restarted(&mut self, state: &State, last_seq: u64) {
        self.shadow = state.clone();
        self.last_seq = last_seq;
        self.unanswered.clear();
        self.uncovered.clear();
    }

    /// Everything collected so far has gone through [`Self::remembers`]: the fold is the state.
    pub fn fold_is(&self, state: &State) -> Checked {
        must(bytes(&self.shadow) == bytes(state), Invariant::FoldIsState, || {
            "the records do not fold to the state".to_owned()
        })
    }

    pub fn asked(&mut self, id: CommandId) {
        self.unanswered.insert(id);
    }

    pub fn answered(&mut self, id: CommandId) -> Checked {
        must(self.unanswered.remove(&id), Invariant::AnsweredOnce, || format!("command {id} was answered twice"))
    }
}

pub fn bytes(state: &State) -> Vec<u8> {
    postcard::to_stdvec(state).unwrap_or_default()
}
