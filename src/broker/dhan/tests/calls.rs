//! Each call when all is well: what is sent, and what is made of the answer.

use jiff::civil::date;
use rust_decimal_macros::dec;

use super::fake::{Fake, client_that, serve};
use super::listing::{intent, nifty, nifty_put, reliance};
use crate::broker::dhan::MarketOrders;
use crate::broker::{Broker, PlaceAck, perform};
use crate::domain::{
    BrokerOrderId, ContractKind, CorrelationId, Intent, Money, NetQuantity, OrderKind, OrderSpec, Price, Product,
    Quantity, SeenStatus, Side,
};
use crate::gateway::{Answer, Call};

const PLACE: &str = include_str!("../../../../tests/fixtures/dhan/order-place.json");
const BOOK: &str = include_str!("../../../../tests/fixtures/dhan/order-book.json");
const TRADES: &str = include_str!("../../../../tests/fixtures/dhan/trades.json");
const POSITIONS: &str = include_str!("../../../../tests/fixtures/dhan/positions.json");
const QUOTES: &str = include_str!("../../../../tests/fixtures/dhan/market-quote.json");
const CHAIN: &str = include_str!("../../../../tests/fixtures/dhan/option-chain.json");

fn order_id(text: &str) -> BrokerOrderId {
    BrokerOrderId(text.into())
}

#[tokio::test]
async fn an_intent_is_sent_as_documented_with_its_mark() {
    let fake = Fake::default();
    fake.says("POST /v2/orders", 200, r#"{"orderId":"252611200002","orderStatus":"TRANSIT"}"#);
    let broker = fake.with_client().await;
    let ack = broker.place(&intent()).await.unwrap();
    assert_eq!(ack, PlaceAck { order_id: order_id("252611200002"), status: SeenStatus::Transit });
    let asked = fake.last();
    assert_eq!(asked.body, PLACE.trim().replace("SD7K2M0000042", intent().correlation.as_str()));
    assert_eq!(asked.headers["access-token"], "to.k.en");
    assert_eq!(asked.headers["client-id"], "1100000007");
    assert_eq!(asked.headers["content-type"], "application/json");
    assert!(!format!("{broker:?}").contains("to.k.en"));
}

#[tokio::test]
async fn an_acknowledgement_says_nothing_of_fills() {
    let fake = Fake::default();
    let broker = fake.with_client().await;
    for (word, status) in [
        ("TRADED", SeenStatus::Working),
        ("CANCELLED", SeenStatus::Working),
        ("PENDING", SeenStatus::Working),
        ("REJECTED", SeenStatus::Rejected),
    ] {
        fake.says("POST /v2/orders", 200, &format!(r#"{{"orderId":"7","orderStatus":"{word}"}}"#));
        assert_eq!(broker.place(&intent()).await.map(|ack| ack.status), Ok(status), "{word}");
    }
}

#[tokio::test]
async fn a_modification_restates_all_and_a_cancellation_has_no_body() {
    let fake = Fake::default();
    fake.says("PUT /v2/orders/7", 200, r#"{"orderId":"7","orderStatus":"TRANSIT"}"#);
    let broker = fake.with_client().await;
    let spec = OrderSpec { kind: OrderKind::Limit { price: Price(dec!(149.9)) }, ..intent().spec };
    assert!(broker.modify(&order_id("7"), &spec).await.is_ok());
    assert_eq!(
        fake.last().body,
        r#"{"dhanClientId":"1100000007","orderId":"7","orderType":"LIMIT","quantity":130,"price":149.9,"disclosedQuantity":0,"triggerPrice":0.0,"validity":"DAY"}"#
    );
    for (status, body) in [(200, r#"{"orderId":"7","orderStatus":"CANCELLED"}"#), (202, "")] {
        fake.says("DELETE /v2/orders/7", status, body);
        let ack = broker.cancel(&order_id("7")).await.unwrap();
        assert_eq!((ack.status, fake.last().body.as_str()), (SeenStatus::Working, ""));
    }
}

#[tokio::test]
async fn the_books_are_read() {
    let fake = Fake::default();
    fake.says("GET /v2/orders", 200, BOOK);
    fake.says("GET /v2/trades", 200, TRADES);
    fake.says("GET /v2/positions", 200, POSITIONS);
    fake.says(
        "GET /v2/fundlimit",
        200,
        r#"{"availabelBalance":250000.5,"sodLimit":300000,"utilizedAmount":"49999.50"}"#,
    );
    let broker = fake.with_client().await;

    let orders = broker.orders().await.unwrap();
    assert_eq!(
        orders.iter().map(|o| o.status).collect::<Vec<_>>(),
        [SeenStatus::Working, SeenStatus::Rejected, SeenStatus::Working]
    );
    assert_eq!(orders[0].spec.contract, reliance());

    let trades = broker.trades().await.unwrap();
    assert_eq!((trades[0].trade_id.as_str(), trades[0].contract, trades[0].side), ("7712345", nifty_put(), Side::Sell));
    assert_eq!((trades[0].quantity, trades[0].price), (Quantity(65), Price(dec!(150.3))));
    assert_eq!(trades[0].at, Some("2026-11-20T03:52:04Z".parse().unwrap()));

    let positions = broker.positions().await.unwrap();
    assert_eq!((positions[0].contract, positions[0].net), (nifty_put(), NetQuantity(-65)));
    assert_eq!((positions[0].product, positions[0].unrealised), (Product::Margin, Money(dec!(-136.5))));
    assert!(matches!(positions[1].contract.kind, ContractKind::Unlisted { .. }));

    let funds = broker.funds().await.unwrap();
    assert_eq!((funds.available, funds.utilised), (Money(dec!(250000.5)), Money(dec!(49999.5))));
}

#[tokio::test]
async fn an_order_is_found_by_its_mark_or_is_not() {
    let fake = Fake::default();
    let broker = fake.with_client().await;
    let mark = CorrelationId::try_from("SD7K2M0000041".to_string()).unwrap();
    let path = "GET /v2/orders/external/SD7K2M0000041";
    let orders: Vec<serde_json::Value> = serde_json::from_str(BOOK).unwrap();
    for body in [orders[0].to_string(), format!("[{}]", orders[0])] {
        fake.says(path, 200, &body);
        let found = broker.order_by_correlation(&mark).await.unwrap().unwrap();
        assert_eq!(found.order_id, order_id("252611200001"));
    }
    fake.says(path, 404, r#"{"errorType":"Order_Error","errorCode":"DH-906","errorMessage":"Incorrect request"}"#);
    assert_eq!(broker.order_by_correlation(&mark).await, Ok(None));
    fake.says("GET /v2/orders/9", 200, "[]");
    assert_eq!(broker.order(&order_id("9")).await, Ok(None));
}

#[tokio::test]
async fn not_found_is_concluded_from_nothing_else() {
    let fake = Fake::default();
    let broker = fake.with_client().await;
    let mark = CorrelationId::try_from("SD7K2M0000041".to_string()).unwrap();
    let path = "GET /v2/orders/external/SD7K2M0000041";
    let orders: Vec<serde_json::Value> = serde_json::from_str(BOOK).unwrap();
    for (status, body) in [
        (404, r#"{"timestamp":1,"status":404,"error":"Not Found","path":"/v2/orders"}"#.to_string()),
        (404, "<html>not here</html>".to_string()),
        (200, orders[2].to_string()),
        (200, "{\"what\":1}".to_string()),
        (500, String::new()),
    ] {
        fake.says(path, status, &body);
        assert!(broker.order_by_correlation(&mark).await.is_err(), "{status} {body}");
    }
}

#[tokio::test]
async fn the_kill_switch_says_how_it_stands() {
    let fake = Fake::default();
    let sentence =
        |word: &str| format!(r#"{{"dhanClientId":"1","killSwitchStatus":"Kill Switch has been successfully {word}"}}"#);
    fake.says("POST /v2/killswitch?killSwitchStatus=ACTIVATE", 200, &sentence("activated"));
    fake.says("POST /v2/killswitch?killSwitchStatus=DEACTIVATE", 200, &sentence("deactivated"));
    fake.says("GET /v2/killswitch", 200, r#"{"dhanClientId":"1","killSwitchStatus":"ACTIVATE"}"#);
    fake.says("DELETE /v2/positions", 200, r#"{"status":"SUCCESS","message":"All orders and positions exited"}"#);
    let broker = fake.with_client().await;
    assert_eq!(broker.kill_switch(true).await, Ok(true));
    assert_eq!(broker.kill_switch(false).await, Ok(false));
    assert_eq!(broker.kill_switch_state().await, Ok(true));
    assert_eq!(broker.exit_all().await.as_deref(), Ok("All orders and positions exited"));
}

#[tokio::test]
async fn quotes_have_a_touch_or_none() {
    let fake = Fake::default();
    fake.says("POST /v2/marketfeed/quote", 200, QUOTES);
    let broker = fake.with_client().await;
    let quotes = broker.quotes(&[nifty_put(), reliance(), nifty()]).await.unwrap();
    assert_eq!(fake.last().body, r#"{"IDX_I":[13],"NSE_EQ":[2885],"NSE_FNO":[51234]}"#);
    let of = |contract| quotes.iter().find(|(c, _)| *c == contract).map(|(_, quote)| *quote);
    let put = of(nifty_put()).unwrap();
    assert_eq!((put.bid, put.bid_quantity, put.ask), (Some(Price(dec!(150.1))), Quantity(65), None));
    assert_eq!(of(nifty()).unwrap().last, Price(dec!(25912.4)));
    // All zeros: nothing is known.
    assert_eq!(of(reliance()), None);
}

#[tokio::test]
async fn more_quotes_than_fit_are_asked_for_in_pieces() {
    let fake = Fake::default();
    fake.says("POST /v2/marketfeed/quote", 200, r#"{"data":{},"status":"success"}"#);
    let broker = fake.with_client().await;
    let many: Vec<_> = (1..=1_500).map(|id| format!("NSE:UNLISTED:ID-NseDerivatives-{id}").parse().unwrap()).collect();
    assert_eq!(broker.quotes(&many).await, Ok(Vec::new()));
    let sizes: Vec<_> = fake.asked().iter().map(|a| a.body.matches(',').count() + 1).collect();
    assert_eq!(sizes, [1_000, 500]);
}

#[tokio::test]
async fn the_option_chain_is_in_neutral_terms() {
    let fake = Fake::default();
    fake.says("POST /v2/optionchain", 200, CHAIN);
    fake.says("POST /v2/optionchain/expirylist", 200, r#"{"data":["2026-11-24","2026-12-01"],"status":"success"}"#);
    let broker = fake.with_client().await;
    let chain = broker.option_chain(nifty(), date(2026, 11, 24)).await.unwrap();
    assert_eq!(fake.last().body, r#"{"UnderlyingScrip":13,"UnderlyingSeg":"IDX_I","Expiry":"2026-11-24"}"#);
    assert_eq!((chain.spot, chain.options.len()), (Price(dec!(25912.4)), 3));
    let labels: Vec<_> = chain.options.iter().map(|o| o.contract.label()).collect();
    assert_eq!(labels, ["NIFTY 24 Nov 25900 CE", "NIFTY 24 Nov 25900 PE", "NIFTY 24 Nov 26000 CE"]);
    let put = &chain.options[1];
    assert_eq!((put.contract, put.quote.ask), (nifty_put(), Some(Price(dec!(150.4)))));
    assert_eq!(put.greeks.map(|g| g.delta), Some(dec!(-0.47)));
    assert_eq!((chain.options[2].greeks, chain.options[2].implied_volatility), (None, None));
    let dates = broker.expiries(nifty()).await.unwrap();
    assert_eq!(dates, [date(2026, 11, 24), date(2026, 12, 1)]);
    assert_eq!(fake.last().body, r#"{"UnderlyingScrip":13,"UnderlyingSeg":"IDX_I"}"#);
}

#[tokio::test]
async fn profile_master_and_tokens() {
    let fake = Fake::default();
    fake.says(
        "GET /v2/profile",
        200,
        r#"{"dhanClientId":"1100000007","tokenValidity":"21/11/2026 08:15","activeSegment":"E, D, ","dataPlan":"Active"}"#,
    );
    fake.says("GET /api-data/api-scrip-master-detailed.csv", 200, "EXCH_ID,SEGMENT\n");
    fake.says("GET /v2/RenewToken", 200, r#"{"token":"n.e.w","expiryTime":"2026-11-21T09:00:00.000"}"#);
    fake.says(
        "POST /app/generateAccessToken?dhanClientId=1100000007&pin=482913&totp=001122",
        200,
        r#"{"status":"error","message":"Invalid TOTP"}"#,
    );
    let broker = fake.with_client().await;
    let profile = broker.profile().await.unwrap();
    assert_eq!((profile.segments.as_str(), profile.market_data), ("E, D", true));
    assert_eq!(profile.token_expires, Some("2026-11-21T02:45:00Z".parse().unwrap()));
    assert_eq!(broker.instrument_master().await.unwrap(), b"EXCH_ID,SEGMENT\n");
    let renewed = broker.renew_token().await.unwrap();
    assert_eq!((renewed.token.expose(), renewed.expires), ("n.e.w", Some("2026-11-21T03:30:00Z".parse().unwrap())));
    broker.set_access_token(renewed.token);
    assert!(broker.profile().await.is_ok());
    assert_eq!(fake.last().headers["access-token"], "n.e.w");
    let refused = broker.generate_token(&"482913".to_string().into(), &"001122".to_string().into()).await.unwrap_err();
    assert!(refused.to_string().contains("Invalid TOTP"), "{refused}");
}

#[tokio::test]
async fn the_gateways_calls_are_performed() {
    let fake = Fake::default();
    fake.says("POST /v2/orders", 200, r#"{"orderId":"7","orderStatus":"TRANSIT"}"#);
    fake.says("GET /v2/orders", 429, "Too many requests");
    let broker = fake.with_client().await;
    let placed = perform(&broker, &Call::Place(intent())).await;
    assert_eq!(placed, Answer::Placed { order_id: order_id("7"), status: SeenStatus::Transit });
    let failed = perform(&broker, &Call::Orders).await;
    assert!(matches!(failed, Answer::Failed { class: crate::gateway::ErrorClass::TryLater, .. }), "{failed:?}");
}

#[tokio::test]
async fn an_order_at_the_market_is_written_in_the_form_that_is_taken() {
    let at_market = |kind| Intent { spec: OrderSpec { kind, side: Side::Sell, ..intent().spec }, ..intent() };
    let fake = Fake::default();
    fake.says("POST /v2/marketfeed/quote", 200, QUOTES);
    fake.says("POST /v2/orders", 200, r#"{"orderId":"7","orderStatus":"TRANSIT"}"#);
    let address = serve(fake.router()).await;
    let sent = |fake: &Fake| -> (String, String, String) {
        let body: serde_json::Value = serde_json::from_str(&fake.last().body).unwrap();
        let text = |name: &str| body[name].to_string();
        (text("orderType"), text("price"), text("triggerPrice"))
    };
    let plain = client_that(address, MarketOrders::Market);
    plain.place(&at_market(OrderKind::Market)).await.unwrap();
    assert_eq!(sent(&fake), ("\"MARKET\"".into(), "0.0".into(), "0.0".into()));
    assert_eq!(fake.asked().len(), 1, "no price is needed for that");

    let protected = client_that(address, MarketOrders::ProtectedLimit);
    protected.place(&at_market(OrderKind::Market)).await.unwrap();
    // The bid is 150.10, the band a tenth.
    assert_eq!(sent(&fake), ("\"LIMIT\"".into(), "135.1".into(), "0.0".into()));
    let stop = OrderKind::StopMarket { trigger: Price(dec!(140)) };
    protected.place(&at_market(stop)).await.unwrap();
    assert_eq!(sent(&fake), ("\"STOP_LOSS\"".into(), "126.0".into(), "140.0".into()));

    fake.says("POST /v2/marketfeed/quote", 401, r#"{"data":{"806":"Data APIs not Subscribed"},"status":"failed"}"#);
    let asked = fake.asked().len();
    let error = protected.place(&at_market(OrderKind::Market)).await.unwrap_err();
    assert_eq!((error.class, fake.asked().len()), (crate::gateway::ErrorClass::NotSent, asked + 1), "{error}");
}

#[tokio::test]
async fn a_refusal_of_a_token_that_is_replaced_meanwhile_says_nothing_of_the_new_one() {
    let refused = r#"{"errorType":"x","errorCode":"DH-901","errorMessage":"token is invalid"}"#;
    let fake = Fake::default();
    fake.is_silent("GET /v2/RenewToken");
    fake.says("GET /v2/fundlimit", 401, refused);
    let broker = fake.with_client().await;
    let renewing = broker.renew_token();
    let asked = async {
        // The broker has ended the old token already; its answer with the new one is still on the way.
        while fake.asked().is_empty() {
            tokio::task::yield_now().await;
        }
        broker.funds().await.unwrap_err().class
    };
    let (renewed, class) = tokio::join!(renewing, asked);
    assert_eq!(class, crate::gateway::ErrorClass::TryLater);
    assert!(renewed.is_err(), "it was never answered");
    assert_eq!(broker.funds().await.unwrap_err().class, crate::gateway::ErrorClass::LogIn, "and now it counts");
}
