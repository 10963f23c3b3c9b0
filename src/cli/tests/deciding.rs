use std::sync::Arc;

use rust_decimal_macros::dec;
use serde_json::json;

use super::stage::{FakeMachine, SPREAD, desk_of, on, ran, ran_at_terminal, three};
use crate::cli::machine::Forced;
use crate::domain::{Money, PnlExit, Price, SafeguardAsk, SafeguardTold, StrategyId};
use crate::engine::command::{Command, Reply};
use crate::engine::config::FailurePolicy;
use crate::engine::record::Record;
use crate::view::fixture::Desk as Trader;
use crate::web::fake::FakeDesk;

fn holding() -> Trader {
    let mut trader = Trader::new();
    trader.executed("Bear Call Spread", &SPREAD);
    trader
}

/// The desk before, while and after flattening.
fn flattening() -> FakeDesk {
    let mut trader = holding();
    let before = trader.view();
    trader.record(Record::Halted { reason: "flatten".into() });
    trader.record(Record::FlattenStarted { include_foreign: false });
    let during = trader.view();
    trader.exit(StrategyId(1), Price(dec!(30)));
    let read = trader.view();
    trader.record(Record::FlattenEnded);
    FakeDesk::showing(before).then(during).then(read).then(trader.view())
}

#[tokio::test]
async fn what_is_typed_is_handed_on_and_answered() {
    let ids = |ids: &[u64]| ids.iter().copied().map(StrategyId).collect::<Vec<_>>();
    let (one, notes) = (StrategyId(1), |n: &str| Some(n.to_string()));
    for (words, command) in [
        (vec!["mark", "1"], Command::Mark { ids: ids(&[1]), priority: None, notes: None }),
        (
            vec!["mark", "1", "--priority", "4", "--notes", "weekly"],
            Command::Mark { ids: ids(&[1]), priority: Some(4), notes: notes("weekly") },
        ),
        (
            vec!["bulk", "1", "2", "--priority", "3"],
            Command::Mark { ids: ids(&[1, 2]), priority: Some(3), notes: None },
        ),
        (vec!["unmark", "1", "2"], Command::Unmark { ids: ids(&[1, 2]) }),
        (vec!["priority", "1", "-5"], Command::SetPriority { id: one, priority: -5 }),
        (vec!["note", "1", "watch", "the", "open"], Command::SetNotes { id: one, notes: "watch the open".into() }),
        (vec!["arm", "ARM"], Command::Arm { word: "ARM".into() }),
        (vec!["trading", "enable"], Command::Enable),
        (
            vec!["trading", "disable", "--reason", "news", "at", "noon"],
            Command::Disable { reason: "news at noon".into() },
        ),
        (vec!["retry", "1"], Command::Retry { id: one }),
        (
            vec!["on-failure", "1", "market-with-band"],
            Command::SetFailurePolicy { id: one, policy: Some(FailurePolicy::MarketWithBand) },
        ),
        (vec!["on-failure", "1", "default"], Command::SetFailurePolicy { id: one, policy: None }),
    ] {
        let desk = desk_of(&three());
        let ran_human = ran(&desk, &words).await;
        assert_eq!(desk.asked(), std::slice::from_ref(&command), "{words:?}");
        assert_eq!((ran_human.code, ran_human.out), (0, format!("did {}\n", command.name())), "{words:?}");
        let json = ran(&desk, &[words.as_slice(), &["--json"]].concat()).await.json();
        assert_eq!(json, json!({"done": [format!("did {}", command.name())], "refused": []}));
    }
}

#[tokio::test]
async fn what_is_refused_goes_to_stderr_with_exit_code_one() {
    let desk = FakeDesk::empty().answering(|_| Ok(Reply::refused("#1 NIFTY Long Call is executed: only …")));
    let ran_refused = ran(&Arc::new(desk), &["mark", "1"]).await;
    assert_eq!((ran_refused.code, ran_refused.out.as_str()), (1, ""));
    assert_eq!(ran_refused.err, "#1 NIFTY Long Call is executed: only …\n");

    let partly = Reply::Partly { done: vec!["#1 marked".into()], refused: vec!["#2 is executed".into()] };
    let desk = Arc::new(FakeDesk::empty().answering(move |_| Ok(partly.clone())));
    let ran_partly = ran(&desk, &["bulk", "1", "2"]).await;
    assert_eq!(
        (ran_partly.code, ran_partly.out.as_str(), ran_partly.err.as_str()),
        (1, "#1 marked\n", "#2 is executed\n")
    );
    let json = ran(&desk, &["bulk", "1", "2", "--json"]).await.json();
    assert_eq!(json, json!({"done": ["#1 marked"], "refused": ["#2 is executed"]}));
}

#[tokio::test]
async fn top_marks_the_best_that_can_be_executed() {
    let desk = desk_of(&three());
    let ran_top = ran(&desk, &["top", "--min-score", "0.5"]).await;
    assert_eq!(ran_top.code, 0);
    let mark =
        |ids: &[u64]| Command::Mark { ids: ids.iter().copied().map(StrategyId).collect(), priority: None, notes: None };
    assert_eq!(desk.asked(), [mark(&[2, 1])], "the blocked one is left out");

    let desk = desk_of(&three());
    ran(&desk, &["top", "--count", "1", "--json"]).await.json();
    assert_eq!(desk.asked(), [mark(&[2])]);

    let desk = desk_of(&three());
    let declined = ran_at_terminal(&desk, &["top"], &["n"]).await;
    assert_eq!((declined.code, desk.asked()), (1, vec![]));
    assert!(declined.out.contains("Long Call"));

    let desk = desk_of(&three());
    ran(&desk, &["top", "--min-score", "0.9"]).await;
    assert_eq!(
        desk.asked(),
        [Command::MarkTop { count: 5, min_score: dec!(0.9) }],
        "the engine says why there is none"
    );
}

#[tokio::test(start_paused = true)]
async fn flatten_waits_until_the_broker_says_that_it_is_flat() {
    let desk = Arc::new(flattening());
    let ran_human = ran(&desk, &["flatten", "--yes"]).await;
    assert_eq!(ran_human.code, 0, "{ran_human:?}");
    assert_eq!(
        ran_human.out.lines().collect::<Vec<_>>(),
        [
            "still open: NIFTY 23 Nov 26200 CE −65, NIFTY 23 Nov 26300 CE +65",
            "nothing open in the last read; the broker is asked again",
            "Flat, as the broker says. Entries stay locked: `strikedeck arm WORD` allows them again.",
        ]
    );
    assert_eq!(desk.asked(), [Command::Flatten { include_foreign: false }]);
    let json = ran(&Arc::new(flattening()), &["flatten", "--yes", "--json"]).await;
    assert_eq!(json.json(), json!({"flat": true, "open": []}));
}

#[tokio::test(start_paused = true)]
async fn flatten_and_kill_ask_at_a_terminal_and_need_yes_off_it() {
    let desk = Arc::new(flattening());
    let asked = ran_at_terminal(&desk, &["flatten"], &["no"]).await;
    assert_eq!((asked.code, desk.asked()), (1, vec![]));
    assert!(asked.err.contains("Flatten: cancel 0 working orders and exit 2 positions? [y/N]"), "{}", asked.err);

    for words in [
        ["flatten"].as_slice(),
        &["kill"],
        &["close", "1"],
        &["resume", "1"],
        &["unwind", "1"],
        &["flatten", "--force"],
    ] {
        let desk = desk_of(&holding());
        let ran_off = ran(&desk, words).await;
        assert_eq!((ran_off.code, desk.asked(), desk.halts()), (2, vec![], 0), "{words:?}");
        assert!(ran_off.err.contains("--yes") && ran_off.out.is_empty(), "{words:?}: {ran_off:?}");
    }
}

#[tokio::test]
async fn kill_halts_and_shows_what_is_open() {
    let desk = desk_of(&holding());
    let ran_kill = ran(&desk, &["kill", "--yes"]).await;
    assert_eq!((ran_kill.code, desk.halts()), (0, 1));
    assert!(ran_kill.out.starts_with("Halted: no entries.") && ran_kill.out.contains("26300 CE"), "{}", ran_kill.out);
    assert!(ran_kill.out.ends_with("`strikedeck flatten` exits these.\n"));

    let desk = Arc::new(FakeDesk::empty());
    let at_terminal = ran_at_terminal(&desk, &["kill"], &["y"]).await;
    assert_eq!((at_terminal.code, desk.halts()), (0, 1));
    assert!(at_terminal.out.contains("No position is open."));
}

#[tokio::test(start_paused = true)]
async fn close_waits_until_the_strategy_holds_nothing() {
    let mut trader = holding();
    let before = trader.view();
    trader.exit(StrategyId(1), Price(dec!(30)));
    let desk = Arc::new(FakeDesk::showing(before).then(trader.view()));
    let ran_close = ran(&desk, &["close", "1", "--yes"]).await;
    assert_eq!((ran_close.code, desk.asked()), (0, vec![Command::CloseStrategy { id: StrategyId(1) }]));
    assert!(
        ran_close.out.starts_with("#1: still open NIFTY 23 Nov 26200 CE −65")
            && ran_close.out.contains("holds nothing")
    );
}

#[tokio::test]
async fn forced_flatten_goes_past_the_desk_and_says_what_is_left() {
    let data = tempfile::tempdir().unwrap();
    let desk = desk_of(&holding());
    let mut machine = FakeMachine::of(desk.clone());
    let words = ["flatten", "--force", "--yes"];
    assert_eq!(on(&machine, data.path(), &words, None).await.code, 0);
    machine.forced = Forced { done: vec!["2 orders cancelled".into()], open: vec!["NIFTY 23 Nov 26300 CE +65".into()] };
    let ran_forced = on(&machine, data.path(), &words, None).await;
    assert_eq!((ran_forced.code, ran_forced.out.as_str()), (1, "2 orders cancelled\n"));
    assert_eq!(ran_forced.err, "still open at the broker: NIFTY 23 Nov 26300 CE +65");
    assert!(desk.asked().is_empty());
}

#[tokio::test]
async fn whether_trading_is_enabled_is_told_with_the_reason() {
    let open = ran(&desk_of(&three()), &["trading", "status"]).await;
    assert_eq!((open.code, open.out.as_str()), (0, "Trading is enabled: entries are allowed.\n"));
    let mut trader = three();
    trader.record(Record::Halted { reason: "disabled: news at noon".into() });
    let desk = desk_of(&trader);
    let halted = ran(&desk, &["trading", "status"]).await;
    assert!(halted.out.contains("disabled: news at noon") && halted.out.contains("trading enable"), "{}", halted.out);
    let json = ran(&desk, &["trading", "status", "--json"]).await.json();
    assert_eq!((&json["enabled"], &json["reason"]), (&json!(false), &json!("disabled: news at noon")));
}

#[tokio::test]
async fn the_brokers_exit_is_set_and_its_state_said() {
    let mut trader = holding();
    let ask = SafeguardAsk::SetExit(PnlExit { loss: Money(dec!(25000)), ..PnlExit::default() });
    let before = trader.view();
    trader.record(Record::SafeguardAsked { ask });
    let asked = trader.view();
    let SafeguardAsk::SetExit(exit) = ask else { unreachable!() };
    trader.record(Record::SafeguardTold { told: SafeguardTold::Exit(Some(exit)) });
    let set = trader.view();
    let ran_it = ran(&Arc::new(FakeDesk::showing(asked).then(set.clone())), &["backstop", "on", "--yes"]).await;
    assert_eq!((ran_it.code, ran_it.err.as_str()), (0, ""), "{}", ran_it.out);
    assert!(ran_it.out.contains("The broker's exit on loss: set, at ₹25,000."), "{}", ran_it.out);

    let shown = ran(&Arc::new(FakeDesk::showing(before)), &["backstop"]).await;
    assert!(shown.out.contains("The broker's exit on loss: not set."), "{}", shown.out);
    let json = ran(&Arc::new(FakeDesk::showing(set)), &["backstop", "--json"]).await.json();
    assert_eq!(json["broker_exit"], json!({"state": "set", "loss": 25000, "reason": null}));

    trader.record(Record::SafeguardFailed { ask, reason: "RMS: not today".into(), refused: true });
    let refused = ran(&Arc::new(FakeDesk::showing(trader.view())), &["backstop", "on", "--yes"]).await;
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("refused (RMS: not today)"), "{}", refused.err);
}
