//! The engine itself: takes an event, decides, answers with a step.

use std::collections::BTreeSet;

use super::state::LotKey;
use super::turn::{Memory, Turn};
use super::{EngineConfig, Event, Record, Reference, State, step::Step};
use crate::domain::time::Timestamp;

/// The state machine. Owned by one task; all decisions are made here.
#[derive(Clone, Debug)]
pub struct Engine {
    pub config: EngineConfig,
    state: State,
    memory: Memory,
    #[cfg(test)]
    pub(crate) sabotage: Option<super::Sabotage>,
}

impl Engine {
    /// An engine that goes on from a state folded from the journal (or from an empty one).
    pub fn new(config: EngineConfig, state: State) -> Self {
        Self {
            config,
            state,
            memory: Memory::default(),
            #[cfg(test)]
            sabotage: None,
        }
    }

    pub fn state(&self) -> &State {
        &self.state
    }

    /// Whether less is open at the broker than our lots say, and it is not yet proven to have been closed elsewhere.
    pub fn misses_positions(&self) -> bool {
        !self.memory.shortages.is_empty()
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
            #[cfg(test)]
            sabotage: self.sabotage,
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
            Event::Command { id, origin, command, quotes, margins } => {
                self.margins_told(margins);
                self.command(*id, *origin, command, quotes);
            }
            Event::OrderSeen { sighting, .. } => {
                self.order_seen(sighting);
                self.look_at_positions_after(sighting);
            }
            Event::PlaceFailed { intent, outcome } => self.place_failed(*intent, outcome),
            Event::ModifyFailed { intent, reason, unanswered } => self.modify_failed(*intent, reason, *unanswered),
            Event::CancelFailed { intent, reason } => self.cancel_failed(*intent, reason),
            Event::OrdersRead { asked_at, orders, .. } => self.orders_read(*asked_at, orders),
            Event::TradesRead { asked_at, trades, .. } => self.trades_read(*asked_at, trades),
            Event::PositionsRead { asked_at, positions, .. } => self.positions_read(*asked_at, positions),
            Event::FundsRead { asked_at, funds, .. } => self.funds_read(*asked_at, *funds),
            Event::ReadFailed { book, reason } => self.read_failed(*book, reason),
            Event::SafeguardTold { ask, told } => self.safeguard_told(*ask, *told),
            Event::SafeguardFailed { ask, reason, refused } => self.safeguard_failed(*ask, reason, *refused),
            Event::Quotes(quotes) => self.quotes(quotes),
            Event::LoggedOut { reason } => self.logged_out(reason),
            Event::LoggedIn => self.logged_in(),
            Event::OrderLink { up } => self.order_link(*up),
            Event::Store { up } => self.store(*up),
        }
    }

    /// Everything that follows from the state as it is now: each rule looks at what is and asks for what is missing,
    /// so that it does not matter which event, or which restart, came before.
    fn drive(&mut self) {
        self.finish_reconciling();
        self.expire_and_undefer();
        self.drive_expired();
        self.drive_shortages();
        self.drive_halt();
        self.drive_executions();
        self.drive_queue();
        self.drive_signals();
        self.drive_scalps();
        match self.touched() {
            Touched::Nothing => {}
            Touched::Lots(keys) => self.drive_strays(Some(&keys)),
            Touched::Everything => self.drive_strays(None),
        }
        self.drive_rules();
        self.drive_protection();
        self.drive_exits();
        self.drive_flatten();
        self.drive_safeguards();
        self.poll();
        if self.watch_may_change() || !self.memory.signals.is_empty() {
            self.watch();
        }
        self.ask_for_levels();
        self.ask_for_wake();
    }

    /// What this turn has changed, as far as fills go: what follows from state alone need not be asked otherwise.
    fn touched(&self) -> Touched {
        let mut keys = BTreeSet::new();
        for record in &self.step.records {
            match record {
                Record::OrderSeen { intent, .. } => {
                    let Some(order) = self.state.orders.get(intent) else { continue };
                    keys.insert(order.lot_key());
                }
                Record::Marks { .. } | Record::ModifyAsked { .. } | Record::CancelAsked { .. } => {}
                _ => return Touched::Everything,
            }
        }
        if keys.is_empty() { Touched::Nothing } else { Touched::Lots(keys) }
    }

    /// Whether other quotes may be wanted than before: not after prices, nor while an order goes on as it did.
    fn watch_may_change(&self) -> bool {
        self.step.records.iter().any(|record| match record {
            Record::Marks { .. } | Record::ModifyAsked { .. } | Record::CancelAsked { .. } => false,
            Record::OrderSeen { intent, .. } => !self.state.open.contains(intent),
            _ => true,
        })
    }
}

/// What a turn has changed.
enum Touched {
    Nothing,
    /// Orders of these lots, and nothing else.
    Lots(BTreeSet<LotKey>),
    Everything,
}
