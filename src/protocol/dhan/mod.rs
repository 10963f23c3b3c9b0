//! The DhanHQ v2 API on the wire.

pub mod instruments;
