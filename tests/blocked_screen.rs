//! A console that takes no output (a selection in the old Windows console, a stopped terminal) holds up the picture and
//! nothing else.

use std::time::Instant;

use crate::program::{Folder, id_of, until};
use crate::terminal::{Terminal, Wish};

/// What Windows allows between its wish and the end of a program; a process that starts on a busy machine is not counted.
const ALLOWED_SECS: u64 = 10;

#[test]
fn a_screen_that_blocks_for_ever_holds_up_neither_trading_nor_the_end() {
    let folder = Folder::new();
    let mut terminal = Terminal::start(&folder, (200, 60), &[]);
    terminal.until_text(" PAPER ");
    let strategy = until("a strategy", || folder.list().first().map(id_of)).to_string();
    terminal.stop_taking_output();
    // More than any terminal keeps for a reader: a picture for each size.
    for n in 0..60 {
        terminal.resize((150 + n, 50));
    }

    folder.run(&["mark", &strategy]).well();
    folder.run(&["execute", "--yes"]).well();
    assert!(!folder.status()["positions"].as_array().unwrap().is_empty());
    folder.run(&["kill", "--yes"]).well();
    assert!(folder.status()["halted"].as_bool().unwrap());

    let asked = Instant::now();
    terminal.ask(Wish::ShutDown);
    let bytes = terminal.ended_unread();
    assert!(asked.elapsed().as_secs() < ALLOWED_SECS, "{} s", asked.elapsed().as_secs());
    let gave_back = bytes.windows(8).any(|w| w == b"\x1b[?1049l");
    assert!(!gave_back, "the screen was not blocked: this test shows nothing");
    // Nobody is left behind who holds the folder, and nothing is forgotten.
    let status = folder.status();
    assert!(status["halted"].as_bool().unwrap() && !status["positions"].as_array().unwrap().is_empty());
}
