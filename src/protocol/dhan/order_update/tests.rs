use proptest::prelude::*;
use rust_decimal_macros::dec;

use super::*;

const MESSAGE: &str = include_str!("../../../../tests/fixtures/dhan/order-update.json");

fn one(text: &str) -> OrderUpdate {
    let mut frame = Frame::read(text);
    assert_eq!((frame.updates.len(), frame.other.len()), (1, 0), "{:?}", frame.other);
    frame.updates.remove(0)
}

#[test]
fn a_message_is_read_whatever_the_case_of_its_keys() {
    let update = one(MESSAGE);
    assert_eq!(update.order_no, "252611200002");
    assert_eq!((update.status.clone(), update.traded_qty, update.quantity), (OrderStatus::Pending, 65, 130));
    assert_eq!((update.avg_traded_price, update.txn_type.clone()), (dec!(150.3), TransactionType::Sell));
    assert_eq!(update.exchange_segment(), ExchangeSegment::NseFno);
    assert_eq!((update.product.clone(), update.order_type.clone()), (ProductType::Margin, OrderType::Limit));
    assert_eq!(update.reason(), None);
    for case in [KeyCase::Camel, KeyCase::Pascal] {
        assert_eq!(one(&update.to_message(case).unwrap().to_string()), update);
    }
    let shouted = MESSAGE.replace("\"OrderNo\"", "\"ORDERNO\"").replace("\"TradedQty\":65", "\"tradedqty\":\"65\"");
    assert_eq!(one(&shouted), update);
}

#[test]
fn the_wire_has_letters_and_titles() {
    let message = one(MESSAGE).to_message(KeyCase::Camel).unwrap();
    let data = &message["Data"];
    assert_eq!((&data["txnType"], &data["product"], &data["status"]), (&json!("S"), &json!("M"), &json!("Pending")));
    assert_eq!((&data["orderType"], &data["optType"]), (&json!("LMT"), &json!("PE")));
}

#[test]
fn several_messages_in_a_frame_are_all_read() {
    let frame = Frame::read(&format!("{MESSAGE}\n{MESSAGE}"));
    assert_eq!(frame.updates.len(), 2);
}

#[test]
fn what_is_no_order_is_kept_apart() {
    for text in [
        "Too many requests",
        r#"{"Type":"login","Status":"ok"}"#,
        r#"{"Data":{},"Type":"order_alert"}"#,
        "[1]",
        "{\"Data\":",
    ] {
        let frame = Frame::read(text);
        assert_eq!((frame.updates.len(), frame.other.len()), (0, 1), "{text}");
    }
    assert_eq!(Frame::read("  "), Frame::default());
}

#[test]
fn a_repeated_key_that_says_nothing_does_not_hide_the_other() {
    let update = one(
        r#"{"Data":{"OrderNo":null,"orderNo":"7","status":"Rejected","ReasonDescription":"RMS: no funds"},"Type":"order_alert"}"#,
    );
    assert_eq!((update.order_no.as_str(), update.reason()), ("7", Some("RMS: no funds")));
}

#[test]
fn a_login_is_read_back() {
    let login = Login { client_id: "1100000007".into(), token: "t.o.k".into() };
    assert!(Login::read(&login.to_text()) == Some(login));
    assert!(Login::read("{}").is_none());
}

#[test]
fn every_field_has_its_key() {
    let value = serde_json::to_value(OrderUpdate::default()).unwrap();
    for key in value.as_object().unwrap().keys() {
        assert!(KEYS.contains(&key.as_str()), "{key}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_fail(
        pieces in prop::collection::vec(prop_oneof![
            any::<String>(),
            Just(MESSAGE.to_string()),
            Just("{\"Type\":\"order_alert\",\"Data\":{\"orderNo\":".to_string()),
        ], 0..4)
    ) {
        let _ = Frame::read(&pieces.concat());
        let _ = crate::protocol::dhan::errors::WireError::parse(500, pieces.concat().as_bytes());
    }
}
