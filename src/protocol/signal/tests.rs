use jiff::tz::{Offset, TimeZone};
use proptest::prelude::*;
use rust_decimal_macros::dec;

use super::*;
use crate::domain::time::{Timestamp, ist_offset};

fn rules() -> Rules {
    Rules { zone: TimeZone::fixed(ist_offset()), secret: false, source: "test" }
}

fn body(change: &[(&str, &str)]) -> String {
    let usual = [
        ("strategy", r#""SCALP_ATM""#),
        ("symbol", r#""NIFTY""#),
        ("side", r#""BUY""#),
        ("timeframe", r#""1m""#),
        ("price", "22540.0"),
        ("timestamp", r#""2026-11-20T10:15:00""#),
    ];
    let of = |name: &str| change.iter().find(|(n, _)| *n == name).map(|(_, v)| *v);
    let mut fields: Vec<String> = usual.iter().map(|(n, v)| format!("\"{n}\":{}", of(n).unwrap_or(v))).collect();
    let more = change.iter().filter(|(n, _)| usual.iter().all(|(u, _)| u != n));
    fields.extend(more.map(|(n, v)| format!("\"{n}\":{v}")));
    format!("{{{}}}", fields.join(","))
}

fn with(name: &str, value: &str) -> Result<Signal, BadSignal> {
    read(body(&[(name, value)]).as_bytes(), &rules())
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn a_signal_is_read_whole() {
    let signal = with("id", r#""tv-1""#).unwrap();
    assert_eq!((signal.setup.as_str(), signal.symbol.as_str(), signal.side), ("SCALP_ATM", "NIFTY", Side::Buy));
    assert_eq!((signal.timeframe.as_str(), signal.price), ("1m", Price(dec!(22540))));
    assert_eq!(signal.at, at("2026-11-20T04:45:00Z"));
    assert_eq!((signal.key.0.as_str(), signal.source.as_str()), ("tv-1", "test"));
}

#[test]
fn prices_are_exact_however_they_are_written() {
    for (written, exact) in [
        ("22540.05", dec!(22540.05)),
        (r#""22540.05""#, dec!(22540.05)),
        ("0.1", dec!(0.1)),
        ("22540.049999999999272", dec!(22540.049999999999272)),
        (r#""22540""#, dec!(22540)),
        ("9999999", dec!(9999999)),
    ] {
        assert_eq!(with("price", written).unwrap().price.0, exact, "{written}");
    }
}

#[test]
fn a_time_without_a_zone_is_in_the_zone_that_is_set() {
    let time = |text: &str| with("timestamp", &format!("\"{text}\"")).map(|s| s.at);
    assert_eq!(time("2026-11-20T10:15:00"), Ok(at("2026-11-20T10:15:00+05:30")));
    assert_eq!(time("2026-11-20T10:15:00Z"), Ok(at("2026-11-20T10:15:00Z")), "TradingView's {{timenow}}");
    assert_eq!(time("2026-11-20T10:15:00.250+05:30"), Ok(at("2026-11-20T04:45:00.25Z")));
    assert_eq!(time("2026-11-20T10:15:00-03:00"), Ok(at("2026-11-20T13:15:00Z")));
    let tokyo = Rules { zone: TimeZone::fixed(Offset::constant(9)), ..rules() };
    assert_eq!(read(body(&[]).as_bytes(), &tokyo).unwrap().at, at("2026-11-20T01:15:00Z"));
}

#[test]
fn a_time_that_a_clock_skips_or_shows_twice_is_not_guessed() {
    let Ok(berlin) = TimeZone::get("Europe/Berlin") else { return };
    let rules = Rules { zone: berlin, ..rules() };
    for (text, taken) in [
        ("2026-03-29T02:30:00", false),
        ("2026-10-25T02:30:00", false),
        ("2026-10-25T02:30:00+01:00", true),
        ("2026-10-25T04:30:00", true),
    ] {
        let read = read(body(&[("timestamp", &format!("\"{text}\""))]).as_bytes(), &rules);
        assert_eq!(read.is_ok(), taken, "{text}");
    }
}

#[test]
fn sides_are_read_in_any_case() {
    assert_eq!(with("side", r#""sell""#).unwrap().side, Side::Sell);
    assert_eq!(with("side", r#""Buy""#).unwrap().side, Side::Buy);
}

#[test]
fn the_same_signal_has_the_same_key_however_it_is_written() {
    let key = |changes: &[(&str, &str)]| read(body(changes).as_bytes(), &rules()).unwrap().key;
    let first = key(&[]);
    assert!(first.0.len() == 64);
    assert_eq!(key(&[("price", r#""22540.00""#), ("side", r#""buy""#)]), first);
    assert_eq!(key(&[("timestamp", r#""2026-11-20T04:45:00Z""#)]), first);
    for other in [
        ("strategy", r#""SCALP_2""#),
        ("symbol", r#""SENSEX""#),
        ("side", r#""SELL""#),
        ("timeframe", r#""5m""#),
        ("price", "22540.05"),
        ("timestamp", r#""2026-11-20T10:15:01""#),
    ] {
        assert_ne!(key(&[other]), first, "{}", other.0);
    }
    assert_eq!(key(&[("id", r#""a""#)]), key(&[("id", r#""a""#), ("price", "1")]), "its own id goes before the fields");
}

#[test]
fn a_secret_is_a_field_too_many_unless_bodies_may_carry_one() {
    let text = body(&[("secret", r#""hush""#)]);
    assert_eq!(read(text.as_bytes(), &rules()), Err(BadSignal::Unknown(Some("secret".into()))));
    let open = Rules { secret: true, ..rules() };
    let signal = read(text.as_bytes(), &open).unwrap();
    assert_eq!(signal.key, read(body(&[]).as_bytes(), &open).unwrap().key, "it is no part of the signal");
    assert_eq!(secret_in(text.as_bytes()).as_deref(), Some("hush"));
    assert_eq!(secret_in(br#"{"secret":"x","nonsense":[1]}"#).as_deref(), Some("x"));
    assert_eq!(secret_in(b"secret=x"), None);
    assert_eq!(secret_in(br#"{"secret":["x"]}"#), None);
}

#[test]
fn a_refusal_names_the_field_and_no_value() {
    let told = with("price", r#""hush-hush""#).unwrap_err();
    assert_eq!((told.field(), told.status(), told.code()), (Some("price"), 422, "bad_value"));
    let long = "a".repeat(40);
    let stray = read(body(&[(&long, "1")]).as_bytes(), &rules()).unwrap_err();
    assert!(!stray.to_string().contains(&long), "a secret may stand in the wrong place");
    assert!(read(body(&[("quantity", "1")]).as_bytes(), &rules()).unwrap_err().to_string().contains("`quantity`"));
}

proptest! {
    #[test]
    fn no_bytes_stop_the_reading(body in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = (read(&body, &rules()), secret_in(&body));
    }

    /// Something that is nearly a signal.
    #[test]
    fn no_value_stops_the_reading_or_is_repeated(
        field in prop::sample::select(vec!["strategy", "symbol", "side", "timeframe", "price", "timestamp", "id", "secret"]),
        value in "[ -~]{0,40}|\\PC{0,20}",
        quoted in any::<bool>(),
    ) {
        let value = if quoted { serde_json::to_string(&value).unwrap() } else { value };
        let open = Rules { secret: true, ..rules() };
        let text = body(&[(field, &value)]);
        let _ = secret_in(text.as_bytes());
        if let Err(bad) = read(text.as_bytes(), &open) {
            let planted = body(&[(field, r#""Qx7Qx7Qx7Qx7Qx7Qx7Qx7Qx7Qx7Qx7Qx7""#)]);
            let told = read(planted.as_bytes(), &open).err().map(|e| e.to_string()).unwrap_or_default();
            prop_assert!(!told.contains("Qx7") && matches!(bad.status(), 400 | 422));
        }
    }

    /// What is read is what was written.
    #[test]
    fn every_price_that_is_taken_is_exact(paise in 1_i64..99_999_999_999) {
        let exact = rust_decimal::Decimal::new(paise, 4);
        prop_assume!(exact <= HIGHEST_PRICE);
        prop_assert_eq!(with("price", &exact.to_string()).unwrap().price.0, exact);
    }
}
