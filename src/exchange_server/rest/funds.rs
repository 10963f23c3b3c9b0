//! The fund limit.

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::get;

use super::answers::{Answer, ok};
use crate::exchange_server::limits::Bucket;
use crate::exchange_server::state::Shared;
use crate::protocol::dhan::funds::FundLimit;

pub fn routes() -> Router<Shared> {
    Router::new().route("/fundlimit", get(fund_limit))
}

async fn fund_limit(State(shared): State<Shared>, headers: HeaderMap) -> Answer {
    shared.admit(&headers, &Bucket::Other)?;
    let account = shared.account();
    let client = account.clone();
    let funds = shared
        .core
        .call(move |exchange, now| {
            exchange.let_pass(now);
            exchange.funds(&account)
        })
        .await?;
    ok(&FundLimit {
        dhan_client_id: client,
        available_balance: funds.available.0,
        sod_limit: funds.start_of_day.0,
        utilized_amount: funds.utilised.0,
        withdrawable_balance: funds.available.0.max(rust_decimal::Decimal::ZERO),
        ..FundLimit::default()
    })
}
