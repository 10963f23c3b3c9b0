//! What happened at the webhook's door: counted by how it was answered, the last refusals kept. Nothing secret is in it.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::domain::time::Timestamp;

/// Refusals that are kept.
const KEPT: usize = 50;

/// How the door stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// No secret is set, or nothing has opened it.
    #[default]
    Off,
    Open(SocketAddr),
    /// It was to be opened and could not be.
    Failed(String),
}

/// A delivery that did not get past the door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub at: Timestamp,
    pub source: IpAddr,
    /// Of HTTP.
    pub status: u16,
    pub code: &'static str,
    pub reason: String,
}

/// All of it, as of now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rung {
    pub standing: Standing,
    /// Deliveries by how they were answered: `accepted`, `duplicate`, or the code of the refusal, the engine's or the door's.
    pub counts: BTreeMap<&'static str, u64>,
    /// What was refused at the door itself, the oldest first.
    pub refusals: VecDeque<Refusal>,
}

/// Shared by the server, which rings, and whoever looks.
#[derive(Debug, Default)]
pub struct Doorbell(Mutex<Rung>);

impl Doorbell {
    pub fn look(&self) -> Rung {
        self.rung().clone()
    }

    pub fn stands(&self, standing: Standing) {
        self.rung().standing = standing;
    }

    /// The engine has answered.
    pub(super) fn answered(&self, code: &'static str) {
        *self.rung().counts.entry(code).or_default() += 1;
    }

    /// It did not reach the engine.
    pub(super) fn refused(&self, refusal: Refusal) {
        let mut rung = self.rung();
        *rung.counts.entry(refusal.code).or_default() += 1;
        if rung.refusals.len() == KEPT {
            rung.refusals.pop_front();
        }
        rung.refusals.push_back(refusal);
    }

    fn rung(&self) -> MutexGuard<'_, Rung> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_counted_and_the_last_are_kept() {
        let bell = Doorbell::default();
        for n in 0..60_u16 {
            let code = if n % 2 == 0 { "stale" } else { "malformed" };
            let (at, source) = (Timestamp::UNIX_EPOCH, IpAddr::from([127, 0, 0, 1]));
            bell.refused(Refusal { at, source, status: n, code, reason: String::new() });
        }
        bell.answered("accepted");
        let rung = bell.look();
        assert_eq!(rung.counts.into_iter().collect::<Vec<_>>(), [("accepted", 1), ("malformed", 30), ("stale", 30)]);
        assert_eq!((rung.refusals.len(), rung.refusals[0].status), (50, 10));
    }
}
