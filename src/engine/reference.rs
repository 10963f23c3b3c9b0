//! What the engine may look up but does not own: instruments and sessions.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;
use crate::domain::{Contract, ExpiryPolicy, Instrument, OptionRight, Price, Recommendation, Segment, Side, Symbol};
pub use crate::options::charges::{OrderTally, RawCharges};

/// A leg that has found its contract: resolved when the strategy is marked, frozen with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvedLeg {
    pub instrument: Instrument,
    pub side: Side,
    /// Lots per set.
    pub ratio: u32,
    /// The analyser's price, for drift.
    pub recommended: Option<Price>,
}

/// Answers from the instrument list, the calendar and the tariff of the day. Pure: the same question at the same instant, the same answer.
pub trait Reference {
    /// Every leg of a recommendation as a listed instrument, or why not (for the trader, with what is listed instead).
    fn resolve(&self, recommendation: &Recommendation, today: Date, now: Timestamp)
    -> Result<Vec<ResolvedLeg>, String>;

    /// Whether orders can trade in this segment now.
    fn is_open(&self, segment: Segment, now: Timestamp) -> bool;

    /// Whether the market keeps hours at all; paper's may never close.
    fn keeps_hours(&self) -> bool {
        true
    }

    /// When it opens next, if that is known.
    fn next_open(&self, segment: Segment, now: Timestamp) -> Option<Timestamp>;

    /// The instrument of a contract as listed today (for exits of positions that no strategy of ours holds).
    fn instrument(&self, contract: &Contract) -> Option<Instrument>;

    /// What a symbol's options are on, if it is quoted: its index, or its share.
    fn underlying(&self, _symbol: Symbol) -> Option<Contract> {
        None
    }

    /// The option nearest to the money when the underlying is at `spot`, or why there is none.
    fn at_the_money(
        &self,
        symbol: Symbol,
        _spot: Price,
        _right: OptionRight,
        _policy: ExpiryPolicy,
        _now: Timestamp,
    ) -> Result<Instrument, String> {
        Err(format!("{symbol} has no options here"))
    }

    /// What a contract is on, as it is quoted: an index, or a share.
    fn underlying_of(&self, contract: &Contract) -> Option<Contract> {
        let (exchange, symbol) = (contract.exchange, contract.underlying);
        let quoted = [Contract::index(exchange, symbol), Contract::equity(exchange, symbol)];
        quoted.into_iter().find(|c| self.instrument(c).is_some())
    }

    /// Estimated charges of one order, not rounded yet: those of a day add up first.
    fn charges(&self, order: &OrderTally) -> RawCharges;
}
