//! What is left of the pace, for the screen.

use super::core::{Gateway, InFlight, Ticket};
use super::policy::Window;
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
    /// What others did on the account in the last second.
    pub elsewhere_last_second: u32,
    /// Everything done on the account in each of the last three seconds, oldest first.
    pub by_second: [u8; 3],
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

impl Gateway {
    /// What is left of the pace, for the screen.
    pub fn quota(&self, now: Timestamp) -> Quota {
        let of =
            |w: &Window| WindowUse { ms: w.ms, used: self.pace.used(w.ms, now), limit: w.limit, reserve: w.reserve };
        let windows: Vec<WindowUse> = self.pace.windows().iter().map(of).collect();
        let shortest = windows.iter().min_by_key(|w| w.ms);
        let is_order = |f: &&InFlight| !f.overdue && !matches!(f.ticket, Ticket::Find(_) | Ticket::Read(_));
        Quota {
            used_last_second: shortest.map_or(0, |w| w.used),
            limit: shortest.map_or(0, |w| w.limit),
            elsewhere_last_second: self.pace.used_elsewhere(1_000, now),
            by_second: self.pace.by_second(now),
            waiting: [Lane::Exit, Lane::Cancel, Lane::Protection, Lane::Entry]
                .map(|lane| (lane, self.lanes.len(lane)))
                .to_vec(),
            in_flight: self.in_flight.values().filter(is_order).count(),
            unknown: self.look_ups.len(),
            entries_paused_until: self.entry_breaker.paused_until(),
            queries_paused_until: self.query_breaker.paused_until(),
            windows,
        }
    }
}
