//! `strikedeck.db`: what the journal says, as tables that any SQLite tool can read while the program runs.
//!
//! Nothing trades on these tables, and nobody who reads them can hold up the journal: they are written by a thread of
//! their own, from committed records, and built again from the journal whenever they do not fit it.

mod audit;
mod audit_log;
mod cells;
mod pending;
mod projector;
mod round_trips;
mod rows;
mod sessions;
#[cfg(test)]
mod tests;
mod trade_log;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};

use self::pending::Pending;
use self::round_trips::RoundTrips;
use self::trade_log::TradeLog;
use super::error::profile_name;
use super::inbox::{self, Alert, AlertChange};
use super::{Entry, Journal, StoreError, files};
use crate::platform::files::for_sqlite;

pub use audit::{AuditLine, audit_line};
pub(super) use cells::Cells;
pub use projector::Projector;

const SCHEMA: &str = include_str!("schema.sql");
/// Changes when something else is put into the same tables: then they are built again, as they are for a new `schema.sql`.
const VERSION: u32 = 2;

/// Records without rows (marks, mostly) after which the tables are at least told how far they are.
const STEP: u64 = 500;

/// The tables and the state they show.
#[derive(Debug)]
pub struct Projection {
    db: Connection,
    path: PathBuf,
    /// The last record the tables contain.
    shown: u64,
    pending: Pending,
    alerts: inbox::Unwritten,
    log: Option<TradeLog>,
}

impl Projection {
    /// Opens the tables and brings them up to the journal. Tables of another form or another journal, and files that
    /// are no database, make room for new ones.
    pub fn open(path: &Path, journal: &Journal) -> Result<Self, StoreError> {
        Self::open_with(path, journal, None)
    }

    /// The same, with a trade log in the folder `logs`.
    pub fn open_with_log(path: &Path, logs: &Path, journal: &Journal) -> Result<Self, StoreError> {
        Self::open_with(path, journal, Some(TradeLog::open(logs)))
    }

    fn open_with(path: &Path, journal: &Journal, log: Option<TradeLog>) -> Result<Self, StoreError> {
        let (db, last) = match Self::connect(path, journal) {
            Err(StoreError::Damaged { .. }) => {
                let aside = path.with_extension("db.damaged");
                tracing::warn!("{} is damaged; it is moved to {} and built again", path.display(), aside.display());
                std::fs::rename(path, &aside).map_err(|e| StoreError::io("moving", path, &e))?;
                for log in ["db-wal", "db-shm"] {
                    let _ = std::fs::remove_file(path.with_extension(log));
                }
                Self::connect(path, journal)?
            }
            other => other?,
        };
        let trips = RoundTrips::resume(&db).map_err(|e| StoreError::sqlite("reading", path, &e))?;
        let pending = Pending::after(last, journal.fold_to(last)?, trips);
        let alerts = inbox::Unwritten::default();
        let mut projection = Self { db, path: path.into(), shown: last, pending, alerts, log };
        journal.read(last, |entry| {
            projection.fold(&entry);
            Ok(())
        })?;
        Ok(projection)
    }

    /// The database, and the last record its tables show (0: they are empty).
    fn connect(path: &Path, journal: &Journal) -> Result<(Connection, u64), StoreError> {
        drop(files::private_file(path)?);
        let failed = |e: rusqlite::Error| StoreError::sqlite("opening", path, &e);
        let mut db = Connection::open(for_sqlite(path)).map_err(failed)?;
        // A writer elsewhere is waited for shortly; then the rows wait, not the program.
        db.busy_timeout(Duration::from_millis(100)).map_err(failed)?;
        db.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;").map_err(failed)?;
        let last = shown(&db, journal).map_err(failed)?;
        if last.is_none() {
            rebuild(&mut db, journal).map_err(failed)?;
        }
        inbox::make_table(&db).map_err(failed)?;
        Ok((db, last.unwrap_or(0)))
    }

    /// Folds committed records; they must follow those before them. [`Projection::write`] shows them.
    pub fn take(&mut self, entries: &[Entry]) {
        for entry in entries {
            // Sent and read from the file as well, during a start.
            if entry.seq > self.pending.seq {
                self.fold(entry);
            }
        }
    }

    fn fold(&mut self, entry: &Entry) {
        self.pending.take(entry);
        if let Some(log) = &mut self.log {
            log.take(entry, &self.pending.state, self.pending.trips.ended());
        }
    }

    /// Takes what has changed in the inbox; written with the next rows.
    pub fn take_alert(&mut self, change: &AlertChange) {
        self.alerts.take(change);
    }

    /// The alerts of earlier starts, oldest first.
    pub fn alerts(&self) -> Result<Vec<Alert>, StoreError> {
        inbox::read_table(&self.db).map_err(|e| StoreError::sqlite("reading", &self.path, &e))
    }

    /// Whether there are rows to write, or the tables do not say how far they are.
    pub fn is_due(&self) -> bool {
        self.pending.has_rows() || !self.alerts.is_empty() || self.pending.seq >= self.shown + STEP
    }

    /// Whether anything has been taken that the tables do not count yet.
    pub fn is_behind(&self) -> bool {
        self.pending.seq > self.shown || !self.alerts.is_empty()
    }

    /// Writes what the tables do not show yet. After a failure nothing is lost: it is written the next time.
    pub fn write(&mut self) -> Result<(), StoreError> {
        let failed = |e: rusqlite::Error| StoreError::sqlite("writing", &self.path, &e);
        let transaction =
            self.db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(failed)?;
        self.pending.write(&transaction).map_err(failed)?;
        self.alerts.write(&transaction).map_err(failed)?;
        let last = i64::try_from(self.pending.seq).unwrap_or(i64::MAX);
        transaction.execute("UPDATE meta SET last_seq = ?1", [last]).map_err(failed)?;
        transaction.commit().map_err(failed)?;
        self.shown = self.pending.seq;
        self.pending.written();
        self.alerts = inbox::Unwritten::default();
        Ok(())
    }
}

/// What these tables must say to be of this program's form.
pub(super) fn form() -> String {
    let sum = Sha256::digest(SCHEMA);
    format!("{VERSION}-{:02x}{:02x}{:02x}{:02x}", sum[0], sum[1], sum[2], sum[3])
}

/// The last record the tables show; `None` when they are not this journal's or not of this form.
fn shown(db: &Connection, journal: &Journal) -> rusqlite::Result<Option<u64>> {
    let tables: i64 = db.query_row("SELECT COUNT(*) FROM sqlite_schema WHERE name = 'meta'", [], |r| r.get(0))?;
    let forms: i64 = db.query_row(
        "SELECT COUNT(*) FROM pragma_table_info('meta') WHERE name IN ('schema', 'prefix', 'last_seq')",
        [],
        |r| r.get(0),
    )?;
    if tables != 1 || forms != 3 {
        return Ok(None);
    }
    let row = db.query_row("SELECT schema, prefix, last_seq FROM meta", [], |r| {
        Ok((r.get::<_, String>(0)?, r.get::<_, String>(1)?, r.get::<_, i64>(2)?.unsigned_abs()))
    });
    Ok(row.optional()?.and_then(|(schema, prefix, last)| {
        (schema == form() && prefix == journal.prefix() && last <= journal.last_seq()).then_some(last)
    }))
}

/// Empties the database, but for the inbox, and creates the tables.
fn rebuild(db: &mut Connection, journal: &Journal) -> rusqlite::Result<()> {
    let transaction = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let old: Vec<(String, String)> = transaction
        .prepare(
            "SELECT type, name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'
             AND name <> 'alerts'",
        )?
        .query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (kind, name) in old {
        transaction.execute_batch(&format!("DROP {kind} \"{}\"", name.replace('"', "\"\"")))?;
    }
    transaction.execute_batch(SCHEMA)?;
    let profile = profile_name(journal.state().profile);
    transaction.execute(
        "INSERT INTO meta (id, schema, prefix, profile, last_seq) VALUES (1, ?1, ?2, ?3, 0)",
        params![form(), journal.prefix(), profile],
    )?;
    transaction.commit()
}
