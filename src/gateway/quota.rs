//! What is left of the pace, for the screen.

use crate::domain::time::Timestamp;
use crate::engine::Lane;

/// One window's use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowUse {
    pub ms: i64,
    pub used: u32,
    pub limit: u32,
    /// Of the limit, kept for exits and cancels.
    pub reserve: u32,
}

/// How busy the account's gateway is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quota {
    /// Order calls that left in the last second …
    pub used_last_second: u32,
    /// … and how many may.
    pub limit: u32,
    pub windows: Vec<WindowUse>,
    /// Orders that wait, by lane (exit, cancel, protection, entry).
    pub waiting: Vec<(Lane, usize)>,
    /// Order calls without an answer yet.
    pub in_flight: usize,
    /// Intents that are being looked for.
    pub unknown: usize,
    pub entries_paused_until: Option<Timestamp>,
    pub queries_paused_until: Option<Timestamp>,
}
