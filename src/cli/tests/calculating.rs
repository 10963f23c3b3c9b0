//! `calc`, by the reference tables: whole files in, every row of the answer checked.
#![allow(clippy::float_cmp)] // money that is written the same is the same number

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::stage::{Ran, desk_of, ran, three};

const MARKET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/market");

async fn calc(words: &[&str]) -> Ran {
    ran(&desk_of(&three()), &[&["calc"], words].concat()).await
}

async fn on_file(content: &str, words: &[&str]) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("input");
    std::fs::write(&file, content).unwrap();
    calc(&[words, &[file.to_str().unwrap()]].concat()).await
}

type Rows = BTreeMap<String, BTreeMap<String, String>>;

/// Rows by id, fields by column.
fn rows(csv: &str) -> Rows {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let rows = reader.deserialize::<BTreeMap<String, String>>().map(Result::unwrap);
    rows.map(|row| (row["id"].clone(), row)).collect()
}

fn table(name: &str) -> (String, Rows) {
    let path = format!("{MARKET}/{name}");
    let text = std::fs::read_to_string(&path).unwrap();
    (path, rows(&text))
}

fn number(row: &BTreeMap<String, String>, column: &str) -> f64 {
    row[column].parse().unwrap()
}

#[tokio::test]
async fn greeks_of_the_whole_reference_table() {
    let (path, want) = table("greeks_reference.csv");
    let ran = calc(&["greeks", "--csv", &path]).await;
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(ran.out.starts_with("id,price,delta,gamma,theta_per_day,vega_per_pct,rho_per_pct,prob_itm\nG00001,"));
    let got = rows(&ran.out);
    assert_eq!(got.len(), 2_520);
    for (id, row) in &want {
        let scale = number(row, "underlying").max(number(row, "strike"));
        for (column, relative, least) in [
            ("price", 0.0, 1e-11 * scale),
            ("delta", 0.0, 1e-10),
            ("prob_itm", 0.0, 1e-10),
            ("gamma", 1e-8, 1e-12),
            ("vega_per_pct", 1e-8, 1e-12),
            ("theta_per_day", 1e-8, 1e-9),
            ("rho_per_pct", 1e-8, 1e-9),
        ] {
            let (a, b) = (number(&got[id], column), number(row, column));
            assert!((a - b).abs() <= relative * b.abs() + least, "{id} {column}: {a}, table {b}");
        }
    }
}

#[tokio::test]
async fn volatilities_of_the_edge_cases() {
    let (path, want) = table("iv_edge_cases.csv");
    let ran = calc(&["iv", "--csv", &path]).await;
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "a named answer is no failure");
    let got = rows(&ran.out);
    for (id, row) in &want {
        assert_eq!(got[id]["status"], row["expected_status"], "{id}");
        assert_eq!(got[id]["iv"].is_empty(), row["iv"].is_empty(), "{id}");
        if !row["iv"].is_empty() {
            let (a, b) = (number(&got[id], "iv"), number(row, "iv"));
            assert!((a - b).abs() <= (1e-8 * b).max(20.0 * number(row, "iv_noise")), "{id}: {a}, table {b}");
        }
    }
}

#[tokio::test]
async fn charges_of_the_whole_reference_table() {
    let (path, want) = table("charges_reference.csv");
    let got = rows(&calc(&["charges", "--csv", &path]).await.out);
    for (id, row) in &want {
        for column in ["brokerage", "stt", "exchange_txn", "sebi_fee", "ipft", "stamp_duty", "gst", "total"] {
            assert_eq!(number(&got[id], column), number(row, column), "{id} {column}");
        }
    }
}

/// Whether an answer is what the table says: every key of it, numbers within the tolerance of the dictionary.
fn agrees(got: &Value, want: &Value, at: &str) {
    match (got, want) {
        (Value::Object(got), Value::Object(want)) => {
            for (key, value) in want.iter().filter(|(key, _)| *key != "description" && !key.ends_with("_at")) {
                agrees(got.get(key).unwrap_or_else(|| panic!("{at}: no {key}")), value, &format!("{at} {key}"));
            }
        }
        (Value::Array(got), Value::Array(want)) => {
            assert_eq!(got.len(), want.len(), "{at}: {got:?}, table {want:?}");
            got.iter().zip(want).for_each(|(a, b)| agrees(a, b, at));
        }
        (Value::Number(got), Value::Number(want)) => {
            let tolerance = if at.ends_with("pop") { 1e-9 } else { 1e-6 };
            let off = (got.as_f64().unwrap() - want.as_f64().unwrap()).abs();
            assert!(off <= tolerance, "{at}: {got}, table {want}");
        }
        _ => assert_eq!(got, want, "{at}"),
    }
}

fn by_id(answer: &Value) -> BTreeMap<String, Value> {
    let results = answer["results"].as_array().unwrap().iter();
    results.map(|r| (r["id"].as_str().unwrap().to_string(), r.clone())).collect()
}

/// The cases without what is expected of them; what a model is to assume stands beside the legs.
#[tokio::test]
async fn payoffs_of_all_reference_positions() {
    let mut file: Value =
        serde_json::from_str(&std::fs::read_to_string(format!("{MARKET}/payoff_reference.json")).unwrap()).unwrap();
    let mut expected = BTreeMap::new();
    for case in file["cases"].as_array_mut().unwrap() {
        let want = case.as_object_mut().unwrap().remove("expected").unwrap();
        if let Some(model) = want.get("near_expiry_model") {
            case["far_vol"] = model["far_vol"].clone();
            case["far_time_left_years"] = model["far_time_left_years"].clone();
        }
        expected.insert(case["id"].as_str().unwrap().to_string(), want);
    }
    let ran = on_file(&file.to_string(), &["payoff", "--json"]).await;
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let got = by_id(&ran.json());
    assert_eq!(got.len(), 146);
    expected.iter().for_each(|(id, want)| agrees(&got[id], want, id));
}

#[tokio::test]
async fn names_of_all_reference_positions() {
    let path = format!("{MARKET}/strategy_names.json");
    let file: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let ran = calc(&["name", "--json", &path]).await;
    let got = by_id(&ran.json());
    for case in file["cases"].as_array().unwrap() {
        assert_eq!(got[case["id"].as_str().unwrap()]["name"], case["expected"], "{}", case["id"]);
    }
}

#[tokio::test]
async fn a_row_that_cannot_be_computed_has_no_figures_and_stops_nothing() {
    let table = "\u{feff}id,model,type,underlying,strike,t_years,r,q,vol,note\r\n\
        A,black76,C,26000,26100,0.02,0.065,0,0.13,good\r\n\
        B,black76,C,26000,-5,0.02,0.065,0,0.13,\r\n\
        C,black76,X,26000,26100,0.02,0.065,0,0.13,\r\n\
        D,bs,P,26000,26100,,0.065,0,nan,\r\n";
    let ran = on_file(table, &["greeks", "--csv"]).await;
    let got = rows(&ran.out);
    assert!(number(&got["A"], "price") > 0.0);
    for id in ["B", "C", "D"] {
        assert!(got[id].iter().all(|(column, field)| column == "id" || field.is_empty()), "{id}");
    }
    let reasons: Vec<&str> = ran.err.lines().collect();
    assert_eq!(
        reasons,
        [
            "row 2 (B): the strike must be a positive price",
            "row 3 (C): type cannot be `X`: C or P",
            "row 4 (D): t_years is missing"
        ]
    );
    assert_eq!(ran.code, 1);
}

#[tokio::test]
async fn a_case_that_cannot_be_computed_says_why_and_stops_nothing() {
    let cases = json!([
        {"id": "none", "legs": []},
        {"id": "odd", "legs": [{"action": "HOLD", "type": "CE", "strike": 26000}]},
        {"id": "good", "legs": [{"action": "BUY", "type": "CE", "strike": 26000, "lots": 2, "price": 100.5}]},
    ]);
    let ran = on_file(&cases.to_string(), &["payoff", "--json"]).await;
    let got = by_id(&ran.json());
    assert_eq!(got["none"]["error"], "there are no legs");
    assert_eq!(got["odd"]["error"], "leg 1: action cannot be `HOLD`: BUY or SELL");
    assert_eq!((&got["good"]["net_premium_points"], &got["good"]["pop"]), (&json!(-201), &Value::Null));
    assert_eq!((ran.code, ran.err.lines().count()), (1, 2));
    let names = on_file(&cases.to_string(), &["name", "--json"]).await;
    assert_eq!(by_id(&names.json())["none"]["name"], "flat");
}

/// Without assumptions the volatility of the later leg is what its own price implies, and its time the days between.
#[tokio::test]
async fn a_calendar_is_valued_by_what_its_own_legs_imply() {
    let leg = |action: &str, expiry: &str, price: f64| json!({"action": action, "type": "CE", "strike": 26000, "expiry": expiry, "lots": 1, "price": price});
    let legs = [leg("SELL", "2026-11-23", 120.0), leg("BUY", "2026-12-29", 560.0)];
    let case = json!({"id": "K", "spot": 26000, "r": 0.055, "vol": 0.12, "t_years": 0.01, "legs": legs});
    let answer = on_file(&case.to_string(), &["payoff", "--json"]).await.json();
    let model = &answer["results"][0]["near_expiry_model"];
    assert!((model["far_time_left_years"].as_f64().unwrap() - 36.0 / 365.0).abs() < 1e-12);
    let far = ["--model", "bs", "--type", "C", "--underlying", "26000", "--strike", "26000", "--rate", "5.5"];
    let years = (0.01 + 36.0 / 365.0).to_string();
    let iv = calc(&[&["iv", "--json", "--price", "560", "--t-years", &years], &far[..]].concat()).await.json();
    assert!((model["far_vol"].as_f64().unwrap() - iv["iv"].as_f64().unwrap()).abs() < 1e-12, "{model}");
    assert_eq!(model["breakevens"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_table_without_its_columns_and_a_file_that_is_not_there_are_refused() {
    let ran = on_file("id,type\nA,C\n", &["iv", "--csv"]).await;
    assert_eq!((ran.code, ran.err.trim()), (1, "the table has no column underlying, strike, t_years, r, price"));
    let ran = calc(&["name", "--json", "/nowhere/cases.json"]).await;
    assert!(ran.code == 1 && ran.err.contains("/nowhere/cases.json cannot be read"), "{}", ran.err);
}

#[tokio::test]
async fn single_values_by_flags() {
    let option = ["--type", "C", "--underlying", "26000", "--strike", "26100", "--rate", "6.5"];
    let greeks = calc(&[&["greeks", "--vol", "13", "--days", "7", "--json"], &option[..]].concat()).await.json();
    assert!((greeks["price"].as_f64().unwrap() - 141.154_166_711_785).abs() < 1e-9, "{greeks}");
    let price = greeks["price"].to_string();
    let iv = calc(&[&["iv", "--price", &price, "--days", "7", "--json"], &option[..]].concat()).await.json();
    assert!((iv["iv"].as_f64().unwrap() - 0.13).abs() < 1e-12, "{iv}");
    // To the close of that day: 15:40, five hours and forty minutes after ten.
    let dated = ["greeks", "--vol", "13", "--expiry", "2026-11-20", "--at", "2026-11-20T10:00", "--json"];
    let day = calc(&[&dated, &option[..]].concat()).await.json();
    let hours =
        calc(&[&["greeks", "--vol", "13", "--days", "0.2361111111111111", "--json"], &option[..]].concat()).await;
    assert!((day["price"].as_f64().unwrap() - hours.json()["price"].as_f64().unwrap()).abs() < 1e-9);
    let ran = calc(&["name", "--leg", "SELL 2x 26500 CE", "--leg", "BUY 2x 26800 CE"]).await;
    assert_eq!(ran.out, "Bear Call Spread (bear_call_spread)\n");
    let legs = ["payoff", "--leg", "SELL 26500 CE @118.5", "--leg", "BUY 26800 CE @52", "--lot-size", "65"];
    let payoff = calc(&[&legs[..], &["--spot", "26000", "--days", "7", "--vol", "13", "--json"]].concat()).await.json();
    assert_eq!((&payoff["max_pnl_rupees"], &payoff["breakevens"]), (&json!(4322.5), &json!([26566.5])));
    let order = ["charges", "--side", "SELL", "--symbol", "NIFTY", "--quantity", "65", "--price", "135"];
    let charges = calc(&[&order[..], &["--date", "2026-11-20", "--json"]].concat()).await.json();
    assert_eq!(charges["total"], json!(40.29));
}

/// Added up over the day, then rounded once.
#[tokio::test]
async fn a_contract_note_rounds_the_sum_and_not_its_orders() {
    let orders = "id,date,exchange,segment,symbol,side,quantity,price\n\
        1,2026-11-20,NSE,options,NIFTY,SELL,65,4\n\
        2,2026-11-20,NSE,options,NIFTY,SELL,65,4\n";
    let stt = |ran: &Ran| rows(&ran.out).values().map(|row| number(row, "stt")).sum::<f64>();
    assert_eq!(stt(&on_file(orders, &["charges", "--csv"]).await), 0.0, "39 paise each");
    let notes = on_file(orders, &["charges", "--notes", "--csv"]).await;
    assert_eq!(stt(&notes), 1.0, "78 paise together");
    assert!(notes.out.contains("2026-11-20 NSE options,40,1,"), "{}", notes.out);
}
