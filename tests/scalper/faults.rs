//! The fault table: of fifty signals every fifth meets a broker that fails with its entry. None is lost, none is done
//! twice, none is told otherwise than it is.

use rust_decimal_macros::dec;
use strikedeck::app::config::AppConfig;
use strikedeck::domain::{ScalpSetup, Side};
use strikedeck::exchange_server::faults::{Endpoint, Fault, FaultSpec};

use super::counter::{Audit, Counter, INDICES, audit, setup};
use crate::program::until;

/// What the broker does with an order, and how a person calls it.
fn menu() -> [(&'static str, Fault); 4] {
    [
        ("takes it, drops the reply", Fault::TimeoutAfter),
        ("takes it, answers 500", Fault::ServerError { status: 500, html: false, done: true }),
        ("answers 429", Fault::TooManyRequests { plain_text: false }),
        ("drops the request", Fault::TimeoutBefore),
    ]
}

/// Left at once, so that the next round can come; deadlines of a moment.
fn settings(config: &mut AppConfig) {
    let quick = ScalpSetup { max_holding_min: Some(dec!(0.002)), ..setup("QUICK", &INDICES) };
    config.engine.scalping.setups = vec![quick];
    config.tuning.gateway.order_deadline_ms = 600;
    config.tuning.gateway.look_up.pauses_ms = vec![50, 100, 200];
    config.tuning.gateway.look_up.lost_after_ms = 700;
}

/// Rounds of five signals at once, of which the first that reaches the broker meets the round's fault.
async fn rounds(faults: &[Fault]) -> Audit {
    let counter = Counter::open(settings).await;
    let mut taken = Vec::new();
    for (n, fault) in faults.iter().enumerate() {
        counter.stage.set(FaultSpec::new(fault.clone()).on(&[Endpoint::Place]).times(1));
        let side = if n % 2 == 0 { Side::Buy } else { Side::Sell };
        let sends = INDICES.map(|symbol| {
            let sender = counter.sender.clone();
            tokio::spawn(async move { sender.send("QUICK", symbol, side, &format!("{symbol} {n}")).await })
        });
        for send in sends {
            let answer = send.await.unwrap();
            assert_eq!(answer.status, 202, "{answer:?}\n{}", counter.stage.told());
            taken.push(answer.signal());
        }
        counter.done(&taken[taken.len() - INDICES.len()..]).await;
        assert!(counter.stage.faults.list().is_empty(), "the fault was met");
    }
    counter.stage.settle().await;
    let book = counter.stage.book().await;
    let kept = counter.kept();
    // The tables follow the journal.
    let found = until("tables that say what the exchange says", || {
        let found = audit(&taken, &kept, &book);
        (found.wrong == 0 && found.unmarked == 0 && found.lost == 0).then_some(found)
    });
    counter.close().await;
    found
}

fn is_sound(found: Audit, signals: usize) {
    assert_eq!((found.signals, found.bought + found.told), (signals, signals), "{found:?}");
    assert_eq!((found.lost, found.doubled, found.wrong, found.unmarked), (0, 0, 0, 0), "{found:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_that_meets_a_failing_broker_is_neither_lost_nor_doubled_nor_told_wrongly() {
    is_sound(rounds(&menu().map(|(_, fault)| fault)).await, 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: cargo test scalper::faults -- --ignored --nocapture"]
async fn of_fifty_signals_every_fifth_meets_each_fault() {
    println!(
        "{:<28}{:>8}{:>8}{:>8}{:>10}{:>6}{:>9}{:>12}{:>13}",
        "the broker", "signals", "faults", "bought", "told not", "lost", "doubled", "told wrong", "without mark"
    );
    for (name, fault) in menu() {
        let found = rounds(&vec![fault; 10]).await;
        let Audit { signals, bought, told, lost, doubled, wrong, unmarked, .. } = found;
        println!("{name:<28}{signals:>8}{:>8}{bought:>8}{told:>10}{lost:>6}{doubled:>9}{wrong:>12}{unmarked:>13}", 10);
        is_sound(found, 50);
    }
}
