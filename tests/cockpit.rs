//! The journey of a trader at the screen: mark, prioritise, execute, watch, flatten, quit; and everything as it was after a
//! restart.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use crate::program::{Folder, Tables};
use crate::terminal::screen::{self, Pending, Position};
use crate::terminal::{DOWN, ENTER, ESCAPE, F3, F12, Terminal};

const SIZE: (u16, u16) = (160, 45);

#[test]
fn mark_prioritise_execute_watch_flatten_quit_and_come_back() {
    let folder = Folder::new();
    let mut terminal = Terminal::start(&folder, SIZE, &["--seed", "11"]);
    let (first, second) = mark_two(&mut terminal);
    raise(&mut terminal, second.id);
    let held = execute(&mut terminal, first.id, second.id);
    watch_profits_move(&terminal);
    let (closed, day) = flatten(&mut terminal);
    terminal.press("q");
    assert_eq!(terminal.ended(), 0);
    assert!(terminal.is_given_back());

    let tables = folder.tables();
    the_tables_agree(&tables, first.id, second.id, &held);
    assert_eq!(tables.cash(), closed, "what the screen said was made is what the fills say");

    let mut terminal = Terminal::start(&folder, SIZE, &[]);
    let screen = terminal.until("what was, after a restart", |s| {
        s.contains("HALTED") && (screen::day(s), screen::closed_today(s)) == (Some(day), Some(closed))
    });
    assert!(screen.contains("No open positions."), "{screen}");
    assert_eq!(screen::queue(&screen), []);
    executed_are_listed(&mut terminal, first.id, second.id);
    entries_stay_locked_until_armed(&mut terminal);
    terminal.press("q");
    assert_eq!(terminal.ended(), 0);
    assert!(!folder.status()["halted"].as_bool().unwrap());
}

#[test]
fn the_wheel_moves_the_cursor_and_a_click_does_nothing() {
    let folder = Folder::new().with("cockpit.yaml", "screen:\n  mouse: true\n");
    let mut terminal = Terminal::start(&folder, SIZE, &[]);
    let at_hand = |s: &str| screen::pending(s).iter().position(|r| r.at_hand);
    terminal.until("the cursor on the first", |s| at_hand(s) == Some(0));
    for row in 1..4 {
        terminal.click((20, 8));
        terminal.wheel_down((20, 8));
        terminal.until("the cursor a row further", |s| at_hand(s) == Some(row));
    }
    assert!(screen::queue(&terminal.text()).is_empty());
    terminal.press("q");
    assert_eq!(terminal.ended(), 0);
    assert!(terminal.is_given_back());
}

/// Marks the best strategy and the next one on another underlying, with the keys a trader uses.
fn mark_two(terminal: &mut Terminal) -> (Pending, Pending) {
    let screen = terminal.until("two strategies", |s| {
        let rows = screen::pending(s);
        rows.iter().any(|r| r.symbol != rows[0].symbol) && rows[0].at_hand
    });
    assert!(screen.contains(" PAPER ") && screen.contains(" Space mark"), "{screen}");
    let rows = screen::pending(&screen);
    let below = rows.iter().position(|r| r.symbol != rows[0].symbol).unwrap();
    let is_queued = |s: &str, id| screen::queue(s).iter().any(|q| q.id == id && q.state == "marked");
    terminal.press(" ");
    terminal.until("the first in the queue", |s| is_queued(s, rows[0].id));
    for row in &rows[1..=below] {
        terminal.press(DOWN);
        terminal.until("the cursor on the next", |s| screen::pending(s).iter().any(|r| r.id == row.id && r.at_hand));
    }
    terminal.press(" ");
    terminal.until("the second in the queue", |s| is_queued(s, rows[below].id));
    (rows[0].clone(), rows[below].clone())
}

/// Goes to the queue, to this strategy, and raises its priority: it goes first then.
fn raise(terminal: &mut Terminal, id: u64) {
    terminal.press(F3);
    let queue = terminal.until("the cursor in the queue", |s| screen::queue(s).iter().any(|q| q.at_hand));
    let queue = screen::queue(&queue);
    assert_eq!(queue.iter().map(|q| q.priority).collect::<Vec<_>>(), [1, 1]);
    assert_eq!(queue[1].id, id, "with equal priority the better score goes first");
    terminal.press(DOWN);
    terminal.until("the cursor on it", |s| screen::queue(s).iter().any(|q| q.id == id && q.at_hand));
    terminal.press("+");
    terminal.until("it goes first", |s| screen::queue(s).first().is_some_and(|q| (q.id, q.priority) == (id, 2)));
}

/// Executes everything that is marked, and returns what is held then.
fn execute(terminal: &mut Terminal, first: u64, second: u64) -> Vec<Position> {
    terminal.press("E");
    let card =
        terminal.until("the card, ready", |s| s.contains("EXECUTE 2 strategies · PAPER") && s.contains("y  EXECUTE"));
    assert!(card.matches("every check passes").count() == 2, "{card}");
    let (high, low) = (card.find(&format!("#{second} ")).unwrap(), card.find(&format!("#{first} ")).unwrap());
    assert!(high < low, "the higher priority stands first on the card");
    terminal.press("y");
    let screen = terminal.until("both executed", |s| {
        let rows = screen::positions(s);
        let of = |id| rows.iter().filter(|p| p.strategy == id && p.profit.is_some()).count() >= 2;
        of(first) && of(second) && s.contains("Execution queue 0") && !s.contains("confirming")
    });
    screen::positions(&screen)
}

fn watch_profits_move(terminal: &Terminal) {
    let mut seen = BTreeSet::new();
    let profits = |s: &str| screen::positions(s).iter().map(|p| p.profit).collect::<Vec<_>>();
    for _ in 0..3 {
        let now = terminal.until("profits that move", |s| !seen.contains(&profits(s)));
        seen.insert(profits(&now));
    }
}

/// Halts, flattens, and returns what was made: before charges, and of the day.
fn flatten(terminal: &mut Terminal) -> (Decimal, Decimal) {
    terminal.press(F12);
    let card = terminal.until("the halt card, ready", |s| s.contains("FLATTEN everything above"));
    assert!(card.contains("HALTED") && card.contains("OPEN AT THE BROKER"), "{card}");
    // Again, it does nothing: flattening is another key.
    terminal.press(F12);
    terminal.press("F");
    terminal.until("that nothing is open", |s| s.contains("FLAT · HALTED") && s.contains("NOTHING OF OURS IS OPEN"));
    terminal.press(ESCAPE);
    let screen = terminal.until("no open quantity", |s| {
        !s.contains("FLAT · HALTED")
            && s.contains("No open positions.")
            && screen::closed_today(s).is_some()
            && screen::positions(s).is_empty()
    });
    (screen::closed_today(&screen).unwrap(), screen::day(&screen).unwrap())
}

fn the_tables_agree(tables: &Tables, first: u64, second: u64, held: &[Position]) {
    for (id, priority) in [(first, 1), (second, 2)] {
        let strategy = tables.strategy(id);
        assert_eq!((strategy.status.as_str(), strategy.marked, strategy.priority), ("executed", false, priority));
        assert!(strategy.executed_at.is_some());
        let legs = tables.legs(id);
        for leg in &legs {
            assert_eq!(leg.filled, leg.quantity, "{leg:?}");
            let contract = format!("{} {}", leg.strike, leg.right);
            let shown = held.iter().find(|p| p.strategy == id && p.contract == contract).unwrap();
            let signed = if leg.side == "BUY" { leg.quantity } else { -leg.quantity };
            assert_eq!(shown.quantity, signed, "{leg:?}");
            let average = Decimal::try_from(leg.average.unwrap()).unwrap();
            assert!((shown.average - average).abs() <= Decimal::new(51, 4), "{leg:?} and {shown:?}");
        }
        assert_eq!(held.iter().filter(|p| p.strategy == id).count(), legs.len());
    }
    assert!(tables.strategies().iter().all(|s| [first, second].contains(&s.id) || s.status == "pending"));
    let orders = tables.orders();
    for order in &orders {
        assert_eq!((order.status.as_str(), order.filled), ("filled", order.quantity), "{order:?}");
    }
    let first_of = |id| orders.iter().position(|o| o.strategy == Some(id)).unwrap();
    assert!(first_of(second) < first_of(first), "the higher priority was sent first");
    let (traded, filled) = tables.traded_and_filled();
    assert_eq!(traded, filled);
    assert_eq!((tables.open_positions(), tables.open_lots(), tables.queue()), (vec![], vec![], vec![]));
}

fn executed_are_listed(terminal: &mut Terminal, first: u64, second: u64) {
    let ids = |s: &str| screen::pending(s).iter().map(|r| r.id).collect::<BTreeSet<_>>();
    terminal
        .until("those that are still pending", |s| !ids(s).is_empty() && ids(s).is_disjoint(&[first, second].into()));
    terminal.press("/");
    terminal.until("the filter's field", |s| s.lines().rev().take(2).any(|l| l.contains(" match")));
    // In pieces: many keys at once are taken for a clipboard.
    for piece in ["stat", "us:", "exec", "uted"] {
        terminal.press(piece);
        terminal.until_text(piece);
    }
    terminal.press(ENTER);
    terminal.until("those that were executed", |s| ids(s) == [first, second].into());
    terminal.back_until("all that are pending again", |s| ids(s).is_disjoint(&[first, second].into()));
}

fn entries_stay_locked_until_armed(terminal: &mut Terminal) {
    terminal.press(" ");
    let marked = terminal.until("a mark, which is no entry", |s| screen::queue(s).len() == 1);
    let id = screen::queue(&marked)[0].id;
    terminal.press("E");
    terminal.until("that nothing can be executed", |s| !s.contains("y  EXECUTE") && s.to_lowercase().contains("halt"));
    terminal.back_until("no card", |s| !s.contains("EXECUTE 1 strategy"));
    for (word, armed) in [("AR", false), ("ARM", true)] {
        terminal.press("A");
        terminal.until_text("Type ARM to allow entries again");
        terminal.press(word);
        terminal.until("the word", |s| s.lines().any(|l| l.contains("Word") && l.contains(&format!(" {word}"))));
        terminal.press(ENTER);
        if armed {
            terminal.until("entries allowed", |s| {
                s.contains("Armed: entries are allowed again") && !s.contains(" HALTED ")
            });
        } else {
            terminal
                .until("that another word is not it", |s| s.to_lowercase().contains("type arm to allow entries again"));
            terminal.back_until("no card", |s| !s.contains("Type ARM to allow entries again"));
        }
    }
    assert_eq!(screen::queue(&terminal.text()).iter().map(|q| q.id).collect::<Vec<_>>(), [id]);
    terminal.press(" ");
    terminal.until("the mark taken back", |s| screen::queue(s).is_empty());
}
