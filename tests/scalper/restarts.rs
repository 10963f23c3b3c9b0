//! Ended and started again in every state of a trade; and deliveries that come twice, late, or out of order.

use strikedeck::domain::time::{Timestamp, after_ms};
use strikedeck::domain::{OrderSighting, ScalpSetup, Side, SignalId};
use strikedeck::engine::command::Command;
use strikedeck::engine::state::TradeState;
use strikedeck::exchange_server::faults::{Endpoint, Fault, FaultSpec};
use strikedeck::view::View;

use super::counter::{Counter, setup, signal};
use crate::faults::stage::standing;

async fn open() -> Counter {
    Counter::open(|c| {
        c.engine.scalping.setups = vec![ScalpSetup { signal_ttl_s: 30, ..setup("ONE", &["NIFTY"]) }];
    })
    .await
}

fn state(view: &View) -> Option<TradeState> {
    view.signals.open.first().map(|s| s.state)
}

async fn reached(counter: &Counter, wanted: TradeState) {
    counter.stage.until(&format!("{wanted:?}"), |v| state(v) == Some(wanted)).await;
}

/// Started again, with the broker's books read; the same signal again is only a duplicate.
async fn started_again(counter: Counter, id: u64, key: &str) -> Counter {
    let counter = counter.restarted().await;
    counter.stage.ready().await;
    let again = counter.sender.send("ONE", "NIFTY", Side::Buy, key).await;
    assert_eq!((again.status, again.signal()), (200, id), "{again:?}");
    counter
}

fn of(book: &[OrderSighting], side: Side) -> Vec<&OrderSighting> {
    book.iter().filter(|o| o.spec.side == side).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ended_before_the_entry_is_answered_it_is_looked_up_and_never_sent_again() {
    let counter = open().await;
    counter.stage.set(FaultSpec::new(Fault::TimeoutAfter).on(&[Endpoint::Place]).times(1));
    counter.stage.set(FaultSpec::new(Fault::UpdateLost));
    let id = counter.taken("ONE", "NIFTY", "pending").await;
    reached(&counter, TradeState::Pending).await;
    let counter = started_again(counter, id, "pending").await;
    // What the broker had taken is ours, and protected.
    reached(&counter, TradeState::SlPlaced).await;
    counter.stage.settle().await;
    let book = counter.stage.book().await;
    assert_eq!((of(&book, Side::Buy).len(), of(&book, Side::Sell).len()), (1, 1), "{book:?}");
    counter.stage.clean_up().await;
    counter.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ended_before_the_stop_rests_the_position_is_protected_after_the_start() {
    let counter = open().await;
    // The entry passes, the stop is swallowed.
    counter.stage.set(FaultSpec::new(Fault::TimeoutBefore).on(&[Endpoint::Place]).after(1));
    let id = counter.taken("ONE", "NIFTY", "traded").await;
    reached(&counter, TradeState::Traded).await;
    let counter = started_again(counter, id, "traded").await;
    reached(&counter, TradeState::SlPlaced).await;
    counter.stage.settle().await;
    let book = counter.stage.book().await;
    let stops = of(&book, Side::Sell);
    assert_eq!((of(&book, Side::Buy).len(), stops.len()), (1, 1), "{book:?}");
    let held: i64 = counter.stage.view().signals.open[0].net.0;
    assert_eq!(i64::from(stops[0].spec.quantity.0), held);
    counter.stage.clean_up().await;
    counter.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ended_while_the_stop_rests_and_after_the_exit_nothing_is_repeated() {
    let counter = open().await;
    let id = counter.taken("ONE", "NIFTY", "resting").await;
    reached(&counter, TradeState::SlPlaced).await;
    let before = counter.stage.book().await;
    let counter = started_again(counter, id, "resting").await;
    reached(&counter, TradeState::SlPlaced).await;
    assert_eq!(counter.stage.book().await.len(), before.len());

    let scalp = counter.stage.view().signals.open[0].strategy;
    counter.stage.ask(Command::CloseStrategy { id: scalp }).await;
    counter.done(&[]).await;
    let before = counter.stage.book().await;
    let counter = started_again(counter, id, "resting").await;
    let over = |v: &View| v.signals.open.is_empty() && v.signals.closed.iter().any(|c| c.signal == SignalId(id));
    counter.stage.until("it over, as before", over).await;
    counter.stage.settle().await;
    assert_eq!(counter.stage.book().await.len(), before.len());
    assert!(counter.stage.view().positions.is_flat());
    counter.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_that_waits_over_an_end_is_told_as_expired_once_it_is_not_fresh() {
    let counter = Counter::open(|c| {
        c.engine.scalping.setups = vec![ScalpSetup { signal_ttl_s: 1, ..setup("ONE", &["NIFTY"]) }];
    })
    .await;
    counter.stage.set(FaultSpec::new(Fault::FeedSilent));
    let nothing = FaultSpec::new(Fault::ServerError { status: 503, html: true, done: false });
    counter.stage.set(nothing.on(&[Endpoint::Quotes]));
    counter.stage.until("that prices are old", |v| standing(v).contains("Quote feed silent")).await;
    let sent = tokio::time::Instant::now();
    let at = after_ms(Timestamp::now(), 4_000);
    let body = signal("ONE", "NIFTY", Side::Buy, "waits", at);
    let answer = counter.sender.try_send(&body).await.unwrap();
    assert_eq!(answer.status, 202, "{answer:?}");
    let id = SignalId(answer.signal());
    let Counter { stage, sender } = counter;
    let stage = stage.stopped().await;
    tokio::time::sleep_until(sent + std::time::Duration::from_millis(5_200)).await;
    let counter = Counter { stage: stage.started().await, sender };
    let expired = |v: &View| {
        let row = v.signals.signals.iter().find(|s| s.id == id);
        row.is_some_and(|s| s.standing.word() == "expired")
    };
    counter.stage.until("that it has expired", expired).await;
    assert!(counter.stage.book().await.is_empty(), "nothing was bought");
    counter.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_twice_late_or_out_of_order_is_acted_on_once() {
    let counter = open().await;
    let now = Timestamp::now();
    let send = async |key: &str, side, at| {
        let answer = counter.sender.try_send(&signal("ONE", "NIFTY", side, key, at)).await.unwrap();
        (answer.status, answer.body["error"]["code"].as_str().unwrap_or_default().to_string())
    };
    // Ten copies at once, as a sender that heard no answer would send them.
    let copies = (0..10).map(|_| {
        let (sender, body) = (counter.sender.clone(), signal("ONE", "NIFTY", Side::Buy, "copy", now));
        tokio::spawn(async move { sender.try_send(&body).await.unwrap().status })
    });
    let mut statuses = Vec::new();
    for copy in copies.collect::<Vec<_>>() {
        statuses.push(copy.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![200; 9], vec![202]].concat());
    reached(&counter, TradeState::SlPlaced).await;
    // One that arose before it comes after it; one comes too late; one is of tomorrow.
    assert_eq!(send("earlier", Side::Buy, after_ms(now, -5_000)).await, (409, "open".into()));
    assert_eq!(send("late", Side::Buy, after_ms(now, -31_000)).await, (422, "stale".into()));
    assert_eq!(send("ahead", Side::Buy, after_ms(now, 86_400_000)).await, (422, "future".into()));
    let book = counter.stage.book().await;
    assert_eq!((of(&book, Side::Buy).len(), of(&book, Side::Sell).len()), (1, 1), "{book:?}");
    counter.stage.clean_up().await;
    counter.close().await;
}
