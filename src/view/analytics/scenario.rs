//! What large moves would do to what is held: the grid that is shown, and the worst of everything for its gauge.

use std::fmt;

use super::book::Book;
use crate::domain::{StrategyId, Symbol};
use crate::risk::exposure::RiskLeg;
use crate::risk::scenario::{Axes, Cell, Grid};

/// What of all that is held a grid is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    #[default]
    Everything,
    Underlying(Symbol),
    Strategy(StrategyId),
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => f.write_str("everything"),
            Self::Underlying(symbol) => write!(f, "{symbol}"),
            Self::Strategy(id) => write!(f, "#{id}"),
        }
    }
}

/// One grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    pub scope: Scope,
    /// Calendar days from now.
    pub days: u32,
    pub grid: Grid,
    /// Open lines in it.
    pub legs: usize,
    /// Open lines that no model can value: then the grid is not the whole.
    pub unknown: usize,
}

impl Scenario {
    /// `None` while any line of it is unknown: a part is not the whole.
    pub fn worst(&self) -> Option<Cell> {
        if self.unknown == 0 && self.legs > 0 { self.grid.worst() } else { None }
    }
}

pub(super) fn scenario(book: &Book, scope: Scope, days: u32) -> Scenario {
    let inside = book.legs.iter().filter(|(key, _)| match scope {
        Scope::Everything => true,
        Scope::Underlying(symbol) => key.contract.underlying == symbol,
        Scope::Strategy(id) => key.strategy == Some(id),
    });
    let looks: Vec<Option<RiskLeg>> = inside.map(|(_, look)| look.risk).collect();
    let known: Vec<RiskLeg> = looks.iter().flatten().copied().collect();
    Scenario {
        scope,
        days,
        grid: Grid::of(&known, Axes::standard(f64::from(days))),
        legs: looks.len(),
        unknown: looks.len() - known.len(),
    }
}

/// The scopes there are: everything, each underlying, each strategy that holds something.
pub fn scopes(book: &Book) -> Vec<Scope> {
    let underlyings = book.underlyings.iter().map(|u| Scope::Underlying(u.symbol));
    let strategies = book.strategies.keys().map(|id| Scope::Strategy(*id));
    std::iter::once(Scope::Everything).chain(underlyings).chain(strategies).collect()
}
