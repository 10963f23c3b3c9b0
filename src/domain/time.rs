//! Time: IST on screen and in rules, UTC in storage. Nothing here reads a clock.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
pub use jiff::{SignedDuration, Timestamp};

/// India Standard Time: UTC+05:30, no daylight saving.
pub fn ist_offset() -> Offset {
    Offset::from_seconds(19_800).unwrap_or(Offset::UTC)
}

/// The wall clock in India at this instant.
pub fn ist(at: Timestamp) -> DateTime {
    ist_offset().to_datetime(at)
}

/// The instant of an Indian wall-clock time. Times outside the range of the calendar saturate.
pub fn from_ist(wall: DateTime) -> Timestamp {
    TimeZone::fixed(ist_offset()).to_timestamp(wall).unwrap_or(if wall.year() < 1970 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

/// The trading day an instant belongs to: it starts at 08:30 IST, and counters, limits and books reset with it.
pub fn trading_day(at: Timestamp) -> Date {
    let wall = ist(at);
    let start = Time::constant(8, 30, 0, 0);
    if wall.time() >= start { wall.date() } else { wall.date().yesterday().unwrap_or(Date::MIN) }
}

/// `at` moved by whole milliseconds; saturates at the ends of time.
pub fn after_ms(at: Timestamp, ms: i64) -> Timestamp {
    at.saturating_add(SignedDuration::from_millis(ms)).unwrap_or(at)
}

/// Milliseconds from `from` to `to`, negative when `to` is earlier.
pub fn ms_between(from: Timestamp, to: Timestamp) -> i64 {
    to.as_millisecond() - from.as_millisecond()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_trading_day_starts_at_half_past_eight() {
        let before = from_ist(date(2026, 11, 20).at(8, 29, 59, 0));
        assert_eq!(trading_day(before), date(2026, 11, 19));
        assert_eq!(trading_day(after_ms(before, 1000)), date(2026, 11, 20));
        assert_eq!(ist(before), date(2026, 11, 20).at(8, 29, 59, 0));
    }
}
