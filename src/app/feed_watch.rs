//! Tells a trader who looks elsewhere that prices do not come, and that they do again: once each, however often the link
//! falls and rises in between.

use crate::domain::time::{Timestamp, ms_between};
use crate::engine::effect::AlertLevel;
use crate::view::{Link, LinkState};

/// Without a word for so long while the market is open: prices do not come.
const SILENT_MS: i64 = 10_000;
/// They come again once they have come for so long.
const STEADY_MS: i64 = 10_000;

/// What is known of the feed from look to look.
#[derive(Debug, Default)]
pub struct FeedWatch {
    /// When it was last as it should be.
    good_at: Option<Timestamp>,
    /// Since when it is, without a break.
    good_since: Option<Timestamp>,
    told: bool,
}

impl FeedWatch {
    /// What is to be told now, if anything. With the market closed a feed owes nobody a word.
    pub fn look(&mut self, feed: Link, open: bool, now: Timestamp) -> Option<(AlertLevel, &'static str)> {
        let heard = feed.last_message.is_some_and(|at| ms_between(at, now) <= SILENT_MS / 2);
        if !open || (feed.state == LinkState::Up && heard) {
            self.good_at = Some(now);
            let since = *self.good_since.get_or_insert(now);
            let steady = !open || ms_between(since, now) >= STEADY_MS;
            if self.told && steady {
                self.told = false;
                return open.then_some((AlertLevel::Info, "The quote feed delivers again."));
            }
            return None;
        }
        self.good_since = None;
        let bad_since = *self.good_at.get_or_insert(now);
        if self.told || ms_between(bad_since, now) < SILENT_MS {
            return None;
        }
        self.told = true;
        Some((AlertLevel::Warning, "The quote feed is down or silent: prices come by request, seconds late."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::after_ms;

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    /// Looks every half second; when something was told, and what.
    fn told(
        seconds: i64,
        feed: impl Fn(i64) -> (LinkState, bool),
        open: impl Fn(i64) -> bool,
    ) -> Vec<(i64, AlertLevel)> {
        let mut watch = FeedWatch::default();
        let mut heard = None;
        let mut told = Vec::new();
        for half in 0..seconds * 2 {
            let now = after_ms(START, half * 500);
            let (state, speaks) = feed(half / 2);
            heard = if speaks { Some(now) } else { heard };
            let link = Link { state, last_message: heard };
            told.extend(watch.look(link, open(half / 2), now).map(|(level, _)| (half / 2, level)));
        }
        told
    }

    #[test]
    fn a_feed_that_is_down_is_told_once_and_once_that_it_is_back() {
        let down = |second: i64| {
            if (20..90).contains(&second) { (LinkState::Connecting, false) } else { (LinkState::Up, true) }
        };
        assert_eq!(told(200, down, |_| true), [(29, AlertLevel::Warning), (100, AlertLevel::Info)]);
    }

    #[test]
    fn a_link_that_falls_again_and_again_is_told_once() {
        // Up and down every seven seconds, with a word each time.
        let flaps =
            |second: i64| if second / 7 % 2 == 0 { (LinkState::Up, true) } else { (LinkState::Connecting, false) };
        assert_eq!(told(100, flaps, |_| true), [], "no gap is long enough");
        let falls = |second: i64| if second % 15 < 3 { (LinkState::Up, true) } else { (LinkState::Connecting, false) };
        assert_eq!(told(300, falls, |_| true), [(12, AlertLevel::Warning)]);
    }

    #[test]
    fn a_feed_that_never_says_a_word_is_told_and_a_closed_market_is_silent() {
        let mute = |_| (LinkState::Up, false);
        assert_eq!(told(60, mute, |_| true), [(10, AlertLevel::Warning)]);
        assert_eq!(told(60, mute, |_| false), []);
        assert_eq!(told(60, mute, |second| second >= 20).len(), 1);
    }
}
