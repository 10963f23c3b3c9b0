//! Conditional triggers: create, modify, delete, one, the list; and several orders in one request.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::routing::{get, post};

use super::answers::{Answer, Refused, ok};
use super::orders::{check_client, contract_of, quantity};
use crate::domain::{Contract, OrderSpec, Trigger, TriggerId};
use crate::exchange::{Exchange, NewOrder, Refusal, TriggerView};
use crate::exchange_server::limits::Bucket;
use crate::exchange_server::state::Shared;
use crate::exchange_server::words;
use crate::protocol::dhan::conditional_triggers::{
    Alert, AlertAck, AlertCondition, AlertOrder, AlertRequest, MultiOrder, MultiOrderAck, MultiOrderAnswer,
    MultiOrderRequest,
};
use crate::protocol::dhan::enums::{ExchangeSegment, OrderStatus};

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/alerts/orders", post(create).get(list))
        .route("/alerts/orders/{alert_id}", get(by_id).put(modify).delete(cancel))
        .route("/alerts/multi/orders", post(place_many))
}

async fn create(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Answer {
    shared.admit(&headers, &Bucket::Order)?;
    let request = AlertRequest::read_strictly(&body, false).map_err(|what| Refused::input(&what))?;
    check_client(&shared, &request.dhan_client_id)?;
    let account = shared.account();
    let work = move |exchange: &mut Exchange, now| {
        let trigger = trigger(exchange, &request)?;
        exchange.create_trigger(&account, trigger, now).map_err(Refused::from)
    };
    ok(&ack(&shared.core.call(work).await??))
}

async fn modify(State(shared): State<Shared>, Path(alert_id): Path<String>, headers: HeaderMap, body: Bytes) -> Answer {
    shared.admit(&headers, &Bucket::Order)?;
    let request = AlertRequest::read_strictly(&body, true).map_err(|what| Refused::input(&what))?;
    check_client(&shared, &request.dhan_client_id)?;
    if !request.alert_id.is_empty() && request.alert_id != alert_id {
        return Err(Refused::bad_fields());
    }
    let (account, id) = (shared.account(), TriggerId(alert_id));
    let work = move |exchange: &mut Exchange, now| {
        let trigger = trigger(exchange, &request)?;
        exchange.modify_trigger(&account, &id, trigger, now).map_err(Refused::from)
    };
    ok(&ack(&shared.core.call(work).await??))
}

async fn cancel(State(shared): State<Shared>, Path(alert_id): Path<String>, headers: HeaderMap) -> Answer {
    shared.admit(&headers, &Bucket::Order)?;
    let (account, id) = (shared.account(), TriggerId(alert_id));
    ok(&ack(&shared.core.call(move |exchange, now| exchange.cancel_trigger(&account, &id, now)).await??))
}

async fn by_id(State(shared): State<Shared>, Path(alert_id): Path<String>, headers: HeaderMap) -> Answer {
    shared.admit(&headers, &Bucket::Other)?;
    let (account, id) = (shared.account(), TriggerId(alert_id));
    let found = shared
        .core
        .call(move |exchange, now| {
            exchange.let_pass(now);
            exchange.trigger(&account, &id).map(|t| wire(exchange, &t))
        })
        .await?;
    ok(&found.ok_or_else(|| Refused::from(Refusal::UnknownOrder))?)
}

async fn list(State(shared): State<Shared>, headers: HeaderMap) -> Answer {
    shared.admit(&headers, &Bucket::Other)?;
    let account = shared.account();
    let alerts: Vec<Alert> = shared
        .core
        .call(move |exchange, now| {
            exchange.let_pass(now);
            exchange.triggers(&account).iter().map(|t| wire(exchange, t)).collect()
        })
        .await?;
    ok(&alerts)
}

/// Each is taken or refused by itself; an incomplete one spoils the request before anything is placed.
async fn place_many(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Answer {
    shared.admit(&headers, &Bucket::Order)?;
    let request = MultiOrderRequest::read_strictly(&body).map_err(|what| Refused::input(&what))?;
    check_client(&shared, &request.dhan_client_id)?;
    if request.orders.iter().any(|o| o.after_market_order) {
        return Err(Refused::order("After market orders are not taken by the built-in exchange"));
    }
    let account = shared.account();
    let work = move |exchange: &mut Exchange, now| {
        let made: Result<Vec<_>, Refused> =
            request.orders.iter().map(|o| Ok((o.sequence.clone(), one_of_many(exchange, o)?))).collect();
        let mut orders = Vec::new();
        let mut refused = None;
        for (sequence, order) in made? {
            let (order_id, order_status) = match exchange.place(&account, &order, now) {
                Ok(taken) => (taken.order_id.to_string(), words::status(taken.status)),
                Err(refusal) => {
                    refused.get_or_insert(refusal);
                    (String::new(), OrderStatus::Rejected)
                }
            };
            orders.push(MultiOrderAck { order_id, sequence, order_status });
        }
        let none_taken = orders.iter().all(|o| o.order_id.is_empty());
        match refused.filter(|_| none_taken) {
            Some(refusal) => Err(Refused::from(refusal)),
            None => Ok(MultiOrderAnswer { orders }),
        }
    };
    ok(&shared.core.call(work).await??)
}

fn one_of_many(exchange: &Exchange, order: &MultiOrder) -> Result<NewOrder, Refused> {
    let bad = Refused::bad_fields;
    let spec = OrderSpec {
        contract: contract_of(exchange, &order.exchange_segment, &order.security_id)?,
        side: order.transaction_type.side().ok_or_else(bad)?,
        quantity: quantity(order.quantity)?,
        kind: order.order_type.kind(order.price, order.trigger_price).ok_or_else(bad)?,
        validity: order.validity.validity().ok_or_else(bad)?,
        product: words::product_of(&order.product_type).ok_or_else(bad)?,
    };
    Ok(NewOrder::new(spec, order.correlation_id.clone()))
}

fn trigger(exchange: &Exchange, request: &AlertRequest) -> Result<Trigger, Refused> {
    let bad = Refused::bad_fields;
    let asked = &request.condition;
    let watched = watched(exchange, &asked.exchange_segment, &asked.security_id)?;
    let condition = asked.condition(watched).ok_or_else(bad)?;
    let order = |order: &AlertOrder| -> Result<OrderSpec, Refused> {
        Ok(OrderSpec {
            contract: contract_of(exchange, &order.exchange_segment, &order.security_id)?,
            side: order.transaction_type.side().ok_or_else(bad)?,
            quantity: quantity(order.quantity)?,
            kind: order.order_type.kind(order.price, order.trigger_price).ok_or_else(bad)?,
            validity: order.validity.validity().ok_or_else(bad)?,
            product: words::product_of(&order.product_type).ok_or_else(bad)?,
        })
    };
    Ok(Trigger { condition, orders: request.orders.iter().map(order).collect::<Result<_, _>>()? })
}

/// Indices and shares, by their numbers.
fn watched(exchange: &Exchange, segment: &ExchangeSegment, id: &str) -> Result<Contract, Refused> {
    let allowed = matches!(segment, ExchangeSegment::NseEq | ExchangeSegment::BseEq | ExchangeSegment::Index);
    let named = segment.segment().filter(|_| allowed).zip(words::security_id(id));
    let found = named.and_then(|(segment, id)| exchange.contract_of(segment, id));
    found.ok_or_else(|| Refused::input("securityId is invalid"))
}

fn ack(view: &TriggerView) -> AlertAck {
    AlertAck { alert_id: view.id.to_string(), alert_status: view.status.into() }
}

fn wire(exchange: &Exchange, view: &TriggerView) -> Alert {
    let condition = &view.trigger.condition;
    let order = |o: &OrderSpec| AlertOrder::of(o, segment(&o.contract), number(exchange, &o.contract));
    Alert {
        alert_id: view.id.to_string(),
        alert_status: view.status.into(),
        created_time: Some(view.created),
        triggered_time: view.triggered,
        last_price: Some(view.last.0),
        condition: AlertCondition::of(condition, segment(&condition.contract), number(exchange, &condition.contract)),
        orders: view.trigger.orders.iter().map(order).collect(),
    }
}

fn segment(contract: &Contract) -> ExchangeSegment {
    ExchangeSegment::from(contract.segment())
}

fn number(exchange: &Exchange, contract: &Contract) -> String {
    exchange.listing_of_held(contract).map_or_else(String::new, |l| l.instrument.security_id.to_string())
}
