use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::json;

use super::stage::{FakeMachine, desk_of, on, three};
use crate::cli::machine::Check;
use crate::engine::record::Profile;
use crate::store::journal::FolderLock;
use crate::store::{ControlFile, DataFolder};
use crate::view::fixture::Desk as Trader;
use crate::web::fake::{FakeDesk, FakeOffice};
use crate::web::{Token, listen, serve};

fn counts(machine: &FakeMachine) -> (usize, usize) {
    (machine.started.load(Ordering::SeqCst), machine.stopped.load(Ordering::SeqCst))
}

#[tokio::test]
async fn without_a_cockpit_one_without_a_screen_is_started_and_stopped() {
    let data = tempfile::tempdir().unwrap();
    let machine = FakeMachine::of(desk_of(&three()));
    assert_eq!(on(&machine, data.path(), &["list"], None).await.code, 0);
    assert_eq!(counts(&machine), (1, 1));
    assert_eq!(on(&machine, data.path(), &["show", "99"], None).await.code, 1);
    assert_eq!(counts(&machine), (2, 2), "stopped after a failure too");
}

#[tokio::test]
async fn a_running_cockpit_is_talked_to() {
    let data = tempfile::tempdir().unwrap();
    let folder = DataFolder::locate(Some(data.path()), Profile::Paper).unwrap();
    folder.create().unwrap();
    let lock = FolderLock::take(folder.folder()).unwrap();
    let listener = listen(0).await.unwrap();
    let control = ControlFile::write(&folder, listener.local_addr().unwrap().port()).unwrap();
    let running = desk_of(&three());
    let token = Token::new(control.control.token.clone()).unwrap();
    let server = serve(listener, running.clone(), Arc::new(FakeOffice::default()), token).unwrap();

    let machine = FakeMachine::of(Arc::new(FakeDesk::empty()));
    let listed = on(&machine, data.path(), &["list", "--json"], None).await.json();
    assert_eq!(listed.as_array().unwrap().len(), 3);
    assert_eq!(on(&machine, data.path(), &["mark", "1"], None).await.code, 0);
    assert_eq!(on(&machine, data.path(), &["kill", "--yes"], None).await.code, 0);
    assert_eq!((running.asked().len(), running.halts(), counts(&machine)), (1, 1, (0, 0)));

    server.stop().await;
    drop(control);
    drop(lock);
    assert_eq!(on(&machine, data.path(), &["list", "--json"], None).await.json(), json!([]));
    assert_eq!(counts(&machine), (1, 1), "the folder is free again");
}

#[tokio::test(start_paused = true)]
async fn a_cockpit_that_cannot_be_reached_is_named_and_nothing_else_is_started() {
    let data = tempfile::tempdir().unwrap();
    let folder = DataFolder::locate(Some(data.path()), Profile::Paper).unwrap();
    folder.create().unwrap();
    let _lock = FolderLock::take(folder.folder()).unwrap();
    let machine = FakeMachine::of(desk_of(&three()));
    let ran = on(&machine, data.path(), &["list"], None).await;
    assert_eq!((ran.code, counts(&machine)), (1, (0, 0)));
    for part in [std::process::id().to_string().as_str(), "does not answer", "flatten --force"] {
        assert!(ran.err.contains(part), "{part}: {}", ran.err);
    }
}

#[tokio::test]
async fn nothing_starts_live_without_the_accounts_last_four_digits_typed_at_a_terminal() {
    let data = tempfile::tempdir().unwrap();
    let machine = FakeMachine::of(Arc::new(FakeDesk::showing(Trader::of(Profile::Live).view())));
    let off = on(&machine, data.path(), &["list", "--live"], None).await;
    assert_eq!((off.code, counts(&machine)), (2, (0, 0)), "{off:?}");
    assert_eq!(on(&machine, data.path(), &["kill", "--live", "--yes"], None).await.code, 2);
    for typed in ["", "y", "LIVE", "0000", "1100000007", "007"] {
        assert_eq!(on(&machine, data.path(), &["list", "--live"], Some(&[typed])).await.code, 1);
    }
    assert_eq!(counts(&machine), (0, 0));
    let typed = on(&machine, data.path(), &["list", "--live"], Some(&["0007"])).await;
    assert_eq!((typed.code, counts(&machine)), (0, (1, 1)), "{typed:?}");
    assert!(!typed.err.contains("0007"), "whoever types it must know it: {}", typed.err);
}

#[tokio::test]
async fn what_enters_asks_for_the_days_checks_and_what_leaves_does_not() {
    let data = tempfile::tempdir().unwrap();
    let mut machine = FakeMachine::of(Arc::new(FakeDesk::showing(Trader::of(Profile::Live).view())));
    machine.live = vec![
        Check::ok("clock", "as the broker's"),
        Check::note("funds", "0 available", "entries are refused"),
        Check::wrong("static IP", "orders are refused", "register the address"),
    ];
    for command in [&["execute", "--yes", "--live"][..], &["arm", "ARM", "--live"], &["resume", "1", "-y", "--live"]] {
        let refused = on(&machine, data.path(), command, Some(&["0007"])).await;
        assert_eq!((refused.code, counts(&machine)), (1, (0, 0)), "{command:?}");
        let told = ["WRONG  static IP: orders are refused. register the address", "note   funds", "doctor --live"];
        assert!(told.iter().all(|t| refused.err.contains(t)), "{}", refused.err);
        assert!(!refused.err.contains("clock"), "what is right needs no words");
    }
    let halted = on(&machine, data.path(), &["kill", "--yes", "--live"], Some(&["0007"])).await;
    assert_eq!((halted.code, counts(&machine)), (0, (1, 1)), "{halted:?}");
    let listed = on(&machine, data.path(), &["list", "--live"], Some(&["0007"])).await;
    assert_eq!(listed.code, 0, "{listed:?}");
}

#[tokio::test]
async fn the_doctor_looks_at_everything_and_says_what_is_wrong() {
    let data = tempfile::tempdir().unwrap();
    let machine = FakeMachine::of(desk_of(&three()));
    let json = on(&machine, data.path(), &["doctor", "--json"], None).await.json();
    let names: Vec<&str> = json.as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["version", "terminal", "disk", "control API", "broker"]);
    assert_eq!(counts(&machine), (0, 0));

    let file = data.path().join("a file");
    std::fs::write(&file, "").unwrap();
    let wrong = on(&machine, &file, &["doctor"], None).await;
    assert_eq!(wrong.code, 1);
    assert!(wrong.out.contains("WRONG  disk"), "{}", wrong.out);
}

#[tokio::test]
async fn the_exchange_prints_one_line_and_serves_until_it_is_stopped() {
    let data = tempfile::tempdir().unwrap();
    let machine = FakeMachine::of(Arc::new(FakeDesk::empty()));
    let words = ["strikedeck", "--data", data.path().to_str().unwrap(), "exchange", "--listen", "127.0.0.1:8765"];
    let cli = <crate::cli::args::Cli as clap::Parser>::try_parse_from(words).unwrap();
    let out = super::stage::Kept::default();
    let mut console = crate::cli::console::Console::new(Box::new(out.clone()), Box::new(Vec::new()), None, false);
    console.interrupted().cancel();
    crate::cli::run(&cli.global, cli.command.as_ref().unwrap(), &machine, &mut console).await.unwrap();
    let line: serde_json::Value = serde_json::from_str(&out.text()).unwrap();
    let fields: Vec<&String> = line.as_object().unwrap().keys().collect();
    assert_eq!(fields.len(), 14);
    for field in ["rest", "auth", "feed", "orders", "instruments", "client_id", "access_token", "pin", "totp_key"] {
        assert!(line[field].is_string(), "{field}");
    }
    assert_eq!((line["rest"].as_str(), counts(&machine)), (Some("http://127.0.0.1:8765/v2"), (0, 1)));
}
