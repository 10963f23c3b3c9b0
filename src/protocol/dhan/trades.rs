//! The trade book: one row per fill.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::enums::{ExchangeSegment, OptionType, OrderType, ProductType, TransactionType};
use super::values;
use crate::domain::time::Timestamp;

/// One fill (`GET /trades`, `GET /trades/{order-id}`; the latter may be one object).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Trade {
    #[serde(with = "values::text")]
    pub dhan_client_id: String,
    #[serde(with = "values::text")]
    pub order_id: String,
    #[serde(with = "values::text")]
    pub exchange_order_id: String,
    #[serde(with = "values::text")]
    pub exchange_trade_id: String,
    pub transaction_type: TransactionType,
    pub exchange_segment: ExchangeSegment,
    pub product_type: ProductType,
    pub order_type: OrderType,
    #[serde(with = "values::text")]
    pub trading_symbol: String,
    #[serde(with = "values::text")]
    pub custom_symbol: String,
    #[serde(with = "values::text")]
    pub security_id: String,
    #[serde(with = "values::whole")]
    pub traded_quantity: i64,
    #[serde(with = "values::number")]
    pub traded_price: Decimal,
    #[serde(with = "values::ist_time")]
    pub create_time: Option<Timestamp>,
    #[serde(with = "values::ist_time")]
    pub update_time: Option<Timestamp>,
    #[serde(with = "values::ist_time")]
    pub exchange_time: Option<Timestamp>,
    #[serde(with = "values::date")]
    pub drv_expiry_date: Option<Date>,
    pub drv_option_type: OptionType,
    #[serde(with = "values::number")]
    pub drv_strike_price: Decimal,
}
