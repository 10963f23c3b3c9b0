//! Every fault of the built-in exchange's menu, and what the cockpit then does and shows. Nothing is lost, doubled or hung.

mod control;
mod links;
mod lists;
mod measures;
mod rehearsals;
mod requests;
mod safeguards;
pub mod stage;
mod switches;
