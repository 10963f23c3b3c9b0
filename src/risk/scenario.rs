//! The scenario grid: what positions gain or lose over moves of the underlying and of volatility, and some days on.
//!
//! Every leg is valued anew by Black-76 at its own forward, volatility and time; the moves are relative, so that legs of
//! several underlyings and expiries can stand in one grid. The middle cell (nothing moves, no day passes) is zero.

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;

use super::exposure::RiskLeg;
use crate::domain::Money;

/// Moves of the underlying: −10 % to +10 % in 17 steps.
const SPOTS: (f64, f64, usize) = (-0.10, 0.10, 17);
/// Relative moves of volatility: −30 % to +50 % in 9 steps.
const VOLS: (f64, f64, usize) = (-0.30, 0.50, 9);

/// The scenarios to be valued.
#[derive(Clone, Debug, PartialEq)]
pub struct Axes {
    /// Moves of the underlying as fractions (−0.1 is a fall by a tenth), ascending.
    pub spots: Vec<f64>,
    /// Relative moves of volatility as fractions (0.5 makes 20 % into 30 %), ascending.
    pub vols: Vec<f64>,
    /// Calendar days that have passed, zero or more.
    pub days: f64,
}

impl Axes {
    /// 17 moves of the underlying from −10 to +10 %, 9 of volatility from −30 to +50 %, `days` on.
    pub fn standard(days: f64) -> Self {
        Self { spots: steps(SPOTS), vols: steps(VOLS), days }
    }
}

fn steps((from, to, count): (f64, f64, usize)) -> Vec<f64> {
    let step = (to - from) / (count - 1) as f64;
    // To the millionth: the middle is exactly nothing.
    let tidy = |x: f64| (x * 1e6).round() / 1e6;
    (0..count).map(|n| tidy(from + step * n as f64)).collect()
}

/// One scenario and its result.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// Move of the underlying, a fraction.
    pub spot: f64,
    /// Relative move of volatility, a fraction.
    pub vol: f64,
    /// Rupees gained; negative is a loss.
    pub pnl: f64,
}

impl Cell {
    /// In whole paise, for a limit; `None` beyond what money can hold.
    pub fn money(&self) -> Option<Money> {
        Decimal::from_f64(self.pnl).map(|rupees| Money(rupees).to_paise())
    }
}

/// Results of all scenarios.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    pub axes: Axes,
    /// A row per move of the underlying, a column per move of volatility.
    pnl: Vec<f64>,
}

impl Grid {
    /// Values `legs` in every scenario. Charges are not counted.
    pub fn of(legs: &[RiskLeg], axes: Axes) -> Self {
        let mut pnl = vec![0.0; axes.spots.len() * axes.vols.len()];
        for (spot, row) in axes.spots.iter().zip(pnl.chunks_mut(axes.vols.len().max(1))) {
            for leg in legs {
                leg.add_gains(*spot, axes.days, &axes.vols, row);
            }
        }
        Self { axes, pnl }
    }

    /// The result at the n-th move of the underlying and the m-th of volatility.
    pub fn at(&self, spot: usize, vol: usize) -> Option<Cell> {
        let (n, m) = (self.axes.spots.get(spot)?, self.axes.vols.get(vol)?);
        let pnl = self.pnl.get(spot * self.axes.vols.len() + vol)?;
        Some(Cell { spot: *n, vol: *m, pnl: *pnl })
    }

    /// All of them, by move of the underlying, then of volatility, ascending.
    pub fn cells(&self) -> impl Iterator<Item = Cell> + '_ {
        let moves = self.axes.spots.iter().flat_map(|spot| self.axes.vols.iter().map(move |vol| (*spot, *vol)));
        moves.zip(&self.pnl).map(|((spot, vol), pnl)| Cell { spot, vol, pnl: *pnl })
    }

    /// The scenario with the largest loss (or the smallest gain); `None` where the grid is empty.
    pub fn worst(&self) -> Option<Cell> {
        self.cells().min_by(|a, b| a.pnl.total_cmp(&b.pnl))
    }

    /// The scenario with the largest gain.
    pub fn best(&self) -> Option<Cell> {
        self.cells().max_by(|a, b| a.pnl.total_cmp(&b.pnl))
    }
}

/// What one scenario brings, in rupees: the underlying moved by the fraction `spot`, volatility by `vol` of itself, `days` on.
pub fn pnl(legs: &[RiskLeg], spot: f64, vol: f64, days: f64) -> f64 {
    let mut gain = [0.0];
    legs.iter().for_each(|leg| leg.add_gains(spot, days, &[vol], &mut gain));
    gain.iter().sum()
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // the same arithmetic, the same bits
mod tests {
    use super::*;
    use crate::domain::{NetQuantity, OptionRight};
    use crate::options::black76::Inputs;

    fn leg(right: OptionRight, strike: f64, days: f64, units: i64) -> RiskLeg {
        let t_years = days / 365.0;
        let inputs = Inputs { right, forward: 26_000.0, strike, t_years, vol: 0.13, rate: 0.055 };
        RiskLeg::option(inputs, NetQuantity(units)).unwrap()
    }

    fn strangle() -> [RiskLeg; 2] {
        [leg(OptionRight::Put, 25_500.0, 7.0, -65), leg(OptionRight::Call, 26_500.0, 7.0, -65)]
    }

    #[test]
    fn the_standard_axes_have_an_exact_middle() {
        let axes = Axes::standard(0.0);
        assert_eq!((axes.spots.len(), axes.vols.len()), (17, 9));
        assert_eq!((axes.spots[0], axes.spots[8], axes.spots[16]), (-0.1, 0.0, 0.1));
        assert_eq!((axes.vols[0], axes.vols[3], axes.vols[8]), (-0.3, 0.0, 0.5));
    }

    #[test]
    fn nothing_moved_is_nothing_gained_and_each_cell_is_its_own_scenario() {
        let legs = strangle();
        let grid = Grid::of(&legs, Axes::standard(0.0));
        assert_eq!(grid.at(8, 3), Some(Cell { spot: 0.0, vol: 0.0, pnl: 0.0 }));
        for cell in grid.cells() {
            assert_eq!(cell.pnl, pnl(&legs, cell.spot, cell.vol, 0.0));
        }
        assert_eq!(grid.cells().count(), 153);
        assert_eq!(grid.at(17, 0), None);
    }

    #[test]
    fn a_short_strangle_loses_most_at_the_largest_move_and_gains_with_days() {
        let legs = strangle();
        let grid = Grid::of(&legs, Axes::standard(0.0));
        let worst = grid.worst().unwrap();
        assert_eq!((worst.spot.abs(), worst.vol), (0.1, 0.5));
        assert!(worst.money().unwrap().is_negative());
        assert!(pnl(&legs, 0.0, 0.0, 3.0) > 0.0);
        let best = grid.best().unwrap();
        assert!(best.pnl > 0.0 && best.vol < 0.0);
    }

    #[test]
    fn a_leg_past_its_expiry_pays_its_intrinsic_value() {
        let near = leg(OptionRight::Call, 26_500.0, 2.0, 65);
        let paid = pnl(&[near], 0.05, 0.5, 3.0);
        let intrinsic = 65.0 * (26_000.0 * 1.05 - 26_500.0);
        assert!((paid - (intrinsic - near.value())).abs() < 1e-6);
    }

    #[test]
    fn no_legs_lose_nothing() {
        assert!(Grid::of(&[], Axes::standard(1.0)).cells().all(|cell| cell.pnl == 0.0));
        let empty = Axes { spots: vec![], vols: vec![], days: 0.0 };
        assert_eq!(Grid::of(&strangle(), empty).worst(), None);
    }
}
