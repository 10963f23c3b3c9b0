//! What is left of a day: the tables, the trade book, the trade log and the inbox say the same.

use rust_decimal::Decimal;
use serde_json::Value;

use crate::program::Folder;

fn sum(rows: &[Value], field: &str) -> Decimal {
    rows.iter().map(|r| r[field].to_string().trim_matches('"').parse::<Decimal>().unwrap()).sum()
}

/// The lines of the trade log of one kind.
fn logged(folder: &Folder, event: &str) -> Vec<Value> {
    let logs = std::fs::read_dir(folder.paper().join("logs")).unwrap().map(|e| e.unwrap().path());
    let mut files: Vec<_> = logs.filter(|p| p.extension().is_some_and(|e| e == "jsonl")).collect();
    files.sort();
    let texts = files.iter().map(|p| std::fs::read_to_string(p).unwrap());
    let lines = texts.flat_map(|t| t.lines().map(|l| serde_json::from_str::<Value>(l).unwrap()).collect::<Vec<_>>());
    lines.filter(|l| l["event"] == event).collect()
}

#[test]
fn a_day_is_told_the_same_by_tables_trade_book_and_log() {
    let folder = Folder::new();
    folder.run(&["top", "--count", "2", "--min-score", "0.4"]).well();
    folder.run(&["execute", "--yes"]).well();
    folder.run(&["flatten", "--yes"]).well();

    let book = folder.json(&["tradebook"]);
    let trades = book.as_array().unwrap();
    assert!(trades.len() >= 2, "{book}");
    assert!(trades.iter().all(|t| t["state"] == "closed" && !t["net"].is_null()), "{book}");
    assert_eq!(sum(trades, "gross"), folder.tables().cash());
    assert_eq!(sum(trades, "net"), sum(trades, "gross") - sum(trades, "charges"));

    let fills = folder.json(&["tradebook", "--fills"]);
    let fills = fills.as_array().unwrap();
    assert_eq!(sum(fills, "quantity"), sum(trades, "quantity") * Decimal::TWO, "in and out again");
    assert_eq!(sum(fills, "charges"), sum(trades, "charges"));
    assert_eq!(logged(&folder, "fill").len(), fills.len());
    assert_eq!(sum(&logged(&folder, "trade"), "quantity"), sum(trades, "quantity"));

    let file = folder.data().join("book.csv");
    folder.run(&["tradebook", "--out", file.to_str().unwrap()]).well();
    assert_eq!(std::fs::read_to_string(file).unwrap().lines().count(), trades.len() + 1);

    // Flattening is worth an alert; it is there for whoever comes later.
    let inbox = folder.json(&["alerts", "--unread"]);
    let unread = inbox["unread"].as_u64().unwrap();
    assert!(unread > 0, "{inbox}");
    folder.run(&["alerts", "read", "all"]).well();
    assert!(folder.json(&["alerts", "--unread"])["unread"].as_u64().unwrap() < unread);
}
