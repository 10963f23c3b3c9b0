//! Killed in the middle of an execution and started again: no leg is sent twice, nothing is forgotten, and the trader can let
//! it go on or take it back.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::program::{Exchange, Folder, LegRow, Running, until};
use crate::terminal::screen;
use crate::terminal::{F3, Terminal, Wish};

/// One entry order a second, so that an execution has a middle; and room for many lots.
const SLOW: &str = "max_orders_per_second: 3\n";
pub const ROOMY: &str =
    "capital: 100000000\nmax_daily_loss: 10000000\nmax_loss_per_trade_pct: 100\nmax_open_lots: 5000\n";

/// When the process is killed.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// The exchange has written down so many orders; so many milliseconds after that. Their answers are on the way.
    Taken(usize, u64),
    /// The tables show an order that was sent.
    FirstOrder,
    /// … something filled.
    FirstFill,
    /// … the second wave begun.
    SecondWave,
    /// … an order filled in part, or, if none ever is, three quarters of the legs.
    Partly,
}

/// What the trader does about it afterwards.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Then {
    Resume,
    Unwind,
}

#[test]
fn killed_between_the_orders_of_an_execution_no_leg_is_sent_twice() {
    let points = [
        (Moment::FirstOrder, Then::Resume),
        (Moment::FirstFill, Then::Unwind),
        (Moment::FirstFill, Then::Resume),
        (Moment::SecondWave, Then::Resume),
        (Moment::SecondWave, Then::Unwind),
        (Moment::Partly, Then::Resume),
    ];
    let in_the_middle = all_at_once(&format!("{SLOW}{ROOMY}"), 8, &points);
    assert_eq!(in_the_middle, points.len());
}

#[test]
fn killed_while_orders_are_on_their_way_no_leg_is_sent_twice() {
    let points = [
        (Moment::Taken(1, 0), Then::Resume),
        (Moment::Taken(1, 40), Then::Unwind),
        (Moment::Taken(2, 0), Then::Unwind),
        (Moment::Taken(2, 70), Then::Resume),
        (Moment::Taken(3, 0), Then::Resume),
        (Moment::Taken(3, 120), Then::Resume),
    ];
    // How far a moment finds it is chance; without any middle this would show nothing.
    assert!(all_at_once(ROOMY, 12, &points) > 1);
}

/// Each on its own folder; most of the time is waiting for what became of orders that were never answered. Returns how many
/// kills found the execution begun and not ended.
fn all_at_once(risk: &str, lots: u64, points: &[(Moment, Then)]) -> usize {
    std::thread::scope(|scope| {
        let start = |(moment, then): &(Moment, Then)| {
            let (moment, then) = (*moment, *then);
            scope.spawn(move || one(risk, lots, moment, then))
        };
        let threads: Vec<_> = points.iter().map(start).collect();
        let ended: Vec<_> = points.iter().zip(threads).map(|(point, thread)| (point, thread.join())).collect();
        let of = |held: bool| move |(_, ended): &&(_, std::thread::Result<bool>)| matches!(ended, Ok(h) if *h == held);
        for (point, ended) in &ended {
            assert!(ended.is_ok(), "killed at {:?}, then {:?}: see above", point.0, point.1);
        }
        ended.iter().filter(of(true)).count()
    })
}

/// True if the kill came in the middle.
fn one(risk: &str, lots: u64, moment: Moment, then: Then) -> bool {
    let (folder, id) = marked("NIFTY", risk, lots);
    let name = id.to_string();
    let execution = folder.start(&["execute", &name, "--yes"]);
    kill_at(execution, &folder, id, moment);
    let before = at_the_exchange(&folder);

    // The first start compares with the broker; nothing goes out by itself.
    let status = folder.status();
    assert_eq!(status["reconciling"], false);
    let orders = at_the_exchange(&folder);
    assert_eq!(orders.len(), before.len(), "a restart sends nothing");
    known_and_never_too_much(&folder, id, &orders);
    let found = folder.tables().strategy(id).status;
    let in_the_middle = found == "executing";
    let (taken, filled) = (orders.len(), orders.values().filter(|o| o.filled == o.quantity).count());
    println!("killed at {moment:?}: {found}, {taken} orders taken, {filled} filled; then {then:?}");
    if in_the_middle {
        assert_eq!(stage(&status, id).as_deref(), Some("held"), "{status}");
        let word = if then == Then::Resume { "resume" } else { "unwind" };
        folder.run(&[word, &name, "--yes"]).well();
        ended_as(&folder, id, if then == Then::Resume { "executed" } else { "failed" });
    } else {
        // It had been done by then, or had not begun.
        assert!(matches!(found.as_str(), "executed" | "marked"), "{found}");
    }
    known_and_never_too_much(&folder, id, &at_the_exchange(&folder));
    in_the_middle
}

/// A folder with one marked strategy of four legs and many lots.
fn marked(symbol: &str, risk: &str, lots: u64) -> (Folder, u64) {
    let folder = Folder::new().with("risk.yaml", risk).with("paper.yaml", "starting_cash: 100000000\n");
    let of_four_legs = |s: &Value| s["legs"].as_array().unwrap().len() == 4 && s["symbol"] == symbol;
    let id = folder.import_larger(of_four_legs, lots)[0];
    folder.run(&["mark", &id.to_string()]).well();
    (folder, id)
}

fn kill_at(mut execution: Running, folder: &Folder, id: u64, moment: Moment) {
    let tables = folder.tables();
    let begun = || !tables.orders().is_empty();
    let legs_filled = || tables.legs(id).iter().filter(|l| l.filled >= l.quantity && l.quantity > 0).count();
    let mut since = None;
    until(&format!("{moment:?}"), || {
        let orders = || tables.orders();
        let now = match moment {
            Moment::Taken(least, ms) => {
                if since.is_none() && taken(folder) >= least {
                    since = Some(Instant::now());
                }
                since.is_some_and(|at| at.elapsed() >= Duration::from_millis(ms))
            }
            Moment::FirstOrder => begun(),
            Moment::FirstFill => orders().iter().any(|o| o.filled > 0),
            Moment::SecondWave => orders().iter().any(|o| o.side == "SELL"),
            Moment::Partly => orders().iter().any(|o| o.filled > 0 && o.filled < o.quantity) || legs_filled() >= 3,
        };
        (now || execution.has_ended()).then_some(())
    });
    execution.kill_hard();
}

/// Orders that the exchange has written down by now, seen in the file it writes before it answers.
fn taken(folder: &Folder) -> usize {
    let books = std::fs::read(folder.paper().join("exchange.db")).unwrap_or_default();
    let books = String::from_utf8_lossy(&books);
    folder.tables().orders().iter().filter(|o| books.contains(&o.correlation)).count()
}

/// An order as the exchange has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    security: String,
    side: String,
    quantity: i64,
    pub filled: i64,
}

/// The exchange's own order book by correlation id, from a copy of its books.
pub fn at_the_exchange(folder: &Folder) -> BTreeMap<String, Taken> {
    let exchange = Exchange::on_books_of(folder);
    let mut book = BTreeMap::new();
    for order in exchange.get("/orders").as_array().unwrap() {
        let text = |name: &str| order[name].as_str().unwrap().to_string();
        let whole = |name: &str| order[name].as_i64().unwrap();
        let taken = Taken {
            security: text("securityId"),
            side: text("transactionType"),
            quantity: whole("quantity"),
            filled: whole("filledQty"),
        };
        let correlation = text("correlationId");
        let twice = book.insert(correlation.clone(), taken);
        assert_eq!(twice, None, "two orders of one intent: {correlation}");
    }
    book
}

/// What these orders have left of each security.
pub fn net(book: &BTreeMap<String, Taken>) -> BTreeMap<&str, i64> {
    let mut net: BTreeMap<&str, i64> = BTreeMap::new();
    for taken in book.values() {
        let signed = if taken.side == "BUY" { taken.filled } else { -taken.filled };
        *net.entry(&taken.security).or_default() += signed;
    }
    net
}

/// Every order at the exchange is one that was journalled, as it was journalled; no leg has more than it asks for.
pub fn known_and_never_too_much(folder: &Folder, id: u64, book: &BTreeMap<String, Taken>) {
    let tables = folder.tables();
    let legs = tables.legs(id);
    let ours = tables.orders();
    let mut filled: BTreeMap<u64, i64> = BTreeMap::new();
    for (correlation, taken) in book {
        let order = ours.iter().find(|o| o.correlation == *correlation);
        let order = order.unwrap_or_else(|| panic!("an order that nobody knows: {correlation} {taken:?}"));
        assert_eq!((order.side.as_str(), order.quantity), (taken.side.as_str(), taken.quantity), "{correlation}");
        if order.strategy == Some(id)
            && let Some(leg) = order.leg
        {
            let asked: &LegRow = legs.iter().find(|l| l.leg == leg).unwrap();
            assert_eq!(asked.security_id.map(|s| s.to_string()).as_deref(), Some(taken.security.as_str()));
            *filled.entry(leg).or_default() += taken.filled;
        }
    }
    for leg in &legs {
        let has = filled.get(&leg.leg).copied().unwrap_or_default();
        assert!(has <= leg.quantity, "leg {} asks for {}, the exchange has filled {has}", leg.leg, leg.quantity);
    }
}

fn stage(status: &Value, id: u64) -> Option<String> {
    let row = status["queue"].as_array()?.iter().find(|q| q["id"].as_u64() == Some(id))?;
    Some(row["stage"].as_str()?.to_string())
}

/// The execution has come to this end, in the tables and at the exchange alike.
fn ended_as(folder: &Folder, id: u64, status: &str) {
    // Whoever starts reads the broker's books anew.
    folder.status();
    let tables = folder.tables();
    assert_eq!(tables.strategy(id).status, status);
    assert!(tables.queue().is_empty());
    let book = at_the_exchange(folder);
    let net = net(&book);
    for leg in tables.legs(id) {
        let meant = match (status, leg.side.as_str()) {
            ("executed", "BUY") => leg.quantity,
            ("executed", _) => -leg.quantity,
            _ => 0,
        };
        let security = leg.security_id.unwrap().to_string();
        assert_eq!(net.get(security.as_str()).copied().unwrap_or_default(), meant, "{leg:?}");
    }
    assert_eq!(tables.open_positions(), tables.open_lots());
    for order in tables.orders() {
        let taken = book.get(&order.correlation).map_or(0, |t| t.filled);
        assert_eq!(order.filled, taken, "{order:?}");
    }
}

#[test]
fn a_cockpit_that_was_killed_shows_what_is_held_and_goes_on_by_a_key() {
    // So many lots of a thin market do not fill at once.
    let (folder, id) = marked("MIDCPNIFTY", ROOMY, 18);
    let mut terminal = Terminal::start(&folder, (160, 45), &[]);
    terminal.until("the mark", |s| screen::queue(s).iter().any(|q| q.id == id));
    terminal.press("E");
    terminal
        .until("the card, ready", |s| s.contains("EXECUTE 1 strategy · PAPER") && s.contains("y  EXECUTE: 4 orders"));
    terminal.press("y");
    terminal
        .until("a leg filled", |s| s.contains("/4 in") && !s.contains("0/4 in") && !screen::positions(s).is_empty());
    terminal.kill_hard();
    let before = at_the_exchange(&folder);

    let mut terminal = Terminal::start(&folder, (160, 45), &[]);
    terminal.until("that it is held", |s| screen::queue(s).iter().any(|q| q.id == id && q.state == "held"));
    let orders = at_the_exchange(&folder);
    assert_eq!(orders.len(), before.len(), "a restart sends nothing");
    known_and_never_too_much(&folder, id, &orders);
    terminal.press(F3);
    terminal.until("the cursor on it", |s| screen::queue(s).iter().any(|q| q.at_hand));
    terminal.press("c");
    terminal.until("the question, ready", |s| s.contains(&format!("CONTINUE #{id} ")) && s.contains("y  let it go on"));
    terminal.press("y");
    terminal.until("all legs", |s| screen::positions(s).len() == 4 && s.contains("Execution queue 0"));
    terminal.ask(Wish::ShutDown);
    assert_eq!(terminal.ended(), 0);
    known_and_never_too_much(&folder, id, &at_the_exchange(&folder));
    ended_as(&folder, id, "executed");
}

#[test]
fn killed_while_flattening_it_goes_on_and_never_exits_more_than_is_open() {
    let (folder, id) = marked("NIFTY", ROOMY, 12);
    folder.run(&["execute", &id.to_string(), "--yes"]).well();
    let entries = taken(&folder);
    let flattening = folder.start(&["flatten", "--yes"]);
    until("an exit at the exchange", || (taken(&folder) > entries).then_some(()));
    flattening.kill_hard();

    // A cockpit takes it up by itself, without a key.
    let mut terminal = Terminal::start(&folder, (160, 45), &[]);
    terminal.until("nothing open", |s| s.contains("HALTED") && s.contains("No open positions."));
    terminal.ask(Wish::ShutDown);
    assert_eq!(terminal.ended(), 0);
    let status = folder.status();
    assert_eq!((&status["halt"]["locked"], &status["flattening"]), (&Value::Bool(true), &Value::Null));

    // What was bought is what was sold, whoever sent it.
    let book = at_the_exchange(&folder);
    let tables = folder.tables();
    for order in tables.orders() {
        assert_eq!(order.filled, book.get(&order.correlation).map_or(0, |t| t.filled), "{order:?}");
    }
    assert!(net(&book).values().all(|n| *n == 0), "{book:?}");
    assert_eq!((tables.open_positions(), tables.open_lots()), (vec![], vec![]));
}
