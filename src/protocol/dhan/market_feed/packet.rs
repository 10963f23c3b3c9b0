//! What a packet says. Prices and times stay as they came until someone asks for them.

use rust_decimal::Decimal;
use std::fmt::Write as _;

use crate::domain::time::Timestamp;

/// Length of the header every packet begins with.
pub const HEADER: usize = 8;

/// A price as the feed carries it: 32 bits of binary floating point.
#[derive(Clone, Copy, Debug, Default)]
pub struct FeedPrice(pub f32);

// Compared bit by bit, so that packets can be compared whatever they carry.
impl PartialEq for FeedPrice {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}
impl Eq for FeedPrice {}

impl FeedPrice {
    /// The shortest decimal that means this float: 101.05, where the float itself is 101.05000305…
    /// `None` for what is not a number or too large for a price.
    pub fn decimal(self) -> Option<Decimal> {
        // Below 131,072 neighbouring floats are closer than a paisa, so one with two decimals has no rival.
        if self.0.abs() < 131_072.0 {
            let paise = (f64::from(self.0) * 100.0).round();
            #[allow(clippy::float_cmp)]
            if (paise / 100.0) as f32 == self.0 {
                return Some(Decimal::new(paise as i64, 2).normalize());
            }
        }
        let mut text = ShortText::default();
        write!(text, "{}", self.0).ok()?;
        text.as_str()?.parse::<Decimal>().ok().map(|d| d.normalize())
    }

    /// The nearest float to this decimal.
    pub fn nearest(price: Decimal) -> Self {
        let mut text = ShortText::default();
        let written = write!(text, "{price}").ok().and_then(|()| text.as_str()?.parse().ok());
        Self(written.unwrap_or_default())
    }

    /// `None` for zero, which is how the feed writes an absent price.
    pub fn present(self) -> Option<Decimal> {
        self.decimal().filter(|price| !price.is_zero())
    }
}

/// Room for the digits of one number, on the stack: a full packet has fifteen prices.
struct ShortText {
    bytes: [u8; 64],
    len: usize,
}

impl Default for ShortText {
    fn default() -> Self {
        Self { bytes: [0; 64], len: 0 }
    }
}

impl ShortText {
    fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(self.bytes.get(..self.len)?).ok()
    }
}

impl std::fmt::Write for ShortText {
    fn write_str(&mut self, s: &str) -> std::fmt::Result {
        let end = self.len + s.len();
        self.bytes.get_mut(self.len..end).ok_or(std::fmt::Error)?.copy_from_slice(s.as_bytes());
        self.len = end;
        Ok(())
    }
}

/// A time of trade: the wall clock of India written as if it were UTC, in seconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FeedTime(pub u32);

/// What India's clock is ahead of UTC, in seconds.
const IST_SHIFT: i64 = 19_800;

impl FeedTime {
    /// `None` where there was no trade.
    pub fn instant(self) -> Option<Timestamp> {
        let seconds = i64::from(self.0) - IST_SHIFT;
        // 1980-01-01 and before is *never* at this broker.
        (seconds > 320_000_000).then(|| Timestamp::from_second(seconds).ok()).flatten()
    }

    pub fn of(at: Option<Timestamp>) -> Self {
        Self(at.and_then(|at| u32::try_from(at.as_second() + IST_SHIFT).ok()).unwrap_or_default())
    }
}

/// One packet: what it is about, and what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Number of the exchange segment (annexure).
    pub segment: u8,
    pub security_id: u32,
    pub body: Body,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    Ticker(Ticker),
    Quote(QuoteFields),
    OpenInterest(OpenInterest),
    PreviousClose(PreviousClose),
    /// The header says all there is; its meaning is not documented.
    MarketStatus,
    Full(Full),
    /// The server is about to close, and why: a code of the 800 table.
    Disconnect(u16),
    /// A packet of a kind we do not read: skipped by its length.
    Unknown {
        code: u8,
        length: u16,
    },
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ticker {
    pub last: FeedPrice,
    pub last_time: FeedTime,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenInterest(pub u32);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PreviousClose {
    pub close: FeedPrice,
    pub open_interest: u32,
}

/// What the quote and the full packet have in common. All 0 for an index but the prices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuoteFields {
    pub last: FeedPrice,
    /// 16 bits: larger quantities are cut off.
    pub last_quantity: u16,
    pub last_time: FeedTime,
    pub average: FeedPrice,
    pub volume: u32,
    pub total_sell: u32,
    pub total_buy: u32,
    pub open: FeedPrice,
    /// The previous day's close during the session.
    pub close: FeedPrice,
    pub high: FeedPrice,
    pub low: FeedPrice,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Full {
    pub quote: QuoteFields,
    pub open_interest: u32,
    pub open_interest_high: u32,
    pub open_interest_low: u32,
    /// Best first; an empty side of a level is all zero.
    pub depth: [DepthLevel; 5],
}

/// The n-th best bid and the n-th best ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DepthLevel {
    pub bid_quantity: u32,
    pub ask_quantity: u32,
    pub bid_orders: u16,
    pub ask_orders: u16,
    pub bid: FeedPrice,
    pub ask: FeedPrice,
}

/// Length of a packet by its code; `None` where no length is documented.
pub fn size_of(code: u8) -> Option<usize> {
    match code {
        2 | 6 => Some(16),
        3 => Some(112),
        4 => Some(50),
        5 => Some(12),
        7 => Some(HEADER),
        8 => Some(162),
        50 => Some(10),
        _ => None,
    }
}
