//! Strategies as files bring them: the analyser's output, canonical records, position lists, CSV.
//!
//! Floor 1, pure: bytes in, recommendations and refusals (with place and reason) out.
