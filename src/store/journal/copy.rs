//! A journal looked at without touching it: a copy of its files as they are at one instant, read and thrown away.
//!
//! A running cockpit holds its journal exclusively, and nobody who only looks may hold up a start. So the files are copied,
//! the database first and its log after it: what was moved from the log into the database meanwhile stands in the log
//! still, unless that was begun anew, and then the copy is made again.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use rusqlite::params;
use tempfile::TempDir;

use super::super::{StoreError, files};
use super::database::Database;
use super::line::{Entry, Hash};
use super::{FILE, FolderLock, Holder};
use crate::domain::time::{Timestamp, from_ist, trading_day};
use crate::engine::State;

/// The log is begun anew about once in a thousand pages; more often in a row than this, and the copy is given up.
const TRIES: u32 = 5;

/// The log's own head: it is another one whenever the log is begun anew.
const LOG_HEAD: usize = 32;
/// What stands before each page in the log.
const FRAME_HEAD: u64 = 24;

/// The journal of a folder as it was at one instant.
#[derive(Debug)]
pub struct JournalCopy {
    pub(super) database: Database,
    /// Who holds the folder; `None`: nobody.
    pub holder: Option<Holder>,
    /// The log ended in the middle of a page: the last commit was cut off and is no part of the journal.
    pub cut_off: bool,
    /// Gone with this value, after the database is closed.
    _folder: TempDir,
}

/// The records of one trading day, and the state before the first of them.
#[derive(Debug)]
pub struct JournalDay {
    pub before: State,
    pub entries: Vec<Entry>,
}

impl JournalCopy {
    /// Copies the journal of `folder`, whether a cockpit runs on it or not. Writes nothing there.
    ///
    /// For another process than the one that holds it: on unix, closing any handle of a file gives up the process's locks.
    pub fn take(folder: &Path) -> Result<Self, StoreError> {
        let source = folder.join(FILE);
        if !source.is_file() {
            return Err(StoreError::NoJournal { folder: folder.into() });
        }
        let holder = FolderLock::holder(folder);
        let failed = |e: &io::Error| not_copied(&source, e);
        let temporary = tempfile::Builder::new().prefix("strikedeck-journal-").tempdir().map_err(|e| failed(&e))?;
        let copy = temporary.path().join(FILE);
        for _ in 0..TRIES {
            let log = log_of(&source);
            let before = head_of(&log).map_err(|e| failed(&e))?;
            copy_file(&source, &copy).map_err(|e| failed(&e))?;
            copy_file(&log, &log_of(&copy)).map_err(|e| failed(&e))?;
            if head_of(&log_of(&copy)).map_err(|e| failed(&e))? != before {
                continue;
            }
            let cut_off = ends_within_a_page(&log_of(&copy), before.as_ref()).map_err(|e| failed(&e))?;
            let database = Database::open(&copy, true).map_err(|e| e.at(&source))?;
            return Ok(Self { database: Database { path: source, ..database }, holder, cut_off, _folder: temporary });
        }
        let busy = io::Error::other("it is written faster than it can be copied: quit the cockpit, and try again");
        Err(failed(&busy))
    }

    /// The trading days that have records, ascending.
    pub fn days(&self) -> Result<Vec<Date>, StoreError> {
        let failed = |e: rusqlite::Error| self.database.failed(&e);
        // One instant of each day, by the number of days since the first that began at 08:30 in India.
        let text = "SELECT MIN(at_ns) FROM journal GROUP BY (at_ns - ?1) / 86400000000000 ORDER BY 1";
        let mut statement = self.database.db.prepare(text).map_err(failed)?;
        let rows = statement.query_map([nanoseconds(start_of(jiff::civil::date(1970, 1, 1)))], |r| r.get::<_, i64>(0));
        let instants = rows.map_err(failed)?.collect::<Result<Vec<_>, _>>().map_err(failed)?;
        let day = |ns: i64| Timestamp::from_nanosecond(i128::from(ns)).ok().map(trading_day);
        Ok(instants.into_iter().filter_map(day).collect())
    }

    /// What a trading day brought, checked against the chain; `None`: it has no records. From the first record of the day
    /// to its last nothing is left out, whatever the clock did between them.
    pub fn day(&self, day: Date) -> Result<Option<JournalDay>, StoreError> {
        let Some((first, last)) = self.range(day)? else { return Ok(None) };
        let (from, mut before) = self.database.newest_snapshot(first - 1)?;
        let mut entries = Vec::new();
        self.database.read(from, last, |entry| {
            if entry.seq < first {
                before.apply(&entry.record, entry.at);
            } else {
                entries.push(entry);
            }
            Ok(())
        })?;
        Ok(Some(JournalDay { before, entries }))
    }

    /// First and last record of a trading day.
    fn range(&self, day: Date) -> Result<Option<(u64, u64)>, StoreError> {
        let end = start_of(day.tomorrow().unwrap_or(Date::MAX));
        let text = "SELECT MIN(seq), MAX(seq) FROM journal WHERE at_ns >= ?1 AND at_ns < ?2";
        let row = self.database.db.query_row(text, params![nanoseconds(start_of(day)), nanoseconds(end)], |r| {
            Ok((r.get::<_, Option<i64>>(0)?, r.get::<_, Option<i64>>(1)?))
        });
        let (first, last) = row.map_err(|e| self.database.failed(&e))?;
        Ok(first.zip(last).map(|(first, last)| (first.unsigned_abs(), last.unsigned_abs())))
    }

    /// The newest record that a snapshot was made after.
    pub(super) fn newest_snapshot_row(&self) -> Result<Option<u64>, StoreError> {
        let row = self.database.db.query_row("SELECT MAX(seq) FROM snapshot", [], |r| r.get::<_, Option<i64>>(0));
        Ok(row.map_err(|e| self.database.failed(&e))?.map(i64::unsigned_abs))
    }

    /// The newest state kept at or before `upto` that this program can read.
    pub(super) fn snapshot(&self, upto: u64) -> Result<((u64, Hash), State), StoreError> {
        self.database.newest_snapshot(upto)
    }
}

/// When a trading day begins.
fn start_of(day: Date) -> Timestamp {
    from_ist(day.at(8, 30, 0, 0))
}

fn nanoseconds(at: Timestamp) -> i64 {
    i64::try_from(at.as_nanosecond()).unwrap_or(if at < Timestamp::UNIX_EPOCH { i64::MIN } else { i64::MAX })
}

fn not_copied(source: &Path, error: &io::Error) -> StoreError {
    StoreError::Failed { what: format!("copying {} to look at it", source.display()), reason: error.to_string() }
}

/// SQLite's write-ahead log beside a database.
fn log_of(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

/// Copies a file, for its owner's eyes only; one that is not there leaves none.
fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    let mut source = match File::open(from) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            return match std::fs::remove_file(to) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
                Ok(()) | Err(_) => Ok(()),
            };
        }
        other => other?,
    };
    let mut target = files::private_file(to).map_err(io::Error::other)?;
    target.set_len(0)?;
    io::copy(&mut source, &mut target).map(|_| ())
}

/// The first bytes of the log; `None`: it is empty or not there.
fn head_of(log: &Path) -> io::Result<Option<[u8; LOG_HEAD]>> {
    let mut head = [0; LOG_HEAD];
    match File::open(log).and_then(|mut file| file.read_exact(&mut head)) {
        Ok(()) => Ok(Some(head)),
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof) => Ok(None),
        Err(e) => Err(e),
    }
}

/// Whether the log does not consist of whole pages.
fn ends_within_a_page(log: &Path, head: Option<&[u8; LOG_HEAD]>) -> io::Result<bool> {
    let Some(head) = head else { return Ok(false) };
    let page = u64::from(u32::from_be_bytes([head[8], head[9], head[10], head[11]]));
    let pages = std::fs::metadata(log)?.len().saturating_sub(LOG_HEAD as u64);
    Ok(pages % (FRAME_HEAD + page) != 0)
}
