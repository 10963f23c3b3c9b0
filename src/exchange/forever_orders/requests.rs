//! Requests about forever orders: place, change a leg, cancel. What is taken is armed, changed or ended a little later.

use crate::domain::time::Timestamp;
use crate::domain::{BrokerOrderId, ForeverLeg, ForeverLegName, ForeverLegs, OrderKind, Product, Side, Validity};
use crate::exchange::checks::{self, MOST_MODIFICATIONS};
use crate::exchange::listing::{Listed, price, to_paise};
use crate::exchange::order::{Accepted, OrderStatus, Refusal};
use crate::exchange::schedule::day_number;
use crate::exchange::{Event, Exchange};

use super::{ForeverOrder, ForeverStatus, ForeverTerms, Leg};

/// A request to place a forever order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewForeverOrder {
    pub order: crate::domain::ForeverOrder,
    /// The sender's mark; the exchange makes one up when it is empty.
    pub correlation: String,
}

impl Exchange {
    /// Takes a forever order, at any hour. It is armed, or rejected, a little later.
    pub fn place_forever_order(
        &mut self,
        account: &str,
        request: &NewForeverOrder,
        now: Timestamp,
    ) -> Result<Accepted, Refusal> {
        self.run_until(now);
        let order = &request.order;
        checks::mark_fits(&request.correlation, self.ways.longest_mark)?;
        let listed = self.tradable(&order.contract)?;
        if order.product == Product::Intraday {
            return Err(Refusal::Input("productType is invalid".into()));
        }
        let leg = |name, leg: &ForeverLeg| {
            let terms = terms(leg, order.side, order.validity)?;
            Ok(Leg { name, terms, from_below: false, status: ForeverStatus::Pending, order: None, modifications: 0 })
        };
        let legs = match &order.legs {
            ForeverLegs::Single(only) => vec![leg(self.name_of_single(order.side, only, &listed), only)?],
            ForeverLegs::OneCancelsOther { stop, target } => {
                vec![leg(ForeverLegName::StopLoss, stop)?, leg(ForeverLegName::Target, target)?]
            }
        };
        self.account(account);
        self.counters.forever_orders += 1;
        // 5 261120 000001: thirteen digits, never used twice.
        let number = 5_000_000_000_000 + day_number(self.now) * 1_000_000 + self.counters.forever_orders;
        let held = ForeverOrder {
            number,
            account: account.to_string(),
            correlation: request.correlation.clone(),
            contract: listed.contract,
            id: listed.id,
            side: order.side,
            product: order.product,
            paired: legs.len() > 1,
            legs,
            created: self.now,
            updated: None,
            armed: None,
        };
        self.forever_orders.insert(number, held);
        self.unsaved.forever_orders.insert(number);
        let at = self.transit(number);
        self.schedule_event(at, Event::ArmForever(number));
        Ok(Accepted { order_id: BrokerOrderId(number.to_string()), status: OrderStatus::Pending })
    }

    /// Takes new terms of one leg. Of a single order there is only one, by whatever name.
    pub fn modify_forever_order(
        &mut self,
        account: &str,
        id: &BrokerOrderId,
        (name, to, validity): (ForeverLegName, &ForeverLeg, Validity),
        now: Timestamp,
    ) -> Result<Accepted, Refusal> {
        self.run_until(now);
        let number = self.forever_number(account, id)?;
        let Some(held) = self.forever_orders.get_mut(&number) else { return Err(Refusal::UnknownOrder) };
        let terms = terms(to, held.side, validity)?;
        let which = if held.paired { held.legs.iter().position(|leg| leg.name == name) } else { Some(0) };
        let found = which.and_then(|at| held.legs.get_mut(at).map(|leg| (at, leg)));
        let Some((at, leg)) = found else { return Err(Refusal::Input("legName is invalid".into())) };
        if leg.status.is_final() || leg.order.is_some() {
            return Err(over(leg.status));
        }
        if leg.modifications >= MOST_MODIFICATIONS {
            return Err(Refusal::Order(format!("Order can be modified at most {MOST_MODIFICATIONS} times")));
        }
        leg.modifications += 1;
        self.unsaved.forever_orders.insert(number);
        let when = self.after_arrival(number);
        self.schedule_event(when, Event::ModifyForever(number, at, terms));
        Ok(Accepted { order_id: id.clone(), status: OrderStatus::Pending })
    }

    /// Takes a cancellation of all of it. What has fired is cancelled as the order it has become.
    pub fn cancel_forever_order(
        &mut self,
        account: &str,
        id: &BrokerOrderId,
        now: Timestamp,
    ) -> Result<Accepted, Refusal> {
        self.run_until(now);
        let number = self.forever_number(account, id)?;
        let Some(held) = self.forever_orders.get(&number) else { return Err(Refusal::UnknownOrder) };
        let can_end = |leg: &Leg| !leg.status.is_final() && leg.order.is_none();
        if let (false, Some(leg)) = (held.legs.iter().any(can_end), held.legs.first()) {
            return Err(over(leg.status));
        }
        let at = self.after_arrival(number);
        self.schedule_event(at, Event::CancelForever(number));
        Ok(Accepted { order_id: id.clone(), status: OrderStatus::Pending })
    }

    /// A buy is an entry; a sale below the market is a stop, one above it a target.
    fn name_of_single(&self, side: Side, leg: &ForeverLeg, listed: &Listed) -> ForeverLegName {
        match side {
            Side::Buy => ForeverLegName::Entry,
            Side::Sell if leg.trigger <= price(self.book(listed).last) => ForeverLegName::StopLoss,
            Side::Sell => ForeverLegName::Target,
        }
    }

    fn forever_number(&self, account: &str, id: &BrokerOrderId) -> Result<u64, Refusal> {
        let number = id.0.parse::<u64>().map_err(|_| Refusal::UnknownOrder)?;
        let known = self.forever_orders.get(&number).filter(|f| f.account == account);
        known.map(|f| f.number).ok_or(Refusal::UnknownOrder)
    }
}

fn terms(leg: &ForeverLeg, side: Side, validity: Validity) -> Result<ForeverTerms, Refusal> {
    let kind = OrderKind::from(leg.pricing);
    checks::terms(kind, side, leg.quantity, validity)?;
    let trigger = to_paise(leg.trigger).filter(|t| *t > 0);
    let trigger = trigger.ok_or_else(|| Refusal::Input("triggerPrice is required".into()))?;
    Ok(ForeverTerms { kind, quantity: leg.quantity.0, trigger, validity })
}

fn over(status: ForeverStatus) -> Refusal {
    Refusal::Order(format!("Order is already {}", status.word()))
}
