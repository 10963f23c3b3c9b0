use proptest::prelude::*;
use rust_decimal_macros::dec;

use super::*;
use crate::domain::time::ist;

fn price(text: &str) -> FeedPrice {
    FeedPrice::nearest(text.parse().unwrap())
}

fn full() -> Packet {
    let quote = QuoteFields {
        last: price("184.35"),
        last_quantity: 130,
        last_time: FeedTime(1_795_338_900),
        average: price("181.2"),
        volume: 9_876_543,
        total_sell: 77_350,
        total_buy: 61_295,
        open: price("170"),
        close: price("168.05"),
        high: price("199.9"),
        low: price("160.15"),
    };
    let depth = std::array::from_fn(|n| DepthLevel {
        bid_quantity: 65 * (n as u32 + 1),
        ask_quantity: 130 * (n as u32 + 1),
        bid_orders: n as u16 + 1,
        ask_orders: n as u16 + 2,
        bid: price("184.30"),
        ask: price("184.40"),
    });
    let full =
        Full { quote, open_interest: 3_000_010, open_interest_high: 3_100_000, open_interest_low: 2_900_000, depth };
    Packet { segment: 2, security_id: 51_234, body: Body::Full(full) }
}

fn decode(bytes: &[u8]) -> (Vec<Packet>, FeedDecoder) {
    let mut decoder = FeedDecoder::new();
    let mut packets = Vec::new();
    decoder.push(bytes, |p| packets.push(p));
    (packets, decoder)
}

fn encoded(packets: &[Packet]) -> Vec<u8> {
    let mut bytes = Vec::new();
    packets.iter().for_each(|p| encode(p, &mut bytes));
    bytes
}

fn hex(text: &str) -> Vec<u8> {
    text.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

#[test]
fn the_full_packet_has_the_documented_layout() {
    let bytes = encoded(&[full()]);
    assert_eq!(bytes, hex(include_str!("../../../../tests/fixtures/dhan/feed-full.hex")));
    assert_eq!(decode(&bytes).0, [full()]);
}

#[test]
fn sizes_are_those_of_the_table() {
    let bodies = [
        (Body::Ticker(Ticker::default()), 16),
        (Body::Quote(QuoteFields::default()), 50),
        (Body::OpenInterest(OpenInterest(7)), 12),
        (Body::PreviousClose(PreviousClose::default()), 16),
        (Body::MarketStatus, 8),
        (Body::Disconnect(805), 10),
        (Body::Unknown { code: 41, length: 40 }, 40),
    ];
    for (body, size) in bodies {
        let packet = Packet { segment: 1, security_id: 9, body };
        let bytes = encoded(&[packet]);
        assert_eq!(bytes.len(), size, "{body:?}");
        assert_eq!(decode(&bytes).0, [packet]);
    }
}

#[test]
fn a_float_becomes_the_price_it_stands_for() {
    for text in [
        "0.05",
        "101.05",
        "23456.75",
        "84512.35",
        "131071.95",
        "131073.5",
        "250000.25",
        "-1.5",
        "0",
        "0.0025",
        "99999.9",
    ] {
        assert_eq!(price(text).decimal().map(|d| d.to_string()).as_deref(), Some(text));
    }
    assert_eq!(FeedPrice(f32::NAN).decimal(), None);
    assert_eq!(FeedPrice(f32::INFINITY).decimal(), None);
    assert_eq!(FeedPrice(f32::MAX).decimal(), None);
    assert_eq!(FeedPrice(0.0).present(), None);
    assert_eq!(price("12.3").present(), Some(dec!(12.3)));
}

#[test]
fn the_time_of_the_last_trade_is_indias_clock() {
    let at = FeedTime(1_781_084_997).instant().unwrap();
    assert_eq!(ist(at).to_string(), "2026-06-10T09:49:57");
    assert_eq!(FeedTime::of(Some(at)), FeedTime(1_781_084_997));
    assert_eq!(FeedTime(0).instant(), None);
    assert_eq!(FeedTime(315_532_800).instant(), None);
}

#[test]
fn packets_of_unknown_kind_are_skipped_and_counted() {
    let odd = Packet { segment: 0, security_id: 1, body: Body::Unknown { code: 99, length: 20 } };
    let filler = [0_u8; 8];
    let bytes = [encoded(&[odd]), filler.to_vec(), encoded(&[full()])].concat();
    let (packets, decoder) = decode(&bytes);
    assert_eq!(packets.last(), Some(&full()));
    assert_eq!((decoder.counters().packets, decoder.counters().unknown, decoder.counters().misfits), (3, 2, 1));
}

#[test]
fn after_noise_the_next_frame_is_read_afresh() {
    let mut decoder = FeedDecoder::new();
    decoder.push(&[8, 162, 0, 2, 1, 2, 3], |_| {});
    assert_eq!(decoder.pending(), 7);
    decoder.resynchronise();
    let mut packets = Vec::new();
    decoder.push(&encoded(&[full()]), |p| packets.push(p));
    assert_eq!((packets.as_slice(), decoder.counters().dropped_bytes), ([full()].as_slice(), 7));
}

#[test]
fn requests_go_out_in_hundreds() {
    let all: Vec<_> = (0..250)
        .map(|n| FeedInstrument { exchange_segment: ExchangeSegment::NseFno, security_id: n.to_string() })
        .collect();
    let requests = FeedRequest::subscribe(FeedMode::Full, &all);
    assert_eq!(requests.iter().map(|r| r.instrument_count).collect::<Vec<_>>(), [100, 100, 50]);
    let one = FeedRequest::unsubscribe(FeedMode::Quote, &all[3..4]);
    assert_eq!(
        serde_json::to_string(&one[0]).unwrap(),
        r#"{"RequestCode":18,"InstrumentCount":1,"InstrumentList":[{"ExchangeSegment":"NSE_FNO","SecurityId":"3"}]}"#
    );
    assert_eq!(one[0].action(), Some(FeedAction::Unsubscribe(FeedMode::Quote)));
    assert_eq!(serde_json::to_string(&FeedRequest::disconnect()).unwrap(), r#"{"RequestCode":12}"#);
}

fn any_packet() -> impl Strategy<Value = Packet> {
    let body = prop_oneof![
        (any::<u32>(), any::<u32>())
            .prop_map(|(p, t)| Body::Ticker(Ticker { last: FeedPrice(f32::from_bits(p)), last_time: FeedTime(t) })),
        any::<u32>().prop_map(|n| Body::OpenInterest(OpenInterest(n))),
        any::<u16>().prop_map(Body::Disconnect),
        Just(Body::MarketStatus),
        Just(full().body),
        (100_u8..=200, 8_u16..=300).prop_map(|(code, length)| Body::Unknown { code, length }),
    ];
    (any::<u8>(), any::<u32>(), body).prop_map(|(segment, security_id, body)| Packet { segment, security_id, body })
}

/// Feeds `bytes` in pieces that end at the cuts.
fn decode_in_pieces(bytes: &[u8], cuts: &[usize]) -> (Vec<Packet>, Counters) {
    let mut decoder = FeedDecoder::new();
    let mut packets = Vec::new();
    let mut ends: Vec<usize> = cuts.iter().map(|c| c % (bytes.len() + 1)).chain([bytes.len()]).collect();
    ends.sort_unstable();
    let mut start = 0;
    for end in ends {
        decoder.push(&bytes[start..end], |p| packets.push(p));
        start = end;
    }
    (packets, decoder.counters())
}

proptest! {
    #[test]
    fn any_cut_of_the_stream_reads_the_same_packets(
        packets in prop::collection::vec(any_packet(), 0..12),
        cuts in prop::collection::vec(any::<usize>(), 0..20),
    ) {
        let bytes = encoded(&packets);
        prop_assert_eq!(decode_in_pieces(&bytes, &cuts).0, packets);
    }

    #[test]
    fn noise_is_read_without_a_panic_and_alike_however_it_is_cut(
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(8_u8), Just(2), Just(0)], 0..600),
        cuts in prop::collection::vec(any::<usize>(), 0..10),
    ) {
        let (packets, decoder) = decode(&bytes);
        prop_assert_eq!(decode_in_pieces(&bytes, &cuts), (packets, decoder.counters()));
    }

    #[test]
    fn a_price_in_paise_survives_the_float(paise in -13_107_200_i64..13_107_200) {
        let price = rust_decimal::Decimal::new(paise, 2);
        prop_assert_eq!(FeedPrice::nearest(price).decimal(), Some(price));
    }

    #[test]
    fn the_short_way_to_a_decimal_agrees_with_the_shortest_text(bits in any::<u32>()) {
        let float = f32::from_bits(bits);
        let text = format!("{float}").parse::<rust_decimal::Decimal>().ok();
        if float.abs() > 1e-9 {
            prop_assert_eq!(FeedPrice(float).decimal(), text.map(|d| d.normalize()));
        }
    }
}
