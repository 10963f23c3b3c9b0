//! What is done on every turn whatever happened: the day, reconciling after a start, expiry of marks, polls, the watch list.

use std::collections::BTreeSet;

use super::effect::{AlertLevel, Effect};
use super::event::Book;
use super::record::{Owner, Record};
use super::state::{OrderState, Phase};
use super::turn::Turn;
use crate::domain::time::{after_ms, ist, trading_day};
use crate::domain::{Contract, StrategyId, StrategyStatus};

/// After a fill, the books are read at the busy pace for this long.
const BUSY_AFTER_FILL_MS: i64 = 5_000;

impl Turn<'_> {
    pub(super) fn start_day(&mut self) {
        let day = trading_day(self.now);
        if self.state.day.date.is_none_or(|d| d < day) {
            self.record(Record::DayStarted { day });
        }
    }

    /// After a start nothing is believed until the broker has been asked. Intents whose answer is not known are
    /// looked up, never sent again; executions stop where they were.
    pub(super) fn started(&mut self) {
        self.record(Record::Started);
        if self.state.store_down {
            // A process that starts has its journal.
            self.record(Record::Store { up: true });
        }
        self.memory.reading.clear();
        self.memory.safeguards_read.clear();
        let interrupted: Vec<StrategyId> = self
            .state
            .active_strategies()
            .filter(|s| s.execution.as_ref().is_some_and(|e| e.phase == Phase::Entering))
            .map(|s| s.id)
            .collect();
        for id in interrupted {
            let reason = "the program was restarted in the middle: resume or unwind";
            self.record(Record::ExecutionHeld { id, reason: reason.into() });
        }
        for id in self.open_ids(|o| o.order_id.is_none()) {
            let Some(order) = self.state.orders.get(&id) else { continue };
            let (intent, known) = (order.intent.clone(), order.state == OrderState::Unknown);
            if !known {
                let reason = "the program was restarted before it was answered".into();
                self.record(Record::IntentUnplaced { intent: id, how: super::record::Unplaced::Unknown, reason });
            }
            self.effect(Effect::LookUp { intent });
        }
        for book in [Book::Orders, Book::Trades, Book::Positions, Book::Funds] {
            self.read(book);
        }
    }

    pub(super) fn finish_reconciling(&mut self) {
        let Some(since) = self.state.reconciling_since else { return };
        let broker = &self.state.broker;
        let read = |at: Option<crate::domain::time::Timestamp>| at.is_some_and(|t| t >= since);
        if read(broker.orders_at) && read(broker.trades_at) && read(broker.positions_at) {
            self.record(Record::Reconciled);
            let open = self.state.broker.positions.iter().filter(|p| !p.net.is_flat()).count();
            let working = self.state.open_orders().count();
            self.alert(
                AlertLevel::Info,
                format!("Compared with the broker: {open} positions open, {working} orders of ours open."),
            );
            // What was closed elsewhere while nothing ran here shows now.
            if let Some(asked_at) = self.state.broker.positions_at {
                self.compare_lots(asked_at);
            }
        }
    }

    pub(super) fn expire_and_undefer(&mut self) {
        let waiting: Vec<StrategyId> = self
            .state
            .active_strategies()
            .filter(|s| matches!(s.status, StrategyStatus::Marked | StrategyStatus::Deferred))
            .map(|s| s.id)
            .collect();
        for id in waiting {
            let Some(s) = self.state.strategies.get(&id) else { continue };
            if s.status == StrategyStatus::Deferred {
                if s.legs.iter().all(|l| self.reference.is_open(l.instrument.contract.segment(), self.now)) {
                    let reason = Some("the market is open: execute it with a key".into());
                    self.record(Record::StrategyMoved { id, to: StrategyStatus::Marked, reason });
                } else {
                    self.wake_in(30_000);
                }
                continue;
            }
            match s.expires {
                Some(at) if at <= self.now => {
                    let reason = Some(format!("its validity ended at {}", ist(at).strftime("%d %b %H:%M")));
                    self.record(Record::StrategyMoved { id, to: StrategyStatus::Expired, reason });
                }
                Some(at) => self.wake_at(at),
                None => {}
            }
        }
    }

    /// Reads the broker's books: often while something is under way, now and then otherwise.
    pub(super) fn poll(&mut self) {
        let busy = self.is_busy();
        let every = if busy { self.config.polls.busy_ms } else { self.config.polls.idle_ms };
        for (book, slower) in [(Book::Orders, 1), (Book::Positions, 1), (Book::Trades, 4), (Book::Funds, 6)] {
            let due = self.memory.asked.get(&book).map_or(self.now, |t| after_ms(*t, every * slower));
            if due <= self.now {
                self.read(book);
            }
            // One that is due but still unanswered has its own wake.
            let next = self.memory.asked.get(&book).map(|t| after_ms(*t, every * slower));
            if let Some(next) = next.filter(|t| *t > self.now) {
                self.wake_at(next);
            }
        }
    }

    fn is_busy(&self) -> bool {
        self.state.reconciling_since.is_some()
            || self.state.flatten.is_some()
            || !self.state.exits.is_empty()
            || self.state.open_orders().next().is_some()
            || self.state.last_fill_at.is_some_and(|t| self.since(t) < BUSY_AFTER_FILL_MS)
    }

    /// Quotes are wanted of what is held, works, or waits for its turn.
    pub(super) fn watch(&mut self) {
        let mut wanted: BTreeSet<Contract> = BTreeSet::new();
        wanted.extend(self.state.lots.iter().filter(|(_, l)| !l.net.is_flat()).map(|(k, _)| k.contract));
        wanted.extend(self.state.exits.keys().map(|k| k.contract));
        wanted.extend(self.state.open_orders().map(|o| o.intent.spec.contract));
        for s in self.state.active_strategies().filter(|s| s.queued_at.is_some() || s.execution.is_some()) {
            wanted.extend(s.legs.iter().map(|l| l.instrument.contract));
        }
        wanted.extend(self.underlyings_of_rules());
        wanted.extend(self.contracts_of_scalping());
        if self.state.flatten.as_ref().is_some_and(|f| f.include_foreign) {
            wanted.extend(self.state.broker.positions.iter().filter(|p| !p.net.is_flat()).map(|p| p.contract));
        }
        if wanted != self.memory.watched {
            self.memory.watched.clone_from(&wanted);
            self.effect(Effect::Watch(wanted));
        }
    }

    /// The delta of a short leg needs the price of what it is on.
    fn underlyings_of_rules(&self) -> Vec<Contract> {
        let by_delta = |id: &&StrategyId| {
            let plan = self.state.strategies.get(id).and_then(|s| s.plan.as_ref());
            plan.is_some_and(|p| p.rules.short_delta.is_some())
        };
        let legs = self.state.planned.iter().filter(by_delta).filter_map(|id| {
            let held = self.state.lots_of(Owner::Strategy(*id)).find(|(_, l)| !l.net.is_flat());
            held.map(|(k, _)| k.contract)
        });
        legs.filter_map(|c| self.reference.underlying_of(&c)).collect()
    }

    pub(super) fn ask_for_wake(&mut self) {
        if let Some(due) = self.due {
            let due = due.max(after_ms(self.now, 1));
            if self.memory.wake != Some(due) {
                self.memory.wake = Some(due);
                self.effect(Effect::WakeAt(due));
            }
        }
    }
}
