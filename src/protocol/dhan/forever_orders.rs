//! Forever orders: good till triggered, single or two of which one cancels the other.
//!
//! Of a pair the fields without a number are the stop loss, those with `1` the target: so the list names them, whatever one
//! page of the documentation says of modifications.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize, Serializer};

use super::enums::{
    ExchangeSegment, LegName, OptionType, OrderFlag, OrderStatus, OrderType, ProductType, TransactionType, Validity,
};
use super::orders::{BAD_FIELDS, require, strict_object};
use super::values;
use crate::domain::time::Timestamp;

/// Body of `POST /forever/orders`. The fields with `1` are the target of a pair; left out of a single one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PlaceForeverOrder {
    #[serde(with = "values::text")]
    pub dhan_client_id: String,
    #[serde(with = "values::text", skip_serializing_if = "String::is_empty")]
    pub correlation_id: String,
    pub order_flag: OrderFlag,
    pub transaction_type: TransactionType,
    pub exchange_segment: ExchangeSegment,
    pub product_type: ProductType,
    pub order_type: OrderType,
    pub validity: Validity,
    #[serde(with = "values::text")]
    pub security_id: String,
    #[serde(with = "values::whole")]
    pub quantity: i64,
    #[serde(with = "values::whole")]
    pub disclosed_quantity: i64,
    #[serde(with = "values::number")]
    pub price: Decimal,
    #[serde(with = "values::number")]
    pub trigger_price: Decimal,
    #[serde(with = "values::opt_number", skip_serializing_if = "Option::is_none")]
    pub price1: Option<Decimal>,
    #[serde(with = "values::opt_number", skip_serializing_if = "Option::is_none")]
    pub trigger_price1: Option<Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantity1: Option<i64>,
}

impl PlaceForeverOrder {
    /// Reads a request as strictly as the live API. The error is the text of a `DH-905`.
    pub fn read_strictly(body: &[u8]) -> Result<Self, String> {
        let numbers =
            ["quantity", "disclosedQuantity", "price", "triggerPrice", "price1", "triggerPrice1", "quantity1"];
        let value = strict_object(body, &numbers)?;
        let required = [
            "dhanClientId",
            "orderFlag",
            "transactionType",
            "exchangeSegment",
            "productType",
            "orderType",
            "validity",
            "securityId",
            "quantity",
            "price",
            "triggerPrice",
        ];
        require(&value, &required)?;
        if OrderFlag::Oco.as_str() == value["orderFlag"] {
            require(&value, &["price1", "triggerPrice1", "quantity1"])?;
        }
        let order: Self = serde_json::from_value(value).map_err(|_| BAD_FIELDS.to_string())?;
        let known = order.order_flag.is_known()
            && order.transaction_type.is_known()
            && order.exchange_segment.is_known()
            && order.product_type.is_known()
            && order.validity.is_known()
            && matches!(order.order_type, OrderType::Limit | OrderType::Market);
        if known { Ok(order) } else { Err(BAD_FIELDS.to_string()) }
    }
}

/// Body of `PUT /forever/orders/{order-id}`: restates one leg.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ModifyForeverOrder {
    #[serde(with = "values::text")]
    pub dhan_client_id: String,
    #[serde(with = "values::text")]
    pub order_id: String,
    pub order_flag: OrderFlag,
    pub order_type: OrderType,
    pub leg_name: LegName,
    #[serde(with = "values::whole")]
    pub quantity: i64,
    #[serde(with = "values::number")]
    pub price: Decimal,
    #[serde(with = "values::whole")]
    pub disclosed_quantity: i64,
    #[serde(with = "values::number")]
    pub trigger_price: Decimal,
    pub validity: Validity,
}

impl ModifyForeverOrder {
    /// Reads a request as strictly as the live API. The error is the text of a `DH-905`.
    pub fn read_strictly(body: &[u8]) -> Result<Self, String> {
        let value = strict_object(body, &["quantity", "disclosedQuantity", "price", "triggerPrice"])?;
        let required = [
            "dhanClientId",
            "orderId",
            "orderFlag",
            "orderType",
            "legName",
            "quantity",
            "price",
            "triggerPrice",
            "validity",
        ];
        require(&value, &required)?;
        let order: Self = serde_json::from_value(value).map_err(|_| BAD_FIELDS.to_string())?;
        let leg = matches!(order.leg_name, LegName::Entry | LegName::Target | LegName::StopLoss);
        let known = leg && order.order_flag.is_known() && order.order_type.is_known() && order.validity.is_known();
        if known { Ok(order) } else { Err(BAD_FIELDS.to_string()) }
    }
}

/// One row of `GET /forever/orders`: one leg. A pair is two rows with one number.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ForeverOrder {
    #[serde(with = "values::text")]
    pub dhan_client_id: String,
    #[serde(with = "values::text")]
    pub order_id: String,
    /// `CONFIRM` while it waits for its price.
    pub order_status: OrderStatus,
    pub transaction_type: TransactionType,
    pub exchange_segment: ExchangeSegment,
    pub product_type: ProductType,
    /// The list calls the flag so.
    #[serde(rename = "orderType")]
    pub order_flag: OrderFlag,
    #[serde(with = "values::text")]
    pub trading_symbol: String,
    #[serde(with = "values::text")]
    pub security_id: String,
    #[serde(with = "values::whole")]
    pub quantity: i64,
    #[serde(with = "values::number")]
    pub price: Decimal,
    #[serde(with = "values::number")]
    pub trigger_price: Decimal,
    pub leg_name: LegName,
    #[serde(with = "values::ist_time")]
    pub create_time: Option<Timestamp>,
    #[serde(serialize_with = "time_or_null", deserialize_with = "values::ist_time::deserialize")]
    pub update_time: Option<Timestamp>,
    #[serde(serialize_with = "time_or_null", deserialize_with = "values::ist_time::deserialize")]
    pub exchange_time: Option<Timestamp>,
    #[serde(serialize_with = "date_or_null", deserialize_with = "values::date::deserialize")]
    pub drv_expiry_date: Option<Date>,
    #[serde(serialize_with = "right_or_null")]
    pub drv_option_type: OptionType,
    #[serde(with = "values::number")]
    pub drv_strike_price: Decimal,
}

// The signatures are serde's.
#[allow(clippy::ref_option)]
fn time_or_null<S: Serializer>(value: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    value.map(values::ist_text).serialize(serializer)
}
#[allow(clippy::ref_option, clippy::trivially_copy_pass_by_ref)]
fn date_or_null<S: Serializer>(value: &Option<Date>, serializer: S) -> Result<S::Ok, S::Error> {
    value.map(|day| day.to_string()).serialize(serializer)
}
fn right_or_null<S: Serializer>(value: &OptionType, serializer: S) -> Result<S::Ok, S::Error> {
    (*value != OptionType::None).then_some(value).serialize(serializer)
}

#[cfg(test)]
mod tests;
