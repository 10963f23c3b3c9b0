//! Requests and answers.

use super::*;
use crate::protocol::dhan::instruments::{Layout, read_master};

#[tokio::test]
async fn an_order_goes_from_transit_to_a_position_and_out_again() {
    let desk = Desk::new().await;
    let call = desk.option("25950", "ce").await;
    let order = desk.order(&call, "BUY", 65, "MARKET", 0.0, "SD0000001");
    let id = desk.place(order).await;
    let (status, body) = desk.ask(Method::GET, "/orders/external/SD0000001", None).await;
    assert_eq!((status, &body["errorCode"]), (StatusCode::NOT_FOUND, &json!("DH-906")), "in transit it is not found");
    desk.server.forward(5_000).await;
    let found = desk.get("/orders/external/SD0000001").await;
    assert_eq!((&found["orderId"], &found["orderStatus"]), (&json!(id), &json!("TRADED")));
    assert_eq!((&found["filledQty"], &found["remainingQuantity"]), (&json!(65), &json!(0)));
    assert_eq!((&found["orderType"], &found["drvOptionType"]), (&json!("LIMIT"), &json!("CALL")));
    assert_eq!(found["tradingSymbol"], json!("NIFTY-Nov2026-25950-CE"));
    assert_eq!(desk.get(&format!("/orders/{id}")).await, found);
    assert_eq!(desk.get("/orders").await, json!([found]));
    let trades = desk.get(&format!("/trades/{id}")).await;
    let traded: i64 = trades.as_array().unwrap().iter().map(|t| t["tradedQuantity"].as_i64().unwrap()).sum();
    assert_eq!((traded, desk.get("/trades").await), (65, trades));
    let position = desk.get("/positions").await[0].clone();
    assert_eq!((&position["netQty"], &position["positionType"]), (&json!(65), &json!("LONG")));
    assert_eq!(position["buyAvg"], found["averageTradedPrice"]);
    let funds = desk.get("/fundlimit").await;
    assert!(funds["availabelBalance"].as_f64().unwrap() < 2_000_000.0, "{funds}");
    let (status, body) = desk.ask(Method::DELETE, "/positions", None).await;
    assert_eq!((status, &body["status"]), (StatusCode::OK, &json!("SUCCESS")));
    desk.server.forward(5_000).await;
    let position = desk.get("/positions").await[0].clone();
    assert_eq!((&position["netQty"], &position["positionType"]), (&json!(0), &json!("CLOSED")));
}

#[tokio::test]
async fn an_order_is_modified_and_cancelled() {
    let desk = Desk::new().await;
    let call = desk.option("25950", "ce").await;
    let (_, ltp) = desk.post("/marketfeed/ltp", json!({"NSE_FNO": [call.parse::<u64>().unwrap()]})).await;
    let last = ltp["data"]["NSE_FNO"][&call]["last_price"].as_f64().unwrap();
    let low = (last * 0.8 * 20.0).floor() / 20.0;
    let id = desk.place(desk.order(&call, "BUY", 65, "LIMIT", low, "")).await;
    let path = format!("/orders/{id}");
    let (status, body) = desk.ask(Method::DELETE, &path, None).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(body["errorMessage"], json!("Order is in Transit state"));
    desk.server.forward(200).await;
    let terms = json!({
        "dhanClientId": desk.server.client_id, "orderId": id, "orderType": "LIMIT", "validity": "DAY",
        "quantity": 130, "price": low, "disclosedQuantity": 0, "triggerPrice": 0,
    });
    let (status, body) = desk.ask(Method::PUT, &path, Some(terms)).await;
    assert_eq!((status, &body["orderStatus"]), (StatusCode::OK, &json!("TRANSIT")));
    desk.server.forward(200).await;
    let order = desk.get(&path).await;
    assert_eq!((&order["quantity"], &order["orderStatus"]), (&json!(130), &json!("PENDING")));
    assert_eq!(order["omsErrorDescription"], json!("CONFIRMED"));
    assert!(order["correlationId"].as_str().unwrap().starts_with("1100000001-"), "made up when none is given");
    let (status, body) = desk.ask(Method::DELETE, &path, None).await;
    assert_eq!((status, &body["orderStatus"]), (StatusCode::OK, &json!("CANCELLED")));
    desk.server.forward(200).await;
    assert_eq!(desk.get(&path).await["orderStatus"], json!("CANCELLED"));
}

#[tokio::test]
async fn refusals_have_the_brokers_bodies() {
    let desk = Desk::new().await;
    let call = desk.option("25950", "ce").await;
    let bad_token = desk.http.get(format!("{}/orders", desk.server.rest)).header("access-token", "x").send();
    let bad_token = bad_token.await.unwrap();
    assert_eq!(bad_token.status(), StatusCode::UNAUTHORIZED);
    let body: Value = bad_token.json().await.unwrap();
    assert_eq!((&body["errorType"], &body["errorCode"]), (&json!("Invalid_Authentication"), &json!("DH-901")));

    let mut order = desk.order(&call, "BUY", 65, "MARKET", 0.0, "A");
    order.as_object_mut().unwrap().remove("quantity");
    let (status, body) = desk.post("/orders", order).await;
    assert_eq!((status, &body["errorMessage"]), (StatusCode::BAD_REQUEST, &json!("quantity is required")));
    assert_eq!(body["errorCode"], json!("DH-905"));

    let (status, body) = desk.post("/orders", desk.order("999999", "BUY", 65, "MARKET", 0.0, "A")).await;
    assert_eq!((status, &body["errorCode"]), (StatusCode::BAD_REQUEST, &json!("DH-905")));

    assert_eq!(desk.get("/orders/123").await, json!([]), "an unknown order is an empty list");
    let (status, body) = desk.ask(Method::GET, "/holdings", None).await;
    assert_eq!((status, &body["errorCode"]), (StatusCode::INTERNAL_SERVER_ERROR, &json!("DH-1111")));
    let (status, body) = desk.ask(Method::GET, "/forever/all", None).await;
    assert_eq!((status, &body["error"]), (StatusCode::NOT_FOUND, &json!("Not Found")));

    let id = desk.place(desk.order(&call, "BUY", 66, "MARKET", 0.0, "A")).await;
    desk.server.forward(200).await;
    let order = desk.get(&format!("/orders/{id}")).await;
    assert_eq!((&order["orderStatus"], &order["exchangeOrderId"]), (&json!("REJECTED"), &json!("NA")));
    assert_eq!(order["exchangeTime"], json!("0001-01-01 00:00:00"));
    assert!(order["omsErrorDescription"].as_str().unwrap().starts_with("RMS:"));
}

#[tokio::test]
async fn the_eleventh_order_in_a_second_is_too_fast() {
    let desk = Desk::new().await;
    let mut refused = None;
    for _ in 0..11 {
        let (status, body) = desk.ask(Method::DELETE, "/orders/1", None).await;
        refused = Some((status, body["errorCode"].clone()));
    }
    assert_eq!(refused, Some((StatusCode::TOO_MANY_REQUESTS, json!("DH-904"))));
    let quotes = || desk.post("/marketfeed/ltp", json!({"IDX_I": [13]}));
    assert_eq!(quotes().await.0, StatusCode::OK);
    let (status, body) = quotes().await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert!(body["data"]["805"].is_string(), "{body}");
}

#[tokio::test]
async fn quotes_and_chains_tell_one_story() {
    let desk = Desk::new().await;
    let expiries =
        desk.post("/optionchain/expirylist", json!({"UnderlyingScrip": 13, "UnderlyingSeg": "IDX_I"})).await.1;
    assert_eq!(expiries["data"][0], json!("2026-11-23"));
    let ask = json!({"UnderlyingScrip": 13, "UnderlyingSeg": "IDX_I", "Expiry": "2026-11-23"});
    let (_, chain) = desk.post("/optionchain", ask.clone()).await;
    let leg = &chain["data"]["oc"]["25950.000000"]["pe"];
    let id = leg["security_id"].as_u64().unwrap();
    let (status, quote) =
        desk.post("/marketfeed/quote", json!({"NSE_FNO": [id, 1], "IDX_I": [13], "dhanClientId": "1100000001"})).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(quote["data"]["IDX_I"]["13"]["last_price"], chain["data"]["last_price"]);
    let full = &quote["data"]["NSE_FNO"][id.to_string()];
    assert_eq!((&full["last_price"], &full["oi"]), (&leg["last_price"], &leg["oi"]));
    assert_eq!(full["depth"]["buy"][0]["price"], leg["top_bid_price"]);
    assert!(quote["data"]["NSE_FNO"].get("1").is_none(), "an unknown id is left out");
    let (status, body) = desk.post("/optionchain", ask).await;
    assert_eq!((status, body["status"].as_str()), (StatusCode::TOO_MANY_REQUESTS, Some("failed")));
    let (status, body) = desk.post("/optionchain", json!({"UnderlyingScrip": 5, "UnderlyingSeg": "IDX_I"})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
    desk.server.forward(1_000).await;
    let (status, body) = desk.post("/marketfeed/ltp", json!({"NSE_EQ": ["1"]})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(body["data"]["814"].is_string());
}

#[tokio::test]
async fn the_kill_switch_needs_a_flat_account() {
    let desk = Desk::new().await;
    let call = desk.option("25950", "ce").await;
    desk.place(desk.order(&call, "BUY", 65, "MARKET", 0.0, "A")).await;
    desk.server.forward(5_000).await;
    let set = |word: &str| {
        desk.ask(
            Method::POST,
            if word == "on" {
                "/killswitch?killSwitchStatus=ACTIVATE"
            } else {
                "/killswitch?killSwitchStatus=DEACTIVATE"
            },
            None,
        )
    };
    assert_eq!(set("on").await.0, StatusCode::BAD_REQUEST);
    desk.ask(Method::DELETE, "/positions", None).await;
    desk.server.forward(5_000).await;
    let (status, body) = set("on").await;
    assert_eq!(
        (status, &body["killSwitchStatus"]),
        (StatusCode::OK, &json!("Kill Switch has been successfully activated"))
    );
    assert_eq!(desk.get("/killswitch").await["killSwitchStatus"], json!("ACTIVATE"));
    let id = desk.place(desk.order(&call, "BUY", 65, "MARKET", 0.0, "B")).await;
    desk.server.forward(200).await;
    assert_eq!(desk.get(&format!("/orders/{id}")).await["orderStatus"], json!("REJECTED"));
    assert_eq!(set("off").await.0, StatusCode::OK);
}

#[tokio::test]
async fn both_instrument_files_read_back_as_what_is_listed() {
    let share = ShareSpec::new(crate::domain::Symbol::new("RELIANCE").unwrap(), "1423.5".parse().unwrap());
    let desk = Desk::with(ServerConfig { shares: vec![share], ..config(&ten_o_clock()) }).await;
    for (url, layout) in
        [(&desk.server.instruments, Layout::Compact), (&desk.server.instruments_detailed, Layout::Detailed)]
    {
        let text = desk.http.get(url).send().await.unwrap().text().await.unwrap();
        let read = read_master(text.as_bytes()).unwrap();
        assert_eq!((read.layout, read.skipped.total()), (layout, 0), "{}", read.skipped);
        let find = |contract: &str| {
            let contract = contract.parse().unwrap();
            read.instruments.iter().find(|i| i.contract == contract).copied()
        };
        let call = find("NSE:NIFTY:2026-11-23:25950:CE").unwrap();
        assert_eq!((call.lot.0, call.tick), (65, "0.05".parse().unwrap()));
        assert!(find("BSE:SENSEX:2026-11-26:FUT").is_some());
        assert!(find("NSE:RELIANCE:EQ").is_some());
        assert!(read.instruments.len() > 5_000, "{}", read.instruments.len());
    }
}

#[tokio::test]
async fn the_profile_tells_how_long_the_token_is_good_for() {
    let desk = Desk::new().await;
    let profile = desk.get("/profile").await;
    assert_eq!(profile["dhanClientId"], json!(desk.server.client_id));
    assert_eq!(profile["tokenValidity"], json!("21/11/2026 10:00"));
}

#[tokio::test]
async fn it_listens_to_this_machine_only() {
    let open = ServerConfig { listen: "0.0.0.0:0".parse().unwrap(), ..config(&ten_o_clock()) };
    assert!(matches!(start(open).await, Err(StartError::NotLoopback(_))));
}

#[tokio::test]
async fn a_big_order_is_sliced_at_the_freeze_quantity() {
    let desk = Desk::new().await;
    let call = desk.option("25950", "ce").await;
    let order = desk.order(&call, "BUY", 1755 * 2 + 65, "LIMIT", 0.05, "SLICED");
    let (status, body) = desk.post("/orders/slicing", order).await;
    assert_eq!((status, body.as_array().map(Vec::len)), (StatusCode::OK, Some(3)), "{body}");
    let book = desk.get("/orders").await;
    let quantities: Vec<_> = book.as_array().unwrap().iter().map(|o| o["quantity"].as_i64().unwrap()).collect();
    assert_eq!(quantities, [1755, 1755, 65]);
}

#[tokio::test]
async fn margins_are_reckoned_before_an_order() {
    let desk = Desk::new().await;
    let call = desk.option("26000", "ce").await;
    let wing = desk.option("26100", "ce").await;
    let row = |id: &str, side: &str| {
        json!({"exchangeSegment": "NSE_FNO", "transactionType": side, "quantity": 65, "productType": "MARGIN",
            "securityId": id, "price": 0, "triggerPrice": 0, "dhanClientId": desk.server.client_id})
    };
    let (status, alone) = desk.post("/margincalculator", row(&call, "SELL")).await;
    assert_eq!((status, &alone["insufficientBalance"]), (StatusCode::OK, &json!(0.0)), "{alone}");
    let both = json!({"dhanClientId": desk.server.client_id, "includePosition": true, "includeOrder": true,
        "scripList": [row(&call, "SELL"), row(&wing, "BUY")]});
    let (_, hedged) = desk.post("/margincalculator/multi", both).await;
    assert!(hedged["totalMargin"].as_f64().unwrap() * 2.0 < alone["totalMargin"].as_f64().unwrap(), "{hedged}");
}

#[tokio::test]
async fn a_position_is_converted_to_intraday() {
    let desk = Desk::new().await;
    let call = desk.option("26000", "ce").await;
    desk.place(desk.order(&call, "BUY", 65, "MARKET", 0.0, "A")).await;
    desk.server.forward(5_000).await;
    let wish = json!({"dhanClientId": desk.server.client_id, "fromProductType": "MARGIN", "toProductType": "INTRADAY",
        "exchangeSegment": "NSE_FNO", "positionType": "LONG", "securityId": call, "convertQty": 65, "tradingSymbol": ""});
    assert_eq!(desk.post("/positions/convert", wish.clone()).await.0, StatusCode::ACCEPTED);
    assert_eq!(desk.post("/positions/convert", wish).await.0, StatusCode::BAD_REQUEST, "nothing is left to convert");
    assert_eq!(desk.get("/positions").await[0]["productType"], json!("INTRADAY"));
}
