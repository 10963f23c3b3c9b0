//! The instrument master: the list of everything DhanHQ knows, as CSV, new every morning.
//!
//! It comes compact (16 columns) or detailed (three generations so far, 31 to 39 columns, the newest with a comma at the end of
//! each line); both are read by the names in their header. Reading is on bytes and allocates nothing per row: a file has
//! some 230,000 rows and 30 MB. Writing makes the same formats for the built-in exchange.

mod columns;
mod fields;
mod read;
mod write;

use std::collections::BTreeMap;
use std::fmt;

pub use self::columns::Layout;
pub use self::read::read_master;
pub use self::write::{Listing, write_compact, write_detailed};
use crate::domain::Instrument;

/// What could be read of an instrument master.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedMaster {
    pub layout: Layout,
    /// In the order of the file. Where the file has no freeze quantities (the compact one never has), `max_order` is `None`.
    pub instruments: Vec<Instrument>,
    pub skipped: SkippedRows,
}

/// A text that is not an instrument master at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MasterError {
    #[error("the instrument master is empty; fetch it again")]
    Empty,
    #[error("this is not an instrument master: its first line lacks the column {missing} (it begins `{begins}`)")]
    UnknownHeader { missing: &'static str, begins: String },
}

/// Why a row was passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SkipReason {
    /// Currency, NSE and BSE commodity: our contracts have no word for their segments.
    SegmentNotCarried,
    TestSymbol,
    /// Another row has the same name on the same exchange and is the one usually traded (a share before its bonds).
    SameName,
    /// An index, never a contract that can be traded, whose name has more letters than a symbol can have.
    LongName,
    TooFewColumns,
    UnknownExchange,
    UnknownSegment,
    UnknownKind,
    BadSecurityId,
    /// No name, or one that no symbol can be made of.
    BadName,
    BadExpiry,
    BadStrike,
    BadRight,
    BadLot,
    BadTick,
}

impl SkipReason {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SegmentNotCarried => "in a segment not traded here",
            Self::TestSymbol => "test symbol",
            Self::SameName => "same name as another",
            Self::LongName => "name too long for a symbol",
            Self::TooFewColumns => "too few columns",
            Self::UnknownExchange => "unknown exchange",
            Self::UnknownSegment => "unknown segment",
            Self::UnknownKind => "unknown kind",
            Self::BadSecurityId => "unreadable security id",
            Self::BadName => "unreadable name",
            Self::BadExpiry => "unreadable expiry",
            Self::BadStrike => "unreadable strike",
            Self::BadRight => "neither call nor put",
            Self::BadLot => "unreadable lot",
            Self::BadTick => "unreadable tick",
        }
    }

    /// Whether the row was left out on purpose, rather than because something is wrong with it.
    pub fn is_expected(self) -> bool {
        matches!(self, Self::SegmentNotCarried | Self::TestSymbol | Self::SameName | Self::LongName)
    }
}

/// How many rows were passed over for a reason, and where the first of them is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SkipCount {
    pub rows: usize,
    /// Counted from 1, the header included.
    pub first_line: usize,
}

/// The rows passed over, by reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SkippedRows(BTreeMap<SkipReason, SkipCount>);

impl SkippedRows {
    fn note(&mut self, reason: SkipReason, line: usize) {
        self.0.entry(reason).or_insert(SkipCount { rows: 0, first_line: line }).rows += 1;
    }

    pub fn total(&self) -> usize {
        self.0.values().map(|c| c.rows).sum()
    }

    pub fn rows(&self, reason: SkipReason) -> usize {
        self.0.get(&reason).map_or(0, |c| c.rows)
    }

    pub fn iter(&self) -> impl Iterator<Item = (SkipReason, SkipCount)> {
        self.0.iter().map(|(reason, count)| (*reason, *count))
    }

    /// Rows that should have been readable and were not.
    pub fn faulty(&self) -> usize {
        self.iter().filter(|(reason, _)| !reason.is_expected()).map(|(_, count)| count.rows).sum()
    }
}

impl fmt::Display for SkippedRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("no row skipped");
        }
        for (n, (reason, count)) in self.iter().enumerate() {
            let comma = if n > 0 { ", " } else { "" };
            write!(f, "{comma}{} {} (first in line {})", count.rows, reason.as_str(), count.first_line)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
