//! Five hundred signals a second for a minute: each is answered and kept. What memory they take is printed: the signals of
//! a day stay in the engine's state until the day is over.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use strikedeck::domain::Side;
use strikedeck::domain::time::Timestamp;

use super::counter::{Counter, INDICES, setup, signal};
use crate::program::until;

const PER_SECOND: u64 = 500;
/// Who sends at the same time.
const SENDERS: u64 = 20;

/// Of this process, in MB.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmRSS:")).unwrap_or("0 0");
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1_024.0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a minute: cargo test scalper::soak -- --ignored --nocapture"]
async fn five_hundred_signals_a_second_for_a_minute_are_all_answered_and_kept() {
    let seconds: u64 = std::env::var("STRIKEDECK_SOAK").map_or(60, |text| text.parse().unwrap());
    let counter = Counter::open(|c| c.engine.scalping.setups = vec![setup("ONE", &INDICES)]).await;
    for symbol in INDICES {
        counter.taken("ONE", symbol, symbol).await;
    }
    let before = resident();
    let started = tokio::time::Instant::now();
    let late = Arc::new(AtomicU64::new(0));
    let senders: Vec<_> = (0..SENDERS)
        .map(|n| {
            let (sender, late) = (counter.sender.clone(), late.clone());
            tokio::spawn(async move {
                let apart = Duration::from_micros(1_000_000 * SENDERS / PER_SECOND);
                let (mut refused, mut others) = (0_u64, 0_u64);
                for turn in 0..seconds * PER_SECOND / SENDERS {
                    let due = started + apart * u32::try_from(turn).unwrap();
                    tokio::time::sleep_until(due).await;
                    let symbol = INDICES[usize::try_from((n + turn) % 5).unwrap()];
                    let body = signal("ONE", symbol, Side::Buy, &format!("soak {n} {turn}"), Timestamp::now());
                    match sender.try_send(&body).await {
                        Some(answer) if answer.status == 409 => refused += 1,
                        _ => others += 1,
                    }
                    late.fetch_max(u64::try_from(due.elapsed().as_millis()).unwrap(), Ordering::Relaxed);
                }
                (refused, others)
            })
        })
        .collect();
    let (mut refused, mut others) = (0, 0);
    let mut middle = 0.0;
    for (n, sender) in senders.into_iter().enumerate() {
        if n == 0 {
            tokio::time::sleep(Duration::from_secs(seconds / 2)).await;
            middle = resident();
        }
        let (r, o) = sender.await.unwrap();
        (refused, others) = (refused + r, others + o);
    }
    let (took, after) = (started.elapsed().as_secs_f64(), resident());
    println!(
        "{refused} signals answered (and {others} not) in {took:.1} s; the slowest came {} ms after it was due; resident \
         {before:.0} MB before, {middle:.0} in the middle, {after:.0} after",
        late.load(Ordering::Relaxed)
    );
    assert_eq!((refused, others), (seconds * PER_SECOND, 0));
    let kept = counter.kept();
    let all = usize::try_from(seconds * PER_SECOND).unwrap() + INDICES.len();
    until("every signal in the tables", || (kept.signals().len() == all).then_some(()));
    counter.stage.clean_up().await;
    counter.close().await;
}
