//! The exchange's day: when it opens and closes, when intraday positions are squared off, when expiries settle, when books roll.

use std::sync::Arc;

use jiff::civil::Time;
use serde::{Deserialize, Serialize};

use crate::domain::time::{Timestamp, after_ms, from_ist, ist, trading_day};
use crate::domain::{Exchange as Place, Market, TradingCalendar};

/// Whether the exchange keeps hours.
#[derive(Clone, Debug, Default)]
pub enum ClockMode {
    /// A synthetic session without end, for practice and simulation. Days roll and contracts expire as usual.
    #[default]
    AlwaysOpen,
    /// The hours of NSE derivatives by this calendar; BSE keeps the same ones here.
    Real(Arc<TradingCalendar>),
}

impl ClockMode {
    /// The real hours by the calendar compiled into the program.
    pub fn real() -> Self {
        Self::Real(Arc::new(TradingCalendar::builtin().clone()))
    }

    /// The calendar expiries are told by: the given one, or the one compiled in.
    pub fn calendar(&self) -> &TradingCalendar {
        match self {
            Self::AlwaysOpen => TradingCalendar::builtin(),
            Self::Real(calendar) => calendar,
        }
    }

    /// Whether orders are taken at this instant.
    pub(super) fn is_open(&self, at: Timestamp) -> bool {
        match self {
            Self::AlwaysOpen => true,
            Self::Real(calendar) => {
                let today = calendar.session_on(Place::Nse, Market::Derivatives, ist(at).date());
                today.is_some_and(|s| s.contains(at))
            }
        }
    }

    /// The next event strictly after `after`.
    pub(super) fn next(&self, after: Timestamp, square_off: Option<Time>) -> (Timestamp, DayEvent) {
        let today = ist(after).date();
        let mut day = today;
        // Every calendar day has at least its roll-over, so the search ends on the second day.
        loop {
            let found = self.events_of(day, square_off).into_iter().flatten().filter(|(at, _)| *at > after).min();
            let Some(tomorrow) = day.tomorrow().ok().filter(|_| found.is_none()) else {
                return found.unwrap_or((Timestamp::MAX, DayEvent::Roll));
            };
            day = tomorrow;
        }
    }

    /// How much of the trading day is behind us, 0 to 1.
    pub(super) fn day_part(&self, at: Timestamp) -> f64 {
        let since = |start: Time, hours: f64| {
            let seconds = ist(at).time().duration_since(start).as_secs_f64();
            (if seconds < 0.0 { seconds + 86_400.0 } else { seconds }) / (hours * 3_600.0)
        };
        match self {
            Self::AlwaysOpen => since(Time::constant(8, 30, 0, 0), 24.0),
            Self::Real(_) => since(Time::constant(9, 15, 0, 0), 6.5).min(1.0),
        }
    }

    fn events_of(&self, day: jiff::civil::Date, square_off: Option<Time>) -> [Option<(Timestamp, DayEvent)>; 5] {
        let roll = Some((from_ist(day.at(8, 30, 0, 0)), DayEvent::Roll));
        let settle = |close: Timestamp| Some((close, DayEvent::Settle));
        match self {
            Self::AlwaysOpen => [roll, settle(self.calendar().close_of_expiry(Place::Nse, day)), None, None, None],
            Self::Real(calendar) => {
                let Some(session) = calendar.session_on(Place::Nse, Market::Derivatives, day) else {
                    return [roll, settle(calendar.close_of_expiry(Place::Nse, day)), None, None, None];
                };
                let square_off = square_off.map(|t| from_ist(day.to_datetime(t))).filter(|t| session.contains(*t));
                [
                    roll,
                    Some((session.open, DayEvent::Open)),
                    square_off.map(|t| (t, DayEvent::SquareOff)),
                    Some((session.close, DayEvent::Close)),
                    // A moment after the close, so that the book has ended first.
                    settle(after_ms(session.close, 1)),
                ]
            }
        }
    }
}

/// What happens to the whole exchange at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum DayEvent {
    /// 08:30: the trading day ends, the next begins. Books, counters and the kill switch start anew.
    Roll,
    Open,
    SquareOff,
    /// Day orders expire.
    Close,
    /// Contracts whose last session is over are settled.
    Settle,
}

/// The trading day as the number an order id starts with: 261120.
pub(super) fn day_number(at: Timestamp) -> u64 {
    let day = trading_day(at);
    let part = |n: i8| u64::try_from(n).unwrap_or(0);
    u64::try_from(day.year() % 100).unwrap_or(0) * 10_000 + part(day.month()) * 100 + part(day.day())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_real_day_opens_squares_off_closes_and_settles() {
        let clock = ClockMode::real();
        let mut at = from_ist(date(2026, 11, 20).at(8, 0, 0, 0));
        let mut seen = Vec::new();
        for _ in 0..6 {
            let (next, event) = clock.next(at, Some(Time::constant(15, 20, 0, 0)));
            seen.push((ist(next).strftime("%d %H:%M").to_string(), event));
            at = next;
        }
        let expected = [
            ("20 08:30", DayEvent::Roll),
            ("20 09:15", DayEvent::Open),
            ("20 15:20", DayEvent::SquareOff),
            ("20 15:40", DayEvent::Close),
            ("20 15:40", DayEvent::Settle),
            ("21 08:30", DayEvent::Roll),
        ];
        assert_eq!(seen, expected.map(|(t, e)| (t.to_string(), e)));
        assert!(clock.is_open(from_ist(date(2026, 11, 20).at(15, 39, 59, 0))));
        assert!(!clock.is_open(from_ist(date(2026, 11, 20).at(15, 40, 0, 0))));
        assert!(!clock.is_open(from_ist(date(2026, 11, 24).at(11, 0, 0, 0))), "a holiday");
    }

    #[test]
    fn the_always_open_day_only_rolls_and_settles() {
        let at = from_ist(date(2026, 11, 22).at(23, 0, 0, 0));
        let (next, event) = ClockMode::AlwaysOpen.next(at, None);
        assert_eq!((ist(next), event), (date(2026, 11, 23).at(8, 30, 0, 0), DayEvent::Roll));
        assert_eq!(ClockMode::AlwaysOpen.next(next, None).1, DayEvent::Settle);
    }
}
