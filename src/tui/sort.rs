//! The order of the strategy list.

use std::cmp::Ordering;

use rust_decimal::Decimal;

use crate::domain::Bound;
use crate::view::StrategyRow;

/// What the list is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortBy {
    #[default]
    Score,
    Symbol,
    Expiry,
    Probability,
    MaxProfit,
    MaxLoss,
    RewardToRisk,
    Age,
    Id,
}

impl SortBy {
    const ALL: [Self; 9] = [
        Self::Score,
        Self::Symbol,
        Self::Expiry,
        Self::Probability,
        Self::MaxProfit,
        Self::MaxLoss,
        Self::RewardToRisk,
        Self::Age,
        Self::Id,
    ];

    #[must_use]
    pub fn next(self) -> Self {
        let at = Self::ALL.iter().position(|s| *s == self).unwrap_or(0);
        Self::ALL[(at + 1) % Self::ALL.len()]
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Score => "score",
            Self::Symbol => "symbol",
            Self::Expiry => "expiry",
            Self::Probability => "PoP",
            Self::MaxProfit => "max profit",
            Self::MaxLoss => "max loss",
            Self::RewardToRisk => "R:R",
            Self::Age => "age",
            Self::Id => "ID",
        }
    }

    /// Best first, for figures; alphabet, calendar and age run upwards.
    pub fn descends(self) -> bool {
        match self {
            Self::Score | Self::Probability | Self::MaxProfit | Self::RewardToRisk => true,
            Self::Symbol | Self::Expiry | Self::MaxLoss | Self::Age | Self::Id => false,
        }
    }
}

/// A column and a direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sort {
    pub by: SortBy,
    /// Against the column's own direction.
    pub reversed: bool,
}

impl Sort {
    pub fn descends(self) -> bool {
        self.by.descends() != self.reversed
    }

    /// What is not known comes last, whichever way; equals are in order of their ids.
    pub fn compare(self, a: &StrategyRow, b: &StrategyRow) -> Ordering {
        let order = match self.by {
            SortBy::Score => self.known(a.score, b.score),
            SortBy::Symbol => self.known(Some(a.symbol), Some(b.symbol)),
            SortBy::Expiry => self.known(a.expiry, b.expiry),
            SortBy::Probability => self.known(a.probability, b.probability),
            SortBy::MaxProfit => self.known(amount(a.max_profit()), amount(b.max_profit())),
            SortBy::MaxLoss => self.known(amount(a.max_loss()), amount(b.max_loss())),
            SortBy::RewardToRisk => self.known(a.reward_to_risk, b.reward_to_risk),
            SortBy::Age => self.known(Some(a.age_ms), Some(b.age_ms)),
            SortBy::Id => self.known(Some(a.id), Some(b.id)),
        };
        order.then(a.id.cmp(&b.id))
    }

    fn known<T: Ord>(self, a: Option<T>, b: Option<T>) -> Ordering {
        match (a, b) {
            (Some(a), Some(b)) if self.descends() => b.cmp(&a),
            (Some(a), Some(b)) => a.cmp(&b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        }
    }
}

fn amount(bound: Option<Bound>) -> Option<Decimal> {
    match bound? {
        Bound::Limited(amount) => Some(amount.0),
        Bound::Unlimited => Some(Decimal::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::StrategyId;
    use crate::view::fixture::Desk;
    use rust_decimal_macros::dec;

    #[test]
    fn the_unknown_comes_last_in_both_directions() {
        let mut desk = Desk::new();
        for score in [Some(dec!(0.5)), None, Some(dec!(0.9)), Some(dec!(0.5))] {
            let mut r = desk.recommendation("Any", dec!(0), &[("B", 26000, "CE", dec!(1))]);
            r.score = score;
            desk.add(r);
        }
        let sorted = |reversed| {
            let mut rows = desk.view().strategies.to_vec();
            let sort = Sort { by: SortBy::Score, reversed };
            rows.sort_by(|a, b| sort.compare(a, b));
            rows.iter().map(|r| r.id).collect::<Vec<StrategyId>>()
        };
        assert_eq!(sorted(false), [3, 1, 4, 2].map(StrategyId));
        assert_eq!(sorted(true), [1, 4, 3, 2].map(StrategyId));
    }
}
