//! One row on its way into a table: named values, in the tables' notation.

use std::fmt::{Display, Write};

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::domain::Bound;
use crate::domain::time::{Timestamp, ist};

/// Column names and values of one row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cells(Vec<(&'static str, Value)>);

impl Cells {
    pub fn new() -> Self {
        Self::default()
    }

    fn with(mut self, name: &'static str, value: Value) -> Self {
        self.0.push((name, value));
        self
    }

    pub fn text(self, name: &'static str, value: impl Display) -> Self {
        self.with(name, Value::Text(value.to_string()))
    }

    pub fn maybe_text(self, name: &'static str, value: Option<impl Display>) -> Self {
        self.with(name, value.map_or(Value::Null, |v| Value::Text(v.to_string())))
    }

    pub fn int(self, name: &'static str, value: impl Into<i64>) -> Self {
        self.with(name, Value::Integer(value.into()))
    }

    pub fn maybe_int(self, name: &'static str, value: Option<impl Into<i64>>) -> Self {
        self.with(name, value.map_or(Value::Null, |v| Value::Integer(v.into())))
    }

    /// Ids and counters.
    pub fn id(self, name: &'static str, value: u64) -> Self {
        self.maybe_id(name, Some(value))
    }

    pub fn maybe_id(self, name: &'static str, value: Option<u64>) -> Self {
        self.with(name, value.and_then(|v| i64::try_from(v).ok()).map_or(Value::Null, Value::Integer))
    }

    /// An exact decimal, without trailing zeros so that equal numbers are equal texts.
    pub fn decimal(self, name: &'static str, value: Decimal) -> Self {
        self.text(name, value.normalize())
    }

    pub fn maybe_decimal(self, name: &'static str, value: Option<Decimal>) -> Self {
        self.maybe_text(name, value.map(|d| d.normalize()))
    }

    /// A binary number, where exactness does not matter.
    pub fn real(self, name: &'static str, value: Option<Decimal>) -> Self {
        self.with(name, value.and_then(|d| d.to_f64()).map_or(Value::Null, Value::Real))
    }

    pub fn bound(self, name: &'static str, value: Option<Bound>) -> Self {
        match value {
            Some(Bound::Limited(money)) => self.decimal(name, money.0),
            Some(Bound::Unlimited) => self.text(name, "unlimited"),
            None => self.maybe_text(name, None::<String>),
        }
    }

    pub fn when(self, name: &'static str, at: Timestamp) -> Self {
        self.text(name, when(at))
    }

    pub fn maybe_when(self, name: &'static str, at: Option<Timestamp>) -> Self {
        self.maybe_text(name, at.map(when))
    }

    /// The row as a JSON object.
    pub fn json(&self) -> serde_json::Value {
        let cell = |value: &Value| match value {
            Value::Null | Value::Blob(_) => serde_json::Value::Null,
            Value::Integer(n) => (*n).into(),
            Value::Real(x) => (*x).into(),
            Value::Text(text) => text.as_str().into(),
        };
        serde_json::Value::Object(self.0.iter().map(|(name, value)| ((*name).to_string(), cell(value))).collect())
    }

    /// Writes the row, replacing the one with the same key.
    pub fn upsert(&self, db: &Connection, table: &str) -> rusqlite::Result<()> {
        let mut text = format!("INSERT OR REPLACE INTO {table} (");
        for (n, (name, _)) in self.0.iter().enumerate() {
            let _ = write!(text, "{}{name}", if n == 0 { "" } else { ", " });
        }
        text.push_str(") VALUES (?");
        text.push_str(&", ?".repeat(self.0.len().saturating_sub(1)));
        text.push(')');
        db.prepare_cached(&text)?.execute(params_from_iter(self.0.iter().map(|(_, v)| v)))?;
        Ok(())
    }
}

/// `2026-11-20T09:15:00.123+05:30`.
pub fn when(at: Timestamp) -> String {
    ist(at).strftime("%Y-%m-%dT%H:%M:%S%.3f+05:30").to_string()
}

/// The finite part of a bound.
pub fn limited(bound: Option<Bound>) -> Option<Decimal> {
    match bound {
        Some(Bound::Limited(money)) => Some(money.0),
        Some(Bound::Unlimited) | None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sample::nine_fifteen;

    #[test]
    fn times_are_indian() {
        assert_eq!(when(nine_fifteen()), "2026-11-20T09:15:00.123+05:30");
    }
}
