//! Engine, gateway and exchange in virtual time, with faults, from a seed; the promises are checked after every step.
//!
//! Floor 4. No sockets, no wall clock.
//!
//! A [`World`] holds one desk (the engine behind its driver and gateway, as the live process runs them), the built-in
//! exchange, a network that loses, delays, doubles and reorders, a disk whose commits take time and fail, a process that
//! is killed at any moment, and a trader who presses keys. Everything follows from the seed, so that a run that breaks
//! a promise can be replayed to the same end: [`run`], or [`traced`] with every line of what happened.
//!
//! A [`Playback`] is the other kind of replay: the state after any record of a past day, from its journal alone.

mod broker;
mod checks;
mod dice;
mod disk;
mod disturbance;
mod listing;
mod playback;
mod report;
mod text;
mod trader;
mod weather;
mod world;

#[cfg(test)]
mod tests;

pub use checks::Broken;
pub use disturbance::Disturbance;
pub use playback::Playback;
pub use report::{Invariant, Report, Violation};
pub use weather::Weather;
pub use world::{Play, World, journal, run, traced};
