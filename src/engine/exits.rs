//! Exits: reduce-only, sliced, priced further through the touch each time, until the broker says that it is closed.
//!
//! Nothing here asks the gate. What may be sent is bounded by what the broker reported open *after* the last change of
//! that contract, less every exit that may still trade: an exit never opens the opposite side.

use rust_decimal_macros::dec;

use super::effect::AlertLevel;
use super::elsewhere::is_netted;
use super::event::Book;
use super::protection::MOST_RESTATEMENTS;
use super::record::{Owner, Purpose, Record};
use super::sabotage::Sabotage;
use super::state::{Exit, LotKey, Order, OrderState};
use super::turn::{Turn, marketable, more_eager, through};
use crate::domain::time::{Timestamp, after_ms};
use crate::domain::{
    Contract, Instrument, IntentId, NetQuantity, OrderKind, OrderSighting, Price, Product, Quantity, Quote, Side,
};

/// An exit intent that has not left after this long is dropped and decided anew.
const EXIT_LIFETIME_MS: i64 = 10_000;

/// How much is open from elsewhere, only the broker knows: an exit of it is sized by a word of the broker's that is not
/// older than this. Whoever opened it may close it meanwhile.
const FOREIGN_READ_MS: i64 = 3_000;

impl Turn<'_> {
    pub(super) fn drive_exits(&mut self) {
        let keys: Vec<LotKey> = self.state.exits.keys().copied().collect();
        for key in keys {
            if let Some(exit) = self.state.exits.get(&key).cloned() {
                self.drive_exit(key, &exit);
            }
        }
    }

    fn drive_exit(&mut self, key: LotKey, exit: &Exit) {
        if self.entries_in_the_way(key) || self.foreign_is_unclear(key) {
            return;
        }
        let net = self.net_of(key);
        let excess = net.size().saturating_sub(exit.keep);
        let side = net.closing_side();
        // A whole exit takes the stops over; of a part, protection makes the stops smaller first.
        let beside = self.sabotaged(Sabotage::ExitBesideStop);
        let takes_stops = exit.keep.is_zero() && !beside && !self.sabotaged(Sabotage::StopStays);
        let ours = move |o: &&Order| o.purpose.is_exit() && o.lot_key() == key && (takes_stops || !o.purpose.is_stop());
        let in_it = || self.state.open_orders_of(key.contract, key.product);
        let working: Vec<IntentId> = in_it().filter(ours).map(|o| o.intent.id).collect();
        if excess.is_zero() {
            if working.is_empty() {
                self.end_exit(key, "closed");
            } else {
                working.iter().for_each(|id| self.cancel(*id));
            }
            return;
        }
        for id in &working {
            if self.state.orders.get(id).is_some_and(|o| o.purpose.is_stop() && o.resting_kind().trigger().is_some()) {
                self.take_over(*id, key, exit, side);
            } else {
                self.chase_exit(*id, key);
            }
        }
        let outstanding: Quantity = self
            .state
            .open_orders_of(key.contract, key.product)
            .filter(ours)
            .filter(|o| o.intent.spec.side == side)
            .map(Order::remaining)
            .sum();
        let wanted = excess.saturating_sub(outstanding);
        if !wanted.is_zero() {
            self.send_exit(key, exit, side, wanted);
        }
    }

    /// An entry of the same owner that may still fill would make the exit's quantity wrong: it is cancelled first.
    fn entries_in_the_way(&mut self, key: LotKey) -> bool {
        let entry = |o: &&Order| !o.purpose.is_exit() && o.lot_key() == key;
        let in_it = self.state.open_orders_of(key.contract, key.product);
        let open: Vec<IntentId> = in_it.filter(entry).map(|o| o.intent.id).collect();
        for id in &open {
            self.cancel(*id);
        }
        !open.is_empty()
    }

    /// What is foreign is what the broker has beyond our lots. While an order of ours in the contract may have filled
    /// without our knowing, or the book is older than our last fill, that difference may be our own.
    fn foreign_is_unclear(&mut self, key: LotKey) -> bool {
        if key.owner != Owner::Foreign || self.foreign_is_known(&key.contract, key.product) {
            return false;
        }
        if !self.state.position_is_fresh(&key.contract, key.product) {
            self.read(Book::Positions);
        } else if self.net_of(key).is_flat() && self.only_rests(key) {
            // What seemed to be from elsewhere was a fill of ours that had not been told yet.
            self.end_exit(key, "nothing is open from elsewhere");
            return true;
        } else {
            let label = key.contract.label();
            let text = format!(
                "{label}: the exit of what was opened elsewhere waits: an order of ours in it may trade meanwhile."
            );
            self.alert_once(AlertLevel::Warning, text);
        }
        self.wake_in(1_000);
        true
    }

    /// Whether all orders of ours in the contract wait at the broker, as it said.
    fn only_rests(&self, key: LotKey) -> bool {
        self.state.open_orders_of(key.contract, key.product).all(Order::is_resting_stop)
    }

    /// Whether the broker has not said lately how much is open from elsewhere.
    fn foreign_is_old(&mut self, key: LotKey, exit: &Exit) -> bool {
        let lately = |at| self.since(at) <= FOREIGN_READ_MS;
        if key.owner != Owner::Foreign || self.memory.positions_read.is_some_and(lately) {
            return false;
        }
        if !lately(exit.started_at) {
            let label = key.contract.label();
            let text = format!("{label}: its exit waits until the broker says again how much is open from elsewhere.");
            self.alert_once(AlertLevel::Warning, text);
        }
        true
    }

    /// Whether what the broker has beyond our lots is certainly not ours.
    pub(super) fn foreign_is_known(&self, contract: &Contract, product: Product) -> bool {
        let foreign_exit = Purpose::Exit { owner: Owner::Foreign };
        self.state.position_is_fresh(contract, product)
            && self.state.open_orders_of(*contract, product).all(|o| o.purpose == foreign_exit)
    }

    fn net_of(&self, key: LotKey) -> NetQuantity {
        match key.owner {
            Owner::Strategy(_) => self.state.lots.get(&key).map(|l| l.net).unwrap_or_default(),
            Owner::Foreign => self.state.foreign_net(&key.contract, key.product),
        }
    }

    fn end_exit(&mut self, key: LotKey, outcome: &str) {
        let LotKey { owner, contract, product } = key;
        self.record(Record::ExitEnded { owner, contract, product, outcome: outcome.into() });
    }

    fn send_exit(&mut self, key: LotKey, exit: &Exit, side: Side, wanted: Quantity) {
        if self.must_wait(key, exit, side) {
            return;
        }
        if !self.state.position_is_fresh(&key.contract, key.product) || self.foreign_is_old(key, exit) {
            self.read(Book::Positions);
            return;
        }
        let mut allowed = wanted.min(self.reducible(key, side));
        if self.sabotaged(Sabotage::ExitBesideStop) || self.sabotaged(Sabotage::StopStays) {
            allowed = wanted;
        }
        if allowed < wanted {
            self.clear_the_way(key, side);
        }
        if allowed.is_zero() {
            self.nothing_to_reduce(key);
            return;
        }
        let Some(instrument) = self.instrument(key.owner, &key.contract) else {
            let label = key.contract.label();
            self.alert_once(
                AlertLevel::Critical,
                format!("{label}: not in today's instrument list: close it at the broker."),
            );
            self.wake_in(5_000);
            return;
        };
        let Some(kind) = self.exit_kind(&instrument, exit, side) else { return };
        let spec = key.order(side, allowed, kind);
        self.place_in_slices(spec, &instrument, Purpose::Exit { owner: key.owner }, EXIT_LIFETIME_MS);
        self.wake_in(self.config.exits.step_ms);
    }

    /// Reasons to send nothing yet: a refused try, a closed market, shorts that should be closed first.
    fn must_wait(&mut self, key: LotKey, exit: &Exit, side: Side) -> bool {
        if self.sabotaged(Sabotage::GateForExits)
            && (self.entries_closed().is_some() || self.usage().open_strategies > 1)
        {
            self.wake_in(1_000);
            return true;
        }
        if self.must_back_off(exit.failures, exit.last_failure) {
            return true;
        }
        if !self.reference.is_open(key.contract.segment(), self.now) {
            let text = format!("{}: the market is closed; the exit waits for it to open.", key.contract.label());
            self.alert_once(AlertLevel::Warning, text);
            self.wake_in(5_000);
            return true;
        }
        if side == Side::Sell && self.shorts_first(key) {
            let latest = after_ms(exit.started_at, self.config.exits.longs_wait_ms);
            if latest > self.now {
                self.wake_at(latest);
                return true;
            }
        }
        false
    }

    /// An order that was refused waits a while before the next: longer each time.
    pub(super) fn must_back_off(&mut self, failures: u32, last: Option<Timestamp>) -> bool {
        let next = self.config.exits.next_try(failures, last).filter(|at| *at > self.now);
        if let Some(next) = next {
            self.wake_at(next);
        }
        next.is_some()
    }

    /// Selling the hedge first would leave the short naked: it waits while shorts of the same underlying are closed.
    fn shorts_first(&self, key: LotKey) -> bool {
        let same = |k: &&LotKey| k.contract.underlying == key.contract.underlying;
        self.state.exits.keys().filter(same).any(|k| self.net_of(*k).0 < 0)
    }

    /// What may be sent on `side` without ever opening a position: what the broker has, less all that may still trade.
    pub(super) fn reducible(&self, key: LotKey, side: Side) -> Quantity {
        self.open_at_broker(key, side).saturating_sub(self.reducing(key, side))
    }

    /// What the broker has open that an order of `side` would reduce.
    pub(super) fn open_at_broker(&self, key: LotKey, side: Side) -> Quantity {
        let net = self.state.broker_net(&key.contract, key.product);
        match side {
            Side::Sell if net.0 > 0 => net.size(),
            Side::Buy if net.0 < 0 => net.size(),
            Side::Sell | Side::Buy => Quantity::ZERO,
        }
    }

    /// All that may still trade on `side`, whoever's it is.
    pub(super) fn reducing(&self, key: LotKey, side: Side) -> Quantity {
        let ours: Quantity = self
            .state
            .open_orders_of(key.contract, key.product)
            .filter(|o| o.intent.spec.side == side)
            .map(Order::remaining)
            .sum();
        let foreign = self.state.foreign_orders_of(key.contract, key.product).filter(|o| o.spec.side == side);
        ours + foreign.map(OrderSighting::remaining).sum()
    }

    /// Orders from elsewhere that would reduce the same position take the exit's place as long as they rest: they are
    /// cancelled, since nobody knows when they would trade.
    pub(super) fn clear_the_way(&mut self, key: LotKey, side: Side) {
        let in_the_way = |o: &&OrderSighting| o.spec.side == side;
        let all = self.state.foreign_orders_of(key.contract, key.product).filter(in_the_way);
        let ids: Vec<_> = all.map(|o| o.order_id.clone()).collect();
        if !ids.is_empty() {
            let label = key.contract.label();
            let text = format!("{label}: an order placed elsewhere stands in the way of the exit and is cancelled.");
            self.alert_once(AlertLevel::Warning, text);
            self.cancel_foreign(|o| ids.contains(&o.order_id));
        }
    }

    /// The broker has nothing (more) to reduce: it was closed elsewhere, or another order is about to.
    fn nothing_to_reduce(&mut self, key: LotKey) {
        let others_open = self.state.open_orders_of(key.contract, key.product).next().is_some();
        let foreign_open = self.state.foreign_orders_of(key.contract, key.product).next().is_some();
        if others_open || foreign_open {
            self.wake_in(1_000);
            return;
        }
        let LotKey { owner, contract, product } = key;
        if owner != Owner::Foreign {
            let short = !self.shortage_of(&contract, product).is_flat();
            if short && is_netted(product) {
                // Closed elsewhere, it seems: it is taken off our books once that is certain.
                self.wake_in(1_000);
                return;
            }
            let label = contract.label();
            let (reason, why) = if short {
                ("not open at the broker", "the broker has no such position any more")
            } else {
                ("closed by the opposite lot", "at the broker, lots of both sides have closed each other")
            };
            self.alert(AlertLevel::Warning, format!("{label}: {why}. Taken off our books."));
            self.record(Record::LotWrittenOff { owner, contract, product, quantity: None, reason: reason.into() });
        }
        self.end_exit(key, "not open at the broker");
    }

    fn exit_kind(&mut self, instrument: &Instrument, exit: &Exit, side: Side) -> Option<OrderKind> {
        let label = instrument.contract.label();
        match self.fresh_quote(&instrument.contract) {
            Some(quote) => match exit_price(&quote, side, self.config.exits.first_ticks, instrument.tick) {
                Some(price) => Some(OrderKind::Limit { price }),
                None => {
                    let (nobody, does) = if side == Side::Sell { ("bid", "buys") } else { ("offer", "sells") };
                    let text = format!("{label}: no {nobody}: nobody {does} it now. The exit waits for one.");
                    self.alert_once(AlertLevel::Critical, text);
                    self.wake_in(1_000);
                    None
                }
            },
            None => {
                let market_at = after_ms(exit.started_at, self.config.exits.market_after_ms);
                if market_at > self.now {
                    self.wake_at(market_at);
                    return None;
                }
                self.alert_once(AlertLevel::Warning, format!("{label}: no quote: a market order exits it."));
                Some(OrderKind::Market)
            }
        }
    }

    /// A resting stop becomes the exit: restated into a limit order at the market, or, where its own state is not certain,
    /// cancelled, so that the exit follows its end.
    fn take_over(&mut self, id: IntentId, key: LotKey, exit: &Exit, side: Side) {
        if self.modification_pending(id) || self.must_wait(key, exit, side) {
            return;
        }
        let Some(order) = self.state.orders.get(&id) else { return };
        let (uncertain, wrong) = (order.unclear, order.intent.spec.side != side);
        if wrong || uncertain || order.cancel_asked.is_some() || order.restated >= MOST_RESTATEMENTS {
            return self.cancel(id);
        }
        if order.state != OrderState::Working {
            self.wake_in(1_000);
            return;
        }
        if !self.state.position_is_fresh(&key.contract, key.product) {
            return self.read(Book::Positions);
        }
        if self.reducing(key, side) > self.open_at_broker(key, side) {
            // Less is open than it covers: as an exit it could open the other side.
            return self.cancel(id);
        }
        let Some(instrument) = self.instrument(key.owner, &key.contract) else { return };
        if let Some(kind) = self.exit_kind(&instrument, exit, side) {
            self.reprice(id, kind);
            self.wake_in(self.config.exits.step_ms);
        }
    }

    /// A working exit that does not fill goes further through the touch: there is no last step.
    fn chase_exit(&mut self, id: IntentId, key: LotKey) {
        let policy = &self.config.exits;
        let (step_ms, first, step) = (policy.step_ms, policy.first_ticks, policy.step_ticks);
        if self.modification_pending(id) {
            return;
        }
        let Some(order) = self.state.orders.get(&id) else { return };
        if order.state != OrderState::Working {
            return;
        }
        let next = after_ms(order.priced_at, step_ms);
        if next > self.now {
            self.wake_at(next);
            return;
        }
        if order.restated >= MOST_RESTATEMENTS {
            // The broker would refuse the next one: another order takes its place.
            return self.cancel(id);
        }
        let (side, current, steps) = (order.intent.spec.side, order.resting_kind().price(), order.steps);
        self.wake_in(step_ms);
        let Some(instrument) = self.instrument(key.owner, &key.contract) else { return };
        let ticks = first + step * i64::from(steps.min(100) + 1);
        let price = self.fresh_quote(&key.contract).and_then(|q| exit_price(&q, side, ticks, instrument.tick));
        if let Some(price) = price
            && current.is_none_or(|current| more_eager(side, price, current))
        {
            self.reprice(id, OrderKind::Limit { price });
        }
    }
}

/// A limit `ticks` through the touch, but within the exchange's price protection (a third of the touch).
fn exit_price(quote: &Quote, side: Side, ticks: i64, tick: Price) -> Option<Price> {
    let price = marketable(quote, side, ticks, tick)?;
    let touch = quote.touch(side)?;
    let room = Price((touch.0 / dec!(3)).max(tick.0 * dec!(20)));
    let furthest = through(touch, side, room, tick);
    Some(if more_eager(side, price, furthest) { furthest } else { price })
}
