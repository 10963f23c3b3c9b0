//! What a position is worth before its last expiry: profit and loss by model, at any date and volatility, for legs of one
//! or several expiries.
//!
//! Figures are points per unit of the underlying for the lots given, and estimates: each leg keeps its own volatility and
//! its own carry. The exact result at a single expiry is [`super::payoff`]'s.

use super::black76::{Inputs, price};
use crate::domain::{LegKind, OptionRight};

/// A leg as the model sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ModelLeg {
    /// The right and the strike (points) of an option; `None` for the underlying itself (a future or a share).
    pub option: Option<(OptionRight, f64)>,
    /// Signed; positive is long.
    pub lots: f64,
    /// What was paid or received per unit, in points.
    pub paid: f64,
    /// Years from now to its expiry; a share has none, and zero carry.
    pub t_years: f64,
    /// Annual, a fraction. Its own: what its price implies.
    pub vol: f64,
    /// Annual rate at which the underlying's price grows into this leg's forward: rate less yield, or what a future says.
    pub carry: f64,
}

impl ModelLeg {
    /// The option part of a leg's kind.
    pub fn option_of(kind: LegKind) -> Option<(OptionRight, f64)> {
        use rust_decimal::prelude::ToPrimitive;
        match kind {
            LegKind::Option { strike, right } => Some((right, strike.0.to_f64()?)),
            LegKind::Future | LegKind::Equity => None,
        }
    }

    /// Points gained with the underlying at `spot`, `years` from now, at volatility times `vol_factor`.
    fn gain(&self, rate: f64, spot: f64, years: f64, vol_factor: f64) -> f64 {
        let left = (self.t_years - years).max(0.0);
        let forward = spot * libm::exp(self.carry * left);
        let worth = match self.option {
            None => forward,
            // At zero the logarithm has no answer, and the option no secret.
            Some((right, strike)) if forward <= 0.0 => match right {
                OptionRight::Call => 0.0,
                OptionRight::Put => strike * libm::exp(-rate * left),
            },
            Some((right, strike)) => {
                price(&Inputs { right, forward, strike, t_years: left, vol: self.vol * vol_factor, rate })
            }
        };
        self.lots * (worth - self.paid)
    }
}

/// Legs that are valued together.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelPosition {
    pub legs: Vec<ModelLeg>,
    /// Annual continuously compounded rate, for discounting.
    pub rate: f64,
}

/// A figure of a curve and where it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extreme {
    /// In points.
    pub pnl: f64,
    /// The underlying's price there.
    pub spot: f64,
}

/// What a curve does over a range of prices of the underlying.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// Where it changes sign, ascending.
    pub breakevens: Vec<f64>,
    pub most: Extreme,
    pub least: Extreme,
}

/// Stretches a range is looked at in, before its turns are searched for.
const STRETCHES: usize = 400;
/// Halvings that place a breakeven or a turn to the last digits.
const HALVINGS: usize = 80;

impl ModelPosition {
    /// Points gained (negative: lost) with the underlying at `spot`, `years` from now, every volatility at `vol_factor` times
    /// what it is. Legs that have expired by then pay their intrinsic value at that price.
    pub fn pnl(&self, spot: f64, years: f64, vol_factor: f64) -> f64 {
        self.legs.iter().map(|leg| leg.gain(self.rate, spot, years, vol_factor)).sum()
    }

    /// The nearest expiry of an option, in years from now.
    pub fn near_expiry(&self) -> Option<f64> {
        self.legs.iter().filter(|leg| leg.option.is_some()).map(|leg| leg.t_years).min_by(f64::total_cmp)
    }

    /// Breakevens, highest and lowest result between `low` and `high`, `years` from now.
    pub fn shape(&self, low: f64, high: f64, years: f64) -> Option<Shape> {
        let at = |spot: f64| self.pnl(spot, years, 1.0);
        let step = (high - low) / STRETCHES as f64;
        let mut spots: Vec<f64> = (0..STRETCHES).map(|n| low + step * n as f64).collect();
        spots.push(high);
        spots.extend(self.legs.iter().filter_map(|leg| leg.option.map(|(_, strike)| strike)));
        spots.retain(|spot| (low..=high).contains(spot));
        spots.sort_by(f64::total_cmp);
        spots.dedup();
        let turns: Vec<f64> = spots.windows(3).filter_map(|three| turn(three, at)).flatten().collect();
        spots.extend(turns);
        spots.sort_by(f64::total_cmp);
        let points: Vec<Extreme> = spots.into_iter().map(|spot| Extreme { pnl: at(spot), spot }).collect();
        Some(Shape {
            breakevens: points.windows(2).filter_map(|two| crossing(two, at)).collect(),
            most: *points.iter().rev().max_by(|a, b| a.pnl.total_cmp(&b.pnl))?,
            least: *points.iter().min_by(|a, b| a.pnl.total_cmp(&b.pnl))?,
        })
    }
}

/// Where the curve turns around the middle of three neighbours, on either side of it (the middle may be a kink).
fn turn(three: &[f64], at: impl Fn(f64) -> f64) -> Option<[f64; 2]> {
    let [a, b, c] = three else { return None };
    let (left, middle, right) = (at(*a), at(*b), at(*c));
    if middle > left && middle > right {
        Some([summit(*a, *b, &at), summit(*b, *c, &at)])
    } else if middle < left && middle < right {
        let below = |x: f64| -at(x);
        Some([summit(*a, *b, below), summit(*b, *c, below)])
    } else {
        None
    }
}

/// The highest point of a stretch with one summit, by golden section.
fn summit(mut low: f64, mut high: f64, at: impl Fn(f64) -> f64) -> f64 {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    for _ in 0..HALVINGS {
        let (left, right) = (high - (high - low) * GOLDEN, low + (high - low) * GOLDEN);
        if at(left) < at(right) { low = left } else { high = right }
    }
    f64::midpoint(low, high)
}

/// The breakeven between two neighbours of different sign, by halving.
fn crossing(two: &[Extreme], at: impl Fn(f64) -> f64) -> Option<f64> {
    let [a, b] = two else { return None };
    if (a.pnl > 0.0) == (b.pnl > 0.0) {
        return None;
    }
    let (mut low, mut high) = (a.spot, b.spot);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if (at(middle) > 0.0) == (a.pnl > 0.0) { low = middle } else { high = middle }
    }
    Some(f64::midpoint(low, high))
}

#[cfg(test)]
mod tests {
    use super::*;
    use OptionRight::{Call, Put};

    const WEEK: f64 = 7.0 / 365.0;

    fn leg(right: OptionRight, strike: f64, lots: f64, paid: f64, t_years: f64) -> ModelLeg {
        ModelLeg { option: Some((right, strike)), lots, paid, t_years, vol: 0.13, carry: 0.055 }
    }

    fn position(legs: Vec<ModelLeg>) -> ModelPosition {
        ModelPosition { legs, rate: 0.055 }
    }

    #[test]
    fn at_expiry_the_curve_is_the_payoff() {
        let strangle = position(vec![leg(Put, 25_500.0, -1.0, 60.0, WEEK), leg(Call, 26_500.0, -1.0, 70.0, WEEK)]);
        for spot in [0.0, 24_000.0, 25_500.0, 26_000.0, 27_000.0] {
            let paid: f64 = 130.0 - (25_500.0_f64 - spot).max(0.0) - (spot - 26_500.0_f64).max(0.0);
            assert!((strangle.pnl(spot, WEEK, 1.0) - paid).abs() < 1e-9);
        }
        let shape = strangle.shape(20_000.0, 32_000.0, WEEK).unwrap();
        assert!((shape.breakevens[0] - 25_370.0).abs() < 1e-6 && (shape.breakevens[1] - 26_630.0).abs() < 1e-6);
        assert!((shape.most.pnl - 130.0).abs() < 1e-9);
    }

    #[test]
    fn more_volatility_and_more_time_hurt_a_short_straddle() {
        let straddle = position(vec![leg(Put, 26_000.0, -1.0, 180.0, WEEK), leg(Call, 26_000.0, -1.0, 210.0, WEEK)]);
        let today = straddle.pnl(26_000.0, 0.0, 1.0);
        assert!(straddle.pnl(26_000.0, 0.0, 1.3) < today);
        assert!(straddle.pnl(26_000.0, WEEK / 2.0, 1.0) > today);
    }

    #[test]
    fn a_share_and_a_future_gain_point_by_point() {
        let held = |t_years: f64| ModelLeg { option: None, lots: 2.0, paid: 25_000.0, t_years, vol: 0.0, carry: 0.055 };
        assert!((position(vec![held(0.0)]).pnl(26_000.0, 0.0, 1.0) - 2_000.0).abs() < 1e-9);
        let future = position(vec![held(0.1)]);
        assert!((future.pnl(26_000.0, 0.1, 1.0) - 2_000.0).abs() < 1e-9, "at its expiry it is the underlying");
        assert!(future.pnl(26_000.0, 0.0, 1.0) > 2_000.0);
    }
}
