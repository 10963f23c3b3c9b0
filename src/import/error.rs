//! Why a whole file is refused.

use super::{MAX_BYTES, MAX_STRATEGIES};

/// Nothing of the file was taken over. Each message names the file, the place and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    #[error("{file} is empty: nothing was imported")]
    Empty { file: String },
    #[error("{file} has {bytes} bytes, more than the {MAX_BYTES} a strategy file may have: split it")]
    TooLarge { file: String, bytes: usize },
    #[error("{file} is not text in UTF-8 (byte {offset}): save it as UTF-8 and import it again")]
    NotText { file: String, offset: usize },
    #[error("{file} is cut off at line {line}, column {column}: nothing was imported; ask for the whole file")]
    CutOff { file: String, line: usize, column: usize },
    #[error("{file} is not valid JSON at line {line}, column {column} ({what}): nothing was imported")]
    NotJson { file: String, line: usize, column: usize, what: String },
    #[error(
        "{file} holds no strategies in a known form ({found}): expected `symbol_results`, `top_strategies`, `positions`, \
         records with `legs`, or CSV with a header"
    )]
    UnknownForm { file: String, found: String },
    #[error("{file}, line {line}: {what}: nothing was imported")]
    NotATable { file: String, line: u64, what: String },
    #[error("{file} has {found} strategies, more than the {MAX_STRATEGIES} one file may have: split it")]
    TooMany { file: String, found: usize },
}
