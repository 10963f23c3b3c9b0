//! Strategies as files bring them: the analyser's output, canonical records, position lists, CSV.
//!
//! Floor 1, pure: bytes in, recommendations and refusals (with place and reason) out. [`read`] looks at the content, not at
//! the file's ending. A file that is cut off or not what it seems is refused whole; in a sound file every bad row is refused
//! on its own and the good ones load. Figures are computed here from the legs, with the real lot where it is known; the
//! file's own stay beside them as *reported*. Expiries are never guessed: a leg without one keeps none until it is marked.
//!
//! What is odd about a recommendation becomes an [`Issue`](crate::domain::Issue). A blocking one keeps it from being
//! executed; the one about inconsistent prices only until fresh quotes have replaced them. Age is no block.

mod analysis;
mod checks;
mod claim;
mod draft;
mod error;
mod exits;
mod json;
mod leg;
mod raw;
mod records;
pub mod seed;
mod symbols;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod value;

use jiff::civil::Date;
use serde::Serialize;

pub use self::checks::recompute;
pub use self::error::FileError;
pub use self::symbols::canonical_symbol;
use crate::domain::time::Timestamp;
use crate::domain::{Exchange, Quantity, Recommendation, Symbol};

/// The largest file that is read: the largest real one is a fifth of it.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;
/// The most strategies of one file: a run over every listed stock makes about 700.
pub const MAX_STRATEGIES: usize = 5_000;
/// Legs of one strategy.
pub const MAX_LEGS: usize = 12;
/// Lots of a leg per set. A larger number is a quantity in units, which is not what a ratio is.
pub const MAX_RATIO: u32 = 20;

/// Notes beyond this are counted, not listed.
const MAX_NOTES: usize = 500;

/// Units in one lot of a contract, where the instrument list knows it; the expiry is absent when the file names none.
pub type LotOf<'a> = dyn Fn(Exchange, Symbol, Option<Date>) -> Option<Quantity> + 'a;

/// What a file brought.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Imported {
    pub good: Vec<Recommendation>,
    pub refused: Vec<Refused>,
    /// Ordinary things worth saying, such as symbols the analyser found nothing for.
    pub notes: Vec<Note>,
}

/// A strategy that was not taken over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// Where in the file: a JSON path or a line.
    pub place: String,
    /// Short name, e.g. `bad_strike`.
    pub code: &'static str,
    /// For the trader: what is wrong, and what to do.
    pub reason: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    pub place: String,
    pub text: String,
}

/// Reads one file. `file_name` is shown, and gives the time of a file that does not state one
/// (`…_20250622_073405.json`); `now` tells how old it is; `lot_of` the lot sizes of today.
pub fn read(file_name: &str, bytes: &[u8], now: Timestamp, lot_of: &LotOf<'_>) -> Result<Imported, FileError> {
    let source = text::base_name(file_name);
    let content = text::decode(&source, bytes)?;
    let looks_like_json = content.trim_start().starts_with(['{', '[']);
    let found = if looks_like_json { json::read(&source, content)? } else { table::read(&source, &content)? };
    if found.strategies.len() > MAX_STRATEGIES {
        return Err(FileError::TooMany { file: source, found: found.strategies.len() });
    }
    let context = draft::Context { file_time: value::time_in_name(&source), source, now, lot_of };
    let mut imported = Imported { notes: shortened(found.notes), ..Imported::default() };
    let mut keys = std::collections::BTreeSet::new();
    for strategy in found.strategies {
        let built = strategy.and_then(|raw| {
            let place = raw.place.clone();
            raw.draft().map(|draft| (place, draft.finish(&context)))
        });
        match built {
            Ok((_, recommendation)) if keys.insert(recommendation.key.clone()) => imported.good.push(recommendation),
            Ok((place, recommendation)) => imported.refused.push(Refused {
                place,
                code: "duplicate",
                reason: format!("the file has this {} of {} already", recommendation.name, recommendation.symbol),
            }),
            Err(refused) => imported.refused.push(refused),
        }
    }
    Ok(imported)
}

fn shortened(mut notes: Vec<Note>) -> Vec<Note> {
    let more = notes.len().saturating_sub(MAX_NOTES);
    if more > 0 {
        notes.truncate(MAX_NOTES);
        notes.push(Note { place: String::new(), text: format!("and {more} more") });
    }
    notes
}
