//! Super orders: place, modify and cancel a leg, the list.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::routing::{delete, post, put};
use rust_decimal::Decimal;

use super::answers::{Answer, Refused, ok};
use super::orders::{check_client, contract_of, quantity};
use crate::domain::{BracketLeg, BrokerOrderId, OrderSpec, Price, Validity};
use crate::exchange::{Exchange, LegStatus, NewSuperOrder, SuperChange, SuperLegView, SuperOrderView, SuperStatus};
use crate::exchange_server::limits::Bucket;
use crate::exchange_server::state::Shared;
use crate::exchange_server::words;
use crate::protocol::dhan::enums::{LegName, OrderStatus, TransactionType};
use crate::protocol::dhan::orders::OrderAck;
use crate::protocol::dhan::super_orders::{ModifySuperOrder, PlaceSuperOrder, SuperOrder, SuperOrderLeg};

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/super/orders", post(place).get(list))
        .route("/super/orders/{order_id}", put(modify))
        .route("/super/orders/{order_id}/{leg}", delete(cancel))
}

async fn place(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Answer {
    shared.admit(&headers, &Bucket::Order)?;
    let request = PlaceSuperOrder::read_strictly(&body).map_err(|what| Refused::input(&what))?;
    check_client(&shared, &request.dhan_client_id)?;
    let account = shared.account();
    let accepted = shared
        .core
        .call(move |exchange, now| {
            let order = new_order(exchange, &request)?;
            exchange.place_super_order(&account, &order, now).map_err(Refused::from)
        })
        .await??;
    ok(&OrderAck { order_id: accepted.order_id.to_string(), order_status: words::status(accepted.status) })
}

fn new_order(exchange: &Exchange, request: &PlaceSuperOrder) -> Result<NewSuperOrder, Refused> {
    let entry = OrderSpec {
        contract: contract_of(exchange, &request.exchange_segment, &request.security_id)?,
        side: request.transaction_type.side().ok_or_else(Refused::bad_fields)?,
        quantity: quantity(request.quantity)?,
        kind: request.order_type.kind(request.price, Decimal::ZERO).ok_or_else(Refused::bad_fields)?,
        validity: Validity::Day,
        product: words::product_of(&request.product_type).ok_or_else(Refused::bad_fields)?,
    };
    Ok(NewSuperOrder {
        entry,
        target: wished(request.target_price),
        stop: wished(request.stop_loss_price),
        trail: wished(request.trailing_jump),
        correlation: request.correlation_id.clone(),
    })
}

/// Zero is nothing.
fn wished(price: Decimal) -> Option<Price> {
    (!price.is_zero()).then_some(Price(price))
}

async fn modify(State(shared): State<Shared>, Path(order_id): Path<String>, headers: HeaderMap, body: Bytes) -> Answer {
    shared.admit(&headers, &Bucket::Order)?;
    let request = ModifySuperOrder::read_strictly(&body).map_err(|what| Refused::input(&what))?;
    check_client(&shared, request.dhan_client_id())?;
    if request.order_id() != order_id {
        return Err(Refused::bad_fields());
    }
    let change = match request {
        ModifySuperOrder::Entry(leg) => SuperChange::Entry {
            kind: leg.order_type.kind(leg.price, Decimal::ZERO).ok_or_else(Refused::bad_fields)?,
            quantity: quantity(leg.quantity)?,
            target: wished(leg.target_price),
            stop: wished(leg.stop_loss_price),
            trail: wished(leg.trailing_jump),
        },
        ModifySuperOrder::Target(leg) => SuperChange::Target { price: Price(leg.target_price) },
        ModifySuperOrder::StopLoss(leg) => {
            SuperChange::StopLoss { price: Price(leg.stop_loss_price), trail: wished(leg.trailing_jump) }
        }
    };
    let (account, id) = (shared.account(), BrokerOrderId(order_id));
    let work = move |exchange: &mut Exchange, now| exchange.modify_super_order(&account, &id, &change, now);
    let accepted = shared.core.call(work).await??;
    ok(&OrderAck { order_id: accepted.order_id.to_string(), order_status: OrderStatus::Transit })
}

/// The answer says `CANCELLED`, as the broker's does: it means that the request was taken.
async fn cancel(
    State(shared): State<Shared>,
    Path((order_id, leg)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answer {
    shared.admit(&headers, &Bucket::Order)?;
    let leg = LegName::read(&leg).leg().ok_or_else(Refused::bad_fields)?;
    let (account, id) = (shared.account(), BrokerOrderId(order_id));
    let work = move |exchange: &mut Exchange, now| exchange.cancel_super_order(&account, &id, leg, now);
    let accepted = shared.core.call(work).await??;
    ok(&OrderAck { order_id: accepted.order_id.to_string(), order_status: OrderStatus::Cancelled })
}

async fn list(State(shared): State<Shared>, headers: HeaderMap) -> Answer {
    shared.admit(&headers, &Bucket::Other)?;
    let account = shared.account();
    let orders: Vec<SuperOrder> = shared
        .core
        .call(move |exchange, now| {
            exchange.let_pass(now);
            exchange.super_orders(&account).iter().map(|o| wire(exchange, o)).collect()
        })
        .await?;
    ok(&orders)
}

fn wire(exchange: &Exchange, view: &SuperOrderView) -> SuperOrder {
    let entry = words::order(&view.entry, exchange.listing_of_held(&view.entry.spec.contract).as_ref());
    let side = TransactionType::from(view.entry.spec.side.opposite());
    SuperOrder {
        dhan_client_id: entry.dhan_client_id,
        order_id: entry.order_id,
        correlation_id: entry.correlation_id,
        order_status: match view.status {
            SuperStatus::Entry(status) => words::status(status),
            SuperStatus::Closed => OrderStatus::Closed,
        },
        transaction_type: entry.transaction_type,
        exchange_segment: entry.exchange_segment,
        product_type: entry.product_type,
        order_type: entry.order_type,
        validity: entry.validity,
        trading_symbol: entry.trading_symbol,
        security_id: entry.security_id,
        quantity: entry.quantity,
        remaining_quantity: entry.remaining_quantity,
        ltp: view.last.0,
        price: entry.price,
        after_market_order: false,
        leg_name: LegName::Entry,
        exchange_order_id: entry.exchange_order_id,
        create_time: entry.create_time,
        update_time: entry.update_time,
        exchange_time: entry.exchange_time,
        oms_error_description: entry.oms_error_description,
        algo_id: entry.algo_id,
        average_traded_price: entry.average_traded_price,
        filled_qty: entry.filled_qty,
        leg_details: view.legs.iter().map(|leg| wire_leg(leg, &side)).collect(),
    }
}

fn wire_leg(leg: &SuperLegView, side: &TransactionType) -> SuperOrderLeg {
    SuperOrderLeg {
        order_id: leg.order_id.to_string(),
        leg_name: LegName::from(leg.leg),
        transaction_type: side.clone(),
        total_quantity: (leg.leg == BracketLeg::StopLoss).then_some(i64::from(leg.quantity.0)),
        remaining_quantity: i64::from(leg.remaining.0),
        triggered_quantity: i64::from(leg.triggered.0),
        price: leg.price.0,
        order_status: match leg.status {
            LegStatus::Pending => OrderStatus::Pending,
            LegStatus::PartTraded => OrderStatus::PartTraded,
            LegStatus::Triggered => OrderStatus::Triggered,
            LegStatus::Cancelled => OrderStatus::Cancelled,
            LegStatus::Expired => OrderStatus::Expired,
        },
        trailing_jump: leg.trail.0,
    }
}
