//! Stop cover: what is protected is covered by stops that rest, within its time, and never for more than is open.

use std::collections::BTreeMap;

use super::{COVER_SLACK_MS, Checked, Checks, broken, must};
use crate::domain::time::{Timestamp, ms_between};
use crate::domain::{Contract, Product, Side};
use crate::engine::State;
use crate::engine::config::ProtectedLegs;
use crate::engine::record::{Owner, Purpose};
use crate::engine::state::Strategy;
use crate::simulation::report::Invariant;

impl Checks {
    fn shall_be_protected(&self, s: &Strategy, short: bool) -> bool {
        match self.config.protection.legs {
            ProtectedLegs::None => false,
            ProtectedLegs::OneSided => is_one_sided(s),
            ProtectedLegs::Shorts => is_one_sided(s) || short,
        }
    }

    /// What is protected is covered by stops that rest, as the broker said, or is being exited.
    pub fn stop_cover(&mut self, state: &State, now: Timestamp, open: bool) -> Checked {
        if !open || state.reconciling_since.is_some() {
            self.uncovered.clear();
            return Ok(());
        }
        let mut bare = BTreeMap::new();
        for (key, lot) in state.lots.iter().filter(|(k, l)| !l.net.is_flat() && !state.exits.contains_key(k)) {
            let Owner::Strategy(id) = key.owner else { continue };
            let lifted = state.guards.get(key).is_some_and(|g| g.stop.is_none());
            if lifted || state.strategies.get(&id).is_none_or(|s| !self.shall_be_protected(s, lot.net.0 < 0)) {
                continue;
            }
            let at_broker = state.broker_net(&key.contract, key.product);
            let held = if state.position_is_fresh(&key.contract, key.product) {
                lot.net.0.abs().min(at_broker.0.abs())
            } else {
                lot.net.0.abs()
            };
            let stop = Purpose::Protect { owner: key.owner };
            let resting: u32 = state
                .open_orders_of(key.contract, key.product)
                .filter(|o| o.purpose == stop && o.is_resting_stop())
                .map(|o| o.resting().0)
                .sum();
            if i64::from(resting) < held {
                // What was bare then may be covered by now, and what has filled since not yet: that time is its own.
                let before = self.uncovered.get(key).filter(|(_, then)| i64::from(resting) < *then);
                bare.insert(*key, before.copied().unwrap_or((now, held)));
            }
        }
        self.uncovered = bare;
        let most = self.config.protection.uncovered_ms + COVER_SLACK_MS;
        let late = self.uncovered.iter().find(|(_, (since, _))| ms_between(*since, now) > most);
        match late {
            None => Ok(()),
            Some((key, (since, _))) => broken(
                Invariant::StopCover,
                format!("{} of {:?} is without its stop since {since}", key.contract.label(), key.owner),
            ),
        }
    }

    /// Once quiet, what is to be protected rests at the exchange, to the unit.
    pub fn stops_rest(&self, state: &State) -> Checked {
        let mut wanted: BTreeMap<(Contract, Product), i64> = BTreeMap::new();
        for (key, _) in state.guards.iter().filter(|(k, g)| g.stop.is_some() && !state.exits.contains_key(k)) {
            let net = state.lots.get(key).map_or(0, |l| l.net.0);
            *wanted.entry((key.contract, key.product)).or_default() -= net;
        }
        for (key, wanted) in wanted {
            let stops =
                self.orders.values().filter(|o| o.key == key && !o.over && o.purpose.is_some_and(|p| p.is_stop()));
            let resting: i64 = stops.map(|o| o.side.signed(o.quantity.saturating_sub(o.filled)).0).sum();
            must(resting == wanted, Invariant::StopCover, || {
                format!("{}: stops of {resting:+} rest at the exchange, not {wanted:+}", key.0.label())
            })?;
        }
        Ok(())
    }
}

/// Whether no leg protects another.
fn is_one_sided(s: &Strategy) -> bool {
    s.legs.iter().all(|l| l.side == Side::Buy) || s.legs.iter().all(|l| l.side == Side::Sell)
}
