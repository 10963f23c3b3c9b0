//! What a client can ask for: place, restate, cancel, exit everything, the kill switch.

use crate::domain::time::Timestamp;
use crate::domain::{BrokerOrderId, Contract, ContractKind, NetQuantity, OrderKind, Product, Quantity, Side, Validity};

use super::checks::{self, MOST_MODIFICATIONS};
use super::listing::Listed;
use super::order::{
    Accepted, CONFIRMED, Modification, NewOrder, Order, OrderStatus, OrderView, Origin, Refusal, Terms,
};
use super::schedule::day_number;
use super::{Event, Exchange};

const CLOSED: &str = "Market is Closed! Want to place an offline order?";

/// An order about to be made.
pub(super) struct Fresh<'a> {
    pub account: &'a str,
    /// The sender's mark; one is made up when it is empty.
    pub correlation: &'a str,
    pub listed: &'a Listed,
    pub side: Side,
    pub product: Product,
    pub terms: Terms,
    pub origin: Origin,
}

impl Exchange {
    /// Takes an order: it is in transit now, and at the exchange or rejected a little later.
    pub fn place(&mut self, account: &str, request: &NewOrder, now: Timestamp) -> Result<Accepted, Refusal> {
        self.run_until(now);
        let terms = checks::complete(&request.spec, &request.correlation, self.ways.longest_mark)?;
        let listed = self.tradable(&request.spec.contract)?;
        if !self.is_open() {
            return Err(closed());
        }
        let number = self.new_order(&Fresh {
            account,
            correlation: &request.correlation,
            listed: &listed,
            side: request.spec.side,
            product: request.spec.product,
            terms,
            origin: Origin::Own,
        });
        let at = self.transit(number);
        self.schedule_event(at, Event::Arrive(number));
        Ok(Accepted { order_id: BrokerOrderId(number.to_string()), status: OrderStatus::Transit })
    }

    /// What an order can be for; an index cannot be bought.
    pub(super) fn tradable(&self, contract: &Contract) -> Result<Listed, Refusal> {
        let listed = self.find(contract).filter(|l| l.contract.kind != ContractKind::Index);
        listed.ok_or_else(|| Refusal::Input("securityId is invalid".into()))
    }

    /// Takes a full restatement of an order's terms. It may trade at the old ones until that arrives.
    pub fn modify(
        &mut self,
        account: &str,
        id: &BrokerOrderId,
        to: &Modification,
        now: Timestamp,
    ) -> Result<Accepted, Refusal> {
        self.run_until(now);
        let number = self.number_of(account, id)?;
        let Some(order) = self.orders.get_mut(&number) else { return Err(Refusal::UnknownOrder) };
        if order.status.is_final() {
            return Err(ended(order.status));
        }
        if order.origin.is_super_order() {
            return Err(Refusal::Order("A leg of a super order is modified as a super order".into()));
        }
        let terms = checks::terms(to.kind, order.side, to.quantity, to.validity)?;
        if order.modifications >= MOST_MODIFICATIONS {
            return Err(Refusal::Order(format!("Order can be modified at most {MOST_MODIFICATIONS} times")));
        }
        order.modifications += 1;
        self.unsaved.orders.insert(number);
        let at = self.after_arrival(number);
        self.schedule_event(at, Event::Modify(number, terms));
        Ok(Accepted { order_id: id.clone(), status: OrderStatus::Transit })
    }

    /// Takes a cancellation. The order may still trade until that arrives.
    pub fn cancel(&mut self, account: &str, id: &BrokerOrderId, now: Timestamp) -> Result<Accepted, Refusal> {
        self.run_until(now);
        let number = self.number_of(account, id)?;
        match self.orders.get(&number).map(|o| o.status) {
            None => Err(Refusal::UnknownOrder),
            Some(OrderStatus::Transit) => self.cancel_early(number, id),
            Some(status) if status.is_final() => Err(ended(status)),
            Some(status) => {
                let at = self.after_arrival(number);
                self.schedule_event(at, Event::Cancel(number));
                Ok(Accepted { order_id: id.clone(), status })
            }
        }
    }

    /// Cancels every order of the account that rests at the exchange; says how many.
    pub fn cancel_all(&mut self, account: &str, now: Timestamp) -> usize {
        self.run_until(now);
        let resting: Vec<u64> = self.resting_of(account, None);
        for number in &resting {
            let at = self.after_arrival(*number);
            self.schedule_event(at, Event::Cancel(*number));
        }
        resting.len()
    }

    /// Cancels every resting order of the account and closes every position, a little later. Orders in transit are not
    /// reached by it.
    pub fn exit_all(&mut self, account: &str, now: Timestamp) {
        self.run_until(now);
        let at = self.transit(self.counters.orders);
        self.schedule_event(at, Event::ExitAll(account.to_string(), None));
    }

    /// Sets or lifts the kill switch: while it is set no order is taken, until the next trading day. It needs a flat account.
    pub fn set_kill_switch(&mut self, account: &str, active: bool, now: Timestamp) -> Result<(), Refusal> {
        self.run_until(now);
        let working = self.orders.values().any(|o| o.account == account && !o.status.is_final());
        let account = self.account(account);
        if active && (working || !account.is_flat()) {
            return Err(Refusal::Order(
                "Kill Switch cannot be activated while there are open positions or pending orders".into(),
            ));
        }
        account.kill_switch = active;
        self.unsaved.any = true;
        Ok(())
    }

    pub fn kill_switch(&self, account: &str) -> bool {
        self.accounts.get(account).is_some_and(|a| a.kill_switch)
    }

    /// Moves part of a position to another product.
    pub fn convert(
        &mut self,
        account: &str,
        contract: &Contract,
        (from, to): (Product, Product),
        quantity: Quantity,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        self.run_until(now);
        let fits = self.find(contract).is_some_and(|l| checks::product_fits(to, &l).is_ok());
        if fits && self.account(account).convert(contract, from, to, quantity.0) {
            self.unsaved.any = true;
            Ok(())
        } else {
            Err(Refusal::Order("Position cannot be converted".into()))
        }
    }

    /// Cancels and closes at this instant: what `exit_all` and the square-off come to. Shorts are closed first, so that
    /// nothing is uncovered on the way.
    pub(super) fn exit_positions(&mut self, account: &str, product: Option<Product>) {
        for number in self.resting_of(account, product) {
            self.end_order(number, OrderStatus::Cancelled, CONFIRMED);
        }
        let Some(book) = self.accounts.get(account) else { return };
        let wanted = |p: Product| product.is_none_or(|only| only == p);
        // Holdings are no positions: they stay.
        let open = book.positions.iter().filter(|p| p.net() != p.held() && wanted(p.product));
        let mut exits: Vec<_> = open.map(|p| (p.contract, p.product, p.net() - p.held())).collect();
        exits.sort_by_key(|(_, _, net)| *net > 0);
        for (contract, product, net) in exits {
            let Some(listed) = self.find_held(&contract) else { continue };
            let side = NetQuantity(net).closing_side();
            let mut left = u32::try_from(net.unsigned_abs()).unwrap_or(u32::MAX);
            while left > 0 {
                let quantity = listed.max_order.map_or(left, |most| left.min(most.max(1)));
                left -= quantity;
                self.send_exit(account, &listed, side, product, quantity);
            }
        }
    }

    fn send_exit(&mut self, account: &str, listed: &Listed, side: Side, product: Product, quantity: u32) {
        let terms = Terms { kind: OrderKind::Market, quantity, validity: Validity::Day, limit: None, trigger: None };
        let origin = Origin::Own;
        let number = self.new_order(&Fresh { account, correlation: "", listed, side, product, terms, origin });
        self.schedule_event(self.now, Event::Arrive(number));
    }

    /// Enters an order into the book, in transit; sending it on is the caller's.
    pub(super) fn new_order(&mut self, fresh: &Fresh<'_>) -> u64 {
        let Fresh { account, listed, .. } = *fresh;
        self.account(account);
        let correlation = match fresh.correlation {
            "" => format!("{account}-{}", self.now.as_millisecond()),
            given => given.to_string(),
        };
        self.counters.orders += 1;
        // 1 261120 000001: thirteen digits, never used twice.
        let number = 1_000_000_000_000 + day_number(self.now) * 1_000_000 + self.counters.orders;
        let order = Order {
            number,
            account: account.to_string(),
            correlation,
            contract: listed.contract,
            id: listed.id,
            side: fresh.side,
            product: fresh.product,
            terms: fresh.terms,
            sweeping: false,
            filled: 0,
            value: 0,
            last_fill: None,
            status: OrderStatus::Transit,
            reason: CONFIRMED.into(),
            created: self.now,
            updated: self.now,
            at_exchange: None,
            exchange_number: 0,
            modifications: 0,
            blocked: 0,
            origin: fresh.origin,
        };
        self.orders.insert(number, order);
        self.note_order(number);
        number
    }

    pub(super) fn number_of(&self, account: &str, id: &BrokerOrderId) -> Result<u64, Refusal> {
        let number = id.0.parse::<u64>().map_err(|_| Refusal::UnknownOrder)?;
        let known = self.orders.get(&number).filter(|o| o.account == account);
        known.map(|o| o.number).ok_or(Refusal::UnknownOrder)
    }

    fn resting_of(&self, account: &str, product: Option<Product>) -> Vec<u64> {
        let wanted = |o: &&Order| o.account == account && product.is_none_or(|p| p == o.product);
        self.resting.iter().filter_map(|n| self.orders.get(n)).filter(wanted).map(|o| o.number).collect()
    }

    /// When a request about an order arrives: after its transit, and not before the order itself and earlier requests.
    pub(super) fn after_arrival(&self, number: u64) -> Timestamp {
        let earlier = self.queue.iter().filter(|(_, e)| e.is_about(number)).map(|((at, _), _)| *at).max();
        self.transit(number).max(earlier.unwrap_or(self.now))
    }

    /// Every order of the account today, oldest first.
    pub fn orders(&self, account: &str) -> Vec<OrderView> {
        self.orders.values().filter(|o| o.account == account).map(Order::view).collect()
    }

    pub fn order(&self, account: &str, id: &BrokerOrderId) -> Option<OrderView> {
        let number = self.number_of(account, id).ok()?;
        self.orders.get(&number).map(Order::view)
    }

    /// The newest order with this mark. `None` also while it is in transit: not finding it then proves nothing.
    pub fn by_correlation(&self, account: &str, correlation: &str) -> Option<OrderView> {
        let mut newest_first = self.orders.values().rev();
        let found = newest_first.find(|o| o.account == account && o.correlation == correlation)?;
        (found.status != OrderStatus::Transit).then(|| found.view())
    }
}

pub(super) fn closed() -> Refusal {
    Refusal::Order(CLOSED.into())
}

pub(super) fn ended(status: OrderStatus) -> Refusal {
    Refusal::Order(format!("Order is already {}", status.as_str()))
}
