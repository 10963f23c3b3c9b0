//! How long to wait before the next attempt: longer each time, and never the same for everybody.

use std::time::Duration;

/// Doubling waits with jitter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// Before the second attempt.
    pub first: Duration,
    /// Never longer than this.
    pub longest: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_millis(500), longest: Duration::from_secs(30) }
    }
}

impl Backoff {
    /// The wait after `failures` failures in a row (1 is the first): between one half and the whole of its step, as
    /// `roll` decides.
    pub fn wait(&self, failures: u32, roll: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(20);
        let step = self.first.saturating_mul(1 << doublings).min(self.longest);
        let half = step / 2;
        half + half.mul_f64(f64::from(roll) / f64::from(u32::MAX))
    }

    /// The wait with a roll of the system's dice.
    pub fn next_wait(&self, failures: u32) -> Duration {
        // Without dice the wait is the longest of its step.
        self.wait(failures, getrandom::u32().unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(10) };
        let longest: Vec<_> = (1..=6).map(|n| backoff.wait(n, u32::MAX).as_secs()).collect();
        assert_eq!(longest, [1, 2, 4, 8, 10, 10]);
        assert_eq!(backoff.wait(2, 0), Duration::from_secs(1));
        assert_eq!(backoff.wait(u32::MAX, u32::MAX), Duration::from_secs(10));
    }
}
