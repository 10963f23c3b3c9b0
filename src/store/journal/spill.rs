//! Where cancels and exits are noted while the journal cannot be written. Its space is taken beforehand, so that a full
//! disk does not matter; what it holds goes into the journal as soon as that can be written again.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::super::{StoreError, files};
use super::line::{Line, SpillLine};

/// Room for some thousand orders.
pub const SIZE: usize = 1 << 20;

/// One noted record.
#[derive(Debug)]
pub struct Spilled {
    pub after: u64,
    pub line: Line,
}

#[derive(Debug)]
pub struct Spill {
    path: PathBuf,
    file: File,
    used: usize,
    pub noted: Vec<Spilled>,
}

impl Spill {
    /// Opens the file, takes its space, and reads what a killed process has left in it.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let mut file = files::private_file(path)?;
        let failed = |e: &std::io::Error| StoreError::io("reading", path, e);
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|e| failed(&e))?;
        let (noted, used) = parse(path, &bytes)?;
        let mut spill = Self { path: path.into(), file, used, noted };
        if bytes.len() < SIZE {
            spill.blank(bytes.len())?;
        }
        Ok(spill)
    }

    /// Notes records so that they survive this process and this machine.
    pub fn note(&mut self, after: u64, lines: Vec<Line>) -> Result<(), StoreError> {
        let mut text = Vec::new();
        for line in &lines {
            let row = SpillLine { after, at: line.at, record: line.record.clone() };
            serde_json::to_writer(&mut text, &row).map_err(|e| StoreError::io("writing", &self.path, &e.into()))?;
            text.push(b'\n');
        }
        // A reader stops at the zero, whatever an earlier write that failed has left behind it.
        text.push(0);
        if self.used + text.len() > SIZE {
            return Err(StoreError::SpillFull { path: self.path.clone() });
        }
        let written = self.file.seek(SeekFrom::Start(self.used as u64)).and_then(|_| self.file.write_all(&text));
        written.and_then(|()| self.file.sync_data()).map_err(|e| StoreError::io("writing", &self.path, &e))?;
        self.used += text.len() - 1;
        self.noted.extend(lines.into_iter().map(|line| Spilled { after, line }));
        Ok(())
    }

    /// Everything noted is in the journal. Should the file resist, that is no failure: what it holds is compared with
    /// the journal before it is merged.
    pub fn clear(&mut self) {
        self.noted.clear();
        if self.used > 0 {
            match self.blank(0) {
                Ok(()) => self.used = 0,
                Err(e) => tracing::warn!("the spill file could not be emptied: {e}"),
            }
        }
    }

    /// Fills the file with zeros from `from` on, on the disk.
    fn blank(&mut self, from: usize) -> Result<(), StoreError> {
        let zeros = vec![0; SIZE.saturating_sub(from)];
        let written = self.file.seek(SeekFrom::Start(from as u64)).and_then(|_| self.file.write_all(&zeros));
        written.and_then(|()| self.file.sync_all()).map_err(|e| StoreError::io("preparing", &self.path, &e))
    }
}

/// The noted records, and how many bytes they take. A last line that was not finished belongs to an order that was
/// never sent, because notes come first: it is left out.
fn parse(path: &Path, bytes: &[u8]) -> Result<(Vec<Spilled>, usize), StoreError> {
    let text = bytes.split(|b| *b == 0).next().unwrap_or_default();
    let (mut noted, mut used) = (Vec::new(), 0);
    for raw in text.split_inclusive(|b| *b == b'\n') {
        if raw.last() != Some(&b'\n') {
            break;
        }
        match serde_json::from_slice::<SpillLine>(raw) {
            Ok(row) => noted.push(Spilled { after: row.after, line: Line::new(row.at, &row.record)? }),
            Err(_) if used + raw.len() == text.len() => break,
            Err(e) => {
                let detail = format!("line {}: {e}", noted.len() + 1);
                return Err(StoreError::Damaged { file: path.into(), detail });
            }
        }
        used += raw.len();
    }
    Ok((noted, used))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::IntentId;
    use crate::domain::time::Timestamp;
    use crate::engine::Record;

    fn cancel(n: u64) -> Line {
        Line::new(Timestamp::UNIX_EPOCH, &Record::CancelAsked { intent: IntentId(n) }).unwrap()
    }

    #[test]
    fn notes_survive_the_process_and_take_no_new_space() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spill.jsonl");
        let mut spill = Spill::open(&path).unwrap();
        let size = || std::fs::metadata(&path).unwrap().len();
        assert_eq!(size(), SIZE as u64);
        spill.note(7, vec![cancel(1), cancel(2)]).unwrap();
        drop(spill);
        let mut again = Spill::open(&path).unwrap();
        assert_eq!(again.noted.len(), 2);
        assert!(again.noted[1].line.same(&cancel(2)) && again.noted[1].after == 7);
        again.note(8, vec![cancel(3)]).unwrap();
        assert_eq!(Spill::open(&path).unwrap().noted.len(), 3);
        again.clear();
        assert_eq!((Spill::open(&path).unwrap().noted.len(), size()), (0, SIZE as u64));
    }

    #[test]
    fn a_line_that_was_not_finished_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spill.jsonl");
        Spill::open(&path).unwrap().note(0, vec![cancel(1), cancel(2)]).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        let end = bytes.iter().position(|b| *b == 0).unwrap();
        bytes[end - 5..end].fill(0);
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(Spill::open(&path).unwrap().noted.len(), 1);
    }

    #[test]
    fn a_broken_line_in_the_middle_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spill.jsonl");
        Spill::open(&path).unwrap().note(0, vec![cancel(1), cancel(2)]).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[0] = b'x';
        std::fs::write(&path, &bytes).unwrap();
        assert!(matches!(Spill::open(&path), Err(StoreError::Damaged { .. })));
    }

    #[test]
    fn a_full_file_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let mut spill = Spill::open(&folder.path().join("spill.jsonl")).unwrap();
        let many = (0..20_000).map(cancel).collect();
        assert!(matches!(spill.note(0, many), Err(StoreError::SpillFull { .. })));
        spill.note(0, vec![cancel(1)]).unwrap();
    }
}
