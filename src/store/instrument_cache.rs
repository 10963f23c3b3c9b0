//! Keeps today's instruments as a file, so that a second start of the day need not fetch and parse 30 MB.
//!
//! The file holds the packed index as it is. It is only a copy: a file that is missing, of another day, of another version or
//! damaged is refused with the reason, and the caller builds the index from the broker's list again.

mod format;

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use jiff::civil::Date;

use crate::domain::InstrumentIndex;
use crate::platform;

/// Why a cache file gives no index. None of these is an error for the trader: the list is loaded from the broker again.
#[derive(Debug, thiserror::Error)]
pub enum CacheRefusal {
    #[error("there is no instrument cache yet")]
    Missing,
    #[error("the instrument cache cannot be read: {0}")]
    Unreadable(#[source] io::Error),
    #[error("the file is not an instrument cache")]
    Foreign,
    #[error("the instrument cache has format {found}, this build reads format {}", format::VERSION)]
    OtherVersion { found: u32 },
    #[error("the instrument cache is damaged: {0}")]
    Damaged(&'static str),
    #[error("the instrument cache is of {}, not of {wanted}", found.map_or_else(|| "no day".to_string(), |d| d.to_string()))]
    OtherDay { found: Option<Date>, wanted: Date },
}

/// The index kept in the file `path`, if it is that of `day`.
pub fn load(path: &Path, day: Date) -> Result<InstrumentIndex, CacheRefusal> {
    let bytes = fs::read(path).map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => CacheRefusal::Missing,
        _ => CacheRefusal::Unreadable(e),
    })?;
    let index = format::decode(&bytes)?;
    match index.date() {
        Some(found) if found == day => Ok(index),
        found => Err(CacheRefusal::OtherDay { found, wanted: day }),
    }
}

/// Keeps the index in the file `path`. Whoever reads the file meanwhile sees the old one or the new one, never a part.
pub fn save(path: &Path, index: &InstrumentIndex) -> io::Result<()> {
    let bytes = format::encode(index).map_err(io::Error::other)?;
    // Its own name for each process: two of them writing at once must not mix.
    let temporary = with_suffix(path, &format!(".{}.tmp", std::process::id()));
    let written = write_whole(&temporary, &bytes).and_then(|()| platform::files::replace(&temporary, path));
    if written.is_err() {
        // Best effort: the error that counts is the one above.
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(suffix);
    path.with_file_name(name)
}

#[cfg(test)]
mod tests;
