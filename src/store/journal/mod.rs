//! The journal: everything that was decided and seen, in order, on disk before anything is sent.
//!
//! One file, `journal.db`, that belongs to one process at a time. The engine's state is what its records fold to.
//! While it cannot be written, cancels and exits are noted in `spill.jsonl` beside it.

mod copy;
mod database;
mod line;
mod lock;
mod snapshot;
mod spill;
#[cfg(test)]
mod tests;
mod verify;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use copy::{JournalCopy, JournalDay};
pub use line::Entry;
pub use lock::{FolderLock, Holder};
pub use verify::{Break, Identity, Verdict};

use self::database::Database;
use self::line::{Hash, Line, NO_HASH};
use self::spill::Spill;
use super::{StoreError, files};
use crate::domain::time::Timestamp;
use crate::engine::record::{Profile, Record};
use crate::engine::state::State;

const FILE: &str = "journal.db";
const SPILL: &str = "spill.jsonl";

/// How the journal is kept (`config/cockpit.yaml`, `journal`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JournalOptions {
    /// Commits are not forced to the disk one by one: a killed process loses nothing, a power cut may lose the last.
    pub relaxed: bool,
    /// A snapshot of the state is due after this many records.
    pub snapshot_every: u64,
}

impl Default for JournalOptions {
    fn default() -> Self {
        Self { relaxed: false, snapshot_every: 5_000 }
    }
}

/// What opening a journal found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// There was no journal before.
    pub created: bool,
    /// Records that had to be folded because no snapshot held them.
    pub folded: u64,
    /// Cancels and exits that were noted while the journal could not be written, now part of it.
    pub merged: usize,
}

/// Is told of committed records, as they are committed; must not block. False: nobody listens any more.
pub type Feed = Box<dyn FnMut(&Arc<[Entry]>) -> bool + Send>;

/// The journal, open. Dropping it loses nothing; [`Journal::close`] makes the next start quicker.
pub struct Journal {
    /// `None` after a failure: the next append opens it again.
    database: Option<Database>,
    path: PathBuf,
    options: JournalOptions,
    /// The last record's number and hash.
    end: (u64, Hash),
    /// What the records fold to.
    state: State,
    snapshot_at: u64,
    spill: Spill,
    /// In the file before their caller came to append them again: found after a failure, or spilled.
    early: Vec<Line>,
    feeds: Vec<Feed>,
    /// Last, so that the folder is free only when the file is closed.
    _lock: FolderLock,
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Journal {{ {}, {} records }}", self.path.display(), self.end.0)
    }
}

impl Journal {
    /// Opens the journal of `folder`, or creates one for `profile` (with the record that says so, made at `now`).
    /// Refuses a folder of the other profile, and one that another process holds.
    pub fn open(
        folder: &Path,
        profile: Profile,
        options: JournalOptions,
        now: Timestamp,
    ) -> Result<(Self, Opening), StoreError> {
        files::private_folder(folder)?;
        let lock = FolderLock::take(folder)?;
        let path = folder.join(FILE);
        let database = Database::open(&path, options.relaxed)?;
        check_profile(&database, folder, profile)?;
        let (last, _) = database.tail()?;
        let (from, mut state) = database.newest_snapshot(last)?;
        let end = database.read(from, last, |e| {
            state.apply(&e.record, e.at);
            Ok(())
        })?;
        let spill = Spill::open(&folder.join(SPILL))?;
        let mut journal = Self {
            database: Some(database),
            path,
            options,
            end,
            state,
            snapshot_at: from.0,
            spill,
            early: Vec::new(),
            feeds: Vec::new(),
            _lock: lock,
        };
        let created = last == 0;
        if created {
            journal.append(&[(now, Record::Created { profile, prefix: new_prefix()? })])?;
        }
        let merged = journal.merge_spill()?;
        Ok((journal, Opening { created, folded: last - from.0, merged }))
    }

    /// What the committed records fold to.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The number of the last committed record.
    pub fn last_seq(&self) -> u64 {
        self.end.0
    }

    /// The installation's part of every correlation id: a capital and five capitals or digits.
    pub fn prefix(&self) -> &str {
        &self.state.prefix
    }

    /// From now on, `feed` is told of what is committed. Whoever stops listening is forgotten.
    pub fn feed(&mut self, feed: Feed) {
        self.feeds.push(feed);
    }

    /// Commits records, all or none, and returns the number of the last.
    ///
    /// After a failure nothing of them is in the journal (or, if the disk gave up half-way, all of them: the next
    /// append finds out). Append the same records again, and the later ones after them, once it may work again: what
    /// was spilled is written first, and nothing that failed or was spilled is written twice.
    pub fn append(&mut self, records: &[(Timestamp, Record)]) -> Result<u64, StoreError> {
        let lines = lines_of(records)?;
        let result = self.commit(&lines);
        if result.is_err() {
            self.database = None;
        }
        result.map(|()| self.end.0)
    }

    fn commit(&mut self, lines: &[Line]) -> Result<(), StoreError> {
        let recovering = self.database.is_none() || !self.spill.noted.is_empty() || !self.early.is_empty();
        let found = self.reconnect()?;
        self.early.extend(found);
        let todo = if recovering { self.not_written(lines) } else { lines.to_vec() };
        if !todo.is_empty() {
            let Some(database) = self.database.as_mut() else { return Ok(()) };
            let first = self.end.0 + 1;
            self.end = database.insert(self.end, &todo)?;
            self.take_in(first, &todo);
        }
        if recovering {
            let noted = self.spill.noted.iter().map(|s| s.line.clone());
            self.early.extend(noted);
            self.early.retain(|e| !lines.iter().any(|l| l.same(e)));
        }
        self.spill.clear();
        Ok(())
    }

    /// After a failure: what was spilled and does not come with `lines`, then those of `lines` that are not in the file
    /// already, each once however often it was kept.
    fn not_written(&self, lines: &[Line]) -> Vec<Line> {
        let mut seen: BTreeSet<(i64, &str)> = self.early.iter().map(Line::key).collect();
        let coming: BTreeSet<(i64, &str)> = lines.iter().map(Line::key).collect();
        let noted = self.spill.noted.iter().map(|s| &s.line).filter(|n| !coming.contains(&n.key()));
        noted.chain(lines).filter(|l| seen.insert(l.key())).cloned().collect()
    }

    /// Opens the file again after a failure. Returns records that were committed although the call had failed.
    fn reconnect(&mut self) -> Result<Vec<Line>, StoreError> {
        if self.database.is_some() {
            return Ok(Vec::new());
        }
        let database = Database::open(&self.path, self.options.relaxed)?;
        if database.hash_at(self.end.0)? != Some(self.end.1) {
            return Err(StoreError::Altered { file: self.path.clone(), seq: self.end.0 });
        }
        let mut found = Vec::new();
        let end = database.read(self.end, u64::MAX, |e| {
            found.push(Line::new(e.at, &e.record)?);
            Ok(())
        })?;
        let first = self.end.0 + 1;
        self.end = end;
        self.database = Some(database);
        self.take_in(first, &found);
        Ok(found)
    }

    /// Applies committed records and passes them on.
    fn take_in(&mut self, first: u64, lines: &[Line]) {
        for line in lines {
            self.state.apply(&line.record, line.at);
        }
        if lines.is_empty() || self.feeds.is_empty() {
            return;
        }
        let entries: Arc<[Entry]> = (first..).zip(lines).map(|(seq, line)| line.entry(seq)).collect();
        self.feeds.retain_mut(|feed| feed(&entries));
    }

    /// Notes records that could not be committed, on the disk but outside the database. For cancels and exits only:
    /// nothing else may be sent while the journal cannot be written. Keep them, and append them when it can.
    pub fn spill(&mut self, records: &[(Timestamp, Record)]) -> Result<(), StoreError> {
        // Books and quotes are read again at the next start; they would only use up the room.
        let reads = |r: &Record| {
            matches!(
                r,
                Record::Marks { .. }
                    | Record::OrdersRead { .. }
                    | Record::TradesRead { .. }
                    | Record::PositionsRead { .. }
                    | Record::FundsRead { .. }
            )
        };
        let kept: Vec<_> = records.iter().filter(|(_, r)| !reads(r)).cloned().collect();
        if kept.is_empty() { Ok(()) } else { self.spill.note(self.end.0, lines_of(&kept)?) }
    }

    /// Commits what a killed process has noted and what is not in the file already.
    fn merge_spill(&mut self) -> Result<usize, StoreError> {
        let Some(after) = self.spill.noted.iter().map(|s| s.after).min() else { return Ok(0) };
        let Some(database) = self.database.as_ref() else { return Ok(0) };
        let chain = database.hash_at(after)?.unwrap_or(NO_HASH);
        let mut later = Vec::new();
        database.read((after, chain), u64::MAX, |e| {
            later.push(Line::new(e.at, &e.record)?);
            Ok(())
        })?;
        self.spill.noted.retain(|s| !later.iter().any(|l| l.same(&s.line)));
        let merged = self.spill.noted.len();
        self.append(&[])?;
        self.early.clear();
        Ok(merged)
    }

    /// Folds the whole journal again, from its first record, checking every hash.
    pub fn fold(&self) -> Result<State, StoreError> {
        let mut state = State::default();
        self.read_from((0, NO_HASH), u64::MAX, |e| {
            state.apply(&e.record, e.at);
            Ok(())
        })?;
        Ok(state)
    }

    /// The state as it was after record `seq`.
    pub fn fold_to(&self, seq: u64) -> Result<State, StoreError> {
        if seq == self.end.0 {
            return Ok(self.state.clone());
        }
        let (from, mut state) = self.database()?.newest_snapshot(seq)?;
        self.read_from(from, seq, |e| {
            state.apply(&e.record, e.at);
            Ok(())
        })?;
        Ok(state)
    }

    /// Hands every record after `after` to `each`, in order.
    pub fn read(&self, after: u64, each: impl FnMut(Entry) -> Result<(), StoreError>) -> Result<(), StoreError> {
        match self.database()?.hash_at(after)? {
            Some(chain) => self.read_from((after, chain), u64::MAX, each),
            None => Ok(()),
        }
    }

    fn read_from(
        &self,
        from: (u64, Hash),
        upto: u64,
        each: impl FnMut(Entry) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.database()?.read(from, upto, each).map(|_| ())
    }

    fn database(&self) -> Result<&Database, StoreError> {
        self.database.as_ref().ok_or_else(|| StoreError::Failed {
            what: format!("reading {}", self.path.display()),
            reason: "it could not be written a moment ago".into(),
        })
    }

    /// Writes a snapshot when one is due. For a quiet moment: never needed, only saves time at the next start.
    pub fn housekeeping(&mut self) -> Result<(), StoreError> {
        if self.end.0 - self.snapshot_at >= self.options.snapshot_every { self.save_snapshot() } else { Ok(()) }
    }

    fn save_snapshot(&mut self) -> Result<(), StoreError> {
        if let Some(database) = &mut self.database {
            database.save_snapshot(self.end, &self.state)?;
            self.snapshot_at = self.end.0;
        }
        Ok(())
    }

    /// Writes a last snapshot and gives the folder free.
    pub fn close(mut self) -> Result<(), StoreError> {
        if self.snapshot_at < self.end.0 { self.save_snapshot() } else { Ok(()) }
    }
}

fn lines_of(records: &[(Timestamp, Record)]) -> Result<Vec<Line>, StoreError> {
    records.iter().map(|(at, record)| Line::new(*at, record)).collect()
}

/// The first record says whose journal this is.
fn check_profile(database: &Database, folder: &Path, wanted: Profile) -> Result<(), StoreError> {
    let mut first = None;
    database.read((0, NO_HASH), 1, |e| {
        first = Some(e.record);
        Ok(())
    })?;
    match first {
        None => Ok(()),
        Some(Record::Created { profile, .. }) if profile == wanted => Ok(()),
        Some(Record::Created { profile: found, .. }) => {
            Err(StoreError::OtherProfile { folder: folder.into(), found, wanted })
        }
        Some(_) => {
            let detail = "its first record does not say whether it is paper or live".into();
            Err(StoreError::Damaged { file: database.path.clone(), detail })
        }
    }
}

/// Six characters by which this installation's orders are told from all others at the broker.
fn new_prefix() -> Result<String, StoreError> {
    const ALPHABET: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let mut bytes = [0; 6];
    getrandom::fill(&mut bytes).map_err(|e| StoreError::Failed {
        what: "asking the system for random numbers".into(),
        reason: e.to_string(),
    })?;
    let pick = |n: usize, of: usize| ALPHABET.get(usize::from(bytes[n]) % of).copied().unwrap_or(b'A');
    let picks = (0..6).map(|n| char::from(pick(n, if n == 0 { 26 } else { 36 })));
    Ok(picks.collect())
}
