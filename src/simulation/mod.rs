//! Engine, gateway and exchange in virtual time, with faults, from a seed; the promises are checked after every step.
//!
//! Floor 4. No sockets, no wall clock.
