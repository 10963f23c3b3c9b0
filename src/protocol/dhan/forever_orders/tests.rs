use rust_decimal_macros::dec;

use super::*;
use crate::protocol::dhan::values::one_or_many;

const LIST: &[u8] = include_bytes!("../../../../tests/fixtures/dhan/forever-orders.json");
const PAIR: &str = r#"{"dhanClientId":"1100000007","correlationId":"SD7K2M0000052","orderFlag":"OCO","transactionType":"SELL","exchangeSegment":"NSE_EQ","productType":"CNC","orderType":"LIMIT","validity":"DAY","securityId":"2885","quantity":10,"disclosedQuantity":0,"price":1379.0,"triggerPrice":1380.0,"price1":1449.0,"triggerPrice1":1450.0,"quantity1":10}"#;

#[test]
fn a_pair_carries_its_target_in_the_fields_with_a_number_and_a_single_has_none() {
    let pair = PlaceForeverOrder::read_strictly(PAIR.as_bytes()).unwrap();
    assert_eq!((pair.trigger_price, pair.trigger_price1), (dec!(1380), Some(dec!(1450))));
    assert_eq!(serde_json::to_string(&pair).unwrap(), PAIR);
    let single = PlaceForeverOrder {
        order_flag: OrderFlag::Single,
        price1: None,
        trigger_price1: None,
        quantity1: None,
        ..pair
    };
    let text = serde_json::to_string(&single).unwrap();
    assert!(text.ends_with(r#""triggerPrice":1380.0}"#), "{text}");
    assert_eq!(PlaceForeverOrder::read_strictly(text.as_bytes()), Ok(single));
}

#[test]
fn a_faulty_request_is_refused_as_the_broker_does() {
    let refused =
        |from: &str, to: &str| PlaceForeverOrder::read_strictly(PAIR.replace(from, to).as_bytes()).unwrap_err();
    assert_eq!(refused(r#","quantity1":10"#, ""), "quantity1 is required");
    assert_eq!(refused(r#""triggerPrice":1380.0,"#, ""), "triggerPrice is required");
    assert_eq!(refused("OCO", "TRIPLE"), BAD_FIELDS);
    assert_eq!(refused("LIMIT", "STOP_LOSS"), BAD_FIELDS);
    assert_eq!(refused(r#""quantity":10"#, r#""quantity":"""#), BAD_FIELDS);
}

#[test]
fn a_modification_restates_one_leg() {
    let text = r#"{"dhanClientId":"1","orderId":"5","orderFlag":"OCO","orderType":"LIMIT","legName":"TARGET_LEG","quantity":10,"price":1459.0,"disclosedQuantity":0,"triggerPrice":1460.0,"validity":"DAY"}"#;
    let read = ModifyForeverOrder::read_strictly(text.as_bytes()).unwrap();
    assert_eq!((read.leg_name.clone(), read.trigger_price), (LegName::Target, dec!(1460)));
    assert_eq!(serde_json::to_string(&read).unwrap(), text);
    let refused =
        |from: &str, to: &str| ModifyForeverOrder::read_strictly(text.replace(from, to).as_bytes()).unwrap_err();
    assert_eq!(refused("TARGET_LEG", "NA"), BAD_FIELDS);
    assert_eq!(refused("TARGET_LEG", ""), "legName is required");
}

#[test]
fn the_list_calls_the_flag_an_order_type_and_a_pair_is_two_rows() {
    let rows: Vec<ForeverOrder> = one_or_many(LIST).unwrap();
    assert_eq!(
        rows.iter().map(|r| r.order_flag.clone()).collect::<Vec<_>>(),
        [OrderFlag::Oco, OrderFlag::Oco, OrderFlag::Single]
    );
    assert_eq!(rows[0].order_id, rows[1].order_id);
    assert_eq!((rows[0].leg_name.clone(), rows[1].leg_name.clone()), (LegName::StopLoss, LegName::Target));
    assert_eq!((rows[0].update_time, rows[0].drv_expiry_date), (None, None));
    assert_eq!(rows[2].drv_option_type, OptionType::Put);
    let given: serde_json::Value = serde_json::from_slice(LIST).unwrap();
    assert_eq!(serde_json::to_value(&rows).unwrap(), given, "nulls and all");
}
