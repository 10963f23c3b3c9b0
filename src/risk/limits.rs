//! The trader's hard limits, as `config/risk.yaml` states them.

use rust_decimal::Decimal;
use rust_decimal_macros::dec;
use serde::{Deserialize, Serialize};

use crate::domain::{Lots, Money};

/// Hard limits on entries. Exits and cancels are never held up by them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// What percentages refer to, in rupees.
    pub capital: Money,
    /// A trade is one strategy or one scalp, not a leg.
    pub max_trades_per_day: u32,
    /// Realised + open loss + charges of the trading day, in rupees.
    pub max_daily_loss: Money,
    /// The largest loss one strategy may have by its legs, in per cent of capital. Unlimited losses need `allow_unlimited_loss`.
    pub max_loss_per_trade_pct: Decimal,
    /// Lots held or working over all contracts.
    pub max_open_lots: Lots,
    pub max_open_strategies: u32,
    /// A strategy whose loss has no end is refused unless this is set; then its margin counts as its loss.
    pub allow_unlimited_loss: bool,
    /// Order calls in any rolling second over the whole account (the regulator's ceiling without registration is 10).
    pub max_orders_per_second: u32,
    pub max_orders_per_day: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            capital: Money(dec!(1000000)),
            max_trades_per_day: 10,
            max_daily_loss: Money(dec!(25000)),
            max_loss_per_trade_pct: dec!(2),
            max_open_lots: Lots(60),
            max_open_strategies: 10,
            allow_unlimited_loss: false,
            max_orders_per_second: 8,
            max_orders_per_day: 6_500,
        }
    }
}

impl Limits {
    /// The largest loss one trade may have, in rupees.
    pub fn max_loss_per_trade(&self) -> Money {
        Money(self.capital.0 * self.max_loss_per_trade_pct / dec!(100))
    }
}
