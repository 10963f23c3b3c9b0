//! Signals: what a webhook tells a scalping set-up to do, and how it is answered.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::instrument::UnknownName;
use super::time::Timestamp;
use super::{OptionRight, Price, Side, SignalId, Symbol};

/// The name of a scalping set-up (`SCALP_ATM`), as the settings declare it and a signal calls it: 1 to 32 capitals,
/// digits, `_`, `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SetupName(String);

impl SetupName {
    pub const MAX_LENGTH: usize = 32;

    pub fn new(text: &str) -> Result<Self, UnknownName> {
        let ok = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
        if text.is_empty() || text.len() > Self::MAX_LENGTH || !text.bytes().all(ok) {
            return Err(UnknownName { what: "set-up", text: text.chars().take(40).collect() });
        }
        Ok(Self(text.to_string()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for SetupName {
    type Error = UnknownName;
    fn try_from(text: String) -> Result<Self, UnknownName> {
        Self::new(&text)
    }
}
impl From<SetupName> for String {
    fn from(name: SetupName) -> Self {
        name.0
    }
}
impl FromStr for SetupName {
    type Err = UnknownName;
    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::new(text)
    }
}
impl fmt::Display for SetupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What makes a signal the same as one before: the sender's own key, or a digest of all its fields. Any text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SignalKey(pub String);

/// One signal, of the right form; whether it is acted on is the engine's to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    pub setup: SetupName,
    pub symbol: Symbol,
    /// Which way the underlying is expected to go: a buy is a call bought, a sell is a put bought.
    pub side: Side,
    /// As sent (`1m`): shown, never decided on.
    pub timeframe: String,
    /// Of the underlying, as the sender saw it.
    pub price: Price,
    /// When the sender says that it arose.
    pub at: Timestamp,
    pub key: SignalKey,
    /// The door it came through (`webhook`), for the audit trail.
    pub source: String,
}

impl Signal {
    /// A rise is bought as a call, a fall as a put: options are never sold on a signal.
    pub fn right(&self) -> OptionRight {
        match self.side {
            Side::Buy => OptionRight::Call,
            Side::Sell => OptionRight::Put,
        }
    }
}

/// Why a signal is not acted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignalRefusal {
    UnknownStrategy,
    UnknownSymbol,
    /// Older than the set-up allows.
    Stale,
    /// Its time lies ahead of ours.
    Future,
    /// Not a price that the underlying can have now.
    Price,
    /// The set-up is paused.
    Paused,
    /// No entries now: halted, the market closed, outside the set-up's hours.
    Closed,
    /// No option to buy, or none that could be decided on.
    Instrument,
    /// A limit.
    Risk,
    /// An open trade of the same underlying stands in its way.
    Open,
    /// Nobody approved it in time.
    NotApproved,
}

impl SignalRefusal {
    pub const ALL: [Self; 11] = [
        Self::UnknownStrategy,
        Self::UnknownSymbol,
        Self::Stale,
        Self::Future,
        Self::Price,
        Self::Paused,
        Self::Closed,
        Self::Instrument,
        Self::Risk,
        Self::Open,
        Self::NotApproved,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnknownStrategy => "unknown_strategy",
            Self::UnknownSymbol => "unknown_symbol",
            Self::Stale => "stale",
            Self::Future => "future",
            Self::Price => "price",
            Self::Paused => "paused",
            Self::Closed => "closed",
            Self::Instrument => "instrument",
            Self::Risk => "risk",
            Self::Open => "open",
            Self::NotApproved => "not_approved",
        }
    }
}

/// How a signal is answered, once the answer is on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignalAnswer {
    /// In the inbox: acted on already, or waiting for a price or for the trader. Never lost, never done twice.
    Accepted {
        id: SignalId,
        message: String,
    },
    /// The same as one that was answered before.
    Duplicate {
        id: SignalId,
    },
    Refused {
        id: Option<SignalId>,
        why: SignalRefusal,
        reason: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_up_has_a_name_of_capitals() {
        assert_eq!(SetupName::new("SCALP_ATM").unwrap().as_str(), "SCALP_ATM");
        for wrong in ["", "scalp", "SCALP ATM", "SCALP\u{0}", &"A".repeat(33)] {
            assert!(SetupName::new(wrong).is_err(), "{wrong}");
        }
    }
}
