//! Wire types of each broker's API: encode and decode, nothing else.
//!
//! Floor 1, no I/O. Used by our client and by the built-in exchange; checked against samples neither wrote.

pub mod dhan;
