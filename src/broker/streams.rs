//! Links that tell by themselves: order updates and prices.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tokio::sync::{mpsc, watch};

use crate::domain::time::{Timestamp, ms_between};
use crate::domain::{Contract, OrderSighting, Price, Quote};
use crate::gateway::ErrorClass;

/// How a link stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkState {
    pub up: bool,
    /// Since when it stands so.
    pub since: Timestamp,
    /// For people: why it fell, and when it is tried again.
    pub detail: String,
    /// Where the broker refused it: `LogIn` (the token), `Blocked` (the account may not have it).
    pub refused: Option<ErrorClass>,
}

/// From the order link. Nothing is told twice: after `Link` with `up` the books must be read, for what happened in between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderNews {
    Link(LinkState),
    Seen(OrderSighting),
}

/// From the price link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FeedNews {
    Link(LinkState),
    /// The newest quote of each contract that changed. If the listener is slow, the ones between are left out.
    Quotes(Vec<(Contract, Quote)>),
    /// The previous day's close (after the close some brokers send the day's own).
    PreviousClose(Contract, Price),
}

/// When something was last heard on a link.
#[derive(Clone, Debug, Default)]
pub struct Heard(Arc<AtomicI64>);

impl Heard {
    pub fn note(&self, at: Timestamp) {
        self.0.store(at.as_millisecond(), Ordering::Relaxed);
    }

    /// `None` before the first message.
    pub fn at(&self) -> Option<Timestamp> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            ms => Timestamp::from_millisecond(ms).ok(),
        }
    }

    pub fn age_ms(&self, now: Timestamp) -> Option<i64> {
        self.at().map(|at| ms_between(at, now))
    }
}

/// A running price link. Dropping `news` ends it.
#[derive(Debug)]
pub struct MarketFeed {
    pub news: mpsc::Receiver<FeedNews>,
    pub control: FeedControl,
    pub heard: Heard,
}

/// What a price link watches. Survives reconnects: the whole set is subscribed again.
#[derive(Clone, Debug)]
pub struct FeedControl(Arc<watch::Sender<BTreeSet<Contract>>>);

impl FeedControl {
    /// The control, and the end at which the link sees what is wanted.
    pub fn new() -> (Self, watch::Receiver<BTreeSet<Contract>>) {
        let (sender, receiver) = watch::channel(BTreeSet::new());
        (Self(Arc::new(sender)), receiver)
    }

    /// Watch these and nothing else.
    pub fn watch(&self, contracts: BTreeSet<Contract>) {
        self.0.send_if_modified(|watched| {
            let changed = *watched != contracts;
            *watched = contracts;
            changed
        });
    }

    pub fn subscribe(&self, contracts: &[Contract]) {
        self.0.send_if_modified(|watched| {
            let before = watched.len();
            watched.extend(contracts.iter().copied());
            watched.len() != before
        });
    }

    pub fn unsubscribe(&self, contracts: &[Contract]) {
        self.0.send_if_modified(|watched| {
            let before = watched.len();
            watched.retain(|watched| !contracts.contains(watched));
            watched.len() != before
        });
    }

    pub fn watched(&self) -> BTreeSet<Contract> {
        self.0.borrow().clone()
    }
}
