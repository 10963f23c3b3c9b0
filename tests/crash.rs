//! Killed in the middle of an execution and started again: no leg is sent twice, nothing is forgotten, and the trader can let
//! it go on or take it back.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::program::{Exchange, Folder, LegRow, Running, until};
use crate::terminal::Terminal;
use crate::terminal::screen;

/// One entry order a second, so that an execution has a middle; and room for many lots.
const SLOW: &str = "max_orders_per_second: 3\n";
const ROOMY: &str = "capital: 100000000\nmax_daily_loss: 10000000\nmax_loss_per_trade_pct: 100\nmax_open_lots: 5000\n";

/// When the process is killed.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// So many milliseconds after the execution was seen to have begun.
    After(u64),
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
    all_at_once(&format!("{SLOW}{ROOMY}"), 8, &points);
}

#[test]
fn killed_while_orders_are_on_their_way_no_leg_is_sent_twice() {
    let points = [
        (Moment::After(0), Then::Resume),
        (Moment::After(25), Then::Unwind),
        (Moment::After(60), Then::Resume),
        (Moment::After(95), Then::Resume),
        (Moment::After(140), Then::Unwind),
        (Moment::After(210), Then::Resume),
    ];
    all_at_once(ROOMY, 12, &points);
}

/// Each on its own folder; most of the time is waiting for what became of orders that were never answered.
fn all_at_once(risk: &str, lots: u64, points: &[(Moment, Then)]) {
    std::thread::scope(|scope| {
        for (moment, then) in points {
            scope.spawn(move || {
                let said = format!("killed at {moment:?}, then {then:?}");
                let outcome = std::panic::catch_unwind(|| one(risk, lots, *moment, *then));
                if let Err(panic) = outcome {
                    eprintln!("{said}");
                    std::panic::resume_unwind(panic);
                }
            });
        }
    });
}

fn one(risk: &str, lots: u64, moment: Moment, then: Then) {
    let (folder, id) = marked(risk, lots);
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
    if folder.tables().strategy(id).status == "executing" {
        assert_eq!(stage(&status, id).as_deref(), Some("held"), "{status}");
        let word = if then == Then::Resume { "resume" } else { "unwind" };
        folder.run(&[word, &name, "--yes"]).well();
        ended_as(&folder, id, if then == Then::Resume { "executed" } else { "failed" });
    } else {
        // It had been done by then, or had not begun.
        let ended = folder.tables().strategy(id).status;
        assert!(matches!(ended.as_str(), "executed" | "marked"), "{ended}");
    }
    known_and_never_too_much(&folder, id, &at_the_exchange(&folder));
}

/// A folder with one marked iron condor of many lots.
fn marked(risk: &str, lots: u64) -> (Folder, u64) {
    let folder = Folder::new().with("risk.yaml", risk).with("paper.yaml", "starting_cash: 100000000\n");
    let of_four_legs = |s: &Value| s["legs"].as_array().unwrap().len() == 4 && s["symbol"] == "NIFTY";
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
        if since.is_none() && (begun() || execution.has_ended()) {
            since = Some(Instant::now());
        }
        let orders = || tables.orders();
        let now = match moment {
            Moment::After(ms) => since.is_some_and(|at| at.elapsed() >= Duration::from_millis(ms)),
            Moment::FirstOrder => begun(),
            Moment::FirstFill => orders().iter().any(|o| o.filled > 0),
            Moment::SecondWave => orders().iter().any(|o| o.side == "SELL"),
            Moment::Partly => orders().iter().any(|o| o.filled > 0 && o.filled < o.quantity) || legs_filled() >= 3,
        };
        (now || execution.has_ended()).then_some(())
    });
    execution.kill_hard();
}

/// An order as the exchange has it.
#[derive(Clone, Debug, PartialEq)]
struct Taken {
    security: String,
    side: String,
    quantity: i64,
    filled: i64,
}

/// The exchange's own order book by correlation id, from a copy of its books.
fn at_the_exchange(folder: &Folder) -> BTreeMap<String, Taken> {
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

/// Every order at the exchange is one that was journalled, as it was journalled; no leg has more than it asks for.
fn known_and_never_too_much(folder: &Folder, id: u64, book: &BTreeMap<String, Taken>) {
    let tables = folder.tables();
    let legs = tables.legs(id);
    let ours = tables.orders();
    let mut filled: BTreeMap<u64, i64> = BTreeMap::new();
    for (correlation, taken) in book {
        let order = ours.iter().find(|o| o.correlation == *correlation);
        let order = order.unwrap_or_else(|| panic!("an order that nobody knows: {correlation} {taken:?}"));
        assert_eq!((order.side.as_str(), order.quantity), (taken.side.as_str(), taken.quantity), "{correlation}");
        if let Some(leg) = order.leg {
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
    let mut net: BTreeMap<&str, i64> = BTreeMap::new();
    for taken in book.values() {
        let signed = if taken.side == "BUY" { taken.filled } else { -taken.filled };
        *net.entry(&taken.security).or_default() += signed;
    }
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
    let (folder, id) = marked(&format!("{SLOW}{ROOMY}"), 4);
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
    terminal.press("2");
    terminal.until("the cursor on it", |s| screen::queue(s).iter().any(|q| q.at_hand));
    terminal.press("c");
    terminal.until("the question, ready", |s| s.contains(&format!("CONTINUE #{id} ")) && s.contains("y  let it go on"));
    terminal.press("y");
    terminal.until("all legs", |s| screen::positions(s).len() == 4 && s.contains("Execution queue 0"));
    terminal.signal("TERM");
    assert_eq!(terminal.ended(), 0);
    known_and_never_too_much(&folder, id, &at_the_exchange(&folder));
    ended_as(&folder, id, "executed");
}
