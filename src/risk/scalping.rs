//! Limits and sizes of scalps, beside the limits that hold for everything.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use rust_decimal_macros::dec;
use serde::{Deserialize, Serialize};

use crate::domain::time::{Timestamp, ms_between};
use crate::domain::{Money, Price, Quantity};

/// Hard limits on scalps (`config/risk.yaml`, `scalping`). What holds for every entry holds for them too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScalpLimits {
    pub max_trades_per_day: u32,
    /// Of the day's scalps: realised and open loss and charges, in rupees.
    pub max_daily_loss: Money,
    /// What one scalp may lose at its stop, in per cent of capital.
    pub risk_per_trade_pct: Decimal,
    /// Open at a time, over all underlyings; of one underlying never more than one.
    pub max_open: u32,
    /// Lots of all open scalps together.
    pub max_lots: u32,
    /// After so many losses in a row there is none any more that day.
    pub max_consecutive_losses: u32,
    /// None for so long after a loss.
    pub cool_down_min: u32,
}

impl Default for ScalpLimits {
    fn default() -> Self {
        Self {
            max_trades_per_day: 10,
            max_daily_loss: Money(dec!(5000)),
            risk_per_trade_pct: dec!(0.5),
            max_open: 3,
            max_lots: 6,
            max_consecutive_losses: 3,
            cool_down_min: 1,
        }
    }
}

/// What of these limits is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScalpUsage {
    pub trades_today: u32,
    /// Net of charges; `None` while an open scalp has no price.
    pub day_pnl: Option<Money>,
    pub open: u32,
    pub open_lots: u32,
    pub losses_in_a_row: u32,
    pub last_loss_at: Option<Timestamp>,
}

/// All reasons why there is no further scalp now; none means that there may be one.
pub fn check(usage: &ScalpUsage, limits: &ScalpLimits, now: Timestamp) -> Vec<String> {
    let mut reasons = Vec::new();
    if usage.trades_today >= limits.max_trades_per_day {
        reasons.push(format!("{} of {} scalps of the day are used", usage.trades_today, limits.max_trades_per_day));
    }
    match usage.day_pnl {
        None => reasons.push("the scalps' P&L of the day is unknown: an open one has no price".into()),
        Some(pnl) if -pnl >= limits.max_daily_loss => reasons.push(format!(
            "the scalps' loss of ₹{} has reached the day's limit of ₹{}",
            (-pnl).to_paise(),
            limits.max_daily_loss
        )),
        Some(_) => {}
    }
    if usage.open >= limits.max_open {
        reasons.push(format!("{} of {} scalps are open", usage.open, limits.max_open));
    }
    if usage.losses_in_a_row >= limits.max_consecutive_losses {
        let (lost, most) = (usage.losses_in_a_row, limits.max_consecutive_losses);
        reasons.push(format!("{lost} losses in a row (the limit is {most}): no more scalps today"));
    }
    let cool_down_ms = i64::from(limits.cool_down_min) * 60_000;
    if let Some(left) = usage.last_loss_at.map(|at| cool_down_ms - ms_between(at, now)).filter(|left| *left > 0) {
        reasons.push(format!("cooling down after a loss: {} s are left", left.div_euclid(1_000) + 1));
    }
    reasons
}

/// What a size is computed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SizeQuestion {
    /// What one unit would cost now.
    pub premium: Price,
    /// What one unit loses at the stop.
    pub stop_points: Decimal,
    pub lot: Quantity,
    pub capital: Money,
    /// What the broker says can be spent.
    pub available: Money,
    /// Of the set-up.
    pub max_lots: u32,
    pub open_lots: u32,
}

/// How many lots, with the arithmetic in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Size {
    pub lots: u32,
    pub arithmetic: String,
}

/// The smallest of what the stop, the funds and the limits allow; may be none.
pub fn size(question: &SizeQuestion, limits: &ScalpLimits) -> Size {
    let units = Decimal::from(question.lot.0.max(1));
    let whole = |amount: Decimal, each: Decimal| {
        let lots = if each > Decimal::ZERO { (amount / each).floor() } else { Decimal::ZERO };
        lots.max(Decimal::ZERO).to_u32().unwrap_or(u32::MAX)
    };
    let risk = question.capital.0 * limits.risk_per_trade_pct / dec!(100);
    let by_risk = whole(risk, question.stop_points * units);
    let by_funds = whole(question.available.0, question.premium.0 * units);
    let by_limit = question.max_lots.min(limits.max_lots.saturating_sub(question.open_lots));
    let lots = by_risk.min(by_funds).min(by_limit);
    let (risk, stop, lot) = (risk.round_dp(2).normalize(), question.stop_points.normalize(), question.lot);
    let arithmetic = format!(
        "{lots} lots: ₹{risk} at risk / ({stop} points × {lot}) = {by_risk}; funds allow {by_funds}; limits allow {by_limit}"
    );
    Size { lots, arithmetic }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::after_ms;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn usage() -> ScalpUsage {
        ScalpUsage { day_pnl: Some(Money::ZERO), ..ScalpUsage::default() }
    }

    #[test]
    fn each_limit_of_the_scalps_refuses_by_itself() {
        let reason = |usage: ScalpUsage| {
            let reasons = check(&usage, &ScalpLimits::default(), NOW);
            assert_eq!(reasons.len(), 1, "{reasons:?}");
            reasons[0].clone()
        };
        assert!(check(&usage(), &ScalpLimits::default(), NOW).is_empty());
        assert!(reason(ScalpUsage { trades_today: 10, ..usage() }).contains("10 of 10"));
        assert!(reason(ScalpUsage { day_pnl: Some(Money(dec!(-5000))), ..usage() }).contains("₹5000"));
        assert!(reason(ScalpUsage { day_pnl: None, ..usage() }).contains("unknown"));
        assert!(reason(ScalpUsage { open: 3, ..usage() }).contains("3 of 3"));
        assert!(reason(ScalpUsage { losses_in_a_row: 3, ..usage() }).contains("in a row"));
        assert!(reason(ScalpUsage { last_loss_at: Some(after_ms(NOW, -59_001)), ..usage() }).contains("1 s"));
        let over = ScalpUsage { last_loss_at: Some(after_ms(NOW, -60_000)), ..usage() };
        assert!(check(&over, &ScalpLimits::default(), NOW).is_empty());
    }

    #[test]
    fn the_size_is_the_smallest_of_stop_funds_and_limits() {
        let question = SizeQuestion {
            premium: Price(dec!(120)),
            stop_points: dec!(15),
            lot: Quantity(65),
            capital: Money(dec!(1000000)),
            available: Money(dec!(100000)),
            max_lots: 20,
            open_lots: 0,
        };
        let limits = ScalpLimits { max_lots: 30, ..ScalpLimits::default() };
        let lots = |q: SizeQuestion| size(&q, &limits).lots;
        assert_eq!(lots(question), 5, "5000 / (15 × 65) = 5.1");
        assert_eq!(lots(SizeQuestion { available: Money(dec!(15600)), ..question }), 2);
        assert_eq!(lots(SizeQuestion { max_lots: 1, ..question }), 1);
        assert_eq!(lots(SizeQuestion { open_lots: 28, ..question }), 2);
        assert_eq!(lots(SizeQuestion { stop_points: dec!(80), ..question }), 0);
        assert!(size(&question, &limits).arithmetic.contains("= 5; funds allow 12; limits allow 20"));
    }
}
