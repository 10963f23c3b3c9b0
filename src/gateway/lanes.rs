//! The order lanes: exit, cancel, protection, entry, each first in, first out.

use std::collections::VecDeque;

use crate::domain::time::{Timestamp, after_ms};
use crate::domain::{BrokerOrderId, Intent, IntentId, OrderSpec};
use crate::engine::Lane;

/// What waits in a lane.
#[derive(Clone, Debug, PartialEq)]
pub enum Job {
    Place(Intent),
    Modify { intent: IntentId, order_id: BrokerOrderId, spec: OrderSpec },
    Cancel { intent: Option<IntentId>, order_id: BrokerOrderId },
}

#[derive(Clone, Debug, PartialEq)]
pub struct Waiting {
    pub job: Job,
    pub lane: Lane,
    pub since: Timestamp,
}

#[derive(Clone, Debug, Default)]
pub struct Lanes {
    exit: VecDeque<Waiting>,
    cancel: VecDeque<Waiting>,
    protection: VecDeque<Waiting>,
    entry: VecDeque<Waiting>,
}

/// The order in which lanes are served. Reads wait elsewhere.
const SERVED: [Lane; 4] = [Lane::Exit, Lane::Cancel, Lane::Protection, Lane::Entry];

impl Lanes {
    fn lane(&self, lane: Lane) -> &VecDeque<Waiting> {
        match lane {
            Lane::Exit => &self.exit,
            Lane::Cancel => &self.cancel,
            Lane::Protection => &self.protection,
            Lane::Entry | Lane::Query => &self.entry,
        }
    }

    fn lane_mut(&mut self, lane: Lane) -> &mut VecDeque<Waiting> {
        match lane {
            Lane::Exit => &mut self.exit,
            Lane::Cancel => &mut self.cancel,
            Lane::Protection => &mut self.protection,
            Lane::Entry | Lane::Query => &mut self.entry,
        }
    }

    pub fn push(&mut self, job: Job, lane: Lane, now: Timestamp) {
        self.lane_mut(lane).push_back(Waiting { job, lane, since: now });
    }

    pub fn len(&self, lane: Lane) -> usize {
        if lane == Lane::Query { 0 } else { self.lane(lane).len() }
    }

    pub fn iter(&self) -> impl Iterator<Item = &Waiting> {
        SERVED.into_iter().flat_map(|lane| self.lane(lane))
    }

    /// The lanes in the order in which they are served now: a cancel that has waited too long goes before newer exits, since
    /// a stream of exits must not keep a working entry alive. Exits that wait as long keep their place.
    pub fn served(&self, cancel_patience_ms: i64, now: Timestamp) -> [Lane; 4] {
        let older = |w: &Waiting| self.exit.front().is_none_or(|exit| w.since < exit.since);
        let impatient = self.cancel.front().is_some_and(|w| after_ms(w.since, cancel_patience_ms) <= now && older(w));
        if impatient { [Lane::Cancel, Lane::Exit, Lane::Protection, Lane::Entry] } else { SERVED }
    }

    /// Takes the first of a lane that `fits`.
    pub fn take(&mut self, lane: Lane, fits: impl Fn(&Job) -> bool) -> Option<Job> {
        let at = self.lane(lane).iter().position(|w| fits(&w.job))?;
        self.lane_mut(lane).remove(at).map(|w| w.job)
    }

    /// Whether anything in a lane `fits`.
    pub fn any(&self, lane: Lane, fits: impl Fn(&Job) -> bool) -> bool {
        self.lane(lane).iter().any(|w| fits(&w.job))
    }

    /// Removes all that `goes`, in the order of the lanes.
    pub fn remove(&mut self, goes: impl Fn(&Waiting) -> bool) -> Vec<Job> {
        let mut removed = Vec::new();
        for lane in SERVED {
            let (out, stay): (VecDeque<_>, VecDeque<_>) = self.lane_mut(lane).drain(..).partition(&goes);
            *self.lane_mut(lane) = stay;
            removed.extend(out.into_iter().map(|w| w.job));
        }
        removed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        after_ms(Timestamp::UNIX_EPOCH, ms)
    }

    fn cancel(id: &str) -> Job {
        Job::Cancel { intent: None, order_id: BrokerOrderId(id.into()) }
    }

    #[test]
    fn a_cancel_that_has_waited_goes_before_exits() {
        let mut lanes = Lanes::default();
        lanes.push(cancel("1"), Lane::Cancel, at(0));
        assert_eq!(lanes.served(1_000, at(999))[0], Lane::Exit);
        assert_eq!(lanes.served(1_000, at(1_000))[0], Lane::Cancel);
        lanes.push(cancel("an exit"), Lane::Exit, at(1));
        assert_eq!(lanes.served(1_000, at(1_000))[0], Lane::Cancel, "it is older than the exit");
    }

    #[test]
    fn an_exit_that_waits_as_long_as_the_cancels_frees_its_risk_first() {
        let mut lanes = Lanes::default();
        lanes.push(cancel("an exit"), Lane::Exit, at(0));
        lanes.push(cancel("1"), Lane::Cancel, at(0));
        assert_eq!(lanes.served(1_000, at(1_000))[0], Lane::Exit);
    }

    #[test]
    fn a_lane_is_first_in_first_out_past_what_cannot_go() {
        let mut lanes = Lanes::default();
        ["1", "2", "3"].into_iter().for_each(|id| lanes.push(cancel(id), Lane::Cancel, at(0)));
        assert_eq!(lanes.take(Lane::Cancel, |job| *job != cancel("1")), Some(cancel("2")));
        assert_eq!(lanes.take(Lane::Cancel, |_| true), Some(cancel("1")));
        assert_eq!(lanes.remove(|_| true), [cancel("3")]);
        assert_eq!(lanes.len(Lane::Cancel), 0);
    }
}
