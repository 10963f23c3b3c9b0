//! Wires the tasks together: starts, supervises and stops them in order.
//!
//! Floor 5. No rules.
