//! The engine: a pure state machine. `handle(event, now)` returns records and effects.
//!
//! Floor 2. No I/O, no clock, no async, no randomness, no floating point, no unordered map.
