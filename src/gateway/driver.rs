//! Commit, then release: owns the engine, collects what it wants remembered into batches, and lets effects out only
//! when their batch is on disk.
//!
//! While the journal cannot be written, entries are dropped and everything that lowers risk or only looks goes out; the
//! records behind it are handed to the caller for the spill file.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::domain::time::Timestamp;
use crate::engine::event::PlaceOutcome;
use crate::engine::{Effect, Engine, Event, Lane, Record, Reference, State};

/// Records to commit together. One without records needs no writing, only its turn.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Grows by one from batch to batch. Stored with the records, a batch that was both committed and spilled (a commit
    /// that failed after all) is recognised.
    pub seq: u64,
    /// Each with the instant at which it was made: `State::apply` takes both.
    pub records: Arc<Vec<(Timestamp, Record)>>,
}

/// What goes on without the journal.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Unjournalled {
    /// For the spill file, before any of `effects` happens.
    pub spill: Vec<Batch>,
    pub effects: Vec<Effect>,
    /// For the engine: what became of the effects that were dropped.
    pub events: Vec<Event>,
}

/// The engine and the batches whose commit is awaited.
#[derive(Clone, Debug)]
pub struct Driver {
    engine: Engine,
    next_seq: u64,
    records: Vec<(Timestamp, Record)>,
    effects: Vec<Effect>,
    /// Handed to the store, in order.
    waiting: VecDeque<(Batch, Vec<Effect>)>,
    store_dead: bool,
}

impl Driver {
    /// `next_seq` follows the last batch of the journal (1 for an empty one).
    pub fn new(engine: Engine, next_seq: u64) -> Self {
        Self {
            engine,
            next_seq,
            records: Vec::new(),
            effects: Vec::new(),
            waiting: VecDeque::new(),
            store_dead: false,
        }
    }

    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// For new settings, between two events.
    pub fn engine_mut(&mut self) -> &mut Engine {
        &mut self.engine
    }

    pub fn state(&self) -> &State {
        self.engine.state()
    }

    pub fn store_is_dead(&self) -> bool {
        self.store_dead
    }

    /// Has the engine handle an event; what follows joins the batch that is being collected.
    pub fn handle(&mut self, event: &Event, now: Timestamp, reference: &dyn Reference) {
        let step = self.engine.handle(event, now, reference);
        self.records.extend(step.records.into_iter().map(|record| (now, record)));
        self.effects.extend(step.effects);
    }

    /// What was collected since the last batch, for the store; `None` if nothing was, or while the store is dead.
    /// Several handled events may share a batch: take the next when the last is committed, and they do.
    pub fn take_batch(&mut self) -> Option<Batch> {
        if self.store_dead { None } else { self.close_batch() }
    }

    fn close_batch(&mut self) -> Option<Batch> {
        if self.records.is_empty() && self.effects.is_empty() {
            return None;
        }
        let batch = Batch { seq: self.next_seq, records: Arc::new(std::mem::take(&mut self.records)) };
        self.next_seq += 1;
        self.waiting.push_back((batch.clone(), std::mem::take(&mut self.effects)));
        Some(batch)
    }

    /// The batch `seq`, and so every one before it, is on disk: their effects, in order.
    pub fn committed(&mut self, seq: u64) -> Vec<Effect> {
        let done = self.waiting.partition_point(|(batch, _)| batch.seq <= seq);
        self.waiting.drain(..done).flat_map(|(_, effects)| effects).collect()
    }

    /// The batch `seq` could not be committed: from here on the journal is dead. The first event tells the engine.
    pub fn store_failed(&mut self, seq: u64) -> Unjournalled {
        let committed = self.committed(seq.saturating_sub(1));
        let first = !std::mem::replace(&mut self.store_dead, true);
        let mut out = self.release_unjournalled();
        out.effects.splice(0..0, committed);
        if first {
            out.events.insert(0, Event::Store { up: false });
        }
        out
    }

    /// While the store is dead, after each handled event: what goes out all the same.
    pub fn release_unjournalled(&mut self) -> Unjournalled {
        let mut out = Unjournalled::default();
        if !self.store_dead {
            return out;
        }
        self.close_batch();
        for (batch, effects) in self.waiting.drain(..) {
            if !batch.records.is_empty() {
                out.spill.push(batch);
            }
            for effect in effects {
                match without_journal(&effect) {
                    None => out.effects.push(effect),
                    Some(event) => out.events.push(event),
                }
            }
        }
        out
    }

    /// The journal can be written again, and holds what was spilled.
    pub fn store_restored(&mut self) -> Option<Event> {
        std::mem::replace(&mut self.store_dead, false).then_some(Event::Store { up: true })
    }
}

/// What the engine hears of an effect that needs a journal; `None` for those that do not: exits (a resting stop is one),
/// cancels, reads, and what stays in the house.
fn without_journal(effect: &Effect) -> Option<Event> {
    let reason = || "the journal cannot be written: no entries until it can".to_owned();
    match effect {
        Effect::Place { lane: Lane::Exit | Lane::Protection, .. }
        | Effect::Modify { lane: Lane::Exit | Lane::Protection, .. } => None,
        Effect::Place { intent, .. } => {
            Some(Event::PlaceFailed { intent: intent.id, outcome: PlaceOutcome::NotSent { reason: reason() } })
        }
        Effect::Modify { intent, .. } => Some(Event::ModifyFailed { intent: *intent, reason: reason() }),
        Effect::Cancel { .. }
        | Effect::LookUp { .. }
        | Effect::ReadOrders
        | Effect::ReadTrades
        | Effect::ReadPositions
        | Effect::ReadFunds
        | Effect::Watch(_)
        | Effect::WakeAt(_)
        | Effect::Reply { .. }
        | Effect::Alert { .. } => None,
    }
}
