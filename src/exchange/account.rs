//! An account's cash and positions. All amounts are whole paise, so nothing is ever lost to rounding.
//!
//! Every fill moves its full value through cash, futures included; what a future is worth is added back when funds are
//! reckoned. So cash plus the value of all positions changes only by prices and by what a fill paid above or below them.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::domain::{
    Contract, ContractKind, Money, NetQuantity, PositionSighting, Price, Product, Quantity, SecurityId, Side,
};

use super::holdings::Edis;
use super::listing::price;
use super::pnl_exit::PnlRule;

/// One contract and product of one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    pub contract: Contract,
    pub product: Product,
    pub id: SecurityId,
    /// What was carried into the day, signed, and the close it was carried at (paise per unit).
    pub carried: i64,
    pub carried_at: i64,
    pub day_buy: u32,
    pub day_buy_value: i64,
    pub day_sell: u32,
    pub day_sell_value: i64,
    /// What the open quantity cost when it was opened, in paise per unit, however many days ago.
    pub cost: Decimal,
}

impl Position {
    fn new(contract: Contract, product: Product, id: SecurityId) -> Self {
        Self {
            contract,
            product,
            id,
            carried: 0,
            carried_at: 0,
            day_buy: 0,
            day_buy_value: 0,
            day_sell: 0,
            day_sell_value: 0,
            cost: Decimal::ZERO,
        }
    }

    pub(super) fn net(&self) -> i64 {
        self.carried + i64::from(self.day_buy) - i64::from(self.day_sell)
    }

    /// The part of it that is a holding: shares for delivery that were bought on earlier days.
    pub(super) fn held(&self) -> i64 {
        let for_delivery = matches!(self.product, Product::Cnc | Product::Mtf);
        if for_delivery && self.contract.kind == ContractKind::Equity { self.net().min(self.carried).max(0) } else { 0 }
    }

    fn bought(&self) -> (i64, i64) {
        let carried = self.carried.max(0);
        (i64::from(self.day_buy) + carried, self.day_buy_value + carried * self.carried_at)
    }

    fn sold(&self) -> (i64, i64) {
        let carried = (-self.carried).max(0);
        (i64::from(self.day_sell) + carried, self.day_sell_value + carried * self.carried_at)
    }

    /// The day's profit in paise, were the open quantity closed at `mark`.
    fn profit(&self, mark: i64) -> i64 {
        self.sold().1 - self.bought().1 + self.net() * mark
    }

    /// Of that, what closed quantity has earned: by average prices, as the broker reckons.
    fn realised(&self) -> i64 {
        let ((bought, paid), (sold, got)) = (self.bought(), self.sold());
        let closed = bought.min(sold);
        if closed == 0 {
            return 0;
        }
        let average = |value: i64, quantity: i64| Decimal::from(value) / Decimal::from(quantity);
        let profit = (average(got, sold) - average(paid, bought)) * Decimal::from(closed);
        i64::try_from(profit.round()).unwrap_or(0)
    }

    fn fill(&mut self, side: Side, quantity: u32, at: i64) {
        let before = self.net();
        let value = i64::from(quantity) * at;
        match side {
            Side::Buy => {
                self.day_buy += quantity;
                self.day_buy_value += value;
            }
            Side::Sell => {
                self.day_sell += quantity;
                self.day_sell_value += value;
            }
        }
        let after = self.net();
        if after == 0 {
            self.cost = Decimal::ZERO;
        } else if before.signum() != after.signum() {
            self.cost = Decimal::from(at);
        } else if after.abs() > before.abs() {
            let held = self.cost * Decimal::from(before.abs());
            self.cost = (held + Decimal::from(value)) / Decimal::from(after.abs());
        }
    }

    pub(super) fn view(&self, mark: i64) -> PositionView {
        let average = |(quantity, value): (i64, i64)| {
            if quantity == 0 {
                Price::ZERO
            } else {
                Price((Decimal::new(value, 2) / Decimal::from(quantity)).normalize())
            }
        };
        let units = |n: i64| Quantity(u32::try_from(n.max(0)).unwrap_or(u32::MAX));
        let money = |paise: i64| Money(Decimal::new(paise, 2));
        let realised = self.realised();
        let carried_value = self.carried.abs() * self.carried_at;
        PositionView {
            contract: self.contract,
            product: self.product,
            security_id: self.id,
            net: NetQuantity(self.net()),
            buy_quantity: units(self.bought().0),
            sell_quantity: units(self.sold().0),
            buy_average: average(self.bought()),
            sell_average: average(self.sold()),
            cost: Price((self.cost / Decimal::ONE_HUNDRED).normalize()),
            carried: NetQuantity(self.carried),
            carried_value: money(carried_value),
            day_buy_quantity: Quantity(self.day_buy),
            day_sell_quantity: Quantity(self.day_sell),
            day_buy_value: money(self.day_buy_value),
            day_sell_value: money(self.day_sell_value),
            mark: price(mark),
            realised: money(realised),
            unrealised: money(self.profit(mark) - realised),
        }
    }
}

/// A row of the position book. Closed rows stay for the day with a net of zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PositionView {
    pub contract: Contract,
    pub product: Product,
    pub security_id: SecurityId,
    pub net: NetQuantity,
    /// Bought today, and carried long.
    pub buy_quantity: Quantity,
    /// Sold today, and carried short.
    pub sell_quantity: Quantity,
    /// Carried quantity counts at the close it was carried at.
    pub buy_average: Price,
    pub sell_average: Price,
    /// What the open quantity cost when it was opened, per unit.
    pub cost: Price,
    pub carried: NetQuantity,
    /// The size of the carried quantity times the close it was carried at.
    pub carried_value: Money,
    pub day_buy_quantity: Quantity,
    pub day_sell_quantity: Quantity,
    pub day_buy_value: Money,
    pub day_sell_value: Money,
    /// The last price.
    pub mark: Price,
    /// Of the day. Realised and unrealised together are exact; the border between them is rounded to a paisa.
    pub realised: Money,
    pub unrealised: Money,
}

impl PositionView {
    /// The row in neutral terms.
    pub fn sighting(&self) -> PositionSighting {
        PositionSighting {
            contract: self.contract,
            product: self.product,
            net: self.net,
            buy_quantity: self.buy_quantity,
            sell_quantity: self.sell_quantity,
            buy_average: self.buy_average,
            sell_average: self.sell_average,
            realised: self.realised,
            unrealised: self.unrealised,
        }
    }
}

/// One client's money and positions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Account {
    pub name: String,
    /// In paise; every fill has moved its full value through it.
    pub cash: i64,
    /// What was to spend when the day began, in paise.
    pub start_of_day: i64,
    pub kill_switch: bool,
    /// Ascending by contract and product.
    pub positions: Vec<Position>,
    /// The exit on profit or loss.
    #[serde(default)]
    pub pnl_exit: Option<PnlRule>,
    /// Authorisations of delivery sells.
    #[serde(default)]
    pub edis: Edis,
}

impl Account {
    pub(super) fn new(name: &str, cash: i64) -> Self {
        Self {
            name: name.to_string(),
            cash,
            start_of_day: cash,
            kill_switch: false,
            positions: Vec::new(),
            pnl_exit: None,
            edis: Edis::default(),
        }
    }

    pub(super) fn fill(
        &mut self,
        contract: Contract,
        product: Product,
        id: SecurityId,
        side: Side,
        quantity: u32,
        at: i64,
    ) {
        let value = i64::from(quantity) * at;
        match side {
            Side::Buy => self.cash -= value,
            Side::Sell => self.cash += value,
        }
        let found = self.positions.binary_search_by(|p| (p.contract, p.product).cmp(&(contract, product)));
        let row = found.unwrap_or_else(|free| {
            self.positions.insert(free, Position::new(contract, product, id));
            free
        });
        if let Some(position) = self.positions.get_mut(row) {
            position.fill(side, quantity, at);
        }
    }

    /// Moves quantity of a position to another product, at its cost: as if sold from the one and bought into the other.
    pub(super) fn convert(&mut self, contract: &Contract, from: Product, to: Product, quantity: u32) -> bool {
        let Some(held) = self.positions.iter().find(|p| p.contract == *contract && p.product == from) else {
            return false;
        };
        let (net, id, contract) = (held.net(), held.id, held.contract);
        if quantity == 0 || i64::from(quantity) > net.abs() || from == to {
            return false;
        }
        let at = i64::try_from(held.cost.round()).unwrap_or(0);
        let side = NetQuantity(net).closing_side();
        self.fill(contract, from, id, side, quantity, at);
        self.fill(contract, to, id, side.opposite(), quantity, at);
        true
    }

    /// Shares that were bought long ago, at a price (paise) of then.
    pub(super) fn hold(&mut self, contract: Contract, id: SecurityId, quantity: u32, close: i64, cost: i64) {
        let place = self.positions.partition_point(|p| (p.contract, p.product) < (contract, Product::Cnc));
        let carried = i64::from(quantity);
        let position = Position::new(contract, Product::Cnc, id);
        self.positions.insert(place, Position { carried, carried_at: close, cost: Decimal::from(cost), ..position });
    }

    pub(super) fn net(&self, contract: &Contract, product: Product) -> i64 {
        self.positions.iter().find(|p| p.contract == *contract && p.product == product).map_or(0, Position::net)
    }

    /// Holdings aside: they are no positions.
    pub(super) fn is_flat(&self) -> bool {
        self.positions.iter().all(|p| p.net() == p.held())
    }

    /// The day ends: closed rows go, open ones are carried at their mark.
    pub(super) fn roll(&mut self, mark: impl Fn(&Position) -> i64) {
        self.kill_switch = false;
        self.pnl_exit = None;
        self.edis.end_day();
        self.positions.retain(|p| p.net() != 0);
        for position in &mut self.positions {
            let (net, at) = (position.net(), mark(position));
            *position = Position {
                carried: net,
                carried_at: at,
                cost: position.cost,
                ..Position::new(position.contract, position.product, position.id)
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal_macros::dec;

    fn position() -> Position {
        let contract = "NSE:NIFTY:2026-11-23:26000:CE".parse().unwrap();
        Position::new(contract, Product::Margin, SecurityId(1))
    }

    #[test]
    fn averages_are_exact_and_profit_is_to_the_paisa() {
        let mut p = position();
        p.fill(Side::Buy, 65, 10_005);
        p.fill(Side::Buy, 130, 10_010);
        p.fill(Side::Sell, 65, 10_100);
        let row = p.view(10_050);
        assert_eq!(row.buy_average, Price(dec!(19516.25) / dec!(195)));
        assert_eq!(row.net, NetQuantity(130));
        // Sold 65 at 101.00 for 6,565.00; bought 195 for 19,516.25; 130 left at 100.50.
        assert_eq!(row.realised + row.unrealised, Money(dec!(6565.00) - dec!(19516.25) + dec!(13065.00)));
    }

    #[test]
    fn a_position_that_turns_costs_what_it_turned_at() {
        let mut p = position();
        p.fill(Side::Sell, 65, 12_000);
        p.fill(Side::Buy, 130, 11_000);
        assert_eq!((p.net(), p.cost), (65, dec!(11000)));
    }

    #[test]
    fn a_carried_position_starts_the_day_without_profit() {
        let mut account = Account::new("1", 100_000_000);
        let p = position();
        account.fill(p.contract, p.product, p.id, Side::Sell, 65, 12_000);
        account.roll(|_| 11_500);
        let row = account.positions[0].view(11_400);
        assert_eq!((row.sell_quantity, row.sell_average), (Quantity(65), Price(dec!(115))));
        assert_eq!((row.realised, row.unrealised), (Money(dec!(0)), Money(dec!(65))));
        assert_eq!(row.cost, Price(dec!(120)), "the true cost is remembered");
    }
}
