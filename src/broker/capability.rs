//! What an account may lack although all is well: it is told as such, with what to do, not as a failure.

use std::fmt;

/// Something an account has or has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capability {
    /// Orders are taken from where this machine is.
    OrdersFromHere,
    /// Prices by request and by feed.
    MarketData,
    /// Options and futures.
    Derivatives,
}

impl Capability {
    /// What it means that it is missing.
    pub fn missing(self) -> &'static str {
        match self {
            Self::OrdersFromHere => "the broker takes no orders from this machine's address",
            Self::MarketData => "the account has no data plan: no live prices, so no entries",
            Self::Derivatives => "options and futures are not active in this account",
        }
    }

    pub fn remedy(self) -> &'static str {
        match self {
            Self::OrdersFromHere => {
                "trade from a registered address, or register this one on the broker's page (DhanHQ Trading APIs; it can \
                 be changed once in 7 days); a line with IPv6 may need it switched off"
            }
            Self::MarketData => "subscribe to the Data APIs on the broker's page, then log in again",
            Self::Derivatives => "activate the segment on the broker's page",
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.missing(), self.remedy())
    }
}
