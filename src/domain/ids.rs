//! Names of things: each its own type, so that one id is never taken for another.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! number_id {
    ($(#[$doc:meta])* $t:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $t(pub u64);
        impl fmt::Display for $t {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
        impl std::str::FromStr for $t {
            type Err = std::num::ParseIntError;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                s.trim().parse().map(Self)
            }
        }
    };
}

number_id!(
    /// A broker account of this installation (1 is the first).
    AccountId
);
number_id!(
    /// A strategy, as the trader types it (`mark 118`).
    StrategyId
);
number_id!(
    /// One journalled decision to send one order.
    IntentId
);
number_id!(
    /// One request of a person or a shell; answered exactly once.
    CommandId
);
number_id!(
    /// A signal of the inbox.
    SignalId
);
number_id!(
    /// The broker's number of a tradable thing. Unique only within a segment and a day: ids are used again after expiry.
    SecurityId
);

/// The broker's own order number: digits at Dhan, free text elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BrokerOrderId(pub String);

impl fmt::Display for BrokerOrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The mark an order carries to the broker, by which it can be asked for after an unanswered request.
///
/// `[A-Z0-9]`, 1 to 19 characters (every broker takes that): an installation prefix and a counter, never used twice.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CorrelationId(String);

impl CorrelationId {
    pub const MAX_LENGTH: usize = 19;

    /// The id of the `counter`-th intent of the installation `prefix`: both in capitals and digits.
    pub fn new(prefix: &str, counter: u64) -> Result<Self, InvalidId> {
        let mut digits = Vec::new();
        let mut rest = counter;
        loop {
            let d = (rest % 36) as u8;
            digits.push(if d < 10 { b'0' + d } else { b'A' + d - 10 });
            rest /= 36;
            if rest == 0 {
                break;
            }
        }
        let number: String = digits.iter().rev().map(|b| char::from(*b)).collect();
        Self::try_from(format!("{prefix}{number:0>7}"))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for CorrelationId {
    type Error = InvalidId;
    fn try_from(text: String) -> Result<Self, InvalidId> {
        let fits = !text.is_empty() && text.len() <= Self::MAX_LENGTH;
        if fits && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) {
            Ok(Self(text))
        } else {
            Err(InvalidId(text))
        }
    }
}

impl From<CorrelationId> for String {
    fn from(id: CorrelationId) -> Self {
        id.0
    }
}

impl fmt::Display for CorrelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that is not a correlation id.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not a correlation id: 1 to 19 capitals and digits")]
pub struct InvalidId(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn correlation_ids_are_short_plain_and_distinct() {
        let a = CorrelationId::new("SD7K2M", 1).unwrap();
        let b = CorrelationId::new("SD7K2M", 37).unwrap();
        assert_eq!((a.as_str(), b.as_str()), ("SD7K2M0000001", "SD7K2M0000011"));
        assert!(CorrelationId::new("SD7K2M", u64::MAX).is_ok_and(|c| c.as_str().len() <= 19));
        assert!(CorrelationId::new("lower", 1).is_err());
    }
}
