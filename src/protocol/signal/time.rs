//! The time of a signal: `2026-11-20T10:15:00`, in the zone that is set, or with `Z` or an offset of its own.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

use super::{BadSignal, bad};
use crate::domain::time::Timestamp;

const FIELD: &str = "timestamp";

/// Reads one. A time that the zone's clocks skip or show twice is refused: it would be a guess.
pub fn read(text: &str, zone: &TimeZone) -> Result<Timestamp, BadSignal> {
    let form =
        bad(FIELD, "write it as 2026-11-20T10:15:00, with Z or +05:30 behind it where it is not of the set zone");
    let (wall, behind) = parts(text).ok_or_else(|| form.clone())?;
    let wall: DateTime = wall.parse().map_err(|_| form.clone())?;
    if !(2000..=2100).contains(&wall.year()) {
        return Err(bad(FIELD, "a year of this century"));
    }
    let zone = match behind {
        "" => zone.clone(),
        "Z" => TimeZone::UTC,
        behind => TimeZone::fixed(offset(behind).ok_or(form)?),
    };
    let skipped = bad(FIELD, "the clocks of the set zone skip that time or show it twice: write it with an offset");
    zone.to_ambiguous_timestamp(wall).unambiguous().map_err(|_| skipped)
}

/// `2026-11-20T10:15:00`, with up to nine digits of a second's fraction; and what stands behind it.
fn parts(text: &str) -> Option<(&str, &str)> {
    const SHAPE: &[u8] = b"dddd-dd-ddTdd:dd:dd";
    let bytes = text.as_bytes();
    let fits = |(b, s): (&u8, &u8)| if *s == b'd' { b.is_ascii_digit() } else { b == s };
    if bytes.len() < SHAPE.len() || !bytes.iter().zip(SHAPE).all(fits) || bytes[17] >= b'6' {
        return None;
    }
    let rest = &text[SHAPE.len()..];
    let Some(fraction) = rest.strip_prefix('.') else { return Some(text.split_at(SHAPE.len())) };
    let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
    (1..=9).contains(&digits).then(|| text.split_at(SHAPE.len() + 1 + digits))
}

/// `+05:30`.
pub fn offset(text: &str) -> Option<Offset> {
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = text[1..].split_once(':')?;
    let two = |part: &str| (part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse().ok())?;
    let (hours, minutes): (i32, i32) = (two(hours)?, two(minutes)?);
    let known = hours <= 14 && minutes <= 59;
    known.then(|| Offset::from_seconds(sign * (hours * 3_600 + minutes * 60)).ok())?
}
