//! What the exchanges say of their index contracts: lots, strikes, freeze quantities and expiry days, each with its dates.
//!
//! The broker's instrument list of the day is the authority on what can be traded. These tables list the contracts of the
//! built-in exchange, and let a list be checked before it is believed.

mod check;
mod text;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

pub use self::check::Disagreement;
pub use self::text::ContractRulesError;
use super::calendar::TradingCalendar;
use super::time::{Timestamp, ist};
use super::{Exchange, Price, Quantity, SecurityId, Symbol};

/// The rules of the contracts on one index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnderlyingRules {
    pub symbol: Symbol,
    pub exchange: Exchange,
    /// The index' number at Dhan, in its index segment.
    pub dhan_index_id: SecurityId,
    /// Distance between strikes near the money, in points. Contracts of a year and more have wider ones.
    pub strike_step: Price,
    /// Smallest price step of its futures and options, in points.
    pub tick: Price,
    /// Whether it has weekly options besides the monthly ones. Today's rule; weeklies ended in 2024 are not modelled.
    pub weekly: bool,
    lots: Vec<LotRule>,
    /// Largest order quantity by the date from which it holds, ascending.
    freeze: Vec<(Date, Quantity)>,
}

/// A lot size belongs to the contracts that expire in a range of days, not to the day of the trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct LotRule {
    first_expiry: Date,
    last_expiry: Option<Date>,
    lot: Quantity,
}

impl UnderlyingRules {
    /// Units in one lot of the contracts expiring on `expiry`; `None` where the tables know no such contract.
    ///
    /// In a transition two lots coexist: the old lot's last monthly expires after the first weeklies with the new one.
    pub fn lot(&self, expiry: Date) -> Option<Quantity> {
        let holds = |r: &&LotRule| r.first_expiry <= expiry && r.last_expiry.is_none_or(|last| expiry <= last);
        let ends_here = self.lots.iter().find(|r| r.last_expiry == Some(expiry));
        ends_here.or_else(|| self.lots.iter().filter(holds).max_by_key(|r| r.first_expiry)).map(|r| r.lot)
    }

    /// The freeze quantity on the day `on`: an order above it is refused by the exchange.
    pub fn freeze(&self, on: Date) -> Option<Quantity> {
        self.freeze.iter().rev().find(|(from, _)| *from <= on).map(|(_, quantity)| *quantity)
    }

    /// The largest quantity one order may have on the day `on` in contracts expiring on `expiry`: whole lots up to the freeze quantity.
    pub fn max_order(&self, expiry: Date, on: Date) -> Option<Quantity> {
        Some(usable_max_order(self.freeze(on)?, self.lot(expiry)?))
    }
}

/// The largest whole number of lots that is not above `freeze`, in units. Never less than one lot: were the freeze
/// quantity smaller than that, nothing could be traded at all.
pub fn usable_max_order(freeze: Quantity, lot: Quantity) -> Quantity {
    match freeze.0.checked_div(lot.0) {
        Some(lots) => Quantity(lots.max(1).saturating_mul(lot.0)),
        None => freeze,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExpiryCycle {
    Weekly,
    Monthly,
}

/// A day on which contracts end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Expiry {
    pub date: Date,
    /// The weekday rule's own day; later than `date` when a holiday moved the expiry.
    pub nominal: Date,
    pub cycle: ExpiryCycle,
}

/// The rules of all index contracts, read from `contracts.yaml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractRules {
    /// Ascending by symbol.
    underlyings: Vec<UnderlyingRules>,
    /// The weekday of expiries by the date from which it holds, ascending.
    weekdays: BTreeMap<Exchange, Vec<(Date, Weekday)>>,
}

static BUILT_IN: LazyLock<ContractRules> = LazyLock::new(|| {
    // A test holds that the compiled-in table parses; were it broken, knowing no contract is the safe answer.
    ContractRules::from_text(include_str!("../../assets/market/contracts.yaml"))
        .unwrap_or(ContractRules { underlyings: Vec::new(), weekdays: BTreeMap::new() })
});

impl ContractRules {
    /// The rules compiled into the program.
    pub fn builtin() -> &'static Self {
        &BUILT_IN
    }

    /// Reads the text of `contracts.yaml`. Errors name the line and what is wrong.
    pub fn from_text(yaml: &str) -> Result<Self, ContractRulesError> {
        text::read(yaml)
    }

    pub fn get(&self, symbol: Symbol) -> Option<&UnderlyingRules> {
        self.underlyings.iter().find(|u| u.symbol == symbol)
    }

    /// All underlyings, ascending by symbol.
    pub fn underlyings(&self) -> &[UnderlyingRules] {
        &self.underlyings
    }

    /// Units in one lot of the contracts of `symbol` expiring on `expiry`.
    pub fn lot(&self, symbol: Symbol, expiry: Date) -> Option<Quantity> {
        self.get(symbol)?.lot(expiry)
    }

    /// Whole lots up to the freeze quantity of the day `on`.
    pub fn max_order(&self, symbol: Symbol, expiry: Date, on: Date) -> Option<Quantity> {
        self.get(symbol)?.max_order(expiry, on)
    }

    /// The expiry days of `symbol` not before `from`, ascending: the next `weeklies` weekly ones (for underlyings that have
    /// weekly contracts) and the next `monthlies` monthly ones. In the week of a monthly expiry there is no weekly one.
    pub fn expiries(
        &self,
        symbol: Symbol,
        from: Date,
        calendar: &TradingCalendar,
        weeklies: usize,
        monthlies: usize,
    ) -> Vec<Date> {
        self.expiry_list(symbol, from, calendar, weeklies, monthlies).into_iter().map(|e| e.date).collect()
    }

    /// As `expiries`, with the cycle of each.
    pub fn expiry_list(
        &self,
        symbol: Symbol,
        from: Date,
        calendar: &TradingCalendar,
        weeklies: usize,
        monthlies: usize,
    ) -> Vec<Expiry> {
        match self.get(symbol) {
            Some(rules) => {
                let weeklies = if rules.weekly { weeklies } else { 0 };
                self.exchange_expiries(rules.exchange, from, calendar, weeklies, monthlies)
            }
            None => Vec::new(),
        }
    }

    /// The expiry days of an exchange, whoever has contracts on them: shares expire with the monthly index contracts.
    pub fn exchange_expiries(
        &self,
        exchange: Exchange,
        from: Date,
        calendar: &TradingCalendar,
        weeklies: usize,
        monthlies: usize,
    ) -> Vec<Expiry> {
        let (mut weeklies, mut monthlies) = (weeklies, monthlies);
        let mut found: Vec<Expiry> = Vec::new();
        // Six years reach beyond the longest contract listed; an expiry moves back only, so none of interest is before `from`.
        for day in (0..6 * 366).map(|n: i32| from.saturating_add(n.days())) {
            if weeklies == 0 && monthlies == 0 {
                break;
            }
            let Some(cycle) = self.nominal_cycle(exchange, day) else { continue };
            let date = calendar.trading_day_on_or_before(exchange, day);
            let left = match cycle {
                ExpiryCycle::Weekly => &mut weeklies,
                ExpiryCycle::Monthly => &mut monthlies,
            };
            if date >= from && *left > 0 {
                *left -= 1;
                found.push(Expiry { date, nominal: day, cycle });
            }
        }
        // A week without any trading day would move two expiries onto one.
        found.dedup_by_key(|e| e.date);
        found
    }

    /// The contract of `symbol` that ends next: its close is after `now`. With `monthly_only`, weekly ones are passed over.
    pub fn next_expiry(
        &self,
        symbol: Symbol,
        now: Timestamp,
        calendar: &TradingCalendar,
        monthly_only: bool,
    ) -> Option<Expiry> {
        let exchange = self.get(symbol)?.exchange;
        let weeklies = if monthly_only { 0 } else { 2 };
        let coming = self.expiry_list(symbol, ist(now).date(), calendar, weeklies, 2);
        coming.into_iter().find(|e| calendar.close_of_expiry(exchange, e.date) > now)
    }

    /// Whether the weekday rule puts an expiry on `day`, holidays aside, and which. The last such day of a month is the monthly one.
    fn nominal_cycle(&self, exchange: Exchange, day: Date) -> Option<ExpiryCycle> {
        if !self.is_nominal(exchange, day) {
            return None;
        }
        let rest_of_month = (1..31).map(|n: i32| day.saturating_add(n.days())).take_while(|d| d.month() == day.month());
        let another = rest_of_month.into_iter().any(|d| self.is_nominal(exchange, d));
        Some(if another { ExpiryCycle::Weekly } else { ExpiryCycle::Monthly })
    }

    fn is_nominal(&self, exchange: Exchange, day: Date) -> bool {
        let rules = self.weekdays.get(&exchange).map_or(&[][..], Vec::as_slice);
        rules.iter().rev().find(|(from, _)| *from <= day).is_some_and(|(_, weekday)| *weekday == day.weekday())
    }
}

#[cfg(test)]
mod tests;
