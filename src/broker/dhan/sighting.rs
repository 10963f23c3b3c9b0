//! What the broker tells of an order, whichever way it comes, as a sighting.

use rust_decimal::Decimal;

use super::contracts::contract_of_row;
use crate::domain::time::Timestamp;
use crate::domain::{
    BrokerOrderId, CorrelationId, InstrumentIndex, OrderSighting, OrderSpec, Price, Quantity, SeenStatus, Validity,
};
use crate::protocol::dhan::enums::{self, ExchangeSegment, OrderStatus, OrderType, ProductType, TransactionType};
use crate::protocol::dhan::order_update::OrderUpdate;
use crate::protocol::dhan::orders::Order;

/// What the order book, the socket and the postback have in common.
struct Told<'a> {
    order_id: &'a str,
    correlation: &'a str,
    segment: ExchangeSegment,
    security_id: &'a str,
    side: &'a TransactionType,
    product: &'a ProductType,
    order_type: &'a OrderType,
    validity: &'a enums::Validity,
    quantity: i64,
    price: Decimal,
    trigger: Decimal,
    filled: i64,
    average: Decimal,
    status: &'a OrderStatus,
    reason: Option<&'a str>,
    updated: Option<Timestamp>,
}

/// `None` for an order our words cannot say (a side or product we do not know).
pub(super) fn of_order(index: &InstrumentIndex, order: &Order) -> Option<OrderSighting> {
    sighting(
        index,
        &Told {
            order_id: &order.order_id,
            correlation: &order.correlation_id,
            segment: order.exchange_segment.clone(),
            security_id: &order.security_id,
            side: &order.transaction_type,
            product: &order.product_type,
            order_type: &order.order_type,
            validity: &order.validity,
            quantity: order.quantity,
            price: order.price,
            trigger: order.trigger_price,
            filled: order.filled_qty,
            average: order.average_traded_price,
            status: &order.order_status,
            reason: order.reason(),
            updated: order.update_time.or(order.exchange_time).or(order.create_time),
        },
    )
}

/// `None` for an order our words cannot say.
pub(super) fn of_update(index: &InstrumentIndex, update: &OrderUpdate) -> Option<OrderSighting> {
    sighting(
        index,
        &Told {
            order_id: &update.order_no,
            correlation: &update.correlation_id,
            segment: update.exchange_segment(),
            security_id: &update.security_id,
            side: &update.txn_type,
            product: &update.product,
            order_type: &update.order_type,
            validity: &update.validity,
            quantity: update.quantity,
            price: update.price,
            trigger: update.trigger_price,
            filled: update.traded_qty,
            average: update.avg_traded_price,
            status: &update.status,
            reason: update.reason(),
            updated: update.last_updated_time.or(update.exch_order_time).or(update.order_date_time),
        },
    )
}

fn sighting(index: &InstrumentIndex, told: &Told<'_>) -> Option<OrderSighting> {
    let quantity = units(told.quantity)?;
    let filled = units(told.filled)?;
    let spec = OrderSpec {
        contract: contract_of_row(index, &told.segment, told.security_id)?,
        side: told.side.side()?,
        quantity,
        kind: told.order_type.kind(told.price, told.trigger)?,
        // A word nobody knows is taken as the usual one.
        validity: told.validity.validity().unwrap_or(Validity::Day),
        product: told.product.product()?,
    };
    let order_id = told.order_id.trim();
    let sighting = OrderSighting {
        correlation: CorrelationId::try_from(told.correlation.trim().to_string()).ok(),
        order_id: BrokerOrderId(order_id.to_string()),
        spec,
        filled,
        average: (!filled.is_zero() && told.average > Decimal::ZERO).then_some(Price(told.average)),
        status: status(told.status, filled, quantity),
        reason: told.reason.map(str::to_string),
        updated: told.updated,
    };
    (!order_id.is_empty()).then_some(sighting)
}

/// The word and the quantities may disagree (the word for a partial fill is not documented, and words run ahead of
/// quantities): *filled* is only what has filled wholly.
fn status(word: &OrderStatus, filled: Quantity, quantity: Quantity) -> SeenStatus {
    let whole = !quantity.is_zero() && filled >= quantity;
    match word.seen() {
        SeenStatus::Filled | SeenStatus::Working | SeenStatus::Transit if whole => SeenStatus::Filled,
        SeenStatus::Filled => SeenStatus::Working,
        SeenStatus::Transit if !filled.is_zero() => SeenStatus::Working,
        seen => seen,
    }
}

/// `None` for a quantity that is negative or beyond any order.
pub(super) fn units(quantity: i64) -> Option<Quantity> {
    u32::try_from(quantity).ok().map(Quantity)
}

#[cfg(test)]
mod tests {
    use rust_decimal_macros::dec;

    use super::*;
    use crate::broker::dhan::tests::listing::{index, nifty_put};
    use crate::domain::{OrderKind, Product, Side};
    use crate::protocol::dhan::order_update::Frame;
    use crate::protocol::dhan::values::one_or_many;

    const BOOK: &[u8] = include_bytes!("../../../tests/fixtures/dhan/order-book.json");
    const UPDATE: &str = include_str!("../../../tests/fixtures/dhan/order-update.json");

    #[test]
    fn book_and_socket_tell_the_same_order_alike() {
        let index = index();
        let orders: Vec<Order> = one_or_many(BOOK).unwrap();
        let from_book = of_order(&index, &orders[2]).unwrap();
        let from_socket = of_update(&index, &Frame::read(UPDATE).updates[0]).unwrap();
        assert_eq!(from_book, from_socket);
        assert_eq!((from_book.spec.contract, from_book.spec.side), (nifty_put(), Side::Sell));
        assert_eq!((from_book.filled, from_book.average), (Quantity(65), Some(Price(dec!(150.30)))));
        assert_eq!((from_book.status, from_book.spec.product), (SeenStatus::Working, Product::Margin));
        assert_eq!(from_book.correlation.map(String::from).as_deref(), Some("SD7K2M0000042"));
    }

    #[test]
    fn a_mark_the_broker_made_up_is_not_ours_and_a_rejection_has_a_reason() {
        let orders: Vec<Order> = one_or_many(BOOK).unwrap();
        let rejected = of_order(&index(), &orders[1]).unwrap();
        assert_eq!((rejected.correlation, rejected.status), (None, SeenStatus::Rejected));
        assert_eq!(rejected.reason.as_deref(), Some("RMS:252611200003:Insufficient funds"));
        assert_eq!((rejected.spec.kind, rejected.average), (OrderKind::Market, None));
    }

    #[test]
    fn filled_is_only_what_filled_wholly() {
        let (half, all) = (Quantity(65), Quantity(130));
        assert_eq!(status(&OrderStatus::Traded, half, all), SeenStatus::Working);
        assert_eq!(status(&OrderStatus::Pending, all, all), SeenStatus::Filled);
        assert_eq!(status(&OrderStatus::Transit, half, all), SeenStatus::Working);
        assert_eq!(status(&OrderStatus::Cancelled, half, all), SeenStatus::Cancelled);
        assert_eq!(status(&OrderStatus::read("Frozen"), Quantity::ZERO, all), SeenStatus::Working);
    }

    #[test]
    fn an_order_our_words_cannot_say_is_none() {
        let mut orders: Vec<Order> = one_or_many(BOOK).unwrap();
        orders[0].product_type = ProductType::read("LAMF");
        assert_eq!(of_order(&index(), &orders[0]), None);
    }
}
