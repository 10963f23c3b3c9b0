//! The newest prices of what is watched, and what has changed since they were last told.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use crate::domain::time::Timestamp;
use crate::domain::{Contract, Price, Quantity, Quote};
use crate::protocol::dhan::market_feed::{Body, DepthLevel, FeedInstrument, FeedPrice, Full, Packet, QuoteFields};

#[derive(Debug, Default)]
pub(super) struct PriceBook {
    /// By the feed's numbers of segment and security.
    watched: BTreeMap<(u8, u32), Entry>,
    /// What has a quote that was not told.
    news: BTreeSet<(u8, u32)>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    contract: Contract,
    quote: Option<Quote>,
    close: Option<Decimal>,
}

impl Entry {
    fn has_touch(&self) -> bool {
        self.quote.is_some_and(|quote| quote.bid.is_some() || quote.ask.is_some())
    }
}

/// What a packet says besides a quote.
#[derive(Debug, PartialEq)]
pub(super) enum Said {
    Nothing,
    PreviousClose(Contract, Price),
    Disconnect(u16),
}

impl PriceBook {
    /// Keeps what is known of contracts that stay, forgets the others.
    pub(super) fn watch<'a>(&mut self, wanted: impl Iterator<Item = (&'a FeedInstrument, Contract)>) {
        let mut before = std::mem::take(&mut self.watched);
        for (instrument, contract) in wanted {
            let number = instrument.exchange_segment.number();
            let (Some(segment), Ok(id)) = (number, instrument.security_id.parse::<u32>()) else {
                tracing::warn!("{contract} has no number in the feed");
                continue;
            };
            let known = before.remove(&(segment, id)).filter(|entry| entry.contract == contract);
            let entry = known.unwrap_or(Entry { contract, quote: None, close: None });
            self.watched.insert((segment, id), entry);
        }
        self.news.retain(|key| self.watched.contains_key(key));
    }

    pub(super) fn has_news(&self) -> bool {
        !self.news.is_empty()
    }

    /// The newest quote of everything that changed since the last time.
    pub(super) fn take_quotes(&mut self) -> Vec<(Contract, Quote)> {
        let changed = std::mem::take(&mut self.news);
        let of = |key| self.watched.get(&key).and_then(|entry| Some((entry.contract, entry.quote?)));
        changed.into_iter().filter_map(of).collect()
    }

    pub(super) fn take(&mut self, packet: &Packet, now: Timestamp) -> Said {
        if let Body::Disconnect(reason) = packet.body {
            return Said::Disconnect(reason);
        }
        let key = (packet.segment, packet.security_id);
        let Some(entry) = self.watched.get_mut(&key) else { return Said::Nothing };
        let quote = match &packet.body {
            Body::Full(full) => full_quote(full, now),
            // Where the touch is known, packets that do not tell it say nothing new: the full one comes too.
            Body::Ticker(_) | Body::Quote(_) if entry.has_touch() => None,
            Body::Ticker(ticker) => last_only(ticker.last, now),
            Body::Quote(fields) => last_only(fields.last, now),
            Body::OpenInterest(_)
            | Body::PreviousClose(_)
            | Body::MarketStatus
            | Body::Disconnect(_)
            | Body::Unknown { .. } => None,
        };
        if quote.is_some() {
            entry.quote = quote;
            self.news.insert(key);
        }
        let close = match &packet.body {
            Body::Full(Full { quote: QuoteFields { close, .. }, .. }) | Body::Quote(QuoteFields { close, .. }) => {
                close.present()
            }
            Body::PreviousClose(previous) => previous.close.present(),
            _ => None,
        };
        match close {
            Some(close) if entry.close != Some(close) => {
                entry.close = Some(close);
                Said::PreviousClose(entry.contract, Price(close))
            }
            _ => Said::Nothing,
        }
    }
}

/// `None` for a contract without any price.
fn full_quote(full: &Full, at: Timestamp) -> Option<Quote> {
    let best = full.depth.first().copied().unwrap_or_default();
    let DepthLevel { bid_quantity, ask_quantity, bid, ask, .. } = best;
    let (bid, bid_quantity) = side(bid, bid_quantity);
    let (ask, ask_quantity) = side(ask, ask_quantity);
    let last = full.quote.last.present().map(Price);
    if last.is_none() && bid.is_none() && ask.is_none() {
        return None;
    }
    Some(Quote { last: last.unwrap_or_default(), bid, ask, bid_quantity, ask_quantity, at })
}

fn side(price: FeedPrice, quantity: u32) -> (Option<Price>, Quantity) {
    match price.present() {
        Some(price) if quantity > 0 && price > Decimal::ZERO => (Some(Price(price)), Quantity(quantity)),
        _ => (None, Quantity::ZERO),
    }
}

/// A packet without depth: the touch is not known.
fn last_only(last: FeedPrice, at: Timestamp) -> Option<Quote> {
    let last = Price(last.present()?);
    Some(Quote { last, bid: None, ask: None, bid_quantity: Quantity::ZERO, ask_quantity: Quantity::ZERO, at })
}
