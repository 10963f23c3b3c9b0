//! Super orders: an entry, and the target and stop loss that are held for what of it has filled.
//!
//! When the entry fills, stop and target rest as orders of their own for exactly that quantity; a fill of one takes it from
//! the other, so together they never exceed what is open. Once one of them fires, what is left of the entry is cancelled,
//! and a stop that fires cancels the target. They are day orders, like all of a super order.

use serde::{Deserialize, Serialize};

use crate::domain::{BracketLeg, BrokerOrderId, OrderKind, Side};

use super::Exchange;
use super::listing::{Listed, price};
use super::order::{Order, OrderStatus, Refusal, Terms};
use super::requests::ended;

mod changes;
mod exits;
mod requests;
mod views;

pub use requests::{NewSuperOrder, SuperChange};
pub use views::{LegStatus, SuperLegView, SuperOrderView, SuperStatus};

/// New terms on their way, in paise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum SuperTerms {
    Entry { terms: Terms, target: Option<i64>, stop: Option<i64>, jump: i64 },
    Target(i64),
    StopLoss { at: i64, jump: i64 },
}

/// A super order as the exchange keeps it; the entry and the exits that rest are in the order book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SuperOrder {
    /// The entry's.
    pub number: u64,
    target: Option<Exit>,
    stop: Option<Exit>,
    /// In paise; zero: the stop stays.
    jump: i64,
    /// The price from which the next jump is measured, in paise.
    anchor: i64,
    /// Of the exits; the entry counts its own.
    modifications: u32,
}

/// A target or a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Exit {
    /// In paise.
    at: i64,
    /// Since the entry began to fill.
    order: Option<u64>,
    /// Before it had an order.
    cancelled: bool,
}

impl Exchange {
    /// Target and stop must lie on their sides of the entry, on ticks. Orders that are no entries fit anyway.
    pub(super) fn super_prices_fit(&self, number: u64, terms: &Terms, listed: &Listed) -> Result<(), String> {
        let Some((held, order)) = self.super_orders.get(&number).zip(self.orders.get(&number)) else { return Ok(()) };
        let at = |exit: Option<Exit>| exit.map(|e| e.at);
        self.prices_fit(order.side, terms, (at(held.target), at(held.stop), held.jump), listed)
    }

    fn prices_fit(
        &self,
        side: Side,
        terms: &Terms,
        (target, stop, jump): (Option<i64>, Option<i64>, i64),
        listed: &Listed,
    ) -> Result<(), String> {
        let limit = matches!(terms.kind, OrderKind::Limit { .. }).then_some(terms.limit).flatten();
        let entry = limit.unwrap_or_else(|| self.book(listed).last);
        let (above, below) = match side {
            Side::Buy => ("greater", "less"),
            Side::Sell => ("less", "greater"),
        };
        if target.is_some_and(|t| better(side, t, entry) <= 0) {
            return Err(format!("Target Price should be {above} than Price"));
        }
        if stop.is_some_and(|s| better(side, s, entry) >= 0) {
            return Err(format!("Stop Loss Price should be {below} than Price"));
        }
        on_tick([target, stop, Some(jump)], listed)
    }

    fn exit(&self, number: u64, leg: BracketLeg) -> Option<Exit> {
        let held = self.super_orders.get(&number)?;
        match leg {
            BracketLeg::Entry => None,
            BracketLeg::Target => held.target,
            BracketLeg::StopLoss => held.stop,
        }
    }

    fn change_exit(&mut self, number: u64, leg: BracketLeg, change: impl FnOnce(&mut Exit)) {
        let Some(held) = self.super_orders.get_mut(&number) else { return };
        let exit = match leg {
            BracketLeg::Entry => None,
            BracketLeg::Target => held.target.as_mut(),
            BracketLeg::StopLoss => held.stop.as_mut(),
        };
        if let Some(exit) = exit {
            change(exit);
            self.unsaved.super_orders.insert(number);
            self.unsaved.any = true;
        }
    }

    fn exit_order(&self, exit: Option<Exit>) -> Option<&Order> {
        exit?.order.and_then(|number| self.orders.get(&number))
    }

    /// Whether an exit can still be moved or cancelled: it has not fired, and its entry may still fill or has filled.
    fn exit_is_open(&self, number: u64, leg: BracketLeg) -> Result<(), Refusal> {
        let Some(exit) = self.exit(number, leg) else {
            return Err(Refusal::Order(format!("The super order has no {leg} leg")));
        };
        let entry = self.orders.get(&number).map(|o| o.status);
        match self.exit_order(Some(exit)) {
            Some(order) if order.status.is_final() => Err(ended(order.status)),
            Some(order) if leg == BracketLeg::StopLoss && has_fired(order) => {
                Err(Refusal::Order("Order is already TRIGGERED".into()))
            }
            Some(_) => Ok(()),
            None if exit.cancelled => Err(ended(OrderStatus::Cancelled)),
            None => match entry {
                Some(status) if !status.is_final() => Ok(()),
                status => Err(ended(status.unwrap_or(OrderStatus::Cancelled))),
            },
        }
    }

    /// Exits that rest.
    fn open_of_super(&self, number: u64) -> usize {
        let legs = [BracketLeg::StopLoss, BracketLeg::Target];
        let rests = |leg: &BracketLeg| self.exit_order(self.exit(number, *leg)).is_some_and(|o| !o.status.is_final());
        legs.iter().filter(|leg| rests(leg)).count()
    }

    fn super_number(&self, account: &str, id: &BrokerOrderId) -> Result<u64, Refusal> {
        let number = self.number_of(account, id)?;
        self.super_orders.contains_key(&number).then_some(number).ok_or(Refusal::UnknownOrder)
    }
}

/// A stop whose price was reached.
fn has_fired(order: &Order) -> bool {
    order.filled > 0 || order.terms.kind.trigger().is_some() && order.terms.trigger.is_none()
}

/// How much better `at` is than `than` for who holds `side`: positive is profit.
fn better(side: Side, at: i64, than: i64) -> i64 {
    match side {
        Side::Buy => at - than,
        Side::Sell => than - at,
    }
}

fn on_tick(prices: [Option<i64>; 3], listed: &Listed) -> Result<(), String> {
    let tick = listed.tick.max(1);
    if prices.into_iter().flatten().any(|p| p % tick != 0) {
        return Err(format!("Price should be in multiples of tick size {:.2}", price(tick).0));
    }
    Ok(())
}
