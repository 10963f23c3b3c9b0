//! Where a replay of a past day stands.

use std::sync::Arc;

use jiff::civil::Date;

use crate::domain::time::Timestamp;

/// The picture is of a past day: nothing is connected, nothing can be traded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// The trading day.
    pub day: Date,
    /// Records folded so far, and how many the day has.
    pub record: usize,
    pub records: usize,
    /// What the last of them is.
    pub kind: String,
    pub playing: bool,
    /// So many seconds of the day pass in one.
    pub speed: u32,
    /// What the newest records say, oldest first.
    pub lines: Arc<[ReplayLine]>,
}

/// A record in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayLine {
    pub at: Timestamp,
    /// In a word: `order`, `fill`, `halted`.
    pub kind: &'static str,
    pub text: String,
    /// Something was refused, or has failed.
    pub warning: bool,
}
