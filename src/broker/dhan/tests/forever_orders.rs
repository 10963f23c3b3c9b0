//! Forever orders: what is sent, and what is made of the answers.

use rust_decimal_macros::dec;

use super::fake::Fake;
use super::listing::{intent, nifty_put, reliance};
use crate::broker::dhan::ForeverChange;
use crate::domain::{
    BrokerOrderId, ForeverLeg, ForeverLegName, ForeverLegs, ForeverOrder, Price, Pricing, Product, Quantity,
    SeenStatus, Side, Validity,
};
use crate::gateway::ErrorClass;

const LIST: &str = include_str!("../../../../tests/fixtures/dhan/forever-orders.json");

fn leg(trigger: i64, limit: i64) -> ForeverLeg {
    let pricing = Pricing::Limit { price: Price(limit.into()) };
    ForeverLeg { quantity: Quantity(10), trigger: Price(trigger.into()), pricing }
}

fn order(legs: ForeverLegs) -> ForeverOrder {
    ForeverOrder { contract: reliance(), side: Side::Sell, product: Product::Cnc, validity: Validity::Day, legs }
}

#[tokio::test]
async fn a_pair_sends_its_stop_first_and_its_target_with_numbers() {
    let fake = Fake::default();
    fake.says("POST /v2/forever/orders", 200, r#"{"orderId":"5","orderStatus":"PENDING"}"#);
    let broker = fake.with_client().await;
    let mark = intent().correlation;
    let pair = order(ForeverLegs::OneCancelsOther { stop: leg(1380, 1379), target: leg(1450, 1449) });
    let ack = broker.place_forever_order(&pair, &mark).await.unwrap();
    assert_eq!((ack.order_id.0.as_str(), ack.status), ("5", SeenStatus::Working));
    let pair = r#"{"dhanClientId":"1100000007","correlationId":"MARK","orderFlag":"OCO","transactionType":"SELL","exchangeSegment":"NSE_EQ","productType":"CNC","orderType":"LIMIT","validity":"DAY","securityId":"2885","quantity":10,"disclosedQuantity":0,"price":1379.0,"triggerPrice":1380.0,"price1":1449.0,"triggerPrice1":1450.0,"quantity1":10}"#;
    assert_eq!(fake.last().body, pair.replace("MARK", mark.as_str()));

    let market = ForeverLeg { pricing: Pricing::Market, ..leg(1380, 0) };
    broker.place_forever_order(&order(ForeverLegs::Single(market)), &mark).await.unwrap();
    let single = r#""orderType":"MARKET","validity":"DAY","securityId":"2885","quantity":10,"disclosedQuantity":0,"price":0.0,"triggerPrice":1380.0}"#;
    assert!(fake.last().body.ends_with(single), "{}", fake.last().body);

    let mixed = order(ForeverLegs::OneCancelsOther { stop: market, target: leg(1450, 1449) });
    let error = broker.place_forever_order(&mixed, &mark).await.unwrap_err();
    assert_eq!((error.class, fake.asked().len()), (ErrorClass::NotSent, 2));
}

#[tokio::test]
async fn one_leg_is_restated_and_all_of_it_cancelled() {
    let fake = Fake::default();
    fake.says("PUT /v2/forever/orders/5", 200, r#"{"orderId":"5","orderStatus":"PENDING"}"#);
    fake.says("DELETE /v2/forever/orders/5", 200, r#"{"orderId":"5","orderStatus":"CANCELLED"}"#);
    let broker = fake.with_client().await;
    let id = BrokerOrderId("5".into());
    let to = leg(1460, 1459);
    let change = ForeverChange { paired: true, leg: ForeverLegName::Target, to, validity: Validity::Day };
    broker.modify_forever_order(&id, &change).await.unwrap();
    assert_eq!(
        fake.last().body,
        r#"{"dhanClientId":"1100000007","orderId":"5","orderFlag":"OCO","orderType":"LIMIT","legName":"TARGET_LEG","quantity":10,"price":1459.0,"disclosedQuantity":0,"triggerPrice":1460.0,"validity":"DAY"}"#
    );
    let ack = broker.cancel_forever_order(&id).await.unwrap();
    assert_eq!((ack.status, fake.last().body.as_str()), (SeenStatus::Working, ""), "asked for, not yet done");
}

#[tokio::test]
async fn the_list_is_in_neutral_terms() {
    let fake = Fake::default();
    fake.says("GET /v2/forever/orders", 200, LIST);
    let broker = fake.with_client().await;
    let rows = broker.forever_orders().await.unwrap();
    let [stop, target, done] = rows.as_slice() else { panic!("three legs") };
    assert_eq!(
        (stop.order_id.clone(), stop.leg, stop.paired),
        (target.order_id.clone(), Some(ForeverLegName::StopLoss), true)
    );
    assert_eq!((target.leg, target.trigger, target.armed), (Some(ForeverLegName::Target), Price(dec!(1450)), true));
    assert_eq!((done.contract, done.status, done.price), (nifty_put(), SeenStatus::Filled, None));
    assert!(!done.armed && !done.paired && stop.updated.is_none());
}
