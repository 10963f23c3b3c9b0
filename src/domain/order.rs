//! Orders: what we mean to send (an intent), and what the broker says it saw (a sighting).

use serde::{Deserialize, Serialize};

use super::time::Timestamp;
use super::{AccountId, BrokerOrderId, Contract, CorrelationId, IntentId, NetQuantity, Price, Quantity};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Side {
    Buy,
    Sell,
}

impl Side {
    #[must_use]
    pub fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }

    /// The change of a position when `quantity` of this side fills.
    pub fn signed(self, quantity: Quantity) -> NetQuantity {
        match self {
            Self::Buy => NetQuantity::from(quantity),
            Self::Sell => -NetQuantity::from(quantity),
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Buy => "BUY",
            Self::Sell => "SELL",
        }
    }
}

impl std::fmt::Display for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// How an order is priced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderKind {
    Limit {
        price: Price,
    },
    Market,
    /// Rests until the last price reaches `trigger`, then is a limit order at `price`.
    StopLimit {
        trigger: Price,
        price: Price,
    },
    /// Rests until the last price reaches `trigger`, then is a market order. Refused by exchanges for options.
    StopMarket {
        trigger: Price,
    },
}

impl OrderKind {
    pub fn price(&self) -> Option<Price> {
        match self {
            Self::Limit { price } | Self::StopLimit { price, .. } => Some(*price),
            Self::Market | Self::StopMarket { .. } => None,
        }
    }

    pub fn trigger(&self) -> Option<Price> {
        match self {
            Self::StopLimit { trigger, .. } | Self::StopMarket { trigger } => Some(*trigger),
            Self::Limit { .. } | Self::Market => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Validity {
    Day,
    /// Immediate or cancel.
    Ioc,
}

/// How the broker margins and carries a position. A position is per contract *and* product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Product {
    /// Squared off by the broker before the close.
    Intraday,
    /// Carried overnight (futures and options).
    Margin,
    /// Delivery (cash).
    Cnc,
    /// Margin trading facility (cash).
    Mtf,
}

impl Product {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Intraday => "INTRADAY",
            Self::Margin => "MARGIN",
            Self::Cnc => "CNC",
            Self::Mtf => "MTF",
        }
    }
}

/// Everything a broker needs to know of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderSpec {
    pub contract: Contract,
    pub side: Side,
    /// Units; at most the contract's largest order, a whole number of lots.
    pub quantity: Quantity,
    pub kind: OrderKind,
    pub validity: Validity,
    pub product: Product,
}

/// The journalled decision to send one order. One intent makes at most one order at the broker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    pub id: IntentId,
    pub account: AccountId,
    pub correlation: CorrelationId,
    pub spec: OrderSpec,
    /// Not sent any more after this instant: the reason for it is no longer fresh.
    pub expires: Timestamp,
}

/// What the broker says an order's state is. *Part filled* is `Working` with a filled quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeenStatus {
    /// With the broker, not yet at the exchange: cannot be cancelled yet.
    Transit,
    Working,
    Filled,
    Rejected,
    Cancelled,
    Expired,
}

impl SeenStatus {
    /// Nothing follows it.
    pub fn is_final(self) -> bool {
        match self {
            Self::Transit | Self::Working => false,
            Self::Filled | Self::Rejected | Self::Cancelled | Self::Expired => true,
        }
    }
}

/// One order as the broker last told it: by answer, by socket, by book. All the same thing; they merge monotonically.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderSighting {
    /// Absent on orders that did not come from us (or whose id the broker made up).
    pub correlation: Option<CorrelationId>,
    pub order_id: BrokerOrderId,
    pub spec: OrderSpec,
    pub filled: Quantity,
    /// Average price of what filled; `None` while nothing has.
    pub average: Option<Price>,
    pub status: SeenStatus,
    /// The broker's words on a rejection or cancellation.
    pub reason: Option<String>,
    /// The broker's own time of the last change.
    pub updated: Option<Timestamp>,
}

impl OrderSighting {
    /// What may still fill.
    pub fn remaining(&self) -> Quantity {
        self.spec.quantity.saturating_sub(self.filled)
    }
}

/// One fill, as the broker's trade book lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TradeSighting {
    pub order_id: BrokerOrderId,
    /// The exchange's trade number: the key by which a fill is counted once.
    pub trade_id: String,
    pub contract: Contract,
    pub product: Product,
    pub side: Side,
    pub quantity: Quantity,
    pub price: Price,
    pub at: Option<Timestamp>,
}
