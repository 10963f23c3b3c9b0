//! The doors of a running cockpit: the control API on loopback, for the shell's sub-commands; the webhook, for signals.
//!
//! Floor 3. No trading decisions: [`desk::Desk`] is what a running cockpit offers, [`server`] puts one on a socket of this
//! machine, [`client`] is one at the other end of that socket. Whoever knows the token is the trader. [`webhook`] listens on
//! a port of its own and can do one thing only: hand over a signal.

pub mod client;
pub mod desk;
#[cfg(test)]
pub(crate) mod fake;
pub mod metrics;
pub mod office;
mod pace;
mod problem;
pub mod server;
mod serving;
pub mod token;
pub mod webhook;

pub use client::Remote;
pub use desk::{AlertsRequest, Answer, Desk, DeskError, LotQuestion, MapQuestion};
pub use office::Office;
pub use server::{listen, serve};
pub use serving::Serving;
pub use token::Token;
