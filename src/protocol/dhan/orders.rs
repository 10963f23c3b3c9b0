//! Orders: place, slice, modify, cancel, order book; and the postback, which is an order object with small differences.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::enums::{
    AmoTime, ExchangeSegment, LegName, OptionType, OrderStatus, OrderType, ProductType, TransactionType, Validity,
};
use super::values;
use crate::domain::time::Timestamp;

/// Body of `POST /orders` and `POST /orders/slicing`. Unused amounts are sent as 0, as the live API wants them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PlaceOrder {
    #[serde(with = "values::text")]
    pub dhan_client_id: String,
    /// At most 25 characters (documented 30; 26 were refused). Empty: not sent, the broker makes one up.
    #[serde(with = "values::text", skip_serializing_if = "String::is_empty")]
    pub correlation_id: String,
    pub transaction_type: TransactionType,
    pub exchange_segment: ExchangeSegment,
    pub product_type: ProductType,
    pub order_type: OrderType,
    pub validity: Validity,
    #[serde(with = "values::text")]
    pub security_id: String,
    /// Units, not lots.
    #[serde(with = "values::whole")]
    pub quantity: i64,
    #[serde(with = "values::whole")]
    pub disclosed_quantity: i64,
    #[serde(with = "values::number")]
    pub price: Decimal,
    #[serde(with = "values::number")]
    pub trigger_price: Decimal,
    #[serde(with = "values::flag")]
    pub after_market_order: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amo_time: Option<AmoTime>,
    /// Distance from the price, not a price. Bracket orders only.
    #[serde(with = "values::opt_number", skip_serializing_if = "Option::is_none")]
    pub bo_profit_value: Option<Decimal>,
    #[serde(with = "values::opt_number", skip_serializing_if = "Option::is_none")]
    pub bo_stop_loss_value: Option<Decimal>,
}

/// Body of `PUT /orders/{order-id}`: a full restatement of the order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ModifyOrder {
    #[serde(with = "values::text")]
    pub dhan_client_id: String,
    #[serde(with = "values::text")]
    pub order_id: String,
    pub order_type: OrderType,
    /// Bracket and cover orders only; not sent otherwise.
    #[serde(skip_serializing_if = "is_no_leg")]
    pub leg_name: LegName,
    /// The total quantity of the order, not the open rest.
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

// The signature is serde's.
fn is_no_leg(leg: &LegName) -> bool {
    *leg == LegName::None
}

/// Answer to place, modify and cancel; a list of them to slicing. Accepted by the broker's system, not by the exchange.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OrderAck {
    #[serde(with = "values::text")]
    pub order_id: String,
    pub order_status: OrderStatus,
}

/// One order of the book (`GET /orders`, by id, by correlation id), and the body of a postback.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Order {
    #[serde(with = "values::text")]
    pub dhan_client_id: String,
    #[serde(with = "values::text")]
    pub order_id: String,
    /// `NA` while the exchange has not seen it.
    #[serde(with = "values::na_text")]
    pub exchange_order_id: Option<String>,
    /// Made up by the broker (`<client>-<epoch ms>`) where none was sent.
    #[serde(with = "values::text")]
    pub correlation_id: String,
    pub order_status: OrderStatus,
    pub transaction_type: TransactionType,
    pub exchange_segment: ExchangeSegment,
    pub product_type: ProductType,
    pub order_type: OrderType,
    pub validity: Validity,
    #[serde(with = "values::text")]
    pub trading_symbol: String,
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
    #[serde(with = "values::flag")]
    pub after_market_order: bool,
    #[serde(with = "values::number")]
    pub bo_profit_value: Decimal,
    #[serde(with = "values::number")]
    pub bo_stop_loss_value: Decimal,
    pub leg_name: LegName,
    #[serde(with = "values::ist_time")]
    pub create_time: Option<Timestamp>,
    #[serde(with = "values::ist_time")]
    pub update_time: Option<Timestamp>,
    /// Absent for an order that never reached the exchange.
    #[serde(with = "values::ist_time")]
    pub exchange_time: Option<Timestamp>,
    #[serde(with = "values::date")]
    pub drv_expiry_date: Option<Date>,
    pub drv_option_type: OptionType,
    #[serde(with = "values::number")]
    pub drv_strike_price: Decimal,
    /// `"0"` when fine.
    #[serde(with = "values::text")]
    pub oms_error_code: String,
    /// `CONFIRMED` when fine; a reason only on a rejected, cancelled or expired order.
    #[serde(with = "values::text")]
    pub oms_error_description: String,
    #[serde(with = "values::text")]
    pub algo_id: String,
    /// Not in postbacks.
    #[serde(with = "values::whole")]
    pub remaining_quantity: i64,
    /// Not in postbacks.
    #[serde(with = "values::number")]
    pub average_traded_price: Decimal,
    /// Postbacks spell it `filled_qty`.
    #[serde(with = "values::whole", alias = "filled_qty")]
    pub filled_qty: i64,
}

impl Order {
    /// The broker's words on why it ended; `None` on a healthy order, where the field says `CONFIRMED`.
    pub fn reason(&self) -> Option<&str> {
        let ended = matches!(self.order_status, OrderStatus::Rejected | OrderStatus::Cancelled | OrderStatus::Expired);
        let text = values::present(&self.oms_error_description)?;
        (ended && !text.eq_ignore_ascii_case("CONFIRMED")).then_some(text)
    }

    /// The same order as a postback tells it: `filled_qty`, and three fields fewer.
    pub fn postback(&self) -> Result<Value, serde_json::Error> {
        let mut body = serde_json::to_value(self)?;
        if let Value::Object(fields) = &mut body {
            for absent in ["exchangeOrderId", "remainingQuantity", "averageTradedPrice"] {
                fields.remove(absent);
            }
            if let Some(filled) = fields.remove("filledQty") {
                fields.insert("filled_qty".to_string(), filled);
            }
        }
        Ok(body)
    }
}

impl PlaceOrder {
    /// Reads a request as strictly as the live API: a missing field is named, an empty text for a number is refused.
    /// The error is the text of a `DH-905`.
    pub fn read_strictly(body: &[u8]) -> Result<Self, String> {
        let numbers = ["quantity", "disclosedQuantity", "price", "triggerPrice"];
        let value = strict_object(body, &numbers)?;
        let required = [
            "dhanClientId",
            "transactionType",
            "exchangeSegment",
            "productType",
            "orderType",
            "validity",
            "securityId",
            "quantity",
        ];
        require(&value, &required)?;
        let order: Self = serde_json::from_value(value).map_err(|_| BAD_FIELDS.to_string())?;
        let known = order.transaction_type.is_known()
            && order.exchange_segment.is_known()
            && order.product_type.is_known()
            && order.order_type.is_known()
            && order.validity.is_known();
        if known { Ok(order) } else { Err(BAD_FIELDS.to_string()) }
    }
}

impl ModifyOrder {
    /// Reads a request as strictly as the live API. The error is the text of a `DH-905`.
    pub fn read_strictly(body: &[u8]) -> Result<Self, String> {
        let numbers = ["quantity", "disclosedQuantity", "price", "triggerPrice"];
        let value = strict_object(body, &numbers)?;
        require(&value, &["dhanClientId", "orderId", "orderType", "validity"])?;
        let order: Self = serde_json::from_value(value).map_err(|_| BAD_FIELDS.to_string())?;
        let known = order.order_type.is_known() && order.validity.is_known();
        if known { Ok(order) } else { Err(BAD_FIELDS.to_string()) }
    }
}

/// What the broker says of almost any fault in a request.
pub const BAD_FIELDS: &str = "Missing required fields, bad values for parameters etc.";

/// The request's fields; an empty text for one of `numbers` is refused.
pub(super) fn strict_object(body: &[u8], numbers: &[&str]) -> Result<Value, String> {
    let value: Value = serde_json::from_slice(body).map_err(|_| BAD_FIELDS.to_string())?;
    if !value.is_object() {
        return Err(BAD_FIELDS.to_string());
    }
    let is_empty_text = |name: &&&str| value.get(**name).and_then(Value::as_str).is_some_and(|t| t.trim().is_empty());
    if numbers.iter().any(|name| is_empty_text(&name)) {
        return Err(BAD_FIELDS.to_string());
    }
    Ok(value)
}

/// The first of `names` that the request lacks, in the broker's words.
pub(super) fn require(value: &Value, names: &[&str]) -> Result<(), String> {
    let is_missing = |name: &&&str| match value.get(**name) {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.trim().is_empty(),
        Some(_) => false,
    };
    names.iter().find(is_missing).map_or(Ok(()), |name| Err(format!("{name} is required")))
}

#[cfg(test)]
mod tests;
