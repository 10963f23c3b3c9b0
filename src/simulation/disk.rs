//! The disk: commits take time, fail, and are lost or kept when the process is killed in the middle of one.

use std::collections::BTreeSet;

use crate::domain::IntentId;
use crate::domain::time::Timestamp;
use crate::engine::{Record, State};
use crate::gateway::Batch;

/// What a commit came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    Done,
    Failed,
}

/// What a commit will come to.
#[derive(Clone, Copy, Debug)]
pub struct Fate {
    pub ms: i64,
    pub commit: Commit,
    /// If it fails, or the process is killed in the middle: it is on disk all the same.
    pub kept: bool,
    /// After a failure, the disk takes nothing for so long.
    pub dead_ms: i64,
}

impl Fate {
    /// Of a commit that has nothing to write.
    pub const NOTHING: Self = Self { ms: 0, commit: Commit::Done, kept: true, dead_ms: 0 };
}

/// Journal and spill file, and what they fold to.
#[derive(Debug, Default)]
pub struct Disk {
    journal: Vec<(Timestamp, Record)>,
    folded: State,
    last_seq: u64,
    /// Being written, and what it will come to.
    writing: Option<(Batch, Fate)>,
    intents: BTreeSet<IntentId>,
    pub dead: bool,
}

impl Disk {
    pub fn is_idle(&self) -> bool {
        self.writing.is_none() && !self.dead
    }

    /// Begins a commit.
    pub fn begin(&mut self, batch: Batch, fate: Fate) {
        self.writing = Some((batch, fate));
    }

    /// The commit is over.
    pub fn finish(&mut self) -> Option<(u64, Fate)> {
        let (batch, fate) = self.writing.take()?;
        if fate.commit == Commit::Done || fate.kept {
            self.keep(&batch);
        }
        self.dead |= fate.commit == Commit::Failed;
        Some((batch.seq, fate))
    }

    /// Noted in the spill file, which recovery merges: a batch that is in the journal already is recognised.
    pub fn spill(&mut self, batch: &Batch) {
        self.keep(batch);
    }

    fn keep(&mut self, batch: &Batch) {
        if batch.seq <= self.last_seq {
            return;
        }
        self.last_seq = batch.seq;
        for (at, record) in batch.records.iter() {
            if let Record::IntentMade { intent, .. } = record {
                self.intents.insert(intent.id);
            }
            self.folded.apply(record, *at);
            self.journal.push((*at, record.clone()));
        }
    }

    /// The process is killed: a commit under way is on disk or it is not. The disk works again afterwards.
    pub fn crash(&mut self) {
        if let Some((batch, fate)) = self.writing.take()
            && fate.kept
        {
            self.keep(&batch);
        }
        self.dead = false;
    }

    /// What a process that starts now finds.
    pub fn recover(&self) -> (State, u64) {
        (self.folded.clone(), self.last_seq + 1)
    }

    pub fn holds(&self, intent: IntentId) -> bool {
        self.intents.contains(&intent)
    }

    pub fn into_journal(self) -> Vec<(Timestamp, Record)> {
        self.journal
    }

    /// The whole journal folded anew, each record read back from its written form.
    pub fn fold_from_text(&self) -> Result<State, serde_json::Error> {
        let mut state = State::default();
        for (at, record) in &self.journal {
            let text = serde_json::to_string(record)?;
            state.apply(&serde_json::from_str(&text)?, *at);
        }
        Ok(state)
    }
}
