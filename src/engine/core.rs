//! The engine itself: takes an event, decides, answers with a step.

use super::turn::{Memory, Turn};
use super::{EngineConfig, Event, Reference, State, step::Step};
use crate::domain::time::Timestamp;

/// The state machine. Owned by one task; all decisions are made here.
#[derive(Clone, Debug)]
pub struct Engine {
    pub config: EngineConfig,
    state: State,
    memory: Memory,
}

impl Engine {
    /// An engine that goes on from a state folded from the journal (or from an empty one).
    pub fn new(config: EngineConfig, state: State) -> Self {
        Self { config, state, memory: Memory::default() }
    }

    pub fn state(&self) -> &State {
        &self.state
    }

    /// Decides what follows from `event` at `now`. The same engine, event, instant and reference give the same step.
    ///
    /// A clock that jumps back does not take the engine with it: time stands until the clock has caught up.
    pub fn handle(&mut self, event: &Event, now: Timestamp, reference: &dyn Reference) -> Step {
        let now = self.memory.latest.map_or(now, |latest| latest.max(now));
        self.memory.latest = Some(now);
        let mut turn = Turn {
            state: &mut self.state,
            memory: &mut self.memory,
            config: &self.config,
            reference,
            now,
            step: Step::default(),
            due: None,
        };
        turn.start_day();
        turn.take(event);
        turn.drive();
        turn.step
    }
}

impl Turn<'_> {
    fn take(&mut self, event: &Event) {
        match event {
            Event::Started => self.started(),
            Event::Wake => {}
            Event::Command { id, origin, command, quotes } => self.command(*id, *origin, command, quotes),
            Event::OrderSeen { sighting, .. } => self.order_seen(sighting),
            Event::PlaceFailed { intent, outcome } => self.place_failed(*intent, outcome),
            Event::ModifyFailed { intent, reason } => self.modify_failed(*intent, reason),
            Event::CancelFailed { intent, reason } => self.cancel_failed(*intent, reason),
            Event::OrdersRead { asked_at, orders, .. } => self.orders_read(*asked_at, orders),
            Event::TradesRead { asked_at, trades, .. } => self.trades_read(*asked_at, trades),
            Event::PositionsRead { asked_at, positions, .. } => self.positions_read(*asked_at, positions),
            Event::FundsRead { asked_at, funds, .. } => self.funds_read(*asked_at, *funds),
            Event::ReadFailed { book, reason } => self.read_failed(*book, reason),
            Event::Quotes(quotes) => self.quotes(quotes),
            Event::OrderLink { up } => self.order_link(*up),
            Event::Store { up } => self.store(*up),
        }
    }

    /// Everything that follows from the state as it is now: each rule looks at what is and asks for what is missing,
    /// so that it does not matter which event, or which restart, came before.
    fn drive(&mut self) {
        self.finish_reconciling();
        self.expire_and_undefer();
        self.drive_halt();
        self.drive_executions();
        self.drive_queue();
        if self.has_changed() {
            self.drive_strays();
        }
        self.drive_exits();
        self.drive_flatten();
        self.poll();
        if self.has_changed() {
            self.watch();
        }
        self.ask_for_wake();
    }

    /// Whether this turn has changed more than prices: what follows from state alone need not be asked otherwise.
    fn has_changed(&self) -> bool {
        self.step.records.iter().any(|r| !matches!(r, super::Record::Marks { .. }))
    }
}
