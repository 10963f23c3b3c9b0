//! The broker's own exit on profit or loss.

use serde::{Deserialize, Serialize};

use super::{Money, Product};

/// When to exit what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PnlExit {
    /// Rupees, positive; zero is no limit.
    pub profit: Money,
    /// Rupees, positive; zero is no limit.
    pub loss: Money,
    pub intraday: bool,
    /// Carried positions: margin, delivery, funded delivery.
    pub delivery: bool,
    /// Whether the broker's kill switch is set when it fires.
    pub kill_switch: bool,
}

impl PnlExit {
    pub fn covers(&self, product: Product) -> bool {
        match product {
            Product::Intraday => self.intraday,
            Product::Margin | Product::Cnc | Product::Mtf => self.delivery,
        }
    }

    /// Whether a result of what it covers is at a limit or beyond it.
    pub fn is_passed(&self, result: Money) -> bool {
        let over = self.profit > Money::ZERO && result >= self.profit;
        let under = self.loss > Money::ZERO && -result.0 >= self.loss.0;
        over || under
    }
}
