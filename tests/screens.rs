//! The screens beside the cockpit, in a real terminal: what they show comes from the tables, the inbox and the broker.

use crate::program::{Folder, id_of};
use crate::terminal::screen;
use crate::terminal::{ENTER, F7, F8, F9, Terminal};

/// One strategy executed and closed again from a shell.
fn with_a_past() -> (Folder, u64) {
    let folder = Folder::new();
    let id = id_of(&folder.list()[0]);
    let name = id.to_string();
    folder.run(&["bulk", &name]).well();
    folder.run(&["execute", "--yes"]).well();
    folder.run(&["close", &name, "--yes"]).well();
    (folder, id)
}

#[test]
fn the_past_the_trail_the_inbox_and_the_account_are_read_while_it_runs() {
    let (folder, id) = with_a_past();
    let mut terminal = Terminal::start(&folder, (160, 45), &[]);
    terminal.until("a list of strategies", |s| !screen::pending(s).is_empty());

    terminal.press("8");
    let journal = terminal
        .until("the result of the closed strategy", |s| s.contains(&format!("#{id} ")) && s.contains("Win rate"));
    assert!(
        journal.contains("Trades 1 ") && journal.contains("Sessions 1 ") && journal.contains("Sharpe"),
        "{journal}"
    );

    terminal.press("4");
    terminal.until("no order working", |s| s.contains("No order is working"));
    terminal.press("\t");
    terminal.until("the orders of the day", |s| s.contains("filled") && s.contains(&format!("exit #{id}")));

    terminal.press("9");
    terminal.until("the account", |s| s.contains("the built-in exchange") && s.contains("Available"));
    terminal.press("t");
    terminal.until("the broker's answer", |s| s.contains("Answered") && s.contains("Token until"));

    terminal.press(F8);
    terminal.until("the trail", |s| s.contains("Audit trail") && s.contains("started"));
    terminal.press("/");
    terminal.until("the filter", |s| s.contains(" match"));
    terminal.press("close_strategy");
    terminal.until("what was asked for from the shell", |s| s.contains("  1 match") && s.contains("shell"));
    terminal.press(ENTER);
    terminal.until("the filter stays, its field is gone", |s| !s.contains(" match"));

    terminal.press(F7);
    terminal.until("the inbox", |s| s.contains("Alerts") && s.contains("executed"));
    terminal.press("m");
    terminal.until("nothing unread", |s| !s.contains(" unread"));
    terminal.press(F9);
    terminal.until("the log and its parts", |s| s.contains("Parts") && s.contains("strikedeck"));

    terminal.press(":");
    terminal.until("the palette", |s| s.contains("What to do"));
    terminal.press("cockpit");
    terminal.until("what fits", |s| s.contains("Cockpit: pending strategies"));
    terminal.press(ENTER);
    terminal.until("the cockpit", |s| !screen::pending(s).is_empty());
    terminal.press("q");
    assert_eq!(terminal.ended(), 0);
}

#[test]
fn a_screen_that_only_looks_marks_nothing() {
    let folder = Folder::new();
    folder.list();
    let mut terminal = Terminal::start(&folder, (120, 36), &["--read-only"]);
    terminal.until("that it only looks", |s| s.contains("READ-ONLY") && !screen::pending(s).is_empty());
    terminal.press(" ");
    terminal.until("why nothing is done", |s| s.contains("This screen only looks"));
    terminal.press("q");
    assert_eq!(terminal.ended(), 0);
    assert!(folder.tables().strategies().iter().all(|s| !s.marked), "nothing was marked");
}
