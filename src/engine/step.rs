//! One step of the engine: what it remembers and what it asks for.

use super::{Effect, Record};

/// The outcome of handling one event. The records are already applied to the engine's state; the effects may be
/// released only once the records are committed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    pub records: Vec<Record>,
    pub effects: Vec<Effect>,
}
