//! Wire types of each broker's API, and of signals: encode and decode, nothing else.
//!
//! Floor 1, no I/O. Used by our client and by the built-in exchange; checked against samples neither wrote.

pub mod dhan;
pub mod signal;
