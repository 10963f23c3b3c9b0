//! Where the server takes its time from: the clock of the machine, or a hand that moves it in tests.

use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::time::{Timestamp, after_ms};

/// The server's clock.
#[derive(Clone, Debug, Default)]
pub enum TimeSource {
    #[default]
    System,
    Manual(ManualTime),
}

impl TimeSource {
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::Manual(time) => time.now(),
        }
    }
}

/// A clock that moves only when it is told to.
#[derive(Clone, Debug)]
pub struct ManualTime(Arc<Mutex<Timestamp>>);

impl ManualTime {
    pub fn new(start: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(start)))
    }

    pub fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn forward(&self, ms: i64) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = after_ms(*now, ms);
    }
}
