//! The depth sockets: 20 levels of up to 50 instruments, 200 levels of one. Bids and asks in packets of their own.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures_util::SinkExt;
use tokio::time::{Instant, interval_at, timeout};
use tokio_util::sync::CancellationToken;

use super::LARGEST_MESSAGE;
use super::live_feed::Visitor;
use crate::domain::{Contract, Segment};
use crate::exchange::{DeepBook, DepthLevel};
use crate::exchange_server::state::Shared;
use crate::exchange_server::words;
use crate::protocol::dhan::enums::ExchangeSegment;
use crate::protocol::dhan::errors::DataCode;
use crate::protocol::dhan::market_depth::{
    DepthAction, DepthBody, DepthLevels, DepthPacket, DepthPrice, DepthRequest, DepthRow, DepthSide, encode_depth,
};
use crate::protocol::dhan::market_feed::FeedInstrument;

const PING_EVERY: Duration = Duration::from_secs(10);
/// A client that has not answered pings for this long is gone.
const SILENT_FOR: Duration = Duration::from_secs(40);
/// A client that does not read for this long is cut off.
const SEND_WITHIN: Duration = Duration::from_secs(10);

pub async fn twenty(shared: State<Shared>, who: Query<Visitor>, upgrade: WebSocketUpgrade) -> Response {
    open(shared, who, upgrade, DepthLevels::Twenty)
}

pub async fn two_hundred(shared: State<Shared>, who: Query<Visitor>, upgrade: WebSocketUpgrade) -> Response {
    open(shared, who, upgrade, DepthLevels::TwoHundred)
}

fn open(
    State(shared): State<Shared>,
    Query(who): Query<Visitor>,
    upgrade: WebSocketUpgrade,
    levels: DepthLevels,
) -> Response {
    if !who.is_known(&shared) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    upgrade
        .max_message_size(LARGEST_MESSAGE)
        .max_frame_size(LARGEST_MESSAGE)
        .on_upgrade(move |socket| Connection::new(shared, levels).run(socket))
}

struct Connection {
    shared: Shared,
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
    fn new(shared: Shared, levels: DepthLevels) -> Self {
        let place = shared.depth_place();
        Self { shared, levels, subscriptions: BTreeMap::new(), place, sequence: 0 }
    }

    async fn run(mut self, mut socket: WebSocket) {
        let mut frames = self.shared.core.frames();
        let mut pings = interval_at(Instant::now() + PING_EVERY, PING_EVERY);
        let mut heard = Instant::now();
        loop {
            let goes_on = tokio::select! {
                () = self.shared.cancel.cancelled() => false,
                () = self.place.cancelled() => {
                    self.dismiss(&mut socket, DataCode::TooMany).await;
                    false
                }
                changed = frames.changed() => {
                    frames.borrow_and_update();
                    changed.is_ok() && self.send_changes(&mut socket).await
                }
                _ = pings.tick() => {
                    heard.elapsed() < SILENT_FOR && send(&mut socket, Message::Ping(Vec::new().into())).await
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

    /// One message of the client; `false` ends the connection. What makes no sense is passed over.
    async fn hear(&mut self, socket: &mut WebSocket, message: Message) -> bool {
        let text = match message {
            Message::Text(text) => text.to_string(),
            Message::Close(_) => return false,
            Message::Binary(_) | Message::Ping(_) | Message::Pong(_) => return true,
        };
        let Ok(request) = serde_json::from_str::<DepthRequest>(&text) else { return true };
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
        let all = async {
            for bytes in messages {
                socket.feed(Message::Binary(bytes.into())).await?;
            }
            socket.flush().await
        };
        matches!(timeout(SEND_WITHIN, all).await, Ok(Ok(())))
    }

    /// Tells why, and closes.
    async fn dismiss(&self, socket: &mut WebSocket, why: DataCode) {
        let mut bytes = Vec::new();
        let packet = DepthPacket { segment: 0, security_id: 0, body: DepthBody::Disconnect(why.number()) };
        encode_depth(self.levels, &packet, &mut bytes);
        if send(socket, Message::Binary(bytes.into())).await {
            drop(socket.send(Message::Close(None)).await);
        }
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

async fn send(socket: &mut WebSocket, message: Message) -> bool {
    matches!(timeout(SEND_WITHIN, socket.send(message)).await, Ok(Ok(())))
}
