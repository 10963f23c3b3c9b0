//! Snapshots of prices over REST.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use tokio::time::sleep;

use super::contracts::{current, security_of};
use super::rest::decode;
use super::sighting::units;
use super::{DhanBroker, Purpose};
use crate::broker::{BrokerError, DayPrices};
use crate::domain::time::Timestamp;
use crate::domain::{Contract, Price, Quantity, Quote};
use crate::protocol::dhan::market_quote::{DepthLevel, FullQuote, Ltp, LtpOhlc, MAX_INSTRUMENTS, QuoteRequest, Quotes};

impl DhanBroker {
    /// Contracts that are not listed today, and those the broker leaves out, are left out.
    pub(super) async fn market_quotes(&self, contracts: &[Contract]) -> Result<Vec<(Contract, Quote)>, BrokerError> {
        let told: Vec<(Contract, FullQuote)> = self.snapshots("/marketfeed/quote", contracts).await?;
        let at = Timestamp::now();
        Ok(told.iter().filter_map(|(contract, told)| Some((*contract, quote(told, at)?))).collect())
    }

    /// Last prices only; what has none is left out. Counts as a quote call for every thousand.
    pub async fn last_prices(&self, contracts: &[Contract]) -> Result<Vec<(Contract, Price)>, BrokerError> {
        let told: Vec<(Contract, Ltp)> = self.snapshots("/marketfeed/ltp", contracts).await?;
        let last = told.into_iter().map(|(contract, told)| (contract, Price(told.last_price)));
        Ok(last.filter(|(_, price)| price.is_positive()).collect())
    }

    /// Last prices and the day's; what has none is left out. Counts as a quote call for every thousand.
    pub async fn day_prices(&self, contracts: &[Contract]) -> Result<Vec<(Contract, DayPrices)>, BrokerError> {
        let told: Vec<(Contract, LtpOhlc)> = self.snapshots("/marketfeed/ohlc", contracts).await?;
        let day = |(contract, told): (Contract, LtpOhlc)| {
            let prices = DayPrices {
                last: Price(told.last_price),
                open: Price(told.ohlc.open),
                high: Price(told.ohlc.high),
                low: Price(told.ohlc.low),
                close: Price(told.ohlc.close),
            };
            prices.last.is_positive().then_some((contract, prices))
        };
        Ok(told.into_iter().filter_map(day).collect())
    }

    /// Asks for all of them, a thousand at a time.
    async fn snapshots<T: DeserializeOwned + Clone>(
        &self,
        path: &str,
        contracts: &[Contract],
    ) -> Result<Vec<(Contract, T)>, BrokerError> {
        let index = current(&self.index);
        let mut named: BTreeMap<_, Contract> = BTreeMap::new();
        for contract in contracts {
            match security_of(&index, contract) {
                Ok((segment, id)) => {
                    named.insert((segment, id.0), *contract);
                }
                Err(error) => tracing::warn!("no quote: {error}"),
            }
        }
        let named: Vec<_> = named.into_iter().collect();
        let mut found = Vec::with_capacity(named.len());
        for (number, batch) in named.chunks(MAX_INSTRUMENTS).enumerate() {
            if number > 0 {
                sleep(self.settings.quote_pause).await;
            }
            let mut request = QuoteRequest::new();
            for ((segment, id), _) in batch {
                request.entry(segment.clone()).or_default().push(*id);
            }
            let answer: Quotes<T> = decode(Purpose::Read, &self.ask(path, &request).await?)?;
            for ((segment, id), contract) in batch {
                let told = answer.data.get(segment).and_then(|quotes| quotes.get(id));
                found.extend(told.map(|told| (*contract, told.clone())));
            }
        }
        Ok(found)
    }
}

/// `None` for a contract without any price.
fn quote(told: &FullQuote, at: Timestamp) -> Option<Quote> {
    let (bid, bid_quantity) = touch(&told.depth.buy);
    let (ask, ask_quantity) = touch(&told.depth.sell);
    let last = Price(told.last_price);
    let says_something = last.is_positive() || bid.is_some() || ask.is_some();
    says_something.then_some(Quote { last, bid, ask, bid_quantity, ask_quantity, at })
}

/// The best level of a side; a level of zeros is an empty side.
fn touch(levels: &[DepthLevel]) -> (Option<Price>, Quantity) {
    let best = levels.first().map(|level| (Price(level.price), units(level.quantity).unwrap_or_default()));
    match best {
        Some((price, quantity)) if price.is_positive() && !quantity.is_zero() => (Some(price), quantity),
        _ => (None, Quantity::ZERO),
    }
}
