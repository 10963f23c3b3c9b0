//! The engine thread: the one owner of the desk. Takes inputs, lets the desk decide, moves what it wants moved.

mod margins;
mod quotes;
mod scalping;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot, watch};
use tracing::{info, warn};

use self::margins::Margins;
pub use self::margins::{MarginWish, ask_margins};
use self::quotes::Unpriced;
use super::inputs::{Input, Inputs};
use super::reference::Today;
use super::rehearsal::Rehearsal;
use super::shared::Shared;
use super::steady::SteadyClock;
use super::store_thread::Task;
use crate::domain::time::{Timestamp, ms_between};
use crate::domain::{CommandId, Contract, Quote};
use crate::engine::Event;
use crate::engine::command::{Command, Origin, Reply};
use crate::engine::effect::{AlertLevel, Levels};
use crate::gateway::call::{Answer, Outgoing};
use crate::gateway::desk::{Desk, Notice};
use crate::gateway::driver::Collected;
use crate::view::{StoreHealth, View};
use crate::web::webhook::Doorbell;

/// A view is made at most this often for data; at once after a command.
const VIEW_EVERY: Duration = Duration::from_millis(100);
/// A view waits so long for an order's commit: what is to leave goes first.
const VIEW_YIELDS: Duration = Duration::from_millis(10);
/// Records that nobody waits for are kept so long, for company: a commit of theirs would stand in the way of an order's.
const LINGER: Duration = Duration::from_millis(5);
/// The engine's watched quotes are delivered this often.
const QUOTES_EVERY: Duration = Duration::from_secs(1);
/// The thread looks up at least this often.
const LONGEST: Duration = Duration::from_secs(1);
/// A command that waits for prices is looked at again after this long.
const QUOTES_RETRY: Duration = Duration::from_millis(50);

/// Where the engine thread's decisions go.
#[derive(Debug)]
pub struct Outlets {
    pub store: Sender<Task>,
    pub calls: mpsc::UnboundedSender<Outgoing>,
    /// What the broker is asked the margin of.
    pub margins: mpsc::UnboundedSender<MarginWish>,
    pub views: watch::Sender<Arc<View>>,
    /// The contracts the feed shall deliver.
    pub interest: watch::Sender<BTreeSet<Contract>>,
    /// Where faults can be practised: the built-in exchange's.
    pub rehearsal: Option<Rehearsal>,
    /// What happens at the webhook's door.
    pub bell: Arc<Doorbell>,
}

/// The thread's state.
pub struct EngineThread {
    pub desk: Desk,
    pub today: Today,
    pub shared: Shared,
    pub inputs: Inputs,
    pub outlets: Outlets,
    clock: SteadyClock,
    waiting: BTreeMap<CommandId, oneshot::Sender<Reply>>,
    /// Commands that wait a moment for the quotes they are to be decided on.
    unpriced: Vec<Unpriced>,
    margins: Margins,
    next_command: u64,
    /// Whether a batch is at the store.
    committing: bool,
    /// Until then, what is only to be remembered waits for a batch that is awaited.
    linger: Option<Instant>,
    watched: BTreeSet<Contract>,
    /// Prices whose crossing the engine hears of at once.
    levels: BTreeMap<Contract, Levels>,
    /// The quotes by which a crossing was told last, and when.
    crossed: BTreeMap<Contract, (Quote, Instant)>,
    view_due: Option<Instant>,
    last_view: Instant,
    last_quotes: Instant,
    last_interest: Instant,
}

impl EngineThread {
    pub fn new(desk: Desk, today: Today, shared: Shared, inputs: Inputs, outlets: Outlets, clock: SteadyClock) -> Self {
        let now = Instant::now();
        Self {
            desk,
            today,
            shared,
            inputs,
            outlets,
            waiting: BTreeMap::new(),
            unpriced: Vec::new(),
            margins: Margins::new(),
            next_command: u64::try_from(clock.now().as_millisecond()).unwrap_or(1) * 1_000,
            clock,
            committing: false,
            linger: None,
            watched: BTreeSet::new(),
            levels: BTreeMap::new(),
            crossed: BTreeMap::new(),
            view_due: Some(now),
            last_view: now,
            last_quotes: now,
            last_interest: now,
        }
    }

    /// Works until told to stop. The first thing the engine hears is that it has started.
    pub fn run(mut self, receiver: &Receiver<Input>) {
        let now = self.clock.now();
        self.desk.handle(Event::Started, now, &self.today);
        self.move_everything(now);
        loop {
            let wait = self.patience();
            match receiver.recv_timeout(wait) {
                Ok(Input::Stop) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(input) => {
                    self.take(input);
                    // Several inputs may share a batch, and so a commit.
                    while let Ok(next) = receiver.try_recv() {
                        if matches!(next, Input::Stop) {
                            return self.stop(receiver);
                        }
                        self.take(next);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            self.look_at_the_clock();
        }
        self.stop(receiver);
    }

    fn patience(&self) -> Duration {
        let now = self.clock.now();
        let until = |at: Timestamp| Duration::from_millis(u64::try_from(ms_between(now, at)).unwrap_or(0));
        let wake = self.desk.next_wake().map_or(LONGEST, until);
        let view = self.next_view().map_or(LONGEST, |at| at.saturating_duration_since(Instant::now()));
        let quotes = QUOTES_EVERY.saturating_sub(self.last_quotes.elapsed());
        let linger = self.linger.filter(|_| !self.committing);
        let linger = linger.map_or(LONGEST, |until| until.saturating_duration_since(Instant::now()));
        let unpriced = if self.unpriced.is_empty() { quotes } else { QUOTES_RETRY };
        wake.min(view).min(quotes).min(unpriced).min(linger)
    }

    fn take(&mut self, input: Input) {
        let now = self.clock.now();
        if self.inputs.halt.swap(false, Ordering::SeqCst) {
            self.command(Command::Halt, Origin::Screen, None, now);
        }
        match input {
            Input::Event(event) => self.desk.handle(event, now, &self.today),
            Input::Saw(sighting) => self.desk.saw(&sighting, now, &self.today),
            Input::Answered(id, answer) => {
                if matches!(answer, Answer::Positions(_)) {
                    self.shared.health().positions_read = Some(now);
                }
                self.desk.answered(id, answer, now, &self.today);
            }
            Input::Committed(seq) => {
                self.committing = false;
                self.desk.committed(seq, now, &self.today);
                self.view_due.get_or_insert(self.last_view + VIEW_EVERY);
            }
            Input::StoreFailed { seq, reason } => {
                self.committing = false;
                self.shared.health().store = StoreHealth::Down(reason);
                self.desk.store_failed(seq, now, &self.today);
            }
            Input::StoreRestored => {
                self.shared.health().store = StoreHealth::Ok;
                self.desk.store_restored(now, &self.today);
            }
            Input::Command { command, origin, reply } if self.lacks_quotes(&command, now) => {
                self.await_quotes(command, origin, reply);
            }
            Input::Command { command, origin, reply } => self.await_margins(command, origin, reply, now),
            Input::Margin { id, asked_at, margin } => {
                self.margin_told(id, asked_at, margin);
                self.retry_unpriced(now);
            }
            Input::Look => {
                self.retry_unpriced(now);
                self.tell_crossings(now);
                self.view_due.get_or_insert(self.last_view + VIEW_EVERY);
            }
            Input::Stop => return,
        }
        self.move_everything(now);
    }

    fn command(&mut self, command: Command, origin: Origin, reply: Option<oneshot::Sender<Reply>>, now: Timestamp) {
        self.next_command += 1;
        let id = CommandId(self.next_command);
        if let Some(reply) = reply {
            self.waiting.insert(id, reply);
        }
        let quotes = self.shared.quotes_of(&self.concerned(&command));
        let margins = self.margins_of(&command);
        // Whoever signals does not look at the screen: the order goes first.
        let seen = if matches!(command, Command::Signal { .. }) { self.last_view + VIEW_EVERY } else { Instant::now() };
        self.desk.handle(Event::Command { id, origin, command, quotes, margins }, now, &self.today);
        self.view_due = Some(self.view_due.map_or(seen, |due| due.min(seen)));
    }

    fn look_at_the_clock(&mut self) {
        let now = self.clock.now();
        if self.inputs.halt.swap(false, Ordering::SeqCst) {
            self.command(Command::Halt, Origin::Screen, None, now);
        }
        self.retry_unpriced(now);
        self.desk.tick(now, &self.today);
        if self.last_quotes.elapsed() >= QUOTES_EVERY {
            self.last_quotes = Instant::now();
            let quotes = self.shared.quotes_of(&self.watched);
            if !quotes.is_empty() {
                self.desk.handle(Event::Quotes(quotes), now, &self.today);
            }
            // The clock, ages and countdowns move by themselves.
            self.view_due.get_or_insert(Instant::now());
        }
        self.move_everything(now);
        self.show(now);
    }

    /// Moves what the desk wants moved: spill, batch, calls, notices.
    fn move_everything(&mut self, now: Timestamp) {
        let spill = self.desk.take_spill();
        if !spill.is_empty() {
            let (done, noted) = channel();
            if self.outlets.store.send(Task::Spill(spill, done)).is_ok() {
                // A cancel or an exit waits a moment for its note, never for a disk that hangs.
                let _ = noted.recv_timeout(Duration::from_millis(50));
            }
        }
        if !self.committing && self.batch_is_due() {
            self.commit_next();
        }
        while let Some(call) = self.desk.next_call(now) {
            let _ = self.outlets.calls.send(call);
        }
        let mut replies = Vec::new();
        for notice in self.desk.take_notices() {
            match notice {
                Notice::Reply { command, reply } => replies.push((command, reply)),
                Notice::Alert { .. } | Notice::Watch(_) | Notice::Levels(_) | Notice::Rehearse(_) => {
                    self.pass_on(notice, now);
                }
            }
        }
        if replies.iter().any(|(_, reply)| !matches!(reply, Reply::Signal { .. })) {
            // Whoever is answered finds in the view what the command has done; who signals does not look.
            self.publish(now);
        }
        for (command, reply) in replies {
            if let Some(waiting) = self.waiting.remove(&command) {
                let _ = waiting.send(reply);
            }
        }
    }

    /// At once for what is awaited, after a moment for the rest.
    fn batch_is_due(&mut self) -> bool {
        match self.desk.collected() {
            Collected::Nothing => false,
            Collected::Awaited => true,
            Collected::ForItself => {
                let now = Instant::now();
                *self.linger.get_or_insert(now + LINGER) <= now
            }
        }
    }

    fn commit_next(&mut self) {
        self.linger = None;
        if let Some(batch) = self.desk.take_batch() {
            self.committing = self.outlets.store.send(Task::Commit(batch)).is_ok();
        }
    }

    fn pass_on(&mut self, notice: Notice, now: Timestamp) {
        match notice {
            Notice::Reply { .. } => {}
            Notice::Alert { level, text } => {
                match level {
                    AlertLevel::Info => info!(target: "desk", "{text}"),
                    AlertLevel::Warning => warn!(target: "desk", "{text}"),
                    AlertLevel::Critical => tracing::error!(target: "desk", "{text}"),
                }
                self.shared.notice(level, text, now);
                self.view_due = Some(Instant::now());
            }
            Notice::Rehearse(what) => {
                match (&mut self.outlets.rehearsal, what) {
                    (Some(rehearsal), Some((drill, seconds))) => {
                        warn!(target: "desk", "rehearsal for {seconds} s: {}", drill.what());
                        rehearsal.start(drill, Duration::from_secs(u64::from(seconds)));
                    }
                    (Some(rehearsal), None) => rehearsal.end(),
                    // Without an exchange of our own nothing is rehearsed.
                    (None, _) => {}
                }
                self.view_due = Some(Instant::now());
            }
            Notice::Levels(levels) => {
                self.levels = levels;
                self.crossed.clear();
            }
            Notice::Watch(contracts) => {
                self.watched = contracts;
                self.tell_interest();
            }
        }
    }

    /// When the next view is made: once it is due, not too soon after the last, and not in the way of an order.
    fn next_view(&self) -> Option<Instant> {
        let yields = if self.committing { VIEW_YIELDS } else { Duration::ZERO };
        self.view_due.map(|due| (due + yields).max(self.last_view + VIEW_EVERY / 4))
    }

    /// Makes a view when one is due, not more often than the eye can follow.
    fn show(&mut self, now: Timestamp) {
        if self.next_view().is_none_or(|at| Instant::now() < at) {
            return;
        }
        if self.last_interest.elapsed() >= VIEW_EVERY * 5 {
            self.last_interest = Instant::now();
            self.tell_interest();
        }
        self.publish(now);
    }

    fn publish(&mut self, now: Timestamp) {
        let quota = self.desk.quota(now);
        let mut health = self.shared.health().clone();
        health.api.used = Some(quota.used_last_second + quota.elsewhere_last_second);
        health.api.elsewhere = quota.elsewhere_last_second;
        health.api.recent = quota.by_second;
        health.api.limit = quota.limit;
        health.quota = quota;
        health.closes_at = self.today.closes_at(now);
        health.webhook = Some(super::webhook::health(self.outlets.bell.look()));
        health.rehearsals = self.outlets.rehearsal.as_mut().map(Rehearsal::running).unwrap_or_default();
        let engine = self.desk.driver().engine();
        let prices = self.shared.prices().clone();
        let view = View::build(engine.state(), &engine.config, &prices, &health, &self.today, now);
        self.outlets.views.send_replace(Arc::new(view));
        self.inputs.looking.store(false, Ordering::SeqCst);
        self.last_view = Instant::now();
        self.view_due = None;
    }

    /// What has been decided is committed before the thread ends; what has not left by then is looked up at the next start.
    fn stop(mut self, receiver: &Receiver<Input>) {
        self.move_everything(self.clock.now());
        if !self.committing {
            self.commit_next();
        }
        while self.committing {
            match receiver.recv_timeout(Duration::from_secs(2)) {
                Ok(Input::Committed(_) | Input::StoreFailed { .. }) => {
                    self.committing = false;
                    self.commit_next();
                }
                Ok(_) => {}
                Err(_) => break,
            }
        }
        let _ = self.outlets.store.send(Task::Stop);
    }
}
