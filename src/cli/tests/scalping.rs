use std::sync::Arc;

use rust_decimal_macros::dec;

use super::stage::{desk_of, ran};
use crate::domain::{Price, SetupName, Side, Signal, SignalId};
use crate::engine::command::Command;
use crate::tui::demo::{asking, empty, scalping};
use crate::web::fake::FakeDesk;

#[tokio::test]
async fn the_scalper_is_told_for_people_and_for_programs() {
    let desk = desk_of(&asking());
    let told = ran(&desk, &["signals"]).await;
    for part in [
        "SCALP_ATM     auto     armed        4",
        "SENSEX_WATCH  observe  paused       0",
        "Today 4 of 10 trades, net +₹1,",
        "Webhook off.",
        "SL_PLACED",
        "418.55",
        "21.55",
        "waits for you NIFTY 23 Nov 25,950 CE",
        "not approved nobody approved it within 20 s",
        "strikedeck signals approve 7",
    ] {
        assert!(told.out.contains(part), "{part}\nis not in\n{}", told.out);
    }
    let json = ran(&desk, &["signals", "--json"]).await.json();
    assert_eq!(json["open"][0]["state"], "SL_PLACED");
    assert_eq!(json["open"][0]["to_stop"].to_string(), "21.55");
    assert_eq!((json["signals"][0]["id"].as_u64(), json["signals"][0]["asks"]["lots"].as_u64()), (Some(7), Some(2)));
    assert_eq!((json["closed"][0]["reason"].as_str(), json["today"]["trades"].as_u64()), (Some("stop"), Some(4)));
    // They do not stand among the strategies that are chosen from.
    assert_eq!(ran(&desk, &["list", "--json"]).await.json().as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn a_waiting_signal_is_decided_and_set_ups_are_armed_and_paused() {
    let desk = desk_of(&asking());
    let setup = SetupName::new("SCALP_ATM").unwrap();
    for words in [
        &["signals", "approve", "7"][..],
        &["signals", "decline", "7"],
        &["setups", "arm", "scalp_atm"],
        &["setups", "pause", "SCALP_ATM"],
    ] {
        assert_eq!(ran(&desk, words).await.code, 0, "{words:?}");
    }
    let asked = [
        Command::DecideSignal { id: SignalId(7), approve: true },
        Command::DecideSignal { id: SignalId(7), approve: false },
        Command::ArmSetup { setup: setup.clone(), armed: true },
        Command::ArmSetup { setup, armed: false },
    ];
    assert_eq!(desk.asked(), asked);
    let paused = ran(&Arc::new(FakeDesk::empty()), &["setups"]).await;
    assert!(paused.out.contains("strikedeck setups arm SCALP_ATM"), "{}", paused.out);
}

#[tokio::test]
async fn a_signal_by_hand_is_of_the_cockpits_time_and_price() {
    let desk = desk_of(&scalping());
    let words = ["signal", "--setup", "SCALP_ATM", "--symbol", "nifty", "--side", "buy"];
    ran(&desk, &words).await;
    ran(&desk, &[&words[..], &["--price", "25900"]].concat()).await;
    let sent: Vec<Signal> = desk
        .asked()
        .into_iter()
        .map(|c| match c {
            Command::Signal { signal } => *signal,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!((sent[0].price, sent[1].price), (Price(dec!(25944.35)), Price(dec!(25900))));
    assert_eq!((sent[0].at, sent[0].side, sent[0].source.as_str()), (scalping().now, Side::Buy, "shell"));
    let unknown = ran(&desk_of(&empty()), &["signal", "--setup", "X", "--symbol", "SENSEX", "--side", "sell"]).await;
    assert!(unknown.code == 1 && unknown.err.contains("--price"), "{unknown:?}");
    assert!(unknown.out.is_empty());
}
