//! The journal from outside: checked while nobody and while somebody holds it, and a past day shown again from it.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::Value;
use strikedeck::domain::time::{Timestamp, ist, trading_day};
use strikedeck::engine::record::{Profile, Record};
use strikedeck::engine::state::State;
use strikedeck::simulation::{Weather, journal};
use strikedeck::store::{Journal, JournalOptions};

use crate::program::Folder;
use crate::terminal::{ENTER, ESCAPE, F12, Terminal, screen};

const SIZE: (u16, u16) = (160, 45);
const SEED: u64 = 20;

/// A folder with the journal of a simulated day in it, and what it holds.
struct Kept {
    folder: Folder,
    records: Vec<(Timestamp, Record)>,
    day: Date,
}

impl Kept {
    fn day() -> Self {
        let mut records = journal(SEED, Weather::Calm).unwrap_or_else(|v| panic!("{v}"));
        let day = trading_day(records[0].0);
        records.retain(|(at, _)| trading_day(*at) == day);
        let folder = Folder::new();
        let options = JournalOptions::default();
        let (mut kept, _) = Journal::open(&folder.paper(), Profile::Paper, options, records[0].0).unwrap();
        // The folder's own first record stands before those of the simulated installation.
        kept.append(&records).unwrap();
        let created = Record::Created { profile: Profile::Paper, prefix: kept.prefix().into() };
        records.insert(0, (records[0].0, created));
        kept.close().unwrap();
        Self { folder, records, day }
    }

    /// How many records there are up to an instant of the simulated day, whose clock never goes back.
    fn until(&self, instant: Timestamp) -> usize {
        self.records.partition_point(|(at, _)| *at <= instant)
    }

    /// What is held after so many records.
    fn held(&self, done: usize) -> BTreeMap<String, i64> {
        let mut state = State::default();
        self.records[..done].iter().for_each(|(at, record)| state.apply(record, *at));
        let open = state.lots.iter().filter(|(_, lot)| !lot.net.is_flat());
        let mut held = BTreeMap::new();
        open.for_each(|(key, lot)| *held.entry(key.contract.to_string()).or_default() += lot.net.0);
        held
    }

    /// The middle of the time in which most is held.
    fn busiest(&self) -> Timestamp {
        let fills = self.records.iter().enumerate().filter(|(_, (_, r))| matches!(r, Record::OrderSeen { .. }));
        let most = fills.map(|(n, _)| n + 1).max_by_key(|n| self.held(*n).len()).unwrap();
        assert!(self.held(most).len() > 1, "a day without positions shows nothing");
        self.records[most - 1].0
    }
}

fn place(screen: &str) -> Option<(usize, usize)> {
    let (_, rest) = screen.split_once(" · record ")?;
    let (done, rest) = rest.split_once(" of ")?;
    let number = |text: &str| text.replace(',', "").parse().ok();
    number(done).zip(number(rest.split(' ').next()?))
}

#[test]
fn a_past_day_is_stepped_jumped_and_played_on_the_screen_and_nothing_can_be_done_to_it() {
    let kept = Kept::day();
    let (day, all) = (kept.day.to_string(), kept.records.len());
    let before = std::fs::read(kept.folder.paper().join("journal.db")).unwrap();
    let mut terminal = Terminal::start(&kept.folder, SIZE, &["replay", &day]);
    let at = |what: &str, terminal: &Terminal, done: usize| {
        terminal.until(what, |s| s.contains(" REPLAY ") && place(s) == Some((done, all)))
    };
    let screen = terminal.until("the first record, and the keys of a replay", |s| {
        place(s) == Some((1, all)) && s.lines().last().is_some_and(|l| l.contains("Space play"))
    });
    assert!(
        screen.contains("paused ×1") && screen.contains("nothing is connected") && screen.contains(" PAPER "),
        "{screen}"
    );
    assert!(!screen.contains("HALT"), "{screen}");
    terminal.press(".");
    at("the second", &terminal, 2);
    terminal.press(".");
    at("the third", &terminal, 3);
    terminal.press(",");
    at("the second again", &terminal, 2);

    // To the second in which most is held, by its clock.
    let second = ist(kept.busiest()).strftime("%H:%M:%S").to_string();
    let instant = strikedeck::domain::time::from_ist(kept.day.to_datetime(second.parse().unwrap()));
    terminal.press("t");
    terminal.until_text("To which time of the day");
    terminal.press("25:00");
    terminal.press(ENTER);
    terminal.until_text("no time of a day");
    terminal.press(ESCAPE);
    terminal.until("no card", |s| !s.contains("To which time of the day"));
    terminal.press("t");
    terminal.until_text("To which time of the day");
    terminal.press(&second);
    terminal.until("the time as typed", |s| s.lines().any(|l| l.contains("HH:MM:SS") && l.contains(&second)));
    terminal.press(ENTER);
    shows(&terminal, &kept, instant);
    terminal.press("]");
    let next = strikedeck::domain::time::after_ms(instant, 60_000).min(kept.records.last().unwrap().0);
    shows(&terminal, &kept, next);
    terminal.press("[");
    shows(&terminal, &kept, strikedeck::domain::time::after_ms(next, -60_000).max(kept.records[0].0));

    for key in ["e", F12, "A", "R"] {
        terminal.press(key);
        terminal.until("that nothing can be done", |s| s.contains("nothing can be done"));
        terminal.press(ESCAPE);
        terminal.until("no message", |s| !s.contains("nothing can be done"));
    }
    assert!(!terminal.text().contains("HALTED · "));

    // As fast as it goes, to the end.
    for _ in 0..8 {
        terminal.press("+");
    }
    terminal.until_text("paused ×3000");
    terminal.press(" ");
    at("the last record", &terminal, all);
    terminal.until_text("paused ×3000");
    terminal.press("q");
    assert_eq!(terminal.ended(), 0);
    assert!(terminal.is_given_back());
    assert_eq!(std::fs::read(kept.folder.paper().join("journal.db")).unwrap(), before, "it was only looked at");
    assert!(!kept.folder.paper().join("cockpit.pid").exists() && !kept.folder.paper().join("strikedeck.db").exists());
}

/// The screen stands at this instant, and what it says is held is what the records fold to.
fn shows(terminal: &Terminal, kept: &Kept, instant: Timestamp) {
    let done = kept.until(instant);
    let held = kept.held(done);
    let time = ist(instant).strftime("%H:%M:%S IST").to_string();
    terminal.until(&format!("{time}, record {done}, and {held:?}"), |s| {
        let shown: BTreeMap<String, i64> =
            screen::positions(s).iter().filter(|p| p.quantity != 0).map(|p| (p.contract.clone(), p.quantity)).collect();
        let expected = held.iter().map(|(contract, net)| {
            let parts: Vec<&str> = contract.split(':').collect();
            (format!("{} {}", parts[3], parts[4]), *net)
        });
        place(s).is_some_and(|(n, _)| n == done) && s.contains(&time) && shown == expected.collect()
    });
}

#[test]
fn the_status_of_a_past_instant_is_what_the_records_fold_to() {
    let kept = Kept::day();
    let (day, busiest) = (kept.day.to_string(), kept.busiest());
    let second = ist(busiest).strftime("%H:%M:%S").to_string();
    let instant = strikedeck::domain::time::from_ist(kept.day.to_datetime(second.parse().unwrap()));
    let shown = kept.folder.json(&["replay", &day, "--at", &second]);
    let done = kept.until(instant);
    assert_eq!((&shown["replay"]["record"], &shown["replay"]["records"]), (&done.into(), &kept.records.len().into()));
    let mut held = BTreeMap::new();
    for row in shown["positions"].as_array().unwrap().iter().filter(|p| !p["strategy_id"].is_null()) {
        let contract = row["contract"].as_str().unwrap().to_string();
        *held.entry(contract).or_default() += row["net_quantity"].as_i64().unwrap();
    }
    assert_eq!(held, kept.held(done));

    let printed = kept.folder.run(&["replay", &day, "--print"]).well().out;
    let end = format!("REPLAY of {day}: record {0} of {0}", grouped(kept.records.len()));
    assert!(printed.starts_with(&end) && printed.contains("nothing is connected"), "{printed}");
    // Off a terminal it is printed without being asked to be.
    assert!(kept.folder.run(&["replay", &day]).well().out.starts_with(&end));
    let none = kept.folder.run(&["replay", "2019-01-01"]).with(1).err;
    assert!(none.contains("no records of 2019-01-01") && none.contains(&day), "{none}");
    kept.folder.run(&["replay", "someday"]).with(2);
}

fn grouped(number: usize) -> String {
    strikedeck::view::format::grouped(number.into(), 0)
}

#[test]
fn a_journal_is_verified_while_nobody_and_while_a_cockpit_holds_it() {
    let kept = Kept::day();
    let count = kept.records.len();
    let said = kept.folder.run(&["journal", "verify"]).well().out;
    assert!(
        said.contains(&format!("paper, {} records", grouped(count))) && said.contains("the chain is whole"),
        "{said}"
    );
    assert!(said.contains("the same state, byte for byte"), "{said}");

    let folder = Folder::new();
    let mut terminal = Terminal::start(&folder, SIZE, &[]);
    terminal.until("strategies", |s| !screen::pending(s).is_empty());
    let found = folder.json(&["journal", "verify"]);
    assert!(found["sound"] == true && found["held_by"].is_u64() && found["records"].as_u64() > Some(3), "{found}");
    terminal.press("q");
    assert_eq!(terminal.ended(), 0);
    assert_eq!(folder.json(&["journal", "verify"])["held_by"], Value::Null);
}

#[test]
fn a_backup_that_was_changed_is_told_by_the_record() {
    let kept = Kept::day();
    let backup = tempfile::tempdir().unwrap();
    let copy = backup.path().join("journal.db");
    std::fs::copy(kept.folder.paper().join("journal.db"), &copy).unwrap();
    let folder = backup.path().display().to_string();
    kept.folder.run(&["journal", "verify", "--folder", &folder]).well();
    let db = rusqlite::Connection::open(&copy).unwrap();
    db.execute_batch("DROP TRIGGER journal_rows_stay_as_they_are; UPDATE journal SET at_ns = at_ns + 1 WHERE seq = 40")
        .unwrap();
    drop(db);
    let refused = kept.folder.run(&["journal", "verify", "--folder", &folder]).with(1);
    assert!(refused.err.contains("broken at record 40") && refused.err.contains("backup"), "{}", refused.err);
    let found = kept.folder.run(&["journal", "verify", "--folder", &folder, "--json"]).with(1).json();
    assert_eq!(
        (&found["sound"], &found["first_break"]["record"], &found["records"]),
        (&false.into(), &40.into(), &39.into())
    );
    // The day cannot be shown either, and nothing is guessed.
    let day = kept.day.to_string();
    assert!(kept.folder.run(&["replay", &day, "--folder", &folder]).with(1).err.contains("record 40"));
    let none = kept.folder.run(&["journal", "verify", "--folder", "/nowhere/at/all"]).with(1).err;
    assert!(none.contains("there is no journal"), "{none}");
}

#[test]
fn a_journal_that_is_damaged_is_not_started_from_and_the_trader_is_told_what_to_do() {
    let folder = Folder::new();
    folder.list();
    let journal = folder.paper().join("journal.db");
    std::fs::write(&journal, "this is no database, whatever its name says").unwrap();
    for command in [&["status"][..], &["journal", "verify"]] {
        let refused = folder.run(command).with(1).err;
        assert!(refused.contains("journal.db is damaged") && refused.contains("put a backup"), "{refused}");
    }
    let mut terminal = Terminal::start(&folder, SIZE, &[]);
    terminal.until("the reason", |s| s.contains("is damaged") && s.contains("broker's own app"));
    assert_eq!(terminal.ended(), 1);
    assert!(terminal.is_given_back());
}

#[test]
fn tables_that_are_damaged_are_built_again_and_the_log_says_so() {
    let folder = Folder::new();
    let known = folder.list().len();
    let tables = folder.paper().join("strikedeck.db");
    std::fs::write(&tables, "this is no database, whatever its name says").unwrap();
    for log in ["strikedeck.db-wal", "strikedeck.db-shm"] {
        let _ = std::fs::remove_file(folder.paper().join(log));
    }
    assert_eq!(folder.list().len(), known);
    assert_eq!(folder.tables().strategies().len(), known);
    assert!(folder.paper().join("strikedeck.db.damaged").exists());
    let logs: Vec<String> = std::fs::read_dir(folder.paper().join("logs"))
        .unwrap()
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    assert!(logs.iter().any(|l| l.contains("is damaged") && l.contains("built again")), "{logs:?}");
}

#[test]
fn a_folder_that_cannot_be_written_is_told_before_anything_starts() {
    let folder = Folder::new();
    let file = folder.file("a-file", "");
    // Below a file, and (where there is one) on a file system that takes nothing from anybody.
    let mut places = vec![format!("{file}/data")];
    if cfg!(target_os = "linux") && crate::program::windows_program().is_none() {
        places.push("/sys/strikedeck".into());
    }
    for place in places {
        let refused = folder.run(&["status", "--data", &place]).with(1).err;
        assert!(refused.contains("cannot be written") && refused.contains("--data"), "{refused}");
    }
}
