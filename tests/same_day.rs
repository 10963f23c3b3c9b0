//! The same simulated day is the same day on every system: what is decided, what the journal keeps of it, and what the
//! tables show. With `STRIKEDECK_DUMP=FILE` the day is written down there, so that two systems can be compared.

use std::fmt::Write as _;
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use strikedeck::engine::record::Profile;
use strikedeck::simulation::{Weather, journal};
use strikedeck::store::{Journal, JournalOptions, Projection};

/// As many records as a busy second commits at once.
const BATCH: usize = 40;
const SEED: u64 = 20;

#[test]
fn a_simulated_day_is_the_same_wherever_it_is_kept() {
    let mut day = String::new();
    for weather in Weather::ALL {
        let first = dump(weather);
        assert_eq!(first, dump(weather), "the same day twice, {}", weather.as_str());
        for written in ["journal 2 ", "state State {", "table orders", "table trades", "table strategies", "view v_"] {
            assert!(first.contains(written), "no `{written}` in the day, {}", weather.as_str());
        }
        let fills =
            first.lines().skip_while(|l| !l.starts_with("table trades")).skip(1).take_while(|l| l.starts_with(' '));
        assert!(fills.count() > 0, "a day without a trade shows nothing, {}", weather.as_str());
        writeln!(day, "weather {}\n{first}", weather.as_str()).unwrap();
    }
    if let Some(file) = std::env::var_os("STRIKEDECK_DUMP") {
        std::fs::write(&file, &day).unwrap();
    }
}

/// Journal, folded state and tables of one day, written to the disk and read back, as text.
fn dump(weather: Weather) -> String {
    let records = journal(SEED, weather).unwrap_or_else(|v| panic!("{v}"));
    let folder = tempfile::tempdir().unwrap();
    let open = || Journal::open(folder.path(), Profile::Paper, JournalOptions::default(), records[0].0).unwrap();
    let (mut kept, opening) = open();
    assert!(opening.created);
    // It takes the simulated installation's name, which the tables bear too.
    kept.append(&records[..1]).unwrap();
    let tables = folder.path().join("strikedeck.db");
    let mut projection = Projection::open(&tables, &kept).unwrap();
    for batch in records[1..].chunks(BATCH) {
        let before = kept.last_seq();
        kept.append(batch).unwrap();
        let mut entries = Vec::new();
        kept.read(before, |entry| {
            entries.push(entry);
            Ok(())
        })
        .unwrap();
        projection.take(&entries);
        projection.write().unwrap();
    }
    drop(projection);
    kept.close().unwrap();

    let (kept, opening) = open();
    assert!(!opening.created);
    let mut text = String::new();
    kept.read(0, |entry| {
        // The first names the installation, which is another each time; the simulated one follows.
        if entry.seq > 1 {
            let body = serde_json::to_string(&entry.record).unwrap();
            writeln!(text, "journal {} {} {body}", entry.seq, entry.at).unwrap();
        }
        Ok(())
    })
    .unwrap();
    writeln!(text, "state {:?}", kept.state()).unwrap();
    text + &rows(&tables)
}

/// Every table and view of a database, its rows in the order of their text.
fn rows(file: &Path) -> String {
    let db = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut names =
        db.prepare("SELECT type, name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name").unwrap();
    let names: Vec<(String, String)> =
        names.query_map([], |r| Ok((r.get(0)?, r.get(1)?))).unwrap().map(Result::unwrap).collect();
    let mut text = String::new();
    for (kind, name) in names {
        let mut select = db.prepare(&format!("SELECT * FROM \"{name}\"")).unwrap();
        let columns: Vec<String> = select.column_names().map(str::to_string).collect();
        let mut lines: Vec<String> = select
            .query_map([], |row| {
                let cells =
                    columns.iter().enumerate().map(|(n, column)| Ok(format!("{column}={}", cell(row.get_ref(n)?))));
                Ok(cells.collect::<rusqlite::Result<Vec<_>>>()?.join(" "))
            })
            .unwrap()
            .map(Result::unwrap)
            .collect();
        lines.sort();
        writeln!(text, "{kind} {name}").unwrap();
        for line in lines {
            writeln!(text, "  {line}").unwrap();
        }
    }
    text
}

/// A value so exactly that another is another text.
fn cell(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "-".into(),
        ValueRef::Integer(n) => n.to_string(),
        ValueRef::Real(x) => format!("{x:?}"),
        ValueRef::Text(text) => format!("{:?}", String::from_utf8_lossy(text)),
        ValueRef::Blob(bytes) => format!("{bytes:x?}"),
    }
}
