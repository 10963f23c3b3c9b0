//! The gateway's settings. Durations are in milliseconds; every field has a safe default.

use serde::{Deserialize, Serialize};

/// At most `limit` calls in any `ms` milliseconds, of which the last `reserve` are kept for exits and cancels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    pub ms: i64,
    pub limit: u32,
    #[serde(default)]
    pub reserve: u32,
}

impl Window {
    pub const fn new(ms: i64, limit: u32, reserve: u32) -> Self {
        Self { ms, limit, reserve }
    }

    /// How many calls may have left within the window before another one: `kept` ones may use the reserve.
    pub fn allowed(&self, kept: bool) -> u32 {
        if kept { self.limit } else { self.limit.saturating_sub(self.reserve) }
    }
}

/// How an order whose answer was lost is looked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LookUpPolicy {
    /// Pauses between the rounds; the last one repeats.
    pub pauses_ms: Vec<i64>,
    /// An order is `lost` only by books read this long after the last moment at which it could have arrived.
    pub lost_after_ms: i64,
}

impl Default for LookUpPolicy {
    fn default() -> Self {
        Self { pauses_ms: vec![300, 700, 1_500, 3_000, 5_000], lost_after_ms: 15_000 }
    }
}

/// When a category of calls pauses because the broker keeps failing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BreakerPolicy {
    /// Failures in a row until the category pauses.
    pub failures: u32,
    pub pause_ms: i64,
    /// The pause doubles with every failed probe, up to this.
    pub pause_max_ms: i64,
}

impl Default for BreakerPolicy {
    fn default() -> Self {
        Self { failures: 5, pause_ms: 2_000, pause_max_ms: 30_000 }
    }
}

/// All settings of one account's gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GatewayPolicy {
    /// Calls that place, modify or cancel. The broker takes 10, 250, 1,000 and 7,000 a second, minute, hour and day.
    pub order_windows: Vec<Window>,
    /// Calls that only read.
    pub query_windows: Vec<Window>,
    /// An order call unanswered for this long counts as unanswered.
    pub order_deadline_ms: i64,
    pub query_deadline_ms: i64,
    /// A cancel that has waited this long goes before newer exits.
    pub cancel_patience_ms: i64,
    pub look_up: LookUpPolicy,
    /// Entries pause after failures in a row. Exits, cancels and protection never do.
    pub entry_breaker: BreakerPolicy,
    pub query_breaker: BreakerPolicy,
}

impl Default for GatewayPolicy {
    fn default() -> Self {
        Self {
            order_windows: vec![
                Window::new(1_000, 8, 2),
                Window::new(60_000, 240, 60),
                Window::new(3_600_000, 960, 240),
                Window::new(86_400_000, 6_900, 400),
            ],
            query_windows: vec![Window::new(1_000, 10, 0)],
            order_deadline_ms: 5_000,
            query_deadline_ms: 5_000,
            cancel_patience_ms: 1_000,
            look_up: LookUpPolicy::default(),
            entry_breaker: BreakerPolicy::default(),
            query_breaker: BreakerPolicy { failures: 5, pause_ms: 500, pause_max_ms: 5_000 },
        }
    }
}

impl GatewayPolicy {
    /// With the trader's own limits where they are tighter: order calls in any second, and in a day.
    #[must_use]
    pub fn limited(mut self, per_second: u32, per_day: u32) -> Self {
        for (ms, limit) in [(1_000, per_second), (86_400_000, per_day)] {
            for window in self.order_windows.iter_mut().filter(|w| w.ms == ms && w.limit > limit) {
                window.limit = limit;
                // At least one call of every window is left to entries, if the limit leaves any.
                window.reserve = window.reserve.min(limit.saturating_sub(1));
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_traders_limits_only_tighten() {
        let policy = GatewayPolicy::default().limited(4, 1_000_000);
        assert_eq!(policy.order_windows[0], Window::new(1_000, 4, 2));
        assert_eq!(policy.order_windows[3], GatewayPolicy::default().order_windows[3]);
        assert_eq!(GatewayPolicy::default().limited(1, 1).order_windows[0], Window::new(1_000, 1, 0));
    }
}
