//! What models say of what is held and of what is looked at: implied volatilities, Greeks in rupees, chains, payoffs.
//!
//! Pure, and made beside the [`View`], not in it: whoever trades never waits for a model. Floating point by design; money
//! that is counted stays with the view. What a model cannot say is `None` or a named reason, never zero.

mod book;
mod chain;
mod forward;
mod look;
mod market;
mod scenario;
mod strategy;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use book::{Book, LegKey, LegLook, Sum, UnderlyingRow};
pub use chain::{ChainCell, ChainLook, StrikeLook};
pub use forward::{Forward, ForwardOrigin};
pub use look::{Mark, MarkKind, NoVol, OptionLook, VolOrigin};
pub use market::{ChainKey, ChainSeen, Listed, Market, expiries, wanted};
pub use scenario::{Scenario, Scope, scopes};
pub use strategy::{After, Basis, Curves, LegOfStrategy, StrategyLook};

use super::View;
use crate::domain::StrategyId;
use crate::domain::time::Timestamp;
use crate::engine::Reference;
use crate::risk::scenario::Cell;

/// The rate that premiums are discounted with: annual, continuous. Near the policy rate; over the weeks an index option
/// lives it hardly matters, since forwards come from the market itself.
pub const RATE: f64 = 0.055;

/// What the screen looks at beyond the picture. State: only the newest counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// The strategy that is shown whole.
    pub strategy: Option<StrategyId>,
    /// The chain that is shown.
    pub chain: Option<ChainKey>,
    /// What the scenario grid is about …
    pub scope: Scope,
    /// … and how many calendar days from now.
    pub days: u32,
}

/// All of it, at one instant.
#[derive(Clone, Debug, Default)]
pub struct Analytics {
    /// The instant it was made for; ages count from here.
    pub now: Timestamp,
    /// What has options today, the best known first.
    pub listed: Arc<[Listed]>,
    /// Of everything held.
    pub book: Book,
    /// The grid that was asked for; `None` where nothing is held.
    pub scenario: Option<Scenario>,
    /// The worst that the standard scenarios would do to everything held, now; `None`: not known.
    pub worst: Option<Cell>,
    /// The chain that was asked for.
    pub chain: Option<ChainLook>,
    /// The strategy that was asked for.
    pub strategy: Option<StrategyLook>,
}

/// What an [`Analytics`] is made from.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    pub view: &'a View,
    pub market: &'a Market,
    pub reference: &'a dyn Reference,
    pub demand: &'a Demand,
    pub now: Timestamp,
}

impl Analytics {
    pub fn build(inputs: &Inputs<'_>) -> Self {
        let Inputs { view, demand, .. } = *inputs;
        let looker = look::Looker::new(inputs);
        let book = book::book(view, &looker);
        let everything = scenario::scenario(&book, Scope::Everything, 0);
        let asked = (demand.scope, demand.days) != (Scope::Everything, 0);
        Self {
            now: inputs.now,
            listed: inputs.market.listed.clone(),
            worst: everything.worst(),
            scenario: Some(if asked { scenario::scenario(&book, demand.scope, demand.days) } else { everything })
                .filter(|s| s.legs > 0),
            chain: demand.chain.map(|key| chain::chain(view, &looker, key)),
            strategy: demand.strategy.and_then(|id| strategy::strategy(view, &looker, &book, id)),
            book,
        }
    }
}
