//! What a price implies: volatility, and from it the delta a decision can be based on.
//!
//! [`solve`] is exact and fast; [`delta`] is coarse, slow, and the same to the bit wherever it runs.

mod solver;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

pub use self::solver::{NoVolatility, Solved, solve, solve_all};
use super::black76::{Inputs, YEAR_SECONDS, greeks, price};
use crate::domain::{OptionRight, Price};

/// Volatilities between which one is looked for.
const RANGE: (f64, f64) = (0.005, 5.0);
/// Halvings of that range: beyond what a delta of three digits can show.
const HALVINGS: u32 = 60;

/// The volatility at which an option is worth `at`; `None` where no volatility makes it so (at or under its intrinsic
/// value, or dearer than the forward allows).
pub fn volatility(right: OptionRight, forward: f64, strike: f64, t_years: f64, at: f64) -> Option<f64> {
    let worth = |vol: f64| price(&Inputs { right, forward, strike, t_years, vol, rate: 0.0 });
    let (mut low, mut high) = RANGE;
    let inside = forward > 0.0 && strike > 0.0 && t_years > 0.0 && worth(low) < at && at < worth(high);
    if !inside {
        return None;
    }
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if worth(middle) < at { low = middle } else { high = middle }
    }
    Some(f64::midpoint(low, high))
}

/// Delta to three decimals: of the volatility that the price implies, or of the intrinsic value where it implies none. The
/// underlying's price stands for its forward: over the weeks that short legs live, the difference is small against a
/// threshold. The same inputs give the same answer on every machine.
pub fn delta(right: OptionRight, spot: Price, strike: Price, seconds: i64, at: Price) -> Option<Decimal> {
    let (forward, strike, at) = (spot.0.to_f64()?, strike.0.to_f64()?, at.0.to_f64()?);
    let t_years = seconds as f64 / YEAR_SECONDS;
    let vol = volatility(right, forward, strike, t_years, at).unwrap_or(0.0);
    let exact = greeks(&Inputs { right, forward, strike, t_years, vol, rate: 0.0 }).delta;
    let thousandths = (exact * 1_000.0).round();
    thousandths.is_finite().then(|| Decimal::new(thousandths as i64, 3).normalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal_macros::dec;

    #[test]
    fn a_price_gives_back_the_volatility_it_was_made_with() {
        for (right, strike) in [(OptionRight::Call, 26_300.0), (OptionRight::Put, 25_400.0)] {
            let inputs = Inputs { right, forward: 26_000.0, strike, t_years: 0.03, vol: 0.137, rate: 0.0 };
            let found = volatility(right, 26_000.0, strike, 0.03, price(&inputs)).unwrap();
            assert!((found - 0.137).abs() < 1e-9, "{found}");
        }
    }

    #[test]
    fn at_the_money_delta_is_about_a_half_and_intrinsic_value_has_all_or_nothing() {
        let week = 7 * 86_400;
        let near = delta(OptionRight::Call, Price(dec!(26000)), Price(dec!(26000)), week, Price(dec!(200))).unwrap();
        assert!(near > dec!(0.49) && near < dec!(0.53), "{near}");
        let put = delta(OptionRight::Put, Price(dec!(25000)), Price(dec!(26000)), week, Price(dec!(999))).unwrap();
        assert_eq!(put, dec!(-1));
        assert_eq!(delta(OptionRight::Call, Price(dec!(25000)), Price(dec!(26000)), 0, Price(dec!(5))), Some(dec!(0)));
    }
}
