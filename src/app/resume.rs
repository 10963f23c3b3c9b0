//! Notices that time has jumped: the machine slept, the process was held, or somebody set the clock.
//!
//! A beat every second compares the wall clock and the one that is never set. Either may show a sleep: on Linux the second
//! one sleeps too, on Windows it goes on. What follows from a sleep: the links are made anew at once (a dead connection
//! would otherwise be noticed by its silence only), prices are old by their own age until fresh ones come, the order link's
//! return has the books read, and the trader is told.

use std::time::{Duration, Instant};

use tokio::sync::watch;
use tracing::warn;

use super::inputs::Inputs;
use super::shared::Shared;
use super::steady::SteadyClock;
use crate::domain::time::{Timestamp, ms_between};
use crate::engine::effect::AlertLevel;
use crate::view::format;

const BEAT: Duration = Duration::from_secs(1);
/// Longer than a busy machine ever keeps a beat waiting.
const STOOD_STILL_MS: i64 = 15_000;
/// A wall clock that loses more than this between two beats was put back.
const PUT_BACK_MS: i64 = 5_000;

/// What a beat that came at the wrong time means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Jump {
    StoodStill { ms: i64 },
    PutBack { ms: i64 },
}

/// The last beat.
#[derive(Clone, Copy, Debug)]
struct Beat {
    wall: Timestamp,
    at: Instant,
}

impl Beat {
    fn next(&mut self, wall: Timestamp, at: Instant) -> Option<Jump> {
        let by_wall = ms_between(self.wall, wall);
        let passed = i64::try_from(at.saturating_duration_since(self.at).as_millis()).unwrap_or(i64::MAX);
        *self = Self { wall, at };
        if by_wall.max(passed) > STOOD_STILL_MS {
            return Some(Jump::StoodStill { ms: by_wall.max(passed) });
        }
        let lost = passed - by_wall;
        (lost > PUT_BACK_MS).then_some(Jump::PutBack { ms: lost })
    }
}

impl Jump {
    fn words(self) -> String {
        match self {
            Self::StoodStill { ms } => format!(
                "Nothing ran here for {}: the machine slept, or its clock was set. The links are made anew and the \
                 broker's books are read; entries wait for fresh prices.",
                format::left(ms)
            ),
            Self::PutBack { ms } => format!(
                "The clock of this machine was put back by {}. Prices look too old until it is right again, so entries \
                 may be refused; exits are not.",
                format::left(ms)
            ),
        }
    }
}

/// Counts the sleeps that were noticed; whoever keeps a link makes it anew when the number changes.
pub type Resumes = watch::Receiver<u64>;

/// Beats until the program ends.
pub async fn watch_the_clocks(clock: SteadyClock, shared: Shared, inputs: Inputs, resumes: watch::Sender<u64>) {
    let mut beat = Beat { wall: Timestamp::now(), at: Instant::now() };
    loop {
        tokio::time::sleep(BEAT).await;
        let Some(jump) = beat.next(Timestamp::now(), Instant::now()) else { continue };
        warn!(target: "desk", "{}", jump.words());
        shared.notice(AlertLevel::Warning, jump.words(), clock.now());
        if matches!(jump, Jump::StoodStill { .. }) {
            resumes.send_modify(|n| *n += 1);
        }
        inputs.look();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::after_ms;

    fn beat() -> (Timestamp, Instant, Beat) {
        let (wall, at) = ("2026-11-20T04:00:00Z".parse().unwrap(), Instant::now());
        (wall, at, Beat { wall, at })
    }

    #[test]
    fn a_sleep_is_noticed_whichever_clock_slept() {
        for (by_wall, passed) in [(720_000, 1_000), (720_000, 720_000), (1_000, 720_000)] {
            let (wall, at, mut beat) = beat();
            let after = at + Duration::from_millis(passed);
            assert_eq!(beat.next(after_ms(wall, by_wall), after), Some(Jump::StoodStill { ms: 720_000 }));
            let next = after + Duration::from_secs(1);
            assert_eq!(beat.next(after_ms(wall, by_wall + 1_000), next), None, "it is told once");
        }
    }

    #[test]
    fn a_busy_machine_and_a_corrected_clock_are_no_jumps() {
        let (wall, at, mut beat) = beat();
        for (by_wall, passed) in [(9_000, 9_000), (14_000, 13_000), (15_000, 18_000)] {
            assert_eq!(beat.next(after_ms(wall, by_wall), at + Duration::from_millis(passed)), None);
        }
    }

    #[test]
    fn a_clock_that_was_put_back_is_told() {
        let (wall, at, mut beat) = beat();
        let jump = beat.next(after_ms(wall, -3_599_000), at + Duration::from_secs(1));
        assert_eq!(jump, Some(Jump::PutBack { ms: 3_600_000 }));
        assert!(jump.unwrap().words().contains("put back by"));
    }
}
