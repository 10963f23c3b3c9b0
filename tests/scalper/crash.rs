//! The crash table: twenty signals at once, the process killed at some moment, started again. Of those that were answered
//! with a 2xx none is lost and none is done twice; one that is not fresh any more is told as expired.

use std::time::{Duration, Instant};

use serde_json::Value;
use strikedeck::domain::Side;
use strikedeck::domain::time::Timestamp;

use super::counter::{Kept, SECRET, Sender, free_port, shares_file, signal, twenty};
use crate::crash::{Taken, at_the_exchange};
use crate::program::{Folder, until, until_or};
use crate::terminal::{Terminal, Wish};

const SIZE: (u16, u16) = (160, 45);
/// Nothing stands in the way of twenty trades; nothing leaves them but the trader.
const RISK: &str = "capital: 1000000000
max_daily_loss: 100000000
max_trades_per_day: 1000
max_open_strategies: 1000
max_open_lots: 10000
scalping:
  max_trades_per_day: 1000
  max_daily_loss: 100000000
  risk_per_trade_pct: 1
  max_open: 1000
  max_lots: 10000
  max_consecutive_losses: 1000
  cool_down_min: 0
";

/// A folder, and the port at which its cockpit takes signals.
struct Desk {
    folder: Folder,
    shares: String,
    sender: Sender,
}

/// What a round has found.
#[derive(Clone, Copy, Debug, Default)]
struct Found {
    answered: usize,
    bought: usize,
    told: usize,
    lost: usize,
    doubled: usize,
}

impl Desk {
    fn new(ttl_s: u32) -> Self {
        let port = free_port();
        let symbols = twenty().join(", ");
        let strategy = format!(
            "webhook: {{bind: \"127.0.0.1:{port}\", burst: 1000, per_second: 1000}}
execution: {{max_spread_pct: 100, stock_expiry_days: 0}}
scalping:
  setups:
    - {{name: ALL, symbols: [{symbols}], armed: true, signal_ttl_s: {ttl_s}, max_price_gap_pct: 100000, stop_points: 15, target_points: null, max_holding_min: null}}
"
        );
        let folder = Folder::new()
            .with("risk.yaml", RISK)
            .with("paper.yaml", "starting_cash: 1000000000\n")
            .with("strategy.yaml", &strategy)
            .with_secrets(&format!("STRIKEDECK_WEBHOOK_SECRET={SECRET}\n"));
        let shares = folder.file("shares.json", &shares_file());
        Self { folder, shares, sender: Sender::to(port) }
    }

    /// A cockpit whose door is open and whose broker has been heard.
    fn up(&self) -> Terminal {
        let terminal = Terminal::start(&self.folder, SIZE, &["--seed", "11", "--spots-from", &self.shares]);
        // A shell that asks sooner would open the folder itself.
        terminal.until("the screen", |s| s.contains("PAPER") && s.contains("Execution queue"));
        until_or(|| format!("it did not come up:\n{}", terminal.text()), &mut || {
            let ran = self.folder.run(&["signals", "--json"]);
            let all: Value = serde_json::from_str(&ran.out).ok()?;
            let priced = all["indices"].as_array()?.len() >= 5;
            (priced && self.folder.status()["reconciling"] == false).then_some(())
        });
        terminal
    }

    /// Twenty signals at once; the numbers of those that were answered with a 2xx before the process died.
    fn killed_after(&self, wait: Duration) -> Vec<u64> {
        let terminal = self.up();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let sends: Vec<_> = twenty()
            .into_iter()
            .map(|symbol| {
                let (sender, body) = (self.sender.clone(), signal("ALL", symbol, Side::Buy, symbol, Timestamp::now()));
                runtime.spawn(async move { sender.try_send(&body).await })
            })
            .collect();
        std::thread::sleep(wait);
        terminal.kill_hard();
        let answers = sends.into_iter().filter_map(|send| runtime.block_on(send).unwrap());
        answers.filter(|a| (200..300).contains(&a.status)).map(|a| a.signal()).collect()
    }

    fn kept(&self) -> Kept {
        Kept::of(&self.folder.paper().join("strikedeck.db"))
    }

    /// Started again, and left alone until nothing waits any more; what has become of those signals.
    fn after_a_start(&self, answered: &[u64]) -> Found {
        let mut terminal = self.up();
        let settled = || {
            let all: Value = serde_json::from_str(&self.folder.run(&["signals", "--json"]).out).ok()?;
            let open = all["open"].as_array()?;
            let calm = open.iter().all(|s| s["state"] == "SL_PLACED");
            let waits = self.kept().signals().values().any(|s| s.fate == "waiting");
            (calm && !waits).then_some(())
        };
        until_or(|| format!("it did not settle:\n{}", terminal.text()), &mut || settled());
        // Ended in order: what the tables say is all there is.
        terminal.ask(Wish::ShutDown);
        assert_eq!(terminal.ended(), 0);
        self.compare(answered)
    }

    fn compare(&self, answered: &[u64]) -> Found {
        let (kept, book) = (self.kept(), at_the_exchange(&self.folder));
        let (signals, ours) = (kept.signals(), kept.tables.orders());
        for (mark, taken) in &book {
            let known = ours.iter().find(|o| o.correlation == *mark);
            assert!(known.is_some_and(|o| o.filled == taken.filled), "{mark}: {taken:?}, here {known:?}");
        }
        let mut found = Found { answered: answered.len(), ..Found::default() };
        for id in answered {
            let row = signals.get(id);
            let entries = row.and_then(|r| r.strategy).map(|s| kept.entries(s)).unwrap_or_default();
            let filled = |t: Option<&Taken>| t.map_or(0, |t| t.filled);
            let bought: i64 = entries.iter().map(|o| filled(book.get(&o.correlation))).sum();
            found.doubled += usize::from(bought > entries.iter().map(|o| o.quantity).max().unwrap_or(0));
            let told = row.is_some_and(|r| match r.strategy {
                Some(s) => kept.tables.strategy(s).reason.is_some_and(|why| !why.is_empty()),
                None => r.fate == "refused" && r.reason.as_deref().is_some_and(|why| !why.is_empty()),
            });
            match (bought > 0, told) {
                (true, _) => found.bought += 1,
                (false, true) => found.told += 1,
                (false, false) => found.lost += 1,
            }
        }
        found
    }
}

/// Kills after these milliseconds, each on a folder of its own.
fn table(moments: &[u64]) {
    println!(
        "{:>12}{:>14}{:>8}{:>10}{:>6}{:>9}",
        "killed after", "answered 2xx", "bought", "told not", "lost", "doubled"
    );
    let mut answered = 0;
    for ms in moments {
        let desk = Desk::new(60);
        let taken = desk.killed_after(Duration::from_millis(*ms));
        let found = desk.after_a_start(&taken);
        let Found { answered: n, bought, told, lost, doubled } = found;
        println!("{ms:>9} ms{n:>14}{bought:>8}{told:>10}{lost:>6}{doubled:>9}");
        assert_eq!((lost, doubled, bought + told), (0, 0, n), "{found:?}");
        answered += n;
    }
    assert!(answered > 0, "no signal was answered before the process died");
}

#[test]
fn of_twenty_signals_at_once_none_that_was_answered_is_lost_or_doubled_by_a_kill() {
    table(&[700]);
}

#[test]
#[ignore = "takes minutes: cargo test scalper::crash -- --ignored --nocapture"]
fn at_many_moments_of_twenty_signals_a_kill_loses_and_doubles_nothing() {
    table(&[20, 40, 60, 90, 130, 180, 240, 320, 450, 700, 1_000, 1_500, 2_200, 3_200, 5_000]);
}

#[test]
#[ignore = "takes a while: cargo test scalper::crash -- --ignored --nocapture"]
fn a_signal_that_is_not_fresh_after_the_start_is_told_as_expired() {
    const TTL_S: u32 = 2;
    let desk = Desk::new(TTL_S);
    let sent = Instant::now();
    let taken = desk.killed_after(Duration::from_millis(150));
    // It is down for longer than the signals live.
    until("their end", || (sent.elapsed() > Duration::from_secs(u64::from(TTL_S) + 1)).then_some(()));
    let found = desk.after_a_start(&taken);
    assert_eq!((found.lost, found.doubled), (0, 0), "{found:?}");
    let late = desk.kept().decided_late();
    assert_eq!(late, Vec::<u64>::new(), "nothing is bought on a signal that has expired");
    let expired = desk.kept().signals().into_values().filter(|s| s.refusal.as_deref() == Some("stale"));
    for signal in expired {
        assert!(signal.reason.as_deref().unwrap().contains("expired while it waited"), "{signal:?}");
    }
}
