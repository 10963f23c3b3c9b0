//! Where the server takes its time from: the clock of the machine, one that can be driven (faster, paused, ahead), or a
//! hand that moves it in tests.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::domain::time::{Timestamp, after_ms, ms_between};

/// The server's clock.
#[derive(Clone, Debug, Default)]
pub enum TimeSource {
    #[default]
    System,
    Driven(DrivenTime),
    Manual(ManualTime),
}

impl TimeSource {
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::Driven(time) => time.now(),
            Self::Manual(time) => time.now(),
        }
    }

    /// How long to sleep until it is `due`; `None`: this clock does not get there by itself.
    pub(super) fn until(&self, due: Timestamp) -> Option<Duration> {
        let ms = |ms: i64| Duration::from_millis(u64::try_from(ms.max(0)).unwrap_or(0));
        match self {
            Self::System => Some(ms(ms_between(Timestamp::now(), due))),
            Self::Driven(time) => {
                let rate = time.rate();
                let left = ms_between(time.now(), due).max(0) as f64;
                (rate > 0.0).then(|| Duration::from_secs_f64((left / rate / 1_000.0).min(A_DAY)))
            }
            Self::Manual(_) => None,
        }
    }

    /// How many milliseconds of this clock pass in a millisecond of the machine's.
    pub(super) fn rate(&self) -> f64 {
        match self {
            Self::System => 1.0,
            Self::Driven(time) => time.rate(),
            Self::Manual(_) => 0.0,
        }
    }
}

/// Seconds nobody sleeps for longer than.
const A_DAY: f64 = 86_400.0;

/// The fastest a clock can be driven.
pub const FASTEST: f64 = 1_000.0;

/// A clock that starts as the machine's and can then be driven: faster or slower, paused, ahead. It never goes back.
#[derive(Clone, Debug)]
pub struct DrivenTime(Arc<Mutex<Drive>>);

#[derive(Clone, Copy, Debug)]
struct Drive {
    /// What it said at `at`.
    said: Timestamp,
    at: Instant,
    speed: f64,
    paused: bool,
}

impl Drive {
    fn now(&self, at: Instant) -> Timestamp {
        if self.paused {
            return self.said;
        }
        let passed = at.saturating_duration_since(self.at).as_secs_f64() * self.speed;
        after_ms(self.said, (passed * 1_000.0) as i64)
    }
}

impl DrivenTime {
    pub fn starting_at(now: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(Drive { said: now, at: Instant::now(), speed: 1.0, paused: false })))
    }

    pub fn now(&self) -> Timestamp {
        self.drive().now(Instant::now())
    }

    /// From now on so many times as fast as the machine's clock; 0 and what is no sensible factor pause it.
    pub fn set_speed(&self, speed: f64) {
        self.change(|drive| {
            drive.speed = if speed.is_finite() { speed.clamp(0.0, FASTEST) } else { 0.0 };
        });
    }

    pub fn set_paused(&self, paused: bool) {
        self.change(|drive| drive.paused = paused);
    }

    /// To this instant at once; `false` for one that has passed.
    pub fn jump_to(&self, to: Timestamp) -> bool {
        let mut ahead = false;
        self.change(|drive| {
            ahead = to >= drive.said;
            drive.said = drive.said.max(to);
        });
        ahead
    }

    pub fn speed(&self) -> f64 {
        self.drive().speed
    }

    pub fn is_paused(&self) -> bool {
        self.drive().paused
    }

    fn rate(&self) -> f64 {
        let drive = self.drive();
        if drive.paused { 0.0 } else { drive.speed }
    }

    /// Takes what has passed so far before anything else applies.
    fn change(&self, by: impl FnOnce(&mut Drive)) {
        let mut drive = self.drive();
        let at = Instant::now();
        drive.said = drive.now(at);
        drive.at = at;
        by(&mut drive);
    }

    fn drive(&self) -> MutexGuard<'_, Drive> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A clock that moves only when it is told to.
#[derive(Clone, Debug)]
pub struct ManualTime(Arc<Mutex<Timestamp>>);

impl ManualTime {
    pub fn new(start: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(start)))
    }

    pub fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn forward(&self, ms: i64) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = after_ms(*now, ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_driven_clock_is_paced_paused_and_jumps_ahead_only() {
        let start: Timestamp = "2026-11-20T04:30:00Z".parse().unwrap();
        let at = Instant::now();
        let mut drive = Drive { said: start, at, speed: 60.0, paused: false };
        assert_eq!(drive.now(at + Duration::from_secs(2)), after_ms(start, 120_000));
        drive.paused = true;
        assert_eq!(drive.now(at + Duration::from_secs(9)), start);
        let time = DrivenTime::starting_at(start);
        time.set_paused(true);
        let stood = time.now();
        assert!(!time.jump_to(after_ms(start, -1)) && time.now() == stood, "never back");
        assert!(time.jump_to(after_ms(stood, 3_600_000)));
        assert_eq!(time.now(), after_ms(stood, 3_600_000));
        assert_eq!(TimeSource::Driven(time.clone()).until(after_ms(stood, 9_000_000)), None, "paused");
        time.set_paused(false);
        time.set_speed(f64::INFINITY);
        assert!(time.speed().abs() < f64::EPSILON);
        time.set_speed(10.0);
        let source = TimeSource::Driven(time);
        let wait = source.until(after_ms(source.now(), 10_000)).unwrap();
        assert!(wait <= Duration::from_secs(1) && wait > Duration::from_millis(900), "{wait:?}");
    }
}
