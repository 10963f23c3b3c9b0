//! Executing a strategy: hedges first, wave by wave, sliced, priced through the touch, chased within bounds.
//!
//! Each look at an execution asks only: what is filled, what may still fill, what is missing? So it makes no
//! difference which events were seen in between, and nothing is ever sent twice.

use std::collections::BTreeSet;

use rust_decimal_macros::dec;

use super::effect::AlertLevel;
use super::record::{Owner, Purpose, Record};
use super::reference::ResolvedLeg;
use super::sabotage::Sabotage;
use super::state::{Execution, Lot, LotKey, Order, OrderState, Phase};
use super::turn::{Turn, marketable, more_eager, through};
use crate::domain::time::after_ms;
use crate::domain::{IntentId, OrderKind, Price, Quantity, Quote, Side, StrategyId, StrategyStatus};
use crate::engine::config::FailurePolicy;

/// New orders for one leg, after ones that ended without filling: more would be chasing a ghost.
const MAX_ATTEMPTS: usize = 3;
/// A modification without any sign for this long is asked about again.
const MODIFY_LOST_MS: i64 = 5_000;

impl ResolvedLeg {
    /// Units to trade for one set.
    pub fn quantity(&self) -> Quantity {
        Quantity(self.instrument.lot.0.saturating_mul(self.ratio))
    }

    /// Orders it takes, because the exchange refuses larger ones.
    pub fn slices(&self) -> u32 {
        self.quantity().0.div_ceil(self.instrument.largest_order().0)
    }
}

/// The wave a leg belongs to: what protects is bought before what it protects is sold.
pub fn wave_of(legs: &[ResolvedLeg], leg: &ResolvedLeg) -> u32 {
    let hedged = legs.iter().any(|l| l.side == Side::Buy) && legs.iter().any(|l| l.side == Side::Sell);
    if hedged && leg.side == Side::Sell { 2 } else { 1 }
}

/// The legs of a strategy at the prices at which they have filled.
pub(super) fn fills_of_legs(state: &super::State, s: &super::state::Strategy) -> Vec<crate::domain::Leg> {
    let average = |leg: usize| {
        let (mut filled, mut value) = (Quantity::ZERO, crate::domain::Money::ZERO);
        for order in state.leg_orders(s.id, leg) {
            filled += order.filled;
            value += order.value;
        }
        (!filled.is_zero()).then(|| Price(value.0 / rust_decimal::Decimal::from(filled.0)))
    };
    s.legs.iter().enumerate().map(|(i, leg)| super::leg_at(leg, average(i))).collect()
}

impl Turn<'_> {
    pub(super) fn drive_executions(&mut self) {
        let running: Vec<StrategyId> =
            self.state.active_strategies().filter(|s| s.execution.is_some()).map(|s| s.id).collect();
        for id in running {
            let phase = self.state.strategies.get(&id).and_then(|s| s.execution.as_ref()).map(|e| e.phase.clone());
            match phase {
                Some(Phase::Entering) => self.drive_entry(id),
                Some(Phase::Held(_)) => {
                    self.cancel_entries(id);
                }
                Some(Phase::Unwinding(reason)) => self.drive_unwind(id, &reason),
                None => {}
            }
        }
    }

    fn drive_entry(&mut self, id: StrategyId) {
        let Some((legs, execution)) = self.execution_of(id) else { return };
        let timeout_ms = self.entry_timeout_of(id);
        if self.since(execution.started_at) > timeout_ms {
            let seconds = timeout_ms / 1_000;
            return self.give_up(id, &format!("not complete within {seconds} s"));
        }
        if self.stop_was_hit(id) {
            // Going on would buy again what the stop has just sold.
            let reason = "its stop was hit while it was being entered";
            self.alert(AlertLevel::Critical, format!("#{id}: {reason}. What has filled is being exited."));
            self.record(Record::UnwindStarted { id, reason: reason.into() });
            return self.drive_unwind(id, reason);
        }
        self.wake_at(after_ms(execution.started_at, timeout_ms + 1));
        let complete = |t: &Self, i: usize| t.state.leg_held(id, i) >= legs[i].quantity();
        let missing: Vec<usize> = (0..legs.len()).filter(|i| !complete(self, *i)).collect();
        if missing.is_empty() {
            return self.complete(id, &legs);
        }
        let waves = !self.sabotaged(Sabotage::NoWaves);
        let wave = missing.iter().map(|i| wave_of(&legs, &legs[*i])).min().unwrap_or(1);
        for leg in missing.into_iter().filter(|i| !waves || wave_of(&legs, &legs[*i]) == wave) {
            if let Some(reason) = self.leg_has_failed(id, leg, &execution) {
                return self.give_up(id, &reason);
            }
            self.send_missing(id, leg, &legs[leg], &execution);
            self.chase_leg(id, leg, &execution);
        }
    }

    fn execution_of(&self, id: StrategyId) -> Option<(Vec<ResolvedLeg>, Execution)> {
        let s = self.state.strategies.get(&id)?;
        Some((s.legs.clone(), s.execution.clone()?))
    }

    /// A leg fails when the broker refuses it, when its chase is exhausted, or when order after order came to nothing.
    fn leg_has_failed(&self, id: StrategyId, leg: usize, execution: &Execution) -> Option<String> {
        let mut attempts = 0;
        for order in self.state.leg_orders(id, leg).filter(|o| o.made_at >= execution.started_at) {
            let label = order.intent.spec.contract.label();
            match order.state {
                OrderState::Rejected => {
                    let why = order.reason.as_deref().unwrap_or("no reason given");
                    return Some(format!("leg {} {label} refused: {why}", leg + 1));
                }
                OrderState::Cancelled if order.cancel_asked.is_some() => {
                    let limit = order.kind.price().map(|p| p.to_string()).unwrap_or_default();
                    return Some(format!("leg {} {label} did not fill up to {limit}", leg + 1));
                }
                OrderState::Cancelled | OrderState::Expired | OrderState::Lost | OrderState::NotSent => attempts += 1,
                OrderState::Intent
                | OrderState::Unknown
                | OrderState::Transit
                | OrderState::Working
                | OrderState::Filled => {}
            }
        }
        (attempts >= MAX_ATTEMPTS).then(|| format!("leg {}: {attempts} orders came to nothing", leg + 1))
    }

    fn send_missing(&mut self, id: StrategyId, leg: usize, resolved: &ResolvedLeg, execution: &Execution) {
        let held = self.state.leg_held(id, leg);
        let missing = resolved.quantity().saturating_sub(held).saturating_sub(self.state.leg_open(id, leg));
        if missing.is_zero() {
            return;
        }
        let contract = resolved.instrument.contract;
        if self.state.store_down || !self.reference.is_open(contract.segment(), self.now) {
            self.wake_in(1_000);
            return;
        }
        let mut quote = self.fresh_quote(&contract);
        if self.sabotaged(Sabotage::EntriesOnStaleQuotes) {
            quote = self.state.marks.get(&contract).copied();
        }
        let price = quote.and_then(|q| self.entry_price(&q, resolved, execution, 0));
        let Some(price) = price else {
            let text = format!("#{id}: waiting for a fresh quote of {}", contract.label());
            self.alert_once(AlertLevel::Info, text);
            self.wake_in(1_000);
            return;
        };
        let key = LotKey { owner: Owner::Strategy(id), contract, product: self.product_of(id) };
        let spec = key.order(resolved.side, missing, OrderKind::Limit { price });
        let purpose = Purpose::Entry { strategy: id, leg };
        self.place_in_slices(spec, &resolved.instrument, purpose, self.config.execution.step_ms * 2);
    }

    /// The limit after `steps` modifications: further through the touch each time, never beyond the cap from where
    /// the execution began.
    fn entry_price(&self, quote: &Quote, leg: &ResolvedLeg, execution: &Execution, steps: u32) -> Option<Price> {
        let policy = &self.config.execution;
        let tick = leg.instrument.tick;
        let ticks = policy.entry_ticks + policy.step_ticks * i64::from(steps);
        let price = marketable(quote, leg.side, ticks, tick)?;
        let first = execution.quotes.get(&leg.instrument.contract).and_then(|q| q.touch(leg.side));
        let Some(first) = first else { return Some(price) };
        let room = Price((first.0 * policy.max_chase_pct / dec!(100)).max(tick.0 * dec!(4)));
        let cap = through(first, leg.side, room, tick);
        Some(if more_eager(leg.side, price, cap) { cap } else { price })
    }

    /// The last step of the chase, where the policy has one: as far as a market order would be let.
    fn band_price(&self, quote: &Quote, leg: &ResolvedLeg) -> Option<Price> {
        let (touch, tick) = (quote.touch(leg.side)?, leg.instrument.tick);
        let room = Price((touch.0 * self.config.execution.band_pct / dec!(100)).max(tick.0 * dec!(4)));
        Some(through(touch, leg.side, room, tick))
    }

    /// What happens when a leg fails: as the strategy says, else as the settings do.
    pub(super) fn failure_policy(&self, id: StrategyId) -> FailurePolicy {
        let own = self.state.strategies.get(&id).and_then(|s| s.on_failure);
        own.unwrap_or(self.config.execution.on_failure)
    }

    fn chase_leg(&mut self, id: StrategyId, leg: usize, execution: &Execution) {
        let policy = &self.config.execution;
        let patience = policy.step_ms * i64::from(policy.max_steps + 1);
        let step_ms = policy.step_ms;
        let last_step = match self.failure_policy(id) {
            FailurePolicy::MarketWithBand => step_ms * 2,
            FailurePolicy::Unwind | FailurePolicy::Hold => 0,
        };
        let entry = Purpose::Entry { strategy: id, leg };
        for order_id in self.open_ids(|o| o.purpose == entry && o.state == OrderState::Working) {
            if self.modification_pending(order_id) {
                continue;
            }
            let Some(order) = self.state.orders.get(&order_id) else { continue };
            let age = self.since(order.made_at);
            if age >= patience + last_step || order.cancel_asked.is_some() {
                self.cancel(order_id);
                continue;
            }
            let next = after_ms(order.priced_at, step_ms);
            if next > self.now {
                self.wake_at(next);
                continue;
            }
            let (steps, contract, current) = (order.steps + 1, order.intent.spec.contract, order.kind.price());
            self.wake_in(step_ms);
            let Some(resolved) = self.state.strategies.get(&id).and_then(|s| s.legs.get(leg)).copied() else {
                continue;
            };
            let price = self.fresh_quote(&contract).and_then(|q| {
                if age >= patience {
                    self.band_price(&q, &resolved)
                } else {
                    self.entry_price(&q, &resolved, execution, steps)
                }
            });
            if let (Some(price), Some(current)) = (price, current)
                && more_eager(resolved.side, price, current)
                && self.state.halt.is_none()
                && !self.state.store_down
            {
                self.reprice(order_id, OrderKind::Limit { price });
            }
        }
    }

    /// Whether a modification of this order is still to be answered; one that never is counts as not taken.
    pub(super) fn modification_pending(&mut self, id: IntentId) -> bool {
        let Some(since) = self.state.orders.get(&id).and_then(|o| o.modifying_since) else { return false };
        if self.since(since) < MODIFY_LOST_MS {
            self.wake_at(after_ms(since, MODIFY_LOST_MS));
            return true;
        }
        self.record(Record::ModifyFailed { intent: id, reason: "no answer".into(), unanswered: true });
        self.read(super::event::Book::Orders);
        false
    }

    fn complete(&mut self, id: StrategyId, legs: &[ResolvedLeg]) {
        if self.cancel_entries(id) {
            return;
        }
        self.record(Record::StrategyMoved { id, to: StrategyStatus::Executed, reason: None });
        self.make_plan(id);
        let title = self.state.strategies.get(&id).map(super::state::Strategy::title).unwrap_or_default();
        self.alert(AlertLevel::Info, format!("{title}: executed, {} legs filled.", legs.len()));
    }

    /// Cancels what still works for a strategy's entry. True while something does.
    pub(super) fn cancel_entries(&mut self, id: StrategyId) -> bool {
        let is_entry = |o: &Order| matches!(o.purpose, Purpose::Entry { strategy, .. } if strategy == id);
        let open = self.open_ids(is_entry);
        for order in &open {
            self.cancel(*order);
        }
        !open.is_empty()
    }

    /// The execution cannot complete: the policy says whether what has filled is exited, or kept for the trader to decide.
    pub(super) fn give_up(&mut self, id: StrategyId, reason: &str) {
        let title = self.state.strategies.get(&id).map(super::state::Strategy::title).unwrap_or_default();
        if self.scalp_plan(Owner::Strategy(id)).is_some() {
            self.alert(AlertLevel::Warning, format!("{title}: {reason}. What has filled stays, with its stop."));
            self.record(Record::ExecutionHeld { id, reason: reason.into() });
            self.cancel_entries(id);
            return;
        }
        match self.failure_policy(id) {
            FailurePolicy::Unwind | FailurePolicy::MarketWithBand => {
                self.alert(AlertLevel::Critical, format!("{title}: {reason}. What has filled is being exited."));
                self.record(Record::UnwindStarted { id, reason: reason.into() });
                self.drive_unwind(id, reason);
            }
            FailurePolicy::Hold => {
                self.alert(AlertLevel::Critical, format!("{title}: {reason}. Held: continue or unwind it."));
                self.record(Record::ExecutionHeld { id, reason: reason.into() });
                self.cancel_entries(id);
            }
        }
    }

    pub(super) fn drive_unwind(&mut self, id: StrategyId, reason: &str) {
        let entries_open = self.cancel_entries(id);
        let held: Vec<LotKey> =
            self.state.lots_of(Owner::Strategy(id)).filter(|(_, l)| !l.net.is_flat()).map(|(k, _)| *k).collect();
        for key in &held {
            self.start_exit(*key, Quantity::ZERO, reason);
        }
        let exiting = self.state.exits.keys().any(|k| k.owner == Owner::Strategy(id));
        let exits_open = self.state.open_orders().any(|o| o.purpose.owner() == Owner::Strategy(id));
        if !entries_open && held.is_empty() && !exiting && !exits_open {
            let reason = Some(reason.to_string());
            self.record(Record::StrategyMoved { id, to: StrategyStatus::Failed, reason });
        }
    }

    /// Fills that nobody expects any more: of an order given up as lost, or more than the leg needs. They are exited.
    /// `touched` are the only lots that can have changed, if that is known.
    pub(super) fn drive_strays(&mut self, touched: Option<&BTreeSet<LotKey>>) {
        let mut strays: Vec<(LotKey, Quantity)> = Vec::new();
        let lots: Vec<(&LotKey, &Lot)> = match touched {
            Some(keys) => keys.iter().filter_map(|k| self.state.lots.get_key_value(k)).collect(),
            None => self.state.lots.iter().collect(),
        };
        for (key, lot) in lots {
            let Owner::Strategy(id) = key.owner else { continue };
            let Some(s) = self.state.strategies.get(&id) else { continue };
            if lot.net.is_flat() || self.state.exits.contains_key(key) {
                continue;
            }
            match s.status {
                StrategyStatus::Failed | StrategyStatus::Pending => strays.push((*key, Quantity::ZERO)),
                StrategyStatus::Executed => {
                    let meant: i64 = s
                        .legs
                        .iter()
                        .filter(|l| l.instrument.contract == key.contract)
                        .map(|l| l.side.signed(l.quantity()).0)
                        .sum();
                    let excess = lot.net.0.abs() > meant.abs() && lot.net.0.signum() == meant.signum();
                    if excess {
                        strays.push((*key, crate::domain::NetQuantity(meant).size()));
                    }
                }
                StrategyStatus::Marked
                | StrategyStatus::Deferred
                | StrategyStatus::Executing
                | StrategyStatus::Expired => {}
            }
        }
        for (key, keep) in strays {
            let text = format!(
                "{}: more was filled than is meant to be held. The excess is being exited.",
                key.contract.label()
            );
            self.alert_once(AlertLevel::Critical, text);
            self.start_exit(key, keep, "filled beyond what was meant");
        }
        let adopted = |o: &&Order| match o.purpose {
            Purpose::Entry { strategy, .. } => self.state.strategies.get(&strategy).is_none_or(|s| {
                s.status != StrategyStatus::Executing || s.marked_at.is_none_or(|marked| o.made_at < marked)
            }),
            Purpose::Exit { .. } | Purpose::Protect { .. } => false,
        };
        let adopted: Vec<IntentId> = match touched {
            Some(keys) => {
                let open = keys.iter().flat_map(|k| self.state.open_orders_of(k.contract, k.product));
                open.filter(adopted).map(|o| o.intent.id).collect()
            }
            None => self.state.open_orders().filter(adopted).map(|o| o.intent.id).collect(),
        };
        for id in adopted {
            self.cancel(id);
        }
    }
}
