//! Holdings, positions, conversion and exit-all.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{get, post};

use super::answers::{Answer, Refused, ok};
use crate::domain::{ContractKind, Product, Quantity};
use crate::exchange::{Exchange, PositionView};
use crate::exchange_server::limits::Bucket;
use crate::exchange_server::state::Shared;
use crate::exchange_server::switches::EmptyHoldings;
use crate::exchange_server::words;
use crate::protocol::dhan::errors::TradingCode;
use crate::protocol::dhan::portfolio::{ConvertPosition, ExitAllAnswer, Holding, Position};

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/positions", get(positions).delete(exit_all))
        .route("/positions/convert", post(convert))
        .route("/holdings", get(holdings))
}

/// Answered with 202 and no body.
async fn convert(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Answer {
    shared.admit(&headers, &Bucket::Other)?;
    let request: ConvertPosition = serde_json::from_slice(&body).map_err(|_| Refused::bad_fields())?;
    let segment = request.exchange_segment.segment().ok_or_else(Refused::bad_fields)?;
    let id = words::security_id(&request.security_id).ok_or_else(Refused::bad_fields)?;
    let from = words::product_of(&request.from_product_type).ok_or_else(Refused::bad_fields)?;
    let to = words::product_of(&request.to_product_type).ok_or_else(Refused::bad_fields)?;
    let quantity = u32::try_from(request.convert_qty).map_err(|_| Refused::bad_fields())?;
    let account = shared.account();
    let work = move |exchange: &mut Exchange, now| {
        let contract = exchange.contract_of(segment, id).ok_or_else(Refused::bad_fields)?;
        exchange.convert(&account, &contract, (from, to), Quantity(quantity), now).map_err(Refused::from)
    };
    shared.core.call(work).await??;
    Ok(StatusCode::ACCEPTED.into_response())
}

async fn positions(State(shared): State<Shared>, headers: HeaderMap) -> Answer {
    shared.admit(&headers, &Bucket::Other)?;
    let account = shared.account();
    let rows: Vec<Position> = shared
        .core
        .call(move |exchange, now| {
            exchange.let_pass(now);
            let names = |p: &PositionView| exchange.listing_of_held(&p.contract);
            let all = exchange.positions(&account);
            let open = all.iter().filter(|p| !is_only_held(p));
            open.map(|p| words::position(p, &account, names(p).as_ref())).collect()
        })
        .await?;
    ok(&rows)
}

/// Shares for delivery from earlier days are holdings, not positions, until some are sold.
fn is_only_held(view: &PositionView) -> bool {
    let for_delivery = matches!(view.product, Product::Cnc | Product::Mtf);
    let untouched = view.day_buy_quantity.is_zero() && view.day_sell_quantity.is_zero();
    for_delivery && untouched && view.contract.kind == ContractKind::Equity
}

/// Exits happen a little later, as at the broker: poll the positions.
async fn exit_all(State(shared): State<Shared>, headers: HeaderMap) -> Answer {
    shared.admit(&headers, &Bucket::Order)?;
    let account = shared.account();
    shared.core.call(move |exchange, now| exchange.exit_all(&account, now)).await?;
    ok(&ExitAllAnswer { status: "SUCCESS".into(), message: "All orders and positions exited successfully".into() })
}

/// Shares held for delivery from earlier days. Where there are none, the broker says so with an error, its sandbox
/// with an empty list.
async fn holdings(State(shared): State<Shared>, headers: HeaderMap) -> Answer {
    shared.admit(&headers, &Bucket::Other)?;
    let account = shared.account();
    let rows = shared.core.call(move |exchange, now| {
        exchange.let_pass(now);
        exchange.holdings_of(&account)
    });
    let rows: Vec<Holding> = rows.await?.iter().map(words::holding).collect();
    if rows.is_empty() && shared.switches().empty_holdings == EmptyHoldings::Error {
        return Err(Refused::trading(500, TradingCode::NoHoldings, "No holdings available"));
    }
    ok(&rows)
}
