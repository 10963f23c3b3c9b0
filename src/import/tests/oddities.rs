//! What is odd but taken over, and which of it blocks.

use super::*;

fn strategy(name: &str, legs: &[String]) -> Recommendation {
    only(read_text("a.json", &strategy_json(name, &legs.join(","))))
}

#[test]
fn prices_keep_every_digit_that_means_something() {
    let r = strategy("Long Call", &[leg_json("LONG", "1.525e2", "CALL", "4.350000000000001", "")]);
    assert_eq!(r.legs[0].kind, LegKind::Option { strike: Price(dec!(152.5)), right: OptionRight::Call });
    assert_eq!(r.legs[0].premium.unwrap().to_string(), "4.35", "the noise of binary floating point is cut");
}

#[test]
fn the_body_of_a_butterfly_is_rebuilt_and_said() {
    let legs = [
        leg_json("LONG", "25500", "CALL", "500", r#", "lots": 1"#),
        leg_json("LONG", "26500", "CALL", "60", r#", "lots": 1"#),
        leg_json("SHORT", "26000", "CALL", "220", r#", "lots": 1, "quantity": 65"#),
    ];
    let r = strategy("Butterfly Spread", &legs);
    assert_eq!(r.legs.iter().map(|l| l.ratio).collect::<Vec<_>>(), [1, 1, 2]);
    assert_eq!((codes(&r), blocks(&r)), (vec!["ratio_rebuilt", "expiry_missing"], None));
    assert_eq!(r.derived_name.as_deref(), Some("Long Call Butterfly"));
    let r = strategy("Bull Call Ladder", &legs);
    assert_eq!((blocks(&r), r.legs[2].ratio), (Some("name_mismatch"), 1), "only what is called a butterfly");
}

#[test]
fn a_covered_call_without_its_stock_is_blocked() {
    let r = strategy("Covered Call", &[leg_json("SHORT", "27000", "CALL", "35", "")]);
    assert_eq!(blocks(&r), Some("covered_call_without_stock"));
    assert!(r.issues[0].detail.contains("one leg only: a covered call without its stock would be a naked call"));
    let stock = r#"{"action": "BUY", "type": "EQ", "price": 26013}"#.to_owned();
    let r = strategy("Covered Call", &[stock, leg_json("SHORT", "27000", "CALL", "35", "")]);
    assert_eq!((blocks(&r), r.derived_name.as_deref()), (None, Some("Covered Call")));
}

#[test]
fn a_credit_spread_without_a_credit_is_blocked_until_it_is_priced_again() {
    let legs = [leg_json("SHORT", "26500", "CALL", "70", ""), leg_json("LONG", "26800", "CALL", "71.05", "")];
    let r = strategy("Bear Call Spread", &legs);
    assert_eq!(blocks(&r), Some("inconsistent_prices"));
}

#[test]
fn a_negative_profit_is_flagged_and_blocks_where_nothing_speaks_against_it() {
    let with = |legs: &str| {
        let text = strategy_json("Bear Call Spread", legs).replace("\"legs\"", "\"max_profit\": -82.5, \"legs\"");
        only(read_text("a.json", &text))
    };
    let sound =
        with(&[leg_json("SHORT", "26500", "CALL", "142", ""), leg_json("LONG", "26800", "CALL", "71", "")].join(","));
    assert_eq!((codes(&sound), blocks(&sound)), (vec!["negative_profit", "expiry_missing", "payoff_mismatch"], None));
    let stale =
        with(&[leg_json("SHORT", "26500", "CALL", "70", ""), leg_json("LONG", "26800", "CALL", "71.25", "")].join(","));
    assert_eq!(blocks(&stale), Some("inconsistent_prices"));
    let unknown =
        with(&[leg_json("SHORT", "26500", "CALL", "NaN", ""), leg_json("LONG", "26800", "CALL", "71", "")].join(","));
    assert_eq!(blocks(&unknown), Some("negative_profit"));
}

#[test]
fn a_diagonal_of_one_expiry_is_the_vertical_its_legs_are() {
    let dated = r#", "expiry": "2026-12-29""#;
    let legs =
        |more: &str| [leg_json("LONG", "26500", "PUT", "575", more), leg_json("SHORT", "26000", "PUT", "370", more)];
    let r = strategy("Diagonal Spread", &legs(dated));
    assert_eq!((codes(&r), blocks(&r)), (vec!["name_mismatch"], None));
    assert_eq!(r.derived_name.as_deref(), Some("Bear Put Spread"));
    let r = strategy("Diagonal Spread", &legs(""));
    assert_eq!(blocks(&r), Some("expiries_missing"), "a second expiry may be meant");
}

#[test]
fn two_expiries_are_named_but_not_computed() {
    let legs = [
        leg_json("SHORT", "26000", "CALL", "210", r#", "expiry": "2026-11-23""#),
        leg_json("LONG", "26000", "CALL", "520", r#", "expiry": "2026-12-29""#),
    ];
    let r = strategy("Calendar Spread", &legs);
    assert_eq!((r.derived_name.as_deref(), r.metrics.as_ref()), (Some("Long Call Calendar"), None::<&Metrics>));
    assert_eq!((codes(&r), blocks(&r)), (vec!["several_expiries"], None));
}

#[test]
fn unknown_lots_leave_the_figures_for_later() {
    let text = strategy_json(
        "Bear Call Spread",
        &[leg_json("SHORT", "1300", "CALL", "18.2", ""), leg_json("LONG", "1400", "CALL", "8.95", "")].join(","),
    )
    .replace("NIFTY", "M&M")
    .replace("\"legs\"", "\"max_profit\": 3700, \"max_loss\": 36300, \"legs\"");
    let mut r = only(read_text("a.json", &text));
    assert_eq!((r.metrics.as_ref(), codes(&r)), (None, vec!["expiry_missing"]));
    recompute(&mut r, Quantity(400));
    assert_eq!(r.metrics.as_ref().map(|m| m.max_profit), Some(Bound::Limited(Money(dec!(3700)))));
    assert_eq!(codes(&r), ["expiry_missing"]);
    recompute(&mut r, Quantity(200));
    recompute(&mut r, Quantity(200));
    assert_eq!(codes(&r), ["expiry_missing", "payoff_mismatch"], "said once, with the lot of the last call");
}

#[test]
fn parts_of_one_leg_become_one_with_the_average_premium() {
    let legs = [
        leg_json("LONG", "26000", "CALL", "300", r#", "quantity": 1"#),
        leg_json("LONG", "26000.0", "CALL", "306", r#", "quantity": 2"#),
    ];
    let r = strategy("Long Call", &legs);
    assert_eq!((r.legs.len(), r.legs[0].ratio, r.legs[0].premium), (1, 3, Some(Price(dec!(304)))));
}

#[test]
fn a_later_run_of_the_day_has_the_same_key_another_day_another() {
    let text = strategy_json("Long Call", &leg_json("LONG", "26000", "CALL", "310", ""));
    let key = |text: &str| only(read_text("a.json", text)).key;
    let later = text.replace("10:00:00", "09:15:00").replace("310", "295.5").replace("26000", "26000.00");
    assert_eq!(key(&text), key(&later));
    assert_ne!(key(&text), key(&text.replace("11-20T10", "11-19T10")));
    assert_ne!(key(&text), key(&text.replace("LONG", "SHORT")));
    assert_eq!(key(&text.replace("generated_at", "made")), "undated|NSE:NIFTY|Long Call|+1x26000CE");
}

#[test]
fn an_expiry_that_is_over_blocks_and_a_validity_that_is_over_does_not() {
    let legs = leg_json("LONG", "26000", "CALL", "310", r#", "expiry": "2026-11-19""#);
    assert_eq!(blocks(&strategy("Long Call", &[legs])), Some("expired"));
    let text = strategy_json("Long Call", &leg_json("LONG", "26000", "CALL", "310", r#", "expiry": "2026-11-23""#))
        .replace("\"legs\"", "\"valid_until\": \"2026-11-20T10:04:59+05:30\", \"legs\"");
    let r = only(read_text("a.json", &text));
    assert_eq!((codes(&r), blocks(&r)), (vec!["validity_over"], None));
}

#[test]
fn sides_and_types_have_all_their_usual_names() {
    for (side, kind) in [("LONG", "CALL"), ("buy", "ce"), ("B", "C"), ("Bought", "call_option")] {
        let r = strategy("", &[leg_json(side, "26000", kind, "310", "")]);
        assert_eq!((r.name.as_str(), r.legs[0].side), ("Long Call", Side::Buy), "{side} {kind}");
    }
}
