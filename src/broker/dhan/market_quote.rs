//! Snapshots of prices over REST.

use std::collections::BTreeMap;

use tokio::time::sleep;

use super::contracts::{current, security_of};
use super::rest::decode;
use super::sighting::units;
use super::{DhanBroker, Purpose};
use crate::broker::BrokerError;
use crate::domain::time::Timestamp;
use crate::domain::{Contract, Price, Quantity, Quote};
use crate::protocol::dhan::market_quote::{DepthLevel, FullQuote, MAX_INSTRUMENTS, QuoteRequest, Quotes};

impl DhanBroker {
    /// Contracts that are not listed today, and those the broker leaves out, are left out.
    pub(super) async fn market_quotes(&self, contracts: &[Contract]) -> Result<Vec<(Contract, Quote)>, BrokerError> {
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
            let answer: Quotes<FullQuote> = decode(Purpose::Read, &self.ask("/marketfeed/quote", &request).await?)?;
            let at = Timestamp::now();
            for ((segment, id), contract) in batch {
                let told = answer.data.get(segment).and_then(|quotes| quotes.get(id));
                found.extend(told.and_then(|told| quote(told, at)).map(|quote| (*contract, quote)));
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
