//! A day of a journal, played: the state after any of its records, forwards and backwards.
//!
//! Going back folds again from the nearest state kept on the way, so that any step within a day is quick.

use crate::domain::time::Timestamp;
use crate::engine::{Record, State};

/// A state is kept after so many records.
const KEEP_EVERY: usize = 4_000;

/// The records of a day, and where among them we stand.
#[derive(Clone, Debug)]
pub struct Playback {
    records: Vec<(Timestamp, Record)>,
    /// The instant at which each is shown. A clock that was put back does not take the picture with it.
    shown_at: Vec<Timestamp>,
    /// The state before record 0, `KEEP_EVERY`, 2 × `KEEP_EVERY`, …
    kept: Vec<State>,
    state: State,
    done: usize,
}

impl Playback {
    /// The records of a day, in order, and the state before the first. Stands before the first.
    pub fn new(before: State, records: Vec<(Timestamp, Record)>) -> Self {
        let mut latest = Timestamp::MIN;
        let shown_at = records.iter().map(|(at, _)| {
            latest = latest.max(*at);
            latest
        });
        let shown_at = shown_at.collect();
        let (mut state, mut kept) = (before.clone(), Vec::new());
        for (n, (at, record)) in records.iter().enumerate() {
            if n.is_multiple_of(KEEP_EVERY) {
                kept.push(state.clone());
            }
            state.apply(record, *at);
        }
        if kept.is_empty() {
            kept.push(before.clone());
        }
        Self { records, shown_at, kept, state: before, done: 0 }
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// How many of them have been folded.
    pub fn done(&self) -> usize {
        self.done
    }

    /// The state after those.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The records up to here, and the instant of each.
    pub fn past(&self) -> &[(Timestamp, Record)] {
        &self.records[..self.done]
    }

    /// The instant at which record `n`, counted from 1, is shown.
    pub fn shown_at(&self, n: usize) -> Option<Timestamp> {
        self.shown_at.get(n.checked_sub(1)?).copied()
    }

    /// How many records there are up to an instant.
    pub fn until(&self, instant: Timestamp) -> usize {
        self.shown_at.partition_point(|at| *at <= instant)
    }

    /// Goes to where `done` records have been folded; beyond the last, to the last.
    pub fn go_to(&mut self, done: usize) {
        let done = done.min(self.records.len());
        let nearest = (done / KEEP_EVERY).min(self.kept.len() - 1);
        // Forwards from here, unless a kept state is nearer.
        if done < self.done || nearest * KEEP_EVERY > self.done {
            self.state.clone_from(&self.kept[nearest]);
            self.done = nearest * KEEP_EVERY;
        }
        for (at, record) in &self.records[self.done..done] {
            self.state.apply(record, *at);
        }
        self.done = done;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::StrategyId;
    use crate::domain::time::after_ms;

    fn start() -> Timestamp {
        "2026-11-20T03:45:00Z".parse().unwrap()
    }

    /// A record that changes the state, one a second.
    fn records(count: u64) -> Vec<(Timestamp, Record)> {
        let one = |n: u64| {
            let record =
                if n.is_multiple_of(3) { Record::Armed } else { Record::Halted { reason: format!("reason {n}") } };
            (after_ms(start(), i64::try_from(n).unwrap() * 1_000), record)
        };
        (0..count).map(one).collect()
    }

    fn folded(records: &[(Timestamp, Record)]) -> State {
        let mut state = State::default();
        records.iter().for_each(|(at, record)| state.apply(record, *at));
        state
    }

    proptest! {
        #[test]
        fn wherever_one_goes_the_state_is_what_the_records_fold_to(stops in prop::collection::vec(0_usize..9_100, 1..12)) {
            let records = records(9_000);
            let mut playback = Playback::new(State::default(), records.clone());
            for stop in stops {
                playback.go_to(stop);
                prop_assert_eq!(playback.done(), stop.min(9_000));
                prop_assert_eq!(playback.state(), &folded(&records[..stop.min(9_000)]));
                prop_assert_eq!(playback.past().len(), playback.done());
            }
        }
    }

    #[test]
    fn an_instant_shows_every_record_up_to_it() {
        let playback = Playback::new(State::default(), records(100));
        assert_eq!(playback.until(after_ms(start(), -1)), 0);
        assert_eq!(playback.until(start()), 1);
        assert_eq!(playback.until(after_ms(start(), 10_999)), 11);
        assert_eq!(playback.until(after_ms(start(), 10_000_000)), 100);
        assert_eq!((playback.shown_at(0), playback.shown_at(11)), (None, Some(after_ms(start(), 10_000))));
        assert_eq!(playback.shown_at(101), None);
    }

    #[test]
    fn a_clock_put_back_an_hour_does_not_take_the_picture_with_it() {
        let mut records = records(10);
        for (at, _) in &mut records[5..] {
            *at = after_ms(*at, -3_600_000);
        }
        let mut playback = Playback::new(State::default(), records.clone());
        let fifth = after_ms(start(), 4_000);
        assert_eq!(playback.shown_at(5), Some(fifth));
        assert_eq!((playback.shown_at(6), playback.shown_at(10)), (Some(fifth), Some(fifth)));
        assert_eq!((playback.until(after_ms(fifth, -1)), playback.until(fifth)), (4, 10));
        playback.go_to(10);
        assert_eq!(playback.state(), &folded(&records), "each is folded with its own time");
    }

    #[test]
    fn a_day_without_records_stands_still() {
        let mut playback = Playback::new(State { next_strategy: StrategyId(7).0, ..State::default() }, Vec::new());
        playback.go_to(3);
        assert_eq!((playback.done(), playback.state().next_strategy), (0, 7));
    }
}
