//! Depth packets to bytes and back, from a stream however it is cut.

use std::fmt::Write as _;

use rust_decimal::Decimal;

use super::DepthLevels;

/// Length of the header every packet begins with.
pub(super) const HEADER: usize = 12;
/// Length of one level.
pub(super) const ROW: usize = 16;
/// No packet is longer: 200 levels. A header that says so is noise.
const LONGEST: usize = HEADER + 200 * ROW;
const BID: u8 = 41;
const ASK: u8 = 51;
const END: u8 = 50;

/// A price as these sockets carry it: 64 bits of binary floating point.
#[derive(Clone, Copy, Debug, Default)]
pub struct DepthPrice(pub f64);

// Compared bit by bit, so that packets can be compared whatever they carry.
impl PartialEq for DepthPrice {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}
impl Eq for DepthPrice {}

impl DepthPrice {
    /// The shortest decimal that means this float; `None` for what is not a number or too large for a price.
    pub fn decimal(self) -> Option<Decimal> {
        if self.0.abs() < 1e12 {
            let paise = (self.0 * 100.0).round();
            #[allow(clippy::float_cmp)]
            if paise / 100.0 == self.0 {
                return Some(Decimal::new(paise as i64, 2).normalize());
            }
        }
        let mut text = String::with_capacity(32);
        write!(text, "{}", self.0).ok()?;
        text.parse::<Decimal>().ok().map(|d| d.normalize())
    }

    /// The nearest float to this decimal.
    pub fn nearest(price: Decimal) -> Self {
        Self(price.to_string().parse().unwrap_or_default())
    }
}

/// One level: what rests at a price. All zero where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DepthRow {
    pub price: DepthPrice,
    pub quantity: u32,
    pub orders: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DepthSide {
    Bid,
    Ask,
}

/// One packet: what it is about, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DepthPacket {
    /// Number of the exchange segment (annexure).
    pub segment: u8,
    pub security_id: u32,
    pub body: DepthBody,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DepthBody {
    /// One side, best first.
    Side {
        side: DepthSide,
        /// A number to be ignored (20 levels), or how many rows count (200 levels).
        last_field: u32,
        rows: Vec<DepthRow>,
    },
    /// The server is about to close, and why: a code of the 800 table.
    Disconnect(u16),
    /// A packet of a kind we do not read: skipped by its length.
    Unknown { code: u8, length: u16 },
}

/// What was read so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DepthCounters {
    pub packets: u64,
    /// Packets of a kind we do not read.
    pub unknown: u64,
    /// Headers whose length cannot be.
    pub misfits: u64,
    /// Bytes given up by `resynchronise`.
    pub dropped_bytes: u64,
}

/// Reads a stream of packets, however it is cut into pieces. No bytes make it fail: what is not understood is counted.
#[derive(Clone, Debug)]
pub struct DepthDecoder {
    levels: DepthLevels,
    /// The beginning of a packet whose end has not come yet.
    tail: Vec<u8>,
    counters: DepthCounters,
}

impl DepthDecoder {
    pub fn new(levels: DepthLevels) -> Self {
        Self { levels, tail: Vec::new(), counters: DepthCounters::default() }
    }

    pub fn counters(&self) -> DepthCounters {
        self.counters
    }

    /// Bytes of an unfinished packet.
    pub fn pending(&self) -> usize {
        self.tail.len()
    }

    /// Takes the next piece of the stream and hands over every packet that is whole now.
    pub fn push(&mut self, bytes: &[u8], mut each: impl FnMut(DepthPacket)) {
        let mut held = std::mem::take(&mut self.tail);
        held.extend_from_slice(bytes);
        let mut rest = held.as_slice();
        while rest.len() >= HEADER {
            let Some((whole, after)) = rest.split_at_checked(length_of(rest)) else { break };
            each(self.read(whole));
            rest = after;
        }
        self.tail = rest.to_vec();
    }

    /// Forgets an unfinished packet: the next byte begins a new one. For the end of a frame that held a misfit.
    pub fn resynchronise(&mut self) {
        self.counters.dropped_bytes += self.tail.len() as u64;
        self.tail.clear();
    }

    fn read(&mut self, bytes: &[u8]) -> DepthPacket {
        self.counters.packets += 1;
        let declared = declared_length(bytes);
        if !(HEADER..=LONGEST).contains(&declared) {
            self.counters.misfits += 1;
        }
        let code = bytes.get(2).copied().unwrap_or_default();
        let body = match code {
            BID => self.side(DepthSide::Bid, bytes),
            ASK => self.side(DepthSide::Ask, bytes),
            // Documented with the reason behind the header; the official client reads it in the header's last field.
            END if bytes.len() >= HEADER + 2 => DepthBody::Disconnect(u16::from_le_bytes(bytes_at(bytes, HEADER))),
            END => DepthBody::Disconnect(u16::from_le_bytes(bytes_at(bytes, 8))),
            code => {
                self.counters.unknown += 1;
                DepthBody::Unknown { code, length: u16::try_from(bytes.len()).unwrap_or(u16::MAX) }
            }
        };
        DepthPacket {
            segment: bytes.get(3).copied().unwrap_or_default(),
            security_id: u32::from_le_bytes(bytes_at(bytes, 4)),
            body,
        }
    }

    fn side(&self, side: DepthSide, bytes: &[u8]) -> DepthBody {
        let last_field = u32::from_le_bytes(bytes_at(bytes, 8));
        let counted = match self.levels {
            DepthLevels::Twenty => usize::MAX,
            DepthLevels::TwoHundred => usize::try_from(last_field).unwrap_or(usize::MAX),
        };
        let body = bytes.get(HEADER..).unwrap_or_default();
        let rows = body.chunks_exact(ROW).take(counted.min(self.levels.rows())).map(|row| DepthRow {
            price: DepthPrice(f64::from_le_bytes(bytes_at(row, 0))),
            quantity: u32::from_le_bytes(bytes_at(row, 8)),
            orders: u32::from_le_bytes(bytes_at(row, 12)),
        });
        DepthBody::Side { side, last_field, rows: rows.collect() }
    }
}

fn declared_length(bytes: &[u8]) -> usize {
    // Signed on the wire: a negative length is none.
    usize::try_from(i16::from_le_bytes(bytes_at(bytes, 0))).unwrap_or(0)
}

/// How many bytes the packet has that begins here; its header alone where the header makes no sense.
fn length_of(bytes: &[u8]) -> usize {
    let declared = declared_length(bytes);
    if (HEADER..=LONGEST).contains(&declared) { declared } else { HEADER }
}

// Whole headers and rows only come here, so the default is never used; it stands in for a panic.
fn bytes_at<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes.get(at..at + N).and_then(|s| s.try_into().ok()).unwrap_or([0; N])
}

/// Appends the packet to `out`, in the size of the socket: a side is filled up with empty rows,
/// a disconnection has the documented 14 bytes.
pub fn encode_depth(levels: DepthLevels, packet: &DepthPacket, out: &mut Vec<u8>) {
    let start = out.len();
    let (code, last_field) = match &packet.body {
        DepthBody::Side { side: DepthSide::Bid, last_field, .. } => (BID, *last_field),
        DepthBody::Side { side: DepthSide::Ask, last_field, .. } => (ASK, *last_field),
        DepthBody::Disconnect(_) => (END, 0),
        DepthBody::Unknown { code, .. } => (*code, 0),
    };
    out.extend_from_slice(&[0, 0, code, packet.segment]);
    out.extend_from_slice(&packet.security_id.to_le_bytes());
    out.extend_from_slice(&last_field.to_le_bytes());
    match &packet.body {
        DepthBody::Side { rows, .. } => {
            for row in rows.iter().take(levels.rows()) {
                out.extend_from_slice(&row.price.0.to_le_bytes());
                out.extend_from_slice(&row.quantity.to_le_bytes());
                out.extend_from_slice(&row.orders.to_le_bytes());
            }
            out.resize(start + levels.packet_size(), 0);
        }
        DepthBody::Disconnect(reason) => out.extend_from_slice(&reason.to_le_bytes()),
        DepthBody::Unknown { length, .. } => out.resize(start + usize::from(*length).max(HEADER), 0),
    }
    let length = i16::try_from(out.len() - start).unwrap_or(i16::MAX);
    if let Some(field) = out.get_mut(start..start + 2) {
        field.copy_from_slice(&length.to_le_bytes());
    }
}
