//! Super orders, forever orders, conditional triggers and multi orders: shapes, error bodies, socket messages, restarts.

use super::*;

fn super_order(desk: &Desk, id: &str, at: f64, target: f64, stop: f64) -> Value {
    json!({
        "dhanClientId": desk.server.client_id, "correlationId": "SUPER1", "transactionType": "BUY",
        "exchangeSegment": "NSE_FNO", "productType": "INTRADAY", "orderType": "LIMIT", "securityId": id,
        "quantity": 65, "price": at, "targetPrice": target, "stopLossPrice": stop, "trailingJump": 1.0,
    })
}

/// Prices around an option: a little above its last, well above, well below.
async fn around(desk: &Desk, id: &str) -> (f64, f64, f64) {
    desk.server.forward(1_100).await;
    let (_, ltp) = desk.post("/marketfeed/ltp", json!({"NSE_FNO": [id.parse::<u64>().unwrap()]})).await;
    let last = ltp["data"]["NSE_FNO"][id]["last_price"].as_f64().unwrap();
    let on_tick = |at: f64| (at * 20.0).round() / 20.0;
    (on_tick(last * 1.05), on_tick(last * 1.35), on_tick(last * 0.7))
}

#[tokio::test]
async fn a_super_order_has_the_documented_shape_from_entry_to_exit() {
    let desk = Desk::new().await;
    let call = desk.option("25950", "ce").await;
    let (at, target, stop) = around(&desk, &call).await;
    let (status, ack) = desk.post("/super/orders", super_order(&desk, &call, at, target, stop)).await;
    assert_eq!((status, &ack["orderStatus"]), (StatusCode::OK, &json!("TRANSIT")), "{ack}");
    let id = ack["orderId"].as_str().unwrap().to_string();
    desk.server.forward(2_000).await;
    let list = desk.get("/super/orders").await;
    let order = &list[0];
    assert_eq!(
        (&order["orderId"], &order["orderStatus"], &order["legName"]),
        (&json!(id), &json!("TRADED"), &json!("ENTRY_LEG"))
    );
    assert_eq!((&order["filledQty"], &order["correlationId"]), (&json!(65), &json!("SUPER1")));
    let [stop_leg, target_leg] = order["legDetails"].as_array().unwrap().as_slice() else { panic!("two legs") };
    assert_eq!((&stop_leg["legName"], &stop_leg["totalQuatity"]), (&json!("STOP_LOSS_LEG"), &json!(65)));
    assert_eq!((&target_leg["legName"], &target_leg["price"]), (&json!("TARGET_LEG"), &json!(target)));
    assert_eq!((&target_leg["transactionType"], &target_leg["orderStatus"]), (&json!("SELL"), &json!("PENDING")));
    // The legs are in the order book under their own numbers.
    let stop_id = stop_leg["orderId"].as_str().unwrap();
    let in_book = desk.get(&format!("/orders/{stop_id}")).await;
    assert_eq!((&in_book["legName"], &in_book["quantity"]), (&json!("STOP_LOSS_LEG"), &json!(65)));
    assert_ne!(stop_id, id);

    let path = format!("/super/orders/{id}");
    let restated = json!({"dhanClientId": desk.server.client_id, "orderId": id, "legName": "STOP_LOSS_LEG",
        "stopLossPrice": stop - 1.0});
    let (status, body) = desk.ask(Method::PUT, &path, Some(restated)).await;
    assert_eq!((status, &body["orderStatus"]), (StatusCode::OK, &json!("TRANSIT")), "{body}");
    desk.server.forward(200).await;
    let leg = desk.get("/super/orders").await[0]["legDetails"][0].clone();
    assert_eq!((&leg["price"], &leg["trailingJump"]), (&json!(stop - 1.0), &json!(0.0)));

    let (status, body) = desk.ask(Method::DELETE, &format!("{path}/TARGET_LEG"), None).await;
    assert_eq!((status, &body["orderStatus"]), (StatusCode::OK, &json!("CANCELLED")), "{body}");
    desk.server.forward(200).await;
    let again = desk.ask(Method::DELETE, &format!("{path}/TARGET_LEG"), None).await;
    assert_eq!((again.0, &again.1["errorCode"]), (StatusCode::BAD_REQUEST, &json!("DH-906")));
    desk.ask(Method::DELETE, &format!("{path}/ENTRY_LEG"), None).await;
    desk.server.forward(200).await;
    let legs = desk.get("/super/orders").await[0]["legDetails"].clone();
    assert!(legs.as_array().unwrap().iter().all(|l| l["orderStatus"] == "CANCELLED"), "{legs}");
}

#[tokio::test]
async fn refusals_of_held_orders_have_the_brokers_bodies() {
    let desk = Desk::new().await;
    let call = desk.option("25950", "ce").await;
    let (at, target, stop) = around(&desk, &call).await;
    let good = super_order(&desk, &call, at, target, stop);
    let mut market = good.clone();
    market["orderType"] = json!("MARKET");
    let (status, body) = desk.post("/super/orders", market).await;
    assert_eq!((status, &body["errorMessage"]), (StatusCode::BAD_REQUEST, &json!("Invalid Price for orderType")));
    assert_eq!(body["errorCode"], json!("DH-905"));
    let (status, body) = desk.ask(Method::DELETE, "/super/orders/123/ENTRY_LEG", None).await;
    assert_eq!((status, &body["errorCode"]), (StatusCode::NOT_FOUND, &json!("DH-906")));
    let (status, body) = desk.ask(Method::DELETE, "/super/orders/123/SIDE_LEG", None).await;
    assert_eq!((status, &body["errorCode"]), (StatusCode::BAD_REQUEST, &json!("DH-905")));
    let (status, _) = desk.ask(Method::GET, "/forever/all", None).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "as at the broker");
    let (status, body) = desk.post("/forever/orders", json!({"dhanClientId": desk.server.client_id})).await;
    assert_eq!((status, &body["errorMessage"]), (StatusCode::BAD_REQUEST, &json!("orderFlag is required")));
    let (status, body) = desk.ask(Method::GET, "/alerts/orders/1", None).await;
    assert_eq!((status, &body["errorCode"]), (StatusCode::NOT_FOUND, &json!("DH-906")));
    let mut technical = alert(&desk, &call);
    technical["condition"]["comparisonType"] = json!("TECHNICAL_WITH_VALUE");
    technical["condition"]["indicatorName"] = json!("SMA_5");
    let (status, body) = desk.post("/alerts/orders", technical.clone()).await;
    assert_eq!((status, &body["errorMessage"]), (StatusCode::BAD_REQUEST, &json!("timeFrame is required")));
    technical["condition"]["timeFrame"] = json!("DAY");
    technical["condition"]["exchangeSegment"] = json!("NSE_FNO");
    technical["condition"]["securityId"] = json!(call);
    let (status, body) = desk.post("/alerts/orders", technical).await;
    assert_eq!((status, &body["errorCode"]), (StatusCode::BAD_REQUEST, &json!("DH-905")), "{body}");
    assert_eq!(body["errorMessage"], json!("securityId is invalid"), "an option is not watched");
}

fn alert(desk: &Desk, id: &str) -> Value {
    json!({
        "dhanClientId": desk.server.client_id,
        "condition": {"comparisonType": "PRICE_WITH_VALUE", "exchangeSegment": "IDX_I", "securityId": "13",
            "operator": "GREATER_THAN", "comparingValue": 100, "expDate": "2026-12-31", "frequency": "ONCE",
            "userNote": "always true"},
        "orders": [{"transactionType": "BUY", "exchangeSegment": "NSE_FNO", "productType": "MARGIN",
            "orderType": "MARKET", "securityId": id, "quantity": 65, "validity": "DAY", "price": "0",
            "discQuantity": "0", "triggerPrice": "0"}],
    })
}

#[tokio::test]
async fn an_alert_is_made_read_changed_and_fires() {
    let desk = Desk::new().await;
    let call = desk.option("25950", "ce").await;
    let mut asked = alert(&desk, &call);
    asked["condition"]["operator"] = json!("LESS_THAN");
    let (status, ack) = desk.post("/alerts/orders", asked).await;
    assert_eq!((status, &ack["alertStatus"]), (StatusCode::OK, &json!("ACTIVE")), "{ack}");
    let path = format!("/alerts/orders/{}", ack["alertId"].as_str().unwrap());
    let one = desk.get(&path).await;
    assert_eq!((&one["condition"]["securityId"], &one["orders"][0]["securityId"]), (&json!("13"), &json!(call)));
    assert_eq!((&one["createdTime"], &one["triggeredTime"]), (&json!("2026-11-20T04:30:03Z"), &Value::Null));
    assert_eq!((&one["orders"][0]["price"], &one["condition"]["expDate"]), (&json!("0"), &json!("2026-12-31")));
    assert_eq!(desk.get("/alerts/orders").await, json!([one]));
    let (status, body) = desk.ask(Method::PUT, &path, Some(alert(&desk, &call))).await;
    assert_eq!((status, &body["alertStatus"]), (StatusCode::OK, &json!("ACTIVE")), "{body}");
    desk.server.forward(5_000).await;
    let fired = desk.get(&path).await;
    assert_eq!(fired["alertStatus"], json!("TRIGGERED"));
    assert!(fired["triggeredTime"].is_string());
    assert_eq!(desk.get("/positions").await[0]["netQty"], json!(65));
    let (status, body) = desk.ask(Method::DELETE, &path, None).await;
    assert_eq!((status, &body["errorCode"]), (StatusCode::BAD_REQUEST, &json!("DH-906")), "it has fired");
}

#[tokio::test]
async fn many_orders_in_one_request_are_taken_one_by_one() {
    let desk = Desk::new().await;
    let (call, put) = (desk.option("25950", "ce").await, desk.option("25950", "pe").await);
    let leg = |n: &str, id: &str| {
        let mut order = desk.order(id, "BUY", 65, "LIMIT", 0.05, &format!("LEG{n}"));
        order["sequence"] = json!(n);
        order
    };
    let request = json!({"dhanClientId": desk.server.client_id, "orders": [leg("1", &call), leg("2", &put)]});
    let (status, body) = desk.post("/alerts/multi/orders", request).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let acks = body["orders"].as_array().unwrap();
    assert_eq!((acks.len(), &acks[1]["sequence"], &acks[1]["orderStatus"]), (2, &json!("2"), &json!("TRANSIT")));
    let book = desk.get("/orders").await;
    assert_eq!((book.as_array().unwrap().len(), &book[0]["correlationId"]), (2, &json!("LEG1")));
    let wrong = json!({"dhanClientId": desk.server.client_id, "orders": [leg("1", &call), leg("2", "999999")]});
    assert_eq!(desk.post("/alerts/multi/orders", wrong).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(desk.get("/orders").await.as_array().unwrap().len(), 2, "nothing of a faulty request is placed");
}

#[tokio::test]
async fn held_orders_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let books = Some(folder.path().join("exchange.books"));
    let time = ten_o_clock();
    let desk = Desk::with(ServerConfig { books: books.clone(), ..config(&time) }).await;
    let call = desk.option("25950", "ce").await;
    let (at, target, stop) = around(&desk, &call).await;
    desk.post("/super/orders", super_order(&desk, &call, at, target, stop)).await;
    let pair = json!({
        "dhanClientId": desk.server.client_id, "orderFlag": "OCO", "transactionType": "SELL",
        "exchangeSegment": "NSE_FNO", "productType": "MARGIN", "orderType": "LIMIT", "validity": "DAY",
        "securityId": call, "quantity": 65, "price": stop, "triggerPrice": stop, "price1": target,
        "triggerPrice1": target, "quantity1": 65,
    });
    let (status, body) = desk.post("/forever/orders", pair).await;
    assert_eq!((status, &body["orderStatus"]), (StatusCode::OK, &json!("PENDING")), "{body}");
    let mut sleeping = alert(&desk, &call);
    sleeping["condition"]["operator"] = json!("LESS_THAN");
    desk.post("/alerts/orders", sleeping).await;
    desk.server.forward(2_000).await;
    let all = ["/super/orders", "/forever/orders", "/alerts/orders"];
    let mut before = Vec::new();
    for path in all {
        before.push(desk.get(path).await);
    }
    let rows = before[1].as_array().unwrap();
    assert_eq!(
        (rows.len(), &rows[0]["legName"], &rows[1]["legName"]),
        (2, &json!("STOP_LOSS_LEG"), &json!("TARGET_LEG"))
    );
    assert!(
        rows.iter().all(|r| r["orderStatus"] == "CONFIRM" && r["orderType"] == "OCO" && r["exchangeTime"].is_null())
    );
    // What a killed process leaves behind is the file as it is now.
    let killed = folder.path().join("killed.books");
    std::fs::copy(books.as_ref().unwrap(), &killed).unwrap();
    desk.server.stop().await;
    for books in [books, Some(killed)] {
        let desk = Desk::with(ServerConfig { books, ..config(&time) }).await;
        for (path, before) in all.iter().zip(&before) {
            assert_eq!(&desk.get(path).await, before, "{path}");
        }
        desk.server.stop().await;
    }
}
