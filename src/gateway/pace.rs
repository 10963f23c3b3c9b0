//! Sliding windows: how many calls left lately, and when the next one may.
//!
//! A bucket that refills would let its burst plus its refill through in one second, nearly twice the limit; here every
//! call that left is remembered until the longest window has passed.

use std::collections::VecDeque;

use super::policy::Window;
use crate::domain::time::{Timestamp, after_ms};

#[derive(Clone, Debug)]
pub struct Pace {
    windows: Vec<Window>,
    /// When each call left, oldest first.
    sent: VecDeque<Timestamp>,
}

impl Pace {
    pub fn new(windows: Vec<Window>) -> Self {
        Self { windows, sent: VecDeque::new() }
    }

    pub fn windows(&self) -> &[Window] {
        &self.windows
    }

    /// Calls that left within the last `ms` milliseconds.
    pub fn used(&self, ms: i64, now: Timestamp) -> u32 {
        let gone = self.sent.partition_point(|at| after_ms(*at, ms) <= now);
        (self.sent.len() - gone) as u32
    }

    /// When a call may leave: `now` or later; `None` if the windows never let one through. `kept` calls (exits,
    /// cancels) may use the reserve.
    pub fn free_at(&self, kept: bool, now: Timestamp) -> Option<Timestamp> {
        let mut at = now;
        for window in &self.windows {
            let allowed = window.allowed(kept) as usize;
            if allowed == 0 {
                return None;
            }
            // The call that must have left the window before another fits.
            if let Some(oldest) = self.sent.len().checked_sub(allowed).and_then(|i| self.sent.get(i)) {
                at = at.max(after_ms(*oldest, window.ms));
            }
        }
        Some(at)
    }

    pub fn is_free(&self, kept: bool, now: Timestamp) -> bool {
        self.free_at(kept, now).is_some_and(|at| at <= now)
    }

    /// A call leaves now.
    pub fn spend(&mut self, now: Timestamp) {
        self.set_clock(now);
        self.sent.push_back(now);
        let longest = self.windows.iter().map(|w| w.ms).max().unwrap_or_default();
        while self.sent.front().is_some_and(|at| after_ms(*at, longest) <= now) {
            self.sent.pop_front();
        }
    }

    /// After a restart nobody knows how fast the calls of the last second left: if there were any today, all of its quota
    /// counts as just spent. The rest of the day's calls only count against the day.
    pub fn resume(&mut self, sent_today: u32, now: Timestamp) {
        let shortest = self.windows.iter().min_by_key(|w| w.ms).copied();
        let day = self.windows.iter().map(|w| w.ms).max().unwrap_or_default();
        let just = if sent_today == 0 { 0 } else { shortest.map_or(0, |w| w.limit) };
        let earlier = after_ms(now, -(day / 2));
        self.sent.clear();
        self.sent.extend((just..sent_today).map(|_| earlier));
        self.sent.extend((0..just).map(|_| now));
    }

    /// A clock that was set back must not stop the calls for as long: what left "later than now" counts as just left.
    pub fn set_clock(&mut self, now: Timestamp) {
        for at in self.sent.iter_mut().rev() {
            if *at <= now {
                break;
            }
            *at = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: Window = Window::new(1_000, 8, 2);

    fn at(ms: i64) -> Timestamp {
        after_ms(Timestamp::UNIX_EPOCH, 1_000_000_000_000 + ms)
    }

    #[test]
    fn a_burst_waits_until_its_own_second_has_passed() {
        let mut pace = Pace::new(vec![SECOND]);
        for ms in [0, 10, 20, 30, 40, 50, 60, 70] {
            assert!(pace.is_free(true, at(ms)));
            pace.spend(at(ms));
        }
        assert_eq!(pace.free_at(true, at(80)), Some(at(1_000)));
        assert_eq!(pace.free_at(false, at(80)), Some(at(1_020)));
        assert_eq!((pace.used(1_000, at(999)), pace.used(1_000, at(1_000))), (8, 7));
    }

    #[test]
    fn the_slowest_window_decides() {
        let mut pace = Pace::new(vec![SECOND, Window::new(60_000, 2, 1)]);
        pace.spend(at(0));
        assert_eq!((pace.is_free(false, at(5_000)), pace.is_free(true, at(5_000))), (false, true));
        pace.spend(at(5_000));
        assert_eq!(pace.free_at(true, at(6_000)), Some(at(60_000)));
    }

    #[test]
    fn after_a_restart_the_last_second_counts_as_spent() {
        let mut pace = Pace::new(vec![SECOND, Window::new(86_400_000, 100, 10)]);
        pace.resume(95, at(0));
        assert_eq!(pace.free_at(true, at(0)), Some(at(1_000)));
        assert!(!pace.is_free(false, at(2_000)), "the day's part for entries is spent");
        assert!(pace.is_free(true, at(2_000)));
    }

    #[test]
    fn a_clock_set_back_does_not_stop_the_calls() {
        let mut pace = Pace::new(vec![SECOND]);
        (0..8).for_each(|_| pace.spend(at(3_600_000)));
        pace.set_clock(at(0));
        assert_eq!(pace.free_at(true, at(0)), Some(at(1_000)));
    }

    proptest! {
        #[test]
        fn never_more_than_the_limit_in_any_rolling_second(
            wishes in prop::collection::vec((0_i64..400, any::<bool>()), 1..300)
        ) {
            let mut pace = Pace::new(vec![SECOND, Window::new(10_000, 40, 8)]);
            let (mut now, mut sent) = (0, Vec::new());
            for (pause, kept) in wishes {
                now += pause;
                let kept_lately = sent.iter().filter(|(t, k)| *k && *t > now - 1_000).count();
                let kept_longer = sent.iter().filter(|(t, k)| *k && *t > now - 10_000).count();
                if pace.is_free(kept, at(now)) {
                    pace.spend(at(now));
                    sent.push((now, kept));
                } else if kept {
                    prop_assert!(kept_lately >= 2 || kept_longer >= 8, "an exit had to wait for entries");
                }
                if let Some(free) = pace.free_at(kept, at(now)) {
                    prop_assert!(pace.is_free(kept, free), "it is free when it says so");
                }
            }
            for (t, _) in &sent {
                prop_assert!(sent.iter().filter(|(u, _)| *u > t - 1_000 && u <= t).count() <= 8);
                prop_assert!(sent.iter().filter(|(u, _)| *u > t - 10_000 && u <= t).count() <= 40);
                let entries = sent.iter().filter(|(u, k)| !k && *u > t - 1_000 && u <= t).count();
                prop_assert!(entries <= 6);
            }
        }
    }
}
