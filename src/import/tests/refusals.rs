//! What is refused, and the words and places it is refused with.

use super::*;

#[test]
fn a_cut_off_file_is_refused_whole_by_name_and_position() {
    let error = read("C:\\in\\cut_off.json", &fixture("cut_off.json"), now(), &lot_of).unwrap_err();
    let FileError::CutOff { file, line, .. } = &error else { panic!("{error:?}") };
    assert_eq!((file.as_str(), *line), ("cut_off.json", 27));
    assert!(error.to_string().contains("nothing was imported"));
}

#[test]
fn positions_in_messages_are_those_of_the_file() {
    let text = "[NaN, Infinity, -Infinity, x]";
    let Err(FileError::NotJson { line: 1, column, .. }) = read("a.json", text.as_bytes(), now(), &lot_of) else {
        panic!()
    };
    assert_eq!(text.as_bytes()[column - 1], b'x');
}

#[test]
fn files_of_other_kinds_are_refused_in_words() {
    for (bytes, wanted) in [
        (b"".as_slice(), "is empty"),
        (b"  \n", "is empty"),
        (b"{}", "empty object"),
        (b"{\"allocation\": [], \"capital\": 5}", "keys allocation, capital"),
        (b"{\"symbol_results\": 5}", "not an object"),
        (b"{\"a\": 1}\n{\"a\": 2}", "not valid JSON at line 2"),
        (b"hello", "neither JSON nor a table"),
        (b"\x89PNG\r\n", "not text"),
    ] {
        let error = read("f", bytes, now(), &lot_of).unwrap_err().to_string();
        assert!(error.starts_with('f') && error.contains(wanted), "{error}");
    }
}

#[test]
fn limits_are_said() {
    let error = read("f", &vec![b' '; MAX_BYTES + 1], now(), &lot_of).unwrap_err();
    assert_eq!(error, FileError::TooLarge { file: "f".into(), bytes: MAX_BYTES + 1 });
    let many = format!("[{}]", vec!["{}"; MAX_STRATEGIES + 1].join(","));
    let error = read("f", many.as_bytes(), now(), &lot_of).unwrap_err();
    assert_eq!(error, FileError::TooMany { file: "f".into(), found: MAX_STRATEGIES + 1 });
}

fn refusal(json: &str) -> (String, &'static str) {
    let imported = read_text("a.json", json);
    assert_eq!((imported.good.len(), imported.refused.len()), (0, 1), "{json}");
    (imported.refused[0].place.clone(), imported.refused[0].code)
}

#[test]
fn a_bad_row_is_refused_with_its_place() {
    let call = |more: &str| strategy_json("Long Call", &leg_json("LONG", "26000", "CALL", "310", more));
    for (json, place, code) in [
        (call(r#", "quantity": 0"#), "legs[0].quantity", "bad_quantity"),
        (call(r#", "quantity": 1.5"#), "legs[0].quantity", "bad_quantity"),
        (call(r#", "quantity": 65"#), "legs[0].quantity", "bad_quantity"),
        (call(r#", "expiry": "07-06-2026""#), "legs[0].expiry", "bad_expiry"),
        (call("").replace("LONG", "HOLD"), "legs[0].position", "bad_side"),
        (call("").replace("CALL", "CAP"), "legs[0].option_type", "bad_type"),
        (call("").replace("26000", "-5"), "legs[0].strike", "bad_strike"),
        (call("").replace("26000", "[1]"), "legs[0].strike", "bad_strike"),
        (call("").replace("310", "0"), "legs[0].premium", "bad_premium"),
        (call("").replace("NIFTY", "NIFTY 51"), "symbol", "symbol_unknown"),
        (call("").replace("\"NIFTY\"", "null"), "", "symbol_missing"),
        (call("").replace("\"symbol\"", "\"exchange\": \"LSE\", \"symbol\""), "exchange", "exchange_unknown"),
        ("[5]".to_owned(), "[0]", "bad_record"),
        (r#"[{"symbol": "NIFTY", "legs": {}}]"#.to_owned(), "[0].legs", "bad_record"),
        (r#"[{"symbol": "NIFTY", "legs": []}]"#.to_owned(), "[0]", "no_legs"),
    ] {
        assert_eq!(refusal(&json), (place.to_owned(), code), "{json}");
    }
}

#[test]
fn the_same_strategy_twice_in_a_file_is_taken_once() {
    let one = strategy_json("Long Call", &leg_json("LONG", "26000", "CALL", "310", ""));
    let imported = read_text("a.json", &format!("[{one}, {one}]"));
    assert_eq!((imported.good.len(), imported.refused[0].code), (1, "duplicate"));
    assert_eq!(imported.refused[0].place, "[1]");
}

#[test]
fn a_calendar_without_expiries_cannot_be_told_apart_and_is_refused() {
    let legs = [leg_json("SHORT", "26000", "CALL", "310", ""), leg_json("LONG", "26000", "CALL", "420", "")];
    assert_eq!(refusal(&strategy_json("Calendar Spread", &legs.join(","))).1, "legs_cancel");
    let legs = [
        leg_json("SHORT", "26000", "CALL", "310", r#", "expiry": "2026-11-23""#),
        leg_json("LONG", "26000", "CALL", "420", ""),
    ];
    assert_eq!(refusal(&strategy_json("Calendar Spread", &legs.join(","))).1, "expiry_partial");
}

#[test]
fn the_ratio_of_a_ratio_spread_is_never_guessed() {
    let legs = [leg_json("LONG", "26000", "CALL", "310", ""), leg_json("SHORT", "26300", "CALL", "190", "")];
    assert_eq!(refusal(&strategy_json("Call Ratio Spread", &legs.join(","))).1, "ratio_missing");
}
