//! Scalps: one of an underlying at a time, one of a signal ever, bought and never sold short, left when their time has come.

use super::{Checked, Checks, broken, must};
use crate::domain::time::{Timestamp, after_ms};
use crate::domain::{SignalId, StrategyId};
use crate::engine::State;
use crate::engine::record::Owner;
use crate::engine::state::{SignalFate, Strategy};
use crate::simulation::report::Invariant;

/// The engine wakes at the instant, and a quote may have to come first.
const LATE_MS: i64 = 3_000;

impl Checks {
    /// A scalp has just been opened.
    pub(super) fn scalp_is_alone(&self, id: StrategyId, signal: SignalId) -> Checked {
        let s = &self.shadow;
        let symbol_of = |id: &StrategyId| s.strategies.get(id).map(|s| s.recommendation.symbol);
        let beside = s.scalper.open.iter().find(|other| **other != id && symbol_of(other) == symbol_of(&id));
        if let Some(other) = beside {
            return broken(Invariant::OneScalp, format!("#{id} was opened beside #{other}"));
        }
        let Some(received) = s.scalper.signals.get(&signal) else {
            return broken(Invariant::SignalsOnce, format!("#{id} was opened for a signal {signal} that nobody sent"));
        };
        let before = |(other, r): &(&SignalId, &crate::engine::state::Received)| {
            **other != signal
                && r.signal.key == received.signal.key
                && matches!(r.fate, Some(SignalFate::Traded { .. }))
        };
        match s.scalper.signals.iter().find(before) {
            Some((other, _)) => {
                broken(Invariant::SignalsOnce, format!("signal {signal} is {other} again, and was traded again"))
            }
            None => Ok(()),
        }
    }

    /// Looked at once a second, while the process runs.
    pub fn scalps_are_left(&self, state: &State, now: Timestamp, open: bool) -> Checked {
        for (id, scalp) in state.scalper.open_scalps() {
            let title = state.strategies.get(&id).map(Strategy::title).unwrap_or_default();
            let lots = || state.lots_of(Owner::Strategy(id));
            let short = lots().any(|(_, l)| l.net.0 < 0);
            must(!short, Invariant::OneScalp, || format!("{title} has sold what it did not hold"))?;
            let held: Vec<_> = lots().filter(|(_, l)| !l.net.is_flat()).map(|(k, _)| k).collect();
            let leaving = held.iter().all(|k| state.exits.contains_key(k));
            if leaving || !open || state.reconciling_since.is_some() {
                continue;
            }
            let by_holding = scalp.plan.max_holding_ms.zip(scalp.filled_at).map(|(ms, at)| after_ms(at, ms));
            let due = [scalp.plan.square_off, by_holding].into_iter().flatten().min();
            // A restart looks at it once the books have been read.
            let late = due.is_some_and(|due| {
                after_ms(due, LATE_MS) < now && self.running_since.is_some_and(|s| after_ms(s, LATE_MS) < now)
            });
            must(!late, Invariant::LeftOnTime, || format!("{title} is still held; its time was over at {due:?}"))?;
        }
        Ok(())
    }
}
