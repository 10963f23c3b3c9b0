//! The scalper as its senders and its broker meet it: signals through the webhook, a broker that fails, processes that end,
//! crowds, and every limit tripped once.

mod counter;
mod crash;
mod crowds;
mod faults;
mod limits;
mod restarts;
mod soak;
