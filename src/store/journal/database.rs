//! `journal.db` itself: one connection, held exclusively.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

use super::super::{StoreError, files};
use super::line::{Entry, Hash, Line, NO_HASH, RECORD_SCHEMA, hash};
use crate::domain::time::Timestamp;
use crate::platform::files::for_sqlite;

/// Marks the file as ours (`SDKJ`).
const APPLICATION: i64 = 0x5344_4b4a;

/// Each brings a file from the version of its index to the next. Only ever added to.
const MIGRATIONS: &[&str] = &[include_str!("schema.sql")];

#[derive(Debug)]
pub struct Database {
    pub db: Connection,
    pub path: PathBuf,
}

impl Database {
    /// Opens or creates the file and brings it to this version's form. `relaxed`: a power cut may lose the last
    /// commits (a killed process never does).
    pub fn open(path: &Path, relaxed: bool) -> Result<Self, StoreError> {
        // Created here, so that SQLite's own files get the same permissions.
        drop(files::private_file(path)?);
        let failed = |e: rusqlite::Error| StoreError::sqlite("opening", path, &e);
        let db = Connection::open(for_sqlite(path)).map_err(failed)?;
        let synchronous = if relaxed { "NORMAL" } else { "FULL" };
        db.busy_timeout(Duration::from_millis(250)).map_err(failed)?;
        // Exclusive before WAL: then the file is locked from the first read on, and needs no shared memory.
        db.execute_batch(&format!(
            "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous};
             PRAGMA trusted_schema = OFF; BEGIN IMMEDIATE; COMMIT;"
        ))
        .map_err(failed)?;
        let mut database = Self { db, path: path.into() };
        database.migrate()?;
        Ok(database)
    }

    fn migrate(&mut self) -> Result<(), StoreError> {
        let read =
            |name| self.db.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(|e| self.failed(&e));
        let (version, application) = (read("user_version")?, read("application_id")?);
        let tables: i64 =
            self.db.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |r| r.get(0)).map_err(|e| self.failed(&e))?;
        if application != APPLICATION && (tables > 0 || application != 0) {
            return Err(StoreError::Damaged { file: self.path.clone(), detail: "it is not a journal".into() });
        }
        let done = usize::try_from(version).unwrap_or(usize::MAX);
        if done > MIGRATIONS.len() {
            return Err(StoreError::Newer { file: self.path.clone() });
        }
        for (n, migration) in MIGRATIONS.iter().enumerate().skip(done) {
            let text = format!(
                "BEGIN; {migration}\nPRAGMA application_id = {APPLICATION}; PRAGMA user_version = {}; COMMIT;",
                n + 1
            );
            self.db.execute_batch(&text).map_err(|e| self.failed(&e))?;
        }
        Ok(())
    }

    pub fn failed(&self, error: &rusqlite::Error) -> StoreError {
        StoreError::sqlite("using", &self.path, error)
    }

    /// The last record's number and hash.
    pub fn tail(&self) -> Result<(u64, Hash), StoreError> {
        let row = self.db.query_row("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1", [], |r| {
            Ok((r.get::<_, i64>(0)?.unsigned_abs(), r.get(1)?))
        });
        Ok(row.optional().map_err(|e| self.failed(&e))?.unwrap_or((0, NO_HASH)))
    }

    /// The hash of one record; that of record 0 is the start of the chain.
    pub fn hash_at(&self, seq: u64) -> Result<Option<Hash>, StoreError> {
        if seq == 0 {
            return Ok(Some(NO_HASH));
        }
        let row = self.db.query_row("SELECT hash FROM journal WHERE seq = ?1", [number(seq)], |r| r.get(0));
        row.optional().map_err(|e| self.failed(&e))
    }

    /// Hands every record after `after` and up to `upto` to `each`, in order, checked against the chain that begins
    /// with `chain`. Returns the last number and hash.
    pub fn read(
        &self,
        (after, chain): (u64, Hash),
        upto: u64,
        mut each: impl FnMut(Entry) -> Result<(), StoreError>,
    ) -> Result<(u64, Hash), StoreError> {
        let failed = |e: rusqlite::Error| self.failed(&e);
        let text = "SELECT seq, at_ns, body, schema, hash FROM journal WHERE seq > ?1 AND seq <= ?2 ORDER BY seq";
        let mut statement = self.db.prepare_cached(text).map_err(failed)?;
        let mut rows = statement.query([number(after), number(upto)]).map_err(failed)?;
        let (mut last, mut chain) = (after, chain);
        while let Some(row) = rows.next().map_err(failed)? {
            let seq = row.get::<_, i64>(0).map_err(failed)?.unsigned_abs();
            if seq != last + 1 {
                let detail = format!("records {} to {} are missing", last + 1, seq - 1);
                return Err(StoreError::Damaged { file: self.path.clone(), detail });
            }
            let (at_ns, schema): (i64, i64) = (row.get(1).map_err(failed)?, row.get(3).map_err(failed)?);
            let body = row.get_ref(2).map_err(failed)?.as_str().map_err(|e| self.unreadable(seq, &e))?;
            let stored: Hash = row.get(4).map_err(|e| self.unreadable(seq, &e))?;
            chain = hash(&chain, seq, at_ns, body);
            if chain != stored {
                return Err(StoreError::Altered { file: self.path.clone(), seq });
            }
            if schema > RECORD_SCHEMA {
                return Err(StoreError::Newer { file: self.path.clone() });
            }
            let record = serde_json::from_str(body).map_err(|e| self.unreadable(seq, &e))?;
            let at = Timestamp::from_nanosecond(i128::from(at_ns)).map_err(|e| self.unreadable(seq, &e))?;
            each(Entry { seq, at, record })?;
            last = seq;
        }
        Ok((last, chain))
    }

    fn unreadable(&self, seq: u64, reason: &dyn std::fmt::Display) -> StoreError {
        StoreError::Unreadable { file: self.path.clone(), seq, reason: reason.to_string() }
    }

    /// Adds records after (`last`, `chain`) in one transaction. Returns the new end.
    pub fn insert(&mut self, (last, chain): (u64, Hash), lines: &[Line]) -> Result<(u64, Hash), StoreError> {
        let path = &self.path;
        let failed = |e: rusqlite::Error| StoreError::sqlite("writing", path, &e);
        let (mut seq, mut chain) = (last, chain);
        let transaction = self.db.transaction().map_err(failed)?;
        {
            let text = "INSERT INTO journal (seq, at_ns, kind, body, schema, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
            let mut statement = transaction.prepare_cached(text).map_err(failed)?;
            for line in lines {
                seq += 1;
                chain = line.hash(&chain, seq);
                let values = params![number(seq), line.at_ns, line.kind(), line.body, RECORD_SCHEMA, chain];
                statement.execute(values).map_err(failed)?;
            }
        }
        transaction.commit().map_err(failed)?;
        Ok((seq, chain))
    }
}

/// Sequence numbers as SQLite counts them.
pub fn number(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}
