//! Prices of days on which the exchange was not running: one walk per underlying, a function of the seed and the date, pinned
//! to the price at which the recorded days begin. Sessions and holidays are those of the calendar.

use jiff::civil::{Date, date};

use crate::domain::time::Timestamp;
use crate::domain::{Exchange as Place, Market as Part, TradingCalendar};

use super::noise::{Noise, Stream};

/// Days the walk can cover, a power of two, from its first day on: to the year 2079.
const SPAN: i64 = 1 << 15;
const FIRST: Date = date(1990, 1, 1);
/// Slots of random text one day takes, so that its draws do not run into the next day's.
const SLOTS_PER_DAY: u64 = 8;
/// Minutes of one session at most; more would run into the next day's draws.
const MOST_MINUTES: usize = 600;
/// The part of a day's move that happens before the market opens.
const OVERNIGHT: f64 = 0.3;

/// One minute of an underlying, in paise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Minute {
    /// Its beginning, in seconds.
    pub start: i64,
    pub open: i64,
    pub high: i64,
    pub low: i64,
    pub close: i64,
}

/// The walk of one underlying.
pub(super) struct Past<'a> {
    pub noise: &'a Noise,
    /// Number of its random stream.
    pub stream: u32,
    /// Annual, as a fraction.
    pub vol: f64,
    pub place: Place,
    pub calendar: &'a TradingCalendar,
    /// The close before `pinned_day` is this price.
    pub pinned_day: Date,
    pub pinned_at: i64,
}

impl Past<'_> {
    /// The closing price of a trading day, in rupees.
    fn close(&self, day: Date) -> f64 {
        let before = self.calendar.previous_trading_day(self.place, self.pinned_day);
        let moved = self.walk(number(day)) - self.walk(number(before));
        self.pinned_at as f64 / 100.0 * libm::exp(self.vol / libm::sqrt(365.0) * moved)
    }

    /// The minutes of a day; empty when there was no session.
    pub(super) fn minutes(&self, day: Date) -> Vec<Minute> {
        let Some(session) = self.calendar.session_on(self.place, Part::Derivatives, day) else { return Vec::new() };
        let first = session.open.as_second();
        let count = usize::try_from((session.close.as_second() - first) / 60).unwrap_or(0).min(MOST_MINUTES);
        if count == 0 {
            return Vec::new();
        }
        let path = self.path(day, count);
        let mut draw = self.noise.at(Stream::Past(self.stream), slot(day) + SLOTS_PER_DAY / 2);
        let sd = self.minute_sd(count);
        let minute = |(n, ends): (usize, &[f64])| {
            let (from, to) = (ends[0], ends[1]);
            // The extremes of a Brownian bridge of variance sd² have a closed form.
            let mut reach = || libm::sqrt((to - from) * (to - from) - 2.0 * sd * sd * libm::log(draw.unit())) / 2.0;
            let middle = f64::midpoint(from, to);
            let (high, low) = (middle + reach(), middle - reach());
            let start = first + 60 * i64::try_from(n).unwrap_or(0);
            Minute { start, open: paise(from), high: paise(high), low: paise(low), close: paise(to) }
        };
        path.windows(2).enumerate().map(minute).collect()
    }

    /// Logarithms of the price at the ends of the minutes: a bridge from the open to the close.
    fn path(&self, day: Date, count: usize) -> Vec<f64> {
        let before = libm::log(self.close(self.calendar.previous_trading_day(self.place, day)));
        let close = libm::log(self.close(day));
        let open = before + OVERNIGHT * (close - before);
        let mut draw = self.noise.at(Stream::Past(self.stream), slot(day));
        let sd = self.minute_sd(count);
        let mut walked = Vec::with_capacity(count + 1);
        walked.push(0.0);
        let (mut at, mut spare) = (0.0, None);
        for _ in 0..count {
            let z = spare.take().unwrap_or_else(|| {
                let (a, b) = draw.normals();
                spare = Some(b);
                a
            });
            at += sd * z;
            walked.push(at);
        }
        let bent = |(n, w): (usize, &f64)| {
            let part = n as f64 / count as f64;
            open + w + part * (close - open - at)
        };
        walked.iter().enumerate().map(bent).collect()
    }

    fn minute_sd(&self, count: usize) -> f64 {
        0.8 * self.vol / libm::sqrt(252.0 * count as f64)
    }

    /// A Brownian motion with a variance of one per calendar day, found by halving: any day costs the same few draws.
    fn walk(&self, day: i64) -> f64 {
        let day = day.clamp(0, SPAN);
        let (mut left, mut right) = (0, SPAN);
        let draw = |at: i64| self.noise.at(Stream::PastWalk(self.stream), u64::try_from(at).unwrap_or(0)).normals().0;
        let (mut from, mut to) = (0.0, libm::sqrt(SPAN as f64) * draw(SPAN));
        while right - left > 1 {
            let middle = i64::midpoint(left, right);
            let value = f64::midpoint(from, to) + libm::sqrt((right - left) as f64) / 2.0 * draw(middle);
            if day < middle {
                (right, to) = (middle, value);
            } else {
                (left, from) = (middle, value);
            }
        }
        if day == left { from } else { to }
    }
}

fn number(day: Date) -> i64 {
    i64::from(day.since(FIRST).map_or(0, |span| span.get_days()))
}

fn slot(day: Date) -> u64 {
    u64::try_from(number(day)).unwrap_or(0) * SLOTS_PER_DAY
}

/// A twentieth of a rupee is as fine as an index is published.
fn paise(log: f64) -> i64 {
    ((libm::exp(log) * 20.0).round() as i64 * 5).max(5)
}

/// The beginning of a second.
pub(super) fn instant(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn past(noise: &Noise) -> Past<'_> {
        Past {
            noise,
            stream: 0,
            vol: 0.13,
            place: Place::Nse,
            calendar: TradingCalendar::builtin(),
            pinned_day: date(2026, 11, 20),
            pinned_at: 2_594_400,
        }
    }

    #[test]
    fn the_last_day_closes_where_the_recorded_days_begin() {
        let noise = Noise::new(7);
        let minutes = past(&noise).minutes(date(2026, 11, 19));
        assert_eq!(minutes.last().map(|m| m.close), Some(2_594_400));
        assert_eq!(minutes.len(), 385);
    }

    #[test]
    fn days_follow_one_another_and_prices_stay_in_their_bars() {
        let noise = Noise::new(7);
        let past = past(&noise);
        let (a, b) = (past.minutes(date(2026, 11, 18)), past.minutes(date(2026, 11, 19)));
        let gap = b[0].open - a.last().unwrap().close;
        assert!(gap.abs() < 2_594_400 / 50, "an overnight gap of {gap} paise");
        for pair in a.windows(2) {
            assert_eq!(pair[0].close, pair[1].open);
        }
        for m in a.iter().chain(&b) {
            assert!(m.low <= m.open.min(m.close) && m.high >= m.open.max(m.close), "{m:?}");
        }
    }

    #[test]
    fn there_is_nothing_on_a_holiday_or_a_weekend() {
        let noise = Noise::new(7);
        assert_eq!(past(&noise).minutes(date(2026, 11, 15)), []);
        assert_eq!(past(&noise).minutes(date(2026, 11, 10)), [], "Diwali Balipratipada");
    }

    #[test]
    fn the_same_day_is_the_same_whenever_it_is_asked_for_and_another_seed_gives_another() {
        let (noise, other) = (Noise::new(7), Noise::new(8));
        let day = date(2021, 8, 2);
        assert_eq!(past(&noise).minutes(day), past(&noise).minutes(day));
        assert_ne!(past(&noise).minutes(day), past(&other).minutes(day));
        let price = past(&noise).minutes(day)[0].open;
        assert!((1_000_000..6_000_000).contains(&price), "five years ago: {price}");
    }
}
