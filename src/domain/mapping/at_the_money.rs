//! The option at the money: the listed strike nearest to the underlying's price, of the expiry the policy means.

use super::{ExpiryPolicy, Listed, MappingError, find_underlying, resolve_expiry};
use crate::domain::time::Timestamp;
use crate::domain::{ContractKind, Instrument, InstrumentIndex, OptionRight, Price, Symbol};

/// The option of `symbol` whose strike is nearest to `spot`. Nothing is guessed: what is missing is a reason.
pub fn at_the_money(
    index: &InstrumentIndex,
    symbol: Symbol,
    spot: Price,
    right: OptionRight,
    now: Timestamp,
    policy: ExpiryPolicy,
) -> Result<Instrument, MappingError> {
    let (exchange, symbol) = find_underlying(index, symbol.as_str(), None, Listed::Options)?;
    let expiry = resolve_expiry(index, exchange, symbol, Listed::Options, now, policy)?;
    let strike_of = |option: &Instrument| match option.contract.kind {
        ContractKind::Option { strike, right: of, .. } if of == right => Some(strike),
        _ => None,
    };
    let strikes: Vec<Price> = index.options(exchange, symbol, expiry).filter_map(|i| strike_of(&i)).collect();
    nearest_strike(&strikes, spot, right)
        .and_then(|strike| index.option(exchange, symbol, expiry, strike, right))
        .ok_or(MappingError::NothingAtTheMoney { symbol, expiry, spot, right })
}

/// The strike nearest to `spot` of `strikes` (ascending). Halfway between two, the one in the money: the lower for a call,
/// the higher for a put. `None` where the strikes do not reach around the spot, or have a hole there: the nearest would be no
/// strike at the money.
pub fn nearest_strike(strikes: &[Price], spot: Price, right: OptionRight) -> Option<Price> {
    let above = strikes.partition_point(|s| *s < spot);
    if strikes.get(above) == Some(&spot) {
        return Some(spot);
    }
    let (lower, higher) = (*strikes.get(above.checked_sub(1)?)?, *strikes.get(above)?);
    let around = &strikes[above.saturating_sub(5)..(above + 5).min(strikes.len())];
    let step = around.windows(2).map(|pair| pair[1].0 - pair[0].0).min()?;
    if higher.0 - lower.0 > step {
        return None;
    }
    let (down, up) = (spot.0 - lower.0, higher.0 - spot.0);
    let lower_wins = down < up || (down == up && right == OptionRight::Call);
    Some(if lower_wins { lower } else { higher })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rust_decimal::Decimal;
    use rust_decimal_macros::dec;

    fn strikes(each: &[i64]) -> Vec<Price> {
        each.iter().map(|s| Price(Decimal::from(*s))).collect()
    }

    #[test]
    fn halfway_between_two_strikes_it_is_the_one_in_the_money() {
        let listed = strikes(&[22_450, 22_500, 22_550, 22_600]);
        let at = |spot, right| nearest_strike(&listed, Price(spot), right).map(|p| p.0);
        for half in [dec!(22525), dec!(22575)] {
            assert_eq!(at(half, OptionRight::Call), Some(half - dec!(25)));
            assert_eq!(at(half, OptionRight::Put), Some(half + dec!(25)));
        }
        assert_eq!(at(dec!(22524.95), OptionRight::Put), Some(dec!(22500)));
        assert_eq!(at(dec!(22525.05), OptionRight::Call), Some(dec!(22550)));
        assert_eq!(at(dec!(22550), OptionRight::Call), Some(dec!(22550)));
    }

    #[test]
    fn where_the_strikes_end_or_have_a_hole_nothing_is_guessed() {
        let listed = strikes(&[22_400, 22_450, 22_500, 22_650, 22_700]);
        let at = |spot| nearest_strike(&listed, Price(Decimal::from(spot)), OptionRight::Call);
        assert_eq!((at(22_390), at(22_720), at(22_510)), (None, None, None));
        assert_eq!(at(22_460), Some(Price(dec!(22450))));
        assert_eq!(nearest_strike(&[], Price(dec!(100)), OptionRight::Call), None);
    }

    proptest! {
        #[test]
        fn no_listed_strike_is_nearer(paise in 2_240_000_i64..2_270_000, put in any::<bool>()) {
            let listed = strikes(&(0..=12).map(|n| 22_200 + n * 50).collect::<Vec<_>>());
            let spot = Price(Decimal::new(paise, 2));
            let right = if put { OptionRight::Put } else { OptionRight::Call };
            let chosen = nearest_strike(&listed, spot, right).unwrap();
            let far = |s: &Price| (s.0 - spot.0).abs();
            prop_assert!(listed.iter().all(|s| far(s) >= far(&chosen)));
        }
    }
}
