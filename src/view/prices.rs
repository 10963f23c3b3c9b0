//! The newest prices, owned by the app: latest wins.

use std::collections::HashMap;

use rust_decimal::Decimal;

use crate::domain::{Contract, ContractKind, Price, Quote};

/// The newest quote of a contract and the close it is compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Priced {
    pub quote: Option<Quote>,
    pub previous_close: Option<Price>,
}

impl Priced {
    /// Change of the last price since the previous close, in per cent.
    pub fn change_pct(&self) -> Option<Decimal> {
        let (quote, close) = (self.quote?, self.previous_close?);
        if close.0.is_zero() {
            return None;
        }
        Some(((quote.last.0 - close.0) * Decimal::ONE_HUNDRED / close.0).round_dp(2))
    }
}

/// Contract → newest quote and previous close.
#[derive(Clone, Debug, Default)]
pub struct Prices {
    by_contract: HashMap<Contract, Priced>,
    /// Index values in the order in which they are shown.
    indices: Vec<Contract>,
}

/// The order in which index values are shown; others follow in the order they came.
const FIRST: [&str; 5] = ["NIFTY", "BANKNIFTY", "SENSEX", "FINNIFTY", "MIDCPNIFTY"];

impl Prices {
    pub fn set_quote(&mut self, contract: Contract, quote: Quote) {
        self.entry(contract).quote = Some(quote);
    }

    pub fn set_previous_close(&mut self, contract: Contract, close: Price) {
        self.entry(contract).previous_close = Some(close);
    }

    pub fn get(&self, contract: &Contract) -> Option<&Priced> {
        self.by_contract.get(contract)
    }

    pub fn quote(&self, contract: &Contract) -> Option<Quote> {
        self.get(contract).and_then(|p| p.quote)
    }

    /// Index values, NIFTY first.
    pub fn indices(&self) -> &[Contract] {
        &self.indices
    }

    /// Drops what nobody needs any more (a new day, an expiry).
    pub fn retain(&mut self, keep: impl Fn(&Contract) -> bool) {
        self.by_contract.retain(|c, _| keep(c));
        self.indices.retain(|c| keep(c));
    }

    fn entry(&mut self, contract: Contract) -> &mut Priced {
        let known = self.by_contract.contains_key(&contract);
        if !known && contract.kind == ContractKind::Index {
            self.indices.push(contract);
            self.indices.sort_by_key(|c| FIRST.iter().position(|f| *f == c.underlying.as_str()).unwrap_or(FIRST.len()));
        }
        self.by_contract.entry(contract).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Exchange, Symbol};

    #[test]
    fn indices_are_listed_with_nifty_first() {
        let mut prices = Prices::default();
        for name in ["INDIAVIX", "SENSEX", "NIFTY", "BANKNIFTY"] {
            let contract = Contract::index(Exchange::Nse, Symbol::new(name).unwrap());
            prices.set_previous_close(contract, Price(100.into()));
        }
        let names: Vec<&str> = prices.indices().iter().map(|c| c.underlying.as_str()).collect();
        assert_eq!(names, ["NIFTY", "BANKNIFTY", "SENSEX", "INDIAVIX"]);
    }

    #[test]
    fn without_a_previous_close_there_is_no_change() {
        assert_eq!(Priced::default().change_pct(), None);
    }
}
