//! Journals good and bad: what a check says of them, and what it leaves alone.

use std::path::Path;

use super::*;
use crate::store::sample::{day, nine_fifteen};
use crate::store::{Journal, JournalOptions};

/// The sample day, committed; `1 + day().len()` records.
fn journal(folder: &Path) -> Journal {
    let (mut journal, _) = Journal::open(folder, Profile::Paper, JournalOptions::default(), nine_fifteen()).unwrap();
    journal.append(&day()).unwrap();
    journal
}

fn records() -> u64 {
    1 + day().len() as u64
}

fn verdict(folder: &Path) -> Verdict {
    JournalCopy::take(folder).unwrap().verify().unwrap()
}

/// What somebody with a database tool may do to a journal that nobody holds.
fn tamper(folder: &Path, text: &str) {
    let db = rusqlite::Connection::open(folder.join("journal.db")).unwrap();
    db.execute_batch("DROP TRIGGER journal_rows_stay_as_they_are; DROP TRIGGER journal_rows_stay").unwrap();
    db.execute_batch(text).unwrap();
}

#[test]
fn a_good_journal_is_told_by_its_records_and_times_and_folds_to_the_same_from_a_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    journal(folder.path()).close().unwrap();
    let found = verdict(folder.path());
    assert!(found.is_sound());
    assert_eq!((found.profile, found.records), (Some(Profile::Paper), records()));
    assert_eq!((found.first, found.last), (Some(nine_fifteen()), day().last().map(|(at, _)| *at)));
    assert_eq!(found.identity, Some(Identity { snapshot: records(), kept: true, same: true }));
    assert!(!found.cut_off);
}

#[test]
fn without_a_snapshot_one_is_made_on_the_way() {
    let folder = tempfile::tempdir().unwrap();
    drop(journal(folder.path()));
    let half = records().div_ceil(2);
    assert_eq!(verdict(folder.path()).identity, Some(Identity { snapshot: half, kept: false, same: true }));
}

#[test]
fn a_snapshot_that_says_something_else_is_found() {
    use sha2::{Digest, Sha256};
    let folder = tempfile::tempdir().unwrap();
    let mut journal = journal(folder.path());
    let mut wrong = journal.state().clone();
    wrong.day.intents += 1;
    journal.database.as_mut().unwrap().save_snapshot(journal.end, &wrong).unwrap();
    drop(journal);
    let found = verdict(folder.path());
    assert!(!found.is_sound() && found.broken.is_none());
    assert!(found.identity.is_some_and(|i| i.kept && !i.same));
    // One whose own sum is wrong is never used.
    let sum: [u8; 32] = Sha256::digest(b"other bytes").into();
    let db = rusqlite::Connection::open(folder.path().join("journal.db")).unwrap();
    db.execute("UPDATE snapshot SET sum = ?1", [sum]).unwrap();
    drop(db);
    assert!(verdict(folder.path()).is_sound());
}

#[test]
fn an_altered_record_is_the_first_break() {
    let folder = tempfile::tempdir().unwrap();
    drop(journal(folder.path()));
    tamper(folder.path(), r#"UPDATE journal SET body = replace(body, '"priority":2', '"priority":9') WHERE seq = 10"#);
    let found = verdict(folder.path());
    let broken = found.broken.clone().unwrap();
    assert_eq!((found.records, broken.seq), (9, 10));
    assert!(broken.reason.contains("hash"), "{broken:?}");
    assert!(!found.is_sound());
}

#[test]
fn a_removed_record_is_a_break_in_the_middle_and_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    drop(journal(folder.path()));
    tamper(folder.path(), "DELETE FROM journal WHERE seq = 7");
    let broken = verdict(folder.path()).broken.unwrap();
    assert_eq!((broken.seq, broken.reason.as_str()), (7, "records 7 to 7 are missing"));

    // The others moved up: no number is missing, but the hashes know.
    tamper_again(folder.path(), "UPDATE journal SET seq = seq - 1 WHERE seq > 7");
    let broken = verdict(folder.path()).broken.unwrap();
    assert!(broken.seq == 7 && broken.reason.contains("hash"), "{broken:?}");

    let folder = tempfile::tempdir().unwrap();
    journal(folder.path()).close().unwrap();
    tamper(folder.path(), &format!("DELETE FROM journal WHERE seq = {}", records()));
    let broken = verdict(folder.path()).broken.unwrap();
    assert!(broken.seq == records() && broken.reason.contains("snapshot"), "{broken:?}");
}

fn tamper_again(folder: &Path, text: &str) {
    rusqlite::Connection::open(folder.join("journal.db")).unwrap().execute_batch(text).unwrap();
}

#[test]
fn a_commit_that_was_cut_off_is_left_out_as_the_next_start_leaves_it_out() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = journal(folder.path());
    let last = [(nine_fifteen(), Record::Halted { reason: "the last word".into() })];
    journal.append(&last).unwrap();
    // As the power leaves the files: copied while the journal is open, the log cut in its last page.
    let torn = tempfile::tempdir().unwrap();
    std::fs::copy(folder.path().join("journal.db"), torn.path().join("journal.db")).unwrap();
    let log = std::fs::read(folder.path().join("journal.db-wal")).unwrap();
    std::fs::write(torn.path().join("journal.db-wal"), &log[..log.len() - 100]).unwrap();
    let found = verdict(torn.path());
    assert!(found.is_sound() && found.cut_off);
    assert_eq!(found.records, records());
    let (journal, _) = Journal::open(torn.path(), Profile::Paper, JournalOptions::default(), nine_fifteen()).unwrap();
    assert_eq!(journal.last_seq(), found.records);
}

#[test]
fn a_file_with_a_hole_is_a_break_after_what_can_still_be_read_and_one_without_its_end_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let mut long = journal(folder.path());
    let many: Vec<_> = (0..400).map(|n| (nine_fifteen(), Record::Halted { reason: format!("reason {n}") })).collect();
    long.append(&many).unwrap();
    drop(long);
    let path = folder.path().join("journal.db");
    let whole = std::fs::read(&path).unwrap();
    assert!(!folder.path().join("journal.db-wal").exists(), "all of it is in the file");
    // A page that the disk has lost.
    let mut holed = whole.clone();
    let page = holed.len() / 4_096 / 2 * 4_096;
    holed[page..page + 4_096].fill(0);
    std::fs::write(&path, &holed).unwrap();
    let found = verdict(folder.path());
    let broken = found.broken.clone().unwrap();
    assert!((1..records() + 400).contains(&found.records) && broken.seq == found.records + 1, "{found:?}");
    assert!(broken.reason.contains("malformed") && !found.is_sound(), "{broken:?}");
    // The end of the file is gone: SQLite reads nothing of it at all.
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let refused = JournalCopy::take(folder.path()).unwrap_err().to_string();
    assert!(refused.contains(&path.display().to_string()) && refused.contains("backup"), "{refused}");
}

#[test]
fn a_journal_that_a_cockpit_holds_is_checked_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = journal(folder.path());
    let before = std::fs::read(folder.path().join("journal.db-wal")).unwrap();
    let found = JournalCopy::take(folder.path()).unwrap();
    assert_eq!(found.holder.and_then(|h| h.pid), Some(std::process::id()));
    assert_eq!(found.verify().unwrap().records, records());
    assert_eq!(std::fs::read(folder.path().join("journal.db-wal")).unwrap(), before);
    // It goes on, and a new look sees what came since.
    journal.append(&[(nine_fifteen(), Record::Started)]).unwrap();
    assert_eq!(verdict(folder.path()).records, records() + 1);
}

#[test]
fn a_log_that_was_begun_anew_still_belongs_to_its_database() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = journal(folder.path());
    let reason = "because ".repeat(2_000);
    // Enough pages that SQLite moves them into the database and begins the log again, several times.
    for n in 0..600_u64 {
        journal.append(&[(nine_fifteen(), Record::Halted { reason: reason.clone() })]).unwrap();
        if n % 150 == 0 {
            assert_eq!(verdict(folder.path()).records, records() + n + 1);
        }
    }
    assert!(verdict(folder.path()).is_sound());
}

#[test]
fn a_folder_without_a_journal_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let refused = JournalCopy::take(folder.path()).unwrap_err();
    assert!(matches!(refused, StoreError::NoJournal { .. }));
    assert!(refused.to_string().contains("--folder"), "{refused}");
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none(), "looking makes nothing");
}

#[test]
fn a_file_that_is_no_journal_is_named_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    std::fs::write(&path, "this is no database, whatever its name says").unwrap();
    let refused = JournalCopy::take(folder.path()).unwrap_err().to_string();
    assert!(refused.contains(&path.display().to_string()), "{refused}");
}

#[test]
fn a_day_is_read_with_the_state_before_it() {
    use crate::domain::time::after_ms;
    use jiff::civil::date;
    let folder = tempfile::tempdir().unwrap();
    let mut journal = journal(folder.path());
    let yesterday = journal.state().clone();
    journal.housekeeping().unwrap();
    let hour = 3_600_000;
    // Past midnight it is the same trading day; at 08:30 the next begins. The clock is put back an hour in the middle.
    let later = |hours: i64| after_ms(nine_fifteen(), hours * hour);
    let reason = || Record::Halted { reason: "a word".into() };
    journal
        .append(&[(later(16), reason()), (later(24), Record::Armed), (later(23), reason()), (later(26), Record::Armed)])
        .unwrap();
    let copy = JournalCopy::take(folder.path()).unwrap();
    assert_eq!(copy.days().unwrap(), [date(2026, 11, 20), date(2026, 11, 21)]);
    let first = copy.day(date(2026, 11, 20)).unwrap().unwrap();
    assert_eq!(first.before, State::default());
    // The put-back clock says 08:15 again, of the old day: the record belongs to both, and neither leaves anything out.
    assert_eq!(first.entries.iter().map(|e| e.seq).collect::<Vec<_>>(), (1..=records() + 3).collect::<Vec<_>>());
    let second = copy.day(date(2026, 11, 21)).unwrap().unwrap();
    assert_eq!(
        second.entries.iter().map(|e| e.seq).collect::<Vec<_>>(),
        (records() + 2..=records() + 4).collect::<Vec<_>>()
    );
    let mut state = yesterday;
    state.apply(&reason(), later(16));
    assert_eq!(second.before, state);
    assert!(copy.day(date(2026, 11, 23)).unwrap().is_none());
}
