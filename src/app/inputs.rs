//! The way to the engine thread: what it is told, and the hands that tell it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant;

use tokio::sync::oneshot;

use crate::domain::{Money, OrderSighting, StrategyId};
use crate::engine::Event;
use crate::engine::command::{Command, Origin, Reply};
use crate::gateway::call::{Answer, CallId};

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
    /// What the broker says that a strategy would tie up; `None`: it did not say.
    Margin {
        id: StrategyId,
        /// Of which question.
        asked_at: Instant,
        margin: Option<Money>,
    },
    /// Prices, health or instruments changed: the view is due.
    Look,
    Stop,
}

/// The way in: never blocks, never loses a fact. Halting has a way of its own, past everything that waits.
#[derive(Clone, Debug)]
pub struct Inputs {
    sender: Sender<Input>,
    pub(super) halt: Arc<AtomicBool>,
    /// A look is waiting already: prices change faster than views are made.
    pub(super) looking: Arc<AtomicBool>,
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
