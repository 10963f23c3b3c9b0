//! What can be typed to protect what a strategy holds: its stop, its target, its exit rules.

use clap::Args;
use rust_decimal::Decimal;

use super::values::{Target, scale_step, strategy_id, target_price};
use crate::domain::{ScaleStep, StrategyId};

#[derive(Clone, Debug, Args)]
pub struct StopArgs {
    /// Its number, as `list` shows it
    #[arg(value_parser = strategy_id)]
    pub id: StrategyId,
    /// A price, `breakeven`, `trail 10` (points behind the best price), or `off`
    #[arg(required = true, value_name = "STOP")]
    pub stop: Vec<String>,
    /// One leg only, counted from 1; without it every leg that is held
    #[arg(long, value_name = "N")]
    pub leg: Option<usize>,
}

#[derive(Clone, Debug, Args)]
pub struct TargetArgs {
    /// Its number, as `list` shows it
    #[arg(value_parser = strategy_id)]
    pub id: StrategyId,
    /// A price, or `off`
    #[arg(value_name = "PRICE", value_parser = target_price)]
    pub target: Target,
    /// One leg only, counted from 1; without it every leg that is held
    #[arg(long, value_name = "N")]
    pub leg: Option<usize>,
}

#[derive(Clone, Debug, Args)]
pub struct RulesArgs {
    /// Its number, as `list` shows it
    #[arg(value_parser = strategy_id)]
    pub id: StrategyId,
    /// Follow the rules it came with
    #[arg(long, conflicts_with = "off")]
    pub stated: bool,
    /// No rules
    #[arg(long)]
    pub off: bool,
    /// Close at this profit in rupees
    #[arg(long, value_name = "RUPEES")]
    pub target: Option<Decimal>,
    /// … in per cent of the largest profit
    #[arg(long, value_name = "PCT")]
    pub target_pct: Option<Decimal>,
    /// Close at this loss in rupees
    #[arg(long, value_name = "RUPEES")]
    pub stop: Option<Decimal>,
    /// … in per cent of the largest loss
    #[arg(long, value_name = "PCT")]
    pub stop_pct: Option<Decimal>,
    /// … in multiples of the premium
    #[arg(long, value_name = "TIMES")]
    pub stop_premium: Option<Decimal>,
    /// Trail the profit from this share of the largest on, in per cent
    #[arg(long, value_name = "PCT", requires = "trail_by")]
    pub trail_after: Option<Decimal>,
    /// … and close once it has fallen by this share
    #[arg(long, value_name = "PCT", requires = "trail_after")]
    pub trail_by: Option<Decimal>,
    /// Close when so many days are left to the first expiry
    #[arg(long, value_name = "DAYS")]
    pub days: Option<i64>,
    /// Close when the delta of a short leg reaches this
    #[arg(long, value_name = "DELTA")]
    pub short_delta: Option<Decimal>,
    /// Close parts: `50:25,75:50` closes a quarter at half the largest profit, half of it at three quarters
    #[arg(long, value_name = "AT:CLOSE", value_delimiter = ',', value_parser = scale_step)]
    pub scale: Vec<ScaleStep>,
}
