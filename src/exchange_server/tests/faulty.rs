//! Faults and switches as a client that is not ours meets them.

use std::time::Duration;

use super::*;
use crate::exchange_server::faults::{Category, Endpoint, Fault, FaultSpec};
use crate::exchange_server::switches::{EmptyHoldings, MultiMarginForm, TradesOfOrder};

async fn desk_with(specs: Vec<FaultSpec>) -> Desk {
    let script = Script { faults: specs, ..Script::default() };
    Desk::with(ServerConfig { script, ..config(&ten_o_clock()) }).await
}

#[tokio::test]
async fn every_error_has_its_documented_body() {
    let once = |fault| FaultSpec::new(fault).times(1);
    let desk = desk_with(vec![
        once(Fault::TooManyRequests { plain_text: false }).in_category(Category::QuoteCalls),
        once(Fault::TooManyRequests { plain_text: false }).on(&[Endpoint::Funds]),
        once(Fault::TooManyRequests { plain_text: true }).on(&[Endpoint::Holdings]),
        once(Fault::ServerError { status: 500, html: false, done: false }).on(&[Endpoint::Positions]),
        once(Fault::ServerError { status: 503, html: true, done: false }).on(&[Endpoint::Trades]),
    ])
    .await;
    let (status, body) = desk.post("/marketfeed/ltp", json!({"IDX_I": [13]})).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert!(body["data"]["805"].as_str().unwrap().starts_with("Too many requests"), "{body}");
    let (status, body) = desk.ask(Method::GET, "/fundlimit", None).await;
    assert_eq!((status, &body["errorCode"]), (StatusCode::TOO_MANY_REQUESTS, &json!("DH-904")));
    assert_eq!(desk.ask(Method::GET, "/holdings", None).await.1, json!("Too many requests"));
    let (status, body) = desk.ask(Method::GET, "/positions", None).await;
    assert_eq!((status, &body["errorCode"]), (StatusCode::INTERNAL_SERVER_ERROR, &json!("DH-908")));
    let (status, body) = desk.ask(Method::GET, "/trades", None).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(body.as_str().unwrap().starts_with("<html>"), "{body}");
    assert_eq!(desk.server.faults.list(), [], "each happened once");
    desk.get("/trades").await;
}

#[tokio::test]
async fn a_connection_is_reset_with_or_without_the_order_taken() {
    for (done, orders) in [(false, 0), (true, 1)] {
        let desk = Desk::new().await;
        let call = desk.option("25950", "ce").await;
        desk.server.faults.set(FaultSpec::new(Fault::ConnectionReset { done }).on(&[Endpoint::Place])).unwrap();
        let request = desk.http.post(format!("{}/orders", desk.server.rest));
        let request =
            request.header("access-token", &desk.server.access_token).header("content-type", "application/json");
        let order = desk.order(&call, "BUY", 65, "MARKET", 0.0, "RESET");
        assert!(request.body(order.to_string()).send().await.is_err());
        desk.server.forward(1_000).await;
        assert_eq!(desk.get("/orders").await.as_array().unwrap().len(), orders);
    }
}

#[tokio::test]
async fn an_answer_that_never_comes_hides_an_order_that_was_taken() {
    for (fault, orders) in [(Fault::TimeoutBefore, 0), (Fault::TimeoutAfter, 1)] {
        let desk = Desk::new().await;
        let call = desk.option("25950", "ce").await;
        desk.server.faults.set(FaultSpec::new(fault).on(&[Endpoint::Place])).unwrap();
        let request = desk.http.post(format!("{}/orders", desk.server.rest)).timeout(Duration::from_millis(300));
        let request =
            request.header("access-token", &desk.server.access_token).header("content-type", "application/json");
        let order = desk.order(&call, "BUY", 65, "MARKET", 0.0, "SILENT");
        assert!(request.body(order.to_string()).send().await.unwrap_err().is_timeout());
        desk.server.forward(1_000).await;
        assert_eq!(desk.get("/orders").await.as_array().unwrap().len(), orders);
    }
}

#[tokio::test]
async fn of_a_sliced_order_some_pieces_are_taken() {
    let desk = desk_with(vec![FaultSpec::new(Fault::PartialSlice { pieces: 2 }).times(1)]).await;
    let call = desk.option("25950", "ce").await;
    let order = desk.order(&call, "BUY", 1755 * 2 + 65, "LIMIT", 0.05, "SLICED");
    let (status, body) = desk.post("/orders/slicing", order.clone()).await;
    assert_eq!((status, body.as_array().map(Vec::len)), (StatusCode::OK, Some(2)), "{body}");
    let (_, body) = desk.post("/orders/slicing", order).await;
    assert_eq!(body.as_array().map(Vec::len), Some(3), "the next is whole: {body}");
}

#[tokio::test]
async fn shapes_follow_their_switches() {
    let switches = Switches {
        empty_holdings: EmptyHoldings::EmptyArray,
        multi_margin: MultiMarginForm::SnakeCaseTexts,
        trades_of_order: TradesOfOrder::Object,
        ..Switches::default()
    };
    let desk = Desk::with(ServerConfig { switches, ..config(&ten_o_clock()) }).await;
    assert_eq!(desk.get("/holdings").await, json!([]));
    let call = desk.option("25950", "ce").await;
    let row = json!({"exchangeSegment": "NSE_FNO", "transactionType": "SELL", "quantity": 65, "productType": "MARGIN",
        "securityId": call, "price": 0, "triggerPrice": 0});
    let ask = json!({"dhanClientId": desk.server.client_id, "includePosition": true, "includeOrder": true,
        "scripList": [row]});
    let (_, margin) = desk.post("/margincalculator/multi", ask).await;
    assert!(margin["total_margin"].as_str().is_some_and(|t| t.parse::<f64>().unwrap() > 0.0), "{margin}");
    let id = desk.place(desk.order(&call, "BUY", 65, "LIMIT", 900.0, "ONE")).await;
    desk.server.forward(5_000).await;
    let trades = desk.get(&format!("/trades/{id}")).await;
    assert!(trades.is_object() || trades.as_array().is_some_and(|all| all.len() != 1), "{trades}");
}
