//! Exit rules of a strategy: when it is closed, or a part of it. Stated with the strategy, in the settings, or by the trader.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::Money;

/// Rules that are not set say nothing. Percentages of profit are of the largest possible profit, of loss of the largest
/// possible loss; where those have no end, of the premium received or paid.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExitRules {
    /// Close at this profit, in rupees.
    pub target: Option<Money>,
    /// Close at this share of the largest profit, in per cent.
    pub target_pct: Option<Decimal>,
    /// Close at this loss, in rupees (a positive amount).
    pub stop: Option<Money>,
    /// Close at this share of the largest loss, in per cent.
    pub stop_pct: Option<Decimal>,
    /// Close at a loss of so many times the premium.
    pub stop_premium: Option<Decimal>,
    /// From this share of the largest profit on, the profit is trailed …
    pub trail_after_pct: Option<Decimal>,
    /// … and closed once it has fallen by this share of the largest profit from its best.
    pub trail_by_pct: Option<Decimal>,
    /// Close when this many days (or fewer) are left to the first expiry; 0 is the day itself.
    pub days_to_expiry: Option<i64>,
    /// Close parts at shares of the largest profit, in this order.
    pub scale: Vec<ScaleStep>,
    /// Close when the delta of a short leg (without its sign) reaches this.
    pub short_delta: Option<Decimal>,
}

/// At `profit_pct` of the largest profit, `close_pct` of what was opened shall be closed in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScaleStep {
    pub profit_pct: Decimal,
    pub close_pct: Decimal,
}

/// Which rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleKind {
    Stop,
    Trail,
    DaysToExpiry,
    ShortDelta,
    Target,
    /// The n-th step, counted from 1.
    Scale(u32),
}

impl RuleKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Trail => "trailing stop",
            Self::DaysToExpiry => "days to expiry",
            Self::ShortDelta => "delta of a short leg",
            Self::Target => "profit target",
            Self::Scale(_) => "part of the profit",
        }
    }

    /// Whether prices decide it.
    pub fn needs_quotes(self) -> bool {
        match self {
            Self::DaysToExpiry => false,
            Self::Stop | Self::Trail | Self::ShortDelta | Self::Target | Self::Scale(_) => true,
        }
    }
}

/// What a rule waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleLevel {
    /// The profit is at least this.
    ProfitFrom(Money),
    /// The profit is at most this (a loss is negative).
    ProfitTo(Money),
    /// Nothing yet: it begins to trail once the profit is this.
    TrailsFrom(Money),
    /// So many days are left, or fewer.
    Days(i64),
    /// The delta of a short leg is at least this.
    Delta(Decimal),
}

impl ExitRules {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// These rules, and those of `others` where these say nothing.
    #[must_use]
    pub fn or(&self, others: &Self) -> Self {
        let own = self.clone();
        // A percentage does not hold beside rupees of the same rule: the nearer of both would, and nobody asked for it.
        let (target, stop) = (own.target.is_some() || own.target_pct.is_some(), own.has_stop());
        Self {
            target: if target { own.target } else { others.target },
            target_pct: if target { own.target_pct } else { others.target_pct },
            stop: if stop { own.stop } else { others.stop },
            stop_pct: if stop { own.stop_pct } else { others.stop_pct },
            stop_premium: if stop { own.stop_premium } else { others.stop_premium },
            trail_after_pct: own.trail_after_pct.or(others.trail_after_pct),
            trail_by_pct: own.trail_by_pct.or(others.trail_by_pct),
            days_to_expiry: own.days_to_expiry.or(others.days_to_expiry),
            scale: if own.scale.is_empty() { others.scale.clone() } else { own.scale },
            short_delta: own.short_delta.or(others.short_delta),
        }
    }

    fn has_stop(&self) -> bool {
        self.stop.is_some() || self.stop_pct.is_some() || self.stop_premium.is_some()
    }

    /// What makes no sense in them, for the person who wrote them.
    pub fn wrong(&self) -> Option<String> {
        let amounts = [("target", self.target), ("stop", self.stop)];
        if let Some((name, _)) = amounts.into_iter().find(|(_, a)| a.is_some_and(|m| m <= Money::ZERO)) {
            return Some(format!("{name}: an amount of rupees is more than 0"));
        }
        let shares = [
            ("target_pct", self.target_pct, 100),
            ("stop_pct", self.stop_pct, 100),
            ("stop_premium", self.stop_premium, 20),
            ("trail_after_pct", self.trail_after_pct, 100),
            ("trail_by_pct", self.trail_by_pct, 100),
            ("short_delta", self.short_delta, 1),
        ];
        for (name, share, most) in shares {
            if share.is_some_and(|s| s <= Decimal::ZERO || s > Decimal::from(most)) {
                return Some(format!("{name}: more than 0 and at most {most}"));
            }
        }
        if self.trail_after_pct.is_some() != self.trail_by_pct.is_some() {
            return Some("trail_after_pct and trail_by_pct belong together".into());
        }
        if self.days_to_expiry.is_some_and(|d| !(0..=365).contains(&d)) {
            return Some("days_to_expiry: 0 to 365".into());
        }
        let within =
            |s: &ScaleStep| [s.profit_pct, s.close_pct].iter().all(|p| *p > Decimal::ZERO && *p <= Decimal::from(100));
        let rising =
            self.scale.windows(2).all(|p| p[0].profit_pct < p[1].profit_pct && p[0].close_pct < p[1].close_pct);
        if !self.scale.iter().all(within) || !rising {
            return Some("scale: steps from 0 to 100 per cent, each higher than the one before".into());
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal_macros::dec;

    #[test]
    fn rules_of_ones_own_go_before_others_rule_by_rule() {
        let own = ExitRules { stop: Some(Money(dec!(500))), ..ExitRules::default() };
        let others = ExitRules { stop_pct: Some(dec!(50)), target_pct: Some(dec!(25)), ..ExitRules::default() };
        let both = own.or(&others);
        assert_eq!((both.stop, both.stop_pct, both.target_pct), (Some(Money(dec!(500))), None, Some(dec!(25))));
    }

    #[test]
    fn a_target_that_a_loss_would_meet_is_refused() {
        let negative = ExitRules { target: Some(Money(dec!(-120))), ..ExitRules::default() };
        assert!(negative.wrong().unwrap().contains("target"));
        let half = ExitRules { trail_after_pct: Some(dec!(50)), ..ExitRules::default() };
        assert!(half.wrong().is_some());
        assert_eq!(ExitRules::default().wrong(), None);
    }
}
