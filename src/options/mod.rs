//! Options maths: pricing, implied volatility, chains, payoff, naming a position from its legs, charges.
//!
//! Floor 1, pure. Floating point is allowed here (for prices of models and Greeks), never in what is journalled: money and payoffs are exact.

pub mod black76;
pub mod chain;
pub mod charges;
pub mod coherence;
pub mod curve;
pub mod expiry;
pub mod forward;
pub mod implied;
pub mod naming;
pub mod outlook;
pub mod payoff;
pub mod pricing;
pub mod smile;
