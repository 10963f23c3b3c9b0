//! The depth sockets: 20 levels of up to 50 instruments, 200 levels of one. Bids and asks in packets of their own.

use std::collections::BTreeMap;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tokio::time::{Instant, interval_at};
use tokio_util::sync::CancellationToken;

use super::{PING_EVERY, SILENT_FOR, Visitor, dismiss, limited, send, send_all};
use crate::domain::{Contract, Segment};
use crate::exchange::{DeepBook, DepthLevel};
use crate::exchange_server::faults::Endpoint;
use crate::exchange_server::state::Shared;
use crate::exchange_server::switches::{DeepPath, DepthUnsubscribe};
use crate::exchange_server::words;
use crate::protocol::dhan::enums::ExchangeSegment;
use crate::protocol::dhan::errors::DataCode;
use crate::protocol::dhan::market_depth::{
    DepthAction, DepthBody, DepthLevels, DepthPacket, DepthPrice, DepthRequest, DepthRow, DepthSide, UNSUBSCRIBE,
    UNSUBSCRIBE_ALSO, encode_depth,
};
use crate::protocol::dhan::market_feed::FeedInstrument;

pub(super) async fn twenty(shared: State<Shared>, who: Query<Visitor>, upgrade: WebSocketUpgrade) -> Response {
    open(shared, who, upgrade, DepthLevels::Twenty)
}

pub(super) async fn two_hundred_documented(
    shared: State<Shared>,
    who: Query<Visitor>,
    upgrade: WebSocketUpgrade,
) -> Response {
    match shared.switches().deep_path {
        DeepPath::Both | DeepPath::Documented => open(shared, who, upgrade, DepthLevels::TwoHundred),
        DeepPath::Root => StatusCode::NOT_FOUND.into_response(),
    }
}

pub(super) async fn two_hundred_at_root(
    shared: State<Shared>,
    who: Query<Visitor>,
    upgrade: WebSocketUpgrade,
) -> Response {
    match shared.switches().deep_path {
        DeepPath::Both | DeepPath::Root => open(shared, who, upgrade, DepthLevels::TwoHundred),
        DeepPath::Documented => StatusCode::NOT_FOUND.into_response(),
    }
}

fn open(
    State(shared): State<Shared>,
    Query(who): Query<Visitor>,
    upgrade: WebSocketUpgrade,
    levels: DepthLevels,
) -> Response {
    match who.admitted(&shared, Endpoint::Depth) {
        Ok(token) => limited(upgrade).on_upgrade(move |socket| Connection::new(shared, token, levels).run(socket)),
        Err(_) => StatusCode::UNAUTHORIZED.into_response(),
    }
}

struct Connection {
    shared: Shared,
    /// What it logged in with.
    token: String,
    levels: DepthLevels,
    /// What was sent last of each contract.
    subscriptions: BTreeMap<Contract, Option<DeepBook>>,
    place: CancellationToken,
    sequence: u32,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.place.cancel();
        for contract in self.subscriptions.keys() {
            self.shared.core.unwant(contract);
        }
    }
}

impl Connection {
    fn new(shared: Shared, token: String, levels: DepthLevels) -> Self {
        let place = shared.depth_place();
        Self { shared, token, levels, subscriptions: BTreeMap::new(), place, sequence: 0 }
    }

    async fn run(mut self, mut socket: WebSocket) {
        let mut frames = self.shared.core.frames();
        let mut pings = interval_at(Instant::now() + PING_EVERY, PING_EVERY);
        let mut token_ends = self.shared.identity.token_ends();
        let mut heard = Instant::now();
        let mut changes = self.shared.faults.changes();
        loop {
            if self.shared.faults.revokes_token(Endpoint::Depth) {
                self.dismiss(&mut socket, DataCode::InvalidToken).await;
                break;
            }
            let goes_on = tokio::select! {
                () = self.shared.cancel.cancelled() => false,
                () = self.place.cancelled() => {
                    self.dismiss(&mut socket, DataCode::TooMany).await;
                    false
                }
                _ = changes.changed() => true,
                _ = token_ends.changed() => self.is_logged_in(&mut socket).await,
                changed = frames.changed() => {
                    frames.borrow_and_update();
                    changed.is_ok() && self.send_changes(&mut socket).await
                }
                _ = pings.tick() => {
                    heard.elapsed() < SILENT_FOR
                        && self.is_logged_in(&mut socket).await
                        && send(&mut socket, Message::Ping(Vec::new().into())).await
                }
                said = socket.recv() => match said {
                    Some(Ok(message)) => {
                        heard = Instant::now();
                        self.hear(&mut socket, message).await
                    }
                    Some(Err(_)) | None => false,
                },
            };
            if !goes_on {
                break;
            }
        }
    }

    /// A token that has ended, by another one or by its time, ends the connection.
    async fn is_logged_in(&self, socket: &mut WebSocket) -> bool {
        let good = self.shared.identity.accepts(&self.token);
        if !good {
            self.dismiss(socket, DataCode::AuthenticationFailed).await;
        }
        good
    }

    /// One message of the client; `false` ends the connection. What makes no sense is passed over.
    async fn hear(&mut self, socket: &mut WebSocket, message: Message) -> bool {
        let text = match message {
            Message::Text(text) => text.to_string(),
            Message::Close(_) => return false,
            Message::Binary(_) | Message::Ping(_) | Message::Pong(_) => return true,
        };
        let Ok(request) = serde_json::from_str::<DepthRequest>(&text) else { return true };
        if !takes(self.shared.switches().depth_unsubscribe, request.request_code) {
            return true;
        }
        match request.action() {
            Some(DepthAction::Subscribe(list)) => self.subscribe(socket, list).await,
            Some(DepthAction::Unsubscribe(list)) => {
                self.unsubscribe(list).await;
                true
            }
            Some(DepthAction::Disconnect) => false,
            None => true,
        }
    }

    async fn subscribe(&mut self, socket: &mut WebSocket, list: Vec<FeedInstrument>) -> bool {
        for contract in self.look_up(list).await {
            if self.subscriptions.contains_key(&contract) {
                continue;
            }
            if self.subscriptions.len() >= self.levels.instruments() {
                self.dismiss(socket, DataCode::TooManyInstruments).await;
                return false;
            }
            self.shared.core.want(contract);
            self.subscriptions.insert(contract, None);
        }
        self.send_changes(socket).await
    }

    async fn unsubscribe(&mut self, list: Vec<FeedInstrument>) {
        for contract in self.look_up(list).await {
            if self.subscriptions.remove(&contract).is_some() {
                self.shared.core.unwant(&contract);
            }
        }
    }

    /// The contracts that are known, of NSE's shares and derivatives; the others say nothing.
    async fn look_up(&self, list: Vec<FeedInstrument>) -> Vec<Contract> {
        let wanted = list.into_iter().take(DepthLevels::Twenty.instruments() * 2);
        let wanted: Vec<_> = wanted
            .filter_map(|i| Some((i.exchange_segment.segment()?, words::security_id(&i.security_id)?)))
            .filter(|(segment, _)| matches!(segment, Segment::NseEquity | Segment::NseDerivatives))
            .collect();
        let known = self.shared.core.call(move |exchange, now| {
            exchange.let_pass(now);
            wanted.into_iter().filter_map(|(segment, id)| exchange.contract_of(segment, id)).collect()
        });
        known.await.unwrap_or_default()
    }

    /// Sends the books that have changed since they were sent.
    async fn send_changes(&mut self, socket: &mut WebSocket) -> bool {
        let wanted: Vec<Contract> = self.subscriptions.keys().copied().collect();
        if wanted.is_empty() {
            return true;
        }
        let levels = self.levels.rows();
        let books = self.shared.core.call(move |exchange, now| {
            exchange.let_pass(now);
            wanted.iter().filter_map(|contract| exchange.deep_book(contract, levels)).collect::<Vec<_>>()
        });
        let Ok(books) = books.await else { return false };
        let mut messages = Vec::new();
        for book in books {
            let Some(sent) = self.subscriptions.get_mut(&book.contract) else { continue };
            if sent.as_ref() == Some(&book) {
                continue;
            }
            messages.push(packets(self.levels, &book, &mut self.sequence));
            *sent = Some(book);
        }
        send_all(socket, messages).await
    }

    /// Tells why, and closes.
    async fn dismiss(&self, socket: &mut WebSocket, why: DataCode) {
        let mut bytes = Vec::new();
        let packet = DepthPacket { segment: 0, security_id: 0, body: DepthBody::Disconnect(why.number()) };
        encode_depth(self.levels, &packet, &mut bytes);
        dismiss(socket, bytes).await;
    }
}

/// Whether a request is one that is known here: the sources differ on the code that takes a subscription back.
fn takes(switch: DepthUnsubscribe, code: u8) -> bool {
    match switch {
        DepthUnsubscribe::Either => true,
        DepthUnsubscribe::Code24 => code != UNSUBSCRIBE_ALSO,
        DepthUnsubscribe::Code25 => code != UNSUBSCRIBE,
    }
}

/// Bids, then asks of one book, in one message: the broker's own client pairs them as they come.
fn packets(levels: DepthLevels, book: &DeepBook, sequence: &mut u32) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(2 * levels.packet_size());
    let segment = ExchangeSegment::from(book.contract.segment()).number().unwrap_or_default();
    let security_id = u32::try_from(book.security_id.0).unwrap_or_default();
    for (side, rests) in [(DepthSide::Bid, &book.bids), (DepthSide::Ask, &book.asks)] {
        let rows: Vec<DepthRow> = rests.iter().map(row).collect();
        *sequence = sequence.wrapping_add(1);
        let last_field = match levels {
            DepthLevels::Twenty => *sequence,
            DepthLevels::TwoHundred => u32::try_from(rows.len()).unwrap_or_default(),
        };
        let packet = DepthPacket { segment, security_id, body: DepthBody::Side { side, last_field, rows } };
        encode_depth(levels, &packet, &mut bytes);
    }
    bytes
}

fn row(level: &DepthLevel) -> DepthRow {
    DepthRow { price: DepthPrice::nearest(level.price.0), quantity: level.quantity.0, orders: u32::from(level.orders) }
}
