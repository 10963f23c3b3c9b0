//! The trade book of the sample day, in full.

use jiff::civil::date;
use rust_decimal_macros::dec;

use super::*;
use crate::domain::time::after_ms;
use crate::domain::{SeenStatus, StrategyStatus};
use crate::engine::record::{Profile, Record};
use crate::store::projection::Projector;
use crate::store::sample::{PUT_SPREAD, day, nine_fifteen, seen, spec, trade};
use crate::store::{Journal, JournalOptions};

const FRIDAY: Date = date(2026, 11, 20);

/// The sample day; then the short put is bought back, and the strategy gets the name that a joker chose.
fn tables(folder: &Path) -> std::path::PathBuf {
    let (mut journal, _) = Journal::open(folder, Profile::Paper, JournalOptions::default(), nine_fifteen()).unwrap();
    let path = folder.join("strikedeck.db");
    let projector = Projector::start(&path, &mut journal).unwrap();
    journal.append(&day()).unwrap();
    let back = spec(dec!(25900), Side::Buy, dec!(80.00));
    let mut named = crate::store::sample::recommendation("=1+1,\"Spread\"", dec!(0.7));
    named.derived_name = None;
    let later = [
        Record::StrategyMoved { id: PUT_SPREAD, to: StrategyStatus::Executed, reason: None },
        Record::StrategyUpdated { id: PUT_SPREAD, recommendation: Box::new(named) },
        seen(3, back, SeenStatus::Filled, 65, Some(dec!(80.00))),
        Record::TradesSeen { trades: vec![trade(3, back, 65, dec!(79.95))] },
    ];
    let later: Vec<_> = (0..).zip(later).map(|(n, r)| (after_ms(nine_fifteen(), 60_000 + n * 100), r)).collect();
    journal.append(&later).unwrap();
    drop(projector);
    path
}

#[test]
fn a_round_trip_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let book = Tradebook::trades(&tables(folder.path()), FRIDAY, FRIDAY).unwrap();
    insta::assert_snapshot!(book.csv());
}

#[test]
fn a_fill_is_one_line_and_the_charges_of_an_order_are_those_of_its_fills() {
    let folder = tempfile::tempdir().unwrap();
    let path = tables(folder.path());
    let fills = Tradebook::fills(&path, FRIDAY, FRIDAY).unwrap();
    insta::assert_snapshot!(fills.csv());
    let sum = |book: &Tradebook| {
        let rows = book.json();
        let rows = rows.as_array().unwrap().iter();
        rows.map(|r| r["charges"].to_string().parse::<Decimal>().unwrap()).sum::<Decimal>()
    };
    assert_eq!(sum(&fills), sum(&Tradebook::trades(&path, FRIDAY, FRIDAY).unwrap()));
}

#[test]
fn only_the_days_asked_for_are_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = tables(folder.path());
    let saturday = date(2026, 11, 21);
    assert!(Tradebook::trades(&path, saturday, saturday).unwrap().is_empty());
    assert!(Tradebook::fills(&path, saturday, saturday).unwrap().is_empty());
    assert_eq!(Tradebook::trades(&path, date(2026, 11, 1), saturday).unwrap().len(), 2);
}

#[test]
fn a_figure_below_zero_stays_a_figure_and_a_formula_becomes_text() {
    for (text, safe) in [("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@SUM(A1)", "'@SUM(A1)"), ("a=b", "a=b")] {
        assert_eq!(harmless(text), safe);
    }
    let kinds = vec![Kind::Figure, Kind::Words];
    let lines = vec![vec!["-276.25".to_string(), "-1".to_string()]];
    let book = Tradebook { headers: vec!["net", "name"], kinds, lines };
    assert_eq!(book.csv(), "net,name\n-276.25,'-1\n");
    assert_eq!(book.json().to_string(), r#"[{"name":"-1","net":-276.25}]"#);
}

#[test]
fn without_tables_it_is_told_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let none = Tradebook::trades(&folder.path().join("strikedeck.db"), FRIDAY, FRIDAY).unwrap_err();
    assert!(none.to_string().contains("start the cockpit"), "{none}");
}

#[test]
fn the_screen_reads_the_same_trades_sessions_and_trail() {
    use crate::store::history;
    let folder = tempfile::tempdir().unwrap();
    let path = tables(folder.path());
    let (trades, sessions) = history::trades_and_sessions(&path).unwrap();
    let book = Tradebook::trades(&path, FRIDAY, FRIDAY).unwrap().json();
    let book = book.as_array().unwrap();
    assert_eq!(trades.len(), book.len());
    for trade in &trades {
        let line = book.iter().find(|line| line["trade"] == trade.id).unwrap();
        let net = trade.net.map(|m| m.0.normalize().to_string());
        assert_eq!(line["net"].as_null().map_or(Some(line["net"].to_string()), |()| None), net);
        assert_eq!(line["contract"], trade.contract.as_str());
        assert_eq!(line["state"] == "open", trade.exited_at.is_none());
    }
    assert_eq!(sessions.iter().map(|s| s.day).collect::<Vec<_>>(), [FRIDAY]);
    let closed: crate::domain::Money = trades.iter().filter_map(|t| t.net).sum();
    assert_eq!(sessions[0].net, closed, "the day is the sum of its trades");

    let all = history::audit(&path, 1_000).unwrap();
    assert!(all.windows(2).all(|pair| pair[0].seq > pair[1].seq), "the newest first");
    assert_eq!(history::audit(&path, 2).unwrap(), all[..2]);
    assert!(all.iter().any(|line| line.category == "order" && line.intent.is_some()), "{all:?}");
    let none = history::audit(&folder.path().join("none.db"), 5).unwrap_err();
    assert!(none.to_string().contains("start the cockpit"), "{none}");
}
