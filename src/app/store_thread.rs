//! The store thread: commits batches in order and says so; keeps the spill file while the journal cannot be written.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use tracing::{error, info};

use super::engine_thread::{Input, Inputs};
use crate::domain::time::Timestamp;
use crate::engine::Record;
use crate::gateway::driver::Batch;
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
    // Batches that the journal has refused, in order: tried again until it takes them.
    let mut refused: Vec<(Timestamp, Record)> = Vec::new();
    loop {
        let task = if refused.is_empty() {
            queue.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            queue.recv_timeout(RETRY)
        };
        match task {
            Ok(Task::Commit(batch)) => match journal.append(&batch.records) {
                Ok(_) => inputs.send(Input::Committed(batch.seq)),
                Err(reason) => {
                    error!("the journal cannot be written: {reason}");
                    refused.extend(batch.records.iter().cloned());
                    inputs.send(Input::StoreFailed { seq: batch.seq, reason: reason.to_string() });
                }
            },
            Ok(Task::Spill(batches, done)) => {
                for batch in batches {
                    if let Err(reason) = journal.spill(&batch.records) {
                        error!("exits could not be noted in the spill file: {reason}");
                    }
                    refused.extend(batch.records.iter().cloned());
                }
                let _ = done.send(());
            }
            Ok(Task::Stop) | Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                if journal.append(&refused).is_ok() {
                    info!("the journal can be written again: {} records caught up", refused.len());
                    refused.clear();
                    inputs.send(Input::StoreRestored);
                }
            }
        }
        if let Err(reason) = journal.housekeeping() {
            error!("the journal's snapshot could not be written: {reason}");
        }
    }
    if !refused.is_empty() && journal.append(&refused).is_err() {
        error!("{} records are in the spill file only: the next start merges them", refused.len());
    }
    if let Err(reason) = journal.close() {
        error!("closing the journal: {reason}");
    }
}
