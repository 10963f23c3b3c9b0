//! Killed again and again, at any instant of an execution, a close or a flatten: no order is lost, doubled or orphaned, and
//! in the end nothing is open that the exchange does not say.
//!
//! Asked for by name; `STRIKEDECK_KILLS=200` asks for so many.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::crash::{ROOMY, at_the_exchange, known_and_never_too_much, net};
use crate::program::{Folder, Tables};

/// Kills, unless more are asked for.
const FEW: u64 = 16;
/// Folders at the same time: most of a process's life is waiting.
const FOLDERS: usize = 4;
/// The books are looked at after so many kills, and at the end of a folder.
const LOOK_EVERY: u64 = 8;
/// Longest life of a process that is to be killed, in starts.
const LONGEST: f64 = 3.0;

#[test]
#[ignore = "takes minutes: cargo test kills:: -- --ignored --nocapture"]
fn killed_at_any_instant_no_order_is_lost_doubled_or_orphaned() {
    let wanted = std::env::var("STRIKEDECK_KILLS").map_or(FEW, |text| text.parse().unwrap());
    let (killed, began) = (AtomicU64::new(0), Instant::now());
    let orders: usize = std::thread::scope(|scope| {
        let folder = |_| {
            scope.spawn(|| {
                let mut orders = 0;
                while killed.load(Ordering::Relaxed) < wanted {
                    orders += one_folder(&killed, wanted);
                }
                orders
            })
        };
        let threads: Vec<_> = (0..FOLDERS).map(folder).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    let (killed, seconds) = (killed.into_inner(), began.elapsed().as_secs());
    println!("{killed} kills in {seconds} s, {orders} orders: none lost, doubled or orphaned");
    assert!(killed >= wanted && orders > 0);
}

/// Works through a folder's strategies until nothing is left to do or enough have been killed; returns its orders.
fn one_folder(killed: &AtomicU64, wanted: u64) -> usize {
    let risk = format!("{ROOMY}max_open_strategies: 50\nmax_trades_per_day: 50\n");
    let folder = Folder::new().with("risk.yaml", &risk).with("paper.yaml", "starting_cash: 100000000\n");
    let ids = folder.import_larger(|s| s["legs"].as_array().unwrap().len() == 4, 12);
    let all: Vec<String> = ids.iter().map(u64::to_string).collect();
    all.iter().for_each(|id| drop(folder.run(&["mark", id]).well()));
    let started = Instant::now();
    folder.status();
    let start = started.elapsed();
    let mut here = 0;
    while killed.load(Ordering::Relaxed) < wanted {
        let Some(next) = next_command(&folder.tables(), &ids) else { break };
        let arguments: Vec<&str> = next.iter().map(String::as_str).collect();
        let mut running = folder.start(&arguments);
        let nth = killed.load(Ordering::Relaxed);
        std::thread::sleep(life(nth, start));
        if !running.has_ended() {
            killed.fetch_add(1, Ordering::Relaxed);
            here += 1;
        }
        running.kill_hard();
        if here % LOOK_EVERY == LOOK_EVERY - 1 {
            nothing_is_wrong(&folder, &ids);
        }
    }
    ends_flat(&folder, &ids)
}

/// How long the next process lives: all lives up to the longest come by evenly, in no order.
fn life(nth: u64, start: Duration) -> Duration {
    let spread = (nth as f64 * 0.618_033_988_75).fract();
    start.mul_f64(spread * LONGEST)
}

/// What a trader would do next, by what the tables say.
fn next_command(tables: &Tables, ids: &[u64]) -> Option<Vec<String>> {
    let holds = !tables.open_lots().is_empty();
    let command = |word: &str, id: u64| Some(vec![word.to_string(), id.to_string(), "--yes".to_string()]);
    let rows = tables.strategies();
    let mine = || rows.iter().filter(|s| ids.contains(&s.id));
    if let Some(s) = mine().find(|s| s.status == "executing") {
        return command(if s.id % 4 == 3 { "unwind" } else { "resume" }, s.id);
    }
    if let Some(s) = mine().find(|s| s.status == "executed" && s.id % 2 == 0 && holds_any(tables, s.id)) {
        return command("close", s.id);
    }
    if let Some(s) = mine().find(|s| s.status == "marked") {
        return command("execute", s.id);
    }
    holds.then(|| vec!["flatten".into(), "--yes".into()])
}

/// Whether a strategy's orders have left something open.
fn holds_any(tables: &Tables, id: u64) -> bool {
    let signed = |o: &crate::program::OrderRow| if o.side == "BUY" { o.filled } else { -o.filled };
    let mut by_contract = std::collections::BTreeMap::new();
    for o in tables.orders().iter().filter(|o| o.strategy == Some(id)) {
        *by_contract.entry(o.contract.clone()).or_insert(0) += signed(o);
    }
    by_contract.values().any(|net| *net != 0)
}

/// After a start that compares with the broker: every order at the exchange is journalled, once, no leg has too much, and
/// what has filled is known to the last unit. An order that works may fill further in the books that are looked at.
fn nothing_is_wrong(folder: &Folder, ids: &[u64]) {
    assert_eq!(folder.status()["reconciling"], false);
    let book = at_the_exchange(folder);
    let tables = folder.tables();
    for order in tables.orders() {
        let there = book.get(&order.correlation).map_or(0, |taken| taken.filled);
        let works = matches!(order.status.as_str(), "sent" | "unknown" | "transit" | "working");
        assert!(order.filled == there || (works && order.filled < there), "{there} at the exchange: {order:?}");
    }
    ids.iter().for_each(|id| known_and_never_too_much(folder, *id, &book));
}

/// Everything is exited, without a kill: the tables and the exchange agree on every order, and on nothing being open.
fn ends_flat(folder: &Folder, ids: &[u64]) -> usize {
    folder.run(&["flatten", "--yes"]).well();
    nothing_is_wrong(folder, ids);
    let (book, tables) = (at_the_exchange(folder), folder.tables());
    assert!(net(&book).values().all(|n| *n == 0), "{book:?}");
    assert_eq!((tables.open_positions(), tables.open_lots()), (vec![], vec![]));
    book.len()
}
