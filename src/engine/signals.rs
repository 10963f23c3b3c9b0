//! Signals: the durable inbox, and what becomes of each.
use super::turn::Turn;
use crate::domain::{SetupName, Signal, SignalAnswer, SignalId, SignalRefusal};

impl Turn<'_> {
    pub(super) fn signal(&mut self, signal: &Signal) -> SignalAnswer {
        let reason = format!("no set-up is called {}", signal.setup);
        SignalAnswer::Refused { id: None, why: SignalRefusal::UnknownStrategy, reason }
    }
    pub(super) fn decide_signal(&mut self, id: SignalId, _approve: bool) -> Result<String, String> {
        Err(format!("signal {id}: there is no such signal"))
    }
    pub(super) fn arm_setup(&mut self, setup: &SetupName, _armed: bool) -> Result<String, String> {
        Err(format!("no set-up is called {setup}"))
    }
}
