//! Orders that wait with the broker over days until a price is reached: single, or two of which one cancels the other
//! (Dhan's forever orders).

use serde::{Deserialize, Serialize};

use super::time::Timestamp;
use super::{BrokerOrderId, Contract, Price, Pricing, Product, Quantity, SeenStatus, Side, Validity};

/// What is asked for. Nothing is margined while it waits; the order that is sent when it fires is checked then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeverOrder {
    pub contract: Contract,
    pub side: Side,
    pub product: Product,
    /// Of the order that is sent when it fires.
    pub validity: Validity,
    pub legs: ForeverLegs,
}

/// The levels it waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForeverLegs {
    Single(ForeverLeg),
    /// The one that is reached first cancels the other.
    OneCancelsOther {
        stop: ForeverLeg,
        target: ForeverLeg,
    },
}

/// A level, and the order that is sent when the last price reaches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeverLeg {
    /// Units; a whole number of lots.
    pub quantity: Quantity,
    pub trigger: Price,
    pub pricing: Pricing,
}

/// Which leg a row or a change is about. How a broker names the one leg of a single order varies: its list tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForeverLegName {
    Entry,
    Target,
    StopLoss,
}

/// One leg of a forever order as the broker last told it. Both legs of a pair carry the same number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeverSighting {
    pub order_id: BrokerOrderId,
    pub contract: Contract,
    pub side: Side,
    pub product: Product,
    /// Half of a pair of which one cancels the other.
    pub paired: bool,
    /// `None` where the broker names no leg.
    pub leg: Option<ForeverLegName>,
    pub quantity: Quantity,
    pub trigger: Price,
    /// `None` where the list tells none: the order will be at the market.
    pub price: Option<Price>,
    pub status: SeenStatus,
    /// It waits for its price.
    pub armed: bool,
    pub created: Option<Timestamp>,
    pub updated: Option<Timestamp>,
}
