//! The clock the engine thread goes by: the wall clock at the start, carried on by a clock that is never set.
//!
//! A wall clock that is put back must not stop pacing and deadlines, and one that jumps must not end a search early. Time
//! that really passed while the machine slept shows as a wall clock far ahead: that is taken over. Small differences (the
//! two run at slightly different rates, and the system corrects the wall clock by and by) are made up for slowly, so that
//! the ages of quotes, which carry the wall clock's time, stay right over a long day. It never goes back.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::SignedDuration;

use crate::domain::time::Timestamp;

/// A wall clock this far ahead means that the machine has slept; this far behind, that it was put back.
const APART: SignedDuration = SignedDuration::from_secs(5);
/// A smaller difference is looked at so often …
const CORRECT_EVERY: Duration = Duration::from_secs(1);
/// … and one part in so many of the time since then is made up for.
const PART: i32 = 100;

/// One clock, shared by all who compare instants.
#[derive(Clone, Debug)]
pub struct SteadyClock(Arc<Mutex<Anchor>>);

#[derive(Clone, Copy, Debug)]
struct Anchor {
    wall: Timestamp,
    at: Instant,
    /// What was told last.
    told: Timestamp,
}

impl SteadyClock {
    pub fn start() -> Self {
        Self(Arc::new(Mutex::new(Anchor::new(Timestamp::now(), Instant::now()))))
    }

    pub fn now(&self) -> Timestamp {
        let mut anchor = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        anchor.read(Timestamp::now(), Instant::now())
    }
}

impl Anchor {
    fn new(wall: Timestamp, at: Instant) -> Self {
        Self { wall, at, told: wall }
    }

    fn read(&mut self, wall: Timestamp, at: Instant) -> Timestamp {
        self.told = self.told.max(self.reading(wall, at));
        self.told
    }

    fn reading(&mut self, wall: Timestamp, at: Instant) -> Timestamp {
        let passed = at.saturating_duration_since(self.at);
        let Ok(steady) = SignedDuration::try_from(passed).map(|p| self.wall.checked_add(p).unwrap_or(wall)) else {
            return wall;
        };
        let ahead = wall.duration_since(steady);
        if ahead > APART {
            (self.wall, self.at) = (wall, at);
        } else if passed >= CORRECT_EVERY {
            // Put far back, the wall clock is not followed at all.
            let most = SignedDuration::try_from(passed).unwrap_or_default() / PART;
            let shift = if ahead < -APART { SignedDuration::ZERO } else { ahead.clamp(-most, most) };
            (self.wall, self.at) = (steady.checked_add(shift).unwrap_or(steady), at);
        } else {
            return steady;
        }
        self.wall
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::domain::time::{after_ms, ms_between};

    fn start() -> (Timestamp, Instant, Anchor) {
        let (wall, at) = ("2026-11-20T04:00:00Z".parse().unwrap(), Instant::now());
        (wall, at, Anchor::new(wall, at))
    }

    #[test]
    fn a_clock_put_back_does_not_stop_time_and_sleep_is_made_up_for() {
        let (wall, start, mut anchor) = start();
        let later = start + Duration::from_secs(10);
        assert_eq!(anchor.read(after_ms(wall, -3_600_000), later), after_ms(wall, 10_000));
        assert_eq!(anchor.read(after_ms(wall, 3_600_000), later), after_ms(wall, 3_600_000));
        assert_eq!(anchor.read(after_ms(wall, 3_601_000), later + Duration::from_secs(1)), after_ms(wall, 3_601_000));
    }

    #[test]
    fn a_small_difference_is_made_up_for_slowly_and_time_never_goes_back() {
        for difference in [-2_000, 2_000] {
            let (wall, start, mut anchor) = start();
            let mut last = anchor.read(wall, start);
            // Uneven steps, as events come: 300 s in all.
            for n in 1..1_000_u64 {
                let ms = n * 300 + n % 7;
                let real = after_ms(wall, i64::try_from(ms).unwrap() + difference);
                let now = anchor.read(real, start + Duration::from_millis(ms));
                assert!(now >= last, "time went back at {ms} ms");
                assert!(ms_between(last, now) <= 400, "time jumped at {ms} ms");
                last = now;
            }
            let left = ms_between(last, after_ms(wall, 999 * 300 + 999 % 7 + difference)).abs();
            assert!(left < 5, "{left} ms are left after five minutes");
        }
    }

    #[test]
    fn a_clock_that_runs_too_fast_by_fifty_parts_in_a_million_is_held_to_the_wall_clock_all_day() {
        let (wall, start, mut anchor) = start();
        let mut worst = 0;
        for second in 1..28_800_u64 {
            let fast = Duration::from_micros(second * 1_000_050);
            let real = after_ms(wall, i64::try_from(second * 1_000).unwrap());
            worst = worst.max(ms_between(real, anchor.read(real, start + fast)).abs());
        }
        assert!(worst <= 20, "{worst} ms apart");
    }
}
