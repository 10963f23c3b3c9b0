//! Option chain and its expiry list. One request per underlying and expiry in three seconds.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::enums::ExchangeSegment;
use super::values;

/// Body of `POST /optionchain/expirylist`, and with an expiry of `POST /optionchain`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ChainRequest {
    /// The index's or the share's security id; an integer here.
    #[serde(with = "values::whole")]
    pub underlying_scrip: i64,
    pub underlying_seg: ExchangeSegment,
    #[serde(with = "values::date", skip_serializing_if = "Option::is_none")]
    pub expiry: Option<Date>,
}

/// Answer to `POST /optionchain/expirylist`, ascending.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ExpiryList {
    /// `YYYY-MM-DD`.
    pub data: Vec<String>,
    #[serde(default)]
    pub status: String,
}

impl ExpiryList {
    pub fn dates(&self) -> Vec<Date> {
        self.data.iter().filter_map(|text| values::parse_date(text)).collect()
    }
}

/// Answer to `POST /optionchain`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ChainAnswer {
    pub data: Chain,
    #[serde(default)]
    pub status: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Chain {
    /// The underlying's.
    #[serde(with = "values::number")]
    pub last_price: Decimal,
    /// By strike, written with six decimals (`25650.000000`).
    pub oc: BTreeMap<String, StrikeRow>,
}

/// The key of a strike in an answer.
pub fn strike_key(strike: Decimal) -> String {
    format!("{strike:.6}")
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StrikeRow {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ce: Option<ChainLeg>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pe: Option<ChainLeg>,
}

/// One option of a chain. Open interest and volume in units.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChainLeg {
    #[serde(with = "values::number")]
    pub average_price: Decimal,
    pub greeks: Greeks,
    /// Percent; 0 where it cannot be computed.
    #[serde(with = "values::number")]
    pub implied_volatility: Decimal,
    #[serde(with = "values::number")]
    pub last_price: Decimal,
    #[serde(with = "values::whole")]
    pub oi: i64,
    #[serde(with = "values::number")]
    pub previous_close_price: Decimal,
    #[serde(with = "values::whole")]
    pub previous_oi: i64,
    #[serde(with = "values::whole")]
    pub previous_volume: i64,
    #[serde(with = "values::whole")]
    pub security_id: i64,
    #[serde(with = "values::number")]
    pub top_ask_price: Decimal,
    #[serde(with = "values::whole")]
    pub top_ask_quantity: i64,
    #[serde(with = "values::number")]
    pub top_bid_price: Decimal,
    #[serde(with = "values::whole")]
    pub top_bid_quantity: i64,
    #[serde(with = "values::whole")]
    pub volume: i64,
}

/// Theta per day, vega per 1 % of volatility. All 0 where they cannot be computed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Greeks {
    #[serde(with = "values::number")]
    pub delta: Decimal,
    #[serde(with = "values::number")]
    pub theta: Decimal,
    #[serde(with = "values::number")]
    pub gamma: Decimal,
    #[serde(with = "values::number")]
    pub vega: Decimal,
}
