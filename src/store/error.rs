//! What can go wrong with files, in words for the trader: what happened, to what, what to do next.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::engine::record::Profile;

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(
        "{} is in use by another cockpit{}. Use that one, or give this one a folder of its own with --data",
        .folder.display(), process(*.holder)
    )]
    InUse { folder: PathBuf, holder: Option<u32> },

    #[error(
        "{} holds a {} journal and cannot be opened for {} trading. The two never mix: choose another folder with --data",
        .folder.display(), profile_name(*.found), profile_name(*.wanted)
    )]
    OtherProfile { folder: PathBuf, found: Profile, wanted: Profile },

    #[error("{} was written by a newer version of this program. Update the program; the file has not been touched", .file.display())]
    Newer { file: PathBuf },

    #[error("the disk is full: {} cannot grow. Free some space; until then there are no entries, but exits still go", .path.display())]
    DiskFull { path: PathBuf },

    #[error("{} cannot be written ({reason}). Give your user write permission there, or choose another folder with --data", .path.display())]
    NotWritable { path: PathBuf, reason: String },

    #[error("{} is held by another program (a database tool?). Close it there; the journal is for the cockpit alone, tools read strikedeck.db", .path.display())]
    Held { path: PathBuf },

    #[error(
        "{} is damaged ({detail}). Look at your positions in the broker's own app, then put a backup of the file in its place, \
         or move the folder away to start with an empty journal: what the broker holds is then shown as opened elsewhere",
        .file.display()
    )]
    Damaged { file: PathBuf, detail: String },

    #[error(
        "record {seq} of {} cannot be read ({reason}). Nothing was skipped and nothing has been sent. It may come from a newer \
         version of this program: update it, or put a backup of the file in its place",
        .file.display()
    )]
    Unreadable { file: PathBuf, seq: u64, reason: String },

    #[error(
        "record {seq} of {} is not the one that was written: the chain of hashes is broken there. Put a backup of the file in its place",
        .file.display()
    )]
    Altered { file: PathBuf, seq: u64 },

    #[error("there is no journal in {}. Name the folder that holds journal.db with --folder, or the data folder with --data", .folder.display())]
    NoJournal { folder: PathBuf },

    #[error("{} is full: no more cancels and exits can be noted while the journal cannot be written. Free disk space or restart with a folder that can be written", .path.display())]
    SpillFull { path: PathBuf },

    #[error("{} is not there yet, or was made by another version of this program: start the cockpit once, it builds it from the journal", .path.display())]
    NoTables { path: PathBuf },

    #[error("there is no home folder to keep data in. Say where with --data DIR")]
    NoHome,

    #[error("{} failed: {reason}. Check the disk and the permissions of the folder, then start again", .what)]
    Failed { what: String, reason: String },
}

fn process(pid: Option<u32>) -> String {
    pid.map(|p| format!(" (process {p})")).unwrap_or_default()
}

/// `paper` or `live`, as folders and messages say it.
pub(crate) fn profile_name(profile: Profile) -> &'static str {
    match profile {
        Profile::Paper => "paper",
        Profile::Live => "live",
    }
}

impl StoreError {
    /// The same of another file: what went wrong with a copy is told of what it is a copy of.
    pub(crate) fn at(self, path: &Path) -> Self {
        let path = path.to_path_buf();
        match self {
            Self::Newer { .. } => Self::Newer { file: path },
            Self::Damaged { detail, .. } => Self::Damaged { file: path, detail },
            other => other,
        }
    }

    /// Names a failed call on a file or folder.
    pub(crate) fn io(what: &str, path: &Path, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path: path.into() },
            // A file where a folder is wanted is `AlreadyExists` on Windows.
            io::ErrorKind::PermissionDenied
            | io::ErrorKind::ReadOnlyFilesystem
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::AlreadyExists => Self::NotWritable { path: path.into(), reason: error.to_string() },
            _ => Self::Failed { what: format!("{what} {}", path.display()), reason: error.to_string() },
        }
    }

    /// Names a failed call on a database file.
    pub(crate) fn sqlite(what: &str, path: &Path, error: &rusqlite::Error) -> Self {
        let path = path.to_path_buf();
        let reason = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull { path },
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                Self::NotWritable { path, reason }
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged { file: path, detail: reason },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Held { path },
            _ => Self::Failed { what: format!("{what} {}", path.display()), reason },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::ffi;

    fn sentence(code: i32) -> String {
        let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
        StoreError::sqlite("writing", Path::new("/data/journal.db"), &error).to_string()
    }

    #[test]
    fn every_failure_says_what_to_do_next() {
        assert!(sentence(ffi::SQLITE_FULL).contains("Free some space"));
        assert!(sentence(ffi::SQLITE_READONLY).contains("write permission"));
        assert!(sentence(ffi::SQLITE_CANTOPEN).contains("--data"));
        assert!(sentence(ffi::SQLITE_CORRUPT).contains("backup"));
        assert!(sentence(ffi::SQLITE_NOTADB).contains("backup"));
        assert!(sentence(ffi::SQLITE_BUSY).contains("Close it there"));
        assert!(sentence(ffi::SQLITE_IOERR).contains("Check the disk"));
        let folder = PathBuf::from("/data/live");
        let text = StoreError::InUse { folder: folder.clone(), holder: Some(4711) }.to_string();
        assert!(text.starts_with("/data/live is in use by another cockpit (process 4711)."));
        let text = StoreError::OtherProfile { folder, found: Profile::Live, wanted: Profile::Paper }.to_string();
        assert!(text.contains("holds a live journal and cannot be opened for paper trading"));
    }

    #[test]
    fn a_refused_write_is_told_apart_from_a_full_disk() {
        let path = Path::new("/data");
        let refused = StoreError::io("creating", path, &io::Error::from(io::ErrorKind::PermissionDenied));
        assert!(matches!(refused, StoreError::NotWritable { .. }));
        let full = StoreError::io("creating", path, &io::Error::from(io::ErrorKind::StorageFull));
        assert!(matches!(full, StoreError::DiskFull { .. }));
    }
}
