//! A record as the journal stores it: its instant, its kind and its JSON; and the hash that ties it to the one before.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::super::StoreError;
use crate::domain::time::Timestamp;
use crate::engine::Record;

/// The form of the JSON. Rows of a newer form are refused, not guessed at.
pub const RECORD_SCHEMA: i64 = 1;

/// SHA-256 over the hash before, the sequence number, the instant and the text.
pub type Hash = [u8; 32];

/// The hash before the first record.
pub const NO_HASH: Hash = [0; 32];

/// One committed record.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// 1 is the first; no number is missing.
    pub seq: u64,
    pub at: Timestamp,
    pub record: Record,
}

/// What is about to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub at: Timestamp,
    pub record: Record,
    /// Nanoseconds since 1970, UTC: as exact as the engine's instants, so that a fold arrives at the same bytes.
    pub at_ns: i64,
    pub body: String,
}

impl Line {
    pub fn new(at: Timestamp, record: &Record) -> Result<Self, StoreError> {
        let failed =
            |reason: String| StoreError::Failed { what: format!("writing down `{}`", kind_of(record)), reason };
        let at_ns = i64::try_from(at.as_nanosecond()).map_err(|e| failed(format!("instant {at}: {e}")))?;
        let body = serde_json::to_string(record).map_err(|e| failed(e.to_string()))?;
        Ok(Self { at, record: record.clone(), at_ns, body })
    }

    /// The record's name as the JSON has it.
    pub fn kind(&self) -> &str {
        let text = self.body.trim_start_matches('{').trim_start_matches('"');
        text.split('"').next().unwrap_or_default()
    }

    /// By which a record is known again: the same words at the same nanosecond are the same record.
    pub fn key(&self) -> (i64, &str) {
        (self.at_ns, &self.body)
    }

    /// Whether both write down the same.
    pub fn same(&self, other: &Self) -> bool {
        self.key() == other.key()
    }

    pub fn hash(&self, before: &Hash, seq: u64) -> Hash {
        hash(before, seq, self.at_ns, &self.body)
    }

    pub fn entry(&self, seq: u64) -> Entry {
        Entry { seq, at: self.at, record: self.record.clone() }
    }
}

pub fn hash(before: &Hash, seq: u64, at_ns: i64, body: &str) -> Hash {
    let sum = Sha256::new().chain_update(before).chain_update(seq.to_le_bytes()).chain_update(at_ns.to_le_bytes());
    sum.chain_update(body.as_bytes()).finalize().into()
}

/// A record's name without its content.
fn kind_of(record: &Record) -> String {
    let debug = format!("{record:?}");
    debug.split([' ', '{', '(']).next().unwrap_or_default().to_string()
}

/// A line of the spill file.
#[derive(Serialize, Deserialize)]
pub struct SpillLine {
    /// The last committed record when this one was noted.
    pub after: u64,
    pub at: Timestamp,
    pub record: Record,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::StrategyId;

    #[test]
    fn the_kind_is_the_name_in_the_json() {
        let kind = |r: &Record| Line::new(Timestamp::UNIX_EPOCH, r).unwrap().kind().to_string();
        assert_eq!(kind(&Record::Started), "started");
        assert_eq!(kind(&Record::Queued { id: StrategyId(7) }), "queued");
        assert_eq!(kind_of(&Record::Queued { id: StrategyId(7) }), "Queued");
    }
}
