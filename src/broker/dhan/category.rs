//! The broker's rate categories, and waiting for one's turn in those that no lane of the gateway spends.
//!
//! Order calls are paced by the gateway. Everything here is a question that may wait a moment.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::sleep;

use crate::domain::time::{Timestamp, ms_between};
use crate::gateway::Window;
use crate::gateway::pace::Pace;

/// What a call counts as at the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RateCategory {
    /// Place, modify, cancel, and the orders of the other order types.
    Order,
    /// Charts.
    Data,
    /// Snapshots of prices.
    Quote,
    /// Everything else.
    NonTrading,
}

impl RateCategory {
    /// What the broker allows, as windows.
    pub fn limits(self) -> Vec<Window> {
        const DAY: i64 = 86_400_000;
        match self {
            Self::Order => vec![
                Window::new(1_000, 10, 0),
                Window::new(60_000, 250, 0),
                Window::new(3_600_000, 1_000, 0),
                Window::new(DAY, 7_000, 0),
            ],
            Self::Data => vec![Window::new(1_000, 5, 0), Window::new(DAY, 100_000, 0)],
            Self::Quote => vec![Window::new(1_000, 1, 0)],
            Self::NonTrading => vec![Window::new(1_000, 20, 0)],
        }
    }

    /// By the path of a call below `/v2`.
    pub fn of(path: &str) -> Self {
        let first = path.trim_start_matches('/').split(['/', '?']).next().unwrap_or_default();
        match first {
            "charts" => Self::Data,
            "marketfeed" => Self::Quote,
            "orders" | "super" | "forever" | "alerts" => Self::Order,
            _ => Self::NonTrading,
        }
    }
}

/// When the calls of each paced category left.
#[derive(Debug)]
pub(super) struct Turns {
    data: Mutex<Pace>,
    quote: Mutex<Pace>,
    non_trading: Mutex<Pace>,
}

impl Turns {
    /// `quote_ms` between two snapshots; a little more than the broker's second.
    pub(super) fn new(quote_pause: Duration) -> Self {
        let quote_ms = i64::try_from(quote_pause.as_millis()).unwrap_or(1_000);
        let pace = |windows| Mutex::new(Pace::new(windows));
        Self {
            data: pace(RateCategory::Data.limits()),
            quote: pace(vec![Window::new(quote_ms.max(1), 1, 0)]),
            non_trading: pace(RateCategory::NonTrading.limits()),
        }
    }

    /// Returns when a call of this category may leave, which counts it. Order calls are not kept here.
    pub(super) async fn take(&self, category: RateCategory) {
        let pace = match category {
            RateCategory::Order => return,
            RateCategory::Data => &self.data,
            RateCategory::Quote => &self.quote,
            RateCategory::NonTrading => &self.non_trading,
        };
        loop {
            let Some(ms) = wait(pace, Timestamp::now()) else { return };
            sleep(ms).await;
        }
    }
}

/// Spends a call where one is free; how long until one is, where none is.
fn wait(pace: &Mutex<Pace>, now: Timestamp) -> Option<Duration> {
    let mut pace = pace.lock().unwrap_or_else(PoisonError::into_inner);
    pace.set_clock(now);
    let free = pace.free_at(true, now).unwrap_or(now);
    if free <= now {
        pace.spend(now);
        return None;
    }
    Some(Duration::from_millis(u64::try_from(ms_between(now, free)).unwrap_or(1).max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::after_ms;

    #[test]
    fn a_path_tells_its_category() {
        for (path, category) in [
            ("/charts/intraday", RateCategory::Data),
            ("/marketfeed/ltp", RateCategory::Quote),
            ("/orders/7", RateCategory::Order),
            ("/super/orders", RateCategory::Order),
            ("/ledger?from-date=x", RateCategory::NonTrading),
            ("/trades/2026-11-01/2026-11-20/0", RateCategory::NonTrading),
            ("/killswitch?killSwitchStatus=ACTIVATE", RateCategory::NonTrading),
        ] {
            assert_eq!(RateCategory::of(path), category, "{path}");
        }
    }

    #[test]
    fn the_sixth_chart_waits_until_its_second_is_over() {
        let pace = Mutex::new(Pace::new(RateCategory::Data.limits()));
        let now: Timestamp = "2026-11-20T04:30:00Z".parse().unwrap();
        assert!((0..5).all(|n| wait(&pace, after_ms(now, n * 10)).is_none()));
        assert_eq!(wait(&pace, after_ms(now, 100)), Some(Duration::from_millis(900)));
        assert_eq!(wait(&pace, after_ms(now, 1_000)), None);
    }
}
