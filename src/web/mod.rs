//! The control API on loopback, for the shell's sub-commands.
//!
//! Floor 3. No trading decisions: [`desk::Desk`] is what a running cockpit offers, [`server`] puts one on a socket of this
//! machine, [`client`] is one at the other end of that socket. Whoever knows the token is the trader.

pub mod client;
pub mod desk;
#[cfg(test)]
pub(crate) mod fake;
pub mod server;
pub mod token;

pub use client::Remote;
pub use desk::{AlertsRequest, Answer, Desk, DeskError, LotQuestion, MapQuestion};
pub use server::{ControlServer, listen, serve};
pub use token::Token;
