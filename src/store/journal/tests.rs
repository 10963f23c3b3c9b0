//! The journal at its seams: kills, second openers, full disks, damaged files.

use super::*;
use crate::domain::IntentId;
use crate::store::sample::{day, nine_fifteen};

fn open(folder: &Path) -> (Journal, Opening) {
    try_open(folder).unwrap()
}

fn try_open(folder: &Path) -> Result<(Journal, Opening), StoreError> {
    Journal::open(folder, Profile::Paper, JournalOptions::default(), nine_fifteen())
}

/// The state's bytes, shortened so that a failing test can be read.
fn bytes(state: &State) -> String {
    use sha2::Digest;
    let bytes = postcard::to_stdvec(state).unwrap();
    format!("{} bytes, {:x?}", bytes.len(), &sha2::Sha256::digest(&bytes)[..8])
}

fn cancel(n: u64) -> (Timestamp, Record) {
    (nine_fifteen(), Record::CancelAsked { intent: IntentId(n) })
}

impl Journal {
    /// Takes the room for another page, as a full disk would, until the file is opened again.
    pub(crate) fn fill_disk(&mut self) {
        let db = &self.database.as_ref().unwrap().db;
        let pages: i64 = db.pragma_query_value(None, "page_count", |r| r.get(0)).unwrap();
        db.execute_batch(&format!("PRAGMA max_page_count = {pages}")).unwrap();
    }
}

/// Long enough to need new pages.
fn long() -> Vec<(Timestamp, Record)> {
    let reason = "because ".repeat(4_000);
    vec![(nine_fifteen(), Record::Halted { reason })]
}

#[test]
fn a_new_journal_says_whose_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, opening) = open(folder.path());
    assert_eq!(opening, Opening { created: true, folded: 0, merged: 0 });
    let prefix = journal.prefix().to_string();
    assert_eq!((prefix.len(), journal.last_seq()), (6, 1));
    assert!(prefix.starts_with(|c: char| c.is_ascii_uppercase()));
    assert!(prefix.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()));
    drop(journal);
    let (again, opening) = open(folder.path());
    assert_eq!((again.prefix(), opening.created), (prefix.as_str(), false));
}

#[test]
fn folding_the_journal_gives_the_same_state_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(folder.path());
    let mut live = journal.state().clone();
    for (at, record) in day() {
        live.apply(&record, at);
        journal.append(&[(at, record)]).unwrap();
    }
    assert_eq!(bytes(journal.state()), bytes(&live));
    assert_eq!(bytes(&journal.fold().unwrap()), bytes(&live));
    journal.close().unwrap();
    let (again, opening) = open(folder.path());
    assert_eq!((opening.folded, bytes(again.state())), (0, bytes(&live)));
}

#[test]
fn a_kill_between_two_appends_keeps_what_was_committed() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(folder.path());
    let records = day();
    let (before, after) = records.split_at(10);
    journal.append(before).unwrap();
    journal.append(after).unwrap();
    let live = bytes(journal.state());
    // Dropped without a word, as a kill would; the log of the database has not been folded into its file either.
    let copy = tempfile::tempdir().unwrap();
    for name in ["journal.db", "journal.db-wal", "spill.jsonl"] {
        std::fs::copy(folder.path().join(name), copy.path().join(name)).unwrap();
    }
    let (again, opening) = open(copy.path());
    assert_eq!((again.last_seq(), opening.folded), (1 + records.len() as u64, 1 + records.len() as u64));
    assert_eq!(bytes(again.state()), live);
}

#[test]
fn records_are_committed_all_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(folder.path());
    journal.fill_disk();
    let batch: Vec<_> = [cancel(1)].into_iter().chain(long()).collect();
    assert!(matches!(journal.append(&batch), Err(StoreError::DiskFull { .. })));
    assert_eq!(journal.last_seq(), 1);
    drop(journal);
    assert_eq!(open(folder.path()).0.last_seq(), 1);
}

#[test]
fn rows_cannot_be_changed_or_removed() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(folder.path());
    journal.append(&day()).unwrap();
    let db = &journal.database.as_ref().unwrap().db;
    for text in [
        "UPDATE journal SET body = '{}' WHERE seq = 3",
        "DELETE FROM journal WHERE seq = 3",
        "INSERT OR REPLACE INTO journal SELECT 3, at_ns, kind, body, schema, hash FROM journal WHERE seq = 4",
        "INSERT INTO journal SELECT 99, at_ns, kind, body, schema, hash FROM journal WHERE seq = 4",
    ] {
        assert!(db.execute(text, []).unwrap_err().to_string().contains("journal"), "{text}");
    }
    journal.fold().unwrap();
}

#[test]
fn a_changed_row_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(folder.path());
    journal.append(&day()).unwrap();
    let db = &journal.database.as_ref().unwrap().db;
    db.execute_batch(
        "DROP TRIGGER journal_rows_stay_as_they_are;
         UPDATE journal SET body = replace(body, '\"priority\":2', '\"priority\":9') WHERE seq = 10",
    )
    .unwrap();
    assert!(matches!(journal.fold(), Err(StoreError::Altered { seq: 10, .. })));
    drop(journal);
    assert!(matches!(try_open(folder.path()), Err(StoreError::Altered { seq: 10, .. })));
}

#[test]
fn a_record_that_cannot_be_read_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(folder.path());
    journal.append(&[cancel(1)]).unwrap();
    let (last, chain) = journal.end;
    let mut line = Line::new(nine_fifteen(), &Record::Started).unwrap();
    line.body = r#"{"invented_tomorrow":{}}"#.into();
    journal.database.as_mut().unwrap().insert((last, chain), &[line]).unwrap();
    drop(journal);
    let refused = try_open(folder.path()).unwrap_err();
    assert!(matches!(refused, StoreError::Unreadable { seq: 3, .. }));
    assert!(refused.to_string().contains("record 3") && refused.to_string().contains("invented_tomorrow"));
}

#[test]
fn a_second_cockpit_is_refused_by_name_and_process() {
    let folder = tempfile::tempdir().unwrap();
    let (first, _) = open(folder.path());
    let refused = try_open(folder.path()).unwrap_err().to_string();
    assert!(refused.contains(&folder.path().display().to_string()), "{refused}");
    assert!(refused.contains(&std::process::id().to_string()), "{refused}");
    drop(first);
    open(folder.path());
}

#[test]
fn a_folder_of_the_other_profile_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    let options = JournalOptions::default();
    let refused = Journal::open(folder.path(), Profile::Live, options, nine_fifteen()).unwrap_err();
    assert!(matches!(refused, StoreError::OtherProfile { found: Profile::Paper, wanted: Profile::Live, .. }));
    open(folder.path());
}

#[test]
fn a_damaged_file_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("journal.db"), "this is no database, whatever its name says").unwrap();
    assert!(matches!(try_open(folder.path()), Err(StoreError::Damaged { .. })));

    let folder = tempfile::tempdir().unwrap();
    let other = rusqlite::Connection::open(folder.path().join("journal.db")).unwrap();
    other.execute_batch("CREATE TABLE recipes (name TEXT)").unwrap();
    drop(other);
    assert!(try_open(folder.path()).unwrap_err().to_string().contains("not a journal"));
}

#[test]
fn a_file_of_a_newer_version_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _) = open(folder.path());
    journal.database.as_ref().unwrap().db.execute_batch("PRAGMA user_version = 99").unwrap();
    drop(journal);
    assert!(matches!(try_open(folder.path()), Err(StoreError::Newer { .. })));
}

#[test]
#[cfg(unix)]
fn a_folder_that_cannot_be_written_says_so() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("file");
    std::fs::write(&inside, "").unwrap();
    assert!(matches!(try_open(&inside.join("paper")), Err(StoreError::NotWritable { .. })));

    let locked = folder.path().join("locked");
    std::fs::create_dir(&locked).unwrap();
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o500)).unwrap();
    if std::fs::write(locked.join("probe"), "").is_ok() {
        return; // permissions mean nothing to this user
    }
    assert!(matches!(try_open(&locked), Err(StoreError::NotWritable { .. })));
    assert!(matches!(try_open(&locked.join("paper")), Err(StoreError::NotWritable { .. })));
}

#[test]
#[cfg(unix)]
fn nobody_else_can_read_the_journal() {
    use std::os::unix::fs::PermissionsExt;
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("paper");
    let (mut journal, _) = open(&folder);
    journal.append(&day()).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    for name in ["journal.db", "journal.db-wal", "spill.jsonl", "cockpit.pid"] {
        assert_eq!(mode(&folder.join(name)), 0o600, "{name}");
    }
}

#[test]
fn after_a_full_disk_the_same_records_are_written_once() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(folder.path());
    journal.fill_disk();
    let mut kept = long();
    journal.append(&kept).unwrap_err();
    kept.push(cancel(1));
    journal.spill(&[cancel(1)]).unwrap();
    kept.push(cancel(2));
    assert_eq!(journal.append(&kept).unwrap(), 4);
    assert_eq!(bytes(&journal.fold().unwrap()), bytes(journal.state()));
    drop(journal);
    assert_eq!(open(folder.path()).1.merged, 0);
}

#[test]
fn a_record_that_was_kept_twice_during_a_failure_is_written_once() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(folder.path());
    journal.fill_disk();
    let failed = long();
    journal.append(&failed).unwrap_err();
    journal.spill(&failed).unwrap();
    journal.spill(&[cancel(1)]).unwrap();
    let kept: Vec<_> = [&failed[..], &failed[..], &[cancel(1)]].concat();
    assert_eq!(journal.append(&kept).unwrap(), 3);
    // Spilled, written ahead of a later batch, and then appended all the same.
    journal.spill(&[cancel(2)]).unwrap();
    assert_eq!(journal.append(&[cancel(3)]).unwrap(), 5);
    assert_eq!(journal.append(&[cancel(2)]).unwrap(), 5);
    // Nothing is being recovered any more: two equal records are two.
    assert_eq!(journal.append(&[cancel(4), cancel(4)]).unwrap(), 7);
}

#[test]
fn a_commit_that_worked_although_it_failed_is_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(folder.path());
    let (end, start) = (journal.end, journal.state.clone());
    journal.append(&day()).unwrap();
    // As if the answer to that commit had been lost.
    (journal.end, journal.state, journal.database) = (end, start, None);
    let retry: Vec<_> = day().into_iter().chain([cancel(1)]).collect();
    assert_eq!(journal.append(&retry).unwrap(), 1 + retry.len() as u64);
    assert_eq!(bytes(&journal.fold().unwrap()), bytes(journal.state()));
}

#[test]
fn what_a_killed_process_spilled_is_merged_once() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(folder.path());
    journal.append(&day()).unwrap();
    journal.fill_disk();
    journal.append(&long()).unwrap_err();
    journal.spill(&[cancel(3), cancel(2)]).unwrap();
    drop(journal);
    let (journal, opening) = open(folder.path());
    assert_eq!((opening.merged, journal.last_seq()), (2, 3 + day().len() as u64));
    assert!(journal.state().orders[&IntentId(3)].cancel_asked.is_some());
    drop(journal);
    assert_eq!(open(folder.path()).1.merged, 0);
}

#[test]
fn spilled_records_that_were_committed_after_all_are_not_merged_again() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(folder.path());
    journal.spill(&[cancel(1), cancel(2)]).unwrap();
    let noted = std::fs::read(folder.path().join("spill.jsonl")).unwrap();
    journal.append(&[cancel(1)]).unwrap();
    assert_eq!(journal.last_seq(), 3, "what was spilled and not appended is written first");
    drop(journal);
    // Killed between the commit and the emptying of the file.
    std::fs::write(folder.path().join("spill.jsonl"), noted).unwrap();
    let (journal, opening) = open(folder.path());
    assert_eq!((opening.merged, journal.last_seq()), (0, 3));
}

#[test]
fn what_can_be_read_again_takes_no_room_in_the_spill_file() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(folder.path());
    journal.append(&day()).unwrap();
    let marks = (nine_fifteen(), Record::Marks { quotes: vec![] });
    journal.spill(&[marks.clone(), cancel(3), marks.clone()]).unwrap();
    journal.spill(&[marks]).unwrap();
    drop(journal);
    assert_eq!(open(folder.path()).1.merged, 1);
}

#[test]
fn a_snapshot_that_does_not_fit_is_ignored() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(folder.path());
    journal.append(&day()).unwrap();
    let live = bytes(journal.state());
    journal.close().unwrap();
    for change in [
        "UPDATE snapshot SET build = 'another program'",
        "UPDATE snapshot SET bytes = x'00'",
        "UPDATE snapshot SET chain = zeroblob(32)",
    ] {
        let (journal, _) = open(folder.path());
        journal.database.as_ref().unwrap().db.execute_batch(change).unwrap();
        drop(journal);
        let (journal, opening) = open(folder.path());
        assert_eq!((opening.folded, bytes(journal.state())), (journal.last_seq(), live.clone()), "{change}");
        journal.close().unwrap();
    }
}

#[test]
fn snapshots_come_when_they_are_due_and_shorten_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let options = JournalOptions { snapshot_every: 10, ..Default::default() };
    let (mut journal, _) = Journal::open(folder.path(), Profile::Paper, options, nine_fifteen()).unwrap();
    for record in day() {
        journal.append(&[record]).unwrap();
        journal.housekeeping().unwrap();
    }
    let (last, live) = (journal.last_seq(), bytes(journal.state()));
    let earlier = bytes(&journal.fold_to(12).unwrap());
    drop(journal);
    let (journal, opening) = open(folder.path());
    assert_eq!((opening.folded, bytes(journal.state())), (last % 10, live));
    let mut state = State::default();
    journal
        .read_from((0, NO_HASH), 12, |e| {
            state.apply(&e.record, e.at);
            Ok(())
        })
        .unwrap();
    assert_eq!(bytes(&state), earlier);
}

#[test]
fn a_listener_hears_every_committed_record_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(folder.path());
    let (feed, heard) = std::sync::mpsc::channel();
    journal.feed(Box::new(move |entries| feed.send(Arc::clone(entries)).is_ok()));
    journal.spill(&[cancel(9)]).unwrap();
    journal.append(&[cancel(1)]).unwrap();
    journal.append(&[cancel(2), cancel(3)]).unwrap();
    let seqs: Vec<u64> = heard.try_iter().flat_map(|e| e.iter().map(|e| e.seq).collect::<Vec<_>>()).collect();
    assert_eq!(seqs, [2, 3, 4, 5]);
    drop(heard);
    journal.append(&[cancel(4)]).unwrap();
}
