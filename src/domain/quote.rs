//! What the market says of one contract at one moment.

use serde::{Deserialize, Serialize};

use super::time::{Timestamp, ms_between};
use super::{Price, Quantity, Side};

/// Last price and touch. A side without orders is `None`: an absent bid is not a bid of zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    pub last: Price,
    pub bid: Option<Price>,
    pub ask: Option<Price>,
    pub bid_quantity: Quantity,
    pub ask_quantity: Quantity,
    /// When it was received here.
    pub at: Timestamp,
}

impl Quote {
    /// The price at which an order of `side` would trade now.
    pub fn touch(&self, side: Side) -> Option<Price> {
        match side {
            Side::Buy => self.ask,
            Side::Sell => self.bid,
        }
    }

    /// Midpoint of the touch; the last price when a side is missing.
    pub fn mid(&self) -> Price {
        match (self.bid, self.ask) {
            (Some(bid), Some(ask)) => Price((bid.0 + ask.0) / rust_decimal::Decimal::TWO),
            _ => self.last,
        }
    }

    pub fn age_ms(&self, now: Timestamp) -> i64 {
        ms_between(self.at, now)
    }
}
