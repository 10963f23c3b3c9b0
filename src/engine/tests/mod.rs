//! The engine's rules, told as short stories at a desk with a scripted broker.

mod desk;
mod entry;
mod exit;
mod marking;
mod protect;
mod restart;
mod rules;
