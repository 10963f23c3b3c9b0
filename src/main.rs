//! The `strikedeck` program.

fn main() {}
