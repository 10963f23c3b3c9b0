//! Bytes to packets: read in place, only the piece of a packet cut in two is kept.

use super::packet::{
    Body, DepthLevel, FeedPrice, FeedTime, Full, HEADER, OpenInterest, Packet, PreviousClose, QuoteFields, Ticker,
    size_of,
};

/// No packet is longer; a header that says so is noise.
const LONGEST: usize = 1_024;

/// What was read so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    pub packets: u64,
    /// Packets of a kind we do not read.
    pub unknown: u64,
    /// Headers whose length does not fit their code.
    pub misfits: u64,
    /// Bytes given up by `resynchronise`.
    pub dropped_bytes: u64,
}

/// Reads a stream of packets, however it is cut into pieces. No bytes make it fail: what is not understood is counted.
#[derive(Clone, Debug, Default)]
pub struct FeedDecoder {
    /// The beginning of a packet whose end has not come yet.
    tail: Vec<u8>,
    counters: Counters,
}

impl FeedDecoder {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Bytes of an unfinished packet.
    pub fn pending(&self) -> usize {
        self.tail.len()
    }

    /// Takes the next piece of the stream and hands over every packet that is whole now.
    pub fn push(&mut self, bytes: &[u8], mut each: impl FnMut(Packet)) {
        let mut rest = bytes;
        while !self.tail.is_empty() {
            let wanted = wanted_length(&self.tail);
            let take = wanted.saturating_sub(self.tail.len()).min(rest.len());
            let (more, after) = rest.split_at(take);
            self.tail.extend_from_slice(more);
            rest = after;
            if self.tail.len() < wanted {
                return;
            }
            // With the header complete the packet may want more.
            if wanted_length(&self.tail) == self.tail.len() {
                let tail = std::mem::take(&mut self.tail);
                each(self.read(&tail));
                self.tail = tail;
                self.tail.clear();
            }
        }
        while !rest.is_empty() {
            let wanted = wanted_length(rest);
            let Some((whole, after)) = rest.split_at_checked(wanted) else {
                self.tail.extend_from_slice(rest);
                return;
            };
            each(self.read(whole));
            rest = after;
        }
    }

    /// Forgets an unfinished packet: the next byte begins a new one. For the end of a frame that held a misfit.
    pub fn resynchronise(&mut self) {
        self.counters.dropped_bytes += self.tail.len() as u64;
        self.tail.clear();
    }

    fn read(&mut self, bytes: &[u8]) -> Packet {
        let packet = read_packet(bytes);
        self.counters.packets += 1;
        if matches!(packet.body, Body::Unknown { .. }) {
            self.counters.unknown += 1;
        }
        let declared = declared_length(bytes);
        if size_of(u8_at(bytes, 0)).map_or(!(HEADER..=LONGEST).contains(&declared), |size| size != declared) {
            self.counters.misfits += 1;
        }
        packet
    }
}

/// How many bytes the packet has that begins here; a header's length while the header is not complete.
fn wanted_length(bytes: &[u8]) -> usize {
    if bytes.len() < HEADER {
        return HEADER;
    }
    let least = size_of(u8_at(bytes, 0)).unwrap_or(HEADER);
    let declared = declared_length(bytes);
    if (least..=LONGEST).contains(&declared) { declared } else { least }
}

fn declared_length(bytes: &[u8]) -> usize {
    usize::from(u16_at(bytes, 1))
}

/// `bytes` is one whole packet.
fn read_packet(bytes: &[u8]) -> Packet {
    let code = u8_at(bytes, 0);
    let body = match code {
        2 => Body::Ticker(Ticker { last: price_at(bytes, 8), last_time: FeedTime(u32_at(bytes, 12)) }),
        4 => Body::Quote(quote_fields(bytes, 34)),
        5 => Body::OpenInterest(OpenInterest(u32_at(bytes, 8))),
        6 => Body::PreviousClose(PreviousClose { close: price_at(bytes, 8), open_interest: u32_at(bytes, 12) }),
        7 => Body::MarketStatus,
        8 => Body::Full(Full {
            quote: quote_fields(bytes, 46),
            open_interest: u32_at(bytes, 34),
            open_interest_high: u32_at(bytes, 38),
            open_interest_low: u32_at(bytes, 42),
            depth: std::array::from_fn(|level| depth_level(bytes, 62 + 20 * level)),
        }),
        50 => Body::Disconnect(u16_at(bytes, 8)),
        code => Body::Unknown { code, length: u16::try_from(bytes.len()).unwrap_or(u16::MAX) },
    };
    Packet { segment: u8_at(bytes, 3), security_id: u32_at(bytes, 4), body }
}

/// The day's prices stand at `prices`, in the order open, close, high, low.
fn quote_fields(bytes: &[u8], prices: usize) -> QuoteFields {
    QuoteFields {
        last: price_at(bytes, 8),
        last_quantity: u16_at(bytes, 12),
        last_time: FeedTime(u32_at(bytes, 14)),
        average: price_at(bytes, 18),
        volume: u32_at(bytes, 22),
        total_sell: u32_at(bytes, 26),
        total_buy: u32_at(bytes, 30),
        open: price_at(bytes, prices),
        close: price_at(bytes, prices + 4),
        high: price_at(bytes, prices + 8),
        low: price_at(bytes, prices + 12),
    }
}

fn depth_level(bytes: &[u8], at: usize) -> DepthLevel {
    DepthLevel {
        bid_quantity: u32_at(bytes, at),
        ask_quantity: u32_at(bytes, at + 4),
        bid_orders: u16_at(bytes, at + 8),
        ask_orders: u16_at(bytes, at + 10),
        bid: price_at(bytes, at + 12),
        ask: price_at(bytes, at + 16),
    }
}

// Whole packets only come here, so the default is never used; it stands in for a panic.
fn bytes_at<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes.get(at..at + N).and_then(|s| s.try_into().ok()).unwrap_or([0; N])
}
fn u8_at(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or_default()
}
fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes_at(bytes, at))
}
fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes_at(bytes, at))
}
fn price_at(bytes: &[u8], at: usize) -> FeedPrice {
    FeedPrice(f32::from_le_bytes(bytes_at(bytes, at)))
}
