//! Every form a file can have.

use super::*;

#[test]
fn a_portfolio_brings_its_good_strategies_and_notes_the_rest() {
    let imported = import_fixture("portfolio.json");
    let names: Vec<String> = imported.good.iter().map(|r| format!("{} {}", r.symbol, r.name)).collect();
    assert_eq!(
        names,
        [
            "BANKNIFTY Iron Condor",
            "BANKNIFTY Butterfly Spread",
            "DIXON Long Call",
            "DIXON Covered Call",
            "DIXON Bear Call Spread",
            "NIFTY Butterfly Spread"
        ]
    );
    let notes: Vec<&str> = imported.notes.iter().map(|n| n.text.as_str()).collect();
    assert_eq!(notes, ["CESC: no strategies (No liquid options data)"]);
    let refused: Vec<(&str, &str)> = imported.refused.iter().map(|r| (r.place.as_str(), r.code)).collect();
    assert_eq!(
        refused,
        [
            ("symbol_results.DIXON.top_strategies[3].legs[0].strike", "bad_strike"),
            ("symbol_results[\"HIND ZINC\"].symbol", "symbol_unknown"),
        ]
    );
}

#[test]
fn a_portfolio_strategy_keeps_what_the_file_says_of_it() {
    let imported = import_fixture("portfolio.json");
    let condor = &imported.good[0];
    assert_eq!(
        condor.key,
        "2026-11-20|NSE:BANKNIFTY|Iron Condor|+1x57000PE@2026-12-29,+1x61000CE@2026-12-29,-1x58000PE@2026-12-29,-1x60000CE@2026-12-29"
    );
    assert_eq!((condor.score, condor.probability), (Some(dec!(0.6021577867)), Some(dec!(0.4566891237))));
    assert_eq!(condor.conviction, Some(Conviction::Medium), "from the confidence of 0.49");
    assert_eq!(condor.outlook, "Bearish, moderate. Stays between 58000 and 60000");
    assert_eq!(condor.spot, Some(Price(dec!(58943.9))));
    assert_eq!(condor.generated_at, Some(from_ist(date(2026, 11, 20).at(9, 41, 46, 811_335_000))));
    let metrics = condor.metrics.as_ref().unwrap();
    assert_eq!((metrics.max_profit, metrics.lot), (Bound::Limited(Money(dec!(9772.5))), 30));
    assert_eq!(condor.reported_max_profit, Some(Bound::Limited(Money(dec!(11401.25)))));
    assert_eq!(codes(condor), ["payoff_mismatch"]);
    assert!(condor.issues[0].detail.contains("1.1667 times ours"), "{}", condor.issues[0].detail);
}

#[test]
fn nan_and_infinity_are_the_absence_and_the_end_of_numbers() {
    let imported = import_fixture("portfolio.json");
    let call = &imported.good[2];
    assert_eq!((call.name.as_str(), call.reported_max_profit), ("Long Call", Some(Bound::Unlimited)));
    assert_eq!(call.metrics.as_ref().unwrap().max_profit, Bound::Unlimited);
    assert_eq!((codes(call), call.score), (vec!["expiry_missing"], None));
}

#[test]
fn the_single_symbol_form_takes_its_time_from_the_file_name() {
    let name = "options_v4_analysis_20261119_151500.json";
    let r = only(import_fixture(name));
    assert_eq!(r.generated_at, Some(from_ist(date(2026, 11, 19).at(15, 15, 0, 0))));
    assert_eq!(codes(&r), ["cash_needed", "expiry_missing", "stale"]);
    assert_eq!((r.name.as_str(), r.derived_name.as_deref()), ("Cash-Secured Put", Some("Short Put")).to_owned());
}

#[test]
fn a_failed_single_symbol_is_a_note() {
    let imported = read_text("one.json", r#"{"success": "False", "symbol": "ABB", "reason": "None passed"}"#);
    assert_eq!((imported.good.len(), imported.refused.len()), (0, 0));
    assert_eq!(imported.notes[0].text, "ABB: no strategies (None passed)");
}

#[test]
fn positions_take_their_common_expiry_and_entry_day() {
    let imported = import_fixture("positions.json");
    assert_eq!(imported.good.len(), 2);
    let spread = &imported.good[0];
    assert!(spread.legs.iter().all(|leg| leg.expiry == Some(date(2026, 12, 29))));
    assert_eq!(spread.derived_name.as_deref(), Some("Bull Put Spread"));
    assert_eq!(spread.generated_at.map(|at| ist(at).date()), Some(date(2026, 11, 20)));
    assert_eq!(codes(spread), Vec::<&str>::new(), "made today, whatever the hour");
    assert_eq!((imported.good[1].symbol.as_str(), imported.good[1].exchange), ("SENSEX", Exchange::Bse));
    assert_eq!(imported.refused.len(), 1);
    assert_eq!(imported.refused[0].place, "positions[2].legs[0].action");
}

#[test]
fn canonical_records_are_read_with_their_nested_fields() {
    let r = only(import_fixture("record.json"));
    assert_eq!((r.name.as_str(), r.score, r.probability), ("Iron Condor", Some(dec!(0.63)), Some(dec!(0.71))));
    assert_eq!(r.conviction, Some(Conviction::High));
    assert_eq!(r.valid_until, Some(from_ist(date(2026, 11, 20).at(15, 30, 0, 0))));
    assert_eq!(r.generated_at, Some(from_ist(date(2026, 11, 20).at(10, 0, 0, 0))));
    assert_eq!(r.metrics.as_ref().map(|m| m.net_premium), Some(Money(dec!(7605))));
    assert_eq!(codes(&r), Vec::<&str>::new());
}

#[test]
fn tables_group_rows_by_id() {
    let imported = import_fixture("strategies.csv");
    let names: Vec<&str> = imported.good.iter().map(|r| r.name.as_str()).collect();
    assert_eq!(names, ["Bear Call Spread", "Call Ratio Spread"]);
    let spread = &imported.good[0];
    assert_eq!(spread.outlook, "quiet, \"range bound\"");
    assert_eq!(spread.metrics.as_ref().unwrap().max_profit, Bound::Limited(Money(dec!(4631.25))));
    assert_eq!(spread.reported_max_loss, Some(Bound::Limited(Money(dec!(14868.75)))));
    assert_eq!((codes(spread), codes(&imported.good[1])), (vec![], vec!["unlimited_loss", "expiry_missing"]));
    let refused: Vec<(&str, &str)> = imported.refused.iter().map(|r| (r.place.as_str(), r.code)).collect();
    assert_eq!(
        refused,
        [("line 7, strike", "bad_strike"), ("line 9, symbol", "rows_differ"), ("line 10", "id_missing")]
    );
}

#[test]
fn tables_with_a_mark_semicolons_and_crlf_are_read() {
    let text = "\u{feff}ID;Symbol;Option Type;Action;Strike;Price\r\n1;\"NIFTY 50\";PE;BUY;\"26,000.00\";₹150.50\r\n";
    let r = only(read_text("a.csv", text));
    assert_eq!((r.symbol.as_str(), r.name.as_str()), ("NIFTY", "Long Put"));
    assert_eq!(r.legs[0].premium, Some(Price(dec!(150.5))));
}

#[test]
fn a_table_without_the_columns_says_which_are_missing() {
    let error = read("a.csv", b"symbol,strike\nNIFTY,26000\n", now(), &lot_of).unwrap_err().to_string();
    assert!(error.contains("a.csv, line 1") && error.contains("missing: id, side, type"), "{error}");
}

#[test]
fn a_file_saved_by_a_windows_editor_is_the_same_file() {
    let text = String::from_utf8(fixture("portfolio.json")).unwrap();
    assert!(text.contains('\n') && !text.contains('\r'));
    let saved = format!("\u{feff}{}", text.replace('\n', "\r\n"));
    assert_eq!(read_text("portfolio.json", &saved), import_fixture("portfolio.json"));
}
