//! Where the underlying may be at expiry: the probability of a profit, and the expected move.
//!
//! One lognormal distribution with one flat volatility (that at the money, unless the caller says otherwise). It is what
//! the option market prices in, risk-neutral, and no forecast.

use rust_decimal::prelude::ToPrimitive;

use super::black76::{ln_ratio, normal_cdf};
use super::payoff::Payoff;

/// The distribution of the underlying at expiry.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outlook {
    /// Its mean: the forward of that expiry, in points.
    forward: f64,
    /// The standard deviation of its logarithm; zero once nothing is random any more.
    sd: f64,
}

impl Outlook {
    /// From the forward (points) and the annual volatility (a fraction); `None` unless the figures are usable.
    pub fn new(forward: f64, vol: f64, t_years: f64) -> Option<Self> {
        let sd = vol * libm::sqrt(t_years.max(0.0));
        let usable = forward > 0.0 && forward.is_finite() && vol >= 0.0 && sd.is_finite();
        usable.then_some(Self { forward, sd })
    }

    /// The probability that the underlying ends below `level` points.
    pub fn below(&self, level: f64) -> f64 {
        if level <= 0.0 {
            0.0
        } else if self.sd > 0.0 {
            normal_cdf(ln_ratio(level, self.forward) / self.sd + self.sd / 2.0)
        } else if level > self.forward {
            1.0
        } else {
            0.0
        }
    }

    /// The probability that it ends above `low` and below `high` (`None`: anywhere above). Two levels high in the tail are
    /// told apart there, where numbers near zero keep their digits.
    pub fn between(&self, low: f64, high: Option<f64>) -> f64 {
        let above = |level: f64| match level {
            l if l <= 0.0 => 1.0,
            l if self.sd > 0.0 => normal_cdf(-(ln_ratio(l, self.forward) / self.sd + self.sd / 2.0)),
            l => 1.0 - self.below(l),
        };
        match high {
            None => above(low),
            Some(high) if low > self.forward => above(low) - above(high),
            Some(high) => self.below(high) - self.below(low),
        }
        .clamp(0.0, 1.0)
    }

    /// The probability that a position gains at its expiry: over its profit zones, breakevens excluded.
    pub fn probability_of_profit(&self, payoff: &Payoff) -> f64 {
        let number = |p: crate::domain::Price| p.0.to_f64().unwrap_or(f64::NAN);
        let zones = payoff.profit_zones().into_iter();
        zones.map(|(low, high)| self.between(number(low), high.map(number))).sum::<f64>().clamp(0.0, 1.0)
    }
}

/// One standard deviation of the underlying's move until expiry, in points: price × volatility × √time.
pub fn expected_move(price: f64, vol: f64, t_years: f64) -> f64 {
    price * vol * libm::sqrt(t_years.max(0.0))
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // certain is exactly one
mod tests {
    use super::*;

    #[test]
    fn the_whole_line_is_certain_and_parts_add_up() {
        let outlook = Outlook::new(26_000.0, 0.13, 7.0 / 365.0).unwrap();
        assert_eq!(outlook.between(0.0, None), 1.0);
        let parts = outlook.between(0.0, Some(25_700.0))
            + outlook.between(25_700.0, Some(26_400.0))
            + outlook.between(26_400.0, None);
        assert!((parts - 1.0).abs() < 1e-14, "{parts}");
        let far = outlook.between(31_000.0, Some(32_000.0));
        assert!(far > 0.0 && far < 1e-15, "the far tail is small, not nothing: {far:e}");
    }

    /// The forward is the mean; half of the outcomes lie below a lower price, as those above reach further.
    #[test]
    fn the_middle_lies_below_the_forward_by_half_the_variance() {
        let outlook = Outlook::new(26_000.0, 0.4, 0.25).unwrap();
        let middle = 26_000.0 * (-0.5 * 0.2_f64 * 0.2).exp();
        assert!((outlook.below(middle) - 0.5).abs() < 1e-14);
        assert!((outlook.between(middle, None) - 0.5).abs() < 1e-14);
        assert!(
            (outlook.between(26_500.0, Some(27_000.0)) - (outlook.below(27_000.0) - outlook.below(26_500.0))).abs()
                < 1e-14
        );
    }

    #[test]
    fn without_volatility_it_ends_at_the_forward() {
        let outlook = Outlook::new(26_000.0, 0.0, 0.1).unwrap();
        assert_eq!((outlook.between(25_999.0, Some(26_001.0)), outlook.between(26_001.0, None)), (1.0, 0.0));
        assert_eq!(Outlook::new(f64::NAN, 0.1, 0.1), None);
    }

    #[test]
    fn one_standard_deviation_is_price_times_volatility_times_the_root_of_time() {
        assert!((expected_move(26_000.0, 0.16, 0.25) - 2_080.0).abs() < 1e-9);
    }
}
