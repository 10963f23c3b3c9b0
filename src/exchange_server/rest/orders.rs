//! Orders: place, slice, modify, cancel, the order book.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};

use super::answers::{Answer, Refused, ok};
use crate::domain::{BrokerOrderId, Contract, ContractKind, OrderSpec, Quantity};
use crate::exchange::{Accepted, Exchange, Modification, NewOrder, OrderView};
use crate::exchange_server::limits::Bucket;
use crate::exchange_server::state::Shared;
use crate::exchange_server::switches::{CancelStatus, OrderById};
use crate::exchange_server::words;
use crate::protocol::dhan::enums::{ExchangeSegment, OrderStatus};
use crate::protocol::dhan::errors::TradingCode;
use crate::protocol::dhan::orders::{BAD_FIELDS, ModifyOrder, Order, OrderAck, PlaceOrder};

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/orders", post(place).get(book))
        .route("/orders/slicing", post(slice))
        .route("/orders/{order_id}", get(by_id).put(modify).delete(cancel))
        .route("/orders/external/{correlation_id}", get(by_correlation))
}

/// Pieces of one sliced order.
const MOST_SLICES: usize = 100;
const UNKNOWN: &str = "Incorrect request for order and cannot be processed";

async fn place(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Answer {
    shared.admit(&headers, &Bucket::Order)?;
    let request = PlaceOrder::read_strictly(&body).map_err(|what| Refused::input(&what))?;
    if request.after_market_order {
        return Err(Refused::order("After market orders are not taken by the built-in exchange"));
    }
    check_client(&shared, &request.dhan_client_id)?;
    let account = shared.account();
    let accepted = shared
        .core
        .call(move |exchange, now| {
            let order = new_order(exchange, &request)?;
            exchange.place(&account, &order, now).map_err(Refused::from)
        })
        .await??;
    ok(&OrderAck { order_id: accepted.order_id.to_string(), order_status: words::status(accepted.status) })
}

/// Cuts the order at the freeze quantity. All pieces carry the same mark, as at the broker.
async fn slice(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Answer {
    shared.admit(&headers, &Bucket::Order)?;
    let request = PlaceOrder::read_strictly(&body).map_err(|what| Refused::input(&what))?;
    check_client(&shared, &request.dhan_client_id)?;
    let account = shared.account();
    let pieces = shared.faults.at_slice().unwrap_or(MOST_SLICES).min(MOST_SLICES);
    let work = move |exchange: &mut Exchange, now| {
        let order = new_order(exchange, &request)?;
        let most = exchange.listing(&order.spec.contract).and_then(|l| l.instrument.max_order);
        let most = most.filter(|q| !q.is_zero()).unwrap_or(order.spec.quantity);
        let mut left = order.spec.quantity;
        let mut taken = Vec::new();
        while !left.is_zero() && taken.len() < pieces {
            let piece = left.min(most);
            left = left.saturating_sub(piece);
            let spec = OrderSpec { quantity: piece, ..order.spec };
            match exchange.place(&account, &NewOrder { spec, ..order.clone() }, now) {
                Ok(accepted) => taken.push(accepted),
                // Some pieces may be accepted and others not.
                Err(refusal) if taken.is_empty() => return Err(Refused::from(refusal)),
                Err(_) => break,
            }
        }
        Ok(taken)
    };
    let taken = shared.core.call(work).await??;
    if taken.is_empty() {
        return Err(if pieces == 0 { Refused::order(UNKNOWN) } else { Refused::input("quantity is required") });
    }
    let ack = |a: &Accepted| OrderAck { order_id: a.order_id.to_string(), order_status: words::status(a.status) };
    ok(&taken.iter().map(ack).collect::<Vec<_>>())
}

fn new_order(exchange: &Exchange, request: &PlaceOrder) -> Result<NewOrder, Refused> {
    let contract = contract_of(exchange, &request.exchange_segment, &request.security_id)?;
    let bad = || Refused::input(BAD_FIELDS);
    let spec = OrderSpec {
        contract,
        side: request.transaction_type.side().ok_or_else(bad)?,
        quantity: quantity(request.quantity)?,
        kind: request.order_type.kind(request.price, request.trigger_price).ok_or_else(bad)?,
        validity: request.validity.validity().ok_or_else(bad)?,
        product: words::product_of(&request.product_type).ok_or_else(bad)?,
    };
    Ok(NewOrder::new(spec, request.correlation_id.clone()))
}

/// What an order can be for, by its number.
pub(super) fn contract_of(exchange: &Exchange, segment: &ExchangeSegment, id: &str) -> Result<Contract, Refused> {
    let named = segment.segment().zip(words::security_id(id));
    let found = named.and_then(|(segment, id)| exchange.contract_of(segment, id));
    found.filter(|c| c.kind != ContractKind::Index).ok_or_else(|| Refused::input("securityId is invalid"))
}

pub(super) fn quantity(units: i64) -> Result<Quantity, Refused> {
    u32::try_from(units).map(Quantity).map_err(|_| Refused::bad_fields())
}

pub(super) fn check_client(shared: &Shared, client: &str) -> Result<(), Refused> {
    if client == shared.identity.client_id { Ok(()) } else { Err(Refused::input("dhanClientId is invalid")) }
}

async fn modify(State(shared): State<Shared>, Path(order_id): Path<String>, headers: HeaderMap, body: Bytes) -> Answer {
    shared.admit(&headers, &Bucket::Order)?;
    let request = ModifyOrder::read_strictly(&body).map_err(|what| Refused::input(&what))?;
    check_client(&shared, &request.dhan_client_id)?;
    if request.order_id != order_id {
        return Err(Refused::bad_fields());
    }
    let bad = || Refused::input(BAD_FIELDS);
    let to = Modification {
        kind: request.order_type.kind(request.price, request.trigger_price).ok_or_else(bad)?,
        quantity: quantity(request.quantity)?,
        validity: request.validity.validity().ok_or_else(bad)?,
    };
    let account = shared.account();
    let id = BrokerOrderId(order_id);
    let accepted = shared.core.call(move |exchange, now| exchange.modify(&account, &id, &to, now)).await??;
    ok(&OrderAck { order_id: accepted.order_id.to_string(), order_status: OrderStatus::Transit })
}

/// The answer says `CANCELLED`, as the broker's does: it means that the request was taken.
async fn cancel(State(shared): State<Shared>, Path(order_id): Path<String>, headers: HeaderMap) -> Answer {
    shared.admit(&headers, &Bucket::Order)?;
    let account = shared.account();
    let id = BrokerOrderId(order_id);
    let accepted = shared.core.call(move |exchange, now| exchange.cancel(&account, &id, now)).await??;
    let ack = OrderAck { order_id: accepted.order_id.to_string(), order_status: OrderStatus::Cancelled };
    match shared.switches().cancel_status {
        CancelStatus::Ok => ok(&ack),
        CancelStatus::Accepted => Ok((StatusCode::ACCEPTED, Json(ack)).into_response()),
    }
}

async fn book(State(shared): State<Shared>, headers: HeaderMap) -> Answer {
    shared.admit(&headers, &Bucket::Other)?;
    let account = shared.account();
    let orders: Vec<Order> = shared
        .core
        .call(move |exchange, now| {
            exchange.let_pass(now);
            exchange.orders(&account).iter().map(|o| wire(exchange, o)).collect()
        })
        .await?;
    ok(&orders)
}

/// An unknown order is an empty list with 200, as at the broker.
async fn by_id(State(shared): State<Shared>, Path(order_id): Path<String>, headers: HeaderMap) -> Answer {
    shared.admit(&headers, &Bucket::Other)?;
    let account = shared.account();
    let found = shared
        .core
        .call(move |exchange, now| {
            exchange.let_pass(now);
            exchange.order(&account, &BrokerOrderId(order_id)).map(|o| wire(exchange, &o))
        })
        .await?;
    match (found, shared.switches().order_by_id) {
        (Some(order), OrderById::Object) => ok(&order),
        (Some(order), OrderById::OneElementArray) => ok(&[order]),
        (None, _) => ok::<[Order; 0]>(&[]),
    }
}

/// Not found while the order is in transit, as at the broker.
async fn by_correlation(State(shared): State<Shared>, Path(mark): Path<String>, headers: HeaderMap) -> Answer {
    shared.admit(&headers, &Bucket::Other)?;
    let account = shared.account();
    let found = shared
        .core
        .call(move |exchange, now| {
            exchange.let_pass(now);
            exchange.by_correlation(&account, &mark).map(|o| wire(exchange, &o))
        })
        .await?;
    ok(&found.ok_or_else(|| Refused::trading(404, TradingCode::Order, UNKNOWN))?)
}

fn wire(exchange: &Exchange, order: &OrderView) -> Order {
    words::order(order, exchange.listing_of_held(&order.spec.contract).as_ref())
}
