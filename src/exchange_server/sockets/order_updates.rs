//! Order updates: one login message, then every change of every order of the account. Nothing is replayed.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::timeout;

use super::LARGEST_MESSAGE;
use crate::exchange_server::core::OrderUpdate;
use crate::exchange_server::state::Shared;
use crate::exchange_server::words;
use crate::protocol::dhan::order_update::{KeyCase, Login};

/// A client that says nothing is not kept waiting for.
const LOGIN_WITHIN: Duration = Duration::from_secs(10);

pub async fn open(State(shared): State<Shared>, upgrade: WebSocketUpgrade) -> Response {
    let Ok(place) = Arc::clone(&shared.order_sockets).try_acquire_owned() else {
        return StatusCode::TOO_MANY_REQUESTS.into_response();
    };
    upgrade
        .max_message_size(LARGEST_MESSAGE)
        .max_frame_size(LARGEST_MESSAGE)
        .on_upgrade(move |socket| run(socket, shared, place))
}

async fn run(mut socket: WebSocket, shared: Shared, _place: OwnedSemaphorePermit) {
    // Listening before the login is answered, so that nothing is missed once a client believes it is in.
    let mut updates = shared.core.updates();
    let Ok(Some(Ok(Message::Text(text)))) = timeout(LOGIN_WITHIN, socket.recv()).await else { return };
    let mut token_ends = shared.identity.token_ends();
    let login = Login::read(&text).filter(|l| l.client_id == shared.identity.client_id);
    let is_good = || login.as_ref().is_some_and(|l| shared.identity.accepts(&l.token));
    let known = is_good();
    // A good login is not answered at all; a bad one ends the connection.
    if !known {
        drop(socket.send(Message::Close(None)).await);
        return;
    }
    loop {
        tokio::select! {
            () = shared.cancel.cancelled() => break,
            ended = token_ends.changed() => if ended.is_err() || !is_good() { break },
            told = updates.recv() => if !tell(&mut socket, &shared, told).await { break },
            said = socket.recv() => match said {
                // Pings are answered by the library; anything else a client says has no meaning here.
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => {}
            },
        }
    }
}

/// Sends an update; `false` ends the connection: it is broken, or it has fallen so far behind that something is lost.
async fn tell(socket: &mut WebSocket, shared: &Shared, told: Result<Arc<OrderUpdate>, RecvError>) -> bool {
    let Ok(update) = told else { return false };
    if update.order.account != shared.identity.client_id {
        return true;
    }
    let Ok(message) = words::order_update(&update).to_message(KeyCase::Camel) else { return true };
    socket.send(Message::Text(message.to_string().into())).await.is_ok()
}
