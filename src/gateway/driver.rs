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

/// What has been collected since the last batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collected {
    Nothing,
    /// Records to keep, and nothing that leaves the house with them.
    ForItself,
    /// A call or an answer is released by its commit.
    Awaited,
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
        Self { engine, next_seq, records: Vec::new(), effects: Vec::new(), waiting: VecDeque::new(), store_dead: false }
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

    /// What waits for the next batch: a batch for which nobody outside waits may be kept a moment, so that its commit is not
    /// in the way of an order's.
    pub fn collected(&self) -> Collected {
        if self.store_dead || (self.records.is_empty() && self.effects.is_empty()) {
            Collected::Nothing
        } else if self.effects.iter().any(leaves_the_house) {
            Collected::Awaited
        } else {
            Collected::ForItself
        }
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

/// A call to the broker, or somebody's answer: it should not wait longer than its commit takes.
fn leaves_the_house(effect: &Effect) -> bool {
    match effect {
        Effect::Place { .. }
        | Effect::Modify { .. }
        | Effect::Cancel { .. }
        | Effect::LookUp { .. }
        | Effect::ReadOrders
        | Effect::ReadTrades
        | Effect::ReadPositions
        | Effect::ReadFunds
        | Effect::Safeguard(_)
        | Effect::Reply { .. } => true,
        Effect::Watch(_) | Effect::Levels(_) | Effect::WakeAt(_) | Effect::Rehearse(_) | Effect::Alert { .. } => false,
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
        Effect::Modify { intent, .. } => {
            Some(Event::ModifyFailed { intent: *intent, reason: reason(), unanswered: false })
        }
        Effect::Cancel { .. }
        | Effect::LookUp { .. }
        | Effect::ReadOrders
        | Effect::ReadTrades
        | Effect::ReadPositions
        | Effect::ReadFunds
        | Effect::Safeguard(_)
        | Effect::Watch(_)
        | Effect::Levels(_)
        | Effect::WakeAt(_)
        | Effect::Reply { .. }
        | Effect::Rehearse(_)
        | Effect::Alert { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::after_ms;
    use crate::domain::{CommandId, Contract, Instrument, Recommendation, Segment};
    use crate::engine::command::Origin;
    use crate::engine::reference::{OrderTally, RawCharges};
    use crate::engine::{Command, EngineConfig, ResolvedLeg};

    struct Nothing;

    impl Reference for Nothing {
        fn resolve(&self, _: &Recommendation, _: jiff::civil::Date, _: Timestamp) -> Result<Vec<ResolvedLeg>, String> {
            Err("nothing is listed".into())
        }
        fn is_open(&self, _: Segment, _: Timestamp) -> bool {
            true
        }
        fn next_open(&self, _: Segment, _: Timestamp) -> Option<Timestamp> {
            None
        }
        fn instrument(&self, _: &Contract) -> Option<Instrument> {
            None
        }
        fn charges(&self, _: &OrderTally) -> RawCharges {
            RawCharges::default()
        }
    }

    fn at(ms: i64) -> Timestamp {
        after_ms("2026-11-20T04:00:00Z".parse().unwrap(), ms)
    }

    fn command(id: u64, command: Command) -> Event {
        Event::Command { id: CommandId(id), origin: Origin::Screen, command, quotes: Vec::new(), margins: Vec::new() }
    }

    fn driver() -> Driver {
        Driver::new(Engine::new(EngineConfig::default(), State::default()), 1)
    }

    fn replies(effects: &[Effect]) -> Vec<u64> {
        let id = |e: &Effect| if let Effect::Reply { command, .. } = e { Some(command.0) } else { None };
        effects.iter().filter_map(id).collect()
    }

    #[test]
    fn nothing_happens_before_its_records_are_on_disk_and_then_in_order() {
        let mut d = driver();
        d.handle(&command(1, Command::Halt), at(0), &Nothing);
        d.handle(&command(2, Command::Halt), at(1), &Nothing);
        let first = d.take_batch().unwrap();
        d.handle(&command(3, Command::Halt), at(2), &Nothing);
        let second = d.take_batch().unwrap();
        assert_eq!((first.seq, second.seq), (1, 2));
        assert!(first.records.iter().any(|(t, r)| *t == at(1) && matches!(r, Record::Asked { .. })));
        assert!(d.take_batch().is_none());
        assert_eq!(replies(&d.committed(1)), [1, 2]);
        assert!(replies(&d.committed(1)).is_empty());
        assert_eq!(replies(&d.committed(2)), [3]);
    }

    #[test]
    fn the_records_of_all_batches_fold_to_the_state() {
        let mut d = driver();
        d.handle(&Event::Started, at(0), &Nothing);
        d.handle(&command(1, Command::Halt), at(5), &Nothing);
        let mut folded = State::default();
        while let Some(batch) = d.take_batch() {
            batch.records.iter().for_each(|(at, record)| folded.apply(record, *at));
        }
        assert_eq!(&folded, d.state());
    }

    #[test]
    fn what_leaves_the_house_is_awaited_and_what_is_only_remembered_is_not() {
        let mut d = driver();
        assert_eq!(d.collected(), Collected::Nothing);
        d.handle(&command(1, Command::Halt), at(0), &Nothing);
        assert_eq!(d.collected(), Collected::Awaited, "somebody waits for the answer");
        let asked = d.take_batch().unwrap();
        assert_eq!(d.collected(), Collected::Nothing);
        d.handle(&Event::Store { up: true }, at(1), &Nothing);
        d.effects.clear();
        d.records.push((at(1), Record::Halted { reason: "noted".into() }));
        d.effects.push(Effect::Alert { level: crate::engine::effect::AlertLevel::Info, text: "told here".into() });
        assert_eq!(d.collected(), Collected::ForItself);
        d.store_failed(asked.seq);
        assert_eq!(d.collected(), Collected::Nothing, "with the store dead there are no batches");
    }

    #[test]
    fn with_the_store_dead_what_lowers_risk_goes_on_and_entries_do_not() {
        let mut d = driver();
        d.handle(&command(1, Command::Halt), at(0), &Nothing);
        let committed = d.take_batch().unwrap();
        d.handle(&command(2, Command::Halt), at(1), &Nothing);
        let failed = d.take_batch().unwrap();
        d.handle(&command(3, Command::Halt), at(2), &Nothing);
        let out = d.store_failed(failed.seq);
        assert_eq!(replies(&out.effects), [1, 2, 3]);
        assert_eq!(out.events, [Event::Store { up: false }]);
        let spilled: Vec<u64> = out.spill.iter().map(|b| b.seq).collect();
        assert_eq!(spilled, [2, 3], "{} was committed", committed.seq);
        assert!(d.take_batch().is_none());

        d.handle(&command(4, Command::Halt), at(3), &Nothing);
        let out = d.release_unjournalled();
        assert_eq!((replies(&out.effects), out.spill.len()), (vec![4], 1));
        assert_eq!(d.store_restored(), Some(Event::Store { up: true }));
        assert_eq!(d.store_restored(), None);
        d.handle(&command(5, Command::Halt), at(4), &Nothing);
        assert_eq!(d.take_batch().map(|b| b.seq), Some(5));
    }

    #[test]
    fn only_entries_need_the_journal() {
        use super::super::tests as fixtures;
        for (lane, goes) in [(Lane::Exit, true), (Lane::Protection, true), (Lane::Entry, false)] {
            assert_eq!(without_journal(&fixtures::place(1, lane)).is_none(), goes, "{lane:?}");
            let modify = fixtures::modify(1, crate::domain::Price::ZERO, lane);
            assert_eq!(without_journal(&modify).is_none(), goes, "{lane:?}");
        }
        assert!(without_journal(&fixtures::cancel(1)).is_none());
    }
}
