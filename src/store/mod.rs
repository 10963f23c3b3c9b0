//! SQLite: the journal (append-only) and the tables projected from it; the instrument cache.
//!
//! Floor 3. No trading decisions.

pub mod instrument_cache;
