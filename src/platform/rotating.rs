//! A log that never grows without end: a file a day and of a largest size, and only the newest are kept.
//!
//! Nothing is ever renamed: Windows does not rename what somebody has open. A day's further files have a number.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::civil::Date;

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// A file that has reached this is followed by another of the same day.
    pub file_bytes: u64,
    /// Files, the one being written included.
    pub files: usize,
}

/// `<name>.2026-11-20.<ending>`, `<name>.2026-11-20.2.<ending>`, … in one folder.
#[derive(Debug)]
pub struct RotatingFile {
    folder: PathBuf,
    name: &'static str,
    ending: &'static str,
    bounds: Bounds,
    /// `None` before the first line, and after a failure: the next line opens it again.
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    day: Date,
    part: u32,
    file: File,
    bytes: u64,
}

impl RotatingFile {
    pub fn new(folder: &Path, name: &'static str, ending: &'static str, bounds: Bounds) -> Self {
        Self { folder: folder.into(), name, ending, bounds, open: None }
    }

    /// Opens the file of `day`, so that what cannot be written is known before the first line.
    pub fn prepare(&mut self, day: Date) -> io::Result<()> {
        if self.open.as_ref().is_none_or(|o| o.day != day) {
            let part = self.files().into_iter().filter(|(d, _)| *d == day).map(|(_, part)| part).max();
            self.start(day, part.unwrap_or(1))?;
        }
        Ok(())
    }

    /// Writes one line, its end included, into the file of `day`; never across two files.
    pub fn write(&mut self, day: Date, line: &[u8]) -> io::Result<()> {
        self.prepare(day)?;
        let full = |o: &Open| o.bytes > 0 && o.bytes.saturating_add(line.len() as u64) > self.bounds.file_bytes;
        if let Some(part) = self.open.as_ref().filter(|o| full(o)).map(|o| o.part) {
            self.start(day, part.saturating_add(1))?;
        }
        let Some(open) = &mut self.open else { return Ok(()) };
        let written = open.file.write_all(line);
        match written {
            Ok(()) => open.bytes += line.len() as u64,
            Err(_) => self.open = None,
        }
        written
    }

    /// What is there, the oldest first.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.files().into_iter().map(|(day, part)| self.path(day, part)).collect()
    }

    fn start(&mut self, day: Date, part: u32) -> io::Result<()> {
        self.open = None;
        let mut file = OpenOptions::new().create(true).read(true).append(true).open(self.path(day, part))?;
        let mut bytes = file.metadata()?.len();
        if bytes > 0 && !ends_with_a_line(&mut file)? {
            // A program was killed while it wrote: what comes now does not belong to that line.
            file.write_all(b"\n")?;
            bytes += 1;
        }
        self.open = Some(Open { day, part, file, bytes });
        self.prune();
        Ok(())
    }

    /// Removes all but the newest. One that another program holds may stay until the next time; nobody is told, least of
    /// all on standard error, where the screen is.
    fn prune(&self) {
        let paths = self.paths();
        for path in paths.iter().take(paths.len().saturating_sub(self.bounds.files)) {
            let _ = std::fs::remove_file(path);
        }
    }

    fn path(&self, day: Date, part: u32) -> PathBuf {
        let number = if part > 1 { format!(".{part}") } else { String::new() };
        self.folder.join(format!("{}.{day}{number}.{}", self.name, self.ending))
    }

    /// Days and numbers of our files, in order. Those of others are left alone.
    fn files(&self) -> Vec<(Date, u32)> {
        let Ok(entries) = std::fs::read_dir(&self.folder) else { return Vec::new() };
        let names = entries.filter_map(|e| e.ok()?.file_name().into_string().ok());
        let mut files: Vec<(Date, u32)> = names.filter_map(|name| self.parse(&name)).collect();
        files.sort_unstable();
        files
    }

    fn parse(&self, name: &str) -> Option<(Date, u32)> {
        let middle = name.strip_prefix(self.name)?.strip_prefix('.')?.strip_suffix(self.ending)?.strip_suffix('.')?;
        let (day, part) = middle.split_once('.').unwrap_or((middle, "1"));
        Some((day.parse().ok()?, part.parse().ok()?))
    }
}

fn ends_with_a_line(file: &mut File) -> io::Result<bool> {
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn log(folder: &Path, file_bytes: u64, files: usize) -> RotatingFile {
        RotatingFile::new(folder, "trades", "jsonl", Bounds { file_bytes, files })
    }

    fn names(log: &RotatingFile) -> Vec<String> {
        log.paths().iter().map(|p| p.file_name().unwrap().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn a_day_and_a_size_begin_a_new_file_and_no_line_is_torn() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = log(folder.path(), 10, 100);
        let (friday, saturday) = (date(2026, 11, 20), date(2026, 11, 21));
        for line in ["12345\n", "678\n", "9\n", "a line longer than a file\n", "x\n"] {
            log.write(friday, line.as_bytes()).unwrap();
        }
        log.write(saturday, b"y\n").unwrap();
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(read("trades.2026-11-20.jsonl"), "12345\n678\n");
        assert_eq!(read("trades.2026-11-20.2.jsonl"), "9\n");
        assert_eq!(read("trades.2026-11-20.3.jsonl"), "a line longer than a file\n");
        assert_eq!(read("trades.2026-11-20.4.jsonl"), "x\n");
        assert_eq!(read("trades.2026-11-21.jsonl"), "y\n");
    }

    #[test]
    fn a_start_goes_on_in_the_newest_file_of_the_day() {
        let folder = tempfile::tempdir().unwrap();
        let day = date(2026, 11, 20);
        for _ in 0..3 {
            log(folder.path(), 4, 100).write(day, b"ab\n").unwrap();
        }
        let log = log(folder.path(), 4, 100);
        assert_eq!(names(&log), ["trades.2026-11-20.jsonl", "trades.2026-11-20.2.jsonl", "trades.2026-11-20.3.jsonl"]);
    }

    #[test]
    fn a_line_that_was_cut_off_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trades.2026-11-20.jsonl");
        std::fs::write(&path, "whole\ncut o").unwrap();
        log(folder.path(), 100, 100).write(date(2026, 11, 20), b"next\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "whole\ncut o\nnext\n");
    }

    #[test]
    fn only_the_newest_files_are_kept_and_those_of_others_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        for other in ["trades.txt", "trades.2026-11-20.log", "trades.notes.jsonl", "strikedeck.2026-01-01.jsonl"] {
            std::fs::write(folder.path().join(other), "").unwrap();
        }
        let mut log = log(folder.path(), 4, 11);
        let mut reader = None;
        for _ in 0..12 {
            log.write(date(2026, 11, 20), b"abc\n").unwrap();
            // Somebody reads the oldest: that is no reason to keep it.
            reader.get_or_insert_with(|| File::open(&log.paths()[0]).unwrap());
        }
        drop(reader);
        log.write(date(2026, 11, 21), b"abc\n").unwrap();
        assert_eq!(names(&log).len(), 11);
        // By number, not by letter: the tenth is newer than the second.
        assert_eq!(names(&log)[0], "trades.2026-11-20.3.jsonl");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 11 + 4);
    }
}
