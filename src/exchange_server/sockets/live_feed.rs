//! The live market feed: JSON requests in, binary packets out.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tokio::time::{Instant, interval_at, sleep};
use tokio_util::sync::CancellationToken;

use super::{LOOK_AGAIN, PING_EVERY, SILENT_FOR, Visitor, dismiss, limited, send, send_all};
use crate::domain::{Contract, ContractKind, Price, Quantity};
use crate::exchange::{DepthLevel as Rests, MarketView};
use crate::exchange_server::core::Frame;
use crate::exchange_server::faults::{Endpoint, Fault};
use crate::exchange_server::state::Shared;
use crate::exchange_server::switches::{BadTokenOnFeed, FeedCloseField, PreviousClosePacket};
use crate::exchange_server::words;
use crate::protocol::dhan::enums::ExchangeSegment;
use crate::protocol::dhan::errors::DataCode;
use crate::protocol::dhan::market_feed::{
    Body, DepthLevel, FeedAction, FeedInstrument, FeedMode, FeedPrice, FeedRequest, FeedTime, Full, MAX_PER_CONNECTION,
    MAX_PER_MESSAGE, OpenInterest, Packet, PreviousClose, QuoteFields, Ticker, encode,
};

pub(super) async fn open(
    State(shared): State<Shared>,
    Query(who): Query<Visitor>,
    upgrade: WebSocketUpgrade,
) -> Response {
    if let Some(status) = shared.faults.refuses_feed() {
        return StatusCode::from_u16(status).unwrap_or(StatusCode::TOO_MANY_REQUESTS).into_response();
    }
    if shared.faults.ends_feed().is_some() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let upgrade = limited(upgrade);
    match (who.admitted(&shared, Endpoint::Feed), shared.switches().bad_token_on_feed) {
        (Ok(token), _) => upgrade.on_upgrade(move |socket| Connection::new(shared, token).run(socket)),
        (Err(_), BadTokenOnFeed::HandshakeRefused) => StatusCode::UNAUTHORIZED.into_response(),
        (Err(why), BadTokenOnFeed::DisconnectPacket) => {
            upgrade.on_upgrade(move |mut socket| async move { dismiss(&mut socket, disconnect(why.number())).await })
        }
    }
}

/// What is sent of a contract on this connection, and what was sent last.
struct Subscription {
    mode: FeedMode,
    sent: Option<MarketView>,
}

struct Connection {
    shared: Shared,
    /// What it logged in with.
    token: String,
    subscriptions: BTreeMap<Contract, Subscription>,
    place: CancellationToken,
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
    fn new(shared: Shared, token: String) -> Self {
        let place = shared.feed_place();
        Self { shared, token, subscriptions: BTreeMap::new(), place }
    }

    async fn run(mut self, mut socket: WebSocket) {
        let mut frames = self.shared.core.frames();
        let mut session = self.shared.core.session();
        let mut pings = interval_at(Instant::now() + PING_EVERY, PING_EVERY);
        let mut token_ends = self.shared.identity.token_ends();
        let mut heard = Instant::now();
        let mut changes = self.shared.faults.changes();
        loop {
            if self.is_over(&mut socket).await {
                break;
            }
            if self.shared.faults.stands(&Fault::FeedFrozen) {
                // Not a byte is read or written: pings stay unanswered too.
                tokio::select! {
                    () = self.shared.cancel.cancelled() => break,
                    () = sleep(LOOK_AGAIN) => continue,
                }
            }
            let silent = self.shared.faults.stands(&Fault::FeedSilent);
            let goes_on = tokio::select! {
                () = self.shared.cancel.cancelled() => false,
                () = self.place.cancelled() => {
                    dismiss(&mut socket, disconnect(DataCode::TooMany.number())).await;
                    false
                }
                _ = changes.changed() => true,
                _ = token_ends.changed() => self.is_logged_in(&mut socket).await,
                // Looks again by itself: the silence may have ended.
                () = sleep(LOOK_AGAIN), if silent => true,
                changed = frames.changed(), if !silent => {
                    let frame = Arc::clone(&frames.borrow_and_update());
                    changed.is_ok() && self.send_frame(&mut socket, &frame).await
                }
                changed = session.changed() => {
                    session.borrow_and_update();
                    changed.is_ok() && self.send_status(&mut socket).await
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

    /// Whether the connection is to end now, for a fault's sake.
    async fn is_over(&self, socket: &mut WebSocket) -> bool {
        if let Some(reason) = self.shared.faults.ends_feed() {
            match reason {
                Some(code) => dismiss(socket, disconnect(code)).await,
                None => drop(send(socket, Message::Close(None)).await),
            }
            return true;
        }
        let revoked = self.shared.faults.revokes_token(Endpoint::Feed);
        if revoked {
            dismiss(socket, disconnect(DataCode::InvalidToken.number())).await;
        }
        revoked
    }

    /// A token that has ended, by another one or by its time, ends the connection.
    async fn is_logged_in(&mut self, socket: &mut WebSocket) -> bool {
        let good = self.shared.identity.accepts(&self.token);
        if !good {
            dismiss(socket, disconnect(DataCode::AuthenticationFailed.number())).await;
        }
        good
    }

    /// One message of the client; `false` ends the connection. What makes no sense is passed over, as at the broker.
    async fn hear(&mut self, socket: &mut WebSocket, message: Message) -> bool {
        let text = match message {
            Message::Text(text) => text.to_string(),
            Message::Close(_) => return false,
            Message::Binary(_) | Message::Ping(_) | Message::Pong(_) => return true,
        };
        let Ok(request) = serde_json::from_str::<FeedRequest>(&text) else { return true };
        match request.action() {
            Some(FeedAction::Subscribe(mode)) => self.subscribe(socket, mode, request.instrument_list).await,
            Some(FeedAction::Unsubscribe(mode)) => {
                self.unsubscribe(mode, request.instrument_list).await;
                true
            }
            Some(FeedAction::Disconnect) => false,
            None => true,
        }
    }

    /// Sends what there is at once, and every change from then on. A contract already subscribed takes the new mode.
    async fn subscribe(&mut self, socket: &mut WebSocket, mode: FeedMode, list: Vec<FeedInstrument>) -> bool {
        if list.len() > MAX_PER_MESSAGE {
            dismiss(socket, disconnect(DataCode::TooManyInstruments.number())).await;
            return false;
        }
        let views = self.look_up(list).await;
        let mut packets = Vec::new();
        for view in views {
            let contract = view.contract;
            if !self.subscriptions.contains_key(&contract) {
                if self.subscriptions.len() >= MAX_PER_CONNECTION {
                    dismiss(socket, disconnect(DataCode::TooManyInstruments.number())).await;
                    return false;
                }
                self.shared.core.want(contract);
            }
            let switches = self.shared.switches();
            previous_close(&view, switches.previous_close_packet, &mut packets);
            packets_of(&view, mode, switches.feed_close_field, &mut packets);
            self.subscriptions.insert(contract, Subscription { mode, sent: Some(view) });
        }
        self.send_packets(socket, packets).await
    }

    async fn unsubscribe(&mut self, mode: FeedMode, list: Vec<FeedInstrument>) {
        for view in self.look_up(list).await {
            // The code must match the mode.
            if self.subscriptions.get(&view.contract).is_some_and(|s| s.mode == mode) {
                self.subscriptions.remove(&view.contract);
                self.shared.core.unwant(&view.contract);
            }
        }
    }

    /// The market of the instruments that are known; the others say nothing.
    async fn look_up(&self, list: Vec<FeedInstrument>) -> Vec<MarketView> {
        let wanted = list.into_iter().take(MAX_PER_MESSAGE);
        let wanted: Vec<_> =
            wanted.filter_map(|i| Some((i.exchange_segment.segment()?, words::security_id(&i.security_id)?))).collect();
        let views = self.shared.core.call(move |exchange, now| {
            exchange.let_pass(now);
            let view = |(segment, id)| exchange.market_view(&exchange.contract_of(segment, id)?);
            wanted.into_iter().filter_map(view).collect()
        });
        views.await.unwrap_or_default()
    }

    /// Sends what has changed of what is subscribed here.
    async fn send_frame(&mut self, socket: &mut WebSocket, frame: &Frame) -> bool {
        let mut packets = Vec::new();
        let (faults, close) = (&self.shared.faults, self.shared.switches().feed_close_field);
        for (contract, subscription) in &mut self.subscriptions {
            let Some(view) = frame.0.get(contract) else { continue };
            if subscription.sent.as_ref().is_some_and(|sent| !differs(sent, view, subscription.mode)) {
                continue;
            }
            let wraps = faults.at_feed_message(|f| *f == Fault::LtqWrap).is_some();
            let shown = if wraps { wrapped(view) } else { view.clone() };
            packets_of(&shown, subscription.mode, close, &mut packets);
            subscription.sent = Some(view.clone());
        }
        self.send_packets(socket, packets).await
    }

    /// A market-status packet for each segment subscribed here. It is a header and no more, at the broker too.
    async fn send_status(&self, socket: &mut WebSocket) -> bool {
        let segments = self.subscriptions.keys().filter_map(|c| ExchangeSegment::from(c.segment()).number());
        let segments: std::collections::BTreeSet<u8> = segments.collect();
        let packet = |segment: u8| {
            let mut bytes = Vec::new();
            encode(&Packet { segment, security_id: 0, body: Body::MarketStatus }, &mut bytes);
            bytes
        };
        self.send_packets(socket, segments.into_iter().map(packet).collect()).await
    }

    /// Each packet in a message of its own (the broker's own client reads only the first of a message), unless they are
    /// to be stacked or split.
    async fn send_packets(&self, socket: &mut WebSocket, packets: Vec<Vec<u8>>) -> bool {
        if packets.is_empty() || self.shared.faults.stands(&Fault::FeedSilent) {
            return true;
        }
        let cut = |f: &Fault| matches!(f, Fault::FeedStacked | Fault::FeedSplit);
        let messages = match self.shared.faults.at_feed_message(cut) {
            Some(Fault::FeedStacked) => vec![packets.concat()],
            Some(Fault::FeedSplit) => packets.iter().flat_map(|p| split(p)).collect(),
            _ => packets,
        };
        send_all(socket, messages).await
    }
}

/// In two parts, the first of which ends inside the packet's head.
fn split(packet: &[u8]) -> [Vec<u8>; 2] {
    let (head, rest) = packet.split_at(packet.len().min(5));
    [head.to_vec(), rest.to_vec()]
}

/// The same, with a last traded quantity that sixteen bits do not hold.
fn wrapped(view: &MarketView) -> MarketView {
    let beyond = u32::from(u16::MAX) + 1;
    let last_quantity = Quantity(view.last_quantity.0.saturating_add(beyond));
    MarketView { last_quantity, ..view.clone() }
}

/// The packet that says why the connection ends.
fn disconnect(why: u16) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(&Packet { segment: 0, security_id: 0, body: Body::Disconnect(why) }, &mut bytes);
    bytes
}

/// Whether a mode would show a difference. The time of the last trade alone is none.
fn differs(before: &MarketView, now: &MarketView, mode: FeedMode) -> bool {
    let traded = before.quote.last != now.quote.last;
    match mode {
        FeedMode::Ticker => traded,
        FeedMode::Quote => traded || before.volume != now.volume || before.total_bid != now.total_bid,
        FeedMode::Full => traded || before.volume != now.volume || before.bids != now.bids || before.asks != now.asks,
    }
}

fn number(view: &MarketView) -> Option<(u8, u32)> {
    let segment = ExchangeSegment::from(view.contract.segment()).number()?;
    Some((segment, u32::try_from(view.security_id.0).ok()?))
}

fn put(view: &MarketView, body: Body, out: &mut Vec<Vec<u8>>) {
    if let Some((segment, security_id)) = number(view) {
        let mut packet = Vec::new();
        encode(&Packet { segment, security_id, body }, &mut packet);
        out.push(packet);
    }
}

/// Sent once per subscription, for an index only: so the broker's support says; its documentation says for all.
fn previous_close(view: &MarketView, whose: PreviousClosePacket, out: &mut Vec<Vec<u8>>) {
    if view.contract.kind == ContractKind::Index || whose == PreviousClosePacket::All {
        let close = PreviousClose { close: feed_price(view.previous_close), open_interest: 0 };
        put(view, Body::PreviousClose(close), out);
    }
}

fn packets_of(view: &MarketView, mode: FeedMode, close: FeedCloseField, out: &mut Vec<Vec<u8>>) {
    let last_time = FeedTime::of(Some(view.last_at));
    match mode {
        FeedMode::Ticker => {
            put(view, Body::Ticker(Ticker { last: feed_price(view.quote.last), last_time }), out);
        }
        FeedMode::Quote => {
            put(view, Body::Quote(quote_fields(view, close)), out);
            if view.contract.expiry().is_some() {
                put(view, Body::OpenInterest(OpenInterest(view.open_interest)), out);
            }
        }
        FeedMode::Full => {
            let mut depth = [DepthLevel::default(); 5];
            for (level, (bid, ask)) in depth.iter_mut().zip(view.bids.iter().zip(&view.asks)) {
                *level = depth_level(bid, ask);
            }
            let open_interest = view.open_interest;
            let full = Full {
                quote: quote_fields(view, close),
                open_interest,
                open_interest_high: open_interest,
                open_interest_low: open_interest,
                depth,
            };
            put(view, Body::Full(full), out);
        }
    }
}

fn quote_fields(view: &MarketView, close: FeedCloseField) -> QuoteFields {
    let close = match close {
        FeedCloseField::PreviousClose => view.previous_close,
        FeedCloseField::ZeroUntilClose => Price::ZERO,
    };
    QuoteFields {
        last: feed_price(view.quote.last),
        last_quantity: low_bits(view.last_quantity),
        last_time: FeedTime::of(Some(view.last_at)),
        average: feed_price(view.average),
        volume: view.volume,
        total_sell: view.total_ask.0,
        total_buy: view.total_bid.0,
        open: feed_price(view.open),
        close: feed_price(close),
        high: feed_price(view.high),
        low: feed_price(view.low),
    }
}

fn depth_level(bid: &Rests, ask: &Rests) -> DepthLevel {
    DepthLevel {
        bid_quantity: bid.quantity.0,
        ask_quantity: ask.quantity.0,
        bid_orders: bid.orders,
        ask_orders: ask.orders,
        bid: feed_price(bid.price),
        ask: feed_price(ask.price),
    }
}

fn feed_price(price: Price) -> FeedPrice {
    FeedPrice::nearest(price.0)
}

/// The field has sixteen bits; larger quantities lose their upper ones, as at the broker.
fn low_bits(quantity: Quantity) -> u16 {
    quantity.0 as u16
}
