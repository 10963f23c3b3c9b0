//! The client against a small server that answers what each test tells it to.

mod calls;
mod conditional_triggers;
mod failures;
mod fake;
mod forever_orders;
pub mod listing;
mod streams;
mod super_orders;
