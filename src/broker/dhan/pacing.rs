//! Calls that do not come through the gateway wait here for their category's turn.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Purpose;
use crate::broker::BrokerError;
use crate::domain::time::{Timestamp, after_ms, ms_between};
use crate::gateway::ErrorClass;
use crate::gateway::categories::{Admission, Categories, Category};

/// The categories, and a clock that is never set.
#[derive(Debug)]
pub(super) struct Pacing {
    categories: Mutex<Categories>,
    started: (Timestamp, Instant),
}

impl Pacing {
    /// `quote_pause` passes between two snapshots of prices.
    pub fn new(quote_pause: Duration) -> Self {
        let quote_ms = i64::try_from(quote_pause.as_millis()).unwrap_or(1_000).max(1);
        Self { categories: Mutex::new(Categories::new(quote_ms)), started: (Timestamp::now(), Instant::now()) }
    }

    /// Waits until a call may leave. One whose category pauses is not sent.
    pub async fn turn(&self, category: Category) -> Result<(), BrokerError> {
        loop {
            let now = self.now();
            let admission = self.categories().admit(category, now);
            match admission {
                Admission::Now => return Ok(()),
                Admission::Wait(at) => tokio::time::sleep(span(now, at)).await,
                Admission::Paused(until) => {
                    let seconds = ms_between(now, until).max(0) as f64 / 1_000.0;
                    let text = format!("the broker keeps failing at this; tried again in {seconds:.1} s");
                    return Err(BrokerError::not_sent(text));
                }
            }
        }
    }

    /// Notes how a call went.
    pub fn answered(&self, category: Category, failed: Option<ErrorClass>) {
        let now = self.now();
        let sensibly = !matches!(failed, Some(ErrorClass::TryLater | ErrorClass::AskFirst | ErrorClass::NotSent));
        self.categories().answered(category, sensibly, now);
    }

    fn now(&self) -> Timestamp {
        let (wall, at) = self.started;
        after_ms(wall, i64::try_from(at.elapsed().as_millis()).unwrap_or(i64::MAX))
    }

    fn categories(&self) -> MutexGuard<'_, Categories> {
        self.categories.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn span(now: Timestamp, at: Timestamp) -> Duration {
    Duration::from_millis(u64::try_from(ms_between(now, at)).unwrap_or(0).max(1))
}

/// What a call counts as. `None`: the gateway paces it, or nothing may hold it up (orders, cancels, exits, the kill switch).
pub(super) fn category(purpose: Purpose, path: &str) -> Option<Category> {
    let first = path.trim_start_matches('/').split(['/', '?']).next().unwrap_or_default();
    let is_history = first == "trades" && path.matches('/').count() > 2;
    match first {
        "trades" if is_history => Some(Category::NonTrading),
        "orders" | "super" | "forever" | "alerts" | "trades" | "positions" | "fundlimit" | "killswitch" => None,
        _ if purpose == Purpose::Write => None,
        "marketfeed" => Some(Category::Quote),
        "optionchain" | "charts" => Some(Category::Data),
        _ => Some(Category::NonTrading),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_lowers_risk_waits_for_a_category() {
        for path in ["/orders", "/orders/1", "/positions", "/killswitch?killSwitchStatus=ACTIVATE", "/super/orders"] {
            assert_eq!(category(Purpose::Write, path), None, "{path}");
            assert_eq!(category(Purpose::Read, path), None, "{path}: the gateway paces it");
        }
        assert_eq!(category(Purpose::Read, "/marketfeed/quote"), Some(Category::Quote));
        assert_eq!(category(Purpose::Read, "/optionchain/expirylist"), Some(Category::Data));
        assert_eq!(category(Purpose::Read, "/charts/intraday"), Some(Category::Data));
        assert_eq!(category(Purpose::Read, "/trades/2026-11-01/2026-11-20/0"), Some(Category::NonTrading));
        assert_eq!(category(Purpose::Read, "/profile"), Some(Category::NonTrading));
        assert_eq!(category(Purpose::Write, "/ip/setIP"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_category_that_pauses_sends_nothing_and_says_so() {
        let pacing = Pacing::new(Duration::from_secs(1));
        for _ in 0..5 {
            pacing.turn(Category::NonTrading).await.unwrap();
            pacing.answered(Category::NonTrading, Some(ErrorClass::TryLater));
        }
        let told = pacing.turn(Category::NonTrading).await.unwrap_err();
        assert_eq!(told.class, ErrorClass::NotSent);
        assert!(told.message.contains("keeps failing"), "{told}");
        pacing.turn(Category::Data).await.unwrap();
        pacing.answered(Category::Data, Some(ErrorClass::Refused));
    }
}
