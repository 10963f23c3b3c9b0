//! The engine thread: the one owner of the desk. Takes inputs, lets the desk decide, moves what it wants moved.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot, watch};
use tracing::{info, warn};

use super::reference::Today;
use super::rehearsal::Rehearsal;
use super::shared::Shared;
use super::steady::SteadyClock;
use super::store_thread::Task;
use crate::domain::instrument_index::InstrumentIndex;
use crate::domain::time::{Timestamp, ms_between};
use crate::domain::{CommandId, Contract, ContractKind, OrderSighting, Quote, StrategyStatus};
use crate::engine::command::{Command, Origin, Reply};
use crate::engine::effect::{AlertLevel, Levels};
use crate::engine::{Event, Reference};
use crate::gateway::call::{Answer, CallId, Outgoing};
use crate::gateway::desk::{Desk, Notice};
use crate::view::{StoreHealth, View};

/// A view is made at most this often for data; at once after a command.
const VIEW_EVERY: Duration = Duration::from_millis(100);
/// The engine's watched quotes are delivered this often.
const QUOTES_EVERY: Duration = Duration::from_secs(1);
/// A command that needs prices waits this long for ones that were not subscribed yet …
const QUOTES_WITHIN: Duration = Duration::from_millis(1_500);
/// … and is looked at again after this long.
const QUOTES_RETRY: Duration = Duration::from_millis(50);
/// Two crossings of one contract are told at least this far apart.
const CROSSINGS_APART: Duration = Duration::from_millis(200);
/// Pending strategies whose legs are subscribed, best first.
const PENDING_SUBSCRIBED: usize = 40;

/// Everything that reaches the engine thread.
#[derive(Debug)]
pub enum Input {
    Event(Event),
    /// The order-update link told of an order.
    Saw(OrderSighting),
    Answered(CallId, Answer),
    Committed(u64),
    StoreFailed {
        seq: u64,
        reason: String,
    },
    StoreRestored,
    Command {
        command: Command,
        origin: Origin,
        reply: oneshot::Sender<Reply>,
    },
    /// Prices, health or instruments changed: the view is due.
    Look,
    Stop,
}

/// The way in: never blocks, never loses a fact. Halting has a way of its own, past everything that waits.
#[derive(Clone, Debug)]
pub struct Inputs {
    sender: Sender<Input>,
    halt: Arc<AtomicBool>,
    /// A look is waiting already: prices change faster than views are made.
    looking: Arc<AtomicBool>,
}

impl Inputs {
    pub fn new() -> (Self, Receiver<Input>) {
        let (sender, receiver) = channel();
        (Self { sender, halt: Arc::default(), looking: Arc::default() }, receiver)
    }

    pub fn send(&self, input: Input) {
        // Nobody listens only while the process ends.
        let _ = self.sender.send(input);
    }

    /// Prices, health or instruments have changed: a new view is due, soon.
    pub fn look(&self) {
        if !self.looking.swap(true, Ordering::SeqCst) {
            self.send(Input::Look);
        }
    }

    /// Halts the engine before anything else that waits is looked at.
    pub fn halt(&self) {
        self.halt.store(true, Ordering::SeqCst);
        self.send(Input::Look);
    }
}

/// Where the engine thread's decisions go.
#[derive(Debug)]
pub struct Outlets {
    pub store: Sender<Task>,
    pub calls: mpsc::UnboundedSender<Outgoing>,
    pub views: watch::Sender<Arc<View>>,
    /// The contracts the feed shall deliver.
    pub interest: watch::Sender<BTreeSet<Contract>>,
    /// Where faults can be practised: the built-in exchange's.
    pub rehearsal: Option<Rehearsal>,
}

/// A command whose quotes are on their way.
struct Unpriced {
    command: Command,
    origin: Origin,
    reply: oneshot::Sender<Reply>,
    /// Then it is decided on what is there.
    until: Instant,
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
    next_command: u64,
    committing: bool,
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
            next_command: u64::try_from(clock.now().as_millisecond()).unwrap_or(1) * 1_000,
            clock,
            committing: false,
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
        let wake = self.desk.next_wake().map_or(Duration::from_secs(1), until);
        let view = self.view_due.map_or(Duration::from_secs(1), |due| due.saturating_duration_since(Instant::now()));
        let quotes = QUOTES_EVERY.saturating_sub(self.last_quotes.elapsed());
        let unpriced = if self.unpriced.is_empty() { quotes } else { QUOTES_RETRY };
        wake.min(view).min(quotes).min(unpriced)
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
                let until = Instant::now() + QUOTES_WITHIN;
                self.unpriced.push(Unpriced { command, origin, reply, until });
                self.tell_interest();
            }
            Input::Command { command, origin, reply } => self.command(command, origin, Some(reply), now),
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
        self.desk.handle(Event::Command { id, origin, command, quotes }, now, &self.today);
        self.view_due = Some(Instant::now());
    }

    /// Whether a command should wait a moment for prices. What lowers risk never does.
    fn lacks_quotes(&self, command: &Command, now: Timestamp) -> bool {
        if !matches!(command, Command::Preview { .. } | Command::Execute { .. } | Command::Resume { .. }) {
            return false;
        }
        let concerned = self.concerned(command);
        let fresh = self.desk.driver().engine().config.execution.max_quote_age_ms;
        let priced = self.shared.quotes_of(&concerned).iter().filter(|(_, q)| q.age_ms(now) <= fresh).count();
        priced < concerned.len()
    }

    /// A level that the engine asked for is crossed: it hears of it now, not with the next second. Each quote once.
    fn tell_crossings(&mut self, now: Timestamp) {
        if self.levels.is_empty() {
            return;
        }
        let asked: BTreeSet<Contract> = self.levels.keys().copied().collect();
        let news = |contract: &Contract, quote: &Quote| {
            let told = self.crossed.get(contract);
            told.is_none_or(|(q, at)| {
                (q.last, q.bid, q.ask) != (quote.last, quote.bid, quote.ask) && at.elapsed() >= CROSSINGS_APART
            })
        };
        let quotes: Vec<(Contract, Quote)> = self
            .shared
            .quotes_of(&asked)
            .into_iter()
            .filter(|(c, q)| self.levels.get(c).is_some_and(|l| l.are_crossed(q)) && news(c, q))
            .collect();
        if !quotes.is_empty() {
            self.crossed.extend(quotes.iter().map(|(c, q)| (*c, (*q, Instant::now()))));
            self.desk.handle(Event::Quotes(quotes), now, &self.today);
        }
    }

    fn retry_unpriced(&mut self, now: Timestamp) {
        for waiting in std::mem::take(&mut self.unpriced) {
            if Instant::now() < waiting.until && self.lacks_quotes(&waiting.command, now) {
                self.unpriced.push(waiting);
            } else {
                self.command(waiting.command, waiting.origin, Some(waiting.reply), now);
            }
        }
    }

    /// The contracts whose quotes a command is decided on.
    fn concerned(&self, command: &Command) -> BTreeSet<Contract> {
        let state = self.desk.state();
        let legs_of = |ids: &[crate::domain::StrategyId]| -> BTreeSet<Contract> {
            let all = ids.is_empty();
            state
                .strategies
                .values()
                .filter(|s| if all { s.status == StrategyStatus::Marked } else { ids.contains(&s.id) })
                .flat_map(|s| self.contracts_of(s))
                .collect()
        };
        match command {
            Command::Preview { ids } | Command::Execute { ids } => legs_of(ids),
            Command::Resume { id } | Command::Unwind { id } | Command::CloseStrategy { id } => legs_of(&[*id]),
            Command::ClosePosition { contract, .. } => BTreeSet::from([*contract]),
            Command::Flatten { .. } => {
                let held = state.broker.positions.iter().filter(|p| !p.net.is_flat()).map(|p| p.contract);
                held.chain(state.lots.iter().filter(|(_, l)| !l.net.is_flat()).map(|(k, _)| k.contract)).collect()
            }
            _ => BTreeSet::new(),
        }
    }

    fn contracts_of(&self, s: &crate::engine::state::Strategy) -> Vec<Contract> {
        if !s.legs.is_empty() {
            return s.legs.iter().map(|l| l.instrument.contract).collect();
        }
        let now = self.clock.now();
        let today = crate::domain::time::trading_day(now);
        let resolved = self.today.resolve(&s.recommendation, today, now).unwrap_or_default();
        resolved.iter().map(|l| l.instrument.contract).collect()
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
        if !self.committing
            && let Some(batch) = self.desk.take_batch()
        {
            self.committing = true;
            let _ = self.outlets.store.send(Task::Commit(batch));
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
        if !replies.is_empty() {
            // Whoever is answered finds in the view what the command has done.
            self.publish(now);
        }
        for (command, reply) in replies {
            if let Some(waiting) = self.waiting.remove(&command) {
                let _ = waiting.send(reply);
            }
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

    /// Makes a view when one is due, not more often than the eye can follow.
    fn show(&mut self, now: Timestamp) {
        let Some(due) = self.view_due else { return };
        if Instant::now() < due || self.last_view.elapsed() < VIEW_EVERY / 4 {
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
        health.closes_at = self.today.closes_at(now);
        health.rehearsals = self.outlets.rehearsal.as_mut().map(Rehearsal::running).unwrap_or_default();
        let engine = self.desk.driver().engine();
        let prices = self.shared.prices().clone();
        let view = View::build(engine.state(), &engine.config, &prices, &health, &self.today, now);
        self.outlets.views.send_replace(Arc::new(view));
        self.inputs.looking.store(false, Ordering::SeqCst);
        self.last_view = Instant::now();
        self.view_due = None;
    }

    /// What the feed shall deliver: what the engine watches, what is marked, the best of what is pending.
    fn tell_interest(&mut self) {
        let state = self.desk.state();
        let mut wanted = self.watched.clone();
        wanted.extend(self.unpriced.iter().flat_map(|u| self.concerned(&u.command)));
        wanted.extend(state.broker.positions.iter().filter(|p| !p.net.is_flat()).map(|p| p.contract));
        let mut pending: Vec<&crate::engine::state::Strategy> = Vec::new();
        for s in state.strategies.values() {
            match s.status {
                StrategyStatus::Marked | StrategyStatus::Deferred | StrategyStatus::Executing => {
                    wanted.extend(self.contracts_of(s));
                }
                StrategyStatus::Pending if s.recommendation.blocked().is_none() => pending.push(s),
                _ => {}
            }
        }
        pending.sort_by_key(|s| crate::engine::order_of(s));
        for s in pending.into_iter().take(PENDING_SUBSCRIBED) {
            wanted.extend(self.contracts_of(s));
        }
        let index = self.today.instruments.current();
        let underlyings: BTreeSet<Contract> = wanted.iter().filter_map(|c| underlying_of(c, &index)).collect();
        wanted.extend(underlyings);
        wanted.extend(super::shared::HEADER_INDICES.iter().filter_map(|(e, s)| header_index(*e, s)));
        self.outlets.interest.send_if_modified(|current| {
            let changed = *current != wanted;
            if changed {
                *current = wanted;
            }
            changed
        });
    }

    /// What has been decided is committed before the thread ends; what has not left by then is looked up at the next start.
    fn stop(mut self, receiver: &Receiver<Input>) {
        self.move_everything(self.clock.now());
        while self.committing {
            match receiver.recv_timeout(Duration::from_secs(2)) {
                Ok(Input::Committed(_) | Input::StoreFailed { .. }) => {
                    self.committing = false;
                    if let Some(batch) = self.desk.take_batch() {
                        self.committing = self.outlets.store.send(Task::Commit(batch)).is_ok();
                    }
                }
                Ok(_) => {}
                Err(_) => break,
            }
        }
        let _ = self.outlets.store.send(Task::Stop);
    }
}

/// What an option is on, as it is quoted: an index, or a share.
fn underlying_of(option: &Contract, index: &InstrumentIndex) -> Option<Contract> {
    let Contract { exchange, underlying, kind: ContractKind::Option { .. } } = *option else { return None };
    let candidates = [Contract::index(exchange, underlying), Contract::equity(exchange, underlying)];
    candidates.into_iter().find(|c| index.by_contract(c).is_some())
}

fn header_index(exchange: crate::domain::Exchange, symbol: &str) -> Option<Contract> {
    crate::domain::Symbol::new(symbol).ok().map(|s| Contract::index(exchange, s))
}
