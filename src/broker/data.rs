//! What brokers tell beyond orders and prices of the moment: charts, deep books, statements, holdings, margins.

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::domain::time::Timestamp;
use crate::domain::{Bar, Contract, Money, OptionRight, Price, Quantity, TradeSighting};

use super::LinkState;

/// Lengths of intraday bars that brokers have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BarLength {
    Minute,
    FiveMinutes,
    FifteenMinutes,
    TwentyFiveMinutes,
    Hour,
}

/// An option by its distance from the money, of the n-th expiry to come: another contract as time goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RollingOption {
    /// Of the monthly expiries only, instead of all weeks.
    pub monthly: bool,
    /// 1 is the nearest, 2 the next, 3 the one after.
    pub expiry: u8,
    /// Strikes above the money; below it is negative.
    pub steps: i32,
    pub right: OptionRight,
}

/// One bar of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RollingBar {
    pub bar: Bar,
    pub strike: Price,
    /// The underlying's close.
    pub spot: Price,
    /// Percent a year; `None` where it cannot be computed.
    pub implied_volatility: Option<Decimal>,
}

/// A row of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerLine {
    pub date: Option<Date>,
    /// The broker's words.
    pub narration: String,
    pub voucher: String,
    pub debit: Money,
    pub credit: Money,
    /// After this row.
    pub balance: Money,
}

/// A fill of a past day, and what it cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastFill {
    pub fill: TradeSighting,
    pub brokerage: Money,
    pub stt: Money,
    pub exchange: Money,
    pub sebi: Money,
    pub stamp: Money,
    /// Goods and services tax.
    pub gst: Money,
}

/// Shares held for delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// `None` for a share that is not in today's instrument list.
    pub contract: Option<Contract>,
    /// The broker's name of it.
    pub symbol: String,
    pub isin: String,
    pub total: Quantity,
    /// What may be sold today.
    pub available: Quantity,
    /// Bought the day before, not yet delivered.
    pub undelivered: Quantity,
    pub pledged: Quantity,
    pub cost: Price,
    pub last: Option<Price>,
}

/// How much of a holding may be sold under an authorisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorised {
    pub held: Quantity,
    pub approved: Quantity,
    /// The broker's words.
    pub remarks: String,
}

/// What orders would tie up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MarginNeed {
    pub total: Money,
    pub span: Money,
    pub exposure: Money,
    /// What is missing; `None` where the broker does not say.
    pub shortfall: Option<Money>,
    pub brokerage: Option<Money>,
}

/// Last price with the day's, for one contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayPrices {
    pub last: Price,
    pub open: Price,
    pub high: Price,
    pub low: Price,
    /// The previous day's during the session.
    pub close: Price,
}

/// One level of a deep book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    pub price: Price,
    pub quantity: Quantity,
    pub orders: u32,
}

/// From a depth link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DepthNews {
    Link(LinkState),
    /// One side of a book, whole, best first.
    Side {
        contract: Contract,
        bids: bool,
        levels: Vec<Level>,
        at: Timestamp,
    },
}
