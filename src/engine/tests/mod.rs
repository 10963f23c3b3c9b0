//! The engine's rules, told as short stories at a desk with a scripted broker.

mod clock;
mod desk;
mod elsewhere;
mod entry;
mod exit;
mod log_in;
mod marking;
mod protect;
mod rehearsing;
mod restart;
mod rules;
mod safeguards;
mod scalp;
