//! Limits and the gate: the one place where an entry is allowed or refused, with the reason.
//!
//! Floor 1, pure. Exits never come here.

pub mod exposure;
pub mod gate;
pub mod limits;
pub mod margin;
pub mod scalping;
pub mod scenario;

pub use exposure::{Exposure, RiskLeg};
pub use limits::Limits;
pub use scalping::ScalpLimits;
