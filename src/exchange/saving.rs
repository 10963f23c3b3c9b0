//! The exchange's books on paper: a snapshot of everything, and what has changed since.
//!
//! Changes hold whole orders and trades, not the requests that made them: so books written by one version are the same
//! books in the next, however prices are made there.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;
use crate::domain::{Contract, Side};

use super::account::Account;
use super::config::{Behaviour, UnderlyingSpec};
use super::forever_orders::ForeverOrder;
use super::history::History;
use super::listing::Numbers;
use super::market::Market;
use super::order::{Order, Trade};
use super::prices::Process;
use super::schedule::ClockMode;
use super::statements::Statements;
use super::steering::{Suspensions, Ways};
use super::super_orders::SuperOrder;
use super::triggers::StandingTrigger;
use super::{Counters, Event, Exchange, PriceClock, Taken, Unsaved};

/// The version of what is written here. Older ones are read as long as they can be.
const VERSION: u32 = 1;

/// Books that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    #[error("the exchange's books cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    #[error("the exchange's books are of version {found}; this program reads version {VERSION}")]
    Version { found: u32 },
}

/// What has to be written so that nothing told so far can be lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changes {
    Nothing,
    /// To be kept after the last snapshot and the deltas before it.
    Delta(Vec<u8>),
    /// Replaces everything written before.
    Snapshot(Vec<u8>),
}

/// What changes often, and is small.
#[derive(Serialize, Deserialize)]
struct State {
    now: Timestamp,
    price_clock: PriceClock,
    accounts: Vec<Account>,
    queue: Vec<(Timestamp, u64, Event)>,
    taken: Vec<(Contract, Side, Taken)>,
    counters: Counters,
}

#[derive(Serialize, Deserialize)]
struct Snapshot {
    version: u32,
    seed: u64,
    start_cash: i64,
    behaviour: Behaviour,
    underlyings: Vec<UnderlyingSpec>,
    processes: Vec<Process>,
    numbers: Numbers,
    step: u64,
    watched: Vec<Contract>,
    orders: Vec<Order>,
    trades: Vec<Trade>,
    #[serde(default)]
    super_orders: Vec<SuperOrder>,
    #[serde(default)]
    forever_orders: Vec<ForeverOrder>,
    #[serde(default)]
    triggers: Vec<StandingTrigger>,
    state: State,
    #[serde(default)]
    history: History,
    #[serde(default)]
    statements: Statements,
}

#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

#[derive(Serialize, Deserialize)]
struct Delta {
    /// Changed orders, whole.
    orders: Vec<Order>,
    /// New trades. Those already known by their number are not counted twice.
    trades: Vec<Trade>,
    /// Changed ones, whole.
    #[serde(default)]
    super_orders: Vec<SuperOrder>,
    #[serde(default)]
    forever_orders: Vec<ForeverOrder>,
    #[serde(default)]
    triggers: Vec<StandingTrigger>,
    state: State,
}

impl Exchange {
    /// Everything, so that `restore` gives back an exchange that goes on exactly as this one would.
    pub fn save(&self) -> Vec<u8> {
        let snapshot = Snapshot {
            version: VERSION,
            seed: self.seed,
            start_cash: self.start_cash,
            behaviour: self.market.behaviour.clone(),
            underlyings: self.market.specs.clone(),
            processes: self.market.processes.clone(),
            numbers: self.market.numbers.clone(),
            step: self.market.step,
            watched: self.watched.keys().copied().collect(),
            orders: self.orders.values().cloned().collect(),
            trades: self.trades.clone(),
            super_orders: self.super_orders.values().copied().collect(),
            forever_orders: self.forever_orders.values().cloned().collect(),
            triggers: self.triggers.values().cloned().collect(),
            state: self.state(),
            history: self.history.clone(),
            statements: self.statements.clone(),
        };
        // Maps have been turned into lists, so nothing in here can fail to be written.
        serde_json::to_vec(&snapshot).unwrap_or_default()
    }

    /// The exchange a snapshot was taken of. The clock is not part of the books. Notices not yet told are not either.
    pub fn restore(snapshot: &[u8], clock: ClockMode) -> Result<Self, RestoreError> {
        let Versioned { version } = serde_json::from_slice(snapshot)?;
        if version != VERSION {
            return Err(RestoreError::Version { found: version });
        }
        let saved: Snapshot = serde_json::from_slice(snapshot)?;
        let mut market = Market::new(saved.seed, saved.behaviour);
        market.specs = saved.underlyings;
        market.processes = saved.processes;
        market.numbers = saved.numbers;
        market.step = saved.step;
        let next_day_event = clock.next(saved.state.now, market.behaviour.square_off);
        let mut exchange = Self {
            seed: saved.seed,
            market,
            clock,
            start_cash: saved.start_cash,
            now: saved.state.now,
            price_clock: saved.state.price_clock,
            next_day_event,
            accounts: BTreeMap::new(),
            orders: saved.orders.into_iter().map(|o| (o.number, o)).collect(),
            resting: BTreeSet::new(),
            trades: saved.trades,
            super_orders: saved.super_orders.into_iter().map(|s| (s.number, s)).collect(),
            forever_orders: saved.forever_orders.into_iter().map(|f| (f.number, f)).collect(),
            triggers: saved.triggers.into_iter().map(|t| (t.number, t)).collect(),
            candles: BTreeMap::new(),
            queue: BTreeMap::new(),
            taken: BTreeMap::new(),
            watched: saved.watched.into_iter().map(|c| (c, None)).collect(),
            counters: Counters::default(),
            outbox: Vec::new(),
            unsaved: Unsaved::default(),
            ways: Ways::default(),
            suspensions: Suspensions::default(),
            history: saved.history,
            statements: saved.statements,
        };
        exchange.take_over(saved.state);
        exchange.unsaved.trades = exchange.trades.len();
        Ok(exchange)
    }

    /// Adds what was written after the snapshot.
    pub fn apply(&mut self, delta: &[u8]) -> Result<(), RestoreError> {
        let delta: Delta = serde_json::from_slice(delta)?;
        self.orders.extend(delta.orders.into_iter().map(|o| (o.number, o)));
        let known = self.trades.last().map_or(0, |t| t.number);
        self.trades.extend(delta.trades.into_iter().filter(|t| t.number > known));
        self.super_orders.extend(delta.super_orders.into_iter().map(|s| (s.number, s)));
        self.forever_orders.extend(delta.forever_orders.into_iter().map(|f| (f.number, f)));
        self.triggers.extend(delta.triggers.into_iter().map(|t| (t.number, t)));
        self.take_over(delta.state);
        self.unsaved = Unsaved { trades: self.trades.len(), ..Unsaved::default() };
        Ok(())
    }

    /// What has changed since this was last called; to be kept before anything of it is told.
    pub fn take_changes(&mut self) -> Changes {
        let unsaved = std::mem::take(&mut self.unsaved);
        self.unsaved.trades = self.trades.len();
        if unsaved.snapshot {
            return Changes::Snapshot(self.save());
        }
        if !unsaved.any {
            return Changes::Nothing;
        }
        let delta = Delta {
            orders: changed(&unsaved.orders, &self.orders),
            trades: self.trades.get(unsaved.trades..).unwrap_or_default().to_vec(),
            super_orders: changed(&unsaved.super_orders, &self.super_orders),
            forever_orders: changed(&unsaved.forever_orders, &self.forever_orders),
            triggers: changed(&unsaved.triggers, &self.triggers),
            state: self.state(),
        };
        Changes::Delta(serde_json::to_vec(&delta).unwrap_or_default())
    }

    /// Makes the next changes a whole snapshot: because the file has grown long, or the last changes were lost on the way.
    pub fn want_snapshot(&mut self) {
        self.note_snapshot();
    }

    fn state(&self) -> State {
        State {
            now: self.now,
            price_clock: self.price_clock,
            accounts: self.accounts.values().cloned().collect(),
            queue: self.queue.iter().map(|((at, n), e)| (*at, *n, e.clone())).collect(),
            taken: self.taken.iter().map(|((contract, side), t)| (*contract, *side, *t)).collect(),
            counters: self.counters,
        }
    }

    fn take_over(&mut self, state: State) {
        self.now = state.now;
        self.price_clock = state.price_clock;
        self.accounts = state.accounts.into_iter().map(|a| (a.name.clone(), a)).collect();
        self.queue = state.queue.into_iter().map(|(at, n, e)| ((at, n), e)).collect();
        self.taken = state.taken.into_iter().map(|(contract, side, t)| ((contract, side), t)).collect();
        self.counters = state.counters;
        let at_exchange = |o: &&Order| o.at_exchange.is_some() && !o.status.is_final();
        self.resting = self.orders.values().filter(at_exchange).map(|o| o.number).collect();
        self.next_day_event = self.clock.next(self.now, self.market.behaviour.square_off);
        self.market.move_to(self.step_at(self.now));
        self.history.seen = self.now;
        self.remember();
    }
}

fn changed<T: Clone>(numbers: &BTreeSet<u64>, all: &BTreeMap<u64, T>) -> Vec<T> {
    numbers.iter().filter_map(|number| all.get(number)).cloned().collect()
}
