//! One account's outgoing lanes: pacing, deadlines, look-up of unknown orders, error classes; and the driver that commits before it releases.
//!
//! Floor 2, pure: it runs unchanged in simulation.
