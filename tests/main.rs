//! Tests that use the program from outside, in one binary.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // the helpers of tests, too, fail by panicking

#[cfg(unix)]
mod blocked_screen;
mod cockpit;
mod crash;
mod dhan_samples;
mod floors;
#[cfg(unix)]
mod packaging;
mod paper_client;
mod program;
mod readme;
mod real_input;
mod restart;
mod same_day;
mod shell;
mod terminal;
