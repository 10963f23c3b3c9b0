//! Forever orders: they rest with the broker over days, without margin, until the last price reaches their trigger; then
//! an ordinary order is sent, and checked like any other. Of a pair the one that is reached first cancels the other.

use jiff::ToSpan;
use serde::{Deserialize, Serialize};

use crate::domain::time::{Timestamp, ist};
use crate::domain::{Contract, ForeverLegName, OrderKind, Product, SecurityId, Side, Validity};

use super::checks;
use super::listing::{Listed, to_paise};
use super::order::{OrderStatus, Origin, Terms};
use super::requests::Fresh;
use super::{Event, Exchange};

mod requests;
mod views;

pub use requests::NewForeverOrder;
pub use views::ForeverView;

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

impl Exchange {
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
}

/// Lots, freeze quantity and ticks.
fn leg_fits(terms: &ForeverTerms, listed: &Listed) -> Result<(), String> {
    let ForeverTerms { kind, quantity, trigger, validity } = *terms;
    let limit = kind.price().and_then(to_paise);
    checks::exchange_rules(&Terms { kind, quantity, validity, limit, trigger: None }, listed)?;
    if trigger % listed.tick.max(1) == 0 { Ok(()) } else { Err("triggerPrice is not on a tick".into()) }
}
