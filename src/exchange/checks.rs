//! What the order system refuses: at once when a request is incomplete, later (as a rejection) when the exchange or the
//! risk system will not have it. Texts are in the manner of the broker's.

use crate::domain::{ContractKind, OrderKind, OrderSpec, Price, Product, Side, Validity};

use super::Exchange;
use super::listing::{Listed, price};
use super::margin::{self, Holding};
use super::market::Market;
use super::noise::Stream;
use super::order::{Order, Refusal, Terms};

/// Restatements of one order.
pub(super) const MOST_MODIFICATIONS: u32 = 25;

/// Refusals that need nothing but the request.
pub(super) fn complete(spec: &OrderSpec, correlation: &str, longest: usize) -> Result<Terms, Refusal> {
    mark_fits(correlation, longest)?;
    terms(spec.kind, spec.side, spec.quantity, spec.validity)
}

/// Whether the order system takes the sender's mark: `longest` is its limit.
pub(super) fn mark_fits(correlation: &str, longest: usize) -> Result<(), Refusal> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'_' | b'-');
    if correlation.len() > longest || !correlation.bytes().all(fits) {
        return Err(Refusal::Input("correlationId is invalid".into()));
    }
    Ok(())
}

/// Refusals of an order's terms, new or restated.
pub(super) fn terms(
    kind: OrderKind,
    side: Side,
    quantity: crate::domain::Quantity,
    validity: Validity,
) -> Result<Terms, Refusal> {
    if quantity.is_zero() {
        return Err(Refusal::Input("quantity is required".into()));
    }
    if kind.price().is_some_and(|p| !p.is_positive()) {
        return Err(Refusal::Input("price is required".into()));
    }
    if kind.trigger().is_some_and(|t| !t.is_positive()) {
        return Err(Refusal::Input("triggerPrice is required".into()));
    }
    if let OrderKind::StopLimit { trigger, price } = kind {
        match side {
            Side::Buy if trigger > price => {
                return Err(Refusal::Order("Trigger Price should be less than Price".into()));
            }
            Side::Sell if trigger < price => {
                return Err(Refusal::Order("Trigger Price should be greater than Price".into()));
            }
            Side::Buy | Side::Sell => {}
        }
    }
    Terms::new(kind, quantity, validity)
        .ok_or_else(|| Refusal::Input("price is not a multiple of the tick size".into()))
}

impl Exchange {
    /// The risk system's and the exchange's checks. `Ok` holds the money to block, in paise; `Err` says why not.
    pub(super) fn risk_check(&self, order: &Order, terms: &Terms, listed: &Listed) -> Result<i64, String> {
        if !self.is_open() {
            return Err("Market is closed".into());
        }
        if self.is_suspended(&order.contract) {
            return Err("Trading in this instrument is suspended".into());
        }
        let Some(account) = self.accounts.get(&order.account) else { return Err("Client not found".into()) };
        if account.kill_switch {
            return Err("Kill Switch is active, order placement is disabled for the day".into());
        }
        product_fits(order.product, listed)?;
        exchange_rules(terms, listed)?;
        self.within_band(terms, listed)?;
        if order.product == Product::Cnc && order.side == Side::Sell {
            let held = account.net(&order.contract, Product::Cnc);
            let working = i64::from(self.working(order, |o| o.product == Product::Cnc));
            if held - working < i64::from(terms.quantity - order.filled) {
                return Err("You are trying to sell more than the quantity you currently hold.".into());
            }
        }
        let needed = self.money_needed(order, terms, listed);
        let available = self.available(&order.account) + order.blocked;
        if needed > 0 && needed > available {
            let rupees = |paise: i64| price(paise).0;
            return Err(format!(
                "Insufficient Funds: required {}, available {}",
                rupees(needed),
                rupees(available.max(0))
            ));
        }
        Ok(needed)
    }

    /// Rejections out of the blue, for simulations.
    pub(super) fn unlucky(&self, number: u64) -> bool {
        let chance = self.market.behaviour.reject;
        chance > 0.0 && self.market.noise.at(Stream::Order(number), u64::from(u32::MAX)).unit() < chance
    }

    /// A price outside the band is rejected: when the order arrives, or for a stop when it triggers.
    pub(super) fn within_band(&self, terms: &Terms, listed: &Listed) -> Result<(), String> {
        let (Some(limit), None) = (terms.limit, terms.trigger) else { return Ok(()) };
        let (low, high) = Market::band(listed, self.market.book(listed, self.pricing_time()).fair);
        if limit < low || limit > high {
            let two = |paise: i64| format!("{:.2}", price(paise).0);
            return Err(format!("Order Price needs to be Circuit Limits of {} to {}", two(low), two(high)));
        }
        Ok(())
    }

    /// What the open part of an order would take from the money that can be spent, with the account's other orders of the
    /// same side in the contract counted as filled: so two sells against one long do not both count as closing it.
    fn money_needed(&self, order: &Order, terms: &Terms, listed: &Listed) -> i64 {
        let open = terms.quantity.saturating_sub(order.filled);
        let mut holdings = self.holdings(&order.account);
        let signed = |quantity: u32| order.side.signed(crate::domain::Quantity(quantity)).0;
        let working = self.working(order, |_| true);
        holdings.push(Holding { listed: *listed, product: order.product, net: signed(working) });
        let before = margin::need(&holdings, &self.market, self.pricing_time());
        holdings.push(Holding { listed: *listed, product: order.product, net: signed(open) });
        let after = margin::need(&holdings, &self.market, self.pricing_time());
        let at = terms.limit.unwrap_or_else(|| self.market.book(listed, self.pricing_time()).fair.ceil() as i64);
        let flow = -signed(open) * at;
        -((after.credit - before.credit) - (after.risk - before.risk) + flow).min(0)
    }

    /// Open quantity of the account's other orders on the same side of the same contract.
    fn working(&self, order: &Order, counts: impl Fn(&Order) -> bool) -> u32 {
        let same = |o: &&Order| {
            o.number != order.number
                && o.account == order.account
                && o.contract == order.contract
                && o.side == order.side
                && !self.is_beside_its_stop(o)
                && counts(o)
        };
        self.resting.iter().filter_map(|n| self.orders.get(n)).filter(same).map(Order::open_quantity).sum()
    }
}

pub(super) fn product_fits(product: Product, listed: &Listed) -> Result<(), String> {
    let derivative = matches!(listed.contract.kind, ContractKind::Future { .. } | ContractKind::Option { .. });
    match product {
        Product::Intraday => Ok(()),
        Product::Margin if derivative => Ok(()),
        Product::Cnc | Product::Mtf if !derivative => Ok(()),
        Product::Margin | Product::Cnc | Product::Mtf => {
            Err(format!("Product type {} is not allowed for this instrument", product.as_str()))
        }
    }
}

pub(super) fn exchange_rules(terms: &Terms, listed: &Listed) -> Result<(), String> {
    let option = matches!(listed.contract.kind, ContractKind::Option { .. });
    if option && matches!(terms.kind, OrderKind::StopMarket { .. }) {
        return Err("Stop Loss Market orders are not allowed for options".into());
    }
    if !terms.quantity.is_multiple_of(listed.lot.max(1)) {
        return Err(format!("Quantity should be in multiples of lot size {}", listed.lot));
    }
    if let Some(most) = listed.max_order.filter(|most| terms.quantity > *most) {
        return Err(format!("Order quantity exceeds the freeze quantity, at most {most} in one order"));
    }
    let off_tick = |paise: Option<i64>| paise.is_some_and(|p| p % listed.tick.max(1) != 0);
    let sent = |p: Option<Price>| p.and_then(super::listing::to_paise);
    if off_tick(sent(terms.kind.price())) || off_tick(sent(terms.kind.trigger())) {
        return Err(format!("Price should be in multiples of tick size {:.2}", price(listed.tick).0));
    }
    Ok(())
}
