//! Holdings, positions, conversion and exit-all.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::enums::{ExchangeSegment, OptionType, PositionType, ProductType};
use super::values;

/// One row of `GET /holdings`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Holding {
    /// `NSE`, `BSE`, `MCX` or `ALL`.
    #[serde(with = "values::text")]
    pub exchange: String,
    #[serde(with = "values::text")]
    pub trading_symbol: String,
    #[serde(with = "values::text")]
    pub security_id: String,
    #[serde(with = "values::text")]
    pub isin: String,
    #[serde(with = "values::whole")]
    pub total_qty: i64,
    #[serde(with = "values::whole")]
    pub dp_qty: i64,
    #[serde(rename = "t1Qty", with = "values::whole")]
    pub t1_qty: i64,
    #[serde(rename = "mtf_t1_qty", alias = "mtf_tq_qty", with = "values::whole")]
    pub mtf_t1_qty: i64,
    #[serde(rename = "mtf_qty", with = "values::whole")]
    pub mtf_qty: i64,
    #[serde(with = "values::whole")]
    pub available_qty: i64,
    #[serde(with = "values::whole")]
    pub collateral_qty: i64,
    #[serde(with = "values::number")]
    pub avg_cost_price: Decimal,
    #[serde(with = "values::number")]
    pub last_traded_price: Decimal,
}

/// One row of `GET /positions`: per security and product. A closed one stays all day with a net of zero.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Position {
    #[serde(with = "values::text")]
    pub dhan_client_id: String,
    #[serde(with = "values::text")]
    pub trading_symbol: String,
    #[serde(with = "values::text")]
    pub security_id: String,
    pub position_type: PositionType,
    pub exchange_segment: ExchangeSegment,
    pub product_type: ProductType,
    /// Mark-to-market average: a carried position is re-based to the previous close.
    #[serde(with = "values::number")]
    pub buy_avg: Decimal,
    #[serde(with = "values::whole")]
    pub buy_qty: i64,
    /// The true cost.
    #[serde(with = "values::number")]
    pub cost_price: Decimal,
    #[serde(with = "values::number")]
    pub sell_avg: Decimal,
    #[serde(with = "values::whole")]
    pub sell_qty: i64,
    /// Bought − sold, signed.
    #[serde(with = "values::whole")]
    pub net_qty: i64,
    #[serde(with = "values::number")]
    pub realized_profit: Decimal,
    #[serde(with = "values::number")]
    pub unrealized_profit: Decimal,
    #[serde(with = "values::number")]
    pub rbi_reference_rate: Decimal,
    /// Commodities and currencies: amounts are quantity × multiplier.
    #[serde(with = "values::whole")]
    pub multiplier: i64,
    #[serde(with = "values::whole")]
    pub carry_forward_buy_qty: i64,
    #[serde(with = "values::whole")]
    pub carry_forward_sell_qty: i64,
    #[serde(with = "values::number")]
    pub carry_forward_buy_value: Decimal,
    #[serde(with = "values::number")]
    pub carry_forward_sell_value: Decimal,
    #[serde(with = "values::whole")]
    pub day_buy_qty: i64,
    #[serde(with = "values::whole")]
    pub day_sell_qty: i64,
    #[serde(with = "values::number")]
    pub day_buy_value: Decimal,
    #[serde(with = "values::number")]
    pub day_sell_value: Decimal,
    #[serde(with = "values::date")]
    pub drv_expiry_date: Option<Date>,
    pub drv_option_type: OptionType,
    #[serde(with = "values::number")]
    pub drv_strike_price: Decimal,
    #[serde(with = "values::flag")]
    pub cross_currency: bool,
}

/// Body of `POST /positions/convert`; answered with 202 and no body.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConvertPosition {
    #[serde(with = "values::text")]
    pub dhan_client_id: String,
    pub from_product_type: ProductType,
    pub to_product_type: ProductType,
    pub exchange_segment: ExchangeSegment,
    pub position_type: PositionType,
    #[serde(with = "values::text")]
    pub security_id: String,
    #[serde(with = "values::whole")]
    pub convert_qty: i64,
    /// May be empty.
    #[serde(with = "values::text")]
    pub trading_symbol: String,
}

/// Answer to `DELETE /positions`, which exits every position and cancels every pending order, some time later.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExitAllAnswer {
    /// `SUCCESS` or `ERROR`.
    #[serde(with = "values::text")]
    pub status: String,
    #[serde(with = "values::text")]
    pub message: String,
}
