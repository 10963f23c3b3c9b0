//! The control API on loopback, for the shell's sub-commands.
//!
//! Floor 3. No trading decisions.
