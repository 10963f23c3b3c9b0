//! The depth sockets: 20 levels of up to 50 instruments, or 200 levels of one. JSON requests, little-endian binary packets.
//!
//! The header differs from the live feed's: the length comes first, then the code. Bids and asks are packets of their own.

mod packet;

use serde::{Deserialize, Serialize};

pub use self::packet::{
    DepthBody, DepthCounters, DepthDecoder, DepthPacket, DepthPrice, DepthRow, DepthSide, encode_depth,
};
use super::market_feed::{DISCONNECT, FeedInstrument};
use super::values;
use crate::protocol::dhan::enums::ExchangeSegment;

/// Request codes. Some tables name 25 for taking a subscription back; 24 is what the official client's arithmetic gives.
pub const SUBSCRIBE: u8 = 23;
pub const UNSUBSCRIBE: u8 = 24;
pub const UNSUBSCRIBE_ALSO: u8 = 25;

/// Which of the two sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DepthLevels {
    Twenty,
    TwoHundred,
}

impl DepthLevels {
    /// Rows a side at most.
    pub fn rows(self) -> usize {
        match self {
            Self::Twenty => 20,
            Self::TwoHundred => 200,
        }
    }

    /// Instruments on one connection at most.
    pub fn instruments(self) -> usize {
        match self {
            Self::Twenty => 50,
            Self::TwoHundred => 1,
        }
    }

    /// Bytes of a packet of this socket: both kinds are padded with empty rows.
    pub fn packet_size(self) -> usize {
        packet::HEADER + packet::ROW * self.rows()
    }
}

/// A request of the client: a list for 20 levels, a single instrument in flat form for 200. There is no answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct DepthRequest {
    pub request_code: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instrument_count: Option<usize>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub instrument_list: Vec<FeedInstrument>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exchange_segment: Option<ExchangeSegment>,
    #[serde(skip_serializing_if = "String::is_empty", with = "values::text")]
    pub security_id: String,
}

/// What a depth request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DepthAction {
    Subscribe(Vec<FeedInstrument>),
    Unsubscribe(Vec<FeedInstrument>),
    Disconnect,
}

impl DepthRequest {
    /// The requests that subscribe these in the form the socket takes.
    pub fn subscribe(levels: DepthLevels, instruments: &[FeedInstrument]) -> Vec<Self> {
        Self::of(SUBSCRIBE, levels, instruments)
    }

    pub fn unsubscribe(levels: DepthLevels, instruments: &[FeedInstrument]) -> Vec<Self> {
        Self::of(UNSUBSCRIBE, levels, instruments)
    }

    pub fn disconnect() -> Self {
        Self { request_code: DISCONNECT, ..Self::default() }
    }

    /// `None` for codes this socket does not know.
    pub fn action(&self) -> Option<DepthAction> {
        let mut named = self.instrument_list.clone();
        if let Some(exchange_segment) = &self.exchange_segment {
            named.push(FeedInstrument {
                exchange_segment: exchange_segment.clone(),
                security_id: self.security_id.clone(),
            });
        }
        match self.request_code {
            SUBSCRIBE => Some(DepthAction::Subscribe(named)),
            UNSUBSCRIBE | UNSUBSCRIBE_ALSO => Some(DepthAction::Unsubscribe(named)),
            DISCONNECT => Some(DepthAction::Disconnect),
            _ => None,
        }
    }

    fn of(request_code: u8, levels: DepthLevels, instruments: &[FeedInstrument]) -> Vec<Self> {
        match levels {
            DepthLevels::Twenty => instruments
                .chunks(levels.instruments())
                .map(|piece| Self {
                    request_code,
                    instrument_count: Some(piece.len()),
                    instrument_list: piece.to_vec(),
                    ..Self::default()
                })
                .collect(),
            DepthLevels::TwoHundred => instruments
                .iter()
                .map(|one| Self {
                    request_code,
                    exchange_segment: Some(one.exchange_segment.clone()),
                    security_id: one.security_id.clone(),
                    ..Self::default()
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests;
