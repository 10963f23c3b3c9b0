//! Expired options, by their distance from the money: at every bar the contract is the one that was so far from the money
//! then, of the n-th expiry that was still to come.

use jiff::ToSpan;
use jiff::civil::Date;

use crate::domain::time::{Timestamp, from_ist, ist};
use crate::domain::{Bar, Contract, ContractKind, ContractRules, ExpiryCycle, OptionRight, Price, SecurityId};

use super::charts::Charts;
use super::listing::{Listed, price, to_paise};
use super::market::worth_then;
use super::past::instant;

/// Which option at each moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RollingOption {
    pub monthly: bool,
    /// 1 is the nearest expiry, 2 the next.
    pub expiry: usize,
    /// Strikes above the money.
    pub steps: i32,
    pub right: OptionRight,
}

/// One bar of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RollingBar {
    pub bar: Bar,
    pub strike: Price,
    pub spot: Price,
    /// Annual, as a fraction.
    pub volatility: f64,
}

impl Charts {
    /// Bars of an option that rolls, on days before today; of an index or a share only.
    pub fn rolling(&self, option: RollingOption, minutes: u32, from: Date, to: Date) -> Vec<RollingBar> {
        let underlying = self.listed.contract;
        if !matches!(underlying.kind, ContractKind::Index | ContractKind::Equity) {
            return Vec::new();
        }
        let mut rows = Vec::new();
        for day in from.series(1.day()).take_while(|day| *day < to.min(self.today)) {
            let Some(expiry) = self.expiry_on(day, option) else { continue };
            let (start, end) = (from_ist(day.at(0, 0, 0, 0)), from_ist(day.at(23, 59, 59, 0)));
            let spots = self.intraday(minutes, start, end);
            rows.extend(spots.iter().filter_map(|spot| self.rolled(spot, expiry, option)));
        }
        rows
    }

    fn expiry_on(&self, day: Date, option: RollingOption) -> Option<Date> {
        let (rules, calendar) = (ContractRules::builtin(), self.clock.calendar());
        let underlying = self.listed.contract;
        let weeklies = if option.monthly { 0 } else { option.expiry + 1 };
        let coming = match rules.get(underlying.underlying) {
            Some(rule) if option.monthly || rule.weekly => {
                rules.expiry_list(underlying.underlying, day, calendar, weeklies, option.expiry + 1)
            }
            Some(_) => Vec::new(),
            // Shares have monthly contracts only.
            None if option.monthly => rules.exchange_expiries(underlying.exchange, day, calendar, 0, option.expiry),
            None => Vec::new(),
        };
        let wanted = coming.into_iter().filter(|e| !option.monthly || e.cycle == ExpiryCycle::Monthly);
        wanted.map(|e| e.date).nth(option.expiry.checked_sub(1)?)
    }

    fn rolled(&self, spot: &Bar, expiry: Date, option: RollingOption) -> Option<RollingBar> {
        let spec = self.market.specs.first()?;
        let step = to_paise(spec.strike_step).filter(|s| *s > 0)?;
        let open = to_paise(spot.open)?;
        let strike = (open + step / 2) / step * step + i64::from(option.steps) * step;
        if strike <= 0 {
            return None;
        }
        let underlying = self.listed.contract;
        let contract =
            Contract::option(underlying.exchange, underlying.underlying, expiry, price(strike), option.right);
        let close = self.clock.calendar().close_of_expiry(underlying.exchange, expiry);
        let tick = to_paise(spec.tick)?;
        let listed =
            Listed { contract, id: SecurityId(0), underlying: 0, lot: 1, tick, max_order: None, close: Some(close) };
        let worth = |at: Price, when: Timestamp| worth_then(&listed, to_paise(at).unwrap_or(0), spec.vol, when);
        let end = instant(spot.start.as_second() + 59);
        let ((first, _), (last, volatility)) = (worth(spot.open, spot.start), worth(spot.close, end));
        let (a, b) = (worth(spot.high, spot.start).0, worth(spot.low, spot.start).0);
        let interest = self.market.open_interest(&listed);
        let days_left = i64::from(expiry.since(ist(spot.start).date()).map_or(0, |s| s.get_days())).max(0);
        // Most of an expiry's life is behind it when it is near.
        let grown = f64::from(interest) / (1.0 + days_left as f64 / 7.0);
        let bar = Bar {
            open: price(first),
            high: price(a.max(b).max(first).max(last)),
            low: price(a.min(b).min(first).min(last)),
            close: price(last),
            volume: (grown * 3.0 / 385.0) as u64,
            open_interest: grown as u64,
            ..*spot
        };
        Some(RollingBar { bar, strike: price(strike), spot: spot.close, volatility })
    }
}
