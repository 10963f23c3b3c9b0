//! The clock the engine thread goes by: the wall clock at the start, carried on by a clock that is never set.
//!
//! A wall clock that is put back must not stop pacing and deadlines, and one that jumps must not end a search early. Time
//! that really passed while the machine slept shows as a wall clock far ahead: that is taken over.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::domain::time::{Timestamp, ms_between};

/// A wall clock this far ahead means that the machine has slept.
const SLEPT_MS: i64 = 5_000;

/// One clock, shared by all who compare instants.
#[derive(Clone, Debug)]
pub struct SteadyClock(Arc<Mutex<Anchor>>);

#[derive(Clone, Copy, Debug)]
struct Anchor {
    wall: Timestamp,
    at: Instant,
}

impl SteadyClock {
    pub fn start() -> Self {
        Self(Arc::new(Mutex::new(Anchor { wall: Timestamp::now(), at: Instant::now() })))
    }

    pub fn now(&self) -> Timestamp {
        let mut anchor = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        anchor.read(Timestamp::now(), Instant::now())
    }
}

impl Anchor {
    fn read(&mut self, wall: Timestamp, at: Instant) -> Timestamp {
        let passed = i64::try_from(at.saturating_duration_since(self.at).as_micros()).unwrap_or(i64::MAX);
        let steady = self.wall.checked_add(jiff::SignedDuration::from_micros(passed)).unwrap_or(wall);
        if ms_between(steady, wall) <= SLEPT_MS {
            return steady;
        }
        *self = Self { wall, at };
        wall
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use crate::domain::time::after_ms;

    #[test]
    fn a_clock_put_back_does_not_stop_time_and_sleep_is_made_up_for() {
        let start = Instant::now();
        let wall: Timestamp = "2026-11-20T04:00:00Z".parse().unwrap();
        let mut anchor = Anchor { wall, at: start };
        let later = start + Duration::from_secs(10);
        assert_eq!(anchor.read(after_ms(wall, -3_600_000), later), after_ms(wall, 10_000));
        assert_eq!(anchor.read(after_ms(wall, 12_000), later), after_ms(wall, 10_000));
        assert_eq!(anchor.read(after_ms(wall, 3_600_000), later), after_ms(wall, 3_600_000));
        assert_eq!(anchor.read(after_ms(wall, 3_600_000), later + Duration::from_secs(1)), after_ms(wall, 3_601_000));
    }
}
