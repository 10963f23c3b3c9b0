//! The exchange's books on disk: a snapshot line, then a line for every change, each on disk before anything of it is told.
//!
//! A change is one short append and one flush of its data. A snapshot replaces the file by rename, so there is always one
//! whole file. A last line that was cut off was never told to anybody and is ignored.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// A file longer than this is replaced by a snapshot when the exchange next writes.
const LONG: u64 = 8 * 1024 * 1024;

/// The books cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BooksError {
    #[error("the exchange's books {path}: {what}")]
    Io { path: PathBuf, what: io::Error },
    #[error("the exchange's books {path} are in use by another process; close that one, or choose other books")]
    InUse { path: PathBuf },
    #[error("the exchange's books {path} are damaged in line {line}; move the file away to start new books")]
    Damaged { path: PathBuf, line: usize },
}

/// One line of the books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    Snapshot(Vec<u8>),
    Delta(Vec<u8>),
}

/// Open books, held by this process alone.
#[derive(Debug)]
pub struct Books {
    path: PathBuf,
    /// `None` after it could not be replaced and not be opened again: the next change tries once more.
    file: Option<File>,
    length: u64,
    /// Held while the books are open; its content is of no meaning.
    _lock: File,
}

impl Books {
    /// Opens or creates the file and reads what is in it.
    pub fn open(path: &Path) -> Result<(Self, Vec<Line>), BooksError> {
        let io = |what| BooksError::Io { path: path.to_path_buf(), what };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(io)?;
        }
        let lock =
            private(&beside(path, "lock"), OpenOptions::new().write(true).create(true).truncate(false)).map_err(io)?;
        if lock.try_lock().is_err() {
            return Err(BooksError::InUse { path: path.to_path_buf() });
        }
        let mut file = private(path, OpenOptions::new().read(true).append(true).create(true)).map_err(io)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(io)?;
        let (lines, whole) =
            read_lines(&text).map_err(|line| BooksError::Damaged { path: path.to_path_buf(), line })?;
        if whole < text.len() {
            file.set_len(whole as u64).map_err(io)?;
        }
        Ok((Self { path: path.to_path_buf(), file: Some(file), length: whole as u64, _lock: lock }, lines))
    }

    /// Whether it is time for a snapshot.
    pub fn is_long(&self) -> bool {
        self.length > LONG
    }

    /// Adds a change. It is on disk when this returns.
    pub fn append(&mut self, delta: &[u8]) -> io::Result<()> {
        let line = line_of(b'D', delta);
        let file = self.opened()?;
        file.write_all(&line)?;
        file.sync_data()?;
        self.length += line.len() as u64;
        Ok(())
    }

    /// Replaces everything by a snapshot. It is on disk when this returns.
    pub fn replace(&mut self, snapshot: &[u8]) -> io::Result<()> {
        let line = line_of(b'S', snapshot);
        let fresh = beside(&self.path, "new");
        let mut file = private(&fresh, OpenOptions::new().write(true).create(true).truncate(true))?;
        file.write_all(&line)?;
        file.sync_all()?;
        drop(file);
        // Windows replaces no file that is open.
        self.file = None;
        crate::platform::files::replace(&fresh, &self.path)?;
        sync_folder(&self.path)?;
        self.opened()?;
        self.length = line.len() as u64;
        Ok(())
    }

    fn opened(&mut self) -> io::Result<&mut File> {
        let file = match self.file.take() {
            Some(file) => file,
            None => private(&self.path, OpenOptions::new().read(true).append(true))?,
        };
        Ok(self.file.insert(file))
    }
}

/// A file next to the books: `exchange.books` has `exchange.books.lock`.
pub fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().map(std::ffi::OsStr::to_os_string).unwrap_or_default();
    name.push(format!(".{ending}"));
    path.with_file_name(name)
}

/// Opens a file only its owner may read.
pub fn private(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.open(path)
}

fn line_of(tag: u8, json: &[u8]) -> Vec<u8> {
    let mut line = Vec::with_capacity(json.len() + 3);
    line.extend([tag, b' ']);
    line.extend_from_slice(json);
    line.push(b'\n');
    line
}

/// The lines of a file and how many bytes of it are whole lines. `Err` is the number of a line that makes no sense.
fn read_lines(text: &[u8]) -> Result<(Vec<Line>, usize), usize> {
    let mut lines = Vec::new();
    let mut whole = 0;
    for (n, line) in text.split_inclusive(|b| *b == b'\n').enumerate() {
        let last = whole + line.len() == text.len();
        match line {
            [b'S', b' ', json @ .., b'\n'] => lines.push(Line::Snapshot(json.to_vec())),
            [b'D', b' ', json @ .., b'\n'] if !lines.is_empty() => lines.push(Line::Delta(json.to_vec())),
            // Cut off by the end of the process or of the power.
            _ if last => return Ok((lines, whole)),
            _ => return Err(n + 1),
        }
        whole += line.len();
    }
    Ok((lines, whole))
}

#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps)] // the same signature everywhere
fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn books_give_back_what_was_written_and_forget_a_torn_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("exchange.books");
        {
            let (mut books, lines) = Books::open(&path).unwrap();
            assert_eq!(lines, []);
            books.replace(b"{\"a\":1}").unwrap();
            books.append(b"{\"b\":2}").unwrap();
            assert!(matches!(Books::open(&path), Err(BooksError::InUse { .. })));
        }
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"D {\"c\":").unwrap();
        let (mut books, lines) = Books::open(&path).unwrap();
        assert_eq!(lines, [Line::Snapshot(b"{\"a\":1}".to_vec()), Line::Delta(b"{\"b\":2}".to_vec())]);
        books.append(b"{\"d\":4}").unwrap();
        drop(books);
        assert_eq!(Books::open(&path).unwrap().1.len(), 3, "the torn line is gone for good");
    }

    #[test]
    fn books_that_make_no_sense_are_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("exchange.books");
        std::fs::write(&path, "something else\nentirely\n").unwrap();
        assert!(matches!(Books::open(&path), Err(BooksError::Damaged { line: 1, .. })));
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_them() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("exchange.books");
        let (mut books, _) = Books::open(&path).unwrap();
        books.replace(b"{}").unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
