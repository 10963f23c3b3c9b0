//! One bar of a chart.

use super::Price;
use super::time::Timestamp;

/// What prices did in a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// Its beginning. A day's bar begins at midnight in India.
    pub start: Timestamp,
    pub open: Price,
    pub high: Price,
    pub low: Price,
    pub close: Price,
    /// Units.
    pub volume: u64,
    /// Units; zero where there is none, or it was not asked for.
    pub open_interest: u64,
}
