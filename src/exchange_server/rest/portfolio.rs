//! Holdings, positions and exit-all.

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::get;

use super::answers::{Answer, Refused, ok};
use crate::exchange_server::limits::Bucket;
use crate::exchange_server::state::Shared;
use crate::exchange_server::words;
use crate::protocol::dhan::errors::TradingCode;
use crate::protocol::dhan::portfolio::{ExitAllAnswer, Position};

pub fn routes() -> Router<Shared> {
    Router::new().route("/positions", get(positions).delete(exit_all)).route("/holdings", get(holdings))
}

async fn positions(State(shared): State<Shared>, headers: HeaderMap) -> Answer {
    shared.admit(&headers, &Bucket::Other)?;
    let account = shared.account();
    let rows: Vec<Position> = shared
        .core
        .call(move |exchange, now| {
            exchange.let_pass(now);
            let names = |p: &crate::exchange::PositionView| exchange.listing_of_held(&p.contract);
            exchange.positions(&account).iter().map(|p| words::position(p, &account, names(p).as_ref())).collect()
        })
        .await?;
    ok(&rows)
}

/// Exits happen a little later, as at the broker: poll the positions.
async fn exit_all(State(shared): State<Shared>, headers: HeaderMap) -> Answer {
    shared.admit(&headers, &Bucket::Order)?;
    let account = shared.account();
    shared.core.call(move |exchange, now| exchange.exit_all(&account, now)).await?;
    ok(&ExitAllAnswer { status: "SUCCESS".into(), message: "All orders and positions exited successfully".into() })
}

/// Nothing is delivered here, so there are none; the broker says that with an error.
async fn holdings(State(shared): State<Shared>, headers: HeaderMap) -> Answer {
    shared.admit(&headers, &Bucket::Other)?;
    Err(Refused::trading(500, TradingCode::NoHoldings, "No holdings available"))
}
