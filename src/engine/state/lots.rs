//! Lots: what each owner holds of a contract, as its fills say, and what it has cost.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::super::record::Owner;
use crate::domain::{Contract, Money, NetQuantity, OrderKind, OrderSpec, Price, Product, Quantity, Side, Validity};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LotKey {
    pub owner: Owner,
    pub contract: Contract,
    pub product: Product,
}

impl LotKey {
    /// An order of the day in this contract and product.
    pub fn order(&self, side: Side, quantity: Quantity, kind: OrderKind) -> OrderSpec {
        OrderSpec { contract: self.contract, side, quantity, kind, validity: Validity::Day, product: self.product }
    }
}

/// Sums of the fills since the lot was last opened from flat on an earlier day, or ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lot {
    pub net: NetQuantity,
    pub bought: Quantity,
    pub bought_value: Money,
    pub sold: Quantity,
    pub sold_value: Money,
}

impl Lot {
    /// Adds fills of `quantity` worth `value` on one side.
    pub fn add(&mut self, side: Side, quantity: Quantity, value: Money) {
        self.net += side.signed(quantity);
        match side {
            Side::Buy => {
                self.bought += quantity;
                self.bought_value += value;
            }
            Side::Sell => {
                self.sold += quantity;
                self.sold_value += value;
            }
        }
    }

    /// Corrects the value of fills already added (the trade book is exact, an order's average is rounded).
    pub fn correct(&mut self, side: Side, by: Money) {
        match side {
            Side::Buy => self.bought_value += by,
            Side::Sell => self.sold_value += by,
        }
    }

    /// It, or `quantity` units of it, was closed elsewhere, at a price we were not told: they count as closed at the last
    /// mark (without one, at the average), an estimate, so that their profit or loss does not vanish from the day.
    pub fn settle(&mut self, mark: Option<Price>, quantity: Option<Quantity>) {
        let Some(price) = mark.or_else(|| self.average()) else { return };
        let quantity = quantity.unwrap_or(self.net.size()).min(self.net.size());
        self.add(self.net.closing_side(), quantity, price.times(quantity));
    }

    /// The average price of what is open: of the buys when long, of the sells when short.
    pub fn average(&self) -> Option<Price> {
        let (value, quantity) = match self.net.0 {
            0 => return None,
            1.. => (self.bought_value, self.bought),
            _ => (self.sold_value, self.sold),
        };
        (!quantity.is_zero()).then(|| Price((value.0 / Decimal::from(quantity.0)).round_dp(4)))
    }

    /// Cash in minus cash out, plus what is open at `mark`: exact. `None` when something is open and nothing marks it.
    pub fn pnl(&self, mark: Option<Price>) -> Option<Money> {
        let cash = self.sold_value - self.bought_value;
        if self.net.is_flat() { Some(cash) } else { mark.map(|m| cash + m * self.net) }
    }

    /// The open part of the P&L at `mark`.
    pub fn unrealised(&self, mark: Option<Price>) -> Option<Money> {
        match self.average() {
            None => Some(Money::ZERO),
            Some(average) => mark.map(|m| (m - average) * self.net),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal_macros::dec;

    #[test]
    fn what_was_closed_elsewhere_leaves_its_loss_behind() {
        let mut lot = Lot::default();
        lot.add(Side::Sell, Quantity(65), Money(dec!(6500)));
        lot.settle(Some(Price(dec!(105))), Some(Quantity(25)));
        assert_eq!((lot.net, lot.pnl(Some(Price(dec!(100))))), (NetQuantity(-40), Some(Money(dec!(-125)))));
        lot.settle(Some(Price(dec!(110))), None);
        assert_eq!((lot.net, lot.pnl(None)), (NetQuantity(0), Some(Money(dec!(-525)))));
    }

    #[test]
    fn a_round_trip_earns_what_it_sold_for_less_what_it_cost() {
        let mut lot = Lot::default();
        lot.add(Side::Buy, Quantity(65), Money(dec!(7800)));
        assert_eq!(lot.average(), Some(Price(dec!(120))));
        assert_eq!(lot.pnl(Some(Price(dec!(125)))), Some(Money(dec!(325))));
        assert_eq!(lot.pnl(None), None);
        lot.add(Side::Sell, Quantity(65), Money(dec!(8775)));
        assert_eq!((lot.pnl(None), lot.net), (Some(Money(dec!(975))), NetQuantity(0)));
    }
}
