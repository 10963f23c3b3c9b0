//! The trade book.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::routing::get;

use super::answers::{Answer, ok};
use crate::domain::BrokerOrderId;
use crate::exchange::{Exchange, TradeView};
use crate::exchange_server::limits::Bucket;
use crate::exchange_server::state::Shared;
use crate::exchange_server::switches::TradesOfOrder;
use crate::exchange_server::words;
use crate::protocol::dhan::trades::Trade;

pub fn routes() -> Router<Shared> {
    // The broker's own client asks with a slash at the end.
    Router::new().route("/trades", get(book)).route("/trades/", get(book)).route("/trades/{order_id}", get(of_order))
}

async fn book(State(shared): State<Shared>, headers: HeaderMap) -> Answer {
    shared.admit(&headers, &Bucket::Other)?;
    let account = shared.account();
    let trades = shared
        .core
        .call(move |exchange, now| {
            exchange.let_pass(now);
            wire(exchange, &exchange.trades(&account))
        })
        .await?;
    ok(&trades)
}

async fn of_order(State(shared): State<Shared>, Path(order_id): Path<String>, headers: HeaderMap) -> Answer {
    shared.admit(&headers, &Bucket::Other)?;
    let account = shared.account();
    let trades = shared
        .core
        .call(move |exchange, now| {
            exchange.let_pass(now);
            wire(exchange, &exchange.trades_of(&account, &BrokerOrderId(order_id)))
        })
        .await?;
    match (trades.as_slice(), shared.switches().trades_of_order) {
        ([one], TradesOfOrder::Object) => ok(one),
        (all, _) => ok(&all),
    }
}

fn wire(exchange: &Exchange, trades: &[TradeView]) -> Vec<Trade> {
    let one = |t: &TradeView| {
        let order = exchange.order(&t.account, &t.order_id);
        words::trade(t, order.as_ref(), exchange.listing_of_held(&t.contract).as_ref())
    };
    trades.iter().map(one).collect()
}
