//! What the exchange remembers of its days, so that charts can be drawn of them: when prices moved, and where each
//! underlying's process stood when a stretch began. The prices themselves follow from that, as they did when they were quoted.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::Contract;
use crate::domain::time::{Timestamp, trading_day};

use super::PriceClock;
use super::market::Market;
use super::prices::{Day, Process};

/// Days kept. Charts of earlier ones are drawn by the same walk as those before the exchange began.
const MOST_DAYS: usize = 10;

/// A stretch of wall-clock time in which prices moved without a break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Run {
    pub from: Timestamp,
    /// `None` while it goes on.
    pub to: Option<Timestamp>,
    /// Milliseconds of the wall clock at which price time would have been zero.
    pub origin: i64,
}

/// Where an underlying's process stood: from this price step on, its prices follow from it.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Origin {
    pub contract: Contract,
    pub step: u64,
    pub process: Process,
}

/// How an underlying's day went.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Closing {
    pub day: Day,
    pub close: i64,
}

/// One trading day.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct DayRecord {
    pub day: Date,
    pub runs: Vec<Run>,
    /// In the order in which they began.
    pub origins: Vec<Origin>,
    /// When the day is over.
    pub closings: Vec<(Contract, Closing)>,
}

impl DayRecord {
    fn begin(day: Date, market: &Market) -> Self {
        let mut record = Self { day, runs: Vec::new(), origins: Vec::new(), closings: Vec::new() };
        record.note_origins(market);
        record
    }

    /// Underlyings that are new, or were put at another price, follow from where they stand now.
    fn note_origins(&mut self, market: &Market) {
        for (spec, process) in market.specs.iter().zip(&market.processes) {
            let known = self.origins.iter().rev().find(|o| o.contract == spec.contract);
            if known.is_none_or(|o| o.process.anchor() != process.anchor()) {
                self.origins.push(Origin { contract: spec.contract, step: market.step, process: process.clone() });
            }
        }
    }
}

/// The days so far, oldest first; the last one is today.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct History {
    pub days: Vec<DayRecord>,
    /// When the clock was last looked at.
    #[serde(default)]
    pub seen: Timestamp,
}

impl History {
    /// Takes note of how the clock and the processes stand. To be called whenever time goes on.
    pub(super) fn sync(&mut self, now: Timestamp, clock: &PriceClock, market: &Market) {
        if self.days.is_empty() {
            self.days.push(DayRecord::begin(trading_day(now), market));
        }
        let seen = std::mem::replace(&mut self.seen, now);
        let Some(today) = self.days.last_mut() else { return };
        today.note_origins(market);
        let last = today.runs.last_mut().filter(|run| run.to.is_none());
        let goes_on = last.as_ref().is_some_and(|run| clock.stopped.is_none() && run.origin == clock.origin);
        if goes_on {
            return;
        }
        if let Some(run) = last {
            run.to = Some(clock.stopped.map_or(seen, |s| s.at));
        }
        if clock.stopped.is_none() {
            today.runs.push(Run { from: now, to: None, origin: clock.origin });
        }
    }

    /// The trading day ends; to be called before the processes' own days do.
    pub(super) fn end_day(&mut self, now: Timestamp, market: &Market) {
        let Some(today) = self.days.last_mut() else { return };
        if let Some(run) = today.runs.last_mut().filter(|run| run.to.is_none()) {
            run.to = Some(now);
        }
        let closing = |n: usize| Some(Closing { day: market.day(n)?, close: market.spot(n) });
        let closings = market.specs.iter().enumerate().filter_map(|(n, spec)| Some((spec.contract, closing(n)?)));
        today.closings = closings.collect();
    }

    /// The next trading day begins; to be called after the processes' own days have.
    pub(super) fn begin_day(&mut self, day: Date, now: Timestamp, clock: &PriceClock, market: &Market) {
        self.days.push(DayRecord::begin(day, market));
        let gone = self.days.len().saturating_sub(MOST_DAYS);
        self.days.drain(..gone);
        self.sync(now, clock, market);
    }
}
