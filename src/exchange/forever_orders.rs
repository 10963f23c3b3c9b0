//! Forever orders: they rest with the broker over days, without margin, until the last price reaches their trigger; then
//! an ordinary order is sent, and checked like any other. Of a pair the one that is reached first cancels the other.

use jiff::ToSpan;
use serde::{Deserialize, Serialize};

use crate::domain::time::{Timestamp, ist};
use crate::domain::{
    BrokerOrderId, Contract, ForeverLeg, ForeverLegName, ForeverLegs, OrderKind, Price, Pricing, Product, Quantity,
    SecurityId, Side, Validity,
};

use super::checks::{self, MOST_MODIFICATIONS};
use super::listing::{Listed, price, to_paise};
use super::order::{Accepted, OrderStatus, Origin, Refusal, Terms};
use super::requests::Fresh;
use super::schedule::day_number;
use super::{Event, Exchange};

/// A request to place a forever order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewForeverOrder {
    pub order: crate::domain::ForeverOrder,
    /// The sender's mark; the exchange makes one up when it is empty.
    pub correlation: String,
}

/// A leg's state, as the broker names it. A leg that has fired is as its order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ForeverStatus {
    /// On its way to be armed, or fired and on its way to be traded.
    Pending,
    /// It waits for its price.
    Confirm,
    Traded,
    Rejected,
    Cancelled,
    Expired,
}

impl ForeverStatus {
    fn is_final(self) -> bool {
        match self {
            Self::Pending | Self::Confirm => false,
            Self::Traded | Self::Rejected | Self::Cancelled | Self::Expired => true,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Confirm => "CONFIRM",
            Self::Traded => "TRADED",
            Self::Rejected => "REJECTED",
            Self::Cancelled => "CANCELLED",
            Self::Expired => "EXPIRED",
        }
    }
}

/// What a leg is for, in paise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ForeverTerms {
    kind: OrderKind,
    quantity: u32,
    trigger: i64,
    validity: Validity,
}

/// One leg as the exchange keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Leg {
    name: ForeverLegName,
    terms: ForeverTerms,
    /// Whether the price has to rise to the trigger; known since it is armed.
    from_below: bool,
    status: ForeverStatus,
    /// The order it was sent as.
    order: Option<u64>,
    modifications: u32,
}

/// A forever order as the exchange keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ForeverOrder {
    pub number: u64,
    account: String,
    correlation: String,
    contract: Contract,
    id: SecurityId,
    side: Side,
    product: Product,
    paired: bool,
    /// One, or the stop loss and the target.
    legs: Vec<Leg>,
    created: Timestamp,
    updated: Option<Timestamp>,
    /// Since when it waits.
    armed: Option<Timestamp>,
}

impl ForeverOrder {
    pub(super) fn is_armed(&self) -> bool {
        self.legs.iter().any(|leg| leg.status == ForeverStatus::Confirm)
    }

    fn is_over(&self) -> bool {
        self.legs.iter().all(|leg| leg.status.is_final())
    }
}

/// One leg as the list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeverView {
    pub account: String,
    /// The same for both legs of a pair.
    pub order_id: BrokerOrderId,
    pub contract: Contract,
    pub security_id: SecurityId,
    pub side: Side,
    pub product: Product,
    pub paired: bool,
    pub leg: ForeverLegName,
    pub quantity: Quantity,
    pub trigger: Price,
    /// `None`: at the market.
    pub price: Option<Price>,
    pub status: ForeverStatus,
    pub created: Timestamp,
    pub updated: Option<Timestamp>,
    /// The order it was sent as.
    pub sent_as: Option<BrokerOrderId>,
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

    /// The legs of every forever order of the account, oldest first, the stop of a pair before its target.
    pub fn forever_orders(&self, account: &str) -> Vec<ForeverView> {
        let mine = self.forever_orders.values().filter(|f| f.account == account);
        mine.flat_map(|f| f.legs.iter().map(|leg| view(f, leg))).collect()
    }

    /// A buy is an entry; a sale below the market is a stop, one above it a target.
    fn name_of_single(&self, side: Side, leg: &ForeverLeg, listed: &Listed) -> ForeverLegName {
        match side {
            Side::Buy => ForeverLegName::Entry,
            Side::Sell if leg.trigger <= price(self.book(listed).last) => ForeverLegName::StopLoss,
            Side::Sell => ForeverLegName::Target,
        }
    }

    /// It begins to wait, or is rejected.
    pub(super) fn arm_forever(&mut self, number: u64) {
        let Some(held) = self.forever_orders.get(&number).cloned() else { return };
        let listed = self.find(&held.contract);
        let fits = |listed: &Listed| {
            checks::product_fits(held.product, listed)?;
            held.legs.iter().try_for_each(|leg| leg_fits(&leg.terms, listed))
        };
        let Some(listed) = listed.filter(|l| fits(l).is_ok()) else {
            self.end_forever(number, ForeverStatus::Rejected);
            return;
        };
        let (last, now) = (self.book(&listed).last, self.now);
        let Some(held) = self.forever_orders.get_mut(&number) else { return };
        held.armed = Some(now);
        for leg in held.legs.iter_mut().filter(|leg| leg.status == ForeverStatus::Pending) {
            leg.status = ForeverStatus::Confirm;
            leg.from_below = leg.terms.trigger > last;
        }
        self.note_forever(number);
    }

    /// New terms of a leg arrive. When they will not do, it stays as it was.
    pub(super) fn restate_forever(&mut self, number: u64, at: usize, terms: ForeverTerms) {
        let Some(contract) = self.forever_orders.get(&number).map(|f| f.contract) else { return };
        let Some(listed) = self.find(&contract).filter(|l| leg_fits(&terms, l).is_ok()) else { return };
        let last = self.book(&listed).last;
        let leg = self.forever_orders.get_mut(&number).and_then(|f| f.legs.get_mut(at));
        let Some(leg) = leg.filter(|leg| leg.status == ForeverStatus::Confirm) else { return };
        leg.terms = terms;
        leg.from_below = terms.trigger > last;
        self.note_forever(number);
    }

    /// What still waits of it ends.
    pub(super) fn end_forever(&mut self, number: u64, status: ForeverStatus) {
        let Some(held) = self.forever_orders.get_mut(&number) else { return };
        for leg in held.legs.iter_mut().filter(|leg| !leg.status.is_final() && leg.order.is_none()) {
            leg.status = status;
        }
        self.note_forever(number);
    }

    /// Sends what the last prices have reached.
    pub(super) fn look_at_forever_orders(&mut self) {
        let armed = self.forever_orders.values().filter(|f| f.is_armed());
        let armed: Vec<(u64, Contract)> = armed.map(|f| (f.number, f.contract)).collect();
        for (number, contract) in armed {
            let Some(listed) = self.find_held(&contract) else { continue };
            let last = self.book(&listed).last;
            let reached = |leg: &Leg| {
                let there = if leg.from_below { last >= leg.terms.trigger } else { last <= leg.terms.trigger };
                leg.status == ForeverStatus::Confirm && there
            };
            let held = self.forever_orders.get(&number);
            if let Some(at) = held.and_then(|f| f.legs.iter().position(reached)) {
                self.fire_forever(number, at, &listed);
            }
        }
    }

    /// The other leg is cancelled before the order of this one is made.
    fn fire_forever(&mut self, number: u64, at: usize, listed: &Listed) {
        let Some(held) = self.forever_orders.get_mut(&number) else { return };
        for (other, leg) in held.legs.iter_mut().enumerate() {
            match leg.status {
                ForeverStatus::Confirm if other == at => leg.status = ForeverStatus::Pending,
                ForeverStatus::Confirm => leg.status = ForeverStatus::Cancelled,
                _ => {}
            }
        }
        let held = held.clone();
        let Some(leg) = held.legs.get(at) else { return };
        let ForeverTerms { kind, quantity, validity, .. } = leg.terms;
        let limit = kind.price().and_then(to_paise);
        let order = self.new_order(&Fresh {
            account: &held.account,
            correlation: &held.correlation,
            listed,
            side: held.side,
            product: held.product,
            terms: Terms { kind, quantity, validity, limit, trigger: None },
            origin: Origin::Forever { number, leg: at },
        });
        if let Some(leg) = self.forever_orders.get_mut(&number).and_then(|f| f.legs.get_mut(at)) {
            leg.order = Some(order);
        }
        self.note_forever(number);
        let at = self.transit(order);
        self.schedule_event(at, Event::Arrive(order));
    }

    /// The order a leg was sent as has changed.
    pub(super) fn forever_order_is(&mut self, number: u64, at: usize, status: OrderStatus) {
        let leg = self.forever_orders.get_mut(&number).and_then(|f| f.legs.get_mut(at));
        if let Some(leg) = leg {
            leg.status = match status {
                OrderStatus::Transit | OrderStatus::Pending | OrderStatus::PartTraded => ForeverStatus::Pending,
                OrderStatus::Traded => ForeverStatus::Traded,
                OrderStatus::Rejected => ForeverStatus::Rejected,
                OrderStatus::Cancelled => ForeverStatus::Cancelled,
                OrderStatus::Expired => ForeverStatus::Expired,
            };
            self.note_forever(number);
        }
    }

    /// With the contract goes what waits for its price; in shares it waits for a year.
    pub(super) fn expire_forever_orders(&mut self) {
        let today = ist(self.now).date();
        let too_old = |created: Timestamp| ist(created).date().checked_add(1.year()).is_ok_and(|end| end <= today);
        let over = |f: &&ForeverOrder| {
            let close = self.find_held(&f.contract).and_then(|l| l.close);
            f.is_armed() && (close.is_some_and(|c| c <= self.now) || too_old(f.created))
        };
        let numbers: Vec<u64> = self.forever_orders.values().filter(over).map(|f| f.number).collect();
        for number in numbers {
            self.end_forever(number, ForeverStatus::Expired);
        }
    }

    /// What is over goes with the day.
    pub(super) fn roll_forever_orders(&mut self) {
        self.forever_orders.retain(|_, f| !f.is_over());
        self.unsaved.forever_orders.clear();
    }

    fn note_forever(&mut self, number: u64) {
        let now = self.now;
        if let Some(held) = self.forever_orders.get_mut(&number) {
            held.updated = Some(now);
            self.unsaved.forever_orders.insert(number);
            self.unsaved.any = true;
        }
    }

    fn forever_number(&self, account: &str, id: &BrokerOrderId) -> Result<u64, Refusal> {
        let number = id.0.parse::<u64>().map_err(|_| Refusal::UnknownOrder)?;
        let known = self.forever_orders.get(&number).filter(|f| f.account == account);
        known.map(|f| f.number).ok_or(Refusal::UnknownOrder)
    }
}

fn view(held: &ForeverOrder, leg: &Leg) -> ForeverView {
    ForeverView {
        account: held.account.clone(),
        order_id: BrokerOrderId(held.number.to_string()),
        contract: held.contract,
        security_id: held.id,
        side: held.side,
        product: held.product,
        paired: held.paired,
        leg: leg.name,
        quantity: Quantity(leg.terms.quantity),
        trigger: price(leg.terms.trigger),
        price: leg.terms.kind.price(),
        status: leg.status,
        created: held.created,
        updated: held.updated,
        sent_as: leg.order.map(|n| BrokerOrderId(n.to_string())),
    }
}

fn terms(leg: &ForeverLeg, side: Side, validity: Validity) -> Result<ForeverTerms, Refusal> {
    let kind = match leg.pricing {
        Pricing::Limit { price } => OrderKind::Limit { price },
        Pricing::Market => OrderKind::Market,
    };
    checks::terms(kind, side, leg.quantity, validity)?;
    let trigger = to_paise(leg.trigger).filter(|t| *t > 0);
    let trigger = trigger.ok_or_else(|| Refusal::Input("triggerPrice is required".into()))?;
    Ok(ForeverTerms { kind, quantity: leg.quantity.0, trigger, validity })
}

/// Lots, freeze quantity and ticks.
fn leg_fits(terms: &ForeverTerms, listed: &Listed) -> Result<(), String> {
    let ForeverTerms { kind, quantity, trigger, validity } = *terms;
    let limit = kind.price().and_then(to_paise);
    checks::exchange_rules(&Terms { kind, quantity, validity, limit, trigger: None }, listed)?;
    if trigger % listed.tick.max(1) == 0 { Ok(()) } else { Err("triggerPrice is not on a tick".into()) }
}

fn over(status: ForeverStatus) -> Refusal {
    Refusal::Order(format!("Order is already {}", status.word()))
}
