//! Whether the premiums of a strategy can be prices of one moment.
//!
//! Recommendations mix last trades of different hours, even days: a credit spread that costs money, a butterfly that pays
//! for being held. Such a strategy must not be executed until fresh quotes have replaced its prices.

use std::fmt;

use crate::domain::{Leg, LegKind, OptionRight, Price};

use super::naming::{self, Bias};
use super::payoff::Payoff;

/// The code of the blocking issue that this check raises; it may be lifted when the legs are coherent at live quotes.
pub const INCONSISTENT_PRICES: &str = "inconsistent_prices";

/// What cannot be true of prices of one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Incoherence {
    /// A call with the higher strike (a put with the lower) costs more than its neighbour.
    OutOfOrder { right: OptionRight, cheaper: Price, dearer: Price },
    /// Two strikes differ in price by more than the strikes themselves.
    WiderThanStrikes { right: OptionRight, low: Price, high: Price },
    /// A loss whatever happens: a credit structure without a credit, a debit at or over the width.
    SureLoss,
    /// A gain whatever happens: a debit structure that pays, a credit at or over the width.
    SureGain,
}

impl fmt::Display for Incoherence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfOrder { right, cheaper, dearer } => {
                write!(f, "the {dearer} {right} costs more than the {cheaper} {right}, which is worth at least as much")
            }
            Self::WiderThanStrikes { right, low, high } => {
                write!(f, "the {low} and {high} {right} differ in price by more than their strikes do")
            }
            Self::SureLoss => f.write_str("at these prices it loses wherever the underlying goes"),
            Self::SureGain => f.write_str("at these prices it cannot lose wherever the underlying goes"),
        }
    }
}

/// The first thing that shows the premiums are not of one moment; `None` also where premiums are missing.
pub fn incoherence(legs: &[Leg]) -> Option<Incoherence> {
    let pairs = legs.iter().enumerate().flat_map(|(i, a)| legs[i + 1..].iter().map(move |b| (a, b)));
    if let Some(found) = pairs.into_iter().find_map(|(a, b)| between(a, b)) {
        return Some(found);
    }
    let payoff = Payoff::of(legs).ok()?;
    // A box is meant to have one certain result; which sign it has is its price.
    if naming::of_legs(legs).bias() == Bias::Arbitrage {
        return None;
    }
    if payoff.max_points().is_some_and(|most| most <= Price::ZERO.0) {
        return Some(Incoherence::SureLoss);
    }
    payoff.min_points().is_some_and(|least| least >= Price::ZERO.0).then_some(Incoherence::SureGain)
}

fn between(a: &Leg, b: &Leg) -> Option<Incoherence> {
    let (LegKind::Option { strike: ka, right }, LegKind::Option { strike: kb, right: other }) = (a.kind, b.kind) else {
        return None;
    };
    if right != other || a.expiry != b.expiry || ka == kb {
        return None;
    }
    let (low, high) = if ka < kb { ((ka, a.premium?), (kb, b.premium?)) } else { ((kb, b.premium?), (ka, a.premium?)) };
    let (worth_more, worth_less) = match right {
        OptionRight::Call => (low, high),
        OptionRight::Put => (high, low),
    };
    if worth_less.1 > worth_more.1 {
        return Some(Incoherence::OutOfOrder { right, cheaper: worth_more.0, dearer: worth_less.0 });
    }
    let wide = worth_more.1 - worth_less.1 > high.0 - low.0;
    wide.then_some(Incoherence::WiderThanStrikes { right, low: low.0, high: high.0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Side;
    use rust_decimal::Decimal;
    use rust_decimal_macros::dec;

    fn leg(side: Side, strike: i64, right: OptionRight, ratio: u32, premium: Decimal) -> Leg {
        let kind = LegKind::Option { strike: Price(strike.into()), right };
        Leg { side, kind, expiry: None, ratio, premium: Some(Price(premium)) }
    }
    use OptionRight::{Call, Put};
    use Side::{Buy, Sell};

    #[test]
    fn ordinary_prices_are_coherent() {
        let condor = [
            leg(Buy, 25000, Put, 1, dec!(42.1)),
            leg(Sell, 25400, Put, 1, dec!(88.2)),
            leg(Sell, 26600, Call, 1, dec!(118.6)),
            leg(Buy, 27000, Call, 1, dec!(47.7)),
        ];
        assert_eq!(incoherence(&condor), None);
        assert_eq!(incoherence(&[leg(Buy, 26000, Call, 1, dec!(310))]), None);
    }

    #[test]
    fn a_credit_spread_without_a_credit_is_not() {
        let spread = [leg(Sell, 1300, Call, 1, dec!(8.2)), leg(Buy, 1400, Call, 1, dec!(8.95))];
        let found = incoherence(&spread);
        assert_eq!(
            found,
            Some(Incoherence::OutOfOrder { right: Call, cheaper: Price(dec!(1300)), dearer: Price(dec!(1400)) })
        );
        let even = [leg(Sell, 1300, Call, 1, dec!(8.2)), leg(Buy, 1400, Call, 1, dec!(8.2))];
        assert_eq!(incoherence(&even), Some(Incoherence::SureLoss));
    }

    #[test]
    fn a_debit_over_the_width_is_not() {
        let spread = [leg(Buy, 26000, Call, 1, dec!(200)), leg(Sell, 26100, Call, 1, dec!(80))];
        let wide = Incoherence::WiderThanStrikes { right: Call, low: Price(dec!(26000)), high: Price(dec!(26100)) };
        assert_eq!(incoherence(&spread), Some(wide));
    }

    #[test]
    fn a_butterfly_that_pays_is_not() {
        let free = [
            leg(Buy, 1620, Call, 1, dec!(49.95)),
            leg(Sell, 1660, Call, 2, dec!(45)),
            leg(Buy, 1700, Call, 1, dec!(34.9)),
        ];
        assert_eq!(incoherence(&free), Some(Incoherence::SureGain));
        let dear =
            [leg(Buy, 2260, Call, 1, dec!(62)), leg(Sell, 2300, Call, 2, dec!(24)), leg(Buy, 2340, Call, 1, dec!(23))];
        assert_eq!(incoherence(&dear), None);
        let sure =
            [leg(Buy, 2260, Call, 1, dec!(64)), leg(Sell, 2300, Call, 2, dec!(24)), leg(Buy, 2340, Call, 1, dec!(24))];
        assert_eq!(incoherence(&sure), Some(Incoherence::SureLoss));
    }

    #[test]
    fn a_box_may_have_a_certain_result() {
        let long_box = [
            leg(Buy, 25800, Call, 1, dec!(330)),
            leg(Sell, 26200, Call, 1, dec!(110)),
            leg(Sell, 25800, Put, 1, dec!(80)),
            leg(Buy, 26200, Put, 1, dec!(255)),
        ];
        assert_eq!(incoherence(&long_box), None);
    }
}
