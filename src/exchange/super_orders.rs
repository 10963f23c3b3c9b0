//! Super orders: an entry, and the target and stop loss that are held for what of it has filled.
//!
//! When the entry fills, stop and target rest as orders of their own for exactly that quantity; a fill of one takes it from
//! the other, so together they never exceed what is open. Once one of them fires, what is left of the entry is cancelled,
//! and a stop that fires cancels the target. They are day orders, like all of a super order.

use serde::{Deserialize, Serialize};

use crate::domain::{
    BracketLeg, BrokerOrderId, OrderKind, OrderSpec, Price, Quantity, Side, Validity, time::Timestamp,
};

use super::checks::{self, MOST_MODIFICATIONS};
use super::listing::{Listed, price, to_paise};
use super::order::{Accepted, CONFIRMED, Order, OrderStatus, Origin, Refusal, Terms};
use super::requests::{Fresh, closed, ended};
use super::{Event, Exchange};

mod views;

pub use views::{LegStatus, SuperLegView, SuperOrderView, SuperStatus};

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

/// What has to be done so that the exits fit what is open.
enum Step {
    EndEntry,
    Open(BracketLeg, u32),
    End(u64),
    Resize(u64, u32),
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

    /// Brings the exits in line with what is open, after anything of a super order has traded.
    pub(super) fn balance_super(&mut self, entry: u64) {
        // Each step leaves one thing less to do.
        while let Some(step) = self.next_of_super(entry) {
            match step {
                Step::EndEntry => {
                    self.end_order(entry, OrderStatus::Cancelled, "An exit of the super order was executed");
                }
                Step::Open(leg, quantity) => self.open_exit(entry, leg, quantity),
                Step::End(order) => {
                    self.end_order(order, OrderStatus::Cancelled, "The other exit of the super order was executed");
                }
                Step::Resize(order, quantity) => {
                    if let Some(order) = self.orders.get_mut(&order) {
                        order.terms.quantity = quantity;
                        order.updated = self.now;
                    }
                    self.note_order(order);
                }
            }
        }
    }

    fn next_of_super(&self, number: u64) -> Option<Step> {
        let (held, entry) = (self.super_orders.get(&number)?, self.orders.get(&number)?);
        let (target, stop) = (self.exit_order(held.target), self.exit_order(held.stop));
        let filled = |order: Option<&Order>| order.map_or(0, |o| o.filled);
        let stop_fired = stop.is_some_and(has_fired);
        let out = filled(target) + filled(stop);
        if (out > 0 || stop_fired) && !entry.status.is_final() {
            return Some(Step::EndEntry);
        }
        let open = entry.filled.saturating_sub(out);
        let exits = [
            (BracketLeg::StopLoss, held.stop, stop, open > 0),
            (BracketLeg::Target, held.target, target, open > 0 && !stop_fired),
        ];
        exits.into_iter().find_map(|(leg, exit, order, wanted)| match (exit?, order) {
            (exit, None) if wanted && exit.order.is_none() && !exit.cancelled => Some(Step::Open(leg, open)),
            (_, Some(order)) if order.status.is_final() => None,
            (_, Some(order)) if !wanted => Some(Step::End(order.number)),
            (_, Some(order)) if order.terms.quantity != order.filled + open => {
                Some(Step::Resize(order.number, order.filled + open))
            }
            _ => None,
        })
    }

    /// An exit gets its order: it rests at once, and may fire at once. No money is held for it: it closes what is open.
    fn open_exit(&mut self, entry: u64, leg: BracketLeg, quantity: u32) {
        let Some(order) = self.orders.get(&entry).cloned() else { return };
        let Some(held) = self.super_orders.get(&entry).copied() else { return };
        let exit = match leg {
            BracketLeg::Target => held.target,
            BracketLeg::Entry | BracketLeg::StopLoss => held.stop,
        };
        let listed = self.find_held(&order.contract);
        let terms = exit.map(|e| exit_terms(leg, e.at, quantity));
        let (Some(listed), Some(terms)) = (listed, terms) else {
            self.change_exit(entry, leg, |exit| exit.cancelled = true);
            return;
        };
        let number = self.new_order(&Fresh {
            account: &order.account,
            correlation: "",
            listed: &listed,
            side: order.side.opposite(),
            product: order.product,
            terms,
            origin: Origin::Exit { entry, leg },
        });
        self.change_exit(entry, leg, |exit| exit.order = Some(number));
        if let (Some(held), Some((_, at)), BracketLeg::StopLoss) =
            (self.super_orders.get_mut(&entry), order.last_fill, leg)
        {
            held.anchor = at;
        }
        self.enter(number, terms, 0);
        self.match_order(number, true);
    }

    /// The stop follows the last price, by whole jumps, and never back.
    pub(super) fn trail_stop(&mut self, number: u64) {
        let Some(stop) = self.orders.get(&number).filter(|o| !o.status.is_final()) else { return };
        let Origin::Exit { entry, leg: BracketLeg::StopLoss } = stop.origin else { return };
        let Some(trigger) = stop.terms.trigger else { return };
        let Some(held) = self.super_orders.get(&entry).filter(|s| s.jump > 0).copied() else { return };
        let Some(listed) = self.find_held(&stop.contract) else { return };
        let side = stop.side.opposite();
        let jumps = better(side, self.book(&listed).last, held.anchor) / held.jump;
        if jumps <= 0 {
            return;
        }
        let way = if side == Side::Buy { jumps * held.jump } else { -jumps * held.jump };
        if let Some(held) = self.super_orders.get_mut(&entry) {
            held.anchor += way;
        }
        self.move_exit(entry, BracketLeg::StopLoss, trigger + way);
    }

    /// New terms arrive. When they will not do, everything stays as it was, and the book says why.
    pub(super) fn restate_super(&mut self, number: u64, terms: &SuperTerms) {
        let Some((order, held)) = self.orders.get(&number).cloned().zip(self.super_orders.get(&number).copied()) else {
            return;
        };
        let Some(listed) = self.find_held(&order.contract) else { return };
        match *terms {
            SuperTerms::Entry { terms, target, stop, jump } => {
                if let Err(why) = self.prices_fit(order.side, &terms, (target, stop, jump), &listed) {
                    self.say_not_modified(number, &why);
                } else if self.take_terms(number, terms) {
                    for (leg, at) in [(BracketLeg::Target, target), (BracketLeg::StopLoss, stop)] {
                        self.move_exit_if_open(number, leg, at);
                    }
                    self.set_jump(number, jump, &listed);
                    self.match_order(number, true);
                }
            }
            SuperTerms::Target(at) => {
                let beside = held.stop.filter(|_| self.exit_is_open(number, BracketLeg::StopLoss).is_ok());
                let fits = match beside {
                    Some(stop) if better(order.side, at, stop.at) <= 0 => Err("Target Price is beyond the stop".into()),
                    // While nothing has traded it has to lie beyond the entry.
                    _ if order.status == OrderStatus::Pending => {
                        self.prices_fit(order.side, &order.terms, (Some(at), None, 0), &listed)
                    }
                    _ => on_tick([Some(at), None, None], &listed),
                };
                self.restate_exit(number, BracketLeg::Target, at, fits);
            }
            SuperTerms::StopLoss { at, jump } => {
                let beside = held.target.filter(|_| self.exit_is_open(number, BracketLeg::Target).is_ok());
                let fits = match beside {
                    Some(target) if better(order.side, at, target.at) >= 0 => {
                        Err("Stop Loss Price is beyond the target".into())
                    }
                    _ if order.status == OrderStatus::Pending => {
                        self.prices_fit(order.side, &order.terms, (None, Some(at), jump), &listed)
                    }
                    _ => on_tick([Some(at), Some(jump), None], &listed),
                };
                if fits.is_ok() {
                    self.set_jump(number, jump, &listed);
                }
                self.restate_exit(number, BracketLeg::StopLoss, at, fits);
            }
        }
    }

    fn restate_exit(&mut self, number: u64, leg: BracketLeg, at: i64, fits: Result<(), String>) {
        let said_of = self.exit(number, leg).and_then(|e| e.order).unwrap_or(number);
        match fits.and_then(|()| self.exit_is_open(number, leg).map_err(|why| why.to_string())) {
            Err(why) => self.say_not_modified(said_of, &why),
            Ok(()) => {
                self.move_exit(number, leg, at);
                self.match_order(said_of, true);
            }
        }
    }

    fn say_not_modified(&mut self, number: u64, why: &str) {
        let now = self.now;
        // What has ended meanwhile keeps the reason it ended for.
        if let Some(order) = self.orders.get_mut(&number).filter(|o| !o.status.is_final()) {
            order.reason = format!("RMS:{number}:Modification rejected: {why}");
            order.updated = now;
            self.note_order(number);
        }
    }

    /// From now on the trail is measured from the last price.
    fn set_jump(&mut self, number: u64, jump: i64, listed: &Listed) {
        let last = self.book(listed).last;
        if let Some(held) = self.super_orders.get_mut(&number) {
            held.jump = jump;
            held.anchor = last;
            self.unsaved.super_orders.insert(number);
        }
    }

    fn move_exit_if_open(&mut self, number: u64, leg: BracketLeg, at: Option<i64>) {
        if let Some(at) = at.filter(|_| self.exit_is_open(number, leg).is_ok()) {
            self.move_exit(number, leg, at);
        }
    }

    fn move_exit(&mut self, number: u64, leg: BracketLeg, at: i64) {
        self.change_exit(number, leg, |exit| exit.at = at);
        let Some(own) = self.exit(number, leg).and_then(|e| e.order) else { return };
        let now = self.now;
        if let Some(order) = self.orders.get_mut(&own) {
            order.terms = exit_terms(leg, at, order.terms.quantity);
            order.reason = CONFIRMED.into();
            order.updated = now;
        }
        self.note_order(own);
    }

    /// A cancellation arrives.
    pub(super) fn end_super(&mut self, number: u64, leg: BracketLeg) {
        let legs: &[BracketLeg] = match leg {
            BracketLeg::Entry => {
                self.end_order(number, OrderStatus::Cancelled, CONFIRMED);
                &[BracketLeg::StopLoss, BracketLeg::Target]
            }
            BracketLeg::Target => &[BracketLeg::Target],
            BracketLeg::StopLoss => &[BracketLeg::StopLoss],
        };
        for leg in legs {
            match self.exit(number, *leg).and_then(|e| e.order) {
                Some(order) => self.end_order(order, OrderStatus::Cancelled, CONFIRMED),
                None => self.change_exit(number, *leg, |exit| exit.cancelled = true),
            }
        }
    }

    /// A target whose stop is counted already: only one of the two can be executed.
    pub(super) fn is_beside_its_stop(&self, order: &Order) -> bool {
        let Origin::Exit { entry, leg: BracketLeg::Target } = order.origin else { return false };
        let stop = self.exit(entry, BracketLeg::StopLoss);
        self.exit_order(stop).is_some_and(|o| !o.status.is_final())
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

/// A target is a limit order; a stop goes to the market when its price is reached.
fn exit_terms(leg: BracketLeg, at: i64, quantity: u32) -> Terms {
    let validity = Validity::Day;
    match leg {
        BracketLeg::Target => {
            let kind = OrderKind::Limit { price: price(at) };
            Terms { kind, quantity, validity, limit: Some(at), trigger: None }
        }
        BracketLeg::Entry | BracketLeg::StopLoss => {
            let kind = OrderKind::StopMarket { trigger: price(at) };
            Terms { kind, quantity, validity, limit: None, trigger: Some(at) }
        }
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

fn on_tick(prices: [Option<i64>; 3], listed: &Listed) -> Result<(), String> {
    let tick = listed.tick.max(1);
    if prices.into_iter().flatten().any(|p| p % tick != 0) {
        return Err(format!("Price should be in multiples of tick size {:.2}", price(tick).0));
    }
    Ok(())
}
