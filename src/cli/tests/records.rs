//! The inbox and the trade book from a shell.

use std::sync::Arc;

use super::stage::{FakeMachine, on, ran};
use crate::domain::time::Timestamp;
use crate::engine::record::Profile;
use crate::store::{DataFolder, Journal, JournalOptions, Projector};
use crate::web::fake::FakeDesk;

fn desk() -> Arc<FakeDesk> {
    Arc::new(FakeDesk::empty())
}

#[tokio::test]
async fn the_inbox_shows_what_is_unread() {
    let all = ran(&desk(), &["alerts"]).await;
    let lines: Vec<&str> = all.out.lines().collect();
    assert_eq!(
        lines,
        [
            "ID     Time                 Level    Alert",
            " 7     2026-11-20 09:15:00  warning  alert 7",
            " 8  *  2026-11-20 09:15:00  warning  alert 8",
            "1 unread: `strikedeck alerts read ID` or `all`.",
        ]
    );
    let unread = ran(&desk(), &["alerts", "--unread", "--json"]).await.json();
    assert_eq!((unread["unread"].as_u64(), unread["alerts"].as_array().unwrap().len()), (Some(1), 1));
}

#[tokio::test]
async fn alerts_are_read_by_number_or_all_at_once() {
    assert_eq!(ran(&desk(), &["alerts", "read", "#7", "8"]).await.out, "Nothing unread.\n");
    assert_eq!(ran(&desk(), &["alerts", "read", "all", "--json"]).await.json()["read"], 1);
    let wrong = ran(&desk(), &["alerts", "read", "seven"]).await;
    assert_eq!(wrong.code, 2);
    assert!(wrong.err.contains("`seven` is not an alert"), "{}", wrong.err);
    assert!(ran(&desk(), &["alerts", "mute", "30m"]).await.out.contains("until 09:15:00"));
    assert_eq!(ran(&desk(), &["alerts", "mute", "off"]).await.out, "Alerts are told again.\n");
}

#[tokio::test]
async fn the_trade_book_is_read_without_a_cockpit() {
    let data = tempfile::tempdir().unwrap();
    let machine = FakeMachine::of(desk());
    let none = on(&machine, data.path(), &["tradebook"], None).await;
    assert_eq!(none.code, 1);
    assert!(none.err.contains("start the cockpit once"), "{}", none.err);

    let folder = DataFolder::locate(Some(data.path()), Profile::Paper).unwrap();
    folder.create().unwrap();
    let now: Timestamp = "2026-11-20T04:00:00Z".parse().unwrap();
    let (mut journal, _) = Journal::open(folder.folder(), Profile::Paper, JournalOptions::default(), now).unwrap();
    let running = Projector::start(&folder.projection(), &mut journal).unwrap();
    // While the tables are held by a cockpit, and after it.
    for running in [Some(running), None] {
        let book = on(&machine, data.path(), &["tradebook", "--from", "2026-11-01", "--to", "2026-11-30"], None).await;
        assert_eq!((book.code, book.out.lines().count()), (0, 1), "{}", book.err);
        assert!(book.out.starts_with("trade,trading_day,"), "{}", book.out);
        drop(running);
    }
    let file = data.path().join("book.csv");
    let out = file.to_str().unwrap();
    let fills = on(&machine, data.path(), &["tradebook", "--fills", "--out", out], None).await;
    assert_eq!(fills.out, format!("0 fills in {out}\n"));
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("fill,order,"));
    let wrong = on(&machine, data.path(), &["tradebook", "--from", "2026-11-30", "--to", "2026-11-01"], None).await;
    assert_eq!(wrong.code, 2);
    assert_eq!(machine.started.load(std::sync::atomic::Ordering::SeqCst), 0);
}
