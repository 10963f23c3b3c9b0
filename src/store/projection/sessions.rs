//! One row per trading day: what was decided, and what the trades that were closed on it earned and cost.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use rusqlite::{Transaction, params};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::cells::when;
use crate::domain::time::Timestamp;
use crate::engine::state::DayCounters;

/// What the table does not show yet.
#[derive(Debug, Default)]
pub struct Sessions {
    counted: BTreeMap<Date, Counted>,
    /// Days with new signals.
    signals: BTreeSet<Date>,
}

#[derive(Debug)]
struct Counted {
    /// The first record that told of it; the row keeps its own where it has one.
    at: Timestamp,
    executions: u32,
    intents: u32,
}

impl Sessions {
    pub fn note(&mut self, day: &DayCounters, at: Timestamp) {
        let Some(date) = day.date else { return };
        let counted = self.counted.entry(date).or_insert(Counted { at, executions: 0, intents: 0 });
        (counted.executions, counted.intents) = (day.trades, day.intents);
    }

    pub fn note_signals(&mut self, day: Date) {
        self.signals.insert(day);
    }

    pub fn len(&self) -> usize {
        self.counted.len() + self.signals.len()
    }

    /// Writes the counters, and sums up the days whose trades have changed. After the trades and the signals.
    pub fn write(&self, db: &Transaction<'_>, changed: &BTreeSet<Date>) -> rusqlite::Result<()> {
        for (date, day) in &self.counted {
            db.prepare_cached(
                "INSERT INTO trading_sessions (trading_day, started_at, executions, intents) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO UPDATE SET executions = excluded.executions, intents = excluded.intents",
            )?
            .execute(params![date.to_string(), when(day.at), day.executions, day.intents])?;
        }
        for date in &self.signals {
            db.prepare_cached(
                "UPDATE trading_sessions SET signals = (SELECT COUNT(*) FROM signals WHERE trading_day = ?1)
                 WHERE trading_day = ?1",
            )?
            .execute([date.to_string()])?;
        }
        changed.iter().try_for_each(|date| sum_up(db, *date))
    }
}

/// Exact sums: SQLite would add them as binary numbers.
fn sum_up(db: &Transaction<'_>, date: Date) -> rusqlite::Result<()> {
    let mut closed =
        db.prepare_cached("SELECT gross, charges FROM trades WHERE trading_day = ?1 AND exit_at IS NOT NULL")?;
    let amount = |text: Option<String>| text.and_then(|t| t.parse::<Decimal>().ok()).unwrap_or_default();
    let rows = closed.query_map([date.to_string()], |r| Ok((amount(r.get(0)?), amount(r.get(1)?))))?;
    let (mut trades, mut won, mut gross, mut charges) = (0, 0, Decimal::ZERO, Decimal::ZERO);
    for row in rows {
        let (earned, cost) = row?;
        trades += 1;
        won += i64::from(earned > cost);
        gross += earned;
        charges += cost;
    }
    let (gross, charges, net) = (gross.normalize(), charges.normalize(), (gross - charges).normalize());
    db.prepare_cached(
        "UPDATE trading_sessions SET trades = ?2, won = ?3, gross = ?4, charges = ?5, net = ?6, net_real = ?7
         WHERE trading_day = ?1",
    )?
    .execute(params![
        date.to_string(),
        trades,
        won,
        gross.to_string(),
        charges.to_string(),
        net.to_string(),
        net.to_f64().unwrap_or_default()
    ])?;
    Ok(())
}
