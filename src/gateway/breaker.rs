//! A circuit breaker: after failures in a row a category pauses, then one probe finds out whether it works again.

use super::policy::BreakerPolicy;
use crate::domain::time::{Timestamp, after_ms};

#[derive(Clone, Debug)]
pub struct Breaker {
    policy: BreakerPolicy,
    failures: u32,
    paused_until: Option<Timestamp>,
    /// After a pause one call is out to try; the others wait for its answer.
    probing: bool,
}

impl Breaker {
    pub fn new(policy: BreakerPolicy) -> Self {
        Self { policy, failures: 0, paused_until: None, probing: false }
    }

    /// When the next call may leave; `None` while a probe is out.
    pub fn free_at(&self, now: Timestamp) -> Option<Timestamp> {
        match self.paused_until {
            None => Some(now),
            Some(_) if self.probing => None,
            Some(until) => Some(until.max(now)),
        }
    }

    pub fn is_free(&self, now: Timestamp) -> bool {
        self.free_at(now).is_some_and(|at| at <= now)
    }

    /// Until when it pauses, if it does.
    pub fn paused_until(&self) -> Option<Timestamp> {
        self.paused_until
    }

    pub fn leaves(&mut self) {
        self.probing = self.paused_until.is_some();
    }

    /// The broker answered something sensible, be it a refusal.
    pub fn works(&mut self) {
        self.failures = 0;
        self.paused_until = None;
        self.probing = false;
    }

    pub fn fails(&mut self, now: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        self.probing = false;
        if let Some(over) = self.failures.checked_sub(self.policy.failures) {
            let pause = self.policy.pause_ms.saturating_mul(1 << over.min(20)).min(self.policy.pause_max_ms);
            // Up to a quarter shorter, so that programs that failed together do not come back together.
            let shorter = (now.as_millisecond() ^ (i64::from(self.failures) * 7_919)).rem_euclid((pause / 4).max(1));
            self.paused_until = Some(after_ms(now, pause - shorter));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        after_ms(Timestamp::UNIX_EPOCH, ms)
    }

    #[test]
    fn it_pauses_after_failures_in_a_row_and_probes_with_one_call() {
        let mut b = Breaker::new(BreakerPolicy { failures: 2, pause_ms: 100, pause_max_ms: 150 });
        b.fails(at(0));
        assert!(b.is_free(at(0)));
        b.fails(at(0));
        assert_eq!((b.is_free(at(75)), b.is_free(at(100))), (false, true), "a quarter shorter at most");
        b.leaves();
        assert!(!b.is_free(at(110)), "one probe at a time");
        b.fails(at(120));
        let again = b.free_at(at(120)).unwrap();
        assert!(again > at(120 + 112) && again <= at(270), "twice the pause, but not over the most: {again}");
        b.works();
        assert!(b.is_free(at(120)));
    }
}
