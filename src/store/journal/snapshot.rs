//! Snapshots: the state after a record, so that a start folds only what came later. Never the truth: one that does not
//! fit this program and this journal exactly is ignored.

use std::sync::OnceLock;
use std::time::UNIX_EPOCH;

use rusqlite::{OptionalExtension, params};
use sha2::{Digest, Sha256};

use super::super::StoreError;
use super::database::{Database, number};
use super::line::Hash;
use crate::engine::State;

/// Older ones go when a new one is written.
const KEPT: i64 = 3;

/// Names this very program file. The bytes of a state say nothing of their layout, so only the program that wrote them
/// may read them. `None` where the file cannot be looked at: then there are no snapshots.
fn build() -> Option<&'static str> {
    static BUILD: OnceLock<Option<String>> = OnceLock::new();
    let build = BUILD.get_or_init(|| {
        let file = std::env::current_exe().and_then(std::fs::metadata).ok()?;
        let written = file.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        Some(format!("{} {} {}", env!("CARGO_PKG_VERSION"), file.len(), written.as_nanos()))
    });
    build.as_deref()
}

/// A row's number, and its hash and state if they can be used.
type Row = (u64, Option<(Hash, State)>);

impl Database {
    /// Keeps the state as it is after record `seq`, whose hash is `chain`.
    pub fn save_snapshot(&mut self, (seq, chain): (u64, Hash), state: &State) -> Result<(), StoreError> {
        let Some(build) = build() else { return Ok(()) };
        let bytes = postcard::to_stdvec(state)
            .map_err(|e| StoreError::Failed { what: "writing a snapshot".into(), reason: e.to_string() })?;
        let sum: Hash = Sha256::digest(&bytes).into();
        let path = &self.path;
        let failed = |e: rusqlite::Error| StoreError::sqlite("writing a snapshot to", path, &e);
        let transaction = self.db.transaction().map_err(failed)?;
        let text = "INSERT OR REPLACE INTO snapshot (seq, build, chain, bytes, sum) VALUES (?1, ?2, ?3, ?4, ?5)";
        transaction.execute(text, params![number(seq), build, chain, bytes, sum]).map_err(failed)?;
        let text = "DELETE FROM snapshot WHERE seq NOT IN (SELECT seq FROM snapshot ORDER BY seq DESC LIMIT ?1)";
        transaction.execute(text, [KEPT]).map_err(failed)?;
        transaction.commit().map_err(failed)
    }

    /// The newest state at or before record `upto` that fits; an empty one at record 0 when none does.
    pub fn newest_snapshot(&self, upto: u64) -> Result<((u64, Hash), State), StoreError> {
        let mut below = upto;
        while below > 0 {
            let Some((seq, found)) = self.snapshot_at_or_before(below)? else { break };
            if let Some((chain, state)) = found
                && self.hash_at(seq)? == Some(chain)
            {
                return Ok(((seq, chain), state));
            }
            tracing::info!(seq, "a snapshot of the journal does not fit this program and is not used");
            below = seq.saturating_sub(1);
        }
        Ok(((0, super::line::NO_HASH), State::default()))
    }

    /// The newest row; its state only if this program wrote it and nothing has changed since.
    fn snapshot_at_or_before(&self, upto: u64) -> Result<Option<Row>, StoreError> {
        let text = "SELECT seq, build, chain, bytes, sum FROM snapshot WHERE seq <= ?1 ORDER BY seq DESC LIMIT 1";
        let row = self.db.query_row(text, [number(upto)], |r| {
            let seq = r.get::<_, i64>(0)?.unsigned_abs();
            if build() != Some(r.get::<_, String>(1)?.as_str()) {
                return Ok((seq, None));
            }
            let (chain, bytes, sum): (Hash, Vec<u8>, Hash) = (r.get(2)?, r.get(3)?, r.get(4)?);
            let whole = Hash::from(Sha256::digest(&bytes)) == sum;
            Ok((seq, whole.then(|| decode(&bytes)).flatten().map(|state| (chain, state))))
        });
        row.optional().map_err(|e| self.failed(&e))
    }
}

fn decode(bytes: &[u8]) -> Option<State> {
    match postcard::take_from_bytes(bytes) {
        Ok((state, [])) => Some(state),
        _ => None,
    }
}
