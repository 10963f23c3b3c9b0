use jiff::civil::date;
use rust_decimal_macros::dec;
use serde::{Deserialize, Serialize};

use super::*;

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Row {
    #[serde(with = "number")]
    price: Decimal,
    #[serde(with = "opt_number")]
    margin: Option<Decimal>,
    #[serde(with = "whole")]
    quantity: i64,
    #[serde(with = "text")]
    id: String,
    #[serde(with = "na_text")]
    reason: Option<String>,
    #[serde(with = "ist_time")]
    at: Option<Timestamp>,
    #[serde(with = "date")]
    day: Option<Date>,
    #[serde(with = "flag")]
    amo: bool,
}

fn read(json: &str) -> Row {
    serde_json::from_str(json).unwrap()
}

#[test]
fn a_number_is_read_exactly_as_number_or_as_text() {
    for json in [
        r#"{"price":101.05,"quantity":65}"#,
        r#"{"price":"101.05","quantity":"65"}"#,
        r#"{"price":1.0105e2,"quantity":65.0}"#,
    ] {
        let row = read(json);
        assert_eq!((row.price, row.quantity), (dec!(101.05), 65), "{json}");
    }
    assert_eq!(read(r#"{"price":0.1000000000000000055511}"#).price, dec!(0.1000000000000000055511));
}

#[test]
fn every_spelling_of_nothing_is_nothing() {
    for nothing in ["null", r#""""#, r#""NA""#] {
        let json = format!(
            r#"{{"price":{nothing},"margin":{nothing},"quantity":{nothing},"reason":{nothing},"at":{nothing},"day":{nothing},"amo":{nothing}}}"#
        );
        assert_eq!(read(&json), Row::default(), "{json}");
    }
    let never = r#"{"at":"0001-01-01 00:00:00","day":"0001-01-01","reason":"XX"}"#;
    assert_eq!(read(never), Row::default());
    assert_eq!(parse_ist("01/01/1980 00:00:00"), None);
    assert_eq!(read("{}"), Row::default());
}

#[test]
fn times_are_the_wall_clock_of_india() {
    let quarter_past_nine = Some("2026-11-20T03:45:00Z".parse().unwrap());
    for text in [
        "2026-11-20 09:15:00",
        "2026-11-20T09:15:00.000",
        "20/11/2026 09:15:00",
        "20/11/2026 09:15",
        "2026-11-20 09:15:00.0",
    ] {
        assert_eq!(parse_ist(text), quarter_past_nine, "{text}");
    }
    assert_eq!(parse_ist("2026-13-20 09:15:00"), None);
    assert_eq!(parse_date("2026-11-24 14:30:00"), Some(date(2026, 11, 24)));
}

#[test]
fn what_is_written_is_the_live_form() {
    let row = Row { price: dec!(101), quantity: 65, id: "112".into(), ..Row::default() };
    assert_eq!(
        serde_json::to_string(&row).unwrap(),
        r#"{"price":101.0,"margin":null,"quantity":65,"id":"112","reason":"NA","at":"0001-01-01 00:00:00","day":"0001-01-01","amo":false}"#
    );
}

#[test]
fn a_fraction_is_not_a_quantity_and_a_word_is_not_a_price() {
    assert!(serde_json::from_str::<Row>(r#"{"quantity":1.5}"#).is_err());
    assert!(serde_json::from_str::<Row>(r#"{"price":"dear"}"#).is_err());
    assert!(serde_json::from_str::<Row>(r#"{"price":[1]}"#).is_err());
}

#[test]
fn an_object_and_a_list_of_one_are_the_same_answer() {
    for body in [r#"{"price":1}"#, r#"[{"price":1}]"#] {
        assert_eq!(one_or_many::<Row>(body.as_bytes()).unwrap().len(), 1);
    }
    assert!(one_or_many::<Row>(b"[]").unwrap().is_empty());
}
