//! Numbers, texts, dates and the many spellings of *nothing* in DhanHQ's JSON.
//!
//! Reading takes what the broker is known to write: numbers as numbers or as text, `null`, `"NA"`, `""`, `"0001-01-01"`.
//! Numbers never pass through binary floating point. Writing gives the one form the live API gives.
//!
//! The modules are for `#[serde(with = "…")]`.

use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use rust_decimal::Decimal;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::domain::time::{Timestamp, from_ist, ist};

/// The text, or `None` where it is one of the broker's ways to say that there is nothing.
pub fn present(text: &str) -> Option<&str> {
    let text = text.trim();
    let nothing = text.is_empty()
        || text.eq_ignore_ascii_case("NA")
        || text.eq_ignore_ascii_case("null")
        || text == "XX"
        || text.starts_with("0001-01-01");
    (!nothing).then_some(text)
}

/// A decimal as its JSON text says it, exponents included; `None` for anything that is not a number.
pub fn parse_decimal(text: &str) -> Option<Decimal> {
    let text = text.trim();
    Decimal::from_str(text).or_else(|_| Decimal::from_scientific(text)).ok()
}

/// A decimal as a JSON number with at least one digit behind the point, as the broker writes its amounts (`101.0`).
pub fn json_number(value: Decimal) -> Value {
    let value = value.normalize();
    let text = if value.scale() == 0 { format!("{value}.0") } else { value.to_string() };
    serde_json::Number::from_str(&text).map_or(Value::Null, Value::Number)
}

/// A wall-clock time in India in any of the broker's forms: `2026-11-20 09:15:00`, with `T`, with a fraction, the date alone,
/// `20/11/2026 09:15:00`, or without seconds. `None` for the spellings of *never*.
pub fn parse_ist(text: &str) -> Option<Timestamp> {
    let text = present(text)?;
    let (day, clock) = text.split_once([' ', 'T']).unwrap_or((text, ""));
    let day = parse_date(day)?;
    // 1980-01-01 is the broker's *never traded*.
    if day.year() < 1981 {
        return None;
    }
    let mut parts = clock.trim_end_matches('Z').split([':', '.']);
    let mut next = |limit: i8| match parts.next() {
        None | Some("") => Some(0),
        Some(digits) => digits.parse::<i8>().ok().filter(|n| (0..limit).contains(n)),
    };
    let (hour, minute, second) = (next(24)?, next(60)?, next(60)?);
    Some(from_ist(day.at(hour, minute, second, 0)))
}

/// `2026-11-20` or `20/11/2026`, with or without a time behind it.
pub fn parse_date(text: &str) -> Option<Date> {
    let text = present(text)?;
    let day = text.split([' ', 'T']).next()?;
    let separator = if day.contains('/') { '/' } else { '-' };
    let mut parts = day.split(separator);
    let (a, b, c) = (parts.next()?, parts.next()?, parts.next()?);
    let (year, month, day) = if separator == '/' { (c, b, a) } else { (a, b, c) };
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// `YYYY-MM-DD HH:MM:SS` in India.
pub fn ist_text(at: Timestamp) -> String {
    wall_text(ist(at))
}

fn wall_text(wall: DateTime) -> String {
    wall.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// The elements of an array, the one object, or nothing: the broker answers some questions in either shape.
pub fn one_or_many<T: DeserializeOwned>(body: &[u8]) -> Result<Vec<T>, serde_json::Error> {
    match serde_json::from_slice(body)? {
        Value::Null => Ok(Vec::new()),
        Value::Array(items) => items.into_iter().map(serde_json::from_value).collect(),
        one => Ok(vec![serde_json::from_value(one)?]),
    }
}

/// The text of a scalar: `None` for null, arrays and objects.
pub fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn read_scalar<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    if matches!(value, Value::Array(_) | Value::Object(_)) {
        return Err(D::Error::custom("a single value was expected"));
    }
    Ok(scalar_text(&value))
}

fn read_decimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
    let Some(text) = read_scalar(deserializer)? else { return Ok(None) };
    let Some(text) = present(&text) else { return Ok(None) };
    parse_decimal(text).map(Some).ok_or_else(|| D::Error::custom(format!("`{text}` is not a number")))
}

/// A decimal; absent is zero.
pub mod number {
    use super::{Decimal, Deserializer, Serialize, Serializer, json_number, read_decimal};

    pub fn serialize<S: Serializer>(value: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
        json_number(*value).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
        Ok(read_decimal(deserializer)?.unwrap_or_default())
    }
}

/// A decimal or nothing; nothing is written as `null`.
pub mod opt_number {
    use super::{Decimal, Deserializer, Serialize, Serializer, json_number, read_decimal};

    pub fn serialize<S: Serializer>(value: &Option<Decimal>, serializer: S) -> Result<S::Ok, S::Error> {
        value.map(json_number).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
        read_decimal(deserializer)
    }
}

/// A whole number; absent is zero, a fraction of `.0` is taken.
pub mod whole {
    use rust_decimal::prelude::ToPrimitive;

    use super::{Deserializer, Serialize, Serializer, read_decimal};
    use serde::de::Error as _;

    // The signature is serde's.
    #[allow(clippy::trivially_copy_pass_by_ref)]
    pub fn serialize<S: Serializer>(value: &i64, serializer: S) -> Result<S::Ok, S::Error> {
        value.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
        let value = read_decimal(deserializer)?.unwrap_or_default();
        let whole = value.fract().is_zero().then(|| value.to_i64()).flatten();
        whole.ok_or_else(|| D::Error::custom(format!("`{value}` is not a whole number")))
    }
}

/// A text; numbers are taken as their digits, null as the empty text.
pub mod text {
    use super::{Deserializer, Serializer, read_scalar};

    pub fn serialize<S: Serializer>(value: &str, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(value)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
        Ok(read_scalar(deserializer)?.unwrap_or_default())
    }
}

/// A text or nothing; nothing is written as `"NA"`.
pub mod na_text {
    use super::{Deserializer, Serializer, present, read_scalar};

    // The signature is serde's.
    #[allow(clippy::ref_option)]
    pub fn serialize<S: Serializer>(value: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(value.as_deref().unwrap_or("NA"))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
        Ok(read_scalar(deserializer)?.as_deref().and_then(present).map(str::to_string))
    }
}

/// A text or nothing; nothing is written as `null`.
pub mod opt_text {
    use super::{Deserializer, Serialize, Serializer, present, read_scalar};

    // The signature is serde's.
    #[allow(clippy::ref_option)]
    pub fn serialize<S: Serializer>(value: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
        value.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
        Ok(read_scalar(deserializer)?.as_deref().and_then(present).map(str::to_string))
    }
}

/// An instant, written as the wall clock of India; nothing is `0001-01-01 00:00:00`.
pub mod ist_time {
    use super::{Deserializer, Serializer, Timestamp, ist_text, parse_ist, read_scalar};

    pub fn serialize<S: Serializer>(value: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(at) => serializer.serialize_str(&ist_text(*at)),
            None => serializer.serialize_str("0001-01-01 00:00:00"),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
        Ok(read_scalar(deserializer)?.as_deref().and_then(parse_ist))
    }
}

/// A day as `YYYY-MM-DD`; nothing is `0001-01-01`.
pub mod date {
    use super::{Date, Deserializer, Serializer, parse_date, read_scalar};

    pub fn serialize<S: Serializer>(value: &Option<Date>, serializer: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(day) => serializer.collect_str(day),
            None => serializer.serialize_str("0001-01-01"),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
        Ok(read_scalar(deserializer)?.as_deref().and_then(parse_date))
    }
}

/// Yes or no, also as text or as 0 and 1; absent is no.
pub mod flag {
    use super::{Deserializer, Serializer, read_scalar};

    // The signature is serde's.
    #[allow(clippy::trivially_copy_pass_by_ref)]
    pub fn serialize<S: Serializer>(value: &bool, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(*value)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
        let text = read_scalar(deserializer)?.unwrap_or_default();
        Ok(text.eq_ignore_ascii_case("true") || text == "1" || text.eq_ignore_ascii_case("Y"))
    }
}

/// An array of decimals; `null`, or an entry that is absent, is nothing and zero.
pub mod numbers {
    use super::{Decimal, Deserializer, Serializer, json_number, parse_decimal, present, scalar_text};
    use serde::Deserialize;
    use serde::de::Error as _;
    use serde_json::Value;

    pub fn serialize<S: Serializer>(values: &[Decimal], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(values.iter().map(|value| json_number(*value)))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Decimal>, D::Error> {
        let read = |value: &Value| {
            let text = scalar_text(value).unwrap_or_default();
            let Some(text) = present(&text) else { return Ok(Decimal::ZERO) };
            parse_decimal(text).ok_or_else(|| D::Error::custom(format!("`{text}` is not a number")))
        };
        Option::<Vec<Value>>::deserialize(deserializer)?.unwrap_or_default().iter().map(read).collect()
    }
}

/// An array of whole numbers, which the broker may write with a fraction of `.0`.
pub mod wholes {
    use rust_decimal::prelude::ToPrimitive;

    use super::{Deserializer, Serialize, Serializer, numbers};

    pub fn serialize<S: Serializer>(values: &[i64], serializer: S) -> Result<S::Ok, S::Error> {
        values.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<i64>, D::Error> {
        Ok(numbers::deserialize(deserializer)?.iter().map(|n| n.round().to_i64().unwrap_or(0)).collect())
    }
}

/// An amount as a text with two digits behind the point (`"20000.00"`); absent is zero.
pub mod amount_text {
    use super::{Decimal, Deserializer, Serializer, read_decimal};

    pub fn serialize<S: Serializer>(value: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{:.2}", value.round_dp(2)))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
        Ok(read_decimal(deserializer)?.unwrap_or_default())
    }
}

/// A day as `NA` where there is none, `YYYY-MM-DD` where there is.
pub mod na_date {
    use super::{Date, Deserializer, Serializer, parse_date, read_scalar};

    // The signature is serde's.
    #[allow(clippy::trivially_copy_pass_by_ref)]
    pub fn serialize<S: Serializer>(value: &Option<Date>, serializer: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(day) => serializer.collect_str(day),
            None => serializer.serialize_str("NA"),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
        Ok(read_scalar(deserializer)?.as_deref().and_then(parse_date))
    }
}

#[cfg(test)]
mod tests;
