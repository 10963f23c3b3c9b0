use rust_decimal_macros::dec;

use super::*;
use crate::protocol::dhan::values::one_or_many;

const BOOK: &[u8] = include_bytes!("../../../../tests/fixtures/dhan/super-orders.json");
const PLACE: &str = r#"{"dhanClientId":"1100000007","correlationId":"SD7K2M0000051","transactionType":"BUY","exchangeSegment":"NSE_FNO","productType":"INTRADAY","orderType":"LIMIT","securityId":"51234","quantity":130,"price":150.25,"targetPrice":170.0,"stopLossPrice":140.0,"trailingJump":2.5}"#;

#[test]
fn a_request_is_sent_with_numbers_and_without_validity_or_trigger() {
    let order = PlaceSuperOrder {
        dhan_client_id: "1100000007".into(),
        correlation_id: "SD7K2M0000051".into(),
        transaction_type: TransactionType::Buy,
        exchange_segment: ExchangeSegment::NseFno,
        product_type: ProductType::Intraday,
        order_type: OrderType::Limit,
        security_id: "51234".into(),
        quantity: 130,
        price: dec!(150.25),
        target_price: dec!(170),
        stop_loss_price: dec!(140),
        trailing_jump: dec!(2.5),
    };
    assert_eq!(serde_json::to_string(&order).unwrap(), PLACE);
    assert_eq!(PlaceSuperOrder::read_strictly(PLACE.as_bytes()), Ok(order));
}

#[test]
fn a_faulty_request_is_refused_as_the_broker_does() {
    let refused =
        |from: &str, to: &str| PlaceSuperOrder::read_strictly(PLACE.replace(from, to).as_bytes()).unwrap_err();
    assert_eq!(refused(r#""targetPrice":170.0,"#, ""), "targetPrice is required");
    assert_eq!(refused(r#""quantity":130"#, r#""quantity":"""#), BAD_FIELDS);
    assert_eq!(refused("LIMIT", "STOP_LOSS"), BAD_FIELDS);
    assert_eq!(refused("LIMIT", "MARKET"), "Invalid Price for orderType");
    let market = PLACE.replace("LIMIT", "MARKET").replace("150.25", "0");
    assert!(PlaceSuperOrder::read_strictly(market.as_bytes()).is_ok());
}

#[test]
fn a_modification_has_the_fields_of_its_leg_and_no_others() {
    let leg = |text: &str| {
        let read = ModifySuperOrder::read_strictly(text.as_bytes()).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        read
    };
    let target = r#"{"dhanClientId":"1","orderId":"7","legName":"TARGET_LEG","targetPrice":175.5}"#;
    assert!(matches!(leg(target), ModifySuperOrder::Target(t) if t.target_price == dec!(175.5)));
    let stop =
        r#"{"dhanClientId":"1","orderId":"7","legName":"STOP_LOSS_LEG","stopLossPrice":142.0,"trailingJump":0.0}"#;
    assert!(matches!(leg(stop), ModifySuperOrder::StopLoss(s) if s.stop_loss_price == dec!(142)));
    let entry = r#"{"dhanClientId":"1","orderId":"7","orderType":"LIMIT","legName":"ENTRY_LEG","quantity":65,"price":149.0,"targetPrice":170.0,"stopLossPrice":140.0,"trailingJump":1.0}"#;
    assert!(matches!(leg(entry), ModifySuperOrder::Entry(e) if e.quantity == 65));
    let without = stop.replace(r#","trailingJump":0.0"#, "");
    let ModifySuperOrder::StopLoss(read) = ModifySuperOrder::read_strictly(without.as_bytes()).unwrap() else {
        panic!("another leg")
    };
    assert!(read.trailing_jump.is_zero(), "left out, the trail ends");
    let refused = |text: &str| ModifySuperOrder::read_strictly(text.as_bytes()).unwrap_err();
    assert_eq!(refused(&target.replace("TARGET_LEG", "OTHER_LEG")), BAD_FIELDS);
    assert_eq!(refused(&target.replace(r#","targetPrice":175.5"#, "")), "targetPrice is required");
    assert_eq!(refused(&entry.replace(r#""quantity":65,"#, "")), "quantity is required");
}

#[test]
fn the_list_is_read_with_its_misspelling_and_written_with_it() {
    let orders: Vec<SuperOrder> = one_or_many(BOOK).unwrap();
    let [part, closed] = orders.as_slice() else { panic!("two orders") };
    let stop = part.leg(&LegName::StopLoss).unwrap();
    assert_eq!((stop.total_quantity, stop.trailing_jump, stop.price), (Some(65), dec!(2.5), dec!(140)));
    assert_eq!(part.leg(&LegName::Target).unwrap().total_quantity, None);
    assert_eq!((closed.order_status.clone(), closed.quantity), (OrderStatus::Closed, 10));
    assert_eq!(closed.leg(&LegName::Target).unwrap().order_status, OrderStatus::Triggered);
    assert_eq!(part.reason(), None);
    for order in &orders {
        let text = serde_json::to_vec(order).unwrap();
        assert_eq!(serde_json::from_slice::<SuperOrder>(&text).unwrap(), *order);
    }
    let written = serde_json::to_value(part).unwrap();
    assert_eq!(written["legDetails"][0]["totalQuatity"], 65);
    assert!(written["legDetails"][1].get("totalQuatity").is_none());
}

#[test]
fn a_word_we_do_not_know_is_kept() {
    let text = String::from_utf8_lossy(BOOK).replace("TRIGGERED", "SLEEPING");
    let orders: Vec<SuperOrder> = one_or_many(text.as_bytes()).unwrap();
    let leg = orders[1].leg(&LegName::Target).unwrap();
    assert_eq!(leg.order_status, OrderStatus::Unknown("SLEEPING".into()));
}
