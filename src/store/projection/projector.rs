//! The thread that writes the tables: takes committed records as they come, writes when it can, never makes anybody wait.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::Projection;
use crate::store::inbox::{Alert, AlertChange, AlertWriter};
use crate::store::{Entry, Journal, StoreError};

/// How long a write that failed waits for the next try.
const RETRY: Duration = Duration::from_millis(250);
/// How long a stop waits for somebody else's lock. What is not written then is written at the next start.
const LAST_TRIES: Duration = Duration::from_secs(2);

/// The running thread. Dropping it writes what is left and ends it.
#[derive(Debug)]
pub struct Projector {
    inbox: Sender<Message>,
    thread: Option<JoinHandle<()>>,
    alerts: Vec<Alert>,
}

#[derive(Debug)]
enum Message {
    Committed(Arc<[Entry]>),
    Alert(AlertChange),
    /// Answered once everything committed before has been written.
    Flush(Sender<()>),
    Stop,
}

impl Projector {
    /// Brings the tables at `path` up to the journal, then follows it.
    pub fn start(path: &Path, journal: &mut Journal) -> Result<Self, StoreError> {
        Self::follow(Projection::open(path, journal)?, path, journal)
    }

    /// The same, with a trade log in the folder `logs`.
    pub fn start_with_log(path: &Path, logs: &Path, journal: &mut Journal) -> Result<Self, StoreError> {
        Self::follow(Projection::open_with_log(path, logs, journal)?, path, journal)
    }

    fn follow(projection: Projection, path: &Path, journal: &mut Journal) -> Result<Self, StoreError> {
        let alerts = projection.alerts()?;
        let (inbox, messages) = channel();
        let feed = inbox.clone();
        journal.feed(Box::new(move |entries| feed.send(Message::Committed(Arc::clone(entries))).is_ok()));
        let work = Work { projection, messages, waiting: Vec::new(), stop_by: None, try_again: None };
        let thread = std::thread::Builder::new().name("projector".into()).spawn(move || work.run());
        let thread = thread.map_err(|e| StoreError::io("starting a thread for", path, &e))?;
        Ok(Self { inbox, thread: Some(thread), alerts })
    }

    /// The alerts of earlier starts, oldest first. Once.
    pub fn take_alerts(&mut self) -> Vec<Alert> {
        std::mem::take(&mut self.alerts)
    }

    /// Where changes of the inbox are written down.
    pub fn alert_writer(&self) -> AlertWriter {
        let inbox = self.inbox.clone();
        Box::new(move |change| {
            // Nobody listens only while the program ends.
            let _ = inbox.send(Message::Alert(change));
        })
    }

    /// Waits until the tables show everything committed so far, at most `limit`. False: they do not (yet).
    pub fn flush(&self, limit: Duration) -> bool {
        let (done, written) = channel();
        self.inbox.send(Message::Flush(done)).is_ok() && written.recv_timeout(limit).is_ok()
    }
}

impl Drop for Projector {
    fn drop(&mut self) {
        let _ = self.inbox.send(Message::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Work {
    projection: Projection,
    messages: Receiver<Message>,
    /// Who waits for a flush.
    waiting: Vec<Sender<()>>,
    stop_by: Option<Instant>,
    /// Set while writing fails.
    try_again: Option<Instant>,
}

impl Work {
    fn run(mut self) {
        loop {
            self.write();
            if self.stop_by.is_some_and(|end| !self.projection.is_behind() || Instant::now() >= end) {
                return;
            }
            match self.next() {
                Some(message) => self.handle(message),
                None if self.stop_by.is_none() && self.try_again.is_none() => return,
                None => {}
            }
            while let Ok(message) = self.messages.try_recv() {
                self.handle(message);
            }
        }
    }

    /// The next message; `None` when it is time to try again, or nobody is left to send one.
    fn next(&self) -> Option<Message> {
        let Some(then) = self.try_again else { return self.messages.recv().ok() };
        self.messages.recv_timeout(then.saturating_duration_since(Instant::now())).ok()
    }

    fn handle(&mut self, message: Message) {
        match message {
            Message::Committed(entries) => self.projection.take(&entries),
            Message::Alert(change) => self.projection.take_alert(&change),
            Message::Flush(done) => self.waiting.push(done),
            Message::Stop => self.stop_by = Some(Instant::now() + LAST_TRIES),
        }
    }

    /// Writes what is waiting, unless a failure is too fresh.
    fn write(&mut self) {
        if self.try_again.is_some_and(|then| Instant::now() < then) {
            return;
        }
        let stopping = self.stop_by.is_some() && self.projection.is_behind();
        if self.projection.is_due() || stopping {
            if let Err(error) = self.projection.write() {
                if self.try_again.is_none() {
                    tracing::warn!("the tables in strikedeck.db fall behind: {error}");
                }
                self.try_again = Some(Instant::now() + RETRY);
                return;
            }
            if self.try_again.take().is_some() {
                tracing::info!("the tables in strikedeck.db are up to date again");
            }
        }
        for done in self.waiting.drain(..) {
            let _ = done.send(());
        }
    }
}
