//! Tests that use the program from outside, in one binary.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // the helpers of tests, too, fail by panicking
#![allow(clippy::large_futures)] // a whole cockpit on a test's stack

#[cfg(unix)]
mod blocked_screen;
mod cockpit;
mod crash;
mod dhan_samples;
mod dhan_table;
mod faults;
mod floors;
#[cfg(target_os = "linux")] // a limit on the sizes of files is set from outside
mod full_disk;
mod journal;
mod keep_alive;
mod kills;
#[cfg(unix)] // a terminal's line is typed into it
mod live;
#[cfg(unix)]
mod packaging;
mod paper_authentication;
mod paper_client;
mod paper_data;
mod paper_held_orders;
mod program;
mod readme;
mod real_input;
mod records;
mod restart;
mod same_day;
mod scalper;
mod scalping;
mod scalping_by_hand;
mod screens;
mod shell;
mod terminal;
mod webhook;
