//! A disk that takes no more, under a cockpit with open positions: it says so, enters nothing, still flattens, and goes on
//! when there is room again; nothing is lost or done twice over it.
//!
//! The disk is full for the files of one process: their size is limited from outside (`prlimit`), below what its journal
//! grows to. The books of the exchange, in the same process, are smaller and still have room.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::crash::{at_the_exchange, net};
use crate::program::{Folder, until, until_or};
use crate::terminal::{Terminal, Wish};

const SIZE: (u16, u16) = (160, 45);

/// No file of this process may grow beyond so many bytes; `None`: any may.
fn limit(process: u32, bytes: Option<u64>) {
    let to = bytes.map_or("unlimited".to_string(), |n| n.to_string());
    let done = Command::new("prlimit").args([format!("--pid={process}"), format!("--fsize={to}:unlimited")]).output();
    let done = done.expect("prlimit, of util-linux");
    assert!(done.status.success(), "{done:?}");
}

fn length(folder: &Path, file: &str) -> u64 {
    std::fs::metadata(folder.join(file)).unwrap().len()
}

fn conditions(folder: &Folder) -> String {
    folder.status()["conditions"].to_string()
}

#[test]
fn a_full_disk_is_told_stops_entries_and_never_exits() {
    let folder = Folder::new();
    // A file that cannot grow is an error to be told, not a signal that ends the process.
    let terminal = Terminal::start_by(Some(r#"trap "" XFSZ; exec "$0" "$@""#), &folder, SIZE, &["--seed", "11"]);
    terminal.until("strategies", |s| s.contains("PAPER") && s.contains("Pending 10"));
    folder.run(&["top", "--count", "2", "--min-score", "0"]).well();
    let marked: Vec<String> = folder.tables().queue().iter().map(u64::to_string).collect();
    folder.run(&["execute", &marked[0], "--yes"]).well();
    let open = |folder: &Folder| folder.status()["positions"].as_array().is_some_and(|p| !p.is_empty());
    assert!(open(&folder), "{}", folder.status());
    let orders = folder.tables().orders().len();

    let paper = folder.paper();
    let full = length(&paper, "journal.db-wal") + 8_192;
    assert!(length(&paper, "exchange.db") + 65_536 < full, "the exchange must have room");
    limit(terminal.process(), Some(full));
    // What is held is marked every second, so the journal soon wants to grow.
    terminal.until("that the journal is down", |s| s.contains("Journal down: no entries; cancels and exits still go"));
    assert!(conditions(&folder).contains("no entries; cancels and exits still go"), "{}", conditions(&folder));
    let refused = folder.run(&["execute", &marked[1], "--yes"]).with(1);
    assert!(refused.err.contains("journal"), "{refused:?}");
    let refused = folder.run(&["mark", &marked[1], "--priority", "9"]);
    println!("a mark while it is full: {refused:?}");

    folder.run(&["flatten", "--yes"]).well();
    until("nothing open", || (!open(&folder)).then_some(()));
    let noted = std::fs::read(paper.join("spill.jsonl")).unwrap();
    assert!(noted.starts_with(b"{"), "the exits are noted beside the journal");

    limit(terminal.process(), None);
    until_or(|| conditions(&folder), &mut || (!conditions(&folder).contains("Journal down")).then_some(()));
    let mut terminal = terminal;
    terminal.ask(Wish::ShutDown);
    assert_eq!(terminal.ended(), 0);

    // Everything is in the journal, and the exchange says the same.
    let status = folder.status();
    assert_eq!((&status["halt"]["locked"], &status["flattening"]), (&Value::Bool(true), &Value::Null), "{status}");
    folder.run(&["journal", "verify"]).well();
    let (book, tables) = (at_the_exchange(&folder), folder.tables());
    assert!(net(&book).values().all(|n| *n == 0), "{book:?}");
    let ours = tables.orders();
    assert!(ours.len() > orders && ours.len() == book.len(), "{ours:?} {book:?}");
    for order in ours {
        assert_eq!(Some(order.filled), book.get(&order.correlation).map(|t| t.filled), "{order:?}");
    }
    assert_eq!((tables.open_positions(), tables.open_lots()), (vec![], vec![]));
}
