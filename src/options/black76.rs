//! Black-76: European options on the forward of their own expiry, and their Greeks. The kernel of all pricing here.
//!
//! Units as on an Indian options screen: delta per point of the forward (discounted), gamma per point², theta per
//! calendar day (annual / 365, forward held fixed), vega per volatility point (0.01). Volatility, rate and time are
//! annual fractions; time is seconds to the contract's close / 31,536,000. Floating point by design: these are
//! models, not money.

use crate::domain::OptionRight;

/// Seconds in the year all option time is measured in (365 days).
pub const YEAR_SECONDS: f64 = 31_536_000.0;

/// Sensitivities of one unit of the option.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Greeks {
    /// Per point of the forward.
    pub delta: f64,
    /// Per point of the forward, squared.
    pub gamma: f64,
    /// Per calendar day.
    pub theta: f64,
    /// Per volatility point (0.01).
    pub vega: f64,
    /// Per 1 % of rate (0.01), the forward held fixed: the discount alone moves.
    pub rho: f64,
}

/// All that the model says of one unit, computed together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Valuation {
    /// In points.
    pub price: f64,
    pub greeks: Greeks,
    /// The probability of ending in the money, under the model (0 to 1).
    pub in_the_money: f64,
}

/// What an option is priced from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inputs {
    pub right: OptionRight,
    /// Forward of the option's expiry, in points; positive.
    pub forward: f64,
    /// Strike in points; positive.
    pub strike: f64,
    /// Years to expiry; zero or less means expired.
    pub t_years: f64,
    /// Annual volatility as a fraction (0.13 is 13 %).
    pub vol: f64,
    /// Annual continuously compounded rate, for discounting only.
    pub rate: f64,
}

/// An option at one forward and one moment, for pricing at many volatilities: what does not depend on the volatility is
/// computed once.
#[derive(Clone, Copy, Debug)]
pub struct Slice {
    forward: f64,
    strike: f64,
    t_years: f64,
    rate: f64,
    /// +1 for a call, −1 for a put.
    sign: f64,
    /// What exercising now against the forward would pay, undiscounted.
    intrinsic: f64,
    discount: f64,
    /// The root of the time to expiry.
    root: f64,
    /// ln(forward / strike)
    moneyness: f64,
}

/// The option of a strike that has no intrinsic value. It keeps its digits; its twin follows from it by parity.
struct OutOfTheMoney {
    /// Whether it is the option asked about, or its twin.
    is_self: bool,
    /// The normal distribution at ±d1 and ±d2, on its own side.
    tail1: f64,
    tail2: f64,
    /// Undiscounted, in points.
    value: f64,
}

impl Slice {
    /// Whatever volatility `i` has is not used.
    pub fn of(i: &Inputs) -> Self {
        let Inputs { forward, strike, rate, .. } = *i;
        let t_years = i.t_years.max(0.0);
        let sign = match i.right {
            OptionRight::Call => 1.0,
            OptionRight::Put => -1.0,
        };
        Self {
            forward,
            strike,
            t_years,
            rate,
            sign,
            intrinsic: (sign * (forward - strike)).max(0.0),
            discount: libm::exp(-rate * t_years),
            root: libm::sqrt(t_years),
            moneyness: ln_ratio(forward, strike),
        }
    }

    /// `(d1, d2, standard deviation)`; `None` where nothing is random any more.
    fn d(&self, vol: f64) -> Option<(f64, f64, f64)> {
        let sd = vol * self.root;
        let d1 = self.moneyness / sd + sd / 2.0;
        (sd > 0.0).then_some((d1, d1 - sd, sd))
    }

    fn out_of_the_money(&self, d1: f64, d2: f64) -> OutOfTheMoney {
        let sign = if self.forward <= self.strike { 1.0 } else { -1.0 };
        let (tail1, tail2) = (normal_cdf(sign * d1), normal_cdf(sign * d2));
        let value = (sign * (self.forward * tail1 - self.strike * tail2)).max(0.0);
        OutOfTheMoney { is_self: self.sign * sign > 0.0, tail1, tail2, value }
    }

    /// The price of one unit, in points. Intrinsic value once time or volatility has run out.
    pub fn price(&self, vol: f64) -> f64 {
        let Some((d1, d2, _)) = self.d(vol) else { return self.discount * self.intrinsic };
        self.discount * (self.intrinsic + self.out_of_the_money(d1, d2).value)
    }

    /// Price, Greeks and probability in one go: each normal distribution is computed once.
    pub fn value(&self, vol: f64) -> Valuation {
        let Some((d1, d2, sd)) = self.d(vol) else { return self.certain() };
        let otm = self.out_of_the_money(d1, d2);
        let side = |tail: f64| if otm.is_self { tail } else { 1.0 - tail };
        let price = self.discount * (self.intrinsic + otm.value);
        let density = self.discount * normal_density(d1);
        let vega = self.forward * density * self.root;
        let decay = -self.forward * density * vol / (2.0 * self.root);
        let greeks = Greeks {
            delta: self.sign * self.discount * side(otm.tail1),
            gamma: density / (self.forward * sd),
            theta: (decay + self.rate * price) / 365.0,
            vega: vega / 100.0,
            rho: -self.t_years * price / 100.0,
        };
        Valuation { price, greeks, in_the_money: side(otm.tail2) }
    }

    /// Nothing is random any more: expired, or without volatility. Before expiry the discount still moves.
    fn certain(&self) -> Valuation {
        let price = self.discount * self.intrinsic;
        let passing = if self.t_years > 0.0 { self.rate * price / 365.0 } else { 0.0 };
        let (delta, in_the_money) = if self.intrinsic > 0.0 { (self.sign * self.discount, 1.0) } else { (0.0, 0.0) };
        let rho = -self.t_years * price / 100.0;
        Valuation { price, greeks: Greeks { delta, theta: passing, rho, ..Greeks::default() }, in_the_money }
    }
}

/// The price of one unit, in points. Intrinsic value once time or volatility has run out.
pub fn price(i: &Inputs) -> f64 {
    Slice::of(i).price(i.vol)
}

/// All Greeks of one unit. Zero (delta: of intrinsic value) once time has run out.
pub fn greeks(i: &Inputs) -> Greeks {
    value(i).greeks
}

/// Price, Greeks and the probability of ending in the money.
pub fn value(i: &Inputs) -> Valuation {
    Slice::of(i).value(i.vol)
}

/// The standard normal distribution function, accurate in relative terms far into the tail.
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2)
}

fn normal_density(x: f64) -> f64 {
    const INV_SQRT_TAU: f64 = 0.398_942_280_401_432_7;
    INV_SQRT_TAU * libm::exp(-0.5 * x * x)
}

/// ln(a / b), without losing digits when the two are close.
pub(super) fn ln_ratio(a: f64, b: f64) -> f64 {
    let relative = (a - b) / b;
    if relative.abs() < 0.1 { libm::log1p(relative) } else { libm::log(a / b) }
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // exact by construction
mod tests {
    use super::*;

    #[test]
    fn an_expired_option_is_worth_its_intrinsic_value() {
        let right = OptionRight::Put;
        let expired = Inputs { right, forward: 25_900.0, strike: 26_000.0, t_years: 0.0, vol: 0.13, rate: 0.055 };
        assert_eq!(price(&expired), 100.0);
        assert_eq!(greeks(&expired), Greeks { delta: -1.0, ..Greeks::default() });
        assert_eq!(price(&Inputs { right: OptionRight::Call, ..expired }), 0.0);
    }

    #[test]
    fn put_and_call_of_one_strike_differ_by_the_discounted_forward() {
        let call = Inputs {
            right: OptionRight::Call,
            forward: 25_944.0,
            strike: 26_100.0,
            t_years: 0.02,
            vol: 0.12,
            rate: 0.055,
        };
        let put = Inputs { right: OptionRight::Put, ..call };
        let parity = libm::exp(-0.055 * 0.02) * (25_944.0 - 26_100.0);
        assert!((price(&call) - price(&put) - parity).abs() < 1e-9);
    }
}
