//! Why a call to a broker did not do what was asked.

use crate::gateway::ErrorClass;

/// A failed call: what is known (`class`), the broker's code if it gave one, and words for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}{}", shown(.code))]
pub struct BrokerError {
    pub class: ErrorClass,
    /// As the broker numbers it (`DH-906`, `HTTP 502`); empty where it gave none.
    pub code: String,
    pub message: String,
}

fn shown(code: &str) -> String {
    if code.is_empty() { String::new() } else { format!(" ({code})") }
}

impl BrokerError {
    pub fn new(class: ErrorClass, message: impl Into<String>) -> Self {
        Self { class, code: String::new(), message: message.into() }
    }

    /// Refused by our own checks: not a byte left.
    pub fn not_sent(message: impl Into<String>) -> Self {
        Self::new(ErrorClass::NotSent, message)
    }
}
