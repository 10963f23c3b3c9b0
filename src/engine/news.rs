//! News from the broker: orders, fills, books, links. Whatever the source, the same news is the same record.

use super::effect::AlertLevel;
use super::event::{Book, PlaceOutcome};
use super::record::{Record, Unplaced};
use super::sabotage::Sabotage;
use super::state::OrderState;
use super::turn::Turn;
use crate::domain::time::{Timestamp, trading_day};
use crate::domain::{
    BrokerOrderId, Contract, Funds, IntentId, OrderSighting, PositionSighting, Quote, SeenStatus, TradeSighting,
};
use crate::engine::state::Order;

impl Turn<'_> {
    pub(super) fn order_seen(&mut self, seen: &OrderSighting) {
        match self.intent_of(seen) {
            Some(id) => self.our_order_seen(id, seen),
            None => self.foreign_order_seen(seen),
        }
    }

    fn intent_of(&self, seen: &OrderSighting) -> Option<IntentId> {
        let by_correlation = seen.correlation.as_ref().and_then(|c| self.state.correlations.get(c));
        by_correlation.or_else(|| self.state.order_ids.get(&seen.order_id)).copied()
    }

    fn our_order_seen(&mut self, id: IntentId, seen: &OrderSighting) {
        let Some(order) = self.state.orders.get(&id) else { return };
        if !order.is_news(seen) {
            return;
        }
        let given_up = matches!(order.state, OrderState::Lost | OrderState::NotSent);
        let label = order.intent.spec.contract.label();
        let was_rejected = order.state == OrderState::Rejected;
        self.record(Record::OrderSeen { intent: id, sighting: Box::new(seen.clone()) });
        if given_up {
            self.alert(
                AlertLevel::Critical,
                format!(
                    "{label}: order {} had been given up as lost and has shown up: it is being cancelled.",
                    seen.order_id
                ),
            );
        }
        if seen.status == SeenStatus::Rejected && !was_rejected {
            let why = seen.reason.as_deref().unwrap_or("no reason given");
            self.alert(AlertLevel::Warning, format!("{label}: order {} rejected: {why}", seen.order_id));
        }
        if self.state.orders.get(&id).is_some_and(|o| !o.filled.is_zero() && !o.is_exact()) {
            self.read(Book::Trades);
        }
    }

    fn foreign_order_seen(&mut self, seen: &OrderSighting) {
        let known = self.state.foreign_orders.get(&seen.order_id);
        let news = match (known, seen.status.is_final()) {
            (Some(known), _) => known != seen,
            // An order that was over before we heard of it changes positions, which are read anyway.
            (None, over) => !over,
        };
        if !news {
            return;
        }
        let ours = seen.correlation.as_ref().is_some_and(|c| c.as_str().starts_with(self.state.prefix.as_str()));
        self.record(Record::ForeignOrderSeen { sighting: Box::new(seen.clone()) });
        if ours && !self.state.prefix.is_empty() {
            let label = seen.spec.contract.label();
            let text = format!("{label}: order {} carries our mark but is not in the journal.", seen.order_id);
            self.alert_once(AlertLevel::Critical, text);
        }
    }

    /// An order from elsewhere has traded in what we hold: is there less of it now?
    pub(super) fn look_at_positions_after(&mut self, seen: &OrderSighting) {
        let held = |k| self.state.lots.get(&k).is_some_and(|l| !l.net.is_flat());
        if !seen.filled.is_zero() && self.intent_of(seen).is_none() && self.state.lots_in(&seen.spec.contract).any(held)
        {
            self.read(Book::Positions);
        }
    }

    pub(super) fn place_failed(&mut self, id: IntentId, outcome: &PlaceOutcome) {
        let Some(order) = self.state.orders.get(&id) else { return };
        // A sighting that came first knows better.
        if !matches!(order.state, OrderState::Intent | OrderState::Unknown) || order.order_id.is_some() {
            return;
        }
        let label = order.intent.spec.contract.label();
        let was_unknown = order.state == OrderState::Unknown;
        let (how, reason) = match outcome {
            PlaceOutcome::NotSent { reason } => (Unplaced::NotSent, reason.as_str()),
            PlaceOutcome::Refused { reason }
            | PlaceOutcome::MarketClosed { reason }
            | PlaceOutcome::Blocked { reason } => (Unplaced::Refused, reason.as_str()),
            PlaceOutcome::Unknown { reason } => (Unplaced::Unknown, reason.as_str()),
            PlaceOutcome::Lost => (Unplaced::Lost, "not found at the broker"),
        };
        if how == Unplaced::Unknown && was_unknown {
            return;
        }
        self.record(Record::IntentUnplaced { intent: id, how, reason: reason.into() });
        match outcome {
            PlaceOutcome::Blocked { .. } if self.memory.logged_out => {}
            PlaceOutcome::Blocked { reason } => {
                self.alert_once(AlertLevel::Critical, format!("The broker takes no orders: {reason}"));
                self.halt(&format!("the broker takes no orders: {reason}"));
            }
            PlaceOutcome::Unknown { .. } => {
                let text = format!("{label}: no answer to an order. It is being looked up, not sent again.");
                self.alert(AlertLevel::Warning, text);
            }
            PlaceOutcome::Refused { reason } | PlaceOutcome::MarketClosed { reason } => {
                self.alert(AlertLevel::Warning, format!("{label}: order refused: {reason}"));
            }
            PlaceOutcome::Lost => {
                self.alert(AlertLevel::Warning, format!("{label}: an unanswered order was not found at the broker."));
            }
            PlaceOutcome::NotSent { .. } => {}
        }
    }

    pub(super) fn modify_failed(&mut self, id: IntentId, reason: &str, unanswered: bool) {
        if self.state.orders.get(&id).is_some_and(|o| o.modifying_since.is_some()) {
            self.record(Record::ModifyFailed { intent: id, reason: reason.into(), unanswered });
            self.read(Book::Orders);
        }
    }

    pub(super) fn cancel_failed(&mut self, id: Option<IntentId>, reason: &str) {
        let Some(id) = id else { return };
        if self.state.orders.get(&id).is_some_and(|o| o.cancel_asked.is_some() && o.state.is_open()) {
            self.record(Record::CancelFailed { intent: id, reason: reason.into() });
            self.read(Book::Orders);
        }
    }

    pub(super) fn orders_read(&mut self, asked_at: Timestamp, orders: &[OrderSighting]) {
        self.memory.reading.remove(&Book::Orders);
        for seen in orders {
            self.order_seen(seen);
        }
        self.drop_vanished_foreign_orders(asked_at, orders);
        self.expire_orders_of_yesterday(asked_at, orders);
        if self.matters(self.state.broker.orders_at) {
            self.record(Record::OrdersRead { asked_at });
        }
        self.explain_shortages(asked_at);
    }

    /// The book lists a whole day: a foreign order that it does not name any more is over.
    fn drop_vanished_foreign_orders(&mut self, asked_at: Timestamp, orders: &[OrderSighting]) {
        let named: std::collections::BTreeSet<&BrokerOrderId> = orders.iter().map(|o| &o.order_id).collect();
        let gone: Vec<OrderSighting> = self
            .state
            .foreign_orders
            .values()
            .filter(|o| !named.contains(&o.order_id))
            .filter(|o| self.state.changed.get(&(o.spec.contract, o.spec.product)).is_none_or(|c| *c < asked_at))
            .cloned()
            .collect();
        for order in gone {
            let sighting = Box::new(OrderSighting { status: SeenStatus::Expired, ..order });
            self.record(Record::ForeignOrderSeen { sighting });
        }
    }

    /// Day orders end with their day: the broker's book does not list them any more, and tells no end.
    fn expire_orders_of_yesterday(&mut self, asked_at: Timestamp, orders: &[OrderSighting]) {
        let today = trading_day(self.now);
        let is_old =
            |o: &Order| o.state != OrderState::Unknown && trading_day(o.made_at) < today && o.changed_at < asked_at;
        for id in self.open_ids(is_old) {
            let Some(order) = self.state.orders.get(&id) else { continue };
            let Some(order_id) = order.order_id.clone() else { continue };
            if orders.iter().any(|o| o.order_id == order_id) {
                continue;
            }
            let sighting = OrderSighting {
                correlation: Some(order.intent.correlation.clone()),
                order_id,
                spec: order.intent.spec,
                filled: order.filled,
                average: None,
                status: SeenStatus::Expired,
                reason: Some("its day has ended".into()),
                updated: None,
            };
            self.record(Record::OrderSeen { intent: id, sighting: Box::new(sighting) });
        }
    }

    pub(super) fn trades_read(&mut self, asked_at: Timestamp, trades: &[TradeSighting]) {
        self.memory.reading.remove(&Book::Trades);
        let is_new = |t: &&TradeSighting| {
            let order = self.state.order_ids.get(&t.order_id).and_then(|id| self.state.orders.get(id));
            order.is_some_and(|o| !o.trades.contains_key(&t.trade_id))
        };
        let mut news: Vec<TradeSighting> = trades.iter().filter(is_new).cloned().collect();
        if self.sabotaged(Sabotage::RoundedTrades) {
            news.iter_mut().for_each(|t| t.price.0 = t.price.0.round());
        }
        if !news.is_empty() {
            self.record(Record::TradesSeen { trades: news });
        }
        if self.matters(self.state.broker.trades_at) {
            self.record(Record::TradesRead { asked_at });
        }
    }

    pub(super) fn positions_read(&mut self, asked_at: Timestamp, positions: &[PositionSighting]) {
        self.memory.reading.remove(&Book::Positions);
        if self.state.broker.positions_at.is_some_and(|t| t > asked_at) {
            return;
        }
        self.memory.positions_read = self.memory.positions_read.max(Some(asked_at));
        // The broker's own profit figures move with every price; only quantities and averages are news.
        let same = |a: &PositionSighting, b: &PositionSighting| {
            (a.contract, a.product, a.net, a.buy_quantity, a.sell_quantity, a.buy_average, a.sell_average)
                == (b.contract, b.product, b.net, b.buy_quantity, b.sell_quantity, b.buy_average, b.sell_average)
        };
        let known = &self.state.broker.positions;
        let changed = known.len() != positions.len() || known.iter().zip(positions).any(|(a, b)| !same(a, b));
        if changed || self.matters(self.state.broker.positions_at) {
            let positions = changed.then(|| positions.to_vec());
            self.record(Record::PositionsRead { asked_at, positions });
        }
        self.compare_lots(asked_at);
    }

    pub(super) fn funds_read(&mut self, asked_at: Timestamp, funds: Funds) {
        self.memory.reading.remove(&Book::Funds);
        if self.state.broker.funds != Some(funds) {
            self.record(Record::FundsRead { asked_at, funds });
        }
    }

    /// Whether the instant of a reading is worth remembering: somebody waits for a book newer than the last.
    fn matters(&self, last: Option<Timestamp>) -> bool {
        let Some(last) = last else { return true };
        self.state.reconciling_since.is_some()
            || self.state.flatten.is_some()
            || self.state.changed.values().any(|changed| *changed >= last)
    }

    pub(super) fn read_failed(&mut self, book: Book, reason: &str) {
        self.memory.reading.remove(&book);
        if self.memory.logged_out {
            // That is said already.
            return;
        }
        let name = match book {
            Book::Orders => "orders",
            Book::Trades => "trades",
            Book::Positions => "positions",
            Book::Funds => "funds",
        };
        self.alert_once(AlertLevel::Warning, format!("The broker's {name} could not be read: {reason}"));
    }

    pub(super) fn quotes(&mut self, quotes: &[(Contract, Quote)]) {
        let deciding = !self.state.exits.is_empty()
            || !self.state.guards.is_empty()
            || !self.state.planned.is_empty()
            || !self.memory.signals.is_empty()
            || self.state.active_strategies().any(|s| s.execution.is_some() || s.queued_at.is_some());
        let wanted: Vec<(Contract, Quote)> = quotes
            .iter()
            .filter(|(contract, _)| self.memory.watched.contains(contract))
            .filter(|(contract, quote)| deciding || self.state.marks.get(contract).is_none_or(|old| moved(old, quote)))
            .copied()
            .collect();
        if !wanted.is_empty() {
            self.record(Record::Marks { quotes: wanted });
        }
    }

    pub(super) fn order_link(&mut self, up: bool) {
        if self.state.order_link_down == up {
            self.record(Record::OrderLink { up });
            if up {
                // What happened while it was down is in the books.
                self.read(Book::Orders);
                self.read(Book::Positions);
            } else {
                self.alert(AlertLevel::Warning, "Order updates are interrupted: the order book is polled instead.");
            }
        }
    }

    pub(super) fn store(&mut self, up: bool) {
        if self.state.store_down == up {
            self.record(Record::Store { up });
            if up {
                self.alert(AlertLevel::Info, "The journal can be written again.");
            } else {
                self.alert(
                    AlertLevel::Critical,
                    "The journal cannot be written: no entries until it can. Exits still go.",
                );
            }
        }
    }
}

fn moved(old: &Quote, new: &Quote) -> bool {
    (old.last, old.bid, old.ask) != (new.last, new.bid, new.ask)
}
