//! The live market feed: JSON requests, and little-endian binary packets that may be glued together or split.

mod decode;
mod encode;
mod packet;

use serde::{Deserialize, Serialize};

pub use self::decode::{Counters, FeedDecoder};
pub use self::encode::encode;
pub use self::packet::{
    Body, DepthLevel, FeedPrice, FeedTime, Full, OpenInterest, Packet, PreviousClose, QuoteFields, Ticker,
};
use super::enums::ExchangeSegment;
use super::values;

/// The largest number of instruments in one subscribe message.
pub const MAX_PER_MESSAGE: usize = 100;

/// The largest number of instruments on one connection.
pub const MAX_PER_CONNECTION: usize = 5_000;

/// The code of the request that ends a session.
pub const DISCONNECT: u8 = 12;

/// How much is sent of an instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FeedMode {
    /// Last price.
    Ticker,
    /// And volume, day's range; open interest in a packet of its own.
    Quote,
    /// And five levels of depth.
    Full,
}

impl FeedMode {
    pub const ALL: [Self; 3] = [Self::Ticker, Self::Quote, Self::Full];

    pub fn subscribe_code(self) -> u8 {
        match self {
            Self::Ticker => 15,
            Self::Quote => 17,
            Self::Full => 21,
        }
    }

    /// Must match the mode that was subscribed.
    pub fn unsubscribe_code(self) -> u8 {
        self.subscribe_code() + 1
    }
}

/// One instrument as the feed names it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct FeedInstrument {
    pub exchange_segment: ExchangeSegment,
    /// A text on the wire.
    #[serde(with = "values::text")]
    pub security_id: String,
}

/// A request of the client. There is no answer; an id that is not known sends nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct FeedRequest {
    pub request_code: u8,
    #[serde(skip_serializing_if = "is_zero")]
    pub instrument_count: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub instrument_list: Vec<FeedInstrument>,
}

// The signature is serde's.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedAction {
    Subscribe(FeedMode),
    Unsubscribe(FeedMode),
    Disconnect,
}

impl FeedRequest {
    /// Requests that subscribe all of these, at most 100 each.
    pub fn subscribe(mode: FeedMode, instruments: &[FeedInstrument]) -> Vec<Self> {
        Self::in_pieces(mode.subscribe_code(), instruments)
    }

    /// Requests that unsubscribe all of these, at most 100 each.
    pub fn unsubscribe(mode: FeedMode, instruments: &[FeedInstrument]) -> Vec<Self> {
        Self::in_pieces(mode.unsubscribe_code(), instruments)
    }

    pub fn disconnect() -> Self {
        Self { request_code: DISCONNECT, ..Self::default() }
    }

    /// `None` for codes we do not know (depth, and v1's connect).
    pub fn action(&self) -> Option<FeedAction> {
        if self.request_code == DISCONNECT {
            return Some(FeedAction::Disconnect);
        }
        FeedMode::ALL.into_iter().find_map(|mode| match self.request_code {
            code if code == mode.subscribe_code() => Some(FeedAction::Subscribe(mode)),
            code if code == mode.unsubscribe_code() => Some(FeedAction::Unsubscribe(mode)),
            _ => None,
        })
    }

    fn in_pieces(request_code: u8, instruments: &[FeedInstrument]) -> Vec<Self> {
        let request = |piece: &[FeedInstrument]| Self {
            request_code,
            instrument_count: piece.len(),
            instrument_list: piece.to_vec(),
        };
        instruments.chunks(MAX_PER_MESSAGE).map(request).collect()
    }
}

#[cfg(test)]
mod tests;
