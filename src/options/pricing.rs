//! Prices and Greeks by either model, from inputs that are checked first.
//!
//! Black-76 on the forward is the default for index options: the forward holds the dividends already. Black-Scholes on the
//! spot with a continuous yield is what retail screens and brokers show. Units are those of the kernel
//! ([`super::black76`]); delta and gamma are with respect to the model's own underlying (forward or spot), theta holds
//! it fixed.

use super::black76::{self, Greeks, Inputs, Valuation};
use crate::domain::OptionRight;

/// What the underlying of a price is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Model {
    /// The forward of the option's own expiry.
    #[default]
    Black76,
    /// The spot, carried at the rate less the yield.
    BlackScholes,
}

impl Model {
    /// As files and flags spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Black76 => "black76",
            Self::BlackScholes => "bs",
        }
    }
}

/// One option as a model sees it, without its volatility.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    pub model: Model,
    pub right: OptionRight,
    /// Forward or spot, in points; positive.
    pub underlying: f64,
    /// In points; positive.
    pub strike: f64,
    /// Years to the contract's close (365 days); zero or less means expired.
    pub t_years: f64,
    /// Annual continuously compounded rate.
    pub rate: f64,
    /// Annual continuous dividend yield; Black-76 has no use for it.
    pub dividend: f64,
}

/// An input no model can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadInput {
    #[error("the underlying must be a positive price")]
    Underlying,
    #[error("the strike must be a positive price")]
    Strike,
    #[error("the time to expiry must be a number of years")]
    Time,
    #[error("the rate must be a number, an annual fraction such as 0.055")]
    Rate,
    #[error("the dividend yield must be a number, an annual fraction such as 0.012")]
    Dividend,
    #[error("the volatility must be zero or more, an annual fraction such as 0.13")]
    Volatility,
    #[error("with these inputs the price is beyond what a number can hold")]
    OutOfRange,
}

impl Terms {
    /// The first thing that is wrong with them.
    pub fn check(&self) -> Result<(), BadInput> {
        let positive = |x: f64| x > 0.0 && x.is_finite();
        match self {
            t if !positive(t.underlying) => Err(BadInput::Underlying),
            t if !positive(t.strike) => Err(BadInput::Strike),
            t if !t.t_years.is_finite() => Err(BadInput::Time),
            t if !t.rate.is_finite() => Err(BadInput::Rate),
            t if t.model == Model::BlackScholes && !t.dividend.is_finite() => Err(BadInput::Dividend),
            _ => Ok(()),
        }
    }

    /// Annual rate at which the model's underlying grows into its forward.
    fn carry(&self) -> f64 {
        match self.model {
            Model::Black76 => 0.0,
            Model::BlackScholes => self.rate - self.dividend,
        }
    }

    /// Forward points per point of the underlying.
    fn growth(&self) -> f64 {
        match self.model {
            Model::Black76 => 1.0,
            Model::BlackScholes => libm::exp(self.carry() * self.t_years.max(0.0)),
        }
    }

    /// The forward of the option's expiry, in points.
    pub fn forward(&self) -> f64 {
        self.underlying * self.growth()
    }

    /// The kernel's inputs at a volatility.
    pub fn at(&self, vol: f64) -> Inputs {
        let Self { right, strike, t_years, rate, .. } = *self;
        Inputs { right, forward: self.forward(), strike, t_years, vol, rate }
    }
}

impl From<Inputs> for Terms {
    fn from(i: Inputs) -> Self {
        let Inputs { right, forward, strike, t_years, rate, .. } = i;
        Self { model: Model::Black76, right, underlying: forward, strike, t_years, rate, dividend: 0.0 }
    }
}

/// Price, Greeks and probability of one unit at a volatility (annual fraction). Expired options, and those without
/// volatility, are worth their intrinsic value.
pub fn value(terms: &Terms, vol: f64) -> Result<Valuation, BadInput> {
    terms.check()?;
    if !(vol >= 0.0 && vol.is_finite()) {
        return Err(BadInput::Volatility);
    }
    let on_forward = black76::value(&terms.at(vol));
    let found = match terms.model {
        Model::Black76 => on_forward,
        Model::BlackScholes => on_spot(terms, &on_forward),
    };
    let g = &found.greeks;
    let sums = [found.price, g.delta, g.gamma, g.theta, g.vega, g.rho, found.in_the_money];
    if sums.iter().all(|x| x.is_finite()) { Ok(found) } else { Err(BadInput::OutOfRange) }
}

/// The chain rule from the forward to the spot: the forward is the spot times its growth, which shrinks as time passes and
/// grows with the rate.
fn on_spot(terms: &Terms, on_forward: &Valuation) -> Valuation {
    let Valuation { price, greeks: g, in_the_money } = *on_forward;
    let growth = terms.growth();
    // What the holding in the underlying that hedges the option is worth, in points.
    let hedge = g.delta * terms.forward();
    let t_years = terms.t_years.max(0.0);
    let passing = if t_years > 0.0 { terms.carry() * hedge / 365.0 } else { 0.0 };
    let greeks = Greeks {
        delta: g.delta * growth,
        gamma: g.gamma * growth * growth,
        theta: g.theta - passing,
        vega: g.vega,
        rho: g.rho + t_years * hedge / 100.0,
    };
    Valuation { price, greeks, in_the_money }
}

#[cfg(test)]
mod tests;
