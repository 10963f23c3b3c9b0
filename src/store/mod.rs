//! SQLite: the journal (append-only) and the tables projected from it; the instrument cache.
//!
//! Floor 3. No trading decisions.
//!
//! [`journal`] is the truth and belongs to one process at a time; [`projection`] is a copy of what it says as tables, for
//! people and tools, and can be deleted at any time; [`data_folder`] knows where both live.

pub mod data_folder;
pub mod error;
pub mod files;
pub mod history;
pub mod inbox;
pub mod instrument_cache;
pub mod journal;
pub mod projection;
#[cfg(test)]
mod sample;
pub mod tradebook;

pub use data_folder::{Control, ControlFile, DataFolder};
pub use error::StoreError;
pub use inbox::{Alert, Inbox};
pub use journal::{Entry, Journal, JournalCopy, JournalOptions, Opening};
pub use projection::{Projection, Projector};
pub use tradebook::Tradebook;
