//! What a failed call to a broker means for what may be done next: every adapter answers in these terms.

use serde::{Deserialize, Serialize};

/// The class of a failure. The class says what is *known*; the message beside it is for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorClass {
    /// The broker answered that it did not do it now (too many requests, busy): it certainly was not executed.
    TryLater,
    /// It may or may not have been executed (no answer, a broken answer, a server error): ask before anything else.
    AskFirst,
    /// The broker understood and said no: the same request would be refused again.
    Refused,
    /// Refused because the market is closed.
    MarketClosed,
    /// The token is missing, expired or revoked: nothing works until there is a new one.
    LogIn,
    /// The account may not trade now (address not allowed, kill switch, segment inactive): a person must act.
    Blocked,
    /// It never left (no connection, refused by our own checks).
    NotSent,
}

impl ErrorClass {
    /// Whether the same question may be asked again by itself: it certainly was not executed, and may go well later.
    pub fn may_be_repeated(self) -> bool {
        match self {
            Self::TryLater | Self::NotSent => true,
            Self::AskFirst | Self::Refused | Self::MarketClosed | Self::LogIn | Self::Blocked => false,
        }
    }
}
