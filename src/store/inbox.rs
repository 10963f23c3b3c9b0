//! The inbox: every alert, read or unread, kept beside the tables that are projected from the journal.
//!
//! Alerts are not in the journal (nothing follows from them), so their table is the one thing in `strikedeck.db` that is
//! not built again: it outlives the others' making, and goes with the file.

use std::collections::{BTreeMap, VecDeque};

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::projection::Cells;
use crate::domain::time::Timestamp;
use crate::engine::effect::AlertLevel;

/// One alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Grows, over starts too.
    pub id: u64,
    pub at: Timestamp,
    pub level: AlertLevel,
    pub text: String,
    pub read_at: Option<Timestamp>,
}

/// What the table is to take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlertChange {
    Put(Alert),
    /// Alerts with smaller numbers are forgotten.
    ForgetBefore(u64),
}

/// Where changes are written down; must not block.
pub type AlertWriter = Box<dyn Fn(AlertChange) + Send>;

/// The newest alerts, in memory.
pub struct Inbox {
    alerts: VecDeque<Alert>,
    keep: usize,
    next: u64,
    /// `None`: the alerts end with the program.
    writer: Option<AlertWriter>,
}

impl Inbox {
    /// Goes on with what is `kept`, oldest first; holds `keep` alerts at most.
    pub fn new(kept: Vec<Alert>, keep: usize, writer: Option<AlertWriter>) -> Self {
        let next = kept.last().map_or(1, |a| a.id + 1);
        Self { alerts: kept.into(), keep: keep.max(1), next, writer }
    }

    pub fn take(&mut self, level: AlertLevel, text: String, at: Timestamp) {
        let alert = Alert { id: self.next, at, level, text, read_at: None };
        self.next += 1;
        self.write(AlertChange::Put(alert.clone()));
        self.alerts.push_back(alert);
        if self.alerts.len() > self.keep {
            self.alerts.drain(..self.alerts.len() - self.keep);
            if let Some(first) = self.alerts.front().map(|a| a.id) {
                self.write(AlertChange::ForgetBefore(first));
            }
        }
    }

    /// Marks these as read, `None`: all. Says how many were not, before.
    pub fn read(&mut self, ids: Option<&[u64]>, at: Timestamp) -> usize {
        let mut read = Vec::new();
        for alert in self.alerts.iter_mut().filter(|a| a.read_at.is_none()) {
            if ids.is_none_or(|ids| ids.contains(&alert.id)) {
                alert.read_at = Some(at);
                read.push(alert.clone());
            }
        }
        let count = read.len();
        read.into_iter().for_each(|alert| self.write(AlertChange::Put(alert)));
        count
    }

    /// Oldest first.
    pub fn alerts(&self) -> impl Iterator<Item = &Alert> {
        self.alerts.iter()
    }

    pub fn unread(&self) -> usize {
        self.alerts.iter().filter(|a| a.read_at.is_none()).count()
    }

    fn write(&self, change: AlertChange) {
        if let Some(writer) = &self.writer {
            writer(change);
        }
    }
}

/// As SQLite repeats it, so that a table of another form is known.
const TABLE: &str = "CREATE TABLE alerts (
    id      INTEGER PRIMARY KEY,
    at      TEXT NOT NULL,
    level   TEXT NOT NULL,    -- info, warning, critical
    text    TEXT NOT NULL,
    read_at TEXT              -- empty: unread
)";

/// Makes the table, unless it is there.
pub(super) fn make_table(db: &Connection) -> rusqlite::Result<()> {
    let found = db.query_row("SELECT sql FROM sqlite_schema WHERE name = 'alerts'", [], |r| r.get::<_, String>(0));
    match found.optional()? {
        Some(form) if form == TABLE => Ok(()),
        Some(_) => db.execute_batch(&format!("DROP TABLE alerts; {TABLE}")),
        None => db.execute_batch(TABLE),
    }
}

/// What the table holds, oldest first. A row that somebody has spoiled is left out.
pub(super) fn read_table(db: &Connection) -> rusqlite::Result<Vec<Alert>> {
    let mut statement = db.prepare("SELECT id, at, level, text, read_at FROM alerts ORDER BY id")?;
    let rows = statement.query_map([], |r| {
        Ok((r.get::<_, i64>(0)?, r.get::<_, String>(1)?, r.get::<_, String>(2)?, r.get(3)?, r.get(4)?))
    })?;
    let alert = |(id, at, level, text, read_at): (i64, String, String, String, Option<String>)| {
        let read_at = read_at.map(|t| t.parse()).transpose().ok()?;
        Some(Alert { id: u64::try_from(id).ok()?, at: at.parse().ok()?, level: level_of(&level)?, text, read_at })
    };
    rows.filter_map(|row| row.map(alert).transpose()).collect()
}

/// What the table does not hold yet.
#[derive(Debug, Default)]
pub(super) struct Unwritten {
    rows: BTreeMap<u64, Cells>,
    forget_before: Option<u64>,
}

impl Unwritten {
    pub fn take(&mut self, change: &AlertChange) {
        match change {
            AlertChange::Put(alert) => {
                self.rows.insert(alert.id, row(alert));
            }
            AlertChange::ForgetBefore(id) => self.forget_before = self.forget_before.max(Some(*id)),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.forget_before.is_none()
    }

    pub fn write(&self, db: &Transaction<'_>) -> rusqlite::Result<()> {
        self.rows.values().try_for_each(|row| row.upsert(db, "alerts"))?;
        if let Some(id) = self.forget_before {
            let id = i64::try_from(id).unwrap_or(i64::MAX);
            db.prepare_cached("DELETE FROM alerts WHERE id < ?1")?.execute([id])?;
        }
        Ok(())
    }
}

fn row(alert: &Alert) -> Cells {
    Cells::new()
        .id("id", alert.id)
        .when("at", alert.at)
        .text("level", level_name(alert.level))
        .text("text", &alert.text)
        .maybe_when("read_at", alert.read_at)
}

/// `info`, `warning`, `critical`.
pub fn level_name(level: AlertLevel) -> &'static str {
    match level {
        AlertLevel::Info => "info",
        AlertLevel::Warning => "warning",
        AlertLevel::Critical => "critical",
    }
}

fn level_of(name: &str) -> Option<AlertLevel> {
    [AlertLevel::Info, AlertLevel::Warning, AlertLevel::Critical].into_iter().find(|l| level_name(*l) == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sample::nine_fifteen;

    #[test]
    fn alerts_are_unread_until_they_are_read_and_the_oldest_are_forgotten() {
        let mut inbox = Inbox::new(Vec::new(), 3, None);
        for n in 1..=4 {
            inbox.take(AlertLevel::Warning, format!("alert {n}"), nine_fifteen());
        }
        let ids = |inbox: &Inbox| inbox.alerts().map(|a| a.id).collect::<Vec<_>>();
        assert_eq!((ids(&inbox), inbox.unread()), (vec![2, 3, 4], 3));
        assert_eq!(inbox.read(Some(&[1, 3]), nine_fifteen()), 1);
        assert_eq!(inbox.read(Some(&[3]), nine_fifteen()), 0, "it was read before");
        assert_eq!((inbox.read(None, nine_fifteen()), inbox.unread()), (2, 0));
    }
}
