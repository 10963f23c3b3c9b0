//! The reference's examples of records, with the outcome it suggests.

use super::*;

/// What the reference suggests and this importer decides otherwise, or later.
fn deviation(id: &str) -> Option<(bool, &'static [&'static str], &'static str)> {
    match id {
        // Strikes and expiries are checked against the instrument list when the strategy is mapped.
        "RX10" => Some((true, &["payoff_mismatch"], "the strike is checked at mapping; the lot differs")),
        "RX15" => Some((true, &[], "the expiry is checked at mapping")),
        "RX17" => Some((true, &["payoff_mismatch"], "the strike is checked at mapping; the width differs")),
        // Resolved when it is marked, so it does not block.
        "RX14" => Some((true, &["expiry_missing"], "the expiry is chosen at marking")),
        // Ours is what counts and is shown, with the real lot: every file with another lot would be blocked.
        "RX12" => Some((true, &["payoff_mismatch"], "only reported figures differ")),
        // Age is shown, and prices are checked again before execution.
        "RX18" => Some((true, &["stale"], "age does not block")),
        _ => None,
    }
}

#[test]
fn the_reference_examples_come_out_as_suggested() {
    let text = include_str!("../../../tests/fixtures/market/recommendation_examples.json");
    let file: Value = serde_json::from_str(text).unwrap();
    let cases = file["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 22);
    for case in cases {
        let id = case["id"].as_str().unwrap();
        let as_of = case["as_of"].as_str().unwrap().parse().unwrap();
        let imported = read("case.json", case.to_string().as_bytes(), as_of, &lot_of).unwrap();
        let expect = &case["expect"];
        let list = |v: &Value| v.as_array().unwrap().iter().map(|x| x.as_str().unwrap().to_owned()).collect::<Vec<_>>();
        let issues = list(&expect["issues"]);
        if !expect["accept"].as_bool().unwrap() && deviation(id).is_none() {
            let refused: Vec<_> = imported.refused.iter().map(|r| r.code.to_owned()).collect();
            assert_eq!((imported.good.len(), refused), (0, issues), "{id}");
            continue;
        }
        let r = only(imported);
        let found: Vec<&str> = codes(&r);
        let tradable = r.blocked().is_none();
        match deviation(id) {
            Some((trades, codes, why)) => assert_eq!((found, tradable), (codes.to_vec(), trades), "{id}: {why}"),
            None => assert_eq!(
                (found, tradable),
                (issues.iter().map(String::as_str).collect(), expect["tradable"].as_bool().unwrap()),
                "{id}"
            ),
        }
        normalised(id, &r, &expect["normalised"]);
    }
}

fn normalised(id: &str, r: &Recommendation, want: &Value) {
    let number = |v: &Value| v.as_number().map(|n| n.to_string().parse::<rust_decimal::Decimal>().unwrap());
    let metrics = r.metrics.as_ref().unwrap();
    for (key, value) in want.as_object().unwrap() {
        let bound = |ours: Bound| match (ours, number(value)) {
            (Bound::Limited(ours), Some(theirs)) => assert_eq!(ours.0, theirs, "{id} {key}"),
            (ours, _) => assert_eq!((ours, value.as_str()), (Bound::Unlimited, Some("unlimited")), "{id} {key}"),
        };
        match key.as_str() {
            "derived_id" => {
                let title = r.derived_name.as_deref().unwrap();
                assert_eq!(title.to_lowercase().replace(' ', "_"), value.as_str().unwrap(), "{id}");
            }
            "max_profit_rupees" => bound(metrics.max_profit),
            "max_loss_rupees" => bound(metrics.max_loss),
            "net_premium_rupees" => assert_eq!(Some(metrics.net_premium.0), number(value), "{id}"),
            "breakevens" => {
                let theirs: Vec<_> = value.as_array().unwrap().iter().map(|v| Price(number(v).unwrap())).collect();
                assert_eq!(metrics.breakevens, theirs, "{id}");
            }
            "conviction" => assert_eq!(r.conviction.map(Conviction::as_str), value.as_str(), "{id}"),
            "pop" => assert_eq!(r.probability, number(value), "{id}"),
            "total_score" => assert_eq!(r.score, number(value), "{id}"),
            "symbol" => assert_eq!(r.symbol.as_str(), value.as_str().unwrap(), "{id}"),
            other => panic!("{id}: {other}"),
        }
    }
}
