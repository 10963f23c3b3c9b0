//! Orders: place, modify, cancel; the book, one order, and the order with a given mark.

use super::contracts::{current, security_of};
use super::rest::{decode, unreadable};
use super::sighting::of_order;
use super::{DhanBroker, Purpose};
use crate::broker::{BrokerError, PlaceAck};
use crate::domain::{BrokerOrderId, CorrelationId, Intent, OrderSighting, OrderSpec, SeenStatus};
use crate::net::Method;
use crate::protocol::dhan::enums::OrderStatus;
use crate::protocol::dhan::orders::{ModifyOrder, Order, OrderAck, PlaceOrder};
use crate::protocol::dhan::terms::priced;
use crate::protocol::dhan::values::one_or_many;

impl DhanBroker {
    pub(super) async fn place_order(&self, intent: &Intent) -> Result<PlaceAck, BrokerError> {
        let spec = &intent.spec;
        let (exchange_segment, security_id) = security_of(&current(&self.index), &spec.contract)?;
        let (order_type, price, trigger_price) = priced(self.kind_to_send(spec).await?);
        let body = PlaceOrder {
            dhan_client_id: self.client_id(),
            correlation_id: intent.correlation.as_str().to_string(),
            transaction_type: spec.side.into(),
            exchange_segment,
            product_type: spec.product.into(),
            order_type,
            validity: spec.validity.into(),
            security_id: security_id.to_string(),
            quantity: i64::from(spec.quantity.0),
            price,
            trigger_price,
            ..PlaceOrder::default()
        };
        let answer = self.change(Method::POST, "/orders", Some(&body)).await?;
        acknowledged(&answer)
    }

    pub(super) async fn modify_order(
        &self,
        order_id: &BrokerOrderId,
        spec: &OrderSpec,
    ) -> Result<PlaceAck, BrokerError> {
        let path = order_path(order_id)?;
        let (order_type, price, trigger_price) = priced(spec.kind);
        let body = ModifyOrder {
            dhan_client_id: self.client_id(),
            order_id: order_id.0.clone(),
            order_type,
            quantity: i64::from(spec.quantity.0),
            price,
            trigger_price,
            validity: spec.validity.into(),
            ..ModifyOrder::default()
        };
        let answer = self.change(Method::PUT, &path, Some(&body)).await?;
        acknowledged(&answer)
    }

    pub(super) async fn cancel_order(&self, order_id: &BrokerOrderId) -> Result<PlaceAck, BrokerError> {
        taken(order_id, &self.change::<()>(Method::DELETE, &order_path(order_id)?, None).await?)
    }

    pub(super) async fn order_book(&self) -> Result<Vec<OrderSighting>, BrokerError> {
        let orders = read_orders(&self.get("/orders").await?)?;
        Ok(self.sightings(&orders))
    }

    pub(super) async fn one_order(&self, order_id: &BrokerOrderId) -> Result<Option<OrderSighting>, BrokerError> {
        let Some(answer) = self.get_if_there(&order_path(order_id)?).await? else { return Ok(None) };
        let orders = read_orders(&answer)?;
        one_of(self.sightings(&orders), orders.len(), |seen| seen.order_id == *order_id)
    }

    pub(super) async fn find_order(&self, id: &CorrelationId) -> Result<Option<OrderSighting>, BrokerError> {
        let Some(answer) = self.get_if_there(&format!("/orders/external/{id}")).await? else { return Ok(None) };
        let orders = read_orders(&answer)?;
        one_of(self.sightings(&orders), orders.len(), |seen| seen.correlation.as_ref() == Some(id))
    }

    fn sightings(&self, orders: &[Order]) -> Vec<OrderSighting> {
        let index = current(&self.index);
        let read = |order: &Order| {
            let seen = of_order(&index, order);
            if seen.is_none() {
                tracing::warn!(order = %order.order_id, side = %order.transaction_type, product = %order.product_type,
                    kind = %order.order_type, "an order of the book is not understood and left out");
            }
            seen
        };
        orders.iter().filter_map(read).collect()
    }
}

fn read_orders(answer: &[u8]) -> Result<Vec<Order>, BrokerError> {
    one_or_many(answer).map_err(|error| unreadable(Purpose::Read, error))
}

/// The one that was asked for. An answer about something else is not an answer: *there is none* must not be concluded.
fn one_of(
    seen: Vec<OrderSighting>,
    told: usize,
    is_it: impl Fn(&OrderSighting) -> bool,
) -> Result<Option<OrderSighting>, BrokerError> {
    match seen.into_iter().find(|order| is_it(order)) {
        None if told > 0 => Err(unreadable(Purpose::Read, "it is about another order")),
        found => Ok(found),
    }
}

/// The answer to a cancellation, which may say nothing.
pub(super) fn taken(order_id: &BrokerOrderId, answer: &[u8]) -> Result<PlaceAck, BrokerError> {
    if answer.iter().all(u8::is_ascii_whitespace) {
        return Ok(PlaceAck { order_id: order_id.clone(), status: SeenStatus::Working });
    }
    acknowledged(answer)
}

pub(super) fn acknowledged(answer: &[u8]) -> Result<PlaceAck, BrokerError> {
    let ack: OrderAck = decode(Purpose::Write, answer)?;
    acknowledged_as(&ack.order_id, &ack.order_status)
}

/// An order number with a status says that the request was taken, and no more.
pub(super) fn acknowledged_as(order_id: &str, status: &OrderStatus) -> Result<PlaceAck, BrokerError> {
    if order_id.is_empty() {
        return Err(unreadable(Purpose::Write, "it has no order number"));
    }
    let status = match status.seen() {
        SeenStatus::Rejected => SeenStatus::Rejected,
        SeenStatus::Transit => SeenStatus::Transit,
        SeenStatus::Working | SeenStatus::Filled | SeenStatus::Cancelled | SeenStatus::Expired => SeenStatus::Working,
    };
    Ok(PlaceAck { order_id: BrokerOrderId(order_id.to_string()), status })
}

fn order_path(order_id: &BrokerOrderId) -> Result<String, BrokerError> {
    Ok(format!("/orders/{}", number_in_path(order_id)?))
}

/// An order number becomes part of an address, so it must look like one.
pub(super) fn number_in_path(order_id: &BrokerOrderId) -> Result<&str, BrokerError> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if order_id.0.is_empty() || !order_id.0.bytes().all(plain) {
        return Err(BrokerError::not_sent(format!("`{order_id}` is not an order number of this broker")));
    }
    Ok(&order_id.0)
}
