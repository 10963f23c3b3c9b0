//! The market as it is read: quotes, depth, option chains.

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::domain::time::Timestamp;
use crate::domain::{
    Contract, ContractKind, Exchange as Place, OptionRight, Price, Quantity, Quote, SecurityId, Symbol,
};
use crate::options::black76::Greeks;

use super::Exchange;
use super::listing::{self, Listed, price};
use super::market::{Book, Level, Market};

/// One price of the book and what rests there. A quantity of zero: nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DepthLevel {
    pub price: Price,
    pub quantity: Quantity,
    pub orders: u16,
}

/// All a broker's full quote says of a contract.
#[derive(Clone, Debug, PartialEq)]
pub struct MarketView {
    pub contract: Contract,
    pub security_id: SecurityId,
    pub quote: Quote,
    /// Best first; empty levels have a quantity of zero. An index has none.
    pub bids: [DepthLevel; 5],
    pub asks: [DepthLevel; 5],
    pub last_quantity: Quantity,
    /// When the last price was made.
    pub last_at: Timestamp,
    pub average: Price,
    pub volume: u32,
    pub total_bid: Quantity,
    pub total_ask: Quantity,
    pub open: Price,
    pub high: Price,
    pub low: Price,
    pub previous_close: Price,
    /// In units.
    pub open_interest: u32,
    /// Prices orders must lie between.
    pub lower_limit: Price,
    pub upper_limit: Price,
}

/// The options of one expiry around their underlying.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    pub underlying: Price,
    /// Ascending by strike.
    pub rows: Vec<ChainRow>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ChainRow {
    pub strike: Price,
    pub call: Option<ChainLeg>,
    pub put: Option<ChainLeg>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ChainLeg {
    pub market: MarketView,
    pub greeks: Greeks,
    /// Annual, as a fraction.
    pub volatility: f64,
}

impl Exchange {
    /// Last price and touch; `None` for what is not listed.
    pub fn quote(&self, contract: &Contract) -> Option<Quote> {
        let listed = self.find(contract)?;
        Some(self.quote_from(&self.book(&listed)))
    }

    /// Everything the market shows of a contract.
    pub fn market_view(&self, contract: &Contract) -> Option<MarketView> {
        self.find(contract).map(|listed| self.view_of(&listed))
    }

    /// The expiries listed for an underlying, ascending.
    pub fn expiries(&self, exchange: Place, underlying: Symbol) -> Vec<Date> {
        let Some(spec) = self.market.underlying(exchange, underlying).and_then(|u| self.market.specs.get(u)) else {
            return Vec::new();
        };
        let close = |date: Date| self.clock.calendar().close_of_expiry(exchange, date);
        spec.series.iter().map(|s| s.expiry).filter(|e| close(*e) > self.now).collect()
    }

    /// Every option of one expiry; `None` when there is none.
    pub fn option_chain(&self, exchange: Place, underlying: Symbol, expiry: Date) -> Option<Chain> {
        let at = self.market.underlying(exchange, underlying)?;
        let spec = self.market.specs.get(at)?;
        if !self.expiries(exchange, underlying).contains(&expiry) {
            return None;
        }
        let leg = |strike: Price, right: OptionRight| {
            let listed = self.find(&Contract::option(exchange, underlying, expiry, strike, right))?;
            let (greeks, volatility) = self.market.greeks(&listed, self.pricing_time())?;
            Some(ChainLeg { market: self.view_of(&listed), greeks, volatility })
        };
        let row = |paise: i64| {
            let strike = price(paise);
            ChainRow { strike, call: leg(strike, OptionRight::Call), put: leg(strike, OptionRight::Put) }
        };
        let rows = listing::strikes(spec).into_iter().map(row).collect();
        Some(Chain { underlying: price(self.market.spot(at)), rows })
    }

    fn quote_from(&self, book: &Book) -> Quote {
        let best = |levels: &[Level]| levels.first().filter(|l| l.quantity > 0).copied();
        let (bid, ask) = (best(&book.bids), best(&book.asks));
        Quote {
            last: price(book.last),
            bid: bid.map(|l| price(l.price)),
            ask: ask.map(|l| price(l.price)),
            bid_quantity: Quantity(bid.map_or(0, |l| l.quantity)),
            ask_quantity: Quantity(ask.map_or(0, |l| l.quantity)),
            at: self.quote_time(),
        }
    }

    fn view_of(&self, listed: &Listed) -> MarketView {
        let book = self.book(listed);
        let quote = self.quote_from(&book);
        let day = self.market.day(listed.underlying);
        let is_index = listed.contract.kind == ContractKind::Index;
        // Of derivatives only the present is simulated: their day is the underlying's, valued now.
        let worth = |spot: i64| match listed.contract.kind {
            ContractKind::Index | ContractKind::Equity | ContractKind::Unlisted { .. } => spot,
            ContractKind::Future { .. } | ContractKind::Option { .. } => {
                let tick = listed.tick.max(1);
                let value = self.market.value(listed, spot as f64, 1.0, self.pricing_time());
                ((value / tick as f64).round() as i64).max(1) * tick
            }
        };
        let (open, high, low, previous) =
            day.map_or((0, 0, 0, 0), |d| (worth(d.open), worth(d.high), worth(d.low), worth(d.previous_close)));
        let (high, low) = (high.max(low).max(book.last).max(open), high.min(low).min(book.last).min(open));
        let (lower, upper) = if is_index { (0, 0) } else { Market::band(listed, book.fair) };
        let open_interest = match listed.contract.kind {
            ContractKind::Future { .. } | ContractKind::Option { .. } => self.market.open_interest(listed),
            ContractKind::Index | ContractKind::Equity | ContractKind::Unlisted { .. } => 0,
        };
        let levels = |side: &[Level; 5]| {
            side.map(|l| DepthLevel { price: price(l.price), quantity: Quantity(l.quantity), orders: l.orders })
        };
        let total = |side: &[Level; 5]| side.iter().map(|l| l.quantity).sum::<u32>().saturating_mul(20);
        let average = price((open + high + low + book.last) / 4);
        MarketView {
            contract: listed.contract,
            security_id: listed.id,
            quote,
            bids: levels(&book.bids),
            asks: levels(&book.asks),
            last_quantity: Quantity(book.last_quantity),
            last_at: quote.at,
            average: if is_index { Price(Decimal::ZERO) } else { average },
            volume: (self.market.day_volume(listed) * self.clock.day_part(self.now)) as u32,
            total_bid: Quantity(total(&book.bids)),
            total_ask: Quantity(total(&book.asks)),
            open: price(open),
            high: price(high),
            low: price(low),
            previous_close: price(previous),
            open_interest,
            lower_limit: price(lower),
            upper_limit: price(upper),
        }
    }
}
