//! The sockets: order updates as text, the market feed and deep books as packets; and what all of them have in common.

mod live_feed;
mod market_depth;
mod order_updates;

use std::time::Duration;

use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::routing::get;
use futures_util::SinkExt;
use serde::Deserialize;
use tokio::time::timeout;

use super::faults::Endpoint;
use super::state::Shared;
use crate::protocol::dhan::errors::DataCode;

/// The largest message of a client: a hundred instruments fit many times.
const LARGEST_MESSAGE: usize = 64 * 1024;
const PING_EVERY: Duration = Duration::from_secs(10);
/// A client that has not answered pings for this long is gone.
const SILENT_FOR: Duration = Duration::from_secs(40);
/// A client that does not read for this long is cut off.
const SEND_WITHIN: Duration = Duration::from_secs(10);
/// How often a silent or frozen connection looks whether it still is.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/feed", get(live_feed::open))
        .route("/order-updates", get(order_updates::open))
        .route("/twentydepth", get(market_depth::twenty))
        // The documentation's path, and the one the broker's own client uses.
        .route("/twohundreddepth", get(market_depth::two_hundred_documented))
        .route("/", get(market_depth::two_hundred_at_root))
}

/// Who opens a socket for market data, as the query says.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Visitor {
    token: Option<String>,
    client_id: Option<String>,
}

impl Visitor {
    /// The token the visitor is let in with, or why not.
    fn admitted(self, shared: &Shared, endpoint: Endpoint) -> Result<String, DataCode> {
        let token = self.token.filter(|t| shared.knows(t, endpoint)).ok_or(DataCode::InvalidToken)?;
        let is_client = self.client_id.as_deref() == Some(shared.identity.client_id.as_str());
        is_client.then_some(token).ok_or(DataCode::AuthenticationFailed)
    }
}

fn limited(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade.max_message_size(LARGEST_MESSAGE).max_frame_size(LARGEST_MESSAGE)
}

/// `false` where the client is gone, or does not read.
async fn send(socket: &mut WebSocket, message: Message) -> bool {
    matches!(timeout(SEND_WITHIN, socket.send(message)).await, Ok(Ok(())))
}

/// Each in a message of its own; `false` where the client is gone, or does not read.
async fn send_all(socket: &mut WebSocket, messages: Vec<Vec<u8>>) -> bool {
    let all = async {
        for message in messages {
            socket.feed(Message::Binary(message.into())).await?;
        }
        socket.flush().await
    };
    matches!(timeout(SEND_WITHIN, all).await, Ok(Ok(())))
}

/// Tells why, in a packet of the socket's own kind, and closes.
async fn dismiss(socket: &mut WebSocket, why: Vec<u8>) {
    if send(socket, Message::Binary(why.into())).await {
        send(socket, Message::Close(None)).await;
    }
}
