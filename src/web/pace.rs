//! How often may be asked: a bucket for requests, a lock for guessed tokens.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// A burst, then so many a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rate {
    pub burst: u32,
    pub per_second: u32,
}

/// Gives what its rate allows.
#[derive(Debug)]
pub(super) struct Bucket {
    burst: f64,
    per_second: f64,
    left: f64,
    at: Option<Instant>,
}

impl Bucket {
    pub fn new(rate: Rate) -> Self {
        let burst = f64::from(rate.burst);
        Self { burst, per_second: f64::from(rate.per_second), left: burst, at: None }
    }

    /// Takes one where there is one.
    pub fn take(&mut self, now: Instant) -> bool {
        if let Some(at) = self.at {
            let since = now.saturating_duration_since(at).as_secs_f64();
            self.left = (self.left + since * self.per_second).min(self.burst);
        }
        self.at = Some(now);
        let there = self.left >= 1.0;
        if there {
            self.left -= 1.0;
        }
        there
    }
}

/// Wrong tokens within [`WINDOW`] that are answered as such; after them, none is for [`LOCKED_FOR`].
const WRONG_ALLOWED: u32 = 5;
const WINDOW: Duration = Duration::from_secs(60);
const LOCKED_FOR: Duration = Duration::from_secs(60);

/// Counts wrong tokens. The right one always passes: nobody else's guesses may keep a trader from halting.
#[derive(Debug)]
pub(super) struct Lock {
    /// Whose lock it is, in the log.
    name: &'static str,
    wrong: u32,
    since: Option<Instant>,
    locked_until: Option<Instant>,
}

/// What a wrong token is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    Told,
    /// So many seconds of silence are left.
    Locked(u64),
}

impl Lock {
    pub fn new(name: &'static str) -> Self {
        Self { name, wrong: 0, since: None, locked_until: None }
    }

    pub fn wrong(&mut self, now: Instant) -> Wrong {
        if let Some(until) = self.locked_until {
            if now < until {
                return Wrong::Locked(until.duration_since(now).as_secs().max(1));
            }
            *self = Self::new(self.name);
        }
        if self.since.is_none_or(|since| now.saturating_duration_since(since) > WINDOW) {
            *self = Self { since: Some(now), ..Self::new(self.name) };
        }
        self.wrong += 1;
        if self.wrong <= WRONG_ALLOWED {
            return Wrong::Told;
        }
        self.locked_until = Some(now + LOCKED_FOR);
        tracing::warn!("{}: {} wrong tokens within a minute; locked for a minute", self.name, self.wrong);
        Wrong::Locked(LOCKED_FOR.as_secs())
    }
}

/// Counters stay usable whatever happened to a thread that held them.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_then_its_rate() {
        let start = Instant::now();
        let mut bucket = Bucket::new(Rate { burst: 3, per_second: 2 });
        let taken: Vec<bool> = (0..4).map(|_| bucket.take(start)).collect();
        assert_eq!(taken, [true, true, true, false]);
        assert!(bucket.take(start + Duration::from_millis(500)));
        assert!(!bucket.take(start + Duration::from_millis(500)));
        assert!(bucket.take(start + Duration::from_hours(1)));
    }

    #[test]
    fn the_sixth_wrong_token_locks_for_a_minute() {
        let start = Instant::now();
        let mut lock = Lock::new("test");
        for _ in 0..5 {
            assert_eq!(lock.wrong(start), Wrong::Told);
        }
        assert_eq!(lock.wrong(start), Wrong::Locked(60));
        assert_eq!(lock.wrong(start + Duration::from_secs(20)), Wrong::Locked(40));
        assert_eq!(lock.wrong(start + Duration::from_secs(61)), Wrong::Told);
    }

    #[test]
    fn wrong_tokens_far_apart_do_not_add_up() {
        let start = Instant::now();
        let mut lock = Lock::new("test");
        for minute in 0..20 {
            assert_eq!(lock.wrong(start + Duration::from_secs(61 * minute)), Wrong::Told);
        }
    }
}
