//! Protection: the stop of a position rests at the broker, for what has filled and never for more; what is missing,
//! wrong or left over is put right on every turn, and a position that cannot be covered is exited.
//!
//! A stop is reduce-only like an exit, and an exit of the same lot takes it over: it restates it, or cancels it and awaits its end.

mod plan;

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use rust_decimal_macros::dec;

use super::config::StopOrder;
use super::effect::AlertLevel;
use super::event::Book;
use super::record::{Owner, Purpose, Record};
use super::sabotage::Sabotage;
use super::state::{Guard, LotKey, Order, OrderState, Stop};
use super::turn::Turn;
use crate::domain::money::Toward;
use crate::domain::time::after_ms;
use crate::domain::{Instrument, IntentId, OrderKind, OrderSighting, Price, Quantity, Side};

/// A stop order that has not left after this long is dropped and decided anew.
const STOP_LIFETIME_MS: i64 = 10_000;
/// Two modifications of a stop are at least this far apart.
const BETWEEN_MOVES_MS: i64 = 1_000;
/// Brokers take 25 modifications of one order: before that it is replaced.
pub(super) const MOST_RESTATEMENTS: u32 = 20;

impl Turn<'_> {
    pub(super) fn drive_protection(&mut self) {
        if self.state.reconciling_since.is_some() {
            return;
        }
        let lots = self.lots_to_protect();
        for key in &lots {
            self.drop_guard(*key);
            self.plan_guard(*key);
            self.move_stop(*key);
        }
        for key in &lots {
            self.look_after(*key);
        }
        if let Some(next) = self.memory.protect_at.values().min() {
            self.wake_at(*next);
        }
    }

    /// What has changed since the last look, and what is due.
    fn lots_to_protect(&mut self) -> BTreeSet<LotKey> {
        let mut lots = self.memory.unprotected.take().lots(self.state);
        lots.extend(self.memory.protect_at.iter().filter(|(_, at)| **at <= self.now).map(|(key, _)| *key));
        lots
    }

    /// What should rest for one lot, and when to look again if nothing happens until then.
    fn look_after(&mut self, key: LotKey) {
        let due = self.due.take();
        match self.state.guards.get(&key).copied() {
            Some(guard) => self.keep_covered(key, &guard),
            None => self.cancel_orphans(key),
        }
        match std::mem::replace(&mut self.due, due) {
            Some(at) => self.memory.protect_at.insert(key, at),
            None => self.memory.protect_at.remove(&key),
        };
    }

    fn drop_guard(&mut self, key: LotKey) {
        let closed = self.state.lots.get(&key).is_none_or(|l| l.net.is_flat());
        if closed && self.state.guards.contains_key(&key) && !self.state.exits.contains_key(&key) {
            let LotKey { owner, contract, product } = key;
            self.record(Record::GuardDropped { owner, contract, product });
        }
        if !self.state.guards.contains_key(&key) {
            self.memory.uncovered.remove(&key);
            self.memory.passed.remove(&key);
        }
    }

    /// Compares what rests at the broker with what should, and asks for what is missing.
    fn keep_covered(&mut self, key: LotKey, guard: &Guard) {
        let held = self.state.lots.get(&key).map(|l| l.net).unwrap_or_default();
        let exit = self.state.exits.get(&key).map(|e| e.keep);
        let Some(stop) = guard.stop.filter(|_| !held.is_flat() && exit.is_none_or(|keep| !keep.is_zero())) else {
            self.memory.uncovered.remove(&key);
            if exit.is_none() {
                // Nothing is to rest (any more).
                self.cancel_stops(key);
            }
            return;
        };
        let side = held.closing_side();
        let size = held.size().min(exit.unwrap_or(held.size()));
        if !self.reference.is_open(key.contract.segment(), self.now) {
            self.memory.uncovered.remove(&key);
            self.wake_in(5_000);
            return;
        }
        if exit.is_none() && self.is_passed(key, side, stop) {
            return;
        }
        let surplus = self.surplus(key, side);
        let wanted = size.saturating_sub(surplus).saturating_sub(self.stops_from_elsewhere(key, side));
        self.repair(key, side, stop, wanted);
        self.watch_cover(key, wanted, surplus);
    }

    /// The price has gone through the stop: with a stop resting it should fill by itself, and becomes an exit if it does
    /// not; without one the exit begins at once. True if there is nothing more to do for it.
    fn is_passed(&mut self, key: LotKey, side: Side, stop: Stop) -> bool {
        let restated =
            self.state.stops_of(key).any(|o| o.state == OrderState::Working && o.resting_kind().trigger().is_none());
        let through = self.fresh_quote(&key.contract).is_some_and(|q| match side {
            Side::Sell => q.last <= stop.trigger,
            Side::Buy => q.last >= stop.trigger,
        });
        if !through && !restated {
            self.memory.passed.remove(&key);
            return false;
        }
        let since = *self.memory.passed.entry(key).or_insert(self.now);
        let resting: Quantity = self.state.stops_of(key).map(Order::remaining).sum();
        let patience = if resting.is_zero() { 0 } else { self.config.protection.unfilled_ms };
        if self.since(since) < patience {
            self.wake_at(after_ms(since, patience));
            // It may be filling: nothing about it is changed meanwhile.
            return true;
        }
        let label = key.contract.label();
        let why = if resting.is_zero() {
            format!("the price has passed its stop at {}", stop.trigger)
        } else {
            format!("its stop at {} was passed and has not filled", stop.trigger)
        };
        self.alert(AlertLevel::Critical, format!("{label}: {why}. It is being exited."));
        self.start_exit(key, Quantity::ZERO, &why);
        true
    }

    /// How much more may trade on `side` than the broker has open: orders of everybody, against a book read after the
    /// last change.
    fn surplus(&mut self, key: LotKey, side: Side) -> Quantity {
        if !self.state.position_is_fresh(&key.contract, key.product) {
            return Quantity::ZERO;
        }
        self.reducing(key, side).saturating_sub(self.open_at_broker(key, side))
    }

    /// Stops that were placed elsewhere cover as well as ours.
    fn stops_from_elsewhere(&self, key: LotKey, side: Side) -> Quantity {
        let all = self.state.foreign_orders_of(key.contract, key.product);
        let stops = all.filter(|o| o.spec.side == side && o.spec.kind.trigger().is_some());
        stops.map(OrderSighting::remaining).sum()
    }

    fn repair(&mut self, key: LotKey, side: Side, stop: Stop, wanted: Quantity) {
        let Some(instrument) = self.instrument(key.owner, &key.contract) else {
            let text = format!("{}: not in today's instrument list: no stop can be placed.", key.contract.label());
            self.alert_once(AlertLevel::Critical, text);
            self.wake_in(5_000);
            return;
        };
        let kind = self.stop_kind(key, &instrument, side, stop.trigger);
        let stops: Vec<IntentId> = self.state.stops_of(key).map(|o| o.intent.id).collect();
        let wanted = if self.sabotaged(Sabotage::StopForOrdered) { self.ordered(key) } else { wanted };
        let mut possible = Quantity::ZERO;
        for id in stops {
            possible += self.put_right(id, side, kind, wanted.saturating_sub(possible));
        }
        let missing = wanted.saturating_sub(possible);
        if !missing.is_zero() {
            self.add_stop(key, &instrument, side, kind, missing);
        }
    }

    /// One stop as it should be: of the right kind, at the right price, for at most `most`. How much it may still trade.
    fn put_right(&mut self, id: IntentId, side: Side, kind: OrderKind, most: Quantity) -> Quantity {
        let pending = self.modification_pending(id);
        let Some(order) = self.state.orders.get(&id) else { return Quantity::ZERO };
        let remaining = order.remaining();
        if order.intent.spec.side != side || most.is_zero() || order.cancel_asked.is_some() {
            self.cancel(id);
            return remaining;
        }
        if order.state != OrderState::Working || pending {
            self.wake_in(1_000);
            return remaining;
        }
        if order.unclear || order.restated >= MOST_RESTATEMENTS {
            // What may still arrive could make it another order than it seems: it is replaced.
            self.cancel(id);
            return remaining;
        }
        let fits = remaining.min(most);
        let (quantity, now_at) = (order.filled + fits, order.told.map(|t| t.quantity));
        if order.resting_kind() != kind || now_at != Some(quantity) {
            let next = after_ms(order.priced_at, BETWEEN_MOVES_MS);
            if next > self.now {
                self.wake_at(next);
            } else {
                self.restate(id, kind, quantity);
            }
        }
        remaining
    }

    /// More has filled than is covered: a stop grows, or another one is placed.
    fn add_stop(&mut self, key: LotKey, instrument: &Instrument, side: Side, kind: OrderKind, missing: Quantity) {
        let guard = self.state.guards.get(&key).copied().unwrap_or_default();
        if self.must_back_off(guard.failures, guard.last_failure) || self.is_not_missed(key) {
            return;
        }
        if !self.state.position_is_fresh(&key.contract, key.product) {
            self.read(Book::Positions);
            self.wake_in(1_000);
            return;
        }
        let mut allowed = missing.min(self.reducible(key, side));
        if self.sabotaged(Sabotage::StopForOrdered) {
            allowed = missing;
        }
        if allowed < missing {
            self.clear_the_way(key, side);
            self.wake_in(1_000);
        }
        let largest = instrument.largest_order();
        let mut rest = allowed;
        if let Some((id, quantity)) = self.growing(key, kind, largest).filter(|_| !rest.is_zero()) {
            let room = largest.saturating_sub(quantity).min(rest);
            self.restate(id, kind, quantity + room);
            rest = rest.saturating_sub(room);
        }
        let purpose = Purpose::Protect { owner: key.owner };
        self.place_in_slices(key.order(side, rest, kind), instrument, purpose, STOP_LIFETIME_MS);
        self.wake_in(1_000);
    }

    /// A settled stop that has room for more.
    fn growing(&self, key: LotKey, kind: OrderKind, largest: Quantity) -> Option<(IntentId, Quantity)> {
        let settled = |o: &&Order| {
            o.is_resting_stop()
                && o.modifying_since.is_none()
                && o.cancel_asked.is_none()
                && !o.unclear
                && o.restated < MOST_RESTATEMENTS
                && self.since(o.priced_at) >= BETWEEN_MOVES_MS
                && o.resting_kind() == kind
                && o.filled.is_zero()
                && o.quantity < largest
        };
        self.state.stops_of(key).find(settled).map(|o| (o.intent.id, o.quantity))
    }

    /// The position is covered once the broker says that its stops rest; one that is not for too long is exited.
    fn watch_cover(&mut self, key: LotKey, wanted: Quantity, surplus: Quantity) {
        // One that is being cancelled may be gone already.
        let rests = |o: &&Order| o.is_resting_stop() && o.cancel_asked.is_none();
        let resting: Quantity = self.state.stops_of(key).filter(rests).map(Order::resting).sum();
        let patience = self.config.protection.uncovered_ms;
        if self.state.exits.contains_key(&key) || self.sabotaged(Sabotage::NoRepair) {
            self.memory.uncovered.remove(&key);
            return;
        }
        if resting >= wanted {
            // Other orders about to end can make less seem to be open, for a moment: the time does not begin anew.
            let passes = !surplus.is_zero()
                && self.memory.uncovered.get(&key).is_some_and(|since| self.since(*since) < patience);
            if !passes {
                self.memory.uncovered.remove(&key);
            }
            return;
        }
        let since = *self.memory.uncovered.entry(key).or_insert(self.now);
        if self.since(since) < patience {
            self.wake_at(after_ms(since, patience));
            return;
        }
        let seconds = patience / 1_000;
        let label = key.contract.label();
        let why = format!("no stop for {resting} of {wanted} could be made to rest within {seconds} s");
        self.alert(AlertLevel::Critical, format!("{label}: {why}. The position is being exited."));
        self.memory.uncovered.remove(&key);
        self.start_exit(key, Quantity::ZERO, &why);
    }

    /// A stop order of the kind that is wanted and taken.
    fn stop_kind(&self, key: LotKey, instrument: &Instrument, side: Side, trigger: Price) -> OrderKind {
        let refused = || {
            let stop = Purpose::Protect { owner: key.owner };
            let of_it = |o: &&Order| o.purpose == stop && o.intent.spec.contract == key.contract;
            self.state
                .orders
                .values()
                .filter(of_it)
                .any(|o| o.state == OrderState::Rejected && matches!(o.kind, OrderKind::StopMarket { .. }))
        };
        match self.config.protection.order {
            StopOrder::StopMarket if !refused() => OrderKind::StopMarket { trigger },
            StopOrder::StopMarket | StopOrder::StopLimit => {
                let (tick, band) = (instrument.tick, trigger.0 * self.config.protection.band_pct / dec!(100));
                let band = band.max(tick.0 * Decimal::from(4));
                let price = match side {
                    Side::Sell => Price(trigger.0 - band).on_tick(tick, Toward::Down).max(tick),
                    Side::Buy => Price(trigger.0 + band).on_tick(tick, Toward::Up),
                };
                OrderKind::StopLimit { trigger, price }
            }
        }
    }

    /// Stops of a lot that is closed, or that nobody guards any more.
    fn cancel_orphans(&mut self, key: LotKey) {
        if !self.state.exits.contains_key(&key) && !self.sabotaged(Sabotage::StopStays) {
            self.cancel_stops(key);
        }
    }

    fn cancel_stops(&mut self, key: LotKey) {
        let stops: Vec<IntentId> = self.state.stops_of(key).map(|o| o.intent.id).collect();
        for id in stops {
            self.cancel(id);
        }
    }

    /// Sabotage: all that was ordered of what a lot holds a part of.
    fn ordered(&self, key: LotKey) -> Quantity {
        let Owner::Strategy(id) = key.owner else { return Quantity::ZERO };
        let legs = self.state.strategies.get(&id).map(|s| s.legs.as_slice()).unwrap_or_default();
        legs.iter().filter(|l| l.instrument.contract == key.contract).map(super::ResolvedLeg::quantity).sum()
    }

    /// Sabotage: one stop is enough for ever.
    fn is_not_missed(&self, key: LotKey) -> bool {
        let stop = Purpose::Protect { owner: key.owner };
        let of_it = |o: &Order| o.purpose == stop && o.intent.spec.contract == key.contract;
        self.sabotaged(Sabotage::NoRepair) && self.state.orders.values().any(of_it)
    }

    /// Whether a stop of this strategy has traded since it was marked.
    pub(super) fn stop_was_hit(&self, id: crate::domain::StrategyId) -> bool {
        let stop = Purpose::Protect { owner: Owner::Strategy(id) };
        self.state.orders_since_marked(id).any(|o| o.purpose == stop && !o.filled.is_zero())
    }
}
