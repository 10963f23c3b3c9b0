use rust_decimal_macros::dec;

use super::*;
use crate::protocol::dhan::values::one_or_many;

const PLACE: &str = include_str!("../../../../tests/fixtures/dhan/order-place.json");
const BOOK: &str = include_str!("../../../../tests/fixtures/dhan/order-book.json");

#[test]
fn a_request_is_sent_with_numbers_and_without_what_is_not_used() {
    let order = PlaceOrder {
        dhan_client_id: "1100000007".into(),
        correlation_id: "SD7K2M0000042".into(),
        transaction_type: TransactionType::Sell,
        exchange_segment: ExchangeSegment::NseFno,
        product_type: ProductType::Intraday,
        order_type: OrderType::StopLoss,
        validity: Validity::Day,
        security_id: "51234".into(),
        quantity: 130,
        price: dec!(150.25),
        trigger_price: dec!(151),
        ..PlaceOrder::default()
    };
    assert_eq!(serde_json::to_string(&order).unwrap(), PLACE.trim());
    assert_eq!(PlaceOrder::read_strictly(PLACE.as_bytes()), Ok(order));
}

#[test]
fn a_faulty_request_is_refused_as_the_broker_does() {
    let body = |from: &str, to: &str| PLACE.replace(from, to);
    let refused = |text: String| PlaceOrder::read_strictly(text.as_bytes()).unwrap_err();
    assert_eq!(refused(body(r#""quantity":130,"#, "")), "quantity is required");
    assert_eq!(refused(body(r#""quantity":130"#, r#""quantity":"""#)), BAD_FIELDS);
    assert_eq!(refused(body(r#""quantity":130"#, r#""quantity":1.5"#)), BAD_FIELDS);
    assert_eq!(refused(body("SELL", "HOLD")), BAD_FIELDS);
    assert_eq!(refused("[]".into()), BAD_FIELDS);
    assert_eq!(refused(body(r#""51234""#, r#""""#)), "securityId is required");
}

#[test]
fn the_book_is_read_with_its_placeholders() {
    let orders: Vec<Order> = one_or_many(BOOK.as_bytes()).unwrap();
    let [resting, rejected, partial] = orders.as_slice() else { panic!("three orders") };
    assert_eq!((resting.reason(), resting.leg_name.clone(), resting.drv_expiry_date), (None, LegName::None, None));
    assert_eq!(rejected.reason(), Some("RMS:252611200003:Insufficient funds"));
    assert_eq!((rejected.exchange_order_id.as_deref(), rejected.exchange_time), (None, None));
    assert_eq!((partial.filled_qty, partial.remaining_quantity), (65, 65));
    assert_eq!(partial.average_traded_price, dec!(150.3));
    assert_eq!(partial.drv_option_type, OptionType::Put);
}

#[test]
fn an_order_reads_back_what_it_writes() {
    for order in one_or_many::<Order>(BOOK.as_bytes()).unwrap() {
        let text = serde_json::to_vec(&order).unwrap();
        assert_eq!(serde_json::from_slice::<Order>(&text).unwrap(), order);
    }
}

#[test]
fn a_postback_spells_the_filled_quantity_its_own_way() {
    let orders: Vec<Order> = one_or_many(BOOK.as_bytes()).unwrap();
    let body = orders[2].postback().unwrap();
    assert_eq!(body["filled_qty"], 65);
    assert!(body.get("filledQty").is_none() && body.get("averageTradedPrice").is_none());
    let read: Order = serde_json::from_value(body).unwrap();
    assert_eq!(read.filled_qty, 65);
}

#[test]
fn a_modification_restates_the_order() {
    let modify = ModifyOrder {
        dhan_client_id: "1100000007".into(),
        order_id: "252611200001".into(),
        order_type: OrderType::Limit,
        quantity: 130,
        price: dec!(149.9),
        validity: Validity::Day,
        ..ModifyOrder::default()
    };
    let text = serde_json::to_string(&modify).unwrap();
    assert_eq!(
        text,
        r#"{"dhanClientId":"1100000007","orderId":"252611200001","orderType":"LIMIT","quantity":130,"price":149.9,"disclosedQuantity":0,"triggerPrice":0.0,"validity":"DAY"}"#
    );
    assert_eq!(ModifyOrder::read_strictly(text.as_bytes()), Ok(modify));
}
