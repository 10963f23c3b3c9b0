//! Strikedeck: a terminal cockpit for the Indian options trader.
//!
//! The rooms are listed floor by floor: a room may use the floors below it and the rooms the table in
//! `tests/floors.rs` allows, never one above.

// floor 0
pub mod domain;
// floor 1
pub mod import;
pub mod options;
pub mod protocol;
pub mod risk;
// floor 2
pub mod engine;
pub mod exchange;
pub mod gateway;
// floor 3
pub mod alerts;
pub mod broker;
pub mod exchange_server;
pub mod net;
pub mod platform;
pub mod store;
pub mod telemetry;
pub mod view;
pub mod web;
// floor 4
pub mod simulation;
pub mod tui;
// floor 5
pub mod app;
pub mod cli;
