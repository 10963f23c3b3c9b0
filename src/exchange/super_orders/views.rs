//! A super order as the broker's list shows it: its entry, its exits, and how they stand.

use crate::domain::{BracketLeg, BrokerOrderId, Price, Quantity};
use crate::exchange::Exchange;
use crate::exchange::listing::price;
use crate::exchange::order::{Order, OrderStatus, OrderView};

use super::{Exit, SuperOrder, has_fired};

/// A super order's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuperStatus {
    /// As its entry's.
    Entry(OrderStatus),
    /// Entry and exits are done.
    Closed,
}

/// An exit's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegStatus {
    Pending,
    PartTraded,
    /// It fired.
    Triggered,
    Cancelled,
    Expired,
}

/// A super order as the list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuperOrderView {
    pub entry: OrderView,
    pub status: SuperStatus,
    /// The stop loss first.
    pub legs: Vec<SuperLegView>,
    /// The contract's last price.
    pub last: Price,
}

/// One of its exits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuperLegView {
    pub leg: BracketLeg,
    /// The entry's until it has one of its own.
    pub order_id: BrokerOrderId,
    pub price: Price,
    /// What it was for; zero until the entry has filled.
    pub quantity: Quantity,
    pub remaining: Quantity,
    /// What was sent to the exchange when it fired.
    pub triggered: Quantity,
    pub status: LegStatus,
    /// Zero: it stays.
    pub trail: Price,
}

impl Exchange {
    /// Every super order of the account today, oldest first.
    pub fn super_orders(&self, account: &str) -> Vec<SuperOrderView> {
        let mine = |s: &&SuperOrder| self.orders.get(&s.number).is_some_and(|o| o.account == account);
        self.super_orders.values().filter(mine).filter_map(|s| self.super_view(s)).collect()
    }

    /// One of them, by its entry.
    pub fn super_order(&self, account: &str, id: &BrokerOrderId) -> Option<SuperOrderView> {
        let number = self.super_number(account, id).ok()?;
        self.super_orders.get(&number).and_then(|s| self.super_view(s))
    }

    fn super_view(&self, held: &SuperOrder) -> Option<SuperOrderView> {
        let entry = self.orders.get(&held.number)?;
        let exits = [(BracketLeg::StopLoss, held.stop), (BracketLeg::Target, held.target)];
        let out: u32 = exits.iter().filter_map(|(_, exit)| self.exit_order(*exit)).map(|o| o.filled).sum();
        let is_closed = entry.status.is_final() && entry.filled > 0 && out == entry.filled;
        let legs = exits.into_iter().filter_map(|(leg, exit)| Some(self.leg_view(held, entry, leg, exit?)));
        Some(SuperOrderView {
            entry: entry.view(),
            status: if is_closed { SuperStatus::Closed } else { SuperStatus::Entry(entry.status) },
            legs: legs.collect(),
            last: price(self.mark(&entry.contract)),
        })
    }

    fn leg_view(&self, held: &SuperOrder, entry: &Order, leg: BracketLeg, exit: Exit) -> SuperLegView {
        let order = self.exit_order(Some(exit));
        let stop = leg == BracketLeg::StopLoss;
        let triggered = order.map_or(0, |o| match (stop, has_fired(o)) {
            (true, true) => o.terms.quantity,
            (true, false) => 0,
            (false, _) => o.filled,
        });
        SuperLegView {
            leg,
            order_id: BrokerOrderId(exit.order.unwrap_or(held.number).to_string()),
            price: price(exit.at),
            quantity: Quantity(order.map_or(0, |o| o.terms.quantity)),
            remaining: Quantity(order.map_or(0, Order::open_quantity)),
            triggered: Quantity(triggered),
            status: leg_status(entry, order, stop, exit.cancelled),
            trail: price(if stop { held.jump } else { 0 }),
        }
    }
}

fn leg_status(entry: &Order, order: Option<&Order>, stop: bool, cancelled: bool) -> LegStatus {
    let Some(order) = order else {
        return match entry.status {
            _ if cancelled => LegStatus::Cancelled,
            OrderStatus::Transit | OrderStatus::Pending => LegStatus::Pending,
            OrderStatus::Expired => LegStatus::Expired,
            // With an entry that has filled, it is missing because the other one fired at once.
            OrderStatus::PartTraded | OrderStatus::Traded | OrderStatus::Rejected | OrderStatus::Cancelled => {
                LegStatus::Cancelled
            }
        };
    };
    match order.status {
        OrderStatus::Traded => LegStatus::Triggered,
        OrderStatus::Transit | OrderStatus::Pending | OrderStatus::PartTraded if stop && has_fired(order) => {
            LegStatus::Triggered
        }
        OrderStatus::Transit | OrderStatus::Pending => LegStatus::Pending,
        OrderStatus::PartTraded => LegStatus::PartTraded,
        OrderStatus::Rejected | OrderStatus::Cancelled => LegStatus::Cancelled,
        OrderStatus::Expired => LegStatus::Expired,
    }
}
