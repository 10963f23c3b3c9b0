//! Charts, statements, EDIS, holdings, margins, the exit on profit or loss: requests and answers.

use super::*;
use crate::domain::{Price, Symbol};
use crate::exchange::ShareSpec;

fn intraday(id: &str, from: &str, to: &str) -> Value {
    json!({
        "securityId": id, "exchangeSegment": "IDX_I", "instrument": "INDEX", "interval": "5", "oi": false,
        "fromDate": from, "toDate": to,
    })
}

#[tokio::test]
async fn charts_are_parallel_arrays_in_true_utc() {
    let desk = Desk::new().await;
    desk.server.forward(600_000).await;
    let (status, body) = desk.post("/charts/intraday", intraday("13", "2026-11-19", "2026-11-20")).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let lengths: Vec<usize> = ["open", "high", "low", "close", "volume", "timestamp", "open_interest"]
        .iter()
        .map(|name| body[name].as_array().unwrap().len())
        .collect();
    assert_eq!(lengths, [77 + 3; 7], "the 385 minutes of yesterday, and ten of today");
    assert_eq!(body["timestamp"][0], json!(from_ist(date(2026, 11, 19).at(9, 15, 0, 0)).as_second()));
    assert_eq!(body["timestamp"][77], json!(from_ist(date(2026, 11, 20).at(10, 0, 0, 0)).as_second()));
    let (_, ltp) = desk.post("/marketfeed/ltp", json!({"IDX_I": [13]})).await;
    assert_eq!(body["close"][79].as_f64(), ltp["data"]["IDX_I"]["13"]["last_price"].as_f64());

    let daily = json!({
        "securityId": "13", "exchangeSegment": "IDX_I", "instrument": "INDEX", "expiryCode": 0, "oi": false,
        "fromDate": "2026-11-12", "toDate": "2026-11-20",
    });
    let (_, body) = desk.post("/charts/historical", daily).await;
    assert_eq!(body["close"].as_array().unwrap().len(), 6);
    assert_eq!(body["close"][5], json!(25944.0));
    assert_eq!(body["timestamp"][5], json!(from_ist(date(2026, 11, 19).at(0, 0, 0, 0)).as_second()));
}

#[tokio::test]
async fn what_a_chart_cannot_show_is_empty_and_what_cannot_be_asked_is_refused() {
    let desk = Desk::new().await;
    for body in [intraday("999999", "2026-11-18", "2026-11-19"), intraday("13", "2026-11-15", "2026-11-15")] {
        let (status, answer) = desk.post("/charts/intraday", body).await;
        assert_eq!((status, &answer["close"]), (StatusCode::OK, &json!([])), "an unknown id, a Sunday");
    }
    let (status, body) = desk.post("/charts/intraday", intraday("13", "2026-01-01", "2026-11-19")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(body["errorMessage"], json!("Data for Intraday Charts can be fetched for 90 days at a time"));
    let mut odd = intraday("13", "2026-11-18", "2026-11-19");
    odd["interval"] = json!(7);
    desk.server.forward(1_000).await;
    assert_eq!(desk.post("/charts/intraday", odd.clone()).await.0, StatusCode::BAD_REQUEST);
    odd["interval"] = json!(15);
    assert_eq!(desk.post("/charts/intraday", odd.clone()).await.0, StatusCode::OK, "a number will do");
    for _ in 0..3 {
        assert_eq!(desk.post("/charts/intraday", odd.clone()).await.0, StatusCode::OK);
    }
    let (status, body) = desk.post("/charts/intraday", odd).await;
    assert_eq!((status, &body["errorCode"]), (StatusCode::TOO_MANY_REQUESTS, &json!("DH-904")), "five in a second");
}

#[tokio::test]
async fn an_expired_option_comes_with_the_arrays_that_were_asked_for() {
    let desk = Desk::new().await;
    let mut request = json!({
        "exchangeSegment": "NSE_FNO", "interval": "60", "securityId": 13, "instrument": "OPTIDX",
        "expiryFlag": "MONTH", "expiryCode": 1, "strike": "ATM-2", "drvOptionType": "PUT",
        "requiredData": ["open", "close", "strike", "iv"], "fromDate": "2026-10-05", "toDate": "2026-10-08",
    });
    let (status, body) = desk.post("/charts/rollingoption", request.clone()).await;
    assert_eq!((status, &body["data"]["ce"]), (StatusCode::OK, &Value::Null), "{body}");
    let put = &body["data"]["pe"];
    assert_eq!((put["open"].as_array().unwrap().len(), &put["high"]), (21, &json!([])));
    assert_eq!(put["timestamp"].as_array().unwrap().len(), 21);
    assert!(put["iv"][0].as_f64().unwrap() > 5.0 && put["strike"][0].as_f64().unwrap() > 10_000.0);
    for (field, value) in [
        ("expiryCode", json!(0)),
        ("strike", json!("ATM+11")),
        ("expiryFlag", json!("DAY")),
        ("toDate", json!("2026-12-31")),
    ] {
        let before = std::mem::replace(&mut request[field], value);
        desk.server.forward(1_000).await;
        let (status, body) = desk.post("/charts/rollingoption", request.clone()).await;
        assert_eq!((status, &body["errorCode"]), (StatusCode::BAD_REQUEST, &json!("DH-905")), "{field}");
        request[field] = before;
    }
}

fn with_share() -> ServerConfig {
    let share = ShareSpec::new(Symbol::new("RELIANCE").unwrap(), Price("1423.5".parse().unwrap()));
    ServerConfig { shares: vec![share], ..config(&ten_o_clock()) }
}

/// A desk with 20 shares that were bought the day before, their number and their ISIN.
async fn holder() -> (Desk, String, String) {
    let desk = Desk::with(with_share()).await;
    let list = desk.http.get(&desk.server.instruments).send().await.unwrap().text().await.unwrap();
    let row = list.lines().find(|l| l.starts_with("NSE,E,") && l.contains(",RELIANCE,")).unwrap();
    let id = row.split(',').nth(2).unwrap().to_string();
    let mut order = desk.order(&id, "BUY", 20, "MARKET", 0.0, "CNC1");
    order["exchangeSegment"] = json!("NSE_EQ");
    order["productType"] = json!("CNC");
    desk.place(order).await;
    desk.server.forward(5_000).await;
    desk.server.forward(86_400_000).await;
    // Yesterday's token has ended.
    desk.server.new_token().unwrap();
    let isin = desk.get("/holdings").await[0]["isin"].as_str().unwrap().to_string();
    (desk, id, isin)
}

#[tokio::test]
async fn delivery_shares_are_held_authorised_and_billed() {
    let (desk, id, isin) = holder().await;
    let holding = desk.get("/holdings").await[0].clone();
    assert_eq!((&holding["securityId"], &holding["totalQty"]), (&json!(id), &json!(20)));
    assert_eq!((&holding["availableQty"], &holding["tradingSymbol"]), (&json!(20), &json!("RELIANCE")));

    assert_eq!(desk.ask(Method::GET, "/edis/tpin", None).await.0, StatusCode::ACCEPTED);
    let inquire = format!("/edis/inquire/{isin}");
    let before = desk.get(&inquire).await;
    assert_eq!((&before["totalQty"], &before["aprvdQty"]), (&json!(20), &json!(0)));
    let form = json!({"isin": isin, "qty": 7, "exchange": "NSE", "segment": "EQ", "bulk": false});
    let (status, body) = desk.post("/edis/form", form).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let page = body["edisFormHtml"].as_str().unwrap().replace('\\', "");
    let field = |name: &str| {
        let (_, rest) = page.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
        rest.split('"').next().unwrap().to_string()
    };
    assert_eq!((field("DPId").as_str(), field("Version").as_str()), ("83400", "1.1"));
    let action = page.split_once("action=\"").unwrap().1.split('"').next().unwrap().to_string();
    let sent = desk.http.post(action).body(format!("DPId=83400&ReqId={}&Version=1.1", field("ReqId"))).send().await;
    assert!(sent.unwrap().status().is_success());
    let after = desk.get(&inquire).await;
    assert_eq!((&after["aprvdQty"], &after["status"]), (&json!(7), &json!("SUCCESS")));
    assert_eq!(desk.get("/edis/inquire/ALL").await["aprvdQty"], json!(7));
    let (status, _) = desk.post("/edis/form", json!({"isin": "INE000000000", "qty": 1, "exchange": "NSE"})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (status, body) = desk.post("/edis/bulkform", json!({"isin": [isin], "exchange": "NSE", "segment": "EQ"})).await;
    assert_eq!((status, &body["dhanClientId"]), (StatusCode::OK, &json!(desk.server.client_id)));

    let ledger = desk.get("/ledger?from-date=2026-11-01&to-date=2026-11-30").await;
    assert_eq!((&ledger[0]["credit"], &ledger[0]["voucherdate"]), (&json!("2000000.00"), &json!("Nov 20, 2026")));
    let balance: f64 = ledger[1]["runbal"].as_str().unwrap().parse().unwrap();
    let debit: f64 = ledger[1]["debit"].as_str().unwrap().parse().unwrap();
    assert!((balance + debit - 2_000_000.0).abs() < 0.005, "{ledger}");
    let page = desk.get("/trades/2026-11-20/2026-11-20/0").await;
    assert_eq!((&page[0]["isin"], &page[0]["instrument"]), (&json!(isin), &json!("EQUITY")));
    assert_eq!((&page[0]["createTime"], &page[0]["tradingSymbol"]), (&json!("NA"), &Value::Null));
    assert!(page[0]["stt"].as_f64().unwrap() > 0.0);
    assert_eq!(desk.get("/trades/2026-11-20/2026-11-20/1").await, json!([]), "past the end");
    assert_eq!(desk.ask(Method::GET, "/trades/x/y/0", None).await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_exit_on_profit_or_loss_is_set_seen_fired_and_gone() {
    let desk = Desk::new().await;
    let call = desk.option("25950", "ce").await;
    assert_eq!(desk.get("/pnlExit").await["pnlExitStatus"], json!("INACTIVE"));
    desk.place(desk.order(&call, "BUY", 650, "MARKET", 0.0, "P1")).await;
    desk.server.forward(5_000).await;
    let rule = |loss: f64| {
        json!({
            "dhanClientId": desk.server.client_id, "profitValue": 100_000.0, "lossValue": loss,
            "productType": ["INTRADAY", "DELIVERY"], "enableKillSwitch": true,
        })
    };
    let (status, body) = desk.post("/pnlExit", rule(90_000.0)).await;
    assert_eq!((status, &body["pnlExitStatus"]), (StatusCode::OK, &json!("ACTIVE")));
    let set = desk.get("/pnlExit").await;
    assert_eq!((&set["loss"], &set["productType"]), (&json!(90000.0), &json!(["INTRADAY", "DELIVERY"])));
    assert_eq!(set["enable_kill_switch"], json!(true));
    let (_, body) = desk.ask(Method::DELETE, "/pnlExit", None).await;
    assert_eq!(body["pnlExitStatus"], json!("DISABLED"));
    assert_eq!(desk.post("/pnlExit", json!({"profitValue": 0, "lossValue": 0})).await.0, StatusCode::BAD_REQUEST);

    // What the touch costs is a loss beyond this: it fires at once, and then the kill switch is set.
    desk.post("/pnlExit", rule(1.0)).await;
    desk.server.forward(60_000).await;
    assert_eq!(desk.get("/positions").await[0]["netQty"], json!(0));
    assert_eq!(desk.get("/pnlExit").await["pnlExitStatus"], json!("INACTIVE"));
    assert_eq!(desk.get("/killswitch").await["killSwitchStatus"], json!("ACTIVATE"));
}

#[tokio::test]
async fn margins_of_one_and_of_many_count_the_hedge_and_what_is_held() {
    let desk = Desk::new().await;
    let (sold, bought) = (desk.option("25950", "ce").await, desk.option("26150", "ce").await);
    let leg = |id: &str, side: &str| {
        json!({
            "exchangeSegment": "NSE_FNO", "transactionType": side, "quantity": 65, "productType": "MARGIN",
            "securityId": id, "price": 0.0, "triggerPrice": 0.0,
        })
    };
    let mut single = leg(&sold, "SELL");
    single["dhanClientId"] = json!(desk.server.client_id);
    let (status, alone) = desk.post("/margincalculator", single).await;
    assert_eq!((status, &alone["leverage"]), (StatusCode::OK, &json!("1.00")), "{alone}");
    assert!(alone["brokerage"].as_f64().unwrap() >= 20.0, "{alone}");
    assert_eq!(alone["insufficientBalance"], json!(0.0));
    let many = |flag: &str| {
        json!({"dhanClientId": desk.server.client_id, "includePosition": false, flag: false,
            "scripList": [leg(&sold, "SELL"), leg(&bought, "BUY")]})
    };
    let (status, both) = desk.post("/margincalculator/multi", many("includeOrder")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(both["totalMargin"].as_f64() < alone["totalMargin"].as_f64(), "hedged: {both} {alone}");
    assert_eq!(both["clientId"], json!(desk.server.client_id));
    assert_eq!((&both["equityMargin"], &both["foMargin"]), (&json!(0.0), &both["totalMargin"]));

    // An order that works counts only when asked for.
    let mut resting = desk.order(&bought, "BUY", 65, "LIMIT", 1.0, "M1");
    resting["price"] = json!(0.0);
    let (_, ltp) = desk.post("/marketfeed/ltp", json!({"NSE_FNO": [bought.parse::<u64>().unwrap()]})).await;
    let last = ltp["data"]["NSE_FNO"][&bought]["last_price"].as_f64().unwrap();
    resting["price"] = json!((last * 0.8 * 20.0).floor() / 20.0);
    desk.place(resting).await;
    desk.server.forward(1_000).await;
    let only_short = |orders: bool| {
        json!({"dhanClientId": desk.server.client_id, "includePosition": true, "includeOrder": orders,
            "scripList": [leg(&sold, "SELL")]})
    };
    let (_, without) = desk.post("/margincalculator/multi", only_short(false)).await;
    let (_, with) = desk.post("/margincalculator/multi", only_short(true)).await;
    assert!(with["spanMargin"].as_f64() < without["spanMargin"].as_f64(), "the resting hedge counts: {with} {without}");
}

#[tokio::test]
async fn every_change_of_an_order_is_posted_to_the_configured_address() {
    use axum::routing::post;
    use tokio::sync::mpsc;
    let (sender, mut posted) = mpsc::unbounded_channel::<axum::body::Bytes>();
    let receive = move |body: axum::body::Bytes| {
        let sender = sender.clone();
        async move { sender.send(body).map_or(StatusCode::GONE, |()| StatusCode::OK) }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = axum::Router::new().route("/postback/secret", post(receive));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let postback = Some(format!("http://{address}/postback/secret"));
    let desk = Desk::with(ServerConfig { postback, ..config(&ten_o_clock()) }).await;
    let call = desk.option("25950", "ce").await;
    let id = desk.place(desk.order(&call, "BUY", 65, "MARKET", 0.0, "PB1")).await;
    desk.server.forward(5_000).await;
    let mut seen = Vec::new();
    while seen.last() != Some(&("TRADED".to_string(), 65)) {
        let body = posted.recv().await.unwrap();
        let read = crate::protocol::dhan::postback::Postback::read(&body).unwrap();
        assert_eq!((read.order.order_id.as_str(), read.order.correlation_id.as_str()), (id.as_str(), "PB1"));
        assert!(!String::from_utf8_lossy(&body).contains("remainingQuantity"));
        seen.push((read.order.order_status.to_string(), read.order.filled_qty));
    }
    assert_eq!(seen[..2], [("TRANSIT".to_string(), 0), ("PENDING".to_string(), 0)]);
    let far = ServerConfig { postback: Some("http://example.com/".into()), ..config(&ten_o_clock()) };
    assert!(matches!(start(far).await, Err(StartError::Postback(_))), "never to another machine");
}

#[tokio::test]
async fn the_list_of_a_segment_redirects_to_the_detailed_one() {
    let desk = Desk::new().await;
    let text = desk.http.get(format!("{}/instrument/NSE_FNO", desk.server.rest)).send().await.unwrap().text().await;
    let detailed = desk.http.get(&desk.server.instruments_detailed).send().await.unwrap().text().await;
    assert_eq!(text.unwrap(), detailed.unwrap());
}
