//! Sliding windows: how many calls left lately, and when the next one may.
//!
//! A bucket that refills would let its burst plus its refill through in one second, nearly twice the limit; here every
//! call that left is remembered until the longest window has passed.

use std::collections::VecDeque;

use super::policy::Window;
use crate::domain::time::{Timestamp, after_ms};

/// What others did is remembered up to this many.
const MOST_ELSEWHERE: usize = 8_192;

#[derive(Clone, Debug)]
pub struct Pace {
    windows: Vec<Window>,
    /// When each call left, oldest first.
    sent: VecDeque<Timestamp>,
    /// When somebody else did something on the account, oldest first. It counts against entries only: exits are not to
    /// wait for other people.
    elsewhere: VecDeque<Timestamp>,
}

impl Pace {
    pub fn new(windows: Vec<Window>) -> Self {
        Self { windows, sent: VecDeque::new(), elsewhere: VecDeque::new() }
    }

    pub fn windows(&self) -> &[Window] {
        &self.windows
    }

    /// Calls that left within the last `ms` milliseconds.
    pub fn used(&self, ms: i64, now: Timestamp) -> u32 {
        let gone = self.sent.partition_point(|at| after_ms(*at, ms) <= now);
        (self.sent.len() - gone) as u32
    }

    /// What others did on the account within the last `ms` milliseconds.
    pub fn used_elsewhere(&self, ms: i64, now: Timestamp) -> u32 {
        let gone = self.elsewhere.partition_point(|at| after_ms(*at, ms) <= now);
        (self.elsewhere.len() - gone) as u32
    }

    /// Somebody else did something on the account.
    pub fn note_elsewhere(&mut self, at: Timestamp) {
        let place = self.elsewhere.partition_point(|earlier| *earlier <= at);
        self.elsewhere.insert(place, at);
        if self.elsewhere.len() > MOST_ELSEWHERE {
            self.elsewhere.pop_front();
        }
    }

    /// The account's calls in each of the last three seconds, oldest first.
    pub fn by_second(&self, now: Timestamp) -> [u8; 3] {
        [2, 1, 0].map(|back| {
            let until = after_ms(now, -1_000 * back);
            let from = after_ms(until, -1_000);
            let both = self.sent.iter().rev().take_while(|at| **at > from).filter(|at| **at <= until).count()
                + self.elsewhere.iter().rev().take_while(|at| **at > from).filter(|at| **at <= until).count();
            u8::try_from(both).unwrap_or(u8::MAX)
        })
    }

    /// The instant of the `n`-th newest call of those that count for this one.
    fn nth_newest(&self, n: usize, kept: bool) -> Option<Timestamp> {
        if kept || self.elsewhere.is_empty() {
            return self.sent.len().checked_sub(n).and_then(|i| self.sent.get(i)).copied();
        }
        let (mut ours, mut theirs) = (self.sent.iter().rev().peekable(), self.elsewhere.iter().rev().peekable());
        let mut newest = None;
        for _ in 0..n {
            newest = match (ours.peek(), theirs.peek()) {
                (Some(a), Some(b)) if a >= b => ours.next(),
                (_, Some(_)) => theirs.next(),
                (_, None) => ours.next(),
            };
            newest?;
        }
        newest.copied()
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
            if let Some(oldest) = self.nth_newest(allowed, kept) {
                at = at.max(after_ms(oldest, window.ms));
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
        for sent in [&mut self.sent, &mut self.elsewhere] {
            while sent.front().is_some_and(|at| after_ms(*at, longest) <= now) {
                sent.pop_front();
            }
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
        for sent in [&mut self.sent, &mut self.elsewhere] {
            for at in sent.iter_mut().rev() {
                if *at <= now {
                    break;
                }
                *at = now;
            }
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
    fn what_others_do_slows_entries_and_never_an_exit() {
        let mut pace = Pace::new(vec![SECOND]);
        (0..5).for_each(|n| pace.note_elsewhere(at(100 * n)));
        assert!(pace.is_free(false, at(450)));
        pace.spend(at(450));
        assert_eq!(pace.free_at(false, at(500)), Some(at(1_000)), "six of six");
        pace.note_elsewhere(at(460));
        pace.note_elsewhere(at(470));
        assert!(pace.is_free(true, at(500)), "eight on the account, one of ours");
        assert_eq!((pace.used(1_000, at(500)), pace.used_elsewhere(1_000, at(500))), (1, 7));
        assert_eq!(pace.by_second(at(1_465)), [0, 7, 1]);
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
