//! Texts to values: exact numbers, dates, times. Nothing passes through binary floating point.

use jiff::civil::{Date, DateTime};
use rust_decimal::Decimal;

use crate::domain::time::{Timestamp, from_ist};

/// Larger amounts and prices are sentinels or mistakes.
const LARGEST: Decimal = Decimal::from_parts(3_567_587_328, 232, 0, false, 0);

/// A number as analysers write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    Exact(Decimal),
    Infinite,
    MinusInfinite,
}

impl Number {
    pub fn exact(self) -> Option<Decimal> {
        match self {
            Self::Exact(value) => Some(value),
            Self::Infinite | Self::MinusInfinite => None,
        }
    }
}

/// A text that should be a number and is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotANumber;

/// Reads a number; an empty text, `NaN` and the like are the absence of one.
pub(super) fn number(text: &str) -> Result<Option<Number>, NotANumber> {
    let text = text.trim();
    match text.to_ascii_lowercase().as_str() {
        "" | "nan" | "null" | "none" | "n/a" | "na" | "-" => return Ok(None),
        "inf" | "+inf" | "infinity" | "+infinity" | "infinite" | "unlimited" => return Ok(Some(Number::Infinite)),
        "-inf" | "-infinity" => return Ok(Some(Number::MinusInfinite)),
        _ => {}
    }
    decimal(text).map(|value| Some(Number::Exact(value))).ok_or(NotANumber)
}

/// An exact decimal: plain, with an exponent, with a rupee sign, or with thousands separated by commas.
fn decimal(text: &str) -> Option<Decimal> {
    let bare = ["₹", "Rs.", "Rs", "INR"].iter().find_map(|sign| text.strip_prefix(sign)).unwrap_or(text).trim();
    let plain = without_commas(bare)?;
    if !plain.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E')) {
        return None;
    }
    let value: Decimal = match plain.split_once(['e', 'E']) {
        None => plain.parse().ok()?,
        // An exponent beyond this leaves the range of a decimal anyway.
        Some((_, exponent)) if exponent.parse::<i32>().is_ok_and(|e| e.abs() <= 28) => {
            Decimal::from_scientific(&plain).ok()?
        }
        Some(_) => return None,
    };
    (value.abs() <= LARGEST).then(|| value.normalize())
}

/// `1,23,456.50` and `123,456.50` without their commas; a comma elsewhere (a decimal comma) is no number.
fn without_commas(text: &str) -> Option<String> {
    if !text.contains(',') {
        return Some(text.to_owned());
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let groups: Vec<&str> = whole.split(',').collect();
    let (first, middle, last) = match groups.as_slice() {
        [first, middle @ .., last] => (*first, middle, *last),
        _ => return None,
    };
    let digits = first.trim_start_matches(['-', '+']);
    let fits = (1..=3).contains(&digits.len()) && middle.iter().all(|g| matches!(g.len(), 2 | 3)) && last.len() == 3;
    (fits && !fraction.contains(',')).then(|| text.replace(',', ""))
}

/// A day: `2025-07-31`, `31-Jul-2025`, `31 Jul 2025`, or the day of a time. Days as numbers in another order could mean
/// two different days and are not read.
pub(super) fn date(text: &str) -> Option<Date> {
    let text = text.trim();
    let iso = || instant(text).map(|at| crate::domain::time::ist(at).date());
    let named = || ["%d-%b-%Y", "%d %b %Y"].iter().find_map(|format| Date::strptime(format, text).ok());
    text.parse::<Date>().ok().filter(|_| text.len() == 10).or_else(named).or_else(iso)
}

/// An instant: ISO with an offset, or without one and then Indian time; a day alone is its beginning.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    // A wall time with a zone that is not an offset would be read as if it had none.
    if text.contains('[') {
        return None;
    }
    let day = || text.parse::<Date>().ok().map(|day| day.at(0, 0, 0, 0));
    text.parse::<DateTime>().ok().or_else(day).map(from_ist)
}

/// The `20250622_073405` in a file name, Indian time.
pub(super) fn time_in_name(name: &str) -> Option<Timestamp> {
    let bytes = name.as_bytes();
    bytes.windows(15).enumerate().find_map(|(at, window)| {
        let digits = window.iter().enumerate().all(|(i, b)| if i == 8 { *b == b'_' } else { b.is_ascii_digit() });
        let apart = |b: Option<&u8>| b.is_none_or(|b| !b.is_ascii_digit());
        let alone = apart(at.checked_sub(1).and_then(|i| bytes.get(i))) && apart(bytes.get(at + 15));
        let text = std::str::from_utf8(window).ok().filter(|_| digits && alone)?;
        DateTime::strptime("%Y%m%d_%H%M%S", text).ok().map(from_ist)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date as day;
    use rust_decimal_macros::dec;

    fn exact(text: &str) -> Option<Decimal> {
        number(text).unwrap().and_then(Number::exact)
    }

    #[test]
    fn numbers_are_read_exactly() {
        assert_eq!(exact("142.3"), Some(dec!(142.3)));
        assert_eq!(exact("0.6644126092615875"), Some(dec!(0.6644126092615875)));
        assert_eq!(exact("1.425e2"), Some(dec!(142.5)));
        assert_eq!(exact("2.5E-3"), Some(dec!(0.0025)));
        assert_eq!(exact(" ₹1,23,456.50 "), Some(dec!(123456.5)));
        assert_eq!(exact("1,234"), Some(dec!(1234)));
        assert_eq!(exact("26500.0").unwrap().to_string(), "26500");
        assert_eq!(LARGEST, dec!(1000000000000));
    }

    #[test]
    fn what_is_no_number_is_absent_infinite_or_refused() {
        assert_eq!(number("NaN"), Ok(None));
        assert_eq!(number(" "), Ok(None));
        assert_eq!(number("Unlimited"), Ok(Some(Number::Infinite)));
        assert_eq!(number("-inf"), Ok(Some(Number::MinusInfinite)));
        for bad in ["1,5", "1.2.3", "true", "0x10", "1e99", "1e-9999999999", "1_000", "12 34", "9e28", "--5", "5%"] {
            assert_eq!(number(bad), Err(NotANumber), "{bad}");
        }
    }

    #[test]
    fn days_are_read_where_they_can_mean_only_one() {
        for text in ["2025-07-31", "31-Jul-2025", "31 Jul 2025", "2025-07-31T15:30:00", "2025-07-31 00:00:00"] {
            assert_eq!(date(text), Some(day(2025, 7, 31)), "{text}");
        }
        for text in ["07-06-2025", "31/07/2025", "", "soon", "2025-13-01"] {
            assert_eq!(date(text), None, "{text}");
        }
        assert_eq!(date("2025-07-31T20:00:00Z"), Some(day(2025, 8, 1)), "the day in India");
    }

    #[test]
    fn times_without_a_zone_are_indian() {
        let at = from_ist(day(2025, 6, 30).at(10, 1, 46, 0));
        assert_eq!(instant("2025-06-30T10:01:46"), Some(at));
        assert_eq!(instant("2025-06-30T04:31:46Z"), Some(at));
        assert_eq!(instant("2025-06-30T10:01:46+05:30"), Some(at));
        assert_eq!(instant("2025-06-30"), Some(from_ist(day(2025, 6, 30).at(0, 0, 0, 0))));
        assert_eq!(instant("2025-06-30T10:01[Asia/Tokyo]"), None);
    }

    #[test]
    fn a_file_name_can_hold_its_time() {
        let at = from_ist(day(2025, 6, 22).at(7, 34, 5, 0));
        assert_eq!(time_in_name("options_v4_analysis_20250622_073405.json"), Some(at));
        assert_eq!(time_in_name("a_20251322_073405.json"), None);
        assert_eq!(time_in_name("1234567890_073405x.json"), None);
    }
}
