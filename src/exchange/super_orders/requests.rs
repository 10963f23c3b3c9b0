//! Requests about super orders: place, change or cancel a leg. What is taken goes on its way to the exchange.

use crate::domain::time::Timestamp;
use crate::domain::{BracketLeg, BrokerOrderId, OrderKind, OrderSpec, Price, Quantity, Side, Validity};
use crate::exchange::checks::{self, MOST_MODIFICATIONS};
use crate::exchange::listing::to_paise;
use crate::exchange::order::{Accepted, OrderStatus, Origin, Refusal, Terms};
use crate::exchange::requests::{Fresh, closed, ended};
use crate::exchange::{Event, Exchange};

use super::{Exit, SuperOrder, SuperTerms};

/// A request to place a super order. One of the exits may be left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSuperOrder {
    /// Limit or market, for the day.
    pub entry: OrderSpec,
    pub target: Option<Price>,
    pub stop: Option<Price>,
    /// The stop follows the last price by this much whenever that has moved this much in favour.
    pub trail: Option<Price>,
    /// The sender's mark; the exchange makes one up when it is empty.
    pub correlation: String,
}

/// New terms of one leg. An exit that was left out or cancelled cannot be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuperChange {
    /// Only while the entry is open.
    Entry {
        kind: OrderKind,
        /// The total quantity, not the open rest.
        quantity: Quantity,
        target: Option<Price>,
        stop: Option<Price>,
        trail: Option<Price>,
    },
    Target {
        price: Price,
    },
    StopLoss {
        price: Price,
        trail: Option<Price>,
    },
}

impl Exchange {
    /// Takes a super order: its entry is in transit now. The number is the entry's.
    pub fn place_super_order(
        &mut self,
        account: &str,
        request: &NewSuperOrder,
        now: Timestamp,
    ) -> Result<Accepted, Refusal> {
        self.run_until(now);
        let terms = entry_terms(request.entry.kind, request.entry.side, request.entry.quantity)?;
        checks::complete(&request.entry, &request.correlation, self.ways.longest_mark)?;
        let (target, stop) = (paise(request.target, "targetPrice")?, paise(request.stop, "stopLossPrice")?);
        if target.is_none() && stop.is_none() {
            return Err(Refusal::Input("targetPrice is required".into()));
        }
        let jump = paise(request.trail, "trailingJump")?.unwrap_or(0);
        let listed = self.tradable(&request.entry.contract)?;
        if !self.is_open() {
            return Err(closed());
        }
        let number = self.new_order(&Fresh {
            account,
            correlation: &request.correlation,
            listed: &listed,
            side: request.entry.side,
            product: request.entry.product,
            terms,
            origin: Origin::Entry,
        });
        let exit = |at: Option<i64>| at.map(|at| Exit { at, order: None, cancelled: false });
        let (target, stop) = (exit(target), exit(stop));
        self.super_orders.insert(number, SuperOrder { number, target, stop, jump, anchor: 0, modifications: 0 });
        self.unsaved.super_orders.insert(number);
        let at = self.transit(number);
        self.schedule_event(at, Event::Arrive(number));
        Ok(Accepted { order_id: BrokerOrderId(number.to_string()), status: OrderStatus::Transit })
    }

    /// Takes new terms of a leg; `id` is the entry's.
    pub fn modify_super_order(
        &mut self,
        account: &str,
        id: &BrokerOrderId,
        change: &SuperChange,
        now: Timestamp,
    ) -> Result<Accepted, Refusal> {
        self.run_until(now);
        let number = self.super_number(account, id)?;
        let (Some(order), Some(held)) = (self.orders.get(&number), self.super_orders.get(&number)) else {
            return Err(Refusal::UnknownOrder);
        };
        let count = match change {
            SuperChange::Entry { .. } => order.modifications,
            SuperChange::Target { .. } | SuperChange::StopLoss { .. } => held.modifications,
        };
        if count >= MOST_MODIFICATIONS {
            return Err(Refusal::Order(format!("Order can be modified at most {MOST_MODIFICATIONS} times")));
        }
        let (side, status) = (order.side, order.status);
        let terms = match *change {
            SuperChange::Entry { kind, quantity, target, stop, trail } => {
                if status.is_final() {
                    return Err(ended(status));
                }
                let (target, stop) = (paise(target, "targetPrice")?, paise(stop, "stopLossPrice")?);
                if target.is_some() != held.target.is_some() || stop.is_some() != held.stop.is_some() {
                    return Err(Refusal::Order("A leg of a super order cannot be added or left out".into()));
                }
                let jump = paise(trail, "trailingJump")?.unwrap_or(0);
                SuperTerms::Entry { terms: entry_terms(kind, side, quantity)?, target, stop, jump }
            }
            SuperChange::Target { price } => SuperTerms::Target(required(price, "targetPrice")?),
            SuperChange::StopLoss { price, trail } => SuperTerms::StopLoss {
                at: required(price, "stopLossPrice")?,
                jump: paise(trail, "trailingJump")?.unwrap_or(0),
            },
        };
        match terms {
            SuperTerms::Entry { .. } => {}
            SuperTerms::Target(_) => self.exit_is_open(number, BracketLeg::Target)?,
            SuperTerms::StopLoss { .. } => self.exit_is_open(number, BracketLeg::StopLoss)?,
        }
        self.count_modification(number, change);
        let at = self.after_arrival(number);
        self.schedule_event(at, Event::ModifySuper(number, terms));
        Ok(Accepted { order_id: id.clone(), status: OrderStatus::Transit })
    }

    fn count_modification(&mut self, number: u64, change: &SuperChange) {
        match change {
            SuperChange::Entry { .. } => {
                if let Some(order) = self.orders.get_mut(&number) {
                    order.modifications += 1;
                }
                self.unsaved.orders.insert(number);
            }
            SuperChange::Target { .. } | SuperChange::StopLoss { .. } => {
                if let Some(held) = self.super_orders.get_mut(&number) {
                    held.modifications += 1;
                }
                self.unsaved.super_orders.insert(number);
            }
        }
    }

    /// Takes a cancellation of a leg; of the entry, it is one of everything. `id` is the entry's.
    pub fn cancel_super_order(
        &mut self,
        account: &str,
        id: &BrokerOrderId,
        leg: BracketLeg,
        now: Timestamp,
    ) -> Result<Accepted, Refusal> {
        self.run_until(now);
        let number = self.super_number(account, id)?;
        let Some(entry) = self.orders.get(&number) else { return Err(Refusal::UnknownOrder) };
        if entry.status == OrderStatus::Transit {
            return Err(Refusal::Order("Order is in Transit state".into()));
        }
        let status = entry.status;
        let open = |leg| self.exit_is_open(number, leg).is_ok();
        match leg {
            BracketLeg::Entry if !status.is_final() => {}
            // Without an entry there is nothing left to hold exits for.
            BracketLeg::Entry if self.open_of_super(number) > 0 => {}
            BracketLeg::Entry => return Err(ended(status)),
            BracketLeg::Target | BracketLeg::StopLoss if open(leg) => {}
            BracketLeg::Target | BracketLeg::StopLoss => return self.exit_is_open(number, leg).and(Err(ended(status))),
        }
        let at = self.after_arrival(number);
        self.schedule_event(at, Event::CancelSuper(number, leg));
        Ok(Accepted { order_id: id.clone(), status })
    }
}

fn entry_terms(kind: OrderKind, side: Side, quantity: Quantity) -> Result<Terms, Refusal> {
    match kind {
        OrderKind::Limit { .. } | OrderKind::Market => checks::terms(kind, side, quantity, Validity::Day),
        OrderKind::StopLimit { .. } | OrderKind::StopMarket { .. } => {
            Err(Refusal::Input("orderType is invalid".into()))
        }
    }
}

fn required(at: Price, name: &str) -> Result<i64, Refusal> {
    let whole = to_paise(at).filter(|p| *p > 0);
    whole.ok_or_else(|| Refusal::Input(format!("{name} is invalid")))
}

fn paise(at: Option<Price>, name: &str) -> Result<Option<i64>, Refusal> {
    at.map(|at| required(at, name)).transpose()
}
