//! What a run came to: a report, or the promise that was broken and how to see it again.

use std::collections::BTreeSet;
use std::fmt;

use super::{Disturbance, Weather};
use crate::domain::time::Timestamp;

/// Counts of one run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Happenings handled.
    pub steps: u64,
    /// Virtual seconds.
    pub seconds: i64,
    pub keys: u64,
    pub orders: u64,
    pub fills: u64,
    pub crashes: u64,
    /// Faults of network and disk that were drawn.
    pub faults: u64,
    pub halts: u64,
    pub flattens: u64,
    /// Stops that were set or moved.
    pub stops: u64,
    /// Exit rules that acted.
    pub rules: u64,
    pub unknown: u64,
    pub lost: u64,
    pub not_sent: u64,
    /// Batches noted in the spill file.
    pub spilled: u64,
    /// Scalps that were opened.
    pub scalps: u64,
}

impl std::ops::AddAssign<&Report> for Report {
    fn add_assign(&mut self, other: &Report) {
        self.steps += other.steps;
        self.seconds += other.seconds;
        self.keys += other.keys;
        self.orders += other.orders;
        self.fills += other.fills;
        self.crashes += other.crashes;
        self.faults += other.faults;
        self.halts += other.halts;
        self.flattens += other.flattens;
        self.stops += other.stops;
        self.rules += other.rules;
        self.unknown += other.unknown;
        self.lost += other.lost;
        self.not_sent += other.not_sent;
        self.spilled += other.spilled;
        self.scalps += other.scalps;
    }
}

/// A promise, as it is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// 1: no order leaves before its intent is on disk.
    JournalFirst,
    /// 2: one intent makes at most one order at the exchange.
    OneOrderPerIntent,
    /// 2: "not placed" is said only when it is known.
    NotPlacedIsKnown,
    /// At most so many order calls in any rolling second.
    Pace,
    /// 5: no entry is decided, and none leaves, while halted, flattening, reconciling or without a journal.
    NoEntryWhileHalted,
    /// An exit never makes a position change its sign, nor opens one.
    ExitsOnlyReduce,
    /// 3: stops, and exits with them, are never for more than is open.
    CoverWithinPosition,
    /// 3: what is protected has its stop resting within the configured time, or is being exited.
    StopCover,
    /// What protects is bought before what it protects is sold.
    HedgesFirst,
    /// An executed strategy holds what its legs say.
    ExecutedIsHeld,
    /// A strategy never holds more of a leg than it means to.
    LegsAreWhole,
    /// Nothing is believed filled that the exchange has not filled.
    FillsAreReal,
    /// 8: folding the journal gives the state, byte for byte.
    FoldIsState,
    /// 7: once quiet, our lots are the exchange's positions.
    LotsArePositions,
    /// 6: once quiet, the values of our fills are those of the exchange's trades.
    MoneyReconciles,
    /// 5: a flatten ends flat within its time once the network is healthy.
    FlattenEndsFlat,
    /// Everything that was begun comes to an end once the network is healthy.
    ComesToRest,
    /// 9: an entry is decided on a young quote.
    FreshQuotes,
    /// 9: an exit rule acts on young quotes of all that is open, and on what they come to.
    RulesOnFreshQuotes,
    /// 4: open lots stay within their limit.
    Limits,
    /// A signal is acted on once, however often it is delivered.
    SignalsOnce,
    /// Of one underlying there is one scalp at a time, and it is bought.
    OneScalp,
    /// A scalp is left when its time has come.
    LeftOnTime,
    /// Each key is answered, and once.
    AnsweredOnce,
    /// Time goes on.
    NoBusyLoop,
}

/// A broken promise. Its text says how to see it again.
#[derive(Clone, Debug)]
pub struct Violation {
    pub seed: u64,
    pub weather: Weather,
    pub invariant: Invariant,
    pub at: Timestamp,
    pub detail: String,
    /// The disturbances it takes: it breaks without all others.
    pub only: BTreeSet<Disturbance>,
    /// What happened to the orders it is about, oldest first.
    pub tail: Vec<String>,
}

/// Lines of the tail that the text shows; a replay shows all.
const SHOWN: usize = 80;

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seed, weather) = (self.seed, self.weather.as_str());
        writeln!(f, "seed {seed} ({weather}) breaks {:?} at {}: {}", self.invariant, self.at, self.detail)?;
        for line in self.tail.iter().skip(self.tail.len().saturating_sub(SHOWN)) {
            writeln!(f, "  {line}")?;
        }
        write!(f, "replay: {}", self.replay())
    }
}

impl Violation {
    /// The command that plays it again, to the same end.
    pub fn replay(&self) -> String {
        let only: Vec<String> = self.only.iter().map(Disturbance::to_string).collect();
        let (seed, weather, only) = (self.seed, self.weather.as_str(), only.join(","));
        format!("strikedeck simulate --seeds {seed} --profile {weather} --only {only} --trace")
    }
}

impl std::error::Error for Violation {}
