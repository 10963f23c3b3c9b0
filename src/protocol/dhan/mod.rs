//! DhanHQ v2: one file per category of its documentation; the same types serve the client and the built-in exchange.

pub mod instruments;
