//! Connections are warm when the market opens: made before it, and kept in use until it does, so that the first order of
//! the day does not wait for a handshake.

use std::sync::Arc;
use std::time::Duration;

use super::reference::Today;
use super::steady::SteadyClock;
use crate::broker::Broker;
use crate::domain::Segment;
use crate::domain::time::{Timestamp, ms_between};
use crate::engine::Reference;

/// Begins so long before the open, in milliseconds …
const BEFORE_MS: i64 = 120_000;
/// … and asks so often: a connection idle for 20 s is not used again.
const EVERY: Duration = Duration::from_secs(15);
/// The longest sleep: calendars and clocks change.
const LONGEST: Duration = Duration::from_secs(600);

/// Runs until the process ends.
pub async fn keep_warm(broker: Arc<dyn Broker>, today: Today, clock: SteadyClock) {
    loop {
        let now = clock.now();
        let open = if today.is_open(Segment::NseDerivatives, now) {
            None
        } else {
            today.next_open(Segment::NseDerivatives, now)
        };
        let (wait, warm) = next(now, open);
        if warm {
            warm_up(broker.as_ref()).await;
        }
        tokio::time::sleep(wait).await;
    }
}

/// Two at once: an order and a read of the books find a connection each.
pub async fn warm_up(broker: &dyn Broker) {
    let (funds, profile) = tokio::join!(broker.funds(), broker.profile());
    if let Some(error) = funds.err().or(profile.err()) {
        tracing::warn!("before the open the broker does not answer: {error}");
    }
}

/// How long to wait, and whether to ask something before.
fn next(now: Timestamp, open: Option<Timestamp>) -> (Duration, bool) {
    let Some(left) = open.map(|at| ms_between(now, at)) else { return (LONGEST, false) };
    if left <= BEFORE_MS {
        return (EVERY, true);
    }
    let until = Duration::from_millis(u64::try_from(left - BEFORE_MS).unwrap_or(0));
    (until.min(LONGEST), false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::after_ms;

    #[test]
    fn connections_are_warmed_in_the_last_two_minutes_before_the_open() {
        let open: Timestamp = "2026-11-20T03:45:00Z".parse().unwrap();
        let at = |seconds: i64| next(after_ms(open, seconds * 1_000), Some(open));
        assert_eq!(at(-7_200), (LONGEST, false));
        assert_eq!(at(-125), (Duration::from_secs(5), false));
        assert_eq!(at(-120), (EVERY, true));
        assert_eq!(at(-1), (EVERY, true));
        assert_eq!(next(open, None), (LONGEST, false), "open already, or always");
    }
}
