//! The built-in exchange's core: prices, books, matching, margin, life cycles.
//!
//! Floor 2, pure: everything follows from a seed, the commands and the time it is told. Knows nothing of the engine.
