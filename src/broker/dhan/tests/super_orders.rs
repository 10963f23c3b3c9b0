//! Super orders: what is sent, and what is made of the answers.

use rust_decimal_macros::dec;

use super::fake::Fake;
use super::listing::{intent, nifty_put, reliance};
use crate::broker::PlaceAck;
use crate::domain::{
    Bracket, BracketChange, BracketLeg, BrokerOrderId, Price, Pricing, Product, Quantity, SeenStatus, Side,
};
use crate::gateway::ErrorClass;

const LIST: &str = include_str!("../../../../tests/fixtures/dhan/super-orders.json");
const ACK: &str = r#"{"orderId":"7","orderStatus":"TRANSIT"}"#;

fn bracket() -> Bracket {
    Bracket {
        contract: nifty_put(),
        side: Side::Buy,
        quantity: Quantity(130),
        entry: Pricing::Limit { price: Price(dec!(150.25)) },
        product: Product::Intraday,
        target: Price(dec!(170)),
        stop: Price(dec!(140)),
        trail: Some(Price(dec!(2.5))),
    }
}

fn seven() -> BrokerOrderId {
    BrokerOrderId("7".into())
}

#[tokio::test]
async fn a_bracket_is_sent_as_documented_and_at_the_market_its_price_is_zero() {
    let fake = Fake::default();
    fake.says("POST /v2/super/orders", 200, ACK);
    let broker = fake.with_client().await;
    let mark = intent().correlation;
    let ack = broker.place_super_order(&bracket(), &mark).await.unwrap();
    assert_eq!(ack, PlaceAck { order_id: seven(), status: SeenStatus::Transit });
    assert_eq!(
        fake.last().body,
        r#"{"dhanClientId":"1100000007","correlationId":"MARK","transactionType":"BUY","exchangeSegment":"NSE_FNO","productType":"INTRADAY","orderType":"LIMIT","securityId":"51234","quantity":130,"price":150.25,"targetPrice":170.0,"stopLossPrice":140.0,"trailingJump":2.5}"#
            .replace("MARK", mark.as_str())
    );
    let market = Bracket { entry: Pricing::Market, trail: None, ..bracket() };
    broker.place_super_order(&market, &mark).await.unwrap();
    let sent = fake.last().body;
    assert!(sent.contains(r#""orderType":"MARKET""#) && sent.contains(r#""price":0.0"#), "{sent}");
    assert!(sent.ends_with(r#""trailingJump":0.0}"#), "{sent}");
}

#[tokio::test]
async fn a_bracket_out_of_order_is_not_sent() {
    let fake = Fake::default();
    let broker = fake.with_client().await;
    let wrong = Bracket { stop: Price(dec!(160)), ..bracket() };
    let error = broker.place_super_order(&wrong, &intent().correlation).await.unwrap_err();
    assert_eq!((error.class, fake.asked().len()), (ErrorClass::NotSent, 0));
}

#[tokio::test]
async fn a_change_has_the_fields_of_its_leg() {
    let fake = Fake::default();
    fake.says("PUT /v2/super/orders/7", 200, ACK);
    let broker = fake.with_client().await;
    let changes = [
        (
            BracketChange::Target { price: Price(dec!(175)) },
            r#"{"dhanClientId":"1100000007","orderId":"7","legName":"TARGET_LEG","targetPrice":175.0}"#,
        ),
        (
            BracketChange::StopLoss { price: Price(dec!(142)), trail: None },
            r#"{"dhanClientId":"1100000007","orderId":"7","legName":"STOP_LOSS_LEG","stopLossPrice":142.0,"trailingJump":0.0}"#,
        ),
        (
            BracketChange::Entry {
                quantity: Quantity(65),
                entry: bracket().entry,
                target: Price(dec!(170)),
                stop: Price(dec!(140)),
                trail: Some(Price(dec!(1))),
            },
            r#"{"dhanClientId":"1100000007","orderId":"7","orderType":"LIMIT","legName":"ENTRY_LEG","quantity":65,"price":150.25,"targetPrice":170.0,"stopLossPrice":140.0,"trailingJump":1.0}"#,
        ),
    ];
    for (change, body) in changes {
        broker.modify_super_order(&seven(), &change).await.unwrap();
        assert_eq!(fake.last().body, body);
    }
}

#[tokio::test]
async fn a_leg_is_cancelled_by_its_name_with_or_without_a_word() {
    let fake = Fake::default();
    let broker = fake.with_client().await;
    for (leg, name) in
        [(BracketLeg::Entry, "ENTRY_LEG"), (BracketLeg::Target, "TARGET_LEG"), (BracketLeg::StopLoss, "STOP_LOSS_LEG")]
    {
        fake.says(&format!("DELETE /v2/super/orders/7/{name}"), 202, "");
        assert_eq!(broker.cancel_super_order(&seven(), leg).await.map(|ack| ack.order_id), Ok(seven()));
    }
    let odd = BrokerOrderId("7/../8".into());
    assert_eq!(broker.cancel_super_order(&odd, BracketLeg::Entry).await.unwrap_err().class, ErrorClass::NotSent);
}

#[tokio::test]
async fn the_list_is_in_neutral_terms() {
    let fake = Fake::default();
    fake.says("GET /v2/super/orders", 200, LIST);
    let broker = fake.with_client().await;
    let seen = broker.super_orders().await.unwrap();
    let [part, closed] = seen.as_slice() else { panic!("two") };
    assert_eq!((part.entry.spec.contract, part.entry.filled), (nifty_put(), Quantity(65)));
    assert_eq!((part.entry.status, part.closed), (SeenStatus::Working, false));
    let stop = part.stop.as_ref().unwrap();
    assert_eq!((stop.remaining, stop.trail, stop.status), (Quantity(65), Some(Price(dec!(2.5))), SeenStatus::Working));
    assert_eq!((closed.entry.spec.contract, closed.closed), (reliance(), true));
    assert_eq!(closed.entry.status, SeenStatus::Filled);
    let target = closed.target.as_ref().unwrap();
    assert_eq!((target.status, target.triggered), (SeenStatus::Filled, Quantity(10)));
    assert_eq!(closed.stop.as_ref().unwrap().status, SeenStatus::Cancelled);
}

#[tokio::test]
async fn failures_are_classified_as_those_of_orders_are() {
    let fake = Fake::default();
    let broker = fake.with_client().await;
    let error = |code: &str, text: &str| format!(r#"{{"errorType":"x","errorCode":"{code}","errorMessage":"{text}"}}"#);
    for (status, body, class) in [
        (400, error("DH-905", "Invalid Price for orderType"), ErrorClass::Refused),
        (400, error("DH-906", "Order is in Transit state"), ErrorClass::TryLater),
        (400, error("DH-905", "Invalid IP"), ErrorClass::Blocked),
        (429, error("DH-904", "Too many requests"), ErrorClass::TryLater),
        (502, "<html>".to_string(), ErrorClass::AskFirst),
        (200, r#"{"orderStatus":"TRANSIT"}"#.to_string(), ErrorClass::AskFirst),
    ] {
        fake.says("POST /v2/super/orders", status, &body);
        let failed = broker.place_super_order(&bracket(), &intent().correlation).await.unwrap_err();
        assert_eq!(failed.class, class, "{status} {body}");
    }
    fake.is_silent("POST /v2/super/orders");
    let failed = broker.place_super_order(&bracket(), &intent().correlation).await.unwrap_err();
    assert_eq!(failed.class, ErrorClass::AskFirst, "it may have been placed");
}
