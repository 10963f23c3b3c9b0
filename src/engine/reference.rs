//! What the engine may look up but does not own: instruments and sessions.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;
use crate::domain::{Instrument, Price, Recommendation, Segment, Side};
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

    /// When it opens next, if that is known.
    fn next_open(&self, segment: Segment, now: Timestamp) -> Option<Timestamp>;

    /// The instrument of a contract as listed today (for exits of positions that no strategy of ours holds).
    fn instrument(&self, contract: &crate::domain::Contract) -> Option<Instrument>;

    /// Estimated charges of one order, not rounded yet: those of a day add up first.
    fn charges(&self, order: &OrderTally) -> RawCharges;
}
