//! What one channel lets pass: by level, by the hour, and not too much at once.

use super::policy::ChannelPolicy;
use crate::domain::time::{Timestamp, ist, ms_between};
use crate::engine::effect::AlertLevel;

/// A bucket of tokens with a threshold. Credit is counted in milliseconds, so that it is exact.
#[derive(Clone, Debug)]
pub struct Gate {
    policy: ChannelPolicy,
    credit_ms: i64,
    credited_at: Option<Timestamp>,
    /// What had to be dropped since the last sum, and the worst of it.
    dropped: Option<(u32, AlertLevel)>,
}

impl Gate {
    pub fn new(policy: ChannelPolicy) -> Self {
        Self { policy, credit_ms: 0, credited_at: None, dropped: None }
    }

    /// Whether an alert is told now. One that is worth telling and comes too fast is counted.
    pub fn lets_pass(&mut self, level: AlertLevel, now: Timestamp) -> bool {
        if level < self.policy.from || self.is_quiet(level, now) {
            return false;
        }
        let passes = self.spend(now);
        if !passes {
            let (count, worst) = self.dropped.unwrap_or((0, level));
            self.dropped = Some((count.saturating_add(1), worst.max(level)));
        }
        passes
    }

    /// How many were dropped, and the worst level of them, as soon as there is room to say it.
    pub fn sum_up(&mut self, now: Timestamp) -> Option<(u32, AlertLevel)> {
        let (_, level) = self.dropped?;
        if self.is_quiet(level, now) || !self.spend(now) {
            return None;
        }
        self.dropped.take()
    }

    fn is_quiet(&self, level: AlertLevel, now: Timestamp) -> bool {
        let Some(quiet) = &self.policy.quiet else { return false };
        quiet.contain(ist(now).time()) && quiet.except.is_none_or(|except| level < except)
    }

    fn spend(&mut self, now: Timestamp) -> bool {
        let cost = 60_000 / i64::from(self.policy.per_minute.max(1));
        let most = cost.saturating_mul(i64::from(self.policy.burst.max(1)));
        // A clock that goes back earns nothing.
        let earned = self.credited_at.map_or(most, |at| ms_between(at, now).max(0));
        self.credit_ms = self.credit_ms.saturating_add(earned).min(most);
        self.credited_at = Some(now);
        let enough = self.credit_ms >= cost;
        if enough {
            self.credit_ms -= cost;
        }
        enough
    }
}
