//! Super orders: an entry with its target and stop, held by the broker. Changes count as order calls, the list as a read.

use rust_decimal::Decimal;

use super::contracts::{current, security_of};
use super::orders::{acknowledged, number_in_path, taken};
use super::rest::unreadable;
use super::sighting::{of_order, units};
use super::{DhanBroker, Purpose};
use crate::broker::{BrokerError, PlaceAck};
use crate::domain::{
    Bracket, BracketChange, BracketLeg, BracketLegSighting, BracketSighting, BrokerOrderId, CorrelationId,
    InstrumentIndex, Price, SeenStatus,
};
use crate::net::Method;
use crate::protocol::dhan::enums::{LegName, OrderStatus};
use crate::protocol::dhan::orders::Order;
use crate::protocol::dhan::super_orders::{
    ModifyEntryLeg, ModifyStopLossLeg, ModifySuperOrder, ModifyTargetLeg, PlaceSuperOrder, SuperOrder, SuperOrderLeg,
};
use crate::protocol::dhan::terms::priced;
use crate::protocol::dhan::values::{one_or_many, present};

impl DhanBroker {
    /// Sends the bracket, once. `AskFirst` in an error means that it may have been placed.
    pub async fn place_super_order(
        &self,
        bracket: &Bracket,
        correlation: &CorrelationId,
    ) -> Result<PlaceAck, BrokerError> {
        if !bracket.is_in_order() {
            return Err(BrokerError::not_sent(format!(
                "target {} and stop {} of a {} do not lie on both sides of its entry",
                bracket.target.0,
                bracket.stop.0,
                bracket.side.as_str()
            )));
        }
        let (exchange_segment, security_id) = security_of(&current(&self.index), &bracket.contract)?;
        let (order_type, price, _) = priced(bracket.entry);
        let body = PlaceSuperOrder {
            dhan_client_id: self.client_id(),
            correlation_id: correlation.as_str().to_string(),
            transaction_type: bracket.side.into(),
            exchange_segment,
            product_type: bracket.product.into(),
            order_type,
            security_id: security_id.to_string(),
            quantity: i64::from(bracket.quantity.0),
            price,
            target_price: bracket.target.0,
            stop_loss_price: bracket.stop.0,
            trailing_jump: jump(bracket.trail),
        };
        acknowledged(&self.change(Method::POST, "/super/orders", Some(&body)).await?)
    }

    /// Restates a leg; `order_id` is the entry's.
    pub async fn modify_super_order(
        &self,
        order_id: &BrokerOrderId,
        change: &BracketChange,
    ) -> Result<PlaceAck, BrokerError> {
        let path = format!("/super/orders/{}", number_in_path(order_id)?);
        let (dhan_client_id, order_id, leg_name) = (self.client_id(), order_id.0.clone(), LegName::from(change.leg()));
        let body = match *change {
            BracketChange::Entry { quantity, entry, target, stop, trail } => {
                let (order_type, price, _) = priced(entry);
                ModifySuperOrder::Entry(ModifyEntryLeg {
                    dhan_client_id,
                    order_id,
                    order_type,
                    leg_name,
                    quantity: i64::from(quantity.0),
                    price,
                    target_price: target.0,
                    stop_loss_price: stop.0,
                    trailing_jump: jump(trail),
                })
            }
            BracketChange::Target { price } => {
                ModifySuperOrder::Target(ModifyTargetLeg { dhan_client_id, order_id, leg_name, target_price: price.0 })
            }
            BracketChange::StopLoss { price, trail } => ModifySuperOrder::StopLoss(ModifyStopLossLeg {
                dhan_client_id,
                order_id,
                leg_name,
                stop_loss_price: price.0,
                trailing_jump: jump(trail),
            }),
        };
        acknowledged(&self.change(Method::PUT, &path, Some(&body)).await?)
    }

    /// Cancels a leg; of the entry, everything. A cancelled exit cannot be added again.
    pub async fn cancel_super_order(&self, order_id: &BrokerOrderId, leg: BracketLeg) -> Result<PlaceAck, BrokerError> {
        let path = format!("/super/orders/{}/{}", number_in_path(order_id)?, LegName::from(leg));
        taken(order_id, &self.change::<()>(Method::DELETE, &path, None).await?)
    }

    /// Today's super orders. One our words cannot say is left out.
    pub async fn super_orders(&self) -> Result<Vec<BracketSighting>, BrokerError> {
        let answer = self.get("/super/orders").await?;
        let orders: Vec<SuperOrder> = one_or_many(&answer).map_err(|error| unreadable(Purpose::Read, error))?;
        let index = current(&self.index);
        let read = |order: &SuperOrder| {
            let seen = sighting(&index, order);
            if seen.is_none() {
                tracing::warn!(order = %order.order_id, "a super order is not understood and left out");
            }
            seen
        };
        Ok(orders.iter().filter_map(read).collect())
    }
}

/// The wire's 0 is a stop that stays.
fn jump(trail: Option<Price>) -> Decimal {
    trail.map_or(Decimal::ZERO, |t| t.0)
}

fn sighting(index: &InstrumentIndex, order: &SuperOrder) -> Option<BracketSighting> {
    let closed = order.order_status == OrderStatus::Closed;
    // Closed speaks of the whole; of its entry a part may have been cancelled when an exit fired.
    let order_status = match order.order_status {
        OrderStatus::Closed if order.filled_qty < order.quantity => OrderStatus::Cancelled,
        OrderStatus::Closed => OrderStatus::Traded,
        ref other => other.clone(),
    };
    let entry = Order {
        dhan_client_id: order.dhan_client_id.clone(),
        order_id: order.order_id.clone(),
        correlation_id: order.correlation_id.clone(),
        order_status,
        transaction_type: order.transaction_type.clone(),
        exchange_segment: order.exchange_segment.clone(),
        product_type: order.product_type.clone(),
        order_type: order.order_type.clone(),
        validity: order.validity.clone(),
        security_id: order.security_id.clone(),
        quantity: order.quantity,
        price: order.price,
        update_time: order.update_time.or(order.exchange_time).or(order.create_time),
        oms_error_description: order.oms_error_description.clone(),
        average_traded_price: order.average_traded_price,
        filled_qty: order.filled_qty,
        ..Order::default()
    };
    let leg = |name| order.leg(&name).and_then(leg_sighting);
    Some(BracketSighting {
        entry: of_order(index, &entry)?,
        closed,
        target: leg(LegName::Target),
        stop: leg(LegName::StopLoss),
    })
}

fn leg_sighting(leg: &SuperOrderLeg) -> Option<BracketLegSighting> {
    let remaining = units(leg.remaining_quantity)?;
    let status = match leg.order_status {
        // What fired and has nothing left is through.
        OrderStatus::Triggered if remaining.is_zero() => SeenStatus::Filled,
        ref word => word.seen(),
    };
    Some(BracketLegSighting {
        order_id: BrokerOrderId(present(&leg.order_id)?.to_string()),
        price: Price(leg.price),
        status,
        remaining,
        triggered: units(leg.triggered_quantity)?,
        trail: (leg.trailing_jump > Decimal::ZERO).then_some(Price(leg.trailing_jump)),
    })
}
