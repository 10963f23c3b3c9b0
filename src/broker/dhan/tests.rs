//! The client against a small server that answers what each test tells it to.

mod calls;
mod errors;
mod failures;
mod fake;
pub mod listing;
mod streams;
