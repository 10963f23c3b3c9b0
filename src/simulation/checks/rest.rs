//! Once all is quiet: what we believe is what the exchange has, and every key has been answered.

use super::{Books, Checked, Checks, must};
use crate::domain::{NetQuantity, StrategyId};
use crate::engine::State;
use crate::engine::record::Owner;
use crate::engine::state::{OrderState, Phase, Strategy};
use crate::simulation::listing::Listing;
use crate::simulation::report::Invariant;

impl Checks {
    /// Everything is quiet: what we believe is what the exchange has.
    pub fn at_rest(&self, state: &State, books: &Books, listing: &Listing, open: bool) -> Checked {
        if open {
            self.stops_rest(state)?;
        }
        must(self.unanswered.is_empty(), Invariant::AnsweredOnce, || {
            format!("commands {:?} were never answered", self.unanswered)
        })?;
        for (key, net) in &self.nets {
            let foreign = self.foreign.get(key).copied().unwrap_or_default();
            let ours = state.lots_net(&key.0, key.1);
            // Where an exit raced with a trade from elsewhere, our lots are at most what is open.
            let (theirs, within) = (net - foreign, ours.0.abs() <= net.abs() && ours.0 * net >= 0);
            let agree = NetQuantity(theirs) == ours || (within && self.blurred.contains(key));
            must(agree, Invariant::LotsArePositions, || {
                format!("{}: our lots say {ours:+}, the exchange {:+}", key.0.label(), net - foreign)
            })?;
        }
        self.money_is_theirs(state, books, listing)
    }

    /// Whether anything of ours may still trade or has not been confirmed, as the engine sees it.
    pub fn engine_is_busy(state: &State) -> Option<String> {
        if let Some(o) = state.open_orders().find(|o| !(o.purpose.is_stop() && o.is_resting_stop())) {
            return Some(format!("intent {} is {}", o.intent.id, o.state.as_str()));
        }
        if let Some(key) = state.exits.keys().next() {
            return Some(format!("{} is being exited", key.contract.label()));
        }
        if state.flatten.is_some() {
            return Some("flattening".into());
        }
        if state.reconciling_since.is_some() {
            return Some("reconciling".into());
        }
        let moving = |s: &&Strategy| {
            s.queued_at.is_some() || s.execution.as_ref().is_some_and(|e| !matches!(e.phase, Phase::Held(_)))
        };
        if let Some(s) = state.strategies.values().find(moving) {
            return Some(format!("{} is under way", s.title()));
        }
        if let Some((id, _)) = state.scalper.waiting_signals().next() {
            return Some(format!("signal {id} waits"));
        }
        let idle = |id: &StrategyId| state.lots_of(Owner::Strategy(*id)).all(|(_, l)| l.net.is_flat());
        if let Some(id) = state.scalper.open.iter().find(|id| idle(id)) {
            return Some(format!("scalp #{id} holds nothing and is not over"));
        }
        let inexact = state.orders.values().find(|o| !o.is_exact() && o.state != OrderState::Lost);
        inexact.map(|o| format!("the trades of intent {} have not been read", o.intent.id))
    }
}
