//! What is open stays open: over quitting, signals and starting again, in terminals of any size; and the terminal is always
//! given back.

use serde_json::Value;

use crate::program::{Folder, id_of, until};
use crate::terminal::screen::{self, Position};
use crate::terminal::{CTRL_C, ESCAPE, F4, Terminal, Wish};

/// Two strategies on different underlyings, executed from a shell.
fn holding_two() -> (Folder, Vec<u64>) {
    let folder = Folder::new();
    let rows = folder.list();
    let other = rows.iter().find(|r| r["symbol"] != rows[0]["symbol"]).unwrap();
    let ids = [id_of(&rows[0]), id_of(other)];
    let names: Vec<String> = ids.iter().map(u64::to_string).collect();
    folder.run(&["bulk", &names[0], &names[1]]).well();
    folder.run(&["execute", "--yes"]).well();
    (folder, ids.to_vec())
}

/// Contract and quantity of every open position, as the shell's status says them.
fn open(status: &Value) -> Vec<(u64, String, i64)> {
    let rows = status["positions"].as_array().unwrap().iter().map(|p| {
        let contract = p["contract"].as_str().unwrap().split(':').skip(3).collect::<Vec<_>>().join(" ");
        (p["strategy_id"].as_u64().unwrap(), contract, p["net_quantity"].as_i64().unwrap())
    });
    sorted(rows.collect())
}

fn on_screen(rows: &[Position]) -> Vec<(u64, String, i64)> {
    sorted(rows.iter().map(|p| (p.strategy, p.contract.clone(), p.quantity)).collect())
}

fn sorted<T: Ord>(mut rows: Vec<T>) -> Vec<T> {
    rows.sort();
    rows
}

fn shows(terminal: &Terminal, expected: &[(u64, String, i64)]) -> String {
    terminal.until(&format!("these positions: {expected:?}"), |s| on_screen(&screen::positions(s)) == expected)
}

#[test]
fn open_positions_are_there_again_in_terminals_small_and_large() {
    let (folder, ids) = holding_two();
    let held = open(&folder.status());
    assert!(held.len() >= 4, "{held:?}");

    let mut small = Terminal::start(&folder, (80, 24), &[]);
    small.until("a list of strategies", |s| !screen::pending(s).is_empty());
    is_whole(&small, (80, 24));
    small.press(F4);
    small.until("the positions alone", |s| on_screen(&only_pane(s)) == held);
    is_whole(&small, (80, 24));
    // Quitting asks while something is open, and leaves it open.
    small.press("q");
    small.until("the question, ready", |s| s.contains("stay open at the broker") && s.contains("y  quit"));
    small.press(ESCAPE);
    small.until("no question", |s| !s.contains("stay open at the broker"));
    small.press(CTRL_C);
    small.until("the question, ready", |s| s.contains("stay open at the broker") && s.contains("y  quit"));
    small.press("y");
    assert_eq!(small.ended(), 0);
    the_terminal_was_given_back(&small);

    let mut large = Terminal::start(&folder, (200, 60), &[]);
    shows(&large, &held);
    is_whole(&large, (200, 60));
    close(&mut large, ids[0]);
    let left: Vec<_> = held.iter().filter(|(strategy, ..)| *strategy != ids[0]).cloned().collect();
    shows(&large, &left);
    for size in [(80, 24), (120, 36), (200, 60)] {
        large.resize(size);
        is_whole(&large, (usize::from(size.0), usize::from(size.1)));
    }
    shows(&large, &left);
    // Ctrl-C asks, and pressed again it leaves.
    large.press(CTRL_C);
    large.until("the question, ready", |s| s.contains("stay open at the broker") && s.contains("y  quit"));
    large.press(CTRL_C);
    assert_eq!(large.ended(), 0);
    the_terminal_was_given_back(&large);

    assert_eq!(open(&folder.status()), left);
    let tables = folder.tables();
    assert_eq!(tables.open_positions(), tables.open_lots());
    assert_eq!(tables.strategy(ids[0]).status, "executed");
}

/// Closes one strategy on the positions pane.
fn close(terminal: &mut Terminal, id: u64) {
    let at_hand = |s: &str| s.lines().find(|l| l.starts_with("│ ▎ ")).map(str::to_string);
    terminal.press(F4);
    let screen = terminal.until("the cursor among the positions", |s| s.lines().any(|l| l.starts_with("│ ▎ ▾")));
    let mut line = at_hand(&screen).unwrap();
    while !line.contains(&format!(" #{id} ")) {
        let contract = |l: &str| l.split_whitespace().take(6).map(str::to_string).collect::<Vec<_>>();
        let before = contract(&line);
        terminal.press("j");
        let screen = terminal.until("the cursor on the next", |s| at_hand(s).is_some_and(|l| contract(&l) != before));
        line = at_hand(&screen).unwrap();
    }
    terminal.press("x");
    let title = format!("CLOSE #{id} ");
    terminal.until("the question, ready", |s| s.contains(&title) && s.contains("y  close it"));
    terminal.press("y");
}

/// The positions where a pane has the whole screen: its title stands among the others.
fn only_pane(screen: &str) -> Vec<Position> {
    let renamed = screen.replacen("╭─ Pending", "╭─ Positions", 1);
    screen::positions(&renamed)
}

/// Nothing but the picture: every row in its place, nothing unreadable.
fn is_whole(terminal: &Terminal, (columns, rows): (usize, usize)) {
    // After a change of size the old picture stands for a moment.
    let ends = |line: Option<&str>, with: &str| line.is_some_and(|l| l.contains(with));
    let text = terminal.until("a whole picture", |s| {
        let wide = s.lines().any(|l| l.chars().count() == columns && l.ends_with('╮'));
        s.lines().count() == rows && wide && ends(s.lines().next(), "PAPER") && ends(s.lines().last(), "F12")
    });
    assert!(!text.contains('\u{fffd}') && !text.contains('\u{fffe}') && !text.contains('\u{1b}'), "{text}");
    let widest = text.lines().map(|l| l.chars().count()).max().unwrap();
    assert!(widest <= columns, "{widest} columns of {columns}:\n{text}");
    let corners = ['╭', '╮', '╰', '╯'].map(|corner| text.matches(corner).count());
    // Messages may lie upon the lower ones.
    assert!(corners[0] == corners[1] && corners.iter().all(|n| *n > 0), "{corners:?} in\n{text}");
}

/// The alternate screen was entered and left again, the cursor shown again, and nothing was drawn after that.
fn the_terminal_was_given_back(terminal: &Terminal) {
    assert!(terminal.is_given_back());
    let bytes = terminal.bytes();
    let at = |sequence: &[u8]| bytes.windows(sequence.len()).rposition(|w| w == sequence);
    let (entered, left) = (at(b"\x1b[?1049h").unwrap(), at(b"\x1b[?1049l").unwrap());
    let (hidden, shown) = (at(b"\x1b[?25l").unwrap(), at(b"\x1b[?25h").unwrap());
    assert!(entered < left && hidden < shown);
    let after = String::from_utf8_lossy(&bytes[left + 8..]).into_owned();
    assert!(!after.contains("PAPER") && !after.contains('│'), "{after:?}");
}

#[test]
fn asked_to_end_by_the_system_it_ends_in_order_and_forgets_nothing() {
    let (folder, _) = holding_two();
    let held = open(&folder.status());
    for wish in [Wish::ShutDown, Wish::Close, Wish::Interrupt] {
        let mut terminal = Terminal::start(&folder, (160, 45), &[]);
        shows(&terminal, &held);
        terminal.ask(wish);
        assert_eq!(terminal.ended(), 0, "after {wish:?}");
        the_terminal_was_given_back(&terminal);
    }
    let mut terminal = Terminal::start(&folder, (160, 45), &[]);
    shows(&terminal, &held);
    terminal.close_window();
    terminal.ended();
    // Nobody is left behind who holds the folder.
    assert_eq!(open(&folder.status()), held);
}

#[test]
fn what_the_system_asks_while_it_starts_is_not_forgotten() {
    for wish in [Wish::Interrupt, Wish::ShutDown] {
        let folder = Folder::new();
        let mut terminal = Terminal::start(&folder, (160, 45), &[]);
        // The journal is the first thing that is opened; the screen comes long after it.
        until("the start", || folder.paper().join("journal.db").exists().then_some(()));
        terminal.ask(wish);
        assert_eq!(terminal.ended(), 0, "after {wish:?}");
        assert!(terminal.is_given_back());
    }
}
