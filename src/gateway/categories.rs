//! The broker's other categories of calls: data, quotes, and whatever is no order. Order calls and the reads of the books go
//! through the lanes of [`super::Gateway`]; these are asked for from elsewhere, and each category has its own windows and
//! its own breaker, so that none of them uses up another's.

use super::breaker::Breaker;
use super::pace::Pace;
use super::policy::{BreakerPolicy, Window};
use crate::domain::time::Timestamp;

/// What a call counts as at the broker, besides order calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// Charts and chains: 5 a second, 100,000 a day.
    Data,
    /// Quotes by request: 1 a second.
    Quote,
    /// Everything else: 20 a second, of which the gateway's own reads of the books have half.
    NonTrading,
}

/// When a call may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    Now,
    /// Not before this instant.
    Wait(Timestamp),
    /// The category pauses until then, because the broker keeps failing in it.
    Paused(Timestamp),
}

/// The windows and breakers of all three. Pure: the caller brings the time and does the waiting.
#[derive(Clone, Debug)]
pub struct Categories {
    data: Line,
    quote: Line,
    non_trading: Line,
}

#[derive(Clone, Debug)]
struct Line {
    pace: Pace,
    breaker: Breaker,
}

const SECOND: i64 = 1_000;
const DAY: i64 = 86_400_000;

impl Categories {
    /// `quote_ms` lie between two snapshots: the broker's second and a bit, as calls may arrive closer than they left.
    pub fn new(quote_ms: i64) -> Self {
        let line = |windows: Vec<Window>| Line {
            pace: Pace::new(windows),
            breaker: Breaker::new(BreakerPolicy { failures: 5, pause_ms: 1_000, pause_max_ms: 30_000 }),
        };
        Self {
            data: line(vec![Window::new(SECOND, 5, 0), Window::new(DAY, 100_000, 0)]),
            quote: line(vec![Window::new(quote_ms, 1, 0)]),
            non_trading: line(vec![Window::new(SECOND, 10, 0)]),
        }
    }

    fn line(&mut self, category: Category) -> &mut Line {
        match category {
            Category::Data => &mut self.data,
            Category::Quote => &mut self.quote,
            Category::NonTrading => &mut self.non_trading,
        }
    }

    /// Whether a call may leave now; if so, it counts as having left.
    pub fn admit(&mut self, category: Category, now: Timestamp) -> Admission {
        let line = self.line(category);
        line.pace.set_clock(now);
        if !line.breaker.is_free(now) {
            return Admission::Paused(line.breaker.paused_until().unwrap_or(now).max(now));
        }
        match line.pace.free_at(true, now) {
            Some(at) if at <= now => {
                line.pace.spend(now);
                line.breaker.leaves();
                Admission::Now
            }
            Some(at) => Admission::Wait(at),
            None => Admission::Paused(now),
        }
    }

    /// How a call went: a refusal is an answer that makes sense.
    pub fn answered(&mut self, category: Category, sensibly: bool, now: Timestamp) {
        let breaker = &mut self.line(category).breaker;
        if sensibly { breaker.works() } else { breaker.fails(now) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::after_ms;

    fn at(ms: i64) -> Timestamp {
        after_ms(Timestamp::UNIX_EPOCH, 1_000_000_000_000 + ms)
    }

    #[test]
    fn each_category_has_its_own_windows() {
        let mut all = Categories::new(1_050);
        for _ in 0..5 {
            assert_eq!(all.admit(Category::Data, at(0)), Admission::Now);
        }
        assert_eq!(all.admit(Category::Data, at(1)), Admission::Wait(at(1_000)));
        assert_eq!(all.admit(Category::Quote, at(1)), Admission::Now, "quotes are another category");
        assert_eq!(all.admit(Category::Quote, at(999)), Admission::Wait(at(1_051)));
        for _ in 0..10 {
            assert_eq!(all.admit(Category::NonTrading, at(2)), Admission::Now);
        }
        assert_eq!(all.admit(Category::NonTrading, at(3)), Admission::Wait(at(1_002)));
        assert_eq!(all.admit(Category::Data, at(1_000)), Admission::Now);
    }

    #[test]
    fn a_category_that_keeps_failing_pauses_alone_and_is_probed() {
        let mut all = Categories::new(1_050);
        for n in 0..5 {
            assert_eq!(all.admit(Category::Data, at(n * 1_000)), Admission::Now);
            all.answered(Category::Data, false, at(n * 1_000));
        }
        let Admission::Paused(until) = all.admit(Category::Data, at(4_001)) else { panic!("not paused") };
        assert!(until > at(4_500) && until <= at(5_000), "{until}");
        assert_eq!(all.admit(Category::NonTrading, at(4_001)), Admission::Now);
        assert_eq!(all.admit(Category::Data, until), Admission::Now, "the probe");
        assert!(matches!(all.admit(Category::Data, until), Admission::Paused(_)), "one probe at a time");
        all.answered(Category::Data, true, until);
        assert_eq!(all.admit(Category::Data, until), Admission::Now);
    }
}
