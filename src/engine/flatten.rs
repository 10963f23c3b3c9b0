//! Halt and flatten: no entries; and, when asked, everything cancelled, exited and verified with the broker until flat.

use super::effect::AlertLevel;
use super::event::Book;
use super::record::{Owner, Record};
use super::state::{LotKey, Phase};
use super::turn::Turn;
use crate::domain::{OrderSighting, Quantity, SeenStatus, StrategyId};

impl Turn<'_> {
    /// No entries from now on. Nothing refuses it.
    pub(super) fn halt(&mut self, reason: &str) {
        if self.state.halt.is_none() {
            self.record(Record::Halted { reason: reason.into() });
        }
        self.drive_halt();
    }

    /// While halted: nothing waits for its turn, executions stand still, working entries are cancelled.
    pub(super) fn drive_halt(&mut self) {
        if self.state.halt.is_none() {
            return;
        }
        let queued: Vec<StrategyId> =
            self.state.active_strategies().filter(|s| s.queued_at.is_some()).map(|s| s.id).collect();
        for id in queued {
            self.record(Record::Unqueued { id, reason: "halted".into() });
        }
        let entering: Vec<StrategyId> = self
            .state
            .active_strategies()
            .filter(|s| s.execution.as_ref().is_some_and(|e| e.phase == Phase::Entering))
            .map(|s| s.id)
            .collect();
        for id in entering {
            self.record(Record::ExecutionHeld { id, reason: "halted: resume after re-arming, or unwind".into() });
        }
        for id in self.open_ids(|o| !o.purpose.is_exit()) {
            self.cancel(id);
        }
    }

    pub(super) fn flatten(&mut self, include_foreign: bool) {
        self.halt("flatten");
        let wider = include_foreign && self.state.flatten.as_ref().is_some_and(|f| !f.include_foreign);
        if self.state.flatten.is_none() || wider {
            self.record(Record::FlattenStarted { include_foreign });
            self.alert(AlertLevel::Critical, "Flattening: everything is being cancelled and exited.");
            self.read(Book::Positions);
            self.read(Book::Orders);
        }
    }

    pub(super) fn drive_flatten(&mut self) {
        let Some(flatten) = self.state.flatten.clone() else { return };
        self.fail_executions();
        self.cancel_what_is_no_exit();
        if flatten.include_foreign {
            self.cancel_foreign_orders();
        }
        let open = self.what_is_open(flatten.include_foreign);
        for key in &open {
            self.start_exit(*key, Quantity::ZERO, "flatten");
        }
        if !open.is_empty() {
            self.drive_exits();
        }
        self.end_flatten_when_flat(flatten.include_foreign);
    }

    fn fail_executions(&mut self) {
        let running: Vec<StrategyId> = self
            .state
            .active_strategies()
            .filter(|s| s.execution.as_ref().is_some_and(|e| !matches!(e.phase, Phase::Unwinding(_))))
            .map(|s| s.id)
            .collect();
        for id in running {
            self.record(Record::UnwindStarted { id, reason: "flattened".into() });
            self.drive_unwind(id, "flattened");
        }
    }

    fn cancel_what_is_no_exit(&mut self) {
        for id in self.open_ids(|o| !o.purpose.is_exit()) {
            self.cancel(id);
        }
    }

    fn cancel_foreign_orders(&mut self) {
        self.cancel_foreign(|_| true);
    }

    /// Cancels orders that are not ours; each is asked for again after a while, until it is seen to have ended.
    pub(super) fn cancel_foreign(&mut self, which: impl Fn(&OrderSighting) -> bool) {
        let due: Vec<_> = self
            .state
            .foreign_orders
            .iter()
            .filter(|(_, o)| which(o) && o.status == SeenStatus::Working)
            .map(|(id, _)| id)
            .filter(|id| self.memory.told.get(&foreign_mark(id)).is_none_or(|t| self.since(*t) > 3_000))
            .cloned()
            .collect();
        for order_id in due {
            self.memory.told.insert(foreign_mark(&order_id), self.now);
            self.record(Record::ForeignCancelAsked { order_id: order_id.clone() });
            self.effect(super::Effect::Cancel { intent: None, order_id });
            self.read(Book::Orders);
        }
    }

    /// Our open lots, and, if asked for, what the broker has beyond them.
    fn what_is_open(&self, include_foreign: bool) -> Vec<LotKey> {
        let ours =
            self.state.lots.iter().filter(|(k, l)| k.owner != Owner::Foreign && !l.net.is_flat()).map(|(k, _)| *k);
        let mut open: Vec<LotKey> = ours.collect();
        if include_foreign {
            for row in &self.state.broker.positions {
                let known = self.foreign_is_known(&row.contract, row.product);
                if known && !self.state.foreign_net(&row.contract, row.product).is_flat() {
                    open.push(LotKey { owner: Owner::Foreign, contract: row.contract, product: row.product });
                }
            }
        }
        open
    }

    /// Flat is what the broker says is flat: with no order of ours open, and books read after the last change.
    fn end_flatten_when_flat(&mut self, include_foreign: bool) {
        let busy = !self.what_is_open(include_foreign).is_empty()
            || !self.state.exits.is_empty()
            || self.state.open_orders().next().is_some()
            || self.state.active_strategies().any(|s| s.execution.is_some())
            || (include_foreign && !self.state.foreign_orders.is_empty());
        if busy {
            return;
        }
        let Some(started) = self.state.flatten.as_ref().map(|f| f.started_at) else { return };
        // Read after the last change and with nothing of ours open, the books leave nothing unclear.
        let changed = self.state.changed.values().max().copied().unwrap_or(started).max(started);
        let read = |at: Option<crate::domain::time::Timestamp>| at.is_some_and(|t| t > changed);
        if !read(self.state.broker.positions_at) {
            return self.read(Book::Positions);
        }
        if !read(self.state.broker.orders_at) {
            return self.read(Book::Orders);
        }
        self.record(Record::FlattenEnded);
        let left = self.left_alone();
        if left.is_empty() {
            self.alert(
                AlertLevel::Warning,
                "Flat: the broker reports no open position and no working order. Locked until re-armed.",
            );
        } else {
            let text =
                format!("Flat but for what is not ours, left alone: {}. Locked until re-armed.", left.join(", "));
            self.alert(AlertLevel::Critical, text);
        }
    }

    /// What the broker still reports: positions of any product, and orders that rest.
    fn left_alone(&self) -> Vec<String> {
        let positions = self.state.broker.positions.iter().filter(|p| !p.net.is_flat());
        let positions = positions.map(|p| format!("{} {:+} {}", p.contract.label(), p.net.0, p.product.as_str()));
        let orders = self.state.foreign_orders.values().map(|o| {
            let spec = &o.spec;
            format!("order {} {} {} {}", spec.side, o.remaining(), spec.contract.label(), spec.product.as_str())
        });
        positions.chain(orders).collect()
    }
}

fn foreign_mark(id: &crate::domain::BrokerOrderId) -> String {
    format!("cancel of foreign order {id}")
}
