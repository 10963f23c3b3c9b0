//! Forever orders: single, or two of which one cancels the other. Changes count as order calls, the list as a read.
//!
//! Only over HTTP/1.1: over HTTP/2 the broker's load balancer was seen to answer these paths with a false redirect.

use rust_decimal::Decimal;

use super::contracts::{contract_of_row, current, security_of};
use super::orders::{acknowledged, number_in_path, taken};
use super::rest::unreadable;
use super::sighting::units;
use super::{DhanBroker, Purpose};
use crate::broker::{BrokerError, PlaceAck};
use crate::domain::{
    BrokerOrderId, CorrelationId, ForeverLeg, ForeverLegName, ForeverLegs, ForeverOrder, ForeverSighting,
    InstrumentIndex, Price, Validity,
};
use crate::net::Method;
use crate::protocol::dhan::enums::{OrderFlag, OrderStatus};
use crate::protocol::dhan::forever_orders::{ForeverOrder as Row, ModifyForeverOrder, PlaceForeverOrder};
use crate::protocol::dhan::terms::priced;
use crate::protocol::dhan::values::{one_or_many, present};

/// New terms of one leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForeverChange {
    /// As the list says of it.
    pub paired: bool,
    /// As the list names it: the broker's names for the one leg of a single order vary.
    pub leg: ForeverLegName,
    pub to: ForeverLeg,
    pub validity: Validity,
}

impl DhanBroker {
    /// Sends the order, once. `AskFirst` in an error means that it may have been placed.
    pub async fn place_forever_order(
        &self,
        order: &ForeverOrder,
        correlation: &CorrelationId,
    ) -> Result<PlaceAck, BrokerError> {
        let (first, second) = match order.legs {
            ForeverLegs::Single(only) => (only, None),
            ForeverLegs::OneCancelsOther { stop, target } => (stop, Some(target)),
        };
        let (order_type, price, _) = priced(first.pricing);
        let second = second.map(|leg| (leg, priced(leg.pricing)));
        if second.as_ref().is_some_and(|(_, (other, ..))| *other != order_type) {
            return Err(BrokerError::not_sent("both legs of a pair are limits, or both at the market"));
        }
        let (exchange_segment, security_id) = security_of(&current(&self.index), &order.contract)?;
        let body = PlaceForeverOrder {
            dhan_client_id: self.client_id(),
            correlation_id: correlation.as_str().to_string(),
            order_flag: if second.is_some() { OrderFlag::Oco } else { OrderFlag::Single },
            transaction_type: order.side.into(),
            exchange_segment,
            product_type: order.product.into(),
            order_type,
            validity: order.validity.into(),
            security_id: security_id.to_string(),
            quantity: i64::from(first.quantity.0),
            disclosed_quantity: 0,
            price,
            trigger_price: first.trigger.0,
            price1: second.as_ref().map(|(_, (_, price, _))| *price),
            trigger_price1: second.as_ref().map(|(leg, _)| leg.trigger.0),
            quantity1: second.as_ref().map(|(leg, _)| i64::from(leg.quantity.0)),
        };
        acknowledged(&self.change(Method::POST, "/forever/orders", Some(&body)).await?)
    }

    /// Restates one leg.
    pub async fn modify_forever_order(
        &self,
        order_id: &BrokerOrderId,
        change: &ForeverChange,
    ) -> Result<PlaceAck, BrokerError> {
        let path = format!("/forever/orders/{}", number_in_path(order_id)?);
        let (order_type, price, _) = priced(change.to.pricing);
        let body = ModifyForeverOrder {
            dhan_client_id: self.client_id(),
            order_id: order_id.0.clone(),
            order_flag: if change.paired { OrderFlag::Oco } else { OrderFlag::Single },
            order_type,
            leg_name: change.leg.into(),
            quantity: i64::from(change.to.quantity.0),
            price,
            disclosed_quantity: 0,
            trigger_price: change.to.trigger.0,
            validity: change.validity.into(),
        };
        acknowledged(&self.change(Method::PUT, &path, Some(&body)).await?)
    }

    /// Cancels all of it.
    pub async fn cancel_forever_order(&self, order_id: &BrokerOrderId) -> Result<PlaceAck, BrokerError> {
        let path = format!("/forever/orders/{}", number_in_path(order_id)?);
        taken(order_id, &self.change::<()>(Method::DELETE, &path, None).await?)
    }

    /// Every leg that waits, and what ended lately. One our words cannot say is left out.
    pub async fn forever_orders(&self) -> Result<Vec<ForeverSighting>, BrokerError> {
        let answer = self.get("/forever/orders").await?;
        let rows: Vec<Row> = one_or_many(&answer).map_err(|error| unreadable(Purpose::Read, error))?;
        let index = current(&self.index);
        let read = |row: &Row| {
            let seen = sighting(&index, row);
            if seen.is_none() {
                tracing::warn!(order = %row.order_id, "a forever order is not understood and left out");
            }
            seen
        };
        Ok(rows.iter().filter_map(read).collect())
    }
}

fn sighting(index: &InstrumentIndex, row: &Row) -> Option<ForeverSighting> {
    Some(ForeverSighting {
        order_id: BrokerOrderId(present(&row.order_id)?.to_string()),
        contract: contract_of_row(index, &row.exchange_segment, &row.security_id)?,
        side: row.transaction_type.side()?,
        product: row.product_type.product()?,
        paired: row.order_flag == OrderFlag::Oco,
        leg: row.leg_name.forever_leg(),
        quantity: units(row.quantity)?,
        trigger: Price(row.trigger_price),
        price: (row.price > Decimal::ZERO).then_some(Price(row.price)),
        status: row.order_status.seen(),
        armed: row.order_status == OrderStatus::Confirm,
        created: row.create_time,
        updated: row.update_time.or(row.exchange_time),
    })
}
