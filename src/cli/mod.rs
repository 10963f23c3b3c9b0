//! The command line: one file per sub-command, argument parsing.
//!
//! Floor 5. No logic of its own.
