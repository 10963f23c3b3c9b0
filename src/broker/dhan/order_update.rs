//! The order link: logs in, and tells every change of every order of the account.

use tokio::sync::{mpsc, watch};

use super::contracts::{SharedIndex, current};
use super::sighting::of_update;
use super::{DhanBroker, DhanCredentials};
use crate::broker::{LinkState, OrderNews};
use crate::domain::time::Timestamp;
use crate::gateway::ErrorClass;
use crate::net::{Disconnect, DisconnectCause, Secret, Socket, SocketEvent, SocketMessage, SocketSettings};
use crate::protocol::dhan::order_update::{Frame, Login};

impl DhanBroker {
    pub(super) fn open_order_updates(&self) -> mpsc::Receiver<OrderNews> {
        let (news, receiver) = mpsc::channel(1_024);
        let link = OrderLink {
            url: Secret::new(self.endpoints.orders.clone()),
            settings: self.settings.orders,
            credentials: self.credentials.subscribe(),
            index: self.index.clone(),
            news,
        };
        tokio::spawn(link.run());
        receiver
    }
}

struct OrderLink {
    url: Secret,
    settings: SocketSettings,
    credentials: watch::Receiver<DhanCredentials>,
    index: SharedIndex,
    news: mpsc::Sender<OrderNews>,
}

/// Nobody listens any more.
struct Unheard;

impl OrderLink {
    async fn run(mut self) {
        // Ends when nobody listens or the broker itself is gone.
        while self.one_session().await.is_ok() {
            if !self.tell(OrderNews::Link(down("the access token was replaced"))).await {
                return;
            }
        }
    }

    /// From one access token to the next.
    async fn one_session(&mut self) -> Result<(), Unheard> {
        let login = {
            let credentials = self.credentials.borrow_and_update();
            Login { client_id: credentials.client_id.clone(), token: credentials.access_token.expose().to_string() }
        };
        let mut socket = Socket::open(self.url.clone(), self.settings);
        loop {
            let event = tokio::select! {
                event = socket.next() => event.ok_or(Unheard)?,
                changed = self.credentials.changed() => return changed.map_err(|_| Unheard),
                () = self.news.closed() => return Err(Unheard),
            };
            let heard = match event {
                SocketEvent::Connected(outbox) => {
                    if outbox.send(login.to_text()).await.is_err() {
                        continue;
                    }
                    // A good login is not answered; a bad one ends the connection.
                    self.tell(OrderNews::Link(up())).await
                }
                SocketEvent::Disconnected(end) => self.tell(OrderNews::Link(fell(&end))).await,
                SocketEvent::Message(SocketMessage::Text(text)) => self.take(&text, &login).await,
                SocketEvent::Message(SocketMessage::Binary(bytes)) => match std::str::from_utf8(&bytes) {
                    Ok(text) => self.take(text, &login).await,
                    Err(_) => true,
                },
            };
            if !heard {
                return Err(Unheard);
            }
        }
    }

    async fn take(&self, text: &str, login: &Login) -> bool {
        let frame = Frame::read(text);
        for other in &frame.other {
            let safe = if login.token.is_empty() { other.clone() } else { other.replace(&login.token, "…") };
            tracing::info!("the order link says: {}", safe.chars().take(200).collect::<String>());
        }
        let index = current(&self.index);
        for update in &frame.updates {
            let Some(seen) = of_update(&index, update) else {
                tracing::warn!(order = %update.order_no, status = %update.status, "an order update is not understood");
                continue;
            };
            if !self.tell(OrderNews::Seen(seen)).await {
                return false;
            }
        }
        true
    }

    /// Waits for room: nothing of an order is left out.
    async fn tell(&self, news: OrderNews) -> bool {
        self.news.send(news).await.is_ok()
    }
}

pub(super) fn down(detail: &str) -> LinkState {
    LinkState { up: false, since: Timestamp::now(), detail: detail.to_string(), refused: None }
}

pub(super) fn up() -> LinkState {
    LinkState { up: true, since: Timestamp::now(), detail: String::new(), refused: None }
}

/// How a link stands after a connection has ended.
pub(super) fn fell(end: &Disconnect) -> LinkState {
    let refused = match end.cause {
        DisconnectCause::Refused(401) => Some(ErrorClass::LogIn),
        DisconnectCause::Refused(403) => Some(ErrorClass::Blocked),
        _ => None,
    };
    let detail = format!("{}; next attempt in {:.1} s", end.detail, end.retry_in.as_secs_f64());
    LinkState { refused, ..down(&detail) }
}
