//! Wires the tasks together: starts, supervises and stops them in order.
//!
//! Floor 5. No rules: what may be traded is decided in the engine, what leaves when in the gateway. Here are the threads
//! and tasks, and the channels between them:
//!
//! - *engine thread*: owns the desk (engine, driver, gateway); takes [`Input`]s, gives batches to the store, calls to the
//!   broker, views to the screen. It waits for nothing but its inputs.
//! - *store thread*: commits batches and says so; feeds the projection.
//! - *models' task*: Greeks, chains, payoffs, made from the newest view a few times a second, for the screen.
//! - *broker tasks*: one per call, and one per stream (order updates, market feed).

mod access;
pub mod addresses;
pub mod again;
pub mod alerts;
pub mod analytics;
pub mod awake;
mod books;
pub mod calls;
pub mod chains;
pub mod cockpit;
pub mod config;
pub mod doctor;
pub mod door;
pub mod engine_thread;
mod feed_watch;
pub mod force;
pub mod inputs;
mod instruments;
pub mod links;
pub mod live;
mod narrate;
pub mod office;
pub mod paper;
pub mod reference;
pub mod rehearsal;
pub mod replay;
pub mod resume;
pub mod risk_review;
pub mod screen;
pub mod setup;
pub mod shared;
pub mod steady;
pub mod store_thread;
pub mod token;
pub mod warm;
pub mod webhook;

pub use cockpit::{Cockpit, Options, prepare, settings};
pub use inputs::{Input, Inputs};
