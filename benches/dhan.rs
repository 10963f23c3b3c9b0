//! DhanHQ's packets: how many can be decoded in a second on one core. `cargo bench --bench dhan`
//!
//! The aim is five million tickers a second; divan's *items* are packets.

use std::hint::black_box;

use divan::Bencher;
use divan::counter::ItemsCount;
use strikedeck::protocol::dhan::market_depth::{
    DepthBody, DepthDecoder, DepthLevels, DepthPacket, DepthPrice, DepthRow, DepthSide, encode_depth,
};
use strikedeck::protocol::dhan::market_feed::{
    Body, DepthLevel, FeedDecoder, FeedPrice, FeedTime, Full, Packet, QuoteFields, Ticker, encode,
};

const PACKETS: usize = 10_000;
/// A message of the socket is about so long.
const MESSAGE: usize = 4_096;

fn main() {
    divan::main();
}

fn stream(body: impl Fn(u32) -> Body) -> Vec<u8> {
    let mut bytes = Vec::new();
    for n in 0..PACKETS as u32 {
        encode(&Packet { segment: 2, security_id: 35_000 + n % 500, body: body(n) }, &mut bytes);
    }
    bytes
}

fn ticker(n: u32) -> Body {
    Body::Ticker(Ticker { last: FeedPrice(100.0 + (n % 1_000) as f32 / 20.0), last_time: FeedTime(1_795_338_900 + n) })
}

fn full(n: u32) -> Body {
    let quote = QuoteFields { last: FeedPrice(100.0 + (n % 1_000) as f32 / 20.0), ..QuoteFields::default() };
    let level = DepthLevel {
        bid_quantity: 65,
        ask_quantity: 130,
        bid: FeedPrice(99.95),
        ask: FeedPrice(100.05),
        ..DepthLevel::default()
    };
    Body::Full(Full { quote, depth: [level; 5], ..Full::default() })
}

fn decode(bencher: Bencher<'_, '_>, bytes: &[u8], messages: usize) {
    bencher.counter(ItemsCount::new(PACKETS)).bench_local(|| {
        let mut decoder = FeedDecoder::new();
        let mut sum = 0_u64;
        for message in bytes.chunks(messages) {
            decoder.push(black_box(message), |packet| sum += u64::from(packet.security_id));
        }
        sum
    });
}

#[divan::bench]
fn tickers(bencher: Bencher<'_, '_>) {
    decode(bencher, &stream(ticker), MESSAGE);
}

/// Packets cut in two by every message.
#[divan::bench]
fn tickers_cut(bencher: Bencher<'_, '_>) {
    decode(bencher, &stream(ticker), 40);
}

#[divan::bench]
fn full_packets(bencher: Bencher<'_, '_>) {
    decode(bencher, &stream(full), MESSAGE);
}

/// And the decimal of the last price, as the cockpit wants it.
#[divan::bench]
fn tickers_with_prices(bencher: Bencher<'_, '_>) {
    let bytes = stream(ticker);
    bencher.counter(ItemsCount::new(PACKETS)).bench_local(|| {
        let mut decoder = FeedDecoder::new();
        let mut known = 0_u64;
        decoder.push(black_box(&bytes), |packet| {
            if let Body::Ticker(ticker) = packet.body {
                known += u64::from(ticker.last.present().is_some());
            }
        });
        known
    });
}

#[divan::bench]
fn depth_of_twenty(bencher: Bencher<'_, '_>) {
    let row = DepthRow { price: DepthPrice(100.05), quantity: 65, orders: 2 };
    let body = DepthBody::Side { side: DepthSide::Bid, last_field: 1, rows: vec![row; 20] };
    let packet = DepthPacket { segment: 2, security_id: 35_001, body };
    let mut bytes = Vec::new();
    for _ in 0..PACKETS {
        encode_depth(DepthLevels::Twenty, &packet, &mut bytes);
    }
    bencher.counter(ItemsCount::new(PACKETS)).bench_local(|| {
        let mut decoder = DepthDecoder::new(DepthLevels::Twenty);
        let mut packets = 0;
        for message in bytes.chunks(2 * 332) {
            decoder.push(black_box(message), |_| packets += 1);
        }
        packets
    });
}
