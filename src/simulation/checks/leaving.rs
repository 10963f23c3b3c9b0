//! What leaves the process: its intent is on disk, no entry goes while halted, the pace is kept.

use super::{CALLS_PER_SECOND, Checked, Checks, must};
use crate::domain::time::{Timestamp, after_ms};
use crate::engine::State;
use crate::gateway::Call;
use crate::simulation::disk::Disk;
use crate::simulation::report::Invariant;

impl Checks {
    /// A call leaves the process.
    pub fn leaves(&mut self, call: &Call, state: &State, disk: &Disk, now: Timestamp) -> Checked {
        let entry = match call {
            Call::Place(intent) => {
                must(disk.holds(intent.id), Invariant::JournalFirst, || {
                    format!("intent {} leaves before it is on disk", intent.id)
                })?;
                self.intents.get(intent.correlation.as_str()).is_some_and(|(_, purpose)| !purpose.is_exit())
            }
            Call::Modify { order_id, .. } => {
                self.orders.get(order_id).and_then(|o| o.purpose).is_some_and(|p| !p.is_exit())
            }
            Call::Cancel { .. } => false,
            Call::FindByCorrelation(_)
            | Call::Orders
            | Call::Trades
            | Call::Positions
            | Call::Funds
            | Call::Safeguard(_) => return Ok(()),
        };
        must(!entry || state.halt.is_none(), Invariant::NoEntryWhileHalted, || {
            format!("an entry leaves while halted: {call:?}")
        })?;
        self.order_calls += 1;
        self.left.push_back(now);
        while self.left.front().is_some_and(|at| after_ms(*at, 1_000) <= now) {
            self.left.pop_front();
        }
        must(self.left.len() <= CALLS_PER_SECOND, Invariant::Pace, || {
            format!("{} order calls within a second", self.left.len())
        })
    }
}
