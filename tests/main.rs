//! Tests that use the program from outside, in one binary.

mod floors;
