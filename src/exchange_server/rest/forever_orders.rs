//! Forever orders: create, modify a leg, cancel, the list. `/forever/all` of the documentation is not there, as at the
//! broker.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::routing::{post, put};
use rust_decimal::Decimal;

use super::answers::{Answer, Refused, ok};
use super::orders::{check_client, contract_of, quantity};
use crate::domain::{BrokerOrderId, ContractKind, ForeverLeg, ForeverLegs, ForeverOrder as Wish, Price};
use crate::exchange::{Exchange, ForeverStatus, ForeverView, NewForeverOrder};
use crate::exchange_server::limits::Bucket;
use crate::exchange_server::state::Shared;
use crate::exchange_server::words;
use crate::protocol::dhan::enums::{
    ExchangeSegment, OptionType, OrderFlag, OrderStatus, OrderType, ProductType, TransactionType,
};
use crate::protocol::dhan::forever_orders::{ForeverOrder, ModifyForeverOrder, PlaceForeverOrder};
use crate::protocol::dhan::orders::OrderAck;

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/forever/orders", post(create).get(list))
        .route("/forever/orders/{order_id}", put(modify).delete(cancel))
}

async fn create(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Answer {
    shared.admit(&headers, &Bucket::Order)?;
    let request = PlaceForeverOrder::read_strictly(&body).map_err(|what| Refused::input(&what))?;
    check_client(&shared, &request.dhan_client_id)?;
    let account = shared.account();
    let accepted = shared
        .core
        .call(move |exchange, now| {
            let order = new_order(exchange, &request)?;
            exchange.place_forever_order(&account, &order, now).map_err(Refused::from)
        })
        .await??;
    ok(&OrderAck { order_id: accepted.order_id.to_string(), order_status: OrderStatus::Pending })
}

fn new_order(exchange: &Exchange, request: &PlaceForeverOrder) -> Result<NewForeverOrder, Refused> {
    let first = leg(&request.order_type, request.quantity, request.trigger_price, request.price)?;
    let legs = match request.order_flag {
        OrderFlag::Single => ForeverLegs::Single(first),
        OrderFlag::Oco => {
            let (price, trigger) = (request.price1.unwrap_or_default(), request.trigger_price1.unwrap_or_default());
            let target = leg(&request.order_type, request.quantity1.unwrap_or_default(), trigger, price)?;
            ForeverLegs::OneCancelsOther { stop: first, target }
        }
        OrderFlag::Unknown(_) => return Err(Refused::bad_fields()),
    };
    let order = Wish {
        contract: contract_of(exchange, &request.exchange_segment, &request.security_id)?,
        side: request.transaction_type.side().ok_or_else(Refused::bad_fields)?,
        product: words::product_of(&request.product_type).ok_or_else(Refused::bad_fields)?,
        validity: request.validity.validity().ok_or_else(Refused::bad_fields)?,
        legs,
    };
    Ok(NewForeverOrder { order, correlation: request.correlation_id.clone() })
}

fn leg(order_type: &OrderType, units: i64, trigger: Decimal, price: Decimal) -> Result<ForeverLeg, Refused> {
    let pricing = order_type.pricing(price).ok_or_else(Refused::bad_fields)?;
    Ok(ForeverLeg { quantity: quantity(units)?, trigger: Price(trigger), pricing })
}

async fn modify(State(shared): State<Shared>, Path(order_id): Path<String>, headers: HeaderMap, body: Bytes) -> Answer {
    shared.admit(&headers, &Bucket::Order)?;
    let request = ModifyForeverOrder::read_strictly(&body).map_err(|what| Refused::input(&what))?;
    check_client(&shared, &request.dhan_client_id)?;
    if request.order_id != order_id {
        return Err(Refused::bad_fields());
    }
    let name = request.leg_name.forever_leg().ok_or_else(Refused::bad_fields)?;
    let to = leg(&request.order_type, request.quantity, request.trigger_price, request.price)?;
    let validity = request.validity.validity().ok_or_else(Refused::bad_fields)?;
    let (account, id) = (shared.account(), BrokerOrderId(order_id));
    let work =
        move |exchange: &mut Exchange, now| exchange.modify_forever_order(&account, &id, (name, &to, validity), now);
    let accepted = shared.core.call(work).await??;
    ok(&OrderAck { order_id: accepted.order_id.to_string(), order_status: OrderStatus::Pending })
}

/// The answer says `CANCELLED`, as the broker's does: it means that the request was taken.
async fn cancel(State(shared): State<Shared>, Path(order_id): Path<String>, headers: HeaderMap) -> Answer {
    shared.admit(&headers, &Bucket::Order)?;
    let (account, id) = (shared.account(), BrokerOrderId(order_id));
    let work = move |exchange: &mut Exchange, now| exchange.cancel_forever_order(&account, &id, now);
    let accepted = shared.core.call(work).await??;
    ok(&OrderAck { order_id: accepted.order_id.to_string(), order_status: OrderStatus::Cancelled })
}

async fn list(State(shared): State<Shared>, headers: HeaderMap) -> Answer {
    shared.admit(&headers, &Bucket::Other)?;
    let account = shared.account();
    let rows: Vec<ForeverOrder> = shared
        .core
        .call(move |exchange, now| {
            exchange.let_pass(now);
            exchange.forever_orders(&account).iter().map(|f| wire(exchange, f)).collect()
        })
        .await?;
    ok(&rows)
}

fn wire(exchange: &Exchange, view: &ForeverView) -> ForeverOrder {
    let (right, strike) = match view.contract.kind {
        ContractKind::Option { strike, right, .. } => (Some(right), strike.0),
        _ => (None, Decimal::ZERO),
    };
    let fired = view.sent_as.as_ref().and_then(|id| exchange.order(&view.account, id));
    ForeverOrder {
        dhan_client_id: view.account.clone(),
        order_id: view.order_id.to_string(),
        order_status: match view.status {
            ForeverStatus::Pending => OrderStatus::Pending,
            ForeverStatus::Confirm => OrderStatus::Confirm,
            ForeverStatus::Traded => OrderStatus::Traded,
            ForeverStatus::Rejected => OrderStatus::Rejected,
            ForeverStatus::Cancelled => OrderStatus::Cancelled,
            ForeverStatus::Expired => OrderStatus::Expired,
        },
        transaction_type: TransactionType::from(view.side),
        exchange_segment: ExchangeSegment::from(view.contract.segment()),
        product_type: ProductType::from(view.product),
        order_flag: if view.paired { OrderFlag::Oco } else { OrderFlag::Single },
        trading_symbol: exchange
            .listing_of_held(&view.contract)
            .map_or_else(|| view.contract.to_string(), |l| l.trading_symbol),
        security_id: view.security_id.to_string(),
        quantity: i64::from(view.quantity.0),
        price: view.price.map_or(Decimal::ZERO, |p| p.0),
        trigger_price: view.trigger.0,
        leg_name: view.leg.into(),
        create_time: Some(view.created),
        update_time: view.updated,
        exchange_time: fired.and_then(|order| order.at_exchange),
        drv_expiry_date: view.contract.expiry(),
        drv_option_type: OptionType::from(right),
        drv_strike_price: strike,
    }
}
