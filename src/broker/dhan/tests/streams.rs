//! The two links against sockets of our own making.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::routing::get;
use rust_decimal_macros::dec;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::fake::{client, serve};
use super::listing::{nifty, nifty_put, reliance};
use crate::broker::{Broker, FeedNews, LinkState, OrderNews};
use crate::domain::{Price, Quantity, SeenStatus};
use crate::net::Secret;
use crate::protocol::dhan::market_feed::{
    Body, DepthLevel, FeedPrice, FeedRequest, Full, Packet, PreviousClose, QuoteFields, Ticker, encode,
};

const UPDATE: &str = include_str!("../../../../tests/fixtures/dhan/order-update.json");

/// What the server heard, in order.
type Heard = Arc<Mutex<Vec<String>>>;

async fn next<T>(news: &mut mpsc::Receiver<T>) -> T {
    timeout(Duration::from_secs(5), news.recv()).await.unwrap().unwrap()
}

fn is_link(news: &OrderNews, up: bool) -> bool {
    matches!(news, OrderNews::Link(LinkState { up: is, .. }) if *is == up)
}

#[tokio::test]
async fn the_order_link_logs_in_tells_what_it_sees_and_comes_back() {
    async fn session(mut socket: WebSocket, heard: Heard) {
        let Some(Ok(Message::Text(login))) = socket.recv().await else { return };
        heard.lock().unwrap().push(login.to_string());
        for text in ["429 slow down", UPDATE, r#"{"Type":"hello"}"#] {
            let _ = socket.send(Message::Text(text.into())).await;
        }
        let _ = socket.send(Message::Close(None)).await;
    }
    let heard = Heard::default();
    let for_server = heard.clone();
    let up = move |up: WebSocketUpgrade| async move { up.on_upgrade(move |socket| session(socket, for_server)) };
    let broker = client(serve(Router::new().route("/order-updates", get(up))).await);
    let mut news = broker.order_updates();
    for _ in 0..2 {
        assert!(is_link(&next(&mut news).await, true));
        let OrderNews::Seen(seen) = next(&mut news).await else { panic!("no order") };
        assert_eq!((seen.spec.contract, seen.filled, seen.status), (nifty_put(), Quantity(65), SeenStatus::Working));
        assert!(is_link(&next(&mut news).await, false));
    }
    let login = heard.lock().unwrap()[0].clone();
    assert_eq!(login, r#"{"LoginReq":{"ClientId":"1100000007","MsgCode":42,"Token":"to.k.en"},"UserType":"SELF"}"#);
}

#[tokio::test]
async fn a_new_token_logs_in_again() {
    async fn session(mut socket: WebSocket, heard: Heard) {
        while let Some(Ok(message)) = socket.recv().await {
            if let Message::Text(login) = message {
                heard.lock().unwrap().push(login.to_string());
            }
        }
    }
    let heard = Heard::default();
    let for_server = heard.clone();
    let up = move |up: WebSocketUpgrade| async move { up.on_upgrade(move |socket| session(socket, for_server)) };
    let broker = client(serve(Router::new().route("/order-updates", get(up))).await);
    let mut news = broker.order_updates();
    assert!(is_link(&next(&mut news).await, true));
    broker.set_access_token(Secret::new("n.e.w"));
    assert!(is_link(&next(&mut news).await, false));
    assert!(is_link(&next(&mut news).await, true));
    timeout(Duration::from_secs(5), async {
        while heard.lock().unwrap().len() < 2 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    assert!(heard.lock().unwrap()[1].contains("n.e.w"));
}

fn price(text: &str) -> FeedPrice {
    FeedPrice::nearest(text.parse().unwrap())
}

fn put_packet(last: &str) -> Packet {
    let mut depth = [DepthLevel::default(); 5];
    depth[0] = DepthLevel { bid_quantity: 130, bid_orders: 2, bid: price("150.1"), ..DepthLevel::default() };
    let quote = QuoteFields { last: price(last), close: price("153.35"), ..QuoteFields::default() };
    Packet { segment: 2, security_id: 51_234, body: Body::Full(Full { quote, depth, ..Full::default() }) }
}

fn bytes(packets: &[Packet]) -> Message {
    let mut bytes = Vec::new();
    packets.iter().for_each(|packet| encode(packet, &mut bytes));
    Message::Binary(bytes.into())
}

/// Answers every subscription with prices of what was asked for; ends the session when there was an unsubscription.
async fn feed(mut socket: WebSocket, heard: Heard) {
    while let Some(Ok(message)) = socket.recv().await {
        let Message::Text(text) = message else { continue };
        heard.lock().unwrap().push(text.to_string());
        let request: FeedRequest = serde_json::from_str(&text).unwrap();
        let packets = match request.request_code {
            15 => vec![
                Packet {
                    segment: 0,
                    security_id: 13,
                    body: Body::PreviousClose(PreviousClose { close: price("25850"), open_interest: 0 }),
                },
                Packet {
                    segment: 0,
                    security_id: 13,
                    body: Body::Ticker(Ticker { last: price("25912.4"), ..Ticker::default() }),
                },
            ],
            21 => vec![
                Packet { segment: 9, security_id: 1, body: Body::Unknown { code: 77, length: 30 } },
                put_packet("150.2"),
                put_packet("150.25"),
            ],
            _ => vec![Packet { segment: 0, security_id: 0, body: Body::Disconnect(805) }],
        };
        let _ = socket.send(bytes(&packets)).await;
    }
}

async fn feed_server() -> (crate::broker::dhan::DhanBroker, Heard) {
    let heard = Heard::default();
    let for_server = heard.clone();
    let up = move |uri: axum::http::Uri, up: WebSocketUpgrade| async move {
        for_server.lock().unwrap().push(uri.query().unwrap_or_default().to_string());
        up.on_upgrade(move |socket| feed(socket, for_server))
    };
    (client(serve(Router::new().route("/feed", get(up))).await), heard)
}

#[tokio::test]
async fn the_price_link_tells_quotes_and_previous_closes_and_subscribes_again() {
    let (broker, heard) = feed_server().await;
    let mut feed = broker.market_feed();
    feed.control.subscribe(&[nifty_put(), nifty()]);
    assert!(matches!(next(&mut feed.news).await, FeedNews::Link(LinkState { up: true, .. })));
    let mut told = Vec::new();
    let mut closes = Vec::new();
    while told.len() < 2 || closes.len() < 2 {
        match next(&mut feed.news).await {
            FeedNews::Quotes(quotes) => {
                told.retain(|(contract, _)| !quotes.iter().any(|(c, _)| c == contract));
                told.extend(quotes);
            }
            FeedNews::PreviousClose(contract, close) => closes.push((contract, close)),
            FeedNews::Link(link) => panic!("{link:?}"),
        }
    }
    assert!(feed.heard.at().is_some());
    closes.sort_unstable();
    assert_eq!(closes, [(nifty(), Price(dec!(25850))), (nifty_put(), Price(dec!(153.35)))]);
    told.sort_unstable_by_key(|(contract, _)| *contract);
    let [(_, index), (_, put)] = told[..] else { panic!("two") };
    assert_eq!((index.last, index.bid), (Price(dec!(25912.4)), None));
    assert_eq!((put.bid, put.bid_quantity, put.ask), (Some(Price(dec!(150.1))), Quantity(130), None));

    // The server ends the session with 805; the link says so, waits, comes back and subscribes what is wanted now.
    feed.control.watch([nifty_put(), reliance()].into());
    let ended = loop {
        if let FeedNews::Link(link) = next(&mut feed.news).await {
            break link;
        }
    };
    assert!(!ended.up && ended.detail.contains("805"), "{}", ended.detail);
    while !matches!(next(&mut feed.news).await, FeedNews::Link(LinkState { up: true, .. })) {}
    while !matches!(next(&mut feed.news).await, FeedNews::Quotes(_)) {}
    let heard = heard.lock().unwrap().clone();
    assert_eq!(heard[0], "version=2&token=to.k.en&clientId=1100000007&authType=2");
    let put = r#"{"ExchangeSegment":"NSE_FNO","SecurityId":"51234"}"#;
    let stock = r#"{"ExchangeSegment":"NSE_EQ","SecurityId":"2885"}"#;
    let last = heard.last().unwrap();
    assert!(last.starts_with(r#"{"RequestCode":21,"InstrumentCount":2"#) && last.contains(put) && last.contains(stock));
    assert!(heard.contains(&r#"{"RequestCode":16,"InstrumentCount":1,"InstrumentList":[{"ExchangeSegment":"IDX_I","SecurityId":"13"}]}"#.to_string()));
}

#[tokio::test]
async fn of_several_prices_in_a_frame_the_newest_is_told() {
    let (broker, _) = feed_server().await;
    let mut feed = broker.market_feed();
    feed.control.subscribe(&[nifty_put()]);
    let mut last = None;
    while last != Some(Price(dec!(150.25))) {
        if let FeedNews::Quotes(quotes) = next(&mut feed.news).await {
            assert_eq!(quotes.len(), 1, "one quote a contract");
            last = Some(quotes[0].1.last);
        }
    }
}
