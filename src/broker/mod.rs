//! Broker adapters: move bytes, answer in neutral terms.
//!
//! Floor 3. No decisions, no retries of their own.
