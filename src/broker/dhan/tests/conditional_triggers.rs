//! Conditional triggers and multi orders: what is sent, and what is made of the answers.

use jiff::civil::date;
use rust_decimal_macros::dec;

use super::fake::Fake;
use super::listing::{intent, nifty, nifty_put, reliance};
use crate::broker::TriggerAck;
use crate::domain::{
    Against, Comparison, Condition, Frequency, Indicator, Intent, Operator, OrderKind, OrderSpec, Price, Side,
    TimeFrame, Trigger, TriggerId, TriggerStatus,
};
use crate::gateway::ErrorClass;

const LIST: &str = include_str!("../../../../tests/fixtures/dhan/alerts.json");

fn trigger() -> Trigger {
    let condition = Condition {
        contract: nifty(),
        comparison: Comparison::Price { value: Price(dec!(25850)) },
        operator: Operator::CrossingDown,
        expires: Some(date(2026, 12, 31)),
        frequency: Frequency::Once,
        note: "below".into(),
    };
    let kind = OrderKind::Limit { price: Price(dec!(150.5)) };
    Trigger { condition, orders: vec![OrderSpec { kind, side: Side::Buy, ..intent().spec }] }
}

#[tokio::test]
async fn a_trigger_is_sent_with_text_prices_and_a_number_to_compare_with() {
    let fake = Fake::default();
    fake.says("POST /v2/alerts/orders", 200, r#"{"alertId":"9","alertStatus":"ACTIVE"}"#);
    fake.says("PUT /v2/alerts/orders/9", 200, r#"{"alertId":"9","alertStatus":"ACTIVE"}"#);
    let broker = fake.with_client().await;
    let ack = broker.create_trigger(&trigger()).await.unwrap();
    assert_eq!(ack, TriggerAck { id: TriggerId("9".into()), status: TriggerStatus::Active });
    let rest = r#""condition":{"comparisonType":"PRICE_WITH_VALUE","exchangeSegment":"IDX_I","securityId":"13","operator":"CROSSING_DOWN","comparingValue":25850.0,"expDate":"2026-12-31","frequency":"ONCE","userNote":"below"},"orders":[{"transactionType":"BUY","exchangeSegment":"NSE_FNO","productType":"INTRADAY","orderType":"LIMIT","securityId":"51234","quantity":130,"validity":"DAY","price":"150.50","discQuantity":"0","triggerPrice":"0"}]}"#;
    assert_eq!(fake.last().body, format!(r#"{{"dhanClientId":"1100000007",{rest}"#));
    broker.modify_trigger(&ack.id, &trigger()).await.unwrap();
    assert_eq!(fake.last().body, format!(r#"{{"dhanClientId":"1100000007","alertId":"9",{rest}"#));
}

#[tokio::test]
async fn an_indicator_is_sent_with_its_candles_and_what_it_is_compared_with() {
    let fake = Fake::default();
    fake.says("POST /v2/alerts/orders", 200, r#"{"alertId":"9","alertStatus":"ACTIVE"}"#);
    let broker = fake.with_client().await;
    for (with, words) in [
        (Against::Value(dec!(70)), r#""timeFrame":"FIVE_MIN","operator":"CROSSING_DOWN","comparingValue":70.0"#),
        (Against::Indicator(Indicator::Sma20), r#""comparingIndicatorName":"SMA_20""#),
        (Against::Close, r#""comparisonType":"TECHNICAL_WITH_CLOSE""#),
    ] {
        let mut asked = trigger();
        let (indicator, time_frame) = (Indicator::Rsi14, TimeFrame::FiveMinutes);
        asked.condition.comparison = Comparison::Technical { indicator, time_frame, with };
        broker.create_trigger(&asked).await.unwrap();
        assert!(fake.last().body.contains(words), "{words}: {}", fake.last().body);
    }
}

#[tokio::test]
async fn what_the_broker_would_not_watch_is_not_sent() {
    let fake = Fake::default();
    let broker = fake.with_client().await;
    let mut option = trigger();
    option.condition.contract = nifty_put();
    let mut many = trigger();
    many.orders = vec![many.orders[0]; 16];
    for wrong in [option, many, Trigger { orders: vec![], ..trigger() }] {
        assert_eq!(broker.create_trigger(&wrong).await.unwrap_err().class, ErrorClass::NotSent);
    }
    assert!(fake.asked().is_empty());
}

#[tokio::test]
async fn triggers_are_read_one_by_one_and_as_a_list() {
    let fake = Fake::default();
    let alerts: Vec<serde_json::Value> = serde_json::from_str(LIST).unwrap();
    fake.says("GET /v2/alerts/orders", 200, LIST);
    fake.says("GET /v2/alerts/orders/700001", 200, &alerts[0].to_string());
    fake.says("GET /v2/alerts/orders/1", 404, r#"{"errorType":"x","errorCode":"DH-906","errorMessage":"Incorrect"}"#);
    fake.says("GET /v2/alerts/orders/2", 200, &alerts[0].to_string());
    fake.says("DELETE /v2/alerts/orders/700001", 200, r#"{"alertId":"700001","alertStatus":"CANCELLED"}"#);
    let broker = fake.with_client().await;
    let id = |text: &str| TriggerId(text.into());
    let all = broker.triggers().await.unwrap();
    let read = all[0].trigger.as_ref().unwrap();
    assert_eq!((read.condition.contract, read.condition.operator), (nifty(), Operator::CrossingDown));
    assert_eq!((read.orders[0].contract, read.orders[0].kind.price()), (nifty_put(), Some(Price(dec!(150.25)))));
    assert_eq!((all[1].status, all[1].last), (TriggerStatus::Triggered, Some(Price(dec!(1411.5)))));
    let technical = all[1].trigger.as_ref().unwrap();
    assert_eq!(technical.condition.contract, reliance());
    assert!(matches!(
        technical.condition.comparison,
        Comparison::Technical { time_frame: TimeFrame::FifteenMinutes, .. }
    ));
    assert_eq!(broker.trigger(&id("700001")).await.unwrap().as_ref(), Some(&all[0]));
    assert_eq!(broker.trigger(&id("1")).await, Ok(None));
    assert!(broker.trigger(&id("2")).await.is_err(), "an answer about another");
    assert_eq!(broker.cancel_trigger(&id("700001")).await.unwrap().status, TriggerStatus::Cancelled);
}

#[tokio::test]
async fn a_trigger_with_words_we_do_not_know_is_still_told() {
    let fake = Fake::default();
    fake.says("GET /v2/alerts/orders", 200, &LIST.replace("EMA_5", "EMA_7").replace("\"ACTIVE\"", "\"ASLEEP\""));
    let broker = fake.with_client().await;
    let all = broker.triggers().await.unwrap();
    assert_eq!((all[0].status, all[1].trigger.as_ref()), (TriggerStatus::Active, None));
}

#[tokio::test]
async fn each_of_many_orders_has_an_answer_of_its_own() {
    let fake = Fake::default();
    fake.says(
        "POST /v2/alerts/multi/orders",
        200,
        r#"{"orders":[{"orderId":"","sequence":"2","orderStatus":"REJECTED"},{"orderId":"71","sequence":"1","orderStatus":"TRANSIT"}]}"#,
    );
    let broker = fake.with_client().await;
    let intents: Vec<Intent> = vec![intent(); 3];
    let answers = broker.place_multi_orders(&intents).await.unwrap();
    assert_eq!(answers[0].as_ref().map(|a| a.order_id.0.as_str()), Ok("71"));
    let class = |n: usize| answers[n].as_ref().unwrap_err().class;
    assert_eq!((class(1), class(2)), (ErrorClass::Refused, ErrorClass::AskFirst), "not spoken of is not refused");
    let sent: serde_json::Value = serde_json::from_str(&fake.last().body).unwrap();
    assert_eq!((&sent["orders"][2]["sequence"], &sent["orders"][0]["price"]), (&"3".into(), &150.25.into()));
    let many = vec![intent(); 16];
    assert_eq!(broker.place_multi_orders(&many).await.unwrap_err().class, ErrorClass::NotSent);
}
