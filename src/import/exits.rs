//! The exit conditions of a strategy: shares of its largest profit and loss, which are right whatever unit the file's own
//! amounts are in. Prose, and figures that make no sense, are left out.

use rust_decimal::Decimal;

use super::draft::issue;
use super::json::Node;
use super::raw::{Cell, plain};
use crate::domain::{ExitRules, Issue, ScaleStep};

/// As the analyser writes them, under `exit_conditions`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RawRules {
    target_pct: Option<Cell>,
    stop_pct: Option<Cell>,
    days: Option<Cell>,
    trail_after: Option<Cell>,
    trail_by: Option<Cell>,
    /// Amounts of profit at which a quarter, a half, three quarters are closed.
    scale: [Option<Cell>; 3],
}

impl RawRules {
    pub fn of(node: &Node<'_>) -> Self {
        let cell = |path: &str| node.cell(&[&format!("exit_conditions.{path}")]);
        Self {
            target_pct: cell("profit_targets.primary.target_pct"),
            stop_pct: cell("stop_losses.primary.loss_pct"),
            days: cell("time_exits.primary_dte"),
            trail_after: cell("profit_targets.trailing.activate_at"),
            trail_by: cell("profit_targets.trailing.trail_by"),
            scale: [1, 2, 3].map(|n| cell(&format!("profit_targets.scaling.level_{n}.profit"))),
        }
    }

    /// Amounts become shares of the file's own largest profit: both are in the same unit, whichever that is.
    pub fn read(&self, max_profit: Option<Decimal>, issues: &mut Vec<Issue>) -> ExitRules {
        let share = |cell: &Option<Cell>| cell.as_ref().and_then(plain).filter(sensible);
        let whole = max_profit.filter(|p| *p > Decimal::ZERO);
        let part = |cell: &Option<Cell>| {
            let amount = cell.as_ref().and_then(plain)?;
            Some((amount * Decimal::ONE_HUNDRED / whole?).round_dp(1).normalize()).filter(sensible)
        };
        let closes = [25, 50, 75].map(Decimal::from);
        let scale = self.scale.iter().zip(closes);
        let mut rules = ExitRules {
            target_pct: share(&self.target_pct),
            stop_pct: share(&self.stop_pct),
            days_to_expiry: self.days.as_ref().and_then(plain).and_then(|d| i64::try_from(d.trunc().mantissa()).ok()),
            trail_after_pct: part(&self.trail_after),
            trail_by_pct: part(&self.trail_by),
            scale: scale
                .filter_map(|(c, close_pct)| part(c).map(|profit_pct| ScaleStep { profit_pct, close_pct }))
                .collect(),
            ..ExitRules::default()
        };
        if rules.trail_after_pct.is_none() || rules.trail_by_pct.is_none() {
            (rules.trail_after_pct, rules.trail_by_pct) = (None, None);
        }
        match rules.wrong() {
            None => rules,
            Some(wrong) => {
                issues.push(issue("rules_left_out", format!("its exit rules are left out: {wrong}")));
                ExitRules::default()
            }
        }
    }
}

/// A share that can be reached: twice the largest loss cannot.
fn sensible(share: &Decimal) -> bool {
    *share > Decimal::ZERO && *share <= Decimal::ONE_HUNDRED
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal_macros::dec;

    fn rules(json: &str, max_profit: Decimal) -> ExitRules {
        let value = serde_json::from_str(json).unwrap();
        RawRules::of(&Node { value: &value, place: String::new() }).read(Some(max_profit), &mut Vec::new())
    }

    #[test]
    fn shares_are_taken_and_amounts_become_shares() {
        let json = r#"{"exit_conditions": {
            "profit_targets": {"primary": {"target": 500, "target_pct": 25},
                "scaling": {"level_1": {"profit": 500}, "level_2": {"profit": 1000}, "level_3": {"profit": 1500}},
                "trailing": {"activate_at": 500, "trail_by": 200}},
            "stop_losses": {"primary": {"loss_amount": 900, "loss_pct": 50}},
            "time_exits": {"primary_dte": 21}}}"#;
        let rules = rules(json, dec!(2000));
        assert_eq!(
            (rules.target_pct, rules.stop_pct, rules.days_to_expiry),
            (Some(dec!(25)), Some(dec!(50)), Some(21))
        );
        assert_eq!((rules.trail_after_pct, rules.trail_by_pct), (Some(dec!(25)), Some(dec!(10))));
        let steps: Vec<Decimal> = rules.scale.iter().map(|s| s.profit_pct).collect();
        assert_eq!(steps, [dec!(25), dec!(50), dec!(75)]);
    }

    #[test]
    fn prose_negative_amounts_and_losses_that_cannot_be_reached_are_left_out() {
        let json = r#"{"exit_conditions": {
            "profit_targets": {"primary": {"target": "50-100% of debit paid"}, "trailing": {"activate_at": -300, "trail_by": -60}},
            "stop_losses": {"primary": {"loss_pct": 200}}}}"#;
        assert_eq!(rules(json, dec!(-600)), ExitRules::default());
    }
}
