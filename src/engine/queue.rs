//! The execution queue: by priority, then score, one at a time; everything is checked again when a strategy's turn comes.

use std::cmp::Reverse;

use super::command::Reply;
use super::record::Record;
use super::sabotage::Sabotage;
use super::state::{Phase, Strategy};
use super::turn::Turn;
use crate::domain::time::{after_ms, ist};
use crate::domain::{StrategyId, StrategyStatus};
use crate::engine::effect::AlertLevel;
use crate::risk::margin::Margin;

/// How long a strategy waits for fresh quotes when its turn has come.
const QUOTE_PATIENCE_MS: i64 = 10_000;

/// Sorts strategies as they would be executed.
pub fn order_of(s: &Strategy) -> (Reverse<i32>, Reverse<Option<rust_decimal::Decimal>>, StrategyId) {
    (Reverse(s.priority), Reverse(s.recommendation.score), s.id)
}

impl Turn<'_> {
    /// Why no entry at all is allowed now, whatever it is.
    pub(super) fn entries_closed(&self) -> Option<String> {
        if let Some(halt) = &self.state.halt {
            return Some(format!("halted ({}): re-arm first", halt.reason));
        }
        if self.state.store_down {
            return Some("the journal cannot be written: no entries until it can".into());
        }
        if self.state.reconciling_since.is_some() {
            return Some("the broker's books have not been read yet: a moment".into());
        }
        None
    }

    pub(super) fn marked_in_order(&self) -> Vec<StrategyId> {
        let mut marked: Vec<&Strategy> =
            self.state.active_strategies().filter(|s| s.status == StrategyStatus::Marked).collect();
        marked.sort_by_key(|s| order_of(s));
        marked.iter().map(|s| s.id).collect()
    }

    pub(super) fn execute(&mut self, ids: &[StrategyId]) -> Reply {
        if let Some(reason) = self.entries_closed() {
            return Reply::refused(reason);
        }
        let ids = if ids.is_empty() { self.marked_in_order() } else { ids.to_vec() };
        if ids.is_empty() {
            return Reply::refused("nothing is marked: mark a strategy first");
        }
        let (mut done, mut refused) = (Vec::new(), Vec::new());
        for id in ids {
            match self.enqueue(id) {
                Ok(line) => done.push(line),
                Err(line) => refused.push(line),
            }
        }
        match (done.is_empty(), refused.is_empty()) {
            (false, true) => Reply::done(done.join("; ")),
            (true, _) => Reply::refused(refused.join("; ")),
            (false, false) => Reply::Partly { done, refused },
        }
    }

    fn enqueue(&mut self, id: StrategyId) -> Result<String, String> {
        let Some(s) = self.state.strategies.get(&id) else { return Err(format!("#{id}: there is no such strategy")) };
        let title = s.title();
        if s.status != StrategyStatus::Marked {
            return Err(format!("{title} is {}: only a marked strategy can be executed", s.status));
        }
        if s.queued_at.is_some() {
            return Err(format!("{title} is already waiting for its turn"));
        }
        let closed =
            s.legs.iter().map(|l| l.instrument.contract.segment()).find(|g| !self.reference.is_open(*g, self.now));
        if let Some(segment) = closed {
            let opens = self.reference.next_open(segment, self.now);
            let when = opens.map(|t| format!(", opens {}", ist(t).strftime("%a %d %b %H:%M"))).unwrap_or_default();
            let reason = format!("the market is closed{when}");
            self.record(Record::StrategyMoved { id, to: StrategyStatus::Deferred, reason: Some(reason.clone()) });
            return Err(format!("{title} is deferred: {reason}"));
        }
        self.record(Record::Queued { id });
        Ok(format!("{title} is in the queue"))
    }

    /// Starts the next strategy when none is entering or being unwound.
    pub(super) fn drive_queue(&mut self) {
        let busy = self
            .state
            .active_strategies()
            .filter_map(|s| s.execution.as_ref())
            .any(|e| matches!(e.phase, Phase::Entering | Phase::Unwinding(_)));
        if busy || self.state.halt.is_some() {
            return;
        }
        let next = self.state.active_strategies().filter(|s| s.queued_at.is_some()).min_by_key(|s| order_of(s));
        let Some((id, queued_at)) = next.and_then(|s| Some((s.id, s.queued_at?))) else { return };
        if let Some(reason) = self.entries_closed() {
            return self.unqueue(id, &reason);
        }
        let Some(s) = self.state.strategies.get(&id) else { return };
        let stale: Vec<String> = s
            .legs
            .iter()
            .map(|l| l.instrument.contract)
            .filter(|c| self.fresh_quote(c).is_none())
            .map(|c| c.label())
            .collect();
        if !stale.is_empty() {
            if self.since(queued_at) > QUOTE_PATIENCE_MS {
                self.unqueue(id, &format!("no fresh quote of {}", stale.join(", ")));
            } else {
                self.wake_at(after_ms(queued_at, QUOTE_PATIENCE_MS + 1));
            }
            return;
        }
        self.start_execution(id);
    }

    fn start_execution(&mut self, id: StrategyId) {
        let Some(preview) = self.preview(id, &[]) else { return };
        if !preview.refusals.is_empty() && !self.sabotaged(Sabotage::NoGate) {
            return self.unqueue(id, &preview.refusals.join("; "));
        }
        let quotes = preview.legs.iter().filter_map(|l| Some((l.contract, l.quote?))).collect();
        let margin = match preview.margin {
            Margin::Broker(told) => Some(told),
            Margin::Estimate(_) => None,
        };
        self.record(Record::ExecutionStarted { id, quotes, margin });
        self.alert(AlertLevel::Info, format!("{}: executing", preview.title));
        self.drive_executions();
    }

    fn unqueue(&mut self, id: StrategyId, reason: &str) {
        let title = self.state.strategies.get(&id).map(Strategy::title).unwrap_or_default();
        self.record(Record::Unqueued { id, reason: reason.into() });
        self.alert(AlertLevel::Warning, format!("{title} not executed: {reason}"));
        self.wake_in(1);
    }
}
