//! What a position gains or loses per move of the market, in rupees: its Greeks, per leg and added up.
//!
//! Floating point: models, not money. What a limit is compared with is rounded to rupees first.

use std::iter::Sum;
use std::ops::Add;

use crate::domain::NetQuantity;
use crate::options::black76::{Inputs, Slice, Valuation};
use crate::options::pricing::{self, BadInput, Terms};

/// A position in one contract as the models see it. Its inputs were checked: all its figures are numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RiskLeg {
    holding: Holding,
    /// Signed; positive is long.
    units: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Holding {
    /// With what it is worth now.
    Option(Inputs, Valuation),
    /// A future or a share, at its own price in points.
    Underlying(f64),
}

impl RiskLeg {
    /// Units of an option: the forward of its own expiry, and its own implied volatility.
    pub fn option(inputs: Inputs, units: NetQuantity) -> Result<Self, BadInput> {
        let now = pricing::value(&Terms::from(inputs), inputs.vol)?;
        Ok(Self { holding: Holding::Option(inputs, now), units: units.0 as f64 })
    }

    /// Units of a future or a share at `price` points.
    pub fn underlying(price: f64, units: NetQuantity) -> Result<Self, BadInput> {
        let sound = price > 0.0 && price.is_finite();
        let leg = Self { holding: Holding::Underlying(price), units: units.0 as f64 };
        if sound { Ok(leg) } else { Err(BadInput::Underlying) }
    }

    /// What the model says it is worth now, in rupees; a short position is worth less than nothing.
    pub fn value(&self) -> f64 {
        match &self.holding {
            Holding::Option(_, now) => self.units * now.price,
            Holding::Underlying(price) => self.units * price,
        }
    }

    /// Its Greeks in rupees.
    pub fn exposure(&self) -> Exposure {
        match &self.holding {
            Holding::Option(inputs, now) => {
                let percent = inputs.forward / 100.0;
                let g = &now.greeks;
                Exposure {
                    units: self.units * g.delta,
                    delta: self.units * g.delta * percent,
                    gamma: self.units * g.gamma * percent * percent,
                    theta: self.units * g.theta,
                    vega: self.units * g.vega,
                }
            }
            Holding::Underlying(price) => {
                Exposure { units: self.units, delta: self.units * price / 100.0, ..Exposure::default() }
            }
        }
    }

    /// Rupees gained for each relative change of volatility in `vols` (0.1 is a tenth more), with the underlying moved by
    /// the fraction `spot` and `days` gone, added to `gains`. A leg that has expired by then pays its intrinsic value there.
    pub(super) fn add_gains(&self, spot: f64, days: f64, vols: &[f64], gains: &mut [f64]) {
        match &self.holding {
            Holding::Option(inputs, now) => {
                let forward = inputs.forward * (1.0 + spot);
                let t_years = inputs.t_years - days / 365.0;
                let there = Slice::of(&Inputs { forward, t_years, ..*inputs });
                for (gain, vol) in gains.iter_mut().zip(vols) {
                    *gain += self.units * (there.price(inputs.vol * (1.0 + vol)) - now.price);
                }
            }
            Holding::Underlying(price) => gains.iter_mut().for_each(|gain| *gain += self.units * price * spot),
        }
    }
}

/// Greeks of a position in rupees. They add up over legs, strategies and underlyings.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Exposure {
    /// Units of the underlying that would move alike (not rupees). Adds up within one underlying only.
    pub units: f64,
    /// Rupees per rise of the underlying by 1 %.
    pub delta: f64,
    /// By how much `delta` grows per rise of 1 %.
    pub gamma: f64,
    /// Rupees per calendar day that passes.
    pub theta: f64,
    /// Rupees per volatility point (0.01).
    pub vega: f64,
}

impl Add for Exposure {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            units: self.units + other.units,
            delta: self.delta + other.delta,
            gamma: self.gamma + other.gamma,
            theta: self.theta + other.theta,
            vega: self.vega + other.vega,
        }
    }
}

impl Sum for Exposure {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::default(), |a, b| a + b)
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // the same arithmetic, the same bits
mod tests {
    use super::*;
    use crate::domain::OptionRight;

    fn call(units: i64) -> RiskLeg {
        let (right, forward, strike) = (OptionRight::Call, 26_000.0, 26_100.0);
        let inputs = Inputs { right, forward, strike, t_years: 7.0 / 365.0, vol: 0.13, rate: 0.055 };
        RiskLeg::option(inputs, NetQuantity(units)).unwrap()
    }

    /// Rupees gained by a small move.
    fn gain(leg: &RiskLeg, spot: f64, days: f64, vol: f64) -> f64 {
        let mut gains = [0.0];
        leg.add_gains(spot, days, &[vol], &mut gains);
        gains[0]
    }

    #[test]
    fn the_greeks_in_rupees_are_what_small_moves_bring() {
        let leg = call(-65);
        let of = leg.exposure();
        let near = |a: f64, b: f64| (a - b).abs() < 1e-3 * b.abs().max(1.0);
        let (up, down) = (gain(&leg, 1e-4, 0.0, 0.0), gain(&leg, -1e-4, 0.0, 0.0));
        assert!(near((up - down) / 2e-4 / 100.0, of.delta), "delta {}", of.delta);
        assert!(near((up + down) / 1e-8 / 10_000.0, of.gamma), "gamma {}", of.gamma);
        assert!(near(gain(&leg, 0.0, 1e-4, 0.0) / 1e-4, of.theta), "theta {}", of.theta);
        assert!(near(gain(&leg, 0.0, 0.0, 1e-4) / (1e-4 * 13.0), of.vega), "vega {}", of.vega);
        assert!(of.delta < 0.0 && of.gamma < 0.0 && of.theta > 0.0 && of.vega < 0.0, "a short call");
    }

    #[test]
    fn a_future_has_delta_and_nothing_else() {
        let future = RiskLeg::underlying(26_000.0, NetQuantity(65)).unwrap();
        let want = Exposure { units: 65.0, delta: 16_900.0, ..Exposure::default() };
        assert_eq!(future.exposure(), want);
        assert!((gain(&future, 0.01, 3.0, 0.5) - 16_900.0).abs() < 1e-9);
        assert!(RiskLeg::underlying(f64::NAN, NetQuantity(65)).is_err());
    }

    #[test]
    fn greeks_add_up() {
        let both: Exposure = [call(65), call(-65)].iter().map(RiskLeg::exposure).sum();
        assert_eq!(both, Exposure::default());
    }
}
