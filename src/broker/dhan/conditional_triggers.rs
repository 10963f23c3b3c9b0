//! Conditional triggers, and several orders in one request. Changes count as order calls, the lists as reads.

use rust_decimal::Decimal;

use super::contracts::{contract_of_row, current, security_of};
use super::orders::{acknowledged_as, number_in_path};
use super::rest::{decode, unreadable};
use super::sighting::units;
use super::{DhanBroker, Purpose};
use crate::broker::{BrokerError, PlaceAck, TriggerAck};
use crate::domain::{
    BrokerOrderId, Condition, ContractKind, InstrumentIndex, Intent, OrderSpec, Price, Trigger, TriggerId,
    TriggerSighting, Validity,
};
use crate::gateway::ErrorClass;
use crate::net::Method;
use crate::protocol::dhan::conditional_triggers::{
    Alert, AlertAck, AlertCondition, AlertOrder, AlertRequest, MOST_ORDERS, MultiOrder, MultiOrderAnswer,
    MultiOrderRequest,
};
use crate::protocol::dhan::enums::OrderStatus;
use crate::protocol::dhan::terms::priced;
use crate::protocol::dhan::values::{one_or_many, present};

impl DhanBroker {
    /// Sends the trigger, once. There is no mark to look it up by: after `AskFirst`, the list has to be read.
    pub async fn create_trigger(&self, trigger: &Trigger) -> Result<TriggerAck, BrokerError> {
        let body = self.alert_request(String::new(), trigger)?;
        read_ack(&self.change(Method::POST, "/alerts/orders", Some(&body)).await?)
    }

    /// Restates condition and orders.
    pub async fn modify_trigger(&self, id: &TriggerId, trigger: &Trigger) -> Result<TriggerAck, BrokerError> {
        let path = alert_path(id)?;
        let body = self.alert_request(id.0.clone(), trigger)?;
        read_ack(&self.change(Method::PUT, &path, Some(&body)).await?)
    }

    pub async fn cancel_trigger(&self, id: &TriggerId) -> Result<TriggerAck, BrokerError> {
        read_ack(&self.change::<()>(Method::DELETE, &alert_path(id)?, None).await?)
    }

    /// `None` when the broker does not know it.
    pub async fn trigger(&self, id: &TriggerId) -> Result<Option<TriggerSighting>, BrokerError> {
        let Some(answer) = self.get_if_there(&alert_path(id)?).await? else { return Ok(None) };
        let alerts = read_alerts(&answer)?;
        let index = current(&self.index);
        match alerts.iter().find(|alert| alert.alert_id == id.0) {
            None if !alerts.is_empty() => Err(unreadable(Purpose::Read, "it is about another trigger")),
            found => Ok(found.map(|alert| sighting(&index, alert))),
        }
    }

    pub async fn triggers(&self) -> Result<Vec<TriggerSighting>, BrokerError> {
        let alerts = read_alerts(&self.get("/alerts/orders").await?)?;
        let index = current(&self.index);
        Ok(alerts.iter().map(|alert| sighting(&index, alert)).collect())
    }

    /// Sends several orders in one request; the answers are in the order of the intents. Each is taken or refused by
    /// itself: nothing is all or nothing. The error of the whole means the same for each of them.
    pub async fn place_multi_orders(
        &self,
        intents: &[Intent],
    ) -> Result<Vec<Result<PlaceAck, BrokerError>>, BrokerError> {
        if intents.is_empty() || intents.len() > MOST_ORDERS {
            return Err(BrokerError::not_sent(format!("one request takes 1 to {MOST_ORDERS} orders")));
        }
        let index = current(&self.index);
        let numbered = intents.iter().zip(1..).map(|(intent, n): (_, usize)| multi_order(&index, intent, n));
        let orders = numbered.collect::<Result<Vec<_>, _>>()?;
        let body = MultiOrderRequest { dhan_client_id: self.client_id(), orders };
        let answer = self.change(Method::POST, "/alerts/multi/orders", Some(&body)).await?;
        let answer: MultiOrderAnswer = decode(Purpose::Write, &answer)?;
        let became = |n: usize| {
            let Some(ack) = answer.orders.iter().find(|ack| ack.sequence == n.to_string()) else {
                return Err(unreadable(Purpose::Write, format!("it does not speak of order {n}")));
            };
            if ack.order_id.is_empty() && ack.order_status == OrderStatus::Rejected {
                return Err(BrokerError::new(ErrorClass::Refused, format!("order {n} of the request was refused")));
            }
            acknowledged_as(&ack.order_id, &ack.order_status)
        };
        Ok((1..=intents.len()).map(became).collect())
    }

    fn alert_request(&self, alert_id: String, trigger: &Trigger) -> Result<AlertRequest, BrokerError> {
        if trigger.orders.is_empty() || trigger.orders.len() > MOST_ORDERS {
            return Err(BrokerError::not_sent(format!("a trigger places 1 to {MOST_ORDERS} orders")));
        }
        let index = current(&self.index);
        Ok(AlertRequest {
            dhan_client_id: self.client_id(),
            alert_id,
            condition: condition(&index, &trigger.condition)?,
            orders: trigger.orders.iter().map(|order| alert_order(&index, order)).collect::<Result<_, _>>()?,
        })
    }
}

fn read_alerts(answer: &[u8]) -> Result<Vec<Alert>, BrokerError> {
    one_or_many(answer).map_err(|error| unreadable(Purpose::Read, error))
}

fn read_ack(answer: &[u8]) -> Result<TriggerAck, BrokerError> {
    let ack: AlertAck = decode(Purpose::Write, answer)?;
    match present(&ack.alert_id) {
        Some(id) => Ok(TriggerAck { id: TriggerId(id.to_string()), status: ack.alert_status.status() }),
        None => Err(unreadable(Purpose::Write, "it has no number")),
    }
}

fn alert_path(id: &TriggerId) -> Result<String, BrokerError> {
    Ok(format!("/alerts/orders/{}", number_in_path(&BrokerOrderId(id.0.clone()))?))
}

fn condition(index: &InstrumentIndex, asked: &Condition) -> Result<AlertCondition, BrokerError> {
    if !matches!(asked.contract.kind, ContractKind::Index | ContractKind::Equity) {
        return Err(BrokerError::not_sent(format!(
            "{} cannot be watched: only indices and shares can",
            asked.contract
        )));
    }
    let (exchange_segment, security_id) = security_of(index, &asked.contract)?;
    Ok(AlertCondition::of(asked, exchange_segment, security_id.to_string()))
}

/// Prices of a trigger's orders travel as text, with two digits.
fn alert_order(index: &InstrumentIndex, spec: &OrderSpec) -> Result<AlertOrder, BrokerError> {
    let (exchange_segment, security_id) = security_of(index, &spec.contract)?;
    let two_digits = |mut price: Decimal| {
        if !price.is_zero() && price.scale() < 2 {
            price.rescale(2);
        }
        price
    };
    let order = AlertOrder::of(spec, exchange_segment, security_id.to_string());
    Ok(AlertOrder { price: two_digits(order.price), trigger_price: two_digits(order.trigger_price), ..order })
}

fn multi_order(index: &InstrumentIndex, intent: &Intent, n: usize) -> Result<MultiOrder, BrokerError> {
    let spec = &intent.spec;
    let (exchange_segment, security_id) = security_of(index, &spec.contract)?;
    let (order_type, price, trigger_price) = priced(spec.kind);
    Ok(MultiOrder {
        sequence: n.to_string(),
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
        ..MultiOrder::default()
    })
}

fn sighting(index: &InstrumentIndex, alert: &Alert) -> TriggerSighting {
    let asked = &alert.condition;
    let watched = contract_of_row(index, &asked.exchange_segment, &asked.security_id);
    let trigger = watched.and_then(|contract| {
        let condition = asked.condition(contract)?;
        let orders = alert.orders.iter().map(|order| read_order(index, order)).collect::<Option<Vec<_>>>()?;
        Some(Trigger { condition, orders })
    });
    TriggerSighting {
        id: TriggerId(alert.alert_id.clone()),
        status: alert.alert_status.status(),
        created: alert.created_time,
        triggered: alert.triggered_time,
        last: alert.last_price.map(Price),
        trigger,
    }
}

fn read_order(index: &InstrumentIndex, order: &AlertOrder) -> Option<OrderSpec> {
    Some(OrderSpec {
        contract: contract_of_row(index, &order.exchange_segment, &order.security_id)?,
        side: order.transaction_type.side()?,
        quantity: units(order.quantity)?,
        kind: order.order_type.kind(order.price, order.trigger_price)?,
        validity: order.validity.validity().unwrap_or(Validity::Day),
        product: order.product_type.product()?,
    })
}
