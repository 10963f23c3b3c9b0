//! Market quote: REST snapshots of up to 1,000 instruments per call.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::enums::ExchangeSegment;
use super::values;

/// The largest number of instruments in one call.
pub const MAX_INSTRUMENTS: usize = 1_000;

/// Body of all three calls: security ids (integers here) by segment.
pub type QuoteRequest = BTreeMap<ExchangeSegment, Vec<u64>>;

/// Answer: by segment and security id. Ids that are not known are left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Quotes<T> {
    pub data: BTreeMap<ExchangeSegment, BTreeMap<u64, T>>,
    #[serde(default)]
    pub status: String,
}

impl<T> Quotes<T> {
    pub fn success(data: BTreeMap<ExchangeSegment, BTreeMap<u64, T>>) -> Self {
        Self { data, status: "success".to_string() }
    }
}

/// `POST /marketfeed/ltp`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ltp {
    #[serde(with = "values::number")]
    pub last_price: Decimal,
}

/// `POST /marketfeed/ohlc`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LtpOhlc {
    #[serde(with = "values::number")]
    pub last_price: Decimal,
    pub ohlc: Ohlc,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ohlc {
    #[serde(with = "values::number")]
    pub open: Decimal,
    /// The previous day's close during the session, this day's after it.
    #[serde(with = "values::number")]
    pub close: Decimal,
    #[serde(with = "values::number")]
    pub high: Decimal,
    #[serde(with = "values::number")]
    pub low: Decimal,
}

/// `POST /marketfeed/quote`. A contract without trades is filled with zeros.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FullQuote {
    #[serde(with = "values::number")]
    pub average_price: Decimal,
    /// Sum of all buy orders in the book.
    #[serde(with = "values::whole")]
    pub buy_quantity: i64,
    pub depth: Depth,
    #[serde(with = "values::number")]
    pub last_price: Decimal,
    #[serde(with = "values::whole")]
    pub last_quantity: i64,
    /// `DD/MM/YYYY HH:MM:SS` in India; `01/01/1980 00:00:00` is never.
    #[serde(with = "values::text")]
    pub last_trade_time: String,
    #[serde(with = "values::number")]
    pub lower_circuit_limit: Decimal,
    #[serde(with = "values::number")]
    pub net_change: Decimal,
    pub ohlc: Ohlc,
    #[serde(with = "values::whole")]
    pub oi: i64,
    #[serde(with = "values::whole")]
    pub oi_day_high: i64,
    #[serde(with = "values::whole")]
    pub oi_day_low: i64,
    #[serde(with = "values::whole")]
    pub sell_quantity: i64,
    #[serde(with = "values::number")]
    pub upper_circuit_limit: Decimal,
    #[serde(with = "values::whole")]
    pub volume: i64,
}

/// Five levels a side, best first; an empty level is all zero.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Depth {
    pub buy: Vec<DepthLevel>,
    pub sell: Vec<DepthLevel>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DepthLevel {
    #[serde(with = "values::whole")]
    pub quantity: i64,
    #[serde(with = "values::whole")]
    pub orders: i64,
    #[serde(with = "values::number")]
    pub price: Decimal,
}
