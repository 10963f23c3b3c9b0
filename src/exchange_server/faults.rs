//! What can be made to go wrong on purpose: the menu, who it is for, and the places in the server where it happens.
//!
//! Faults are data ([`FaultSpec`], as a `--faults` file, the control endpoint or a rehearsal gives them); [`Faults`] holds
//! those that stand and decides, at each place, whether one happens now. [`rest`] does those of requests and answers;
//! the sockets and the instrument lists ask for theirs where they write.

mod desk;
mod endpoint;
mod menu;
pub mod rest;
mod texts;
pub mod wire;

pub use desk::{Faults, Standing};
pub use endpoint::{Category, Endpoint};
pub use menu::{Fault, FaultSpec, RandomFaults, Target};
pub use texts::{ListingFault, doctored};
