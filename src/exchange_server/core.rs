//! The one owner of the exchange: a thread that takes requests, lets time pass, writes the books, and only then answers.
//!
//! Requests that arrive together share one write. What is on disk when an answer leaves is what the answer says, so the
//! books survive the process being killed at any instant.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::{broadcast, oneshot, watch};

use super::books::Books;
use super::time_source::TimeSource;
use crate::domain::time::{Timestamp, ms_between};
use crate::domain::{Contract, Price};
use crate::exchange::{Changes, Exchange, Listing, MarketView, Notice, OrderView, UnderlyingSpec};

/// What runs when the change it belongs to is on disk.
type Release = Box<dyn FnOnce() + Send>;
type Job = Box<dyn FnOnce(&mut Exchange, Timestamp) -> Release + Send>;
/// Makes the listing of the day.
pub type Relist = Box<dyn Fn(Timestamp) -> Vec<UnderlyingSpec> + Send>;

enum Message {
    Job(Job),
    Stop,
}

/// Milliseconds between two looks at subscribed prices.
const FRAME_MS: i64 = 250;
/// Requests taken together at most.
const BATCH: usize = 256;
/// Order updates a slow listener may lag behind before it is cut off.
const UPDATES_KEPT: usize = 1_024;
/// The longest sleep; a clock that is set is noticed within it.
const LONGEST_SLEEP: Duration = Duration::from_secs(5);
/// A loop that was away this long was not running: the machine slept.
const GAP_MS: i64 = 30_000;
/// Clocks are corrected by less than this all the time.
const SMALL_STEP_BACK: i64 = 1_000;

/// An order as it changed, with the names of its contract.
#[derive(Clone, Debug)]
pub struct OrderUpdate {
    pub order: OrderView,
    pub listing: Listing,
    /// The contract's last price.
    pub last: Price,
}

/// The subscribed contracts at one moment.
#[derive(Debug, Default)]
pub struct Frame(pub BTreeMap<Contract, MarketView>);

/// The exchange is gone, or its books cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the built-in exchange is not available")]
pub struct Unavailable;

/// A way to talk to the exchange; cheap to copy.
#[derive(Clone)]
pub struct Core {
    requests: Sender<Message>,
    updates: broadcast::Sender<Arc<OrderUpdate>>,
    frames: watch::Sender<Arc<Frame>>,
    /// Whether the session is open.
    open: watch::Sender<bool>,
    /// How many connections want each contract.
    wanted: Arc<Mutex<BTreeMap<Contract, usize>>>,
}

impl Core {
    /// Starts the owner thread.
    pub fn start(
        exchange: Exchange,
        books: Option<Books>,
        time: TimeSource,
        relist: Relist,
    ) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (requests, inbox) = channel();
        let core = Self {
            requests,
            updates: broadcast::Sender::new(UPDATES_KEPT),
            frames: watch::Sender::new(Arc::default()),
            open: watch::Sender::new(exchange.is_open()),
            wanted: Arc::default(),
        };
        let (updates, frames, wanted) = (core.updates.clone(), core.frames.clone(), Arc::clone(&core.wanted));
        let open = core.open.clone();
        let looked = time.now();
        let next_frame = Timestamp::MIN;
        let mut owner = Owner { exchange, books, time, relist, updates, frames, open, wanted, next_frame, looked };
        let thread = std::thread::Builder::new().name("exchange".into()).spawn(move || owner.run(&inbox))?;
        Ok((core, thread))
    }

    /// Does something with the exchange; the answer comes when its consequences are on disk.
    pub async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Exchange, Timestamp) -> T + Send + 'static,
    ) -> Result<T, Unavailable> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |exchange, now| {
            let value = work(exchange, now);
            Box::new(move || drop(answer.send(value)))
        });
        self.requests.send(Message::Job(job)).map_err(|_| Unavailable)?;
        answered.await.map_err(|_| Unavailable)
    }

    /// Every order change from now on.
    pub fn updates(&self) -> broadcast::Receiver<Arc<OrderUpdate>> {
        self.updates.subscribe()
    }

    /// The prices of what is wanted, newest only.
    pub fn frames(&self) -> watch::Receiver<Arc<Frame>> {
        self.frames.subscribe()
    }

    /// Whether the session is open, and every change of it.
    pub fn session(&self) -> watch::Receiver<bool> {
        self.open.subscribe()
    }

    /// Asks for frames of a contract, once per connection.
    pub fn want(&self, contract: Contract) {
        *self.wanted().entry(contract).or_insert(0) += 1;
        // The owner may be asleep for hours.
        self.nudge();
    }

    pub fn unwant(&self, contract: &Contract) {
        let mut wanted = self.wanted();
        if let Some(count) = wanted.get_mut(contract) {
            *count -= 1;
            if *count == 0 {
                wanted.remove(contract);
            }
        }
    }

    /// Has the owner look at the clock again: it was changed, or moved by hand.
    pub fn nudge(&self) {
        let nothing: Job = Box::new(|_, _| Box::new(|| ()));
        drop(self.requests.send(Message::Job(nothing)));
    }

    /// Asks the owner to write its books and end.
    pub fn stop(&self) {
        drop(self.requests.send(Message::Stop));
    }

    fn wanted(&self) -> std::sync::MutexGuard<'_, BTreeMap<Contract, usize>> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Owner {
    exchange: Exchange,
    books: Option<Books>,
    time: TimeSource,
    relist: Relist,
    updates: broadcast::Sender<Arc<OrderUpdate>>,
    frames: watch::Sender<Arc<Frame>>,
    open: watch::Sender<bool>,
    wanted: Arc<Mutex<BTreeMap<Contract, usize>>>,
    next_frame: Timestamp,
    /// When it last looked at the clock.
    looked: Timestamp,
}

impl Owner {
    fn run(&mut self, inbox: &Receiver<Message>) {
        let mut running = true;
        while running {
            let mut releases: Vec<Release> = Vec::new();
            let mut message = self.wait(inbox);
            self.mind_the_gap();
            while let Some(received) = message {
                match received {
                    Message::Stop => running = false,
                    Message::Job(job) => {
                        let now = self.time.now();
                        releases.push(job(&mut self.exchange, now));
                    }
                }
                message = if releases.len() < BATCH { inbox.try_recv().ok() } else { None };
            }
            let notices = self.pass_time();
            if self.commit(!running) {
                releases.into_iter().for_each(|release| release());
                self.tell(notices);
            }
            self.make_frame();
        }
    }

    /// Sleeps until a request comes or something is due. All senders gone is a stop as well.
    fn wait(&self, inbox: &Receiver<Message>) -> Option<Message> {
        let due = if self.exchange.is_open() && self.anything_wanted() {
            self.exchange.next_wake().min(self.next_frame)
        } else {
            self.exchange.next_wake()
        };
        let Some(sleep) = self.time.until(due) else { return Some(inbox.recv().unwrap_or(Message::Stop)) };
        match inbox.recv_timeout(sleep.min(LONGEST_SLEEP)) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Message::Stop),
        }
    }

    /// A machine that slept, or whose clock was set, has not been an open market meanwhile.
    fn mind_the_gap(&mut self) {
        let now = self.time.now();
        let gap = ms_between(self.looked, now);
        if matches!(self.time, TimeSource::System) && !(-SMALL_STEP_BACK..GAP_MS).contains(&gap) {
            tracing::warn!(gap_ms = gap, "the clock has jumped; the built-in exchange stood still meanwhile");
            self.exchange.resume(now);
        }
        self.looked = now;
    }

    fn pass_time(&mut self) -> Vec<Notice> {
        let now = self.time.now();
        let notices = self.exchange.advance(now);
        if notices.iter().any(|n| matches!(n, Notice::DayRolled(_))) {
            self.exchange.relist((self.relist)(now));
        }
        notices
    }

    /// Writes what has changed; `false` when that failed. Then nothing of it is told, and it is tried again as a whole.
    fn commit(&mut self, last: bool) -> bool {
        let Some(books) = &mut self.books else {
            self.exchange.take_changes();
            return true;
        };
        if last || books.is_long() {
            self.exchange.want_snapshot();
        }
        let written = match self.exchange.take_changes() {
            Changes::Nothing => Ok(()),
            Changes::Delta(delta) => books.append(&delta),
            Changes::Snapshot(snapshot) => books.replace(&snapshot),
        };
        if let Err(error) = written {
            tracing::error!(%error, "the exchange's books cannot be written; requests fail until they can");
            self.exchange.want_snapshot();
            return false;
        }
        true
    }

    fn tell(&self, notices: Vec<Notice>) {
        let open = self.exchange.is_open();
        self.open.send_if_modified(|told| std::mem::replace(told, open) != open);
        for notice in notices {
            let Notice::Order(order) = notice else { continue };
            let Some(listing) = self.exchange.listing_of_held(&order.spec.contract) else { continue };
            // Nobody listening is no error.
            let last = self.exchange.quote(&order.spec.contract).map_or(Price::ZERO, |q| q.last);
            drop(self.updates.send(Arc::new(OrderUpdate { order: *order, listing, last })));
        }
    }

    fn anything_wanted(&self) -> bool {
        !self.wanted.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    fn make_frame(&mut self) {
        let now = self.exchange.now();
        if now < self.next_frame || !self.anything_wanted() {
            return;
        }
        // So often by the machine's clock, however fast this one is driven.
        let pause = FRAME_MS as f64 * self.time.rate().max(1.0);
        self.next_frame = crate::domain::time::after_ms(now, pause as i64);
        let wanted: Vec<Contract> =
            self.wanted.lock().unwrap_or_else(PoisonError::into_inner).keys().copied().collect();
        let views = wanted.iter().filter_map(|c| Some((*c, self.exchange.market_view(c)?)));
        self.frames.send_replace(Arc::new(Frame(views.collect())));
    }
}
