//! The sockets: order updates as text, the market feed as packets.

mod live_feed;
mod market_depth;
mod order_updates;

use axum::Router;
use axum::routing::get;

use super::state::Shared;

/// The largest message of a client: a hundred instruments fit many times.
const LARGEST_MESSAGE: usize = 64 * 1024;

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/feed", get(live_feed::open))
        .route("/order-updates", get(order_updates::open))
        .route("/twentydepth", get(market_depth::twenty))
        // The documentation's path, and the one the broker's own client uses.
        .route("/twohundreddepth", get(market_depth::two_hundred))
        .route("/", get(market_depth::two_hundred))
}
