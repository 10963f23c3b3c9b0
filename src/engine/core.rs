//! The engine itself: takes an event, decides, answers with a step.

use super::{EngineConfig, Event, Reference, State, step::Step};
use crate::domain::time::Timestamp;

/// The state machine. Owned by one task; all decisions are made here.
#[derive(Clone, Debug)]
pub struct Engine {
    pub config: EngineConfig,
    state: State,
}

impl Engine {
    /// An engine that goes on from a state folded from the journal (or from an empty one).
    pub fn new(config: EngineConfig, state: State) -> Self {
        Self { config, state }
    }

    pub fn state(&self) -> &State {
        &self.state
    }

    /// Decides what follows from `event` at `now`. The same state, event, instant and reference give the same step.
    pub fn handle(&mut self, event: &Event, now: Timestamp, reference: &dyn Reference) -> Step {
        let _ = (event, now, reference);
        Step::default()
    }
}
