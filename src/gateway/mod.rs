//! One account's outgoing lanes: pacing, deadlines, look-up of unknown orders, error classes; and the driver that commits before it releases.
//!
//! Floor 2, pure: it runs unchanged in simulation.
//!
//! [`Gateway`] decides which call leaves when, and what its answer (or silence) means. [`Driver`] owns the engine and
//! releases effects only when their records are committed. [`Desk`] joins the two: what the live process and the
//! simulation both run, around which only bytes are moved.

pub mod answers;
pub mod breaker;
pub mod call;
pub mod categories;
pub mod core;
pub mod desk;
pub mod driver;
pub mod error_class;
pub mod lanes;
pub mod look_up;
pub mod meter;
pub mod pace;
pub mod policy;
pub mod quota;
pub mod reads;

pub use call::{Answer, Call, CallId, Outgoing};
pub use core::Gateway;
pub use desk::{Desk, Notice};
pub use driver::{Batch, Driver, Unjournalled};
pub use error_class::ErrorClass;
pub use policy::{BreakerPolicy, GatewayPolicy, LookUpPolicy, Window};
pub use quota::{Quota, WindowUse};

/// Ways to break the gateway on purpose: the simulation's checks must notice each of them.
#[cfg(test)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Sabotage {
    /// Sends an intent again when its answer is late.
    pub resend_on_timeout: bool,
    /// Forgets to look for what may have left before a restart.
    pub forget_look_ups: bool,
    /// Loses cancels.
    pub drop_cancels: bool,
    /// Lets waiting entries leave after a halt.
    pub ignore_hold: bool,
}

#[cfg(test)]
mod tests;
