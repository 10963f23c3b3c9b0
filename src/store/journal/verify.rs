//! The journal checked whole: every hash from the first record on, and that a state kept on the way leads to the same end.

use super::copy::JournalCopy;
use super::line::NO_HASH;
use crate::domain::time::Timestamp;
use crate::engine::record::Profile;
use crate::engine::{Record, State};
use crate::store::StoreError;

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub profile: Option<Profile>,
    /// Records from the first on whose chain is whole.
    pub records: u64,
    /// The instants of the first and the last of them.
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
    /// The chain ends here although the journal does not, or ends too early.
    pub broken: Option<Break>,
    /// A kept state and the records after it against all records from the first; `None`: no record.
    pub identity: Option<Identity>,
    /// The last commit was cut off (the power went): it is no part of the journal.
    pub cut_off: bool,
}

/// The first place where the journal is not what was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Break {
    pub seq: u64,
    pub reason: String,
}

/// Whether a state and what came after it give what everything gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The state is the one after this record.
    pub snapshot: u64,
    /// It was kept in the journal; otherwise it was made for this check, by writing a state down and reading it back.
    pub kept: bool,
    /// Byte for byte.
    pub same: bool,
}

impl Verdict {
    pub fn is_sound(&self) -> bool {
        self.broken.is_none() && self.identity.is_none_or(|i| i.same)
    }
}

impl JournalCopy {
    /// Reads every record, checks the chain of hashes, and folds twice: from the first record, and from a snapshot.
    pub fn verify(&self) -> Result<Verdict, StoreError> {
        let (last, _) = self.database.tail().unwrap_or((0, NO_HASH));
        let mut from = match self.snapshot(last) {
            Ok(((seq, _), state)) if seq > 0 => Second { seq, kept: true, state: Some(state) },
            // None that can be used: one is made half-way.
            _ => Second { seq: last.div_ceil(2), kept: false, state: None },
        };
        let mut whole = State::default();
        let (mut records, mut first, mut latest, mut profile) = (0, None, None, None);
        let read = self.database.read((0, NO_HASH), u64::MAX, |entry| {
            if let Record::Created { profile: found, .. } = &entry.record {
                profile = Some(*found);
            }
            whole.apply(&entry.record, entry.at);
            from.take(entry.seq, &entry.record, entry.at, &whole)?;
            records = entry.seq;
            first.get_or_insert(entry.at);
            latest = Some(entry.at);
            Ok(())
        });
        let broken = match read {
            Err(e) => Some(Break { seq: records + 1, reason: reason_of(&e) }),
            Ok(_) => self.ends_too_early(records)?,
        };
        let identity = from.state.filter(|_| records >= from.seq).map(|state| {
            let same = bytes(&state).is_ok_and(|b| bytes(&whole).is_ok_and(|w| b == w));
            Identity { snapshot: from.seq, kept: from.kept, same }
        });
        let cut_off = self.cut_off && self.holder.is_none();
        Ok(Verdict { profile, records, first, last: latest, broken, identity, cut_off })
    }

    /// A snapshot is written after its record: one that knows of more says that the end was taken away.
    fn ends_too_early(&self, records: u64) -> Result<Option<Break>, StoreError> {
        let known = self.newest_snapshot_row()?.filter(|seq| *seq > records);
        Ok(known.map(|seq| {
            let reason = format!("the journal ends before it, although a snapshot was made after record {seq}");
            Break { seq: records + 1, reason }
        }))
    }
}

/// The second fold: from the state after record `seq`.
struct Second {
    seq: u64,
    kept: bool,
    state: Option<State>,
}

impl Second {
    fn take(&mut self, seq: u64, record: &Record, at: Timestamp, whole: &State) -> Result<(), StoreError> {
        if seq == self.seq && !self.kept {
            self.state = Some(postcard::from_bytes(&bytes(whole)?).map_err(|e| failed(&e))?);
        } else if seq > self.seq
            && let Some(state) = &mut self.state
        {
            state.apply(record, at);
        }
        Ok(())
    }
}

fn bytes(state: &State) -> Result<Vec<u8>, StoreError> {
    postcard::to_stdvec(state).map_err(|e| failed(&e))
}

fn failed(error: &postcard::Error) -> StoreError {
    StoreError::Failed { what: "writing down a state".into(), reason: error.to_string() }
}

/// Why the reading ended, in a few words: what to do about it is said once, by who asked.
fn reason_of(error: &StoreError) -> String {
    match error {
        StoreError::Altered { .. } => {
            "it is not the one that was written: its hash does not follow from the record before".into()
        }
        StoreError::Damaged { detail, .. } => detail.clone(),
        StoreError::Unreadable { reason, .. } => format!("it cannot be read: {reason}"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
