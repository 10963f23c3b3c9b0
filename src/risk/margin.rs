//! Margin: the broker's figure where it has said one, else a rough estimate, labelled so wherever it is shown.

use rust_decimal_macros::dec;

use serde::{Deserialize, Serialize};

use crate::domain::{Bound, Money, NetQuantity, OptionRight, Price};

/// What a strategy would tie up, and who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Margin {
    /// Of all its legs together, hedges counted.
    Broker(Money),
    Estimate(Money),
}

impl Margin {
    pub fn amount(self) -> Money {
        match self {
            Self::Broker(amount) | Self::Estimate(amount) => amount,
        }
    }

    pub fn source(self) -> &'static str {
        match self {
            Self::Broker(_) => "broker",
            Self::Estimate(_) => "estimate",
        }
    }
}

/// An option leg as margin sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarginLeg {
    pub right: OptionRight,
    pub strike: Price,
    /// Units; short is negative.
    pub net: NetQuantity,
}

/// Share of notional a naked short needs: a price scan of 9.3 % plus 2 % exposure plus volatility, rounded up
/// (NSE Clearing parameters for index options).
const NAKED_SHARE: rust_decimal::Decimal = dec!(0.13);
/// Exposure margin on the notional of every short, hedged or not.
const EXPOSURE_SHARE: rust_decimal::Decimal = dec!(0.02);

/// Defined risk needs its largest loss plus exposure on its shorts; naked shorts a share of their notional, the larger
/// side of calls and puts (they cannot both lose).
pub fn estimate(legs: &[MarginLeg], max_loss: Option<Bound>) -> Money {
    let shorts: Money = legs.iter().filter(|l| l.net.0 < 0).map(|l| l.strike * -l.net).sum();
    let exposure = Money(shorts.0 * EXPOSURE_SHARE);
    match max_loss {
        Some(Bound::Limited(loss)) => loss.max(Money::ZERO) + if is_covered(legs) { exposure } else { naked(legs) },
        Some(Bound::Unlimited) | None => naked(legs) + exposure,
    }
    .to_paise()
}

/// Whether every short has a long of its kind.
fn is_covered(legs: &[MarginLeg]) -> bool {
    [OptionRight::Call, OptionRight::Put].into_iter().all(|right| uncovered(legs, right) <= 0)
}

fn uncovered(legs: &[MarginLeg], right: OptionRight) -> i64 {
    -legs.iter().filter(|l| l.right == right).map(|l| l.net.0).sum::<i64>()
}

fn naked(legs: &[MarginLeg]) -> Money {
    let side = |right| {
        let strike =
            legs.iter().filter(|l| l.right == right && l.net.0 < 0).map(|l| l.strike).max().unwrap_or_default();
        Money((strike * NetQuantity(uncovered(legs, right).max(0))).0 * NAKED_SHARE)
    };
    side(OptionRight::Call).max(side(OptionRight::Put))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leg(right: OptionRight, strike: i64, net: i64) -> MarginLeg {
        MarginLeg { right, strike: Price(strike.into()), net: NetQuantity(net) }
    }

    #[test]
    fn a_vertical_needs_its_width_and_exposure_never_more() {
        let legs = [leg(OptionRight::Call, 26_000, -65), leg(OptionRight::Call, 26_200, 65)];
        let width = Money(dec!(13000));
        let exposure = Money(dec!(33800));
        assert!(estimate(&legs, Some(Bound::Limited(Money(dec!(9000))))) <= width + exposure);
    }

    #[test]
    fn a_strangle_is_margined_on_its_larger_side_only() {
        let legs = [leg(OptionRight::Call, 26_500, -65), leg(OptionRight::Put, 25_000, -65)];
        let one = estimate(&legs[..1], Some(Bound::Unlimited));
        let both = estimate(&legs, Some(Bound::Unlimited));
        assert!(both < one + one && both >= one);
    }
}
