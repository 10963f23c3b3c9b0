//! What the exchange has: one order per intent, real fills, exits that only reduce.

use super::{CLOSING, CUT_OFF_MS, Checked, Checks, Known, PREFIX, RACE_MS, must};
use crate::domain::time::{Timestamp, ms_between};
use crate::domain::{Contract, OrderSighting, Product, Quantity, SeenStatus};
use crate::engine::State;
use crate::engine::record::{Owner, Purpose};
use crate::simulation::report::{Invariant, Report};

impl Checks {
    /// The exchange tells of an order.
    pub fn at_exchange(&mut self, seen: &OrderSighting, report: &mut Report) -> Checked {
        let mark = seen.correlation.as_ref().map(|c| c.as_str().to_owned()).unwrap_or_default();
        let purpose = self.intents.get(&mark).map(|(_, purpose)| *purpose);
        if !self.orders.contains_key(&seen.order_id) {
            report.orders += 1;
            must(purpose.is_some() || !mark.starts_with(PREFIX), Invariant::JournalFirst, || {
                format!("the order {} carries our mark {mark}, but no intent does", seen.order_id)
            })?;
            let known = Known {
                purpose,
                key: (seen.spec.contract, seen.spec.product),
                side: seen.spec.side,
                quantity: seen.spec.quantity,
                filled: Quantity::ZERO,
                over: false,
            };
            self.orders.insert(seen.order_id.clone(), known);
            if purpose.is_some() {
                let before = self.by_mark.insert(mark.clone(), seen.order_id.clone());
                must(before.is_none(), Invariant::OneOrderPerIntent, || {
                    format!("the intent {mark} made a second order {} besides {before:?}", seen.order_id)
                })?;
                must(!self.unplaced.contains_key(&mark), Invariant::NotPlacedIsKnown, || {
                    format!("the intent {mark} was said to be {:?} and made an order", self.unplaced.get(&mark))
                })?;
            }
        }
        if seen.status == SeenStatus::Rejected
            && purpose.is_some_and(|p| p.is_exit())
            && seen.reason.as_ref().is_some_and(|r| r.contains("Insufficient Funds"))
        {
            self.refused_for_funds.insert(seen.spec.contract);
        }
        let Some(known) = self.orders.get_mut(&seen.order_id) else { return Ok(()) };
        known.quantity = seen.spec.quantity;
        let news = seen.filled.saturating_sub(known.filled);
        known.filled = known.filled.max(seen.filled);
        known.over |= seen.status.is_final();
        if news.is_zero() {
            return self.exits_are_covered((seen.spec.contract, seen.spec.product), seen);
        }
        report.fills += 1;
        must(known.filled <= known.quantity, Invariant::FillsAreReal, || format!("{} is overfilled", seen.order_id))?;
        let key = (seen.spec.contract, seen.spec.product);
        let change = seen.spec.side.signed(news).0;
        let net = self.nets.entry(key).or_default();
        let before = *net;
        *net += change;
        let after = *net;
        match purpose {
            None => {
                let mut foreign = change;
                if mark == CLOSING {
                    self.closed.insert(key);
                    // Beyond what was still open it opens the other side, and that is nobody's of ours.
                    let closed = if before.signum() == -change.signum() { before.abs().min(change.abs()) } else { 0 };
                    foreign -= change.signum() * closed;
                }
                *self.foreign.entry(key).or_default() += foreign;
                self.foreign_traded.insert(key, seen.updated);
            }
            Some(Purpose::Entry { .. }) => {}
            Some(Purpose::Exit { owner } | Purpose::Protect { owner }) => {
                let reduces = after.abs() < before.abs() && after * before >= 0;
                if !reduces {
                    self.blurred.insert(key);
                }
                must(reduces || self.raced(key, seen), Invariant::ExitsOnlyReduce, || {
                    format!(
                        "exit {mark} of {owner:?} changed {} from {before:+} to {after:+}",
                        seen.spec.contract.label()
                    )
                })?;
                if owner == Owner::Foreign {
                    *self.foreign.entry(key).or_default() += change;
                }
            }
        }
        self.exits_are_covered(key, seen)
    }

    /// Whether somebody else has traded the contract so lately that no exit of ours could take it into account.
    fn raced(&self, key: (Contract, Product), seen: &OrderSighting) -> bool {
        // What rests at the exchange learns of it only once we can be told and can answer.
        let within = if self.closed.contains(&key) { CUT_OFF_MS } else { RACE_MS };
        let lately = |traded: &Option<Timestamp>| match (traded, seen.updated) {
            (Some(traded), Some(now)) => ms_between(*traded, now) < within,
            _ => true,
        };
        self.foreign_traded.get(&key).is_some_and(lately)
    }

    /// All exits of ours that may still trade, together, are no more than what is open.
    fn exits_are_covered(&self, key: (Contract, Product), seen: &OrderSighting) -> Checked {
        let net = self.nets.get(&key).copied().unwrap_or_default();
        let exits =
            || self.orders.values().filter(|o| o.key == key && !o.over && o.purpose.is_some_and(|p| p.is_exit()));
        let change: i64 = exits().map(|o| o.side.signed(o.quantity.saturating_sub(o.filled)).0).sum();
        let covered = change == 0 || (change.signum() != net.signum() && change.abs() <= net.abs());
        let with_stops = exits().any(|o| o.purpose.is_some_and(|p| p.is_stop()));
        let invariant = if with_stops { Invariant::CoverWithinPosition } else { Invariant::ExitsOnlyReduce };
        must(covered || self.raced(key, seen), invariant, || {
            format!("exits of {change:+} are out for {} with {net:+} open", key.0.label())
        })
    }

    /// What is still open of ours at the exchange, foreign positions apart.
    pub fn open_at_exchange(&self, with_foreign: bool) -> Vec<(Contract, i64)> {
        let ours = |(key, net): (&(Contract, Product), &i64)| {
            let foreign = if with_foreign { 0 } else { self.foreign.get(key).copied().unwrap_or_default() };
            (key.0, net - foreign)
        };
        let known = self.nets.iter().filter(|(key, _)| with_foreign || !self.blurred.contains(key));
        known.map(ours).filter(|(_, net)| *net != 0).collect()
    }

    /// Whether all that is still being exited is a hedge of something that stays (a leg closed by itself, a short opened
    /// elsewhere), which the account cannot afford to be without: then refusals, told and tried again, are the truth.
    pub fn only_funds_are_missing(&self, state: &State) -> bool {
        let stays = state.flatten.as_ref().is_none_or(|f| !f.include_foreign && self.foreign.values().any(|n| *n < 0));
        stays && !state.exits.is_empty() && state.exits.keys().all(|k| self.refused_for_funds.contains(&k.contract))
    }
}
