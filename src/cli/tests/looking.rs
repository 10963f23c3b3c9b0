use std::sync::Arc;

use rust_decimal_macros::dec;
use serde_json::json;

use super::stage::{FakeMachine, SPREAD, desk_of, on, preview, ran, three};
use crate::domain::StrategyId;
use crate::view::fixture::Desk as Trader;
use crate::web::fake::FakeDesk;

fn ids(json: &serde_json::Value) -> Vec<u64> {
    json.as_array().unwrap().iter().map(|r| r["id"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn the_list_is_sorted_by_priority_then_score() {
    let mut trader = three();
    trader.mark(StrategyId(1), 5);
    let ran = ran(&desk_of(&trader), &["list"]).await;
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(
        lines,
        [
            "ID  Symbol  Strategy          Status   Pri  Score  Conviction  PoP  Expiry  Max profit  Max loss  Notes",
            " 1  NIFTY   Bear Call Spread  marked     5  0.690  high        64%  23 Nov      ₹2,145    ₹4,355",
            " 2  NIFTY   Long Call         pending       0.800  high        64%  23 Nov      ₹2,145    ₹4,355",
            " 3  NIFTY   Covered Call      pending       0.600  high        64%  23 Nov           —         —  not executable: one leg only: a covered cal…",
            "3 strategies: 2 pending, 1 marked",
        ]
    );
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
}

#[tokio::test]
async fn the_list_as_json_is_an_array_and_nothing_else() {
    let desk = desk_of(&three());
    let all = ran(&desk, &["list", "--json"]).await;
    assert_eq!(ids(&all.json()), [2, 1, 3]);
    assert_eq!(all.json()[0]["total_score"].to_string(), "0.8");
    assert_eq!(ids(&ran(&desk, &["list", "--json", "--min-score", "0.65"]).await.json()), [2, 1]);
    assert_eq!(ids(&ran(&desk, &["list", "--json", "--min-score", "0"]).await.json()), [2, 1, 3]);
    assert_eq!(ids(&ran(&desk, &["list", "--json", "--symbol", "nifty 50"]).await.json()), [2, 1, 3]);
    assert_eq!(ids(&ran(&desk, &["list", "--json", "--symbol", "BANKNIFTY"]).await.json()), [0_u64; 0]);
    assert_eq!(ids(&ran(&desk, &["list", "--json", "--status", "marked,executed"]).await.json()), [0_u64; 0]);
    let wrong = ran(&desk, &["list", "--symbol", "no such$"]).await;
    assert_eq!((wrong.code, wrong.out.as_str()), (2, ""));
}

#[tokio::test]
async fn an_empty_list_says_what_to_do() {
    let desk = Arc::new(FakeDesk::empty());
    assert!(ran(&desk, &["list"]).await.out.contains("import FILE"));
    assert_eq!(ran(&desk, &["list", "--json"]).await.json(), json!([]));
}

#[tokio::test]
async fn names_from_files_cannot_steer_the_terminal() {
    let mut trader = Trader::new();
    trader.pending("Long\u{1b}[2J Call\r\n", dec!(0.7), &SPREAD);
    let ran = ran(&desk_of(&trader), &["list"]).await;
    assert!(!ran.out.contains('\u{1b}') && ran.out.lines().count() == 3, "{:?}", ran.out);
}

#[tokio::test]
async fn one_strategy_is_shown_whole() {
    let mut trader = three();
    trader.mark(StrategyId(1), 5);
    let desk = Arc::new(FakeDesk::showing(trader.view()).with_preview(preview(&["the market is closed"])));
    let ran_human = ran(&desk, &["show", "1"]).await;
    for part in [
        "#1 NIFTY Bear Call Spread · marked, priority 5, expires 20 Nov 10:55",
        "max profit ₹2,145 · max loss ₹4,355 · net premium +₹1,449.50 · breakeven 26,233.00",
        "from seed, made 20 Nov 2026 10:38, with NIFTY at 25,944.35",
        "SELL   65  26,200 CE  23 Nov    58.20    —    —        52400   65",
        "   1  BUY    65  NIFTY 23 Nov 26300 CE       1        35.90  35.80  36.00  35.90",
        "net premium now +₹1,436.50 (recommended +₹1,449.50) · max loss ₹5,064 · margin ₹6,500 (broker) of ₹1,37,600 available",
        "Would be refused: the market is closed",
    ] {
        assert!(ran_human.out.contains(part), "{part}\nis not in\n{}", ran_human.out);
    }
    let whole = ran(&desk, &["show", "1", "--json"]).await.json();
    assert_eq!((&whole["legs"][0]["security_id"], &whole["preview"]["executable"]), (&json!("52400"), &json!(false)));
    let none = ran(&desk, &["show", "99"]).await;
    assert_eq!((none.code, none.err.as_str()), (1, "#99: there is no such strategy"));
}

#[tokio::test]
async fn without_an_id_the_queue_is_shown_in_its_order() {
    let mut trader = three();
    trader.mark(StrategyId(1), 1);
    trader.mark(StrategyId(2), 7);
    let desk = desk_of(&trader);
    let rows = ran(&desk, &["show", "--json"]).await.json();
    assert_eq!((ids(&rows), &rows[0]["queue"]["stage"]), (vec![2, 1], &json!("marked")));
    let nothing = ran(&desk_of(&three()), &["show"]).await;
    assert!(nothing.out.contains("Nothing is marked") && nothing.code == 0);
}

#[tokio::test]
async fn the_status_is_told_line_by_line() {
    let mut trader = Trader::new();
    let id = trader.executed("Bear Call Spread", &SPREAD);
    trader.price(26200, "CE", dec!(33.85));
    trader.price(26300, "CE", dec!(34.15));
    trader.pending("Long Call", dec!(0.8), &[("B", 26300, "CE", dec!(35.90))]);
    trader.mark(StrategyId(2), 3);
    let ran_human = ran(&desk_of(&trader), &["status"]).await;
    for part in [
        "PAPER · market open until 15:40 · 20 Nov 2026 10:42:17 IST",
        "Entries are allowed.",
        "Day P&L +₹1,462.88 (before charges +₹1,469.00, charges ₹6.12) · available ₹1,37,600",
        "NIFTY 23 Nov 26200 CE  −65    58.20  33.85  +₹1,582.75  MARGIN   #1",
        "#2 NIFTY Long Call    3  marked  0/65",
        "max_trades_per_day",
    ] {
        assert!(ran_human.out.contains(part), "{part}\nis not in\n{}", ran_human.out);
    }
    let status = ran(&desk_of(&trader), &["status", "--json"]).await.json();
    assert_eq!((&status["mode"], &status["positions"][0]["strategy_id"]), (&json!("paper"), &json!(id.0)));
    for field in ["halted", "session", "day_pnl", "working_orders", "limits"] {
        assert!(status.get(field).is_some(), "{field}");
    }
}

#[tokio::test]
async fn a_halt_is_the_first_thing_a_status_says() {
    let mut trader = Trader::new();
    trader.record(crate::engine::record::Record::Halted { reason: "halted by the trader".into() });
    let ran = ran(&desk_of(&trader), &["status"]).await;
    let second = ran.out.lines().nth(1).unwrap();
    assert_eq!(second, "HALTED since 10:42: halted by the trader. `strikedeck arm WORD` allows entries again.");
}

#[tokio::test]
async fn the_keys_are_those_that_are_set() {
    let data = tempfile::tempdir().unwrap();
    let machine = FakeMachine::of(Arc::new(FakeDesk::empty()));
    let keys_of = |json: &serde_json::Value, action: &str| {
        let row = json.as_array().unwrap().iter().find(|r| r["action"] == action).unwrap();
        row["keys"].clone()
    };
    let shipped = on(&machine, data.path(), &["keys", "--json"], None).await.json();
    assert_eq!(keys_of(&shipped, "halt")[0], "F12");
    std::fs::create_dir(data.path().join("config")).unwrap();
    let file = data.path().join("config/keymap.toml");
    std::fs::write(&file, "[keys]\nhalt = \"F10\"\n").unwrap();
    let mine = on(&machine, data.path(), &["keys", "--json"], None).await.json();
    assert_eq!(keys_of(&mine, "halt"), json!(["F10"]));
    let human = on(&machine, data.path(), &["keys"], None).await;
    assert!(human.out.starts_with("Safety\nKey") && human.out.contains("F10"), "{}", human.out);
    std::fs::write(&file, "[keys]\nfly = \"F9\"\n").unwrap();
    let wrong = on(&machine, data.path(), &["keys"], None).await;
    assert!(wrong.code == 1 && wrong.err.contains("`fly` is not an action"), "{}", wrong.err);
}

#[tokio::test]
async fn a_contract_is_looked_up_or_refused_with_what_is_listed() {
    let desk = Arc::new(FakeDesk::empty());
    let found = ran(&desk, &["map", "NIFTY", "26000", "CE"]).await;
    assert_eq!(
        found.out.lines().next(),
        Some("NIFTY 23 Nov 26,000 CE: security id 52000, lot 65, tick 0.05, at most 1755 in one order")
    );
    let json = ran(&desk, &["map", "NIFTY", "26000", "CE", "--json"]).await.json();
    assert_eq!(
        (&json["security_id"], &json["expiry"], &json["lot"]),
        (&json!("52000"), &json!("2026-11-23"), &json!(65))
    );
    let unknown = ran(&desk, &["map", "NIFTY50", "26000", "CE"]).await;
    assert_eq!((unknown.code, unknown.err.as_str()), (1, "NIFTY50: no such underlying; did you mean NIFTY?"));
    assert_eq!(unknown.out, "");
}
