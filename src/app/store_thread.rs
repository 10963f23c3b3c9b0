//! The store thread: commits batches in order and says so; keeps the spill file while the journal cannot be written.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use tracing::{error, info};

use super::inputs::{Input, Inputs};
use super::narrate::narrate;
use crate::domain::time::Timestamp;
use crate::engine::Record;
use crate::gateway::driver::Batch;
use crate::store::StoreError;
use crate::store::journal::Journal;

/// How often a dead journal is tried again.
const RETRY: Duration = Duration::from_secs(2);

/// What the store is asked for.
#[derive(Debug)]
pub enum Task {
    Commit(Batch),
    /// Exits and cancels that go out without the journal; answered when they are noted (or could not be).
    Spill(Vec<Batch>, Sender<()>),
    /// Commit what came before, then end.
    Stop,
}

/// The running thread.
#[derive(Debug)]
pub struct StoreThread {
    pub tasks: Sender<Task>,
    pub thread: JoinHandle<()>,
}

/// Starts the thread that owns the journal.
pub fn start(journal: Journal, inputs: Inputs) -> std::io::Result<StoreThread> {
    let (tasks, queue) = channel();
    let thread = std::thread::Builder::new().name("store".into()).spawn(move || run(journal, &queue, &inputs))?;
    Ok(StoreThread { tasks, thread })
}

fn run(mut journal: Journal, queue: &Receiver<Task>, inputs: &Inputs) {
    // Batches that the journal has not taken yet, by their number: tried again in order until it takes them. A batch may
    // come twice, once to be committed and once to be spilled.
    let mut waiting: BTreeMap<u64, Batch> = BTreeMap::new();
    loop {
        let task = if waiting.is_empty() {
            queue.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            queue.recv_timeout(RETRY)
        };
        match task {
            Ok(Task::Commit(batch)) => {
                let seq = batch.seq;
                waiting.insert(seq, batch);
                match catch_up(&mut journal, &mut waiting) {
                    Ok(()) => inputs.send(Input::Committed(seq)),
                    Err(reason) => {
                        error!("the journal cannot be written: {reason}");
                        inputs.send(Input::StoreFailed { seq, reason: reason.to_string() });
                    }
                }
            }
            Ok(Task::Spill(batches, done)) => {
                for batch in batches {
                    if let Err(reason) = journal.spill(&batch.records) {
                        error!("exits could not be noted in the spill file: {reason}");
                    }
                    waiting.insert(batch.seq, batch);
                }
                let _ = done.send(());
            }
            Ok(Task::Stop) | Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                if catch_up(&mut journal, &mut waiting).is_ok() {
                    info!("the journal can be written again");
                    inputs.send(Input::StoreRestored);
                }
            }
        }
        if let Err(reason) = journal.housekeeping() {
            error!("the journal's snapshot could not be written: {reason}");
        }
    }
    if catch_up(&mut journal, &mut waiting).is_err() {
        error!("the last records are in the spill file only: the next start merges them");
    }
    if let Err(reason) = journal.close() {
        error!("closing the journal: {reason}");
    }
}

/// Appends everything that waits, in the order in which it was decided.
fn catch_up(journal: &mut Journal, waiting: &mut BTreeMap<u64, Batch>) -> Result<(), StoreError> {
    let records: Vec<(Timestamp, Record)> = waiting.values().flat_map(|b| b.records.iter().cloned()).collect();
    if !records.is_empty() {
        journal.append(&records)?;
        records.iter().for_each(|(_, record)| narrate(record));
    }
    waiting.clear();
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::IntentId;
    use crate::engine::record::Profile;
    use crate::store::JournalOptions;

    fn batch(seq: u64, record: Record) -> Batch {
        let at: Timestamp = "2026-11-20T04:00:00Z".parse().unwrap();
        Batch { seq, records: Arc::new(vec![(at, record)]) }
    }

    #[test]
    fn a_full_disk_is_told_exits_are_noted_and_everything_is_written_once_there_is_room() {
        let folder = tempfile::tempdir().unwrap();
        let at = "2026-11-20T04:00:00Z".parse().unwrap();
        let open = || Journal::open(folder.path(), Profile::Paper, JournalOptions::default(), at).unwrap();
        let mut journal = open().0;
        journal.fill_disk();
        let (inputs, heard) = Inputs::new();
        let store = start(journal, inputs).unwrap();
        // Long enough to need new room.
        let entry = batch(1, Record::Halted { reason: "because ".repeat(4_000) });
        store.tasks.send(Task::Commit(entry)).unwrap();
        match heard.recv().unwrap() {
            Input::StoreFailed { seq: 1, reason } => {
                assert!(reason.contains("the disk is full") && reason.contains("Free some space"), "{reason}");
                assert!(reason.contains("no entries, but exits still go"), "{reason}");
            }
            other => panic!("{other:?}"),
        }
        let (done, noted) = channel();
        let exit = batch(2, Record::CancelAsked { intent: IntentId(7) });
        store.tasks.send(Task::Spill(vec![exit], done)).unwrap();
        noted.recv().unwrap();
        let spilled = std::fs::read(folder.path().join("spill.jsonl")).unwrap();
        assert!(spilled.starts_with(b"{") && spilled.windows(12).any(|w| w == b"cancel_asked"));
        // The file is opened anew for every further try, and this disk has room by then.
        assert!(matches!(heard.recv().unwrap(), Input::StoreRestored));
        store.tasks.send(Task::Stop).unwrap();
        store.thread.join().unwrap();
        let (journal, opening) = open();
        assert_eq!((journal.last_seq(), opening.merged), (3, 0), "each is written once");
    }
}
