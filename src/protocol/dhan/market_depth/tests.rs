use proptest::prelude::*;
use rust_decimal_macros::dec;

use super::*;

fn row(price: &str, quantity: u32, orders: u32) -> DepthRow {
    DepthRow { price: DepthPrice::nearest(price.parse().unwrap()), quantity, orders }
}

/// Twenty bids of a share, five paise apart.
fn bids() -> DepthPacket {
    let rows = (0..20).map(|n| {
        let price = dec!(1500) - rust_decimal::Decimal::new(5 * i64::from(n), 2);
        row(&price.to_string(), 100 + 10 * n, n + 1)
    });
    let body = DepthBody::Side { side: DepthSide::Bid, last_field: 7, rows: rows.collect() };
    DepthPacket { segment: 1, security_id: 1_333, body }
}

fn encoded(levels: DepthLevels, packets: &[DepthPacket]) -> Vec<u8> {
    let mut bytes = Vec::new();
    packets.iter().for_each(|p| encode_depth(levels, p, &mut bytes));
    bytes
}

fn decode(levels: DepthLevels, bytes: &[u8]) -> (Vec<DepthPacket>, DepthDecoder) {
    let mut decoder = DepthDecoder::new(levels);
    let mut packets = Vec::new();
    decoder.push(bytes, |p| packets.push(p));
    (packets, decoder)
}

fn hex(text: &str) -> Vec<u8> {
    text.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

#[test]
fn a_side_of_twenty_levels_has_the_documented_layout() {
    let bytes = encoded(DepthLevels::Twenty, &[bids()]);
    assert_eq!(bytes.len(), 332);
    assert_eq!(bytes, hex(include_str!("../../../../tests/fixtures/dhan/depth20-bid.hex")));
    assert_eq!(decode(DepthLevels::Twenty, &bytes).0, [bids()]);
}

#[test]
fn of_two_hundred_levels_only_those_that_count_are_read() {
    let rows = vec![row("1500", 50, 1), row("1499.95", 51, 2)];
    let body = DepthBody::Side { side: DepthSide::Ask, last_field: 2, rows: rows.clone() };
    let packet = DepthPacket { segment: 2, security_id: 51_234, body };
    let bytes = encoded(DepthLevels::TwoHundred, std::slice::from_ref(&packet));
    assert_eq!(bytes.len(), 3_212);
    assert_eq!(decode(DepthLevels::TwoHundred, &bytes).0, [packet]);
    // One that is not padded is read by its length.
    let mut short = bytes[..12 + 2 * 16].to_vec();
    short[..2].copy_from_slice(&44_i16.to_le_bytes());
    let (packets, decoder) = decode(DepthLevels::TwoHundred, &short);
    assert!(matches!(&packets[0].body, DepthBody::Side { rows: read, .. } if *read == rows));
    assert_eq!((decoder.pending(), decoder.counters().misfits), (0, 0));
}

#[test]
fn the_reason_of_a_disconnection_is_read_in_both_its_places() {
    for text in ["0e 00 32 00 00 00 00 00 00 00 00 00 25 03", "0c 00 32 00 00 00 00 00 25 03 00 00"] {
        let (packets, _) = decode(DepthLevels::Twenty, &hex(text));
        assert_eq!(packets[0].body, DepthBody::Disconnect(805));
    }
    let packet = DepthPacket { segment: 0, security_id: 0, body: DepthBody::Disconnect(807) };
    assert_eq!(encoded(DepthLevels::Twenty, &[packet]).len(), 14);
}

#[test]
fn unknown_codes_and_lengths_that_cannot_be_are_counted_and_passed_over() {
    let strange = DepthPacket { segment: 1, security_id: 5, body: DepthBody::Unknown { code: 77, length: 40 } };
    let mut bytes = encoded(DepthLevels::Twenty, &[strange.clone(), bids()]);
    let (packets, decoder) = decode(DepthLevels::Twenty, &bytes);
    assert_eq!((packets, decoder.counters().unknown), (vec![strange, bids()], 1));
    bytes[..2].copy_from_slice(&(-3_i16).to_le_bytes());
    let (_, decoder) = decode(DepthLevels::Twenty, &bytes);
    assert!(decoder.counters().misfits >= 1);
}

#[test]
fn a_float_becomes_the_price_it_stands_for() {
    for text in ["0.05", "1499.95", "23456.75", "84512.35", "250000.25"] {
        assert_eq!(DepthPrice::nearest(text.parse().unwrap()).decimal(), Some(text.parse().unwrap()));
    }
    assert_eq!((DepthPrice(f64::NAN).decimal(), DepthPrice(f64::INFINITY).decimal()), (None, None));
}

#[test]
fn each_socket_has_its_own_form_of_request() {
    let instruments: Vec<_> = (0..60)
        .map(|n| FeedInstrument { exchange_segment: ExchangeSegment::NseEq, security_id: n.to_string() })
        .collect();
    let twenty = DepthRequest::subscribe(DepthLevels::Twenty, &instruments);
    assert_eq!(twenty.iter().map(|r| r.instrument_list.len()).collect::<Vec<_>>(), [50, 10]);
    let one = DepthRequest::unsubscribe(DepthLevels::TwoHundred, &instruments[7..8]).remove(0);
    let text = serde_json::to_string(&one).unwrap();
    assert_eq!(text, r#"{"RequestCode":24,"ExchangeSegment":"NSE_EQ","SecurityId":"7"}"#);
    assert_eq!(one.action(), Some(DepthAction::Unsubscribe(instruments[7..8].to_vec())));
    assert_eq!(
        DepthRequest { request_code: 25, ..one }.action(),
        Some(DepthAction::Unsubscribe(instruments[7..8].to_vec()))
    );
    assert_eq!(serde_json::to_string(&DepthRequest::disconnect()).unwrap(), r#"{"RequestCode":12}"#);
    assert_eq!(DepthRequest { request_code: 21, ..DepthRequest::default() }.action(), None);
}

fn any_packet() -> impl Strategy<Value = DepthPacket> {
    let row = (any::<u64>(), any::<u32>(), any::<u32>()).prop_map(|(bits, quantity, orders)| DepthRow {
        price: DepthPrice(f64::from_bits(bits)),
        quantity,
        orders,
    });
    let body = prop_oneof![
        (prop::collection::vec(row, 20), any::<bool>(), any::<u32>()).prop_map(|(rows, bid, last_field)| {
            DepthBody::Side { side: if bid { DepthSide::Bid } else { DepthSide::Ask }, last_field, rows }
        }),
        any::<u16>().prop_map(DepthBody::Disconnect),
        (100_u8..=200, 12_u16..=300).prop_map(|(code, length)| DepthBody::Unknown { code, length }),
    ];
    (any::<u8>(), any::<u32>(), body).prop_map(|(segment, security_id, body)| DepthPacket {
        segment,
        security_id,
        body,
    })
}

/// Feeds `bytes` in pieces that end at the cuts.
fn decode_in_pieces(levels: DepthLevels, bytes: &[u8], cuts: &[usize]) -> (Vec<DepthPacket>, DepthCounters) {
    let mut decoder = DepthDecoder::new(levels);
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
        packets in prop::collection::vec(any_packet(), 0..6),
        cuts in prop::collection::vec(any::<usize>(), 0..20),
    ) {
        let bytes = encoded(DepthLevels::Twenty, &packets);
        prop_assert_eq!(decode_in_pieces(DepthLevels::Twenty, &bytes, &cuts).0, packets);
    }

    #[test]
    fn noise_is_read_without_a_panic_and_alike_however_it_is_cut(
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(12_u8), Just(0), Just(41)], 0..600),
        cuts in prop::collection::vec(any::<usize>(), 0..10),
    ) {
        for levels in [DepthLevels::Twenty, DepthLevels::TwoHundred] {
            let (packets, decoder) = decode(levels, &bytes);
            prop_assert_eq!(decode_in_pieces(levels, &bytes, &cuts), (packets, decoder.counters()));
        }
    }
}
