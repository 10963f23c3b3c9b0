//! A bracket: an entry with its target and its stop, held by the broker as one (Dhan's super order).

use serde::{Deserialize, Serialize};

use super::{BrokerOrderId, Contract, OrderKind, OrderSighting, Price, Product, Quantity, SeenStatus, Side};

/// How an order that waits for nothing is priced: at a limit, or at what the market offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pricing {
    Limit { price: Price },
    Market,
}

impl Pricing {
    pub fn price(self) -> Option<Price> {
        match self {
            Self::Limit { price } => Some(price),
            Self::Market => None,
        }
    }
}

impl From<Pricing> for OrderKind {
    fn from(pricing: Pricing) -> Self {
        match pricing {
            Pricing::Limit { price } => Self::Limit { price },
            Pricing::Market => Self::Market,
        }
    }
}

/// What is asked for: when the entry fills, the broker itself holds target and stop for what has filled, and the one that is
/// reached ends the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bracket {
    pub contract: Contract,
    /// Of the entry; target and stop are on the other side.
    pub side: Side,
    /// Units; a whole number of lots.
    pub quantity: Quantity,
    pub entry: Pricing,
    pub product: Product,
    /// Better than the entry: above a buy, below a sale.
    pub target: Price,
    /// Worse than the entry: below a buy, above a sale.
    pub stop: Price,
    /// The stop follows the price by this much whenever it has moved this much in favour; `None`: it stays.
    pub trail: Option<Price>,
}

impl Bracket {
    /// Whether target and stop lie on their sides of the entry's limit, and of each other.
    pub fn is_in_order(&self) -> bool {
        let (low, high) = match self.side {
            Side::Buy => (self.stop, self.target),
            Side::Sell => (self.target, self.stop),
        };
        low < high && self.entry.price().is_none_or(|entry| low < entry && entry < high)
    }
}

/// One of the orders a bracket consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BracketLeg {
    Entry,
    Target,
    StopLoss,
}

impl BracketLeg {
    /// For people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Entry => "entry",
            Self::Target => "target",
            Self::StopLoss => "stop loss",
        }
    }
}

impl std::fmt::Display for BracketLeg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// A change of one leg. What a change names is restated as a whole: a trail left out is a trail ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BracketChange {
    /// Only while the entry is open.
    Entry {
        /// The total quantity, not the open rest.
        quantity: Quantity,
        entry: Pricing,
        target: Price,
        stop: Price,
        trail: Option<Price>,
    },
    Target {
        price: Price,
    },
    StopLoss {
        price: Price,
        trail: Option<Price>,
    },
}

impl BracketChange {
    pub fn leg(&self) -> BracketLeg {
        match self {
            Self::Entry { .. } => BracketLeg::Entry,
            Self::Target { .. } => BracketLeg::Target,
            Self::StopLoss { .. } => BracketLeg::StopLoss,
        }
    }
}

/// A bracket as the broker last told it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BracketSighting {
    /// The entry; its number is the bracket's.
    pub entry: OrderSighting,
    /// Entry and exit are done: nothing of the bracket is open.
    pub closed: bool,
    pub target: Option<BracketLegSighting>,
    pub stop: Option<BracketLegSighting>,
}

/// A target or a stop as the broker last told it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BracketLegSighting {
    /// The entry's number until the leg has one of its own.
    pub order_id: BrokerOrderId,
    pub price: Price,
    pub status: SeenStatus,
    /// What is still open of it; zero until the entry has filled.
    pub remaining: Quantity,
    /// What was sent to the exchange when the leg fired.
    pub triggered: Quantity,
    pub trail: Option<Price>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bracket_is_in_order_when_the_entry_lies_between_stop_and_target() {
        let at = |text: &str| text.parse::<Price>().unwrap();
        let bracket = |side, entry, target, stop| Bracket {
            contract: "NSE:NIFTY:2026-11-23:26000:CE".parse().unwrap(),
            side,
            quantity: Quantity(65),
            entry,
            product: Product::Intraday,
            target: at(target),
            stop: at(stop),
            trail: None,
        };
        let limit = Pricing::Limit { price: at("100") };
        assert!(bracket(Side::Buy, limit, "110", "95").is_in_order());
        assert!(bracket(Side::Sell, limit, "90", "105").is_in_order());
        assert!(bracket(Side::Buy, Pricing::Market, "110", "95").is_in_order());
        assert!(!bracket(Side::Buy, limit, "100", "95").is_in_order());
        assert!(!bracket(Side::Buy, limit, "110", "101").is_in_order());
        assert!(!bracket(Side::Sell, limit, "110", "95").is_in_order());
        assert!(!bracket(Side::Sell, Pricing::Market, "110", "95").is_in_order());
    }
}
