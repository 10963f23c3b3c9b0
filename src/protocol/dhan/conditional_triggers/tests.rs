use jiff::civil::date;
use rust_decimal_macros::dec;
use serde_json::json;

use super::*;
use crate::protocol::dhan::values::one_or_many;

const LIST: &[u8] = include_bytes!("../../../../tests/fixtures/dhan/alerts.json");

fn request() -> Value {
    json!({
        "dhanClientId": "1100000007",
        "condition": {"comparisonType": "PRICE_WITH_VALUE", "exchangeSegment": "IDX_I", "securityId": "13",
            "operator": "CROSSING_UP", "comparingValue": 26000.0, "expDate": "2026-12-31", "frequency": "ONCE",
            "userNote": "breakout"},
        "orders": [{"transactionType": "BUY", "exchangeSegment": "NSE_FNO", "productType": "MARGIN",
            "orderType": "LIMIT", "securityId": "51234", "quantity": 65, "validity": "DAY", "price": "150.25",
            "discQuantity": "0", "triggerPrice": "0"}],
    })
}

fn read(value: &Value) -> Result<AlertRequest, String> {
    AlertRequest::read_strictly(value.to_string().as_bytes(), false)
}

#[test]
fn an_alerts_orders_write_their_prices_as_text_and_its_condition_as_numbers() {
    let alert = read(&request()).unwrap();
    assert_eq!((alert.orders[0].price, alert.condition.comparing_value), (dec!(150.25), Some(dec!(26000))));
    assert_eq!(alert.condition.exp_date, Some(date(2026, 12, 31)));
    assert_eq!(serde_json::to_value(&alert).unwrap(), request());
}

#[test]
fn each_comparison_needs_its_own_fields() {
    let with = |kind: &str, fields: &[(&str, &str)]| {
        let mut value = request();
        let condition = value["condition"].as_object_mut().unwrap();
        condition.remove("comparingValue");
        condition.insert("comparisonType".into(), json!(kind));
        for (name, text) in fields {
            condition.insert((*name).into(), json!(text));
        }
        read(&value)
    };
    assert_eq!(with("PRICE_WITH_VALUE", &[]).unwrap_err(), "comparingValue is required");
    assert_eq!(with("TECHNICAL_WITH_CLOSE", &[]).unwrap_err(), "indicatorName is required");
    let sma = ("indicatorName", "SMA_5");
    assert_eq!(with("TECHNICAL_WITH_CLOSE", &[sma]).unwrap_err(), "timeFrame is required");
    assert!(with("TECHNICAL_WITH_CLOSE", &[sma, ("timeframe", "DAY")]).is_ok(), "as one table prints it");
    let pair = [sma, ("timeFrame", "ONE_MIN")];
    assert_eq!(with("TECHNICAL_WITH_INDICATOR", &pair).unwrap_err(), "comparingIndicatorName is required");
    assert_eq!(
        with("TECHNICAL_WITH_CLOSE", &[("indicatorName", "SMA_7"), ("timeFrame", "DAY")]),
        Err(BAD_FIELDS.into())
    );
    assert_eq!(with("MOON_PHASE", &[]), Err(BAD_FIELDS.into()));
}

#[test]
fn an_alert_places_one_to_fifteen_orders_and_a_modification_may_leave_them_as_they_are() {
    let of = |count: usize| {
        let mut value = request();
        value["orders"] = json!(vec![value["orders"][0].clone(); count]);
        value
    };
    assert!(read(&of(15)).is_ok());
    assert_eq!(read(&of(16)), Err(BAD_FIELDS.into()));
    assert_eq!(read(&of(0)), Err("orders is required".into()));
    let mut without = request();
    without.as_object_mut().unwrap().remove("orders");
    let modified = AlertRequest::read_strictly(without.to_string().as_bytes(), true).unwrap();
    assert!(modified.orders.is_empty());
    let mut unnamed = request();
    unnamed["orders"][0]["securityId"] = json!("");
    assert_eq!(read(&unnamed), Err("securityId is required".into()));
}

#[test]
fn the_list_is_read_whether_its_numbers_are_text_or_not() {
    let alerts: Vec<Alert> = one_or_many(LIST).unwrap();
    let [active, fired] = alerts.as_slice() else { panic!("two alerts") };
    assert_eq!((active.last_price, active.condition.comparing_value), (Some(dec!(25912.40)), Some(dec!(25850))));
    assert_eq!((active.triggered_time, active.created_time), (None, "2026-11-20T04:00:00Z".parse().ok()));
    assert_eq!((fired.alert_status.clone(), fired.last_price), (AlertStatus::Triggered, Some(dec!(1411.5))));
    assert_eq!(fired.condition.time_frame, Some(TimeFrame::FifteenMinutes));
    let text = serde_json::to_value(fired).unwrap();
    assert_eq!(text["triggeredTime"], "2026-11-20T03:46:10Z");
    assert_eq!(serde_json::from_value::<Alert>(text).unwrap(), *fired);
}

#[test]
fn many_orders_write_numbers_and_have_names_of_their_own() {
    let text = r#"{"dhanClientId":"1","orders":[{"sequence":"1","correlationId":"A1","transactionType":"BUY","exchangeSegment":"NSE_EQ","productType":"CNC","orderType":"LIMIT","validity":"DAY","securityId":"2885","quantity":1,"disclosedQuantity":0,"price":1400.0,"triggerPrice":0.0,"afterMarketOrder":false}]}"#;
    let request = MultiOrderRequest::read_strictly(text.as_bytes()).unwrap();
    assert_eq!(serde_json::to_string(&request).unwrap(), text);
    let one = &request.orders[0];
    let twice = MultiOrderRequest { orders: vec![one.clone(), one.clone()], ..request.clone() };
    let refused = MultiOrderRequest::read_strictly(&serde_json::to_vec(&twice).unwrap());
    assert_eq!(refused, Err(BAD_FIELDS.into()), "two of one name");
    let none = MultiOrderRequest { orders: vec![], ..request };
    assert!(MultiOrderRequest::read_strictly(&serde_json::to_vec(&none).unwrap()).is_err());
}
