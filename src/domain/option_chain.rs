//! The options of one underlying and one expiry, side by side, as a broker tells them.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::{Contract, ContractKind, OptionRight, Price, Quote};

/// The options of one expiry with their prices, ascending by strike, the call of a strike before its put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionChain {
    pub underlying: Contract,
    pub expiry: Date,
    /// The underlying's last price.
    pub spot: Price,
    pub options: Vec<ChainOption>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainOption {
    pub contract: Contract,
    pub quote: Quote,
    /// The broker's figure, in percent a year.
    pub implied_volatility: Option<Decimal>,
    pub greeks: Option<OptionGreeks>,
    /// Units.
    pub open_interest: u64,
    pub previous_open_interest: u64,
    /// Units.
    pub volume: u64,
    pub previous_close: Option<Price>,
}

/// The broker's figures: theta per day, vega per 1 % of volatility.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptionGreeks {
    pub delta: Decimal,
    pub gamma: Decimal,
    pub theta: Decimal,
    pub vega: Decimal,
}

impl ChainOption {
    /// Units, more or fewer than at the last close.
    pub fn open_interest_change(&self) -> i64 {
        let change = i128::from(self.open_interest) - i128::from(self.previous_open_interest);
        i64::try_from(change).unwrap_or(i64::MAX)
    }
}

/// A strike of a chain with what is listed there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StrikeRow<'a> {
    pub strike: Price,
    pub call: Option<&'a ChainOption>,
    pub put: Option<&'a ChainOption>,
}

impl OptionChain {
    /// Ascending by strike.
    pub fn rows(&self) -> Vec<StrikeRow<'_>> {
        let mut rows: Vec<StrikeRow<'_>> = Vec::new();
        for option in &self.options {
            let ContractKind::Option { strike, right, .. } = option.contract.kind else { continue };
            if rows.last().is_none_or(|r| r.strike != strike) {
                rows.push(StrikeRow { strike, call: None, put: None });
            }
            let Some(row) = rows.last_mut() else { continue };
            match right {
                OptionRight::Call => row.call = Some(option),
                OptionRight::Put => row.put = Some(option),
            }
        }
        rows
    }

    pub fn option(&self, contract: &Contract) -> Option<&ChainOption> {
        self.options.binary_search_by_key(contract, |o| o.contract).ok().map(|i| &self.options[i])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;
    use crate::domain::{Exchange, Quantity, Symbol};
    use jiff::civil::date;
    use rust_decimal_macros::dec;

    fn option(strike: i64, right: OptionRight) -> ChainOption {
        let nifty = Symbol::new("NIFTY").unwrap();
        let contract = Contract::option(Exchange::Nse, nifty, date(2026, 11, 24), Price(strike.into()), right);
        let quote = Quote {
            last: Price(dec!(10)),
            bid: None,
            ask: None,
            bid_quantity: Quantity::ZERO,
            ask_quantity: Quantity::ZERO,
            at: Timestamp::UNIX_EPOCH,
        };
        ChainOption {
            contract,
            quote,
            implied_volatility: None,
            greeks: None,
            open_interest: 650,
            previous_open_interest: 1_300,
            volume: 0,
            previous_close: None,
        }
    }

    #[test]
    fn call_and_put_of_a_strike_stand_in_one_row() {
        use OptionRight::{Call, Put};
        let options = vec![option(25_900, Call), option(25_900, Put), option(26_000, Put), option(26_100, Call)];
        let underlying = Contract::index(Exchange::Nse, Symbol::new("NIFTY").unwrap());
        let chain = OptionChain { underlying, expiry: date(2026, 11, 24), spot: Price(dec!(25_950)), options };
        let rows = chain.rows();
        let listed: Vec<(bool, bool)> = rows.iter().map(|r| (r.call.is_some(), r.put.is_some())).collect();
        assert_eq!(listed, [(true, true), (false, true), (true, false)]);
        let put = chain.option(&option(26_000, Put).contract).unwrap();
        assert_eq!(put.open_interest_change(), -650);
        assert!(chain.option(&option(26_000, Call).contract).is_none());
    }
}
