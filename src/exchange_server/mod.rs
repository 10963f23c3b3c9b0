//! The built-in exchange as a server that speaks DhanHQ v2 on loopback.
//!
//! Floor 3. Matching rules live in `exchange`.
