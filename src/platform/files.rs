//! Files where systems differ: replacing one that another program reads, and paths that are too long.

use std::borrow::Cow;
use std::io;
use std::path::Path;
use std::time::Duration;

/// How often a replacement is tried while somebody holds the file, and how long is waited in between: a virus scanner or a
/// backup is done within moments.
const TRIES: u32 = 20;
const WAIT: Duration = Duration::from_millis(25);

/// Renames `from` over `to`. On Windows a program that has `to` open may be in the way for a moment: then it is tried again.
pub fn replace(from: &Path, to: &Path) -> io::Result<()> {
    retried(|| std::fs::rename(from, to), || std::thread::sleep(WAIT))
}

/// The same for small files that are made anew at every start: where the name cannot be given to the new file because
/// somebody keeps the old one open, the new content is written into the old file.
pub fn replace_or_overwrite(from: &Path, to: &Path) -> io::Result<()> {
    match replace(from, to) {
        Err(e) if in_use(&e) => {
            std::fs::write(to, std::fs::read(from)?)?;
            std::fs::remove_file(from)
        }
        ended => ended,
    }
}

fn retried(mut attempt: impl FnMut() -> io::Result<()>, mut wait: impl FnMut()) -> io::Result<()> {
    let mut tries = 1;
    loop {
        match attempt() {
            Err(e) if in_use(&e) && tries < TRIES => {
                tries += 1;
                wait();
            }
            ended => return ended,
        }
    }
}

/// Windows: access denied (5), sharing violation (32), lock violation (33). Elsewhere nobody is ever in the way.
fn in_use(error: &io::Error) -> bool {
    cfg!(windows) && matches!(error.raw_os_error(), Some(5 | 32 | 33))
}

/// The text of a file that a person edits: UTF-8 with or without its mark, or UTF-16 with it, as Windows PowerShell writes
/// files. Ends of lines stay as they are.
pub fn read_text(path: &Path) -> io::Result<String> {
    let bytes = std::fs::read(path)?;
    let text = match bytes.as_slice() {
        [0xef, 0xbb, 0xbf, rest @ ..] => std::str::from_utf8(rest).ok().map(str::to_string),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        all => std::str::from_utf8(all).ok().map(str::to_string),
    };
    text.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "it is not text in UTF-8: save it as UTF-8"))
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let (units, []) = bytes.as_chunks::<2>() else { return None };
    char::decode_utf16(units.iter().map(|u| unit(*u))).collect::<Result<String, _>>().ok()
}

/// The path as SQLite opens it wherever it leads. On Windows a path of more than 260 characters needs the form without
/// interpretation (`\\?\C:\…`); the standard library does that by itself, SQLite does not.
pub fn for_sqlite(path: &Path) -> Cow<'_, Path> {
    /// SQLite adds endings of its own (`-journal`, `-wal`).
    const LONG: usize = 240;
    if !cfg!(windows) || path.as_os_str().len() < LONG {
        return Cow::Borrowed(path);
    }
    let text = path.as_os_str().to_string_lossy();
    if text.starts_with(r"\\") || !path.is_absolute() {
        return Cow::Borrowed(path);
    }
    Cow::Owned(format!(r"\\?\{}", text.replace('/', r"\")).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_holds_the_file_open_is_not_in_the_way() {
        let folder = tempfile::tempdir().unwrap();
        let (old, new) = (folder.path().join("held"), folder.path().join("held.new"));
        std::fs::write(&old, "old").unwrap();
        std::fs::write(&new, "new").unwrap();
        let reader = std::fs::File::open(&old).unwrap();
        replace_or_overwrite(&new, &old).unwrap();
        drop(reader);
        assert_eq!(std::fs::read_to_string(&old).unwrap(), "new");
        assert!(!new.exists());
    }

    #[test]
    fn text_is_read_however_an_editor_of_windows_saved_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("note.yaml");
        let text = "note: मीरा ₹\r\n";
        let utf16: Vec<u16> = text.encode_utf16().collect();
        let little = [0xff, 0xfe].into_iter().chain(utf16.iter().flat_map(|u| u.to_le_bytes())).collect();
        let big = [0xfe, 0xff].into_iter().chain(utf16.iter().flat_map(|u| u.to_be_bytes())).collect();
        let marked = [0xef, 0xbb, 0xbf].into_iter().chain(text.bytes()).collect();
        let saved: [Vec<u8>; 4] = [text.into(), marked, little, big];
        for bytes in saved {
            std::fs::write(&file, &bytes).unwrap();
            assert_eq!(read_text(&file).unwrap(), text, "{bytes:?}");
        }
        for bytes in [&[0xa4, 0x80][..], &[0xff, 0xfe, 0x41]] {
            std::fs::write(&file, bytes).unwrap();
            assert!(read_text(&file).unwrap_err().to_string().contains("save it as UTF-8"));
        }
    }

    #[test]
    fn what_is_not_there_is_not_waited_for() {
        let mut waits = 0;
        let missing = || Err(io::Error::from(io::ErrorKind::NotFound));
        assert!(retried(missing, || waits += 1).is_err());
        assert_eq!(waits, 0);
    }

    #[test]
    #[cfg(windows)]
    fn a_file_in_use_is_tried_again_for_a_while() {
        let mut failures = 3;
        let busy = || {
            failures -= 1;
            if failures > 0 { Err(io::Error::from_raw_os_error(32)) } else { Ok(()) }
        };
        let mut waits = 0;
        retried(busy, || waits += 1).unwrap();
        assert_eq!(waits, 2);
        let never = || Err(io::Error::from_raw_os_error(5));
        assert!(retried(never, || ()).is_err());
    }

    #[test]
    #[cfg(windows)]
    fn only_long_paths_are_written_without_interpretation() {
        let long = format!(r"C:\{}\journal.db", "d".repeat(250));
        assert_eq!(for_sqlite(Path::new(&long)).to_string_lossy(), format!(r"\\?\{long}"));
        for path in [r"C:\data\journal.db", r"\\server\share\journal.db"] {
            assert_eq!(for_sqlite(Path::new(path)), Path::new(path));
        }
    }
}
