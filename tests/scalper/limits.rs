//! Every limit of the scalper tripped once: what the sender is answered, what the journal keeps and what the screen shows
//! are one reason, with its numbers.

use jiff::civil::Time;
use rust_decimal_macros::dec;
use strikedeck::domain::time::{Timestamp, ist};
use strikedeck::domain::{Hours, ScalpSetup, Side, SignalId, SignalRefusal};
use strikedeck::engine::command::Command;
use strikedeck::exchange_server::faults::{Endpoint, Fault, FaultSpec};
use strikedeck::view::{SignalStanding, View};

use super::counter::{Answer, Counter, setup};
use crate::faults::stage::standing;
use crate::program::until;

/// The sender, the tables and the screen say the same of a refusal, and it contains these words.
async fn refused(counter: &Counter, answer: &Answer, why: SignalRefusal, words: &[&str]) {
    assert_eq!(answer.body["error"]["code"], why.as_str(), "{answer:?}");
    let id = answer.signal();
    let reason = answer.reason().to_string();
    for word in words {
        assert!(reason.contains(word), "{word} is not in: {reason}");
    }
    stands_refused(counter, id, why, &reason).await;
}

async fn stands_refused(counter: &Counter, id: u64, why: SignalRefusal, reason: &str) {
    let shown = |v: &View| {
        let row = v.signals.signals.iter().find(|s| s.id == SignalId(id));
        let expected = SignalStanding::Refused { why, reason: reason.to_string() };
        row.is_some_and(|s| s.standing == expected)
    };
    counter.stage.until(&format!("signal {id} refused: {reason}"), shown).await;
    let kept = counter.kept();
    until("the refusal in the tables", || {
        let row = kept.signals().remove(&id)?;
        assert_ne!(row.fate, "traded");
        (row.refusal.as_deref() == Some(why.as_str()) && row.reason.as_deref() == Some(reason)).then_some(())
    });
}

async fn buy(counter: &Counter, setup: &str, symbol: &str, key: &str) -> Answer {
    counter.sender.send(setup, symbol, Side::Buy, key).await
}

/// A scalp that is open and holds something.
async fn hold(counter: &Counter, setup: &str, symbol: &str, key: &str) {
    let id = counter.taken(setup, symbol, key).await;
    let holds = |v: &View| v.signals.open.iter().any(|s| s.signal == SignalId(id) && !s.net.is_flat());
    counter.stage.until(&format!("{symbol} held"), holds).await;
}

async fn close_all(counter: &Counter) {
    for scalp in &counter.stage.view().signals.open {
        counter.stage.ask(Command::CloseStrategy { id: scalp.strategy }).await;
    }
    counter.done(&[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn risk_lots_open_scalps_and_one_position_of_an_underlying() {
    let all = ["NIFTY", "BANKNIFTY", "SENSEX"];
    let counter = Counter::open(|c| {
        let limits = &mut c.engine.scalping.limits;
        (limits.max_open, limits.max_lots) = (2, 3);
        c.engine.scalping.setups = vec![
            setup("ONE", &all),
            ScalpSetup { max_lots: 3, ..setup("THREE", &all) },
            ScalpSetup { stop_points: dec!(1000000), ..setup("WIDE", &all) },
        ];
    })
    .await;
    // Capital is ten crore, one per cent of it at risk.
    let answer = buy(&counter, "WIDE", "NIFTY", "risk").await;
    refused(&counter, &answer, SignalRefusal::Risk, &["₹1000000 at risk / (1000000 points × ", ") = 0; "]).await;

    hold(&counter, "THREE", "NIFTY", "three lots").await;
    let answer = buy(&counter, "ONE", "NIFTY", "the same underlying").await;
    refused(&counter, &answer, SignalRefusal::Open, &["is open: one trade of NIFTY at a time"]).await;
    let answer = buy(&counter, "ONE", "BANKNIFTY", "a fourth lot").await;
    refused(&counter, &answer, SignalRefusal::Risk, &["0 lots: ", "limits allow 0"]).await;
    close_all(&counter).await;

    hold(&counter, "ONE", "NIFTY", "first").await;
    hold(&counter, "ONE", "BANKNIFTY", "second").await;
    let answer = buy(&counter, "ONE", "SENSEX", "third").await;
    refused(&counter, &answer, SignalRefusal::Risk, &["2 of 2 scalps are open"]).await;
    counter.stage.clean_up().await;
    counter.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trades_loss_losses_in_a_row_and_the_time_after_one() {
    let counter = Counter::open(|c| {
        let limits = &mut c.engine.scalping.limits;
        limits.max_trades_per_day = 1;
        limits.max_daily_loss = "1".parse().unwrap();
        (limits.max_consecutive_losses, limits.cool_down_min) = (1, 5);
        // Bought dear: it is sold again at once, far below.
        c.engine.scalping.setups = vec![setup("ONE", &["MIDCPNIFTY", "NIFTY"])];
    })
    .await;
    hold(&counter, "ONE", "MIDCPNIFTY", "a loss").await;
    close_all(&counter).await;
    let closed = counter.stage.view().signals.closed[0].clone();
    assert!(closed.net().0 < dec!(-1), "touch and charges make it a loss: {closed:?}");
    let answer = buy(&counter, "ONE", "NIFTY", "after it").await;
    let loss = format!("the scalps' loss of ₹{} has reached the day's limit of ₹1", (-closed.net()).to_paise());
    let words = [
        "1 of 1 scalps of the day are used",
        &loss,
        "1 losses in a row (the limit is 1)",
        "cooling down after a loss: ",
        " s are left",
    ];
    refused(&counter, &answer, SignalRefusal::Risk, &words).await;
    assert_eq!(counter.stage.view().signals.today.full.len(), 4, "the screen shows all four before the next signal");
    counter.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_touch_and_the_age_of_a_quote() {
    let counter = Counter::open(|c| {
        c.engine.execution.max_spread_pct = dec!(0.0001);
        c.engine.execution.max_quote_age_ms = 1_000;
        c.engine.scalping.setups = vec![ScalpSetup { signal_ttl_s: 3, ..setup("ONE", &["NIFTY"]) }];
    })
    .await;
    let answer = buy(&counter, "ONE", "NIFTY", "a wide touch").await;
    refused(&counter, &answer, SignalRefusal::Risk, &["spread", "0.0001"]).await;

    counter.stage.set(FaultSpec::new(Fault::FeedSilent));
    let nothing = FaultSpec::new(Fault::ServerError { status: 503, html: true, done: false });
    counter.stage.set(nothing.on(&[Endpoint::Quotes]));
    counter.stage.until("that prices are old", |v| standing(v).contains("Quote feed silent")).await;
    let answer = buy(&counter, "ONE", "NIFTY", "an old quote").await;
    assert_eq!(answer.status, 202, "it waits for one: {answer:?}");
    assert!(answer.body["message"].as_str().unwrap().contains("waits for a fresh quote of NIFTY"), "{answer:?}");
    let id = answer.signal();
    let over = |v: &View| {
        let row = v.signals.signals.iter().find(|s| s.id == SignalId(id));
        matches!(row.map(|r| &r.standing), Some(SignalStanding::Refused { .. }))
    };
    let view = counter.stage.until("its end", over).await;
    let row = view.signals.signals.iter().find(|s| s.id == SignalId(id)).unwrap();
    let SignalStanding::Refused { why, reason } = &row.standing else { panic!("{row:?}") };
    assert!(*why == SignalRefusal::Stale && reason.contains("it expired while it waited ("), "{reason}");
    assert_eq!(row.standing.word(), "expired");
    stands_refused(&counter, id, *why, reason).await;
    assert!(counter.stage.book().await.is_empty(), "nothing was sent");
    counter.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_be_paid_for() {
    let counter = Counter::open(|c| {
        c.paper.starting_cash = "500".parse().unwrap();
        c.engine.scalping.setups = vec![setup("ONE", &["NIFTY"])];
    })
    .await;
    let answer = buy(&counter, "ONE", "NIFTY", "poor").await;
    refused(&counter, &answer, SignalRefusal::Risk, &["0 lots: ", "funds allow 0"]).await;
    counter.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_hours_of_a_set_up() {
    let at = |h, m| Time::constant(h, m, 0, 0);
    let noon = at(12, 0);
    let afternoon = ist(Timestamp::now()).time() >= noon;
    // Whatever time it is: a window that is over or not begun, a day that is all lunch, a square-off that is past.
    let other = if afternoon { Hours { from: at(0, 0), to: noon } } else { Hours { from: noon, to: at(23, 0) } };
    let whole = Hours { from: at(0, 0), to: Time::MAX };
    let halves = vec![Hours { from: at(0, 0), to: noon }, Hours { from: noon, to: Time::MAX }];
    let counter = Counter::not_ready(|c| {
        c.paper.clock = strikedeck::app::config::PaperClock::Real;
        let setup = |name| setup(name, &["NIFTY"]);
        c.engine.scalping.setups = vec![
            ScalpSetup { hours: other, square_off: Time::MAX, ..setup("WINDOW") },
            ScalpSetup { hours: whole, square_off: Time::MAX, pauses: halves, ..setup("LUNCH") },
            ScalpSetup { hours: whole, square_off: at(0, 0), ..setup("LATE") },
        ];
    })
    .await;
    counter.stage.until("the broker's books", |v| !v.header.reconciling).await;
    let window =
        if afternoon { "WINDOW: it trades from 00:00 to 12:00" } else { "WINDOW: it trades from 12:00 to 23:00" };
    let lunch = if afternoon { "LUNCH: it pauses from 12:00 to 23:59" } else { "LUNCH: it pauses from 00:00 to 12:00" };
    for (name, words) in [("WINDOW", window), ("LUNCH", lunch), ("LATE", "LATE: it trades from 00:00 to 00:00")] {
        let answer = buy(&counter, name, "NIFTY", name).await;
        refused(&counter, &answer, SignalRefusal::Closed, &[words]).await;
    }
    counter.close().await;
}
