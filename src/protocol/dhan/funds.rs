//! Fund limit and margin calculator. The fund limit's misspellings are the wire's own.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::enums::{ExchangeSegment, ProductType, TransactionType};
use super::values::{self, parse_decimal, present, scalar_text};

/// Answer to `GET /fundlimit`. Amounts in rupees; balances may be negative.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FundLimit {
    #[serde(with = "values::text")]
    pub dhan_client_id: String,
    #[serde(rename = "availabelBalance", alias = "availableBalance", with = "values::number")]
    pub available_balance: Decimal,
    /// What the day began with.
    #[serde(with = "values::number")]
    pub sod_limit: Decimal,
    #[serde(with = "values::number")]
    pub collateral_amount: Decimal,
    #[serde(rename = "receiveableAmount", alias = "receivableAmount", with = "values::number")]
    pub receivable_amount: Decimal,
    #[serde(with = "values::number")]
    pub utilized_amount: Decimal,
    #[serde(with = "values::number")]
    pub blocked_payout_amount: Decimal,
    #[serde(with = "values::number")]
    pub withdrawable_balance: Decimal,
}

/// Body of `POST /margincalculator`, and one row of the multi calculator (which leaves the client id out).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MarginRequest {
    #[serde(with = "values::text", skip_serializing_if = "String::is_empty")]
    pub dhan_client_id: String,
    pub exchange_segment: ExchangeSegment,
    pub transaction_type: TransactionType,
    #[serde(with = "values::whole")]
    pub quantity: i64,
    pub product_type: ProductType,
    #[serde(with = "values::text")]
    pub security_id: String,
    #[serde(with = "values::number")]
    pub price: Decimal,
    #[serde(with = "values::number")]
    pub trigger_price: Decimal,
}

/// Answer to `POST /margincalculator`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Margin {
    #[serde(with = "values::number")]
    pub total_margin: Decimal,
    #[serde(with = "values::number")]
    pub span_margin: Decimal,
    #[serde(with = "values::number")]
    pub exposure_margin: Decimal,
    #[serde(with = "values::number")]
    pub available_balance: Decimal,
    #[serde(with = "values::number")]
    pub variable_margin: Decimal,
    /// The shortfall; 0 when there is enough.
    #[serde(with = "values::number")]
    pub insufficient_balance: Decimal,
    #[serde(with = "values::number")]
    pub brokerage: Decimal,
    /// A text on the wire (`"4.00"`).
    #[serde(with = "values::text")]
    pub leverage: String,
}

/// Body of `POST /margincalculator/multi`, in the form the official client sends.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MultiMarginRequest {
    #[serde(with = "values::text")]
    pub dhan_client_id: String,
    #[serde(with = "values::flag")]
    pub include_position: bool,
    #[serde(with = "values::flag", alias = "includeOrders")]
    pub include_order: bool,
    #[serde(alias = "scripts")]
    pub scrip_list: Vec<MarginRequest>,
}

/// Answer to `POST /margincalculator/multi`. Written in camel case with numbers; snake case and texts are read too.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MultiMargin {
    pub client_id: String,
    #[serde(with = "values::number")]
    pub total_margin: Decimal,
    #[serde(with = "values::number")]
    pub span_margin: Decimal,
    #[serde(with = "values::number")]
    pub exposure: Decimal,
    #[serde(with = "values::number")]
    pub equity_margin: Decimal,
    #[serde(with = "values::number")]
    pub fo_margin: Decimal,
    #[serde(with = "values::number")]
    pub commodity: Decimal,
    /// An amount in one form, the word `INR` (read as 0) in the other.
    #[serde(with = "values::number")]
    pub currency: Decimal,
    /// In the snake-case form only.
    #[serde(skip)]
    pub hedge_benefit: Decimal,
}

impl<'de> Deserialize<'de> for MultiMargin {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let body = Value::deserialize(deserializer)?;
        let text = |names: &[&str]| names.iter().find_map(|name| body.get(name).and_then(scalar_text));
        let number = |names: &[&str]| text(names).as_deref().and_then(present).and_then(parse_decimal);
        let total = number(&["totalMargin", "total_margin"]);
        Ok(Self {
            client_id: text(&["clientId", "client_id"]).unwrap_or_default(),
            total_margin: total.ok_or_else(|| serde::de::Error::custom("no total margin"))?,
            span_margin: number(&["spanMargin", "span_margin"]).unwrap_or_default(),
            exposure: number(&["exposure", "exposureMargin", "exposure_margin"]).unwrap_or_default(),
            equity_margin: number(&["equityMargin", "equity_margin"]).unwrap_or_default(),
            fo_margin: number(&["foMargin", "fo_margin"]).unwrap_or_default(),
            commodity: number(&["commodity", "commodityMargin", "commodity_margin"]).unwrap_or_default(),
            currency: number(&["currency"]).unwrap_or_default(),
            hedge_benefit: number(&["hedgeBenefit", "hedge_benefit"]).unwrap_or_default(),
        })
    }
}
