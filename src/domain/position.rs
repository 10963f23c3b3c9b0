//! Positions and funds as the broker reports them: the truth about quantity.

use serde::{Deserialize, Serialize};

use super::{Contract, Money, NetQuantity, Price, Product, Quantity, Side};

impl NetQuantity {
    /// The side of an order that makes the position smaller.
    pub fn closing_side(self) -> Side {
        if self.0 > 0 { Side::Sell } else { Side::Buy }
    }
}

/// One row of the broker's position book: per contract and product. Closed rows stay all day with a net of zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionSighting {
    pub contract: Contract,
    pub product: Product,
    pub net: NetQuantity,
    pub buy_quantity: Quantity,
    pub sell_quantity: Quantity,
    pub buy_average: Price,
    pub sell_average: Price,
    /// As the broker computes them.
    pub realised: Money,
    pub unrealised: Money,
}

/// What the account can spend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Funds {
    pub available: Money,
    pub utilised: Money,
    pub start_of_day: Money,
}
