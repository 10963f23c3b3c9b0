use std::sync::Arc;

use serde_json::json;

use super::stage::{SPREAD, previewing, ran, ran_at_terminal, three};
use crate::domain::{SeenStatus, StrategyId, StrategyStatus};
use crate::engine::command::{Command, Reply};
use crate::engine::record::Record;
use crate::view::fixture::{Desk as Trader, LOT};
use crate::web::fake::FakeDesk;

const ONE: StrategyId = StrategyId(1);

fn marked() -> Trader {
    let mut trader = three();
    trader.mark(ONE, 1);
    trader
}

/// #1 waits, executes leg by leg, and is in.
fn all_goes_well() -> FakeDesk {
    let mut trader = marked();
    trader.record(Record::Queued { id: ONE });
    let queued = trader.view();
    trader.record(Record::ExecutionStarted { id: ONE, quotes: Vec::new(), margin: None });
    for leg in 0..SPREAD.len() {
        let intent = trader.intend(ONE, leg);
        trader.see(intent, SeenStatus::Filled, LOT);
        if leg == 0 {
            trader.advance(100);
        }
    }
    let executing = trader.view();
    trader.record(Record::StrategyMoved { id: ONE, to: StrategyStatus::Executed, reason: None });
    let done = trader.view();
    FakeDesk::showing(queued).then(executing).then(done).answering(previewing(&[]))
}

/// #1 is executing, then this becomes of it.
fn ends(record: Record) -> FakeDesk {
    let mut trader = marked();
    trader.start(ONE);
    let executing = trader.view();
    trader.record(record);
    FakeDesk::showing(executing).then(trader.view()).answering(previewing(&[]))
}

#[tokio::test(start_paused = true)]
async fn it_shows_what_it_would_do_asks_and_waits_until_it_is_done() {
    let desk = Arc::new(all_goes_well());
    let ran = ran(&desk, &["execute", "--yes"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let told: Vec<&str> = ran.out.lines().filter(|l| l.starts_with("#1 NIFTY Bear Call Spread:")).collect();
    assert_eq!(
        told,
        [
            "#1 NIFTY Bear Call Spread: waiting for its turn",
            "#1 NIFTY Bear Call Spread: executing, 2 of 2 legs filled",
            "#1 NIFTY Bear Call Spread: executed",
        ]
    );
    assert_eq!(desk.asked(), [Command::Preview { ids: vec![] }, Command::Execute { ids: vec![ONE] }]);
}

#[tokio::test(start_paused = true)]
async fn as_json_stdout_has_the_results_alone() {
    let ran = ran(&Arc::new(all_goes_well()), &["execute", "1", "--yes", "--json"]).await;
    assert_eq!(
        ran.json(),
        json!({"results": [{"id": 1, "title": "#1 NIFTY Bear Call Spread", "status": "executed", "reason": ""}], "refused": []})
    );
    assert!(ran.err.contains("waiting for its turn"), "{}", ran.err);
}

#[tokio::test(start_paused = true)]
async fn what_fails_is_told_with_its_reason_and_ends_with_one() {
    let reason = || Some("leg 2 did not fill".to_string());
    let failed = ends(Record::StrategyMoved { id: ONE, to: StrategyStatus::Failed, reason: reason() });
    let ran_failed = ran(&Arc::new(failed), &["execute", "1", "--yes"]).await;
    assert_eq!(ran_failed.code, 1);
    assert!(ran_failed.err.contains("#1 NIFTY Bear Call Spread is failed: leg 2 did not fill"), "{}", ran_failed.err);

    let held = ends(Record::ExecutionHeld { id: ONE, reason: "no offer".into() });
    let ran_held = ran(&Arc::new(held), &["execute", "1", "--yes", "--json"]).await;
    assert_eq!((ran_held.code, &ran_held.json()["results"][0]["status"]), (1, &json!("held")));
    assert!(ran_held.err.contains("`strikedeck resume 1` or `strikedeck unwind 1`"), "{}", ran_held.err);
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_at_its_turn_stays_marked_and_says_why() {
    let mut trader = marked();
    trader.record(Record::Queued { id: ONE });
    let queued = trader.view();
    trader.record(Record::Unqueued { id: ONE, reason: "no fresh quote of NIFTY 23 Nov 26200 CE".into() });
    let desk = FakeDesk::showing(queued).then(trader.view()).answering(previewing(&[]));
    let ran = ran(&Arc::new(desk), &["execute", "--yes"]).await;
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("was not executed and stays marked: no fresh quote of"), "{}", ran.err);
}

#[tokio::test(start_paused = true)]
async fn those_that_did_not_get_into_the_queue_are_told_with_the_others() {
    let desk = all_goes_well().answering(|command| match command {
        Command::Execute { .. } => {
            Ok(Reply::Partly { done: vec!["#1".into()], refused: vec!["#99: there is no such strategy".into()] })
        }
        other => previewing(&[])(other),
    });
    let ran = ran(&Arc::new(desk), &["execute", "1", "99", "--yes", "--json"]).await;
    assert_eq!((ran.code, &ran.json()["refused"]), (1, &json!(["#99: there is no such strategy"])));
    assert_eq!(ran.json()["results"][0]["status"], "executed");
}

#[tokio::test]
async fn a_dry_run_sends_nothing_and_says_whether_it_would_be_refused() {
    let desk = Arc::new(FakeDesk::showing(marked().view()).answering(previewing(&[])));
    let fine = ran(&desk, &["execute", "--dry-run"]).await;
    assert_eq!((fine.code, fine.out.lines().last()), (0, Some("Nothing was sent.")), "{fine:?}");
    assert_eq!(desk.asked(), [Command::Preview { ids: vec![] }]);

    let desk = Arc::new(FakeDesk::showing(marked().view()).answering(previewing(&["the market is closed"])));
    let refused = ran(&desk, &["execute", "--dry-run", "--json"]).await;
    assert_eq!((refused.code, refused.err.as_str()), (1, "1 strategy would be refused; nothing was sent"));
    assert_eq!(refused.json()[0]["refusals"], json!(["the market is closed"]));
    assert_eq!(refused.json()[0]["legs"][0]["limit"].to_string(), "35.9");
}

#[tokio::test(start_paused = true)]
async fn prices_that_are_not_there_yet_are_waited_for_a_moment() {
    let looks = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let looked = looks.clone();
    let desk = FakeDesk::showing(marked().view()).answering(move |_| {
        let mut preview = super::stage::preview(&[]);
        if looked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < 3 {
            preview.legs[1].quote = None;
            preview.refusals.push("no fresh quote of NIFTY 23 Nov 26200 CE".into());
        }
        Ok(Reply::Previews { previews: vec![preview] })
    });
    assert_eq!(ran(&Arc::new(desk), &["execute", "--dry-run"]).await.code, 0);
    assert_eq!(looks.load(std::sync::atomic::Ordering::SeqCst), 4);
}

#[tokio::test]
async fn nothing_marked_is_refused_in_the_engines_words() {
    let desk = FakeDesk::empty().answering(|_| Ok(Reply::refused("nothing is marked: mark a strategy first")));
    let ran = ran(&Arc::new(desk), &["execute", "--yes"]).await;
    assert_eq!((ran.code, ran.err.as_str()), (1, "nothing is marked: mark a strategy first"));
}

#[tokio::test(start_paused = true)]
async fn at_a_terminal_it_asks_and_no_is_the_default() {
    for (typed, sent) in [("y", true), ("YES", true), ("n", false), ("", false), ("maybe", false)] {
        let desk = Arc::new(all_goes_well());
        let ran = ran_at_terminal(&desk, &["execute"], &[typed]).await;
        assert_eq!(desk.asked().contains(&Command::Execute { ids: vec![ONE] }), sent, "{typed}");
        assert_eq!(ran.code, u8::from(!sent), "{typed}");
        assert!(ran.err.contains("Execute 1 strategy? [y/N]"), "{}", ran.err);
    }
}

#[tokio::test]
async fn off_a_terminal_it_needs_yes() {
    let desk = Arc::new(all_goes_well());
    let ran = ran(&desk, &["execute"]).await;
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("--yes"), "{}", ran.err);
    assert!(desk.asked().is_empty());
}
