//! The engine: a pure state machine. `handle(event, now)` returns records and effects.
//!
//! Floor 2. No I/O, no clock, no async, no randomness, no floating point, no unordered map.
//!
//! All that can change a trade comes in as an [`Event`]; what must be remembered leaves as [`Record`]s (committed
//! first), what must happen as [`Effect`]s (released after). State changes only by applying records, so folding the
//! journal arrives at the same state.

mod appraise;
pub mod command;
mod commands;
pub mod config;
pub mod core;
pub mod effect;
mod elsewhere;
pub mod event;
mod execution;
mod exits;
mod expiry;
mod flatten;
mod log_in;
mod news;
mod protection;
mod queue;
mod reach;
pub mod record;
pub mod reference;
mod routine;
mod rules;
mod sabotage;
mod safeguards;
mod scalps;
mod signals;
pub mod state;
pub mod step;
mod turn;

pub use core::Engine;

pub use appraise::{leg_at, orders_of};
pub use command::{Command, Origin, Preview, PreviewLeg, Reply, RulesWish, StopWish};
pub use config::EngineConfig;
pub use effect::{Effect, Lane};
pub use event::Event;
pub use queue::order_of;
pub use record::Record;
pub use reference::{Reference, ResolvedLeg};
#[cfg(test)]
pub(crate) use sabotage::Sabotage;
pub use state::State;
pub use step::Step;

pub use crate::risk::margin::Margin;

#[cfg(test)]
mod tests;
