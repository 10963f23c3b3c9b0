//! The REST side: one file per category of the broker's documentation. A new category adds its file and a line here.

pub mod answers;
mod authentication;
mod conditional_triggers;
mod edis;
mod forever_orders;
mod funds;
mod historical;
mod instruments;
mod market_quote;
mod option_chain;
mod orders;
mod portfolio;
mod profile;
mod statements;
mod super_orders;
mod traders_control;
mod trades;

use axum::Router;
use axum::extract::DefaultBodyLimit;

use super::control;
use super::faults;
use super::sockets;
use super::state::Shared;

/// The largest request body: a thousand instruments fit twice.
const LARGEST_BODY: usize = 64 * 1024;

/// All paths of the server; those of its control only with a secret for it.
pub fn router(shared: Shared, secret: Option<control::Secret>) -> Router {
    let v2 = Router::new()
        .merge(orders::routes())
        .merge(super_orders::routes())
        .merge(forever_orders::routes())
        .merge(conditional_triggers::routes())
        .merge(trades::routes())
        .merge(portfolio::routes())
        .merge(funds::routes())
        .merge(traders_control::routes())
        .merge(market_quote::routes())
        .merge(option_chain::routes())
        .merge(profile::routes())
        .merge(historical::routes())
        .merge(statements::routes())
        .merge(edis::routes())
        .merge(authentication::routes());
    let broker = Router::new()
        .nest("/v2", v2)
        .merge(authentication::host())
        .merge(instruments::routes())
        .merge(edis::depository())
        .merge(sockets::routes())
        .fallback(answers::no_such_path)
        .method_not_allowed_fallback(answers::no_such_path)
        .layer(axum::middleware::from_fn_with_state(shared.clone(), faults::rest::layer));
    // What steers the faults is not subject to them.
    let all = match secret {
        Some(secret) => broker.merge(control::routes(secret)),
        None => broker,
    };
    all.layer(DefaultBodyLimit::max(LARGEST_BODY)).with_state(shared)
}
