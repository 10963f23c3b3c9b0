//! One file per sub-command (those that only hand on what was typed are in the dispatch itself).

pub mod backstop;
pub mod decide;
pub mod doctor;
pub mod exchange;
pub mod execute;
pub mod flatten;
pub mod import;
pub mod install_shortcut;
pub mod ip;
pub mod keys;
pub mod kill;
pub mod list;
pub mod map;
pub mod mark;
mod open;
mod preview;
pub mod protect;
pub mod rehearse;
pub mod risk;
pub mod setup;
pub mod show;
pub mod simulate;
pub mod status;
pub mod top;
