//! Driver and gateway joined: everything between an event and a call that may leave, without I/O. The live process and
//! the simulation run the same desk and only move bytes around it:
//!
//! 1. bring what happened ([`Desk::handle`], [`Desk::answered`], [`Desk::saw`], [`Desk::tick`]);
//! 2. write [`Desk::take_spill`] (only while the journal is dead) and give [`Desk::take_batch`] to the store, at most one
//!    at a time; say [`Desk::committed`] or [`Desk::store_failed`] when it has answered;
//! 3. send every [`Desk::next_call`], pass on [`Desk::take_notices`], and come back at [`Desk::next_wake`] at the latest.
//!
//! Every `now` comes from one steady clock (the wall clock read once, then what a monotonic one says has passed): deadlines, the
//! pace and the proof that an order is lost all measure with it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::call::{Answer, CallId, Outgoing};
use super::driver::{Batch, Collected, Driver};
use super::{Gateway, Quota};
use crate::domain::time::Timestamp;
use crate::domain::{CommandId, Contract, Drill, OrderSighting};
use crate::engine::command::Reply;
use crate::engine::effect::{AlertLevel, Levels};
use crate::engine::{Effect, Event, Reference, State};

/// A released effect that is not for the broker.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    Reply {
        command: CommandId,
        reply: Reply,
    },
    Alert {
        level: AlertLevel,
        text: String,
    },
    /// Paper mode: let this go wrong for so many seconds, or end what is rehearsed.
    Rehearse(Option<(Drill, u32)>),
    /// The contracts whose quotes the engine wants once a second, instead of the set before.
    Watch(BTreeSet<Contract>),
    /// Prices whose crossing is told at once, instead of the set before.
    Levels(BTreeMap<Contract, Levels>),
}

/// One account's engine, journal order and outgoing lanes.
#[derive(Clone, Debug)]
pub struct Desk {
    driver: Driver,
    gateway: Gateway,
    wake_at: Option<Timestamp>,
    notices: Vec<Notice>,
    spill: Vec<Batch>,
    /// Why entries are held, as the gateway was last told.
    held: Option<&'static str>,
}

impl Desk {
    pub fn new(driver: Driver, gateway: Gateway) -> Self {
        Self { driver, gateway, wake_at: None, notices: Vec::new(), spill: Vec::new(), held: None }
    }

    pub fn driver(&self) -> &Driver {
        &self.driver
    }

    pub fn driver_mut(&mut self) -> &mut Driver {
        &mut self.driver
    }

    pub fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    pub fn gateway_mut(&mut self) -> &mut Gateway {
        &mut self.gateway
    }

    pub fn state(&self) -> &State {
        self.driver.state()
    }

    pub fn quota(&self, now: Timestamp) -> Quota {
        self.gateway.quota(now)
    }

    /// Something happened.
    pub fn handle(&mut self, event: Event, now: Timestamp, reference: &dyn Reference) {
        self.handle_all(vec![event], now, reference);
    }

    /// The broker answered a call.
    pub fn answered(&mut self, id: CallId, answer: Answer, now: Timestamp, reference: &dyn Reference) {
        let events = self.gateway.answered(id, answer, now);
        self.handle_all(events, now, reference);
    }

    /// The order-update link told of an order.
    pub fn saw(&mut self, sighting: &OrderSighting, now: Timestamp, reference: &dyn Reference) {
        let events = self.gateway.saw(sighting, now);
        self.handle_all(events, now, reference);
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Timestamp, reference: &dyn Reference) {
        let mut events = self.gateway.tick(now);
        if self.wake_at.is_some_and(|at| at <= now) {
            self.wake_at = None;
            events.push(Event::Wake);
        }
        self.handle_all(events, now, reference);
    }

    /// The store has a batch (and all before it) on disk.
    pub fn committed(&mut self, seq: u64, now: Timestamp, reference: &dyn Reference) {
        let effects = self.driver.committed(seq);
        let events = self.release(effects, now);
        self.handle_all(events, now, reference);
    }

    /// The store could not commit a batch.
    pub fn store_failed(&mut self, seq: u64, now: Timestamp, reference: &dyn Reference) {
        let out = self.driver.store_failed(seq);
        self.spill.extend(out.spill);
        let mut events = self.release(out.effects, now);
        events.splice(0..0, out.events);
        self.handle_all(events, now, reference);
    }

    /// The journal works again, with all that was spilled in it.
    pub fn store_restored(&mut self, now: Timestamp, reference: &dyn Reference) {
        if let Some(event) = self.driver.store_restored() {
            self.handle(event, now, reference);
        }
    }

    /// What the store shall commit next.
    pub fn take_batch(&mut self) -> Option<Batch> {
        self.driver.take_batch()
    }

    /// Whether the next batch should be taken at once.
    pub fn collected(&self) -> Collected {
        self.driver.collected()
    }

    /// What the spill file shall hold before the next call leaves.
    pub fn take_spill(&mut self) -> Vec<Batch> {
        std::mem::take(&mut self.spill)
    }

    pub fn next_call(&mut self, now: Timestamp) -> Option<Outgoing> {
        self.gateway.next_call(now)
    }

    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// When to come back at the latest; an instant in the past means now.
    pub fn next_wake(&self) -> Option<Timestamp> {
        [self.wake_at, self.gateway.next_wake()].into_iter().flatten().min()
    }

    fn handle_all(&mut self, events: Vec<Event>, now: Timestamp, reference: &dyn Reference) {
        let mut queue = VecDeque::from(events);
        while let Some(event) = queue.pop_front() {
            self.driver.handle(&event, now, reference);
            queue.extend(self.hold_or_not());
            if self.driver.store_is_dead() {
                let out = self.driver.release_unjournalled();
                self.spill.extend(out.spill);
                queue.extend(out.events);
                queue.extend(self.release(out.effects, now));
            }
        }
    }

    /// Halting takes hold of the lanes at once: the safe direction waits for no commit.
    fn hold_or_not(&mut self) -> Vec<Event> {
        let state = self.driver.state();
        let reason = if state.halt.is_some() || state.flatten.is_some() {
            Some("entries were halted before it was sent")
        } else if self.driver.store_is_dead() {
            Some("the journal cannot be written: no entries until it can")
        } else {
            None
        };
        if reason == self.held {
            return Vec::new();
        }
        self.held = reason;
        self.gateway.hold_entries(reason)
    }

    fn release(&mut self, effects: Vec<Effect>, now: Timestamp) -> Vec<Event> {
        let mut events = Vec::new();
        for effect in effects {
            match effect {
                Effect::Watch(contracts) => self.notices.push(Notice::Watch(contracts)),
                Effect::Levels(levels) => self.notices.push(Notice::Levels(levels)),
                Effect::WakeAt(at) => self.wake_at = Some(at),
                Effect::Rehearse(what) => self.notices.push(Notice::Rehearse(what)),
                Effect::Reply { command, reply } => self.notices.push(Notice::Reply { command, reply }),
                Effect::Alert { level, text } => self.notices.push(Notice::Alert { level, text }),
                Effect::Place { .. }
                | Effect::Modify { .. }
                | Effect::Cancel { .. }
                | Effect::LookUp { .. }
                | Effect::ReadOrders
                | Effect::ReadTrades
                | Effect::ReadPositions
                | Effect::ReadFunds
                | Effect::Safeguard(_) => events.extend(self.gateway.submit(&effect, now)),
            }
        }
        events
    }
}
