//! Order updates: one login message, then every change of every order of the account. Nothing is replayed.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::{LOOK_AGAIN, limited, send};
use crate::exchange_server::core::OrderUpdate;
use crate::exchange_server::faults::{Endpoint, Fault};
use crate::exchange_server::state::Shared;
use crate::exchange_server::switches::{LoginAnswer, SocketKeys};
use crate::exchange_server::words;
use crate::protocol::dhan::order_update::{KeyCase, Login};

/// A client that says nothing is not kept waiting for.
const LOGIN_WITHIN: Duration = Duration::from_secs(10);

/// A message held back leaves after this long where none follows it.
const HELD_FOR: Duration = Duration::from_millis(400);

pub(super) async fn open(State(shared): State<Shared>, upgrade: WebSocketUpgrade) -> Response {
    if shared.faults.closes_order_socket() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let Ok(place) = Arc::clone(&shared.order_sockets).try_acquire_owned() else {
        return StatusCode::TOO_MANY_REQUESTS.into_response();
    };
    limited(upgrade).on_upgrade(move |socket| run(socket, shared, place))
}

async fn run(mut socket: WebSocket, shared: Shared, _place: OwnedSemaphorePermit) {
    // Listening before the login is answered, so that nothing is missed once a client believes it is in.
    let mut updates = shared.core.updates();
    let Ok(Some(Ok(Message::Text(text)))) = timeout(LOGIN_WITHIN, socket.recv()).await else { return };
    let mut token_ends = shared.identity.token_ends();
    let login = Login::read(&text).filter(|l| l.client_id == shared.identity.client_id);
    let is_good = || login.as_ref().is_some_and(|l| shared.identity.accepts(&l.token));
    let known = is_good() && !shared.faults.revokes_token(Endpoint::OrderSocket);
    // A good login is not answered at all (or by a frame nobody has documented); a bad one ends the connection.
    if !known {
        send(&mut socket, Message::Close(None)).await;
        return;
    }
    if shared.switches().order_socket_login == LoginAnswer::Frame {
        let answer = serde_json::json!({ "Type": "login", "Status": "success" }).to_string();
        if !send(&mut socket, Message::Text(answer.into())).await {
            return;
        }
    }
    let mut changes = shared.faults.changes();
    let mut held = Held::default();
    loop {
        if shared.faults.closes_order_socket() || shared.faults.revokes_token(Endpoint::OrderSocket) {
            break;
        }
        if shared.faults.stands(&Fault::OrderSocketFrozen) {
            // Not a byte is read or written: pings stay unanswered too.
            tokio::select! {
                () = shared.cancel.cancelled() => break,
                () = sleep(LOOK_AGAIN) => continue,
            }
        }
        tokio::select! {
            () = shared.cancel.cancelled() => break,
            _ = changes.changed() => {}
            ended = token_ends.changed() => if ended.is_err() || !is_good() { break },
            () = held.is_due() => if !held.let_go(&mut socket).await { break },
            told = updates.recv() => if !tell(&mut socket, &shared, told, &mut held).await { break },
            said = socket.recv() => match said {
                // Pings are answered by the library; anything else a client says has no meaning here.
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => {}
            },
        }
    }
}

/// A message that is to leave after the one that follows it, or a little later where none follows.
#[derive(Default)]
struct Held(Option<(String, Instant)>);

impl Held {
    async fn is_due(&self) {
        match &self.0 {
            Some((_, due)) => sleep_until(*due).await,
            None => std::future::pending().await,
        }
    }

    async fn let_go(&mut self, socket: &mut WebSocket) -> bool {
        match self.0.take() {
            Some((text, _)) => send(socket, Message::Text(text.into())).await,
            None => true,
        }
    }
}

/// Sends an update; `false` ends the connection: it is broken, or it has fallen so far behind that something is lost.
async fn tell(
    socket: &mut WebSocket,
    shared: &Shared,
    told: Result<Arc<OrderUpdate>, RecvError>,
    held: &mut Held,
) -> bool {
    let Ok(update) = told else { return false };
    if update.order.account != shared.identity.client_id {
        return true;
    }
    let case = match shared.switches().order_socket_keys {
        SocketKeys::CamelCase => KeyCase::Camel,
        SocketKeys::PascalCase => KeyCase::Pascal,
    };
    let Ok(message) = words::order_update(&update).to_message(case) else { return true };
    let text = message.to_string();
    let copies = match shared.faults.at_order_message() {
        Some(Fault::UpdateLost) => 0,
        Some(Fault::UpdateDuplicated) => 2,
        Some(Fault::UpdateReordered) if held.0.is_none() => {
            held.0 = Some((text, Instant::now() + HELD_FOR));
            return true;
        }
        _ => 1,
    };
    for _ in 0..copies {
        if !send(socket, Message::Text(text.clone().into())).await {
            return false;
        }
    }
    copies == 0 || held.let_go(socket).await
}
