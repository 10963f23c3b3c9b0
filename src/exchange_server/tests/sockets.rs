//! Order updates and the market feed.

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::*;
use crate::exchange_server::faults::{Endpoint, Fault, FaultSpec};
use crate::exchange_server::switches::{DeepPath, DepthUnsubscribe};
use crate::protocol::dhan::market_depth::{DepthBody, DepthDecoder, DepthLevels, DepthPacket, DepthRow, DepthSide};
use crate::protocol::dhan::market_feed::{Body, FeedDecoder, Packet};
use crate::protocol::dhan::order_update::{Frame, Login};

type Socket = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

async fn feed(desk: &Desk) -> Socket {
    let (url, token, client) = (&desk.server.feed, &desk.server.access_token, &desk.server.client_id);
    connect_async(format!("{url}?version=2&token={token}&clientId={client}&authType=2")).await.unwrap().0
}

async fn say(socket: &mut Socket, value: Value) {
    socket.send(Message::text(value.to_string())).await.unwrap();
}

fn subscribe(code: u8, instruments: &[(&str, &str)]) -> Value {
    let list: Vec<_> = instruments.iter().map(|(s, id)| json!({"ExchangeSegment": s, "SecurityId": id})).collect();
    json!({"RequestCode": code, "InstrumentCount": list.len(), "InstrumentList": list})
}

/// The next packet; each comes in a message of its own.
async fn packet(socket: &mut Socket) -> Packet {
    loop {
        match socket.next().await.unwrap().unwrap() {
            Message::Binary(bytes) => {
                let mut packets = Vec::new();
                FeedDecoder::default().push(&bytes, |p| packets.push(p));
                assert_eq!(packets.len(), 1);
                return packets.remove(0);
            }
            Message::Close(_) => panic!("closed"),
            _ => {}
        }
    }
}

#[tokio::test]
async fn the_feed_sends_at_once_and_then_every_change() {
    let desk = Desk::new().await;
    let call = desk.option("25950", "ce").await;
    let mut socket = feed(&desk).await;
    say(&mut socket, subscribe(15, &[("IDX_I", "13"), ("NSE_FNO", "1")])).await;
    assert!(matches!(packet(&mut socket).await.body, Body::PreviousClose(_)));
    let first = packet(&mut socket).await;
    let Body::Ticker(ticker) = first.body else { panic!("{first:?}") };
    assert_eq!((first.segment, first.security_id), (0, 13));
    assert_eq!(ticker.last_time.instant(), Some(desk.server.time.now()));
    say(&mut socket, subscribe(21, &[("NSE_FNO", &call)])).await;
    let Body::Full(book) = packet(&mut socket).await.body else { panic!("not a full packet") };
    assert!(book.depth[0].bid.decimal().unwrap() < book.depth[0].ask.decimal().unwrap());
    say(&mut socket, subscribe(17, &[("NSE_FNO", &call)])).await;
    assert!(matches!(packet(&mut socket).await.body, Body::Quote(_)), "the new mode, at once");
    assert!(matches!(packet(&mut socket).await.body, Body::OpenInterest(_)));
    desk.server.forward(2_000).await;
    let moved = [packet(&mut socket).await, packet(&mut socket).await, packet(&mut socket).await];
    assert!(moved.iter().any(|p| p.security_id == 13 && matches!(p.body, Body::Ticker(t) if t != ticker)));
    // The code must match the mode: this one does not, the next does.
    say(&mut socket, subscribe(22, &[("IDX_I", "13")])).await;
    say(&mut socket, subscribe(16, &[("IDX_I", "13")])).await;
    say(&mut socket, subscribe(15, &[("IDX_I", "25")])).await;
    assert!(matches!(packet(&mut socket).await.body, Body::PreviousClose(_)));
    assert_eq!(packet(&mut socket).await.security_id, 25);
    desk.server.forward(2_000).await;
    for _ in 0..3 {
        assert_ne!(packet(&mut socket).await.security_id, 13);
    }
}

#[tokio::test]
async fn a_sixth_connection_drops_the_oldest() {
    let desk = Desk::new().await;
    let mut oldest = feed(&desk).await;
    let mut others = Vec::new();
    for _ in 0..5 {
        others.push(feed(&desk).await);
    }
    assert!(matches!(packet(&mut oldest).await.body, Body::Disconnect(805)));
    say(&mut others[0], subscribe(15, &[("IDX_I", "13")])).await;
    assert!(matches!(packet(&mut others[0]).await.body, Body::PreviousClose(_)), "the others live");
}

#[tokio::test]
async fn a_feed_without_the_token_is_refused() {
    let desk = Desk::new().await;
    let url = format!("{}?version=2&token=x&clientId={}&authType=2", desk.server.feed, desk.server.client_id);
    assert!(connect_async(url).await.is_err());
}

#[tokio::test]
async fn every_change_of_an_order_is_told() {
    let desk = Desk::new().await;
    let call = desk.option("25950", "ce").await;
    let mut socket = connect_async(&desk.server.orders).await.unwrap().0;
    let login = Login { client_id: desk.server.client_id.clone(), token: desk.server.access_token.clone() };
    socket.send(Message::text(login.to_text())).await.unwrap();
    // A ping's answer says that the login has been read.
    socket.send(Message::Ping(Vec::new().into())).await.unwrap();
    while !matches!(socket.next().await.unwrap().unwrap(), Message::Pong(_)) {}
    let id = desk.place(desk.order(&call, "BUY", 65, "MARKET", 0.0, "SD9")).await;
    desk.server.forward(5_000).await;
    let mut seen = Vec::new();
    while seen.last() != Some(&("Traded".to_string(), 65)) {
        let Message::Text(text) = socket.next().await.unwrap().unwrap() else { continue };
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["Type"], json!("order_alert"));
        assert_eq!((&value["Data"]["txnType"], &value["Data"]["product"]), (&json!("B"), &json!("M")));
        assert_eq!(value["Data"]["optType"], json!("CE"));
        let update = Frame::read(&text).updates.remove(0);
        assert_eq!((update.order_no.as_str(), update.correlation_id.as_str()), (id.as_str(), "SD9"));
        seen.push((update.status.title().to_string(), update.traded_qty));
    }
    assert_eq!(&seen[..2], [("Transit".to_string(), 0), ("Pending".to_string(), 0)]);
}

#[tokio::test]
async fn the_legs_of_a_super_order_carry_their_number_and_their_entrys() {
    let desk = Desk::new().await;
    let call = desk.option("25950", "ce").await;
    let mut socket = connect_async(&desk.server.orders).await.unwrap().0;
    let login = Login { client_id: desk.server.client_id.clone(), token: desk.server.access_token.clone() };
    socket.send(Message::text(login.to_text())).await.unwrap();
    socket.send(Message::Ping(Vec::new().into())).await.unwrap();
    while !matches!(socket.next().await.unwrap().unwrap(), Message::Pong(_)) {}
    let order = json!({
        "dhanClientId": desk.server.client_id, "transactionType": "BUY", "exchangeSegment": "NSE_FNO",
        "productType": "MARGIN", "orderType": "MARKET", "securityId": call, "quantity": 65, "price": 0,
        "targetPrice": 900, "stopLossPrice": 1, "trailingJump": 0,
    });
    let (_, ack) = desk.post("/super/orders", order).await;
    let entry = ack["orderId"].clone();
    desk.server.forward(5_000).await;
    let mut legs = std::collections::BTreeMap::new();
    while legs.len() < 3 {
        let Message::Text(text) = socket.next().await.unwrap().unwrap() else { continue };
        let data = serde_json::from_str::<Value>(&text).unwrap()["Data"].clone();
        assert_eq!(data["remarks"], json!("Super Order"));
        legs.insert(data["legNo"].as_i64().unwrap(), data);
    }
    assert_eq!((&legs[&1]["orderNo"], &legs[&1]["algoOrdNo"]), (&entry, &Value::Null));
    for (number, order_type) in [(2, "SLM"), (3, "LMT")] {
        let leg = &legs[&number];
        assert_eq!((&leg["algoOrdNo"], &leg["txnType"], &leg["orderType"]), (&entry, &json!("S"), &json!(order_type)));
        assert_ne!(leg["orderNo"], entry);
    }
}

#[tokio::test]
async fn a_bad_login_ends_the_order_socket() {
    let desk = Desk::new().await;
    let mut socket = connect_async(&desk.server.orders).await.unwrap().0;
    let login = Login { client_id: desk.server.client_id.clone(), token: "x".into() };
    socket.send(Message::text(login.to_text())).await.unwrap();
    let end = socket.next().await;
    assert!(!matches!(end, Some(Ok(Message::Text(_)))), "{end:?}");
}

async fn depth(desk: &Desk, url: &str) -> Socket {
    let (token, client) = (&desk.server.access_token, &desk.server.client_id);
    connect_async(format!("{url}?token={token}&clientId={client}&authType=2")).await.unwrap().0
}

async fn depth_packets(socket: &mut Socket, levels: DepthLevels) -> Vec<DepthPacket> {
    loop {
        if let Message::Binary(bytes) = socket.next().await.unwrap().unwrap() {
            let mut decoder = DepthDecoder::new(levels);
            let mut packets = Vec::new();
            decoder.push(&bytes, |p| packets.push(p));
            assert_eq!((decoder.pending(), decoder.counters().misfits), (0, 0));
            return packets;
        }
    }
}

fn side(packet: &DepthPacket) -> (DepthSide, &[DepthRow]) {
    match &packet.body {
        DepthBody::Side { side, rows, .. } => (*side, rows),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn twenty_levels_come_as_a_bid_and_an_ask_packet_and_again_when_they_change() {
    let desk = Desk::new().await;
    let call = desk.option("25950", "ce").await;
    let mut socket = depth(&desk, &desk.server.depth_20).await;
    // An index has no book, and an unknown number says nothing.
    say(&mut socket, subscribe(23, &[("IDX_I", "13"), ("NSE_FNO", "1"), ("NSE_FNO", &call)])).await;
    let first = depth_packets(&mut socket, DepthLevels::Twenty).await;
    let ((bid, bids), (ask, asks)) = (side(&first[0]), side(&first[1]));
    assert_eq!((bid, ask, bids.len(), asks.len()), (DepthSide::Bid, DepthSide::Ask, 20, 20));
    assert_eq!((first[0].segment, first[0].security_id.to_string()), (2, call.clone()));
    let (_, quote) = desk.post("/marketfeed/quote", json!({"NSE_FNO": [call.parse::<u64>().unwrap()]})).await;
    let best = &quote["data"]["NSE_FNO"][&call]["depth"];
    let told: rust_decimal::Decimal = best["buy"][0]["price"].to_string().parse().unwrap();
    assert_eq!(bids[0].price.decimal(), Some(told.normalize()));
    assert_eq!(asks[4].quantity, best["sell"][4]["quantity"].as_u64().unwrap() as u32);
    desk.server.forward(1_000).await;
    let second = depth_packets(&mut socket, DepthLevels::Twenty).await;
    assert_ne!(second, first);
    say(&mut socket, subscribe(24, &[("NSE_FNO", &call)])).await;
    say(&mut socket, json!({"RequestCode": 12})).await;
    while let Some(Ok(message)) = socket.next().await {
        assert!(!matches!(message, Message::Text(_)));
    }
}

#[tokio::test]
async fn two_hundred_levels_are_served_on_both_paths_for_one_instrument() {
    let desk = Desk::new().await;
    let call = desk.option("25950", "ce").await;
    let root = desk.server.depth_200.replace("/twohundreddepth", "/");
    for url in [desk.server.depth_200.clone(), root] {
        let mut socket = depth(&desk, &url).await;
        say(&mut socket, json!({"RequestCode": 23, "ExchangeSegment": "NSE_FNO", "SecurityId": call})).await;
        let packets = depth_packets(&mut socket, DepthLevels::TwoHundred).await;
        assert_eq!((side(&packets[1]).1.len(), packets.len()), (200, 2), "{url}");
        let other = desk.option("26000", "ce").await;
        say(&mut socket, json!({"RequestCode": 23, "ExchangeSegment": "NSE_FNO", "SecurityId": other})).await;
        loop {
            let packets = depth_packets(&mut socket, DepthLevels::TwoHundred).await;
            if packets[0].body == DepthBody::Disconnect(804) {
                break;
            }
        }
    }
    assert!(connect_async(format!("{}?token=x&clientId=y&authType=2", desk.server.depth_20)).await.is_err());
}

#[tokio::test]
async fn a_depth_socket_ends_with_its_token() {
    let desk = Desk::new().await;
    let call = desk.option("25950", "ce").await;
    let mut socket = depth(&desk, &desk.server.depth_20).await;
    say(&mut socket, subscribe(23, &[("NSE_FNO", &call)])).await;
    assert_eq!(depth_packets(&mut socket, DepthLevels::Twenty).await.len(), 2);
    desk.server.revoke_token().unwrap();
    assert_eq!(depth_packets(&mut socket, DepthLevels::Twenty).await[0].body, DepthBody::Disconnect(808));
}

#[tokio::test]
async fn a_token_revoked_for_depth_ends_the_depth_socket_and_leaves_the_feed() {
    let desk = Desk::new().await;
    let call = desk.option("25950", "ce").await;
    let (mut deep, mut prices) = (depth(&desk, &desk.server.depth_200).await, feed(&desk).await);
    say(&mut deep, json!({"RequestCode": 23, "ExchangeSegment": "NSE_FNO", "SecurityId": call})).await;
    assert_eq!(depth_packets(&mut deep, DepthLevels::TwoHundred).await.len(), 2);
    desk.server.faults.set(FaultSpec::new(Fault::TokenRevoked).on(&[Endpoint::Depth])).unwrap();
    assert_eq!(depth_packets(&mut deep, DepthLevels::TwoHundred).await[0].body, DepthBody::Disconnect(809));
    say(&mut prices, subscribe(15, &[("IDX_I", "13")])).await;
    assert!(matches!(packet(&mut prices).await.body, Body::PreviousClose(_)));
    let (url, token, client) = (&desk.server.depth_20, &desk.server.access_token, &desk.server.client_id);
    assert!(connect_async(format!("{url}?token={token}&clientId={client}&authType=2")).await.is_err());
}

async fn desk_with(switches: Switches) -> Desk {
    Desk::with(ServerConfig { switches, ..config(&ten_o_clock()) }).await
}

#[tokio::test]
async fn two_hundred_levels_are_where_the_switch_says() {
    for (deep_path, expected) in
        [(DeepPath::Both, [true, true]), (DeepPath::Documented, [true, false]), (DeepPath::Root, [false, true])]
    {
        let desk = desk_with(Switches { deep_path, ..Switches::default() }).await;
        let documented = desk.server.depth_200.clone();
        let root = documented.replace("/twohundreddepth", "/");
        let query = format!("token={}&clientId={}&authType=2", desk.server.access_token, desk.server.client_id);
        let mut opens = Vec::new();
        for url in [documented, root] {
            opens.push(connect_async(format!("{url}?{query}")).await.is_ok());
        }
        assert_eq!(opens, expected, "{deep_path:?}");
    }
}

#[tokio::test]
async fn depth_is_taken_back_by_the_code_the_switch_says() {
    for (depth_unsubscribe, expected) in [
        (DepthUnsubscribe::Either, [true, true]),
        (DepthUnsubscribe::Code24, [true, false]),
        (DepthUnsubscribe::Code25, [false, true]),
    ] {
        let desk = desk_with(Switches { depth_unsubscribe, ..Switches::default() }).await;
        let call = desk.option("25950", "ce").await;
        let mut taken = Vec::new();
        for code in [24, 25] {
            let mut socket = depth(&desk, &desk.server.depth_20).await;
            say(&mut socket, subscribe(23, &[("NSE_FNO", &call)])).await;
            depth_packets(&mut socket, DepthLevels::Twenty).await;
            say(&mut socket, subscribe(code, &[("NSE_FNO", &call)])).await;
            // Subscribed anew, a book is sent at once; subscribed still, it is not.
            say(&mut socket, subscribe(23, &[("NSE_FNO", &call)])).await;
            socket.send(Message::Ping(Vec::new().into())).await.unwrap();
            let mut sent = false;
            loop {
                match socket.next().await.unwrap().unwrap() {
                    Message::Binary(_) => sent = true,
                    Message::Pong(_) => break,
                    other => panic!("{other:?}"),
                }
            }
            taken.push(sent);
        }
        assert_eq!(taken, expected, "{depth_unsubscribe:?}");
    }
}

#[tokio::test]
async fn the_feed_tells_when_the_session_opens_and_closes() {
    let time = ManualTime::new(from_ist(date(2026, 11, 20).at(15, 39, 0, 0)));
    let desk = Desk::with(ServerConfig { clock: ClockMode::real(), ..config(&time) }).await;
    let mut socket = feed(&desk).await;
    say(&mut socket, subscribe(15, &[("IDX_I", "13")])).await;
    assert!(matches!(packet(&mut socket).await.body, Body::PreviousClose(_)));
    desk.server.forward(120_000).await;
    while packet(&mut socket).await.body != Body::MarketStatus {}
}
