//! Orders at the exchange: arriving, triggering, trading, restated, ended.

use crate::domain::{OrderKind, Side, Validity};

use super::listing::Listed;
use super::market::{Book, Level};
use super::noise::Stream;
use super::order::{CONFIRMED, OrderStatus, Terms, Trade};
use super::{Exchange, Taken};

/// Books remembered as traded against before the recovered ones are forgotten.
const MOST_TAKEN: usize = 64;

/// The least a market order may move from the touch, in ticks.
const LEAST_PROTECTION: i64 = 10;

impl Exchange {
    /// An order reaches the exchange: it is checked, then it trades what it can.
    pub(super) fn arrive(&mut self, number: u64) {
        let Some(order) = self.orders.get(&number).filter(|o| o.status == OrderStatus::Transit).cloned() else {
            return;
        };
        let Some(listed) = self.find_held(&order.contract).filter(|l| l.close.is_none_or(|c| self.now < c)) else {
            self.reject(number, "Contract has expired or is not listed");
            return;
        };
        let terms = self.protected(order.terms, order.side, &listed);
        let checked = self.risk_check(&order, &terms, &listed);
        let checked = checked.and_then(|blocked| self.super_prices_fit(number, &terms, &listed).map(|()| blocked));
        match checked {
            Err(why) => self.reject(number, &why),
            Ok(_) if self.unlucky(number) => self.reject(number, "Order rejected by the exchange, please try again"),
            Ok(blocked) => {
                self.enter(number, terms, blocked);
                self.match_order(number, true);
                self.end_immediate(number);
            }
        }
    }

    /// The order is at the exchange from now on.
    pub(super) fn enter(&mut self, number: u64, terms: Terms, blocked: i64) {
        self.counters.exchange_orders += 1;
        let exchange_number = 1_300_000_000_000_000 + self.counters.exchange_orders;
        let now = self.now;
        if let Some(order) = self.orders.get_mut(&number) {
            order.terms = terms;
            order.blocked = blocked;
            order.status = OrderStatus::Pending;
            order.at_exchange = Some(now);
            order.updated = now;
            order.exchange_number = exchange_number;
        }
        self.resting.insert(number);
        self.note_order(number);
    }

    /// A restatement reaches the exchange.
    pub(super) fn restate(&mut self, number: u64, terms: Terms) {
        self.take_terms(number, terms);
        self.match_order(number, true);
        self.end_immediate(number);
    }

    /// Gives an order new terms; `false` when they will not do, and it stays as it was.
    pub(super) fn take_terms(&mut self, number: u64, terms: Terms) -> bool {
        let Some(order) = self.orders.get(&number).filter(|o| self.resting.contains(&o.number)).cloned() else {
            return false;
        };
        let Some(listed) = self.find_held(&order.contract) else { return false };
        let mut terms = terms;
        if order.terms.trigger.is_none() && terms.kind.trigger() == order.terms.kind.trigger() {
            // A stop that has triggered stays triggered.
            terms.trigger = None;
        }
        let terms = self.protected(terms, order.side, &listed);
        let checked = if terms.quantity <= order.filled {
            Err(format!("quantity must be above the {} already traded", order.filled))
        } else {
            self.risk_check(&order, &terms, &listed)
        };
        let now = self.now;
        let Some(order) = self.orders.get_mut(&number) else { return false };
        order.updated = now;
        let taken = checked.is_ok();
        match checked {
            Ok(blocked) => {
                order.terms = terms;
                order.blocked = blocked;
                order.reason = CONFIRMED.into();
            }
            Err(why) => order.reason = format!("RMS:{number}:Modification rejected: {why}"),
        }
        self.note_order(number);
        taken
    }

    /// Trades what an order can trade now, and lets the other legs of its super order follow.
    pub(super) fn match_order(&mut self, number: u64, arriving: bool) {
        let of = self.orders.get(&number).and_then(|o| o.origin.super_order(number));
        if of.is_some() {
            self.trail_stop(number);
        }
        self.trade_order(number, arriving);
        if let Some(entry) = of {
            self.balance_super(entry);
        }
    }

    /// Trades what an order can trade now. An order that has just arrived takes the prices it meets; one that rested is met
    /// at its own price.
    fn trade_order(&mut self, number: u64, arriving: bool) {
        let Some(order) = self.orders.get(&number).filter(|o| o.open_quantity() > 0) else { return };
        let (side, contract, account) = (order.side, order.contract, order.account.clone());
        let (mut terms, mut open) = (order.terms, order.open_quantity());
        let Some(listed) = self.find_held(&contract).filter(|_| !self.is_suspended(&contract)) else { return };
        let book = self.book(&listed);
        // The rest of a market order waits for what the book offers, not at the limit it was protected with.
        let market = matches!(order.terms.kind, OrderKind::Market | OrderKind::StopMarket { .. });
        let mut taking = arriving || order.sweeping || market;
        if let Some(trigger) = terms.trigger {
            let reached = match side {
                Side::Buy => book.last >= trigger,
                Side::Sell => book.last <= trigger,
            };
            if !reached {
                return;
            }
            terms.trigger = None;
            terms = self.protected(terms, side, &listed);
            taking = true;
            if let Err(why) = self.within_band(&terms, &listed) {
                self.end_order(number, OrderStatus::Rejected, &format!("RMS:{number}:{why}"));
                return;
            }
            let now = self.now;
            if let Some(order) = self.orders.get_mut(&number) {
                order.terms = terms;
                order.updated = now;
            }
            self.note_order(number);
        }
        let Some(limit) = terms.limit else {
            // Only a market order of an order system that sets no band: all of it at the touch.
            if let Some(touch) = book.against(side).first().filter(|l| l.quantity > 0) {
                self.fill(number, &account, open, touch.price);
            }
            return;
        };
        let mut fills: Vec<(u32, i64)> = Vec::new();
        for level in book.against(side).iter().filter(|l| l.quantity > 0 && crosses(side, limit, l.price)) {
            let quantity = level.quantity.min(open);
            if quantity == 0 {
                break;
            }
            open -= quantity;
            fills.push((quantity, if taking { level.price } else { limit }));
        }
        let taken: u32 = fills.iter().map(|(q, _)| q).sum();
        let levels = book.against(side).iter().filter(|l| l.quantity > 0).count();
        let sweeping = taking && open > 0 && taken > 0 && fills.len() == levels;
        if let Some(order) = self.orders.get_mut(&number) {
            order.sweeping = sweeping;
        }
        if taken > 0 {
            self.take(&listed, side, taken);
        } else if !taking && terms.validity == Validity::Day {
            fills.extend(self.passive_fill(number, side, limit, open, &book, &listed));
        }
        for (quantity, at) in fills {
            self.fill(number, &account, quantity, at);
        }
    }

    /// Somebody may trade with an order that rests at the best price, or improves it.
    fn passive_fill(
        &self,
        number: u64,
        side: Side,
        limit: i64,
        open: u32,
        book: &Book,
        listed: &Listed,
    ) -> Option<(u32, i64)> {
        let best = book.beside(side).first().filter(|l| l.quantity > 0).map(|l| l.price);
        let better = match (side, best) {
            (_, None) => true,
            (Side::Buy, Some(best)) => limit > best,
            (Side::Sell, Some(best)) => limit < best,
        };
        if !better && best != Some(limit) {
            return None;
        }
        let chance = self.market.behaviour.passive_fill * if better { 4.0 } else { 1.0 };
        let mut draw = self.market.noise.at(Stream::Order(number), self.market.step);
        (draw.unit() < chance).then(|| {
            let lots = open / listed.lot.max(1);
            ((1 + draw.below(lots)).min(lots).saturating_mul(listed.lot), limit)
        })
    }

    fn fill(&mut self, number: u64, account: &str, quantity: u32, at: i64) {
        let now = self.now;
        let Some(order) = self.orders.get_mut(&number) else { return };
        let quantity = quantity.min(order.open_quantity());
        if quantity == 0 {
            return;
        }
        let open = i64::from(order.open_quantity());
        order.blocked -= order.blocked * i64::from(quantity) / open.max(1);
        order.filled += quantity;
        order.value += i64::from(quantity) * at;
        order.last_fill = Some((quantity, at));
        order.updated = now;
        order.status = if order.filled >= order.terms.quantity { OrderStatus::Traded } else { OrderStatus::PartTraded };
        let (contract, product, id, side) = (order.contract, order.product, order.id, order.side);
        if order.status == OrderStatus::Traded {
            order.blocked = 0;
            self.resting.remove(&number);
        }
        self.account(account).fill(contract, product, id, side, quantity, at);
        self.counters.trades += 1;
        let trade_number = 2_500_000_000 + self.counters.trades;
        let account = account.to_string();
        self.trades.push(Trade {
            number: trade_number,
            order: number,
            account,
            contract,
            id,
            product,
            side,
            quantity,
            price: at,
            at: now,
        });
        self.note_order(number);
    }

    /// An immediate-or-cancel order does not rest.
    fn end_immediate(&mut self, number: u64) {
        let immediate = self.orders.get(&number).is_some_and(|o| o.terms.validity == Validity::Ioc);
        if immediate && self.resting.contains(&number) {
            self.end_order(number, OrderStatus::Cancelled, "Unmatched IOC quantity cancelled by the exchange");
        }
    }

    pub(super) fn reject(&mut self, number: u64, why: &str) {
        self.end_order(number, OrderStatus::Rejected, &format!("RMS:{number}:{why}"));
    }

    /// The order ends, if it has not already.
    pub(super) fn end_order(&mut self, number: u64, status: OrderStatus, reason: &str) {
        let now = self.now;
        let Some(order) = self.orders.get_mut(&number).filter(|o| !o.status.is_final()) else { return };
        order.status = status;
        order.reason = reason.to_string();
        order.updated = now;
        order.blocked = 0;
        self.resting.remove(&number);
        self.note_order(number);
    }

    /// The book as it is after what has lately been taken from it.
    pub(super) fn book(&self, listed: &Listed) -> Book {
        let taken = |side| {
            let taken = self.taken.get(&(listed.contract, side));
            // Whole lots only: what is left must stay tradable.
            taken.map_or(0, |t| self.still_missing(*t) / listed.lot.max(1) * listed.lot)
        };
        self.market.book(listed, self.pricing_time()).without(taken(Side::Sell), taken(Side::Buy))
    }

    fn still_missing(&self, taken: Taken) -> u32 {
        let steps = self.market.step.saturating_sub(taken.step);
        let halvings = steps / u64::from(self.market.behaviour.replenish_steps.max(1));
        if halvings < 32 { taken.quantity >> halvings } else { 0 }
    }

    /// Notes what an order of `side` has taken from the other side of the book.
    fn take(&mut self, listed: &Listed, side: Side, quantity: u32) {
        let step = self.market.step;
        let missing = self.taken.get(&(listed.contract, side)).map_or(0, |t| self.still_missing(*t));
        let quantity = missing.saturating_add(quantity);
        if self.taken.len() > MOST_TAKEN {
            let (now, replenish) = (step, u64::from(self.market.behaviour.replenish_steps.max(1)) * 32);
            self.taken.retain(|_, t| now.saturating_sub(t.step) < replenish);
        }
        self.taken.insert((listed.contract, side), Taken { step, quantity });
    }

    /// A market order becomes a limit order some way through the touch; a stop does so when it triggers.
    pub(super) fn protected(&self, mut terms: Terms, side: Side, listed: &Listed) -> Terms {
        let market = matches!(terms.kind, OrderKind::Market | OrderKind::StopMarket { .. });
        if !market || terms.trigger.is_some() || terms.limit.is_some() || self.ways.market_at_touch {
            return terms;
        }
        let book = self.book(listed);
        let touch = book.against(side).first().filter(|l| l.quantity > 0).map_or(book.last, |l: &Level| l.price);
        let tick = listed.tick.max(1);
        let reach = (touch * i64::from(self.market.behaviour.protection) / 10_000).max(LEAST_PROTECTION * tick);
        let ticks = reach / tick * tick;
        let limit = match side {
            Side::Buy => touch + ticks,
            Side::Sell => (touch - ticks).max(tick),
        };
        terms.limit = Some(limit / tick * tick);
        terms
    }
}

fn crosses(side: Side, limit: i64, other: i64) -> bool {
    match side {
        Side::Buy => other <= limit,
        Side::Sell => other >= limit,
    }
}
