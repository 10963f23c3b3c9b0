//! Tests that use the program from outside, in one binary.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // the helpers of tests, too, fail by panicking

mod dhan_samples;
mod dhan_table;
mod floors;
mod paper_client;
mod paper_data;
mod paper_held_orders;
mod readme;

// The program as a whole, with signals and terminals as Unix has them.
#[cfg(unix)]
mod cockpit;
#[cfg(unix)]
mod crash;
#[cfg(unix)]
mod program;
#[cfg(unix)]
mod real_input;
#[cfg(unix)]
mod restart;
#[cfg(unix)]
mod shell;
#[cfg(unix)]
mod terminal;
