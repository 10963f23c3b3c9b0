//! Tests that use the program from outside, in one binary.

mod dhan_samples;
mod floors;
