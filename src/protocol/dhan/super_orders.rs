//! Super orders: an entry with a target and a stop loss, the stop trailing if wished.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::enums::{ExchangeSegment, LegName, OrderStatus, OrderType, ProductType, TransactionType, Validity};
use super::orders::{BAD_FIELDS, require, strict_object};
use super::values;
use crate::domain::time::Timestamp;

/// Body of `POST /super/orders`. Limit or market; at the market the price is 0.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PlaceSuperOrder {
    #[serde(with = "values::text")]
    pub dhan_client_id: String,
    /// As of an order; empty: not sent.
    #[serde(with = "values::text", skip_serializing_if = "String::is_empty")]
    pub correlation_id: String,
    pub transaction_type: TransactionType,
    pub exchange_segment: ExchangeSegment,
    pub product_type: ProductType,
    pub order_type: OrderType,
    #[serde(with = "values::text")]
    pub security_id: String,
    /// Units, not lots.
    #[serde(with = "values::whole")]
    pub quantity: i64,
    #[serde(with = "values::number")]
    pub price: Decimal,
    /// The official package sends 0 for a leg that is not wished, the documentation wants both.
    #[serde(with = "values::number")]
    pub target_price: Decimal,
    #[serde(with = "values::number")]
    pub stop_loss_price: Decimal,
    /// 0: the stop stays.
    #[serde(with = "values::number")]
    pub trailing_jump: Decimal,
}

impl PlaceSuperOrder {
    /// Reads a request as strictly as the live API. The error is the text of a `DH-905`.
    pub fn read_strictly(body: &[u8]) -> Result<Self, String> {
        let value = strict_object(body, &["quantity", "price", "targetPrice", "stopLossPrice", "trailingJump"])?;
        let required = [
            "dhanClientId",
            "transactionType",
            "exchangeSegment",
            "productType",
            "orderType",
            "securityId",
            "quantity",
            "price",
            "targetPrice",
            "stopLossPrice",
        ];
        require(&value, &required)?;
        let order: Self = serde_json::from_value(value).map_err(|_| BAD_FIELDS.to_string())?;
        let known = order.transaction_type.is_known()
            && order.exchange_segment.is_known()
            && order.product_type.is_known()
            && matches!(order.order_type, OrderType::Limit | OrderType::Market);
        if !known {
            return Err(BAD_FIELDS.to_string());
        }
        if order.order_type == OrderType::Market && !order.price.is_zero() {
            return Err("Invalid Price for orderType".to_string());
        }
        Ok(order)
    }
}

/// Body of `PUT /super/orders/{order-id}`: its fields depend on the leg.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ModifySuperOrder {
    Entry(ModifyEntryLeg),
    Target(ModifyTargetLeg),
    StopLoss(ModifyStopLossLeg),
}

/// Restates entry, target and stop. Only while the entry is open.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ModifyEntryLeg {
    #[serde(with = "values::text")]
    pub dhan_client_id: String,
    #[serde(with = "values::text")]
    pub order_id: String,
    pub order_type: OrderType,
    pub leg_name: LegName,
    /// The total quantity, not the open rest.
    #[serde(with = "values::whole")]
    pub quantity: i64,
    #[serde(with = "values::number")]
    pub price: Decimal,
    #[serde(with = "values::number")]
    pub target_price: Decimal,
    #[serde(with = "values::number")]
    pub stop_loss_price: Decimal,
    /// 0, or left out: the trail ends.
    #[serde(with = "values::number")]
    pub trailing_jump: Decimal,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ModifyTargetLeg {
    #[serde(with = "values::text")]
    pub dhan_client_id: String,
    #[serde(with = "values::text")]
    pub order_id: String,
    pub leg_name: LegName,
    #[serde(with = "values::number")]
    pub target_price: Decimal,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ModifyStopLossLeg {
    #[serde(with = "values::text")]
    pub dhan_client_id: String,
    #[serde(with = "values::text")]
    pub order_id: String,
    pub leg_name: LegName,
    #[serde(with = "values::number")]
    pub stop_loss_price: Decimal,
    /// 0, or left out: the trail ends.
    #[serde(with = "values::number")]
    pub trailing_jump: Decimal,
}

impl ModifySuperOrder {
    /// Reads a request as strictly as the live API. The error is the text of a `DH-905`.
    pub fn read_strictly(body: &[u8]) -> Result<Self, String> {
        let value = strict_object(body, &["quantity", "price", "targetPrice", "stopLossPrice", "trailingJump"])?;
        require(&value, &["dhanClientId", "orderId", "legName"])?;
        match LegName::read(value.get("legName").and_then(Value::as_str).unwrap_or_default()) {
            LegName::Entry => {
                require(&value, &["orderType", "quantity", "price", "targetPrice", "stopLossPrice"])?;
                let leg: ModifyEntryLeg = read(value)?;
                let known = matches!(leg.order_type, OrderType::Limit | OrderType::Market);
                if known { Ok(Self::Entry(leg)) } else { Err(BAD_FIELDS.to_string()) }
            }
            LegName::Target => {
                require(&value, &["targetPrice"])?;
                read(value).map(Self::Target)
            }
            LegName::StopLoss => {
                require(&value, &["stopLossPrice"])?;
                read(value).map(Self::StopLoss)
            }
            LegName::None | LegName::Unknown(_) => Err(BAD_FIELDS.to_string()),
        }
    }

    pub fn dhan_client_id(&self) -> &str {
        match self {
            Self::Entry(leg) => &leg.dhan_client_id,
            Self::Target(leg) => &leg.dhan_client_id,
            Self::StopLoss(leg) => &leg.dhan_client_id,
        }
    }

    pub fn order_id(&self) -> &str {
        match self {
            Self::Entry(leg) => &leg.order_id,
            Self::Target(leg) => &leg.order_id,
            Self::StopLoss(leg) => &leg.order_id,
        }
    }
}

fn read<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, String> {
    serde_json::from_value(value).map_err(|_| BAD_FIELDS.to_string())
}

/// One row of `GET /super/orders`: the entry, and the legs that belong to it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SuperOrder {
    #[serde(with = "values::text")]
    pub dhan_client_id: String,
    #[serde(with = "values::text")]
    pub order_id: String,
    #[serde(with = "values::text")]
    pub correlation_id: String,
    /// `CLOSED`: entry and one exit leg are done for the full quantity.
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
    pub remaining_quantity: i64,
    #[serde(with = "values::number")]
    pub ltp: Decimal,
    #[serde(with = "values::number")]
    pub price: Decimal,
    #[serde(with = "values::flag")]
    pub after_market_order: bool,
    /// Always the entry's.
    pub leg_name: LegName,
    /// `NA` while the exchange has not seen it.
    #[serde(with = "values::na_text")]
    pub exchange_order_id: Option<String>,
    #[serde(with = "values::ist_time")]
    pub create_time: Option<Timestamp>,
    #[serde(with = "values::ist_time")]
    pub update_time: Option<Timestamp>,
    #[serde(with = "values::ist_time")]
    pub exchange_time: Option<Timestamp>,
    /// `CONFIRMED` when fine; a reason only on a rejected, cancelled or expired order.
    #[serde(with = "values::text")]
    pub oms_error_description: String,
    #[serde(with = "values::text")]
    pub algo_id: String,
    #[serde(with = "values::number")]
    pub average_traded_price: Decimal,
    #[serde(with = "values::whole")]
    pub filled_qty: i64,
    pub leg_details: Vec<SuperOrderLeg>,
}

/// A target or a stop loss.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SuperOrderLeg {
    /// The entry's number until the leg has one of its own.
    #[serde(with = "values::text")]
    pub order_id: String,
    pub leg_name: LegName,
    /// The opposite of the entry's.
    pub transaction_type: TransactionType,
    /// The API's own spelling; only on the stop loss.
    #[serde(rename = "totalQuatity", alias = "totalQuantity", skip_serializing_if = "Option::is_none")]
    pub total_quantity: Option<i64>,
    #[serde(with = "values::whole")]
    pub remaining_quantity: i64,
    /// What was sent to the exchange when the leg fired.
    #[serde(with = "values::whole")]
    pub triggered_quantity: i64,
    #[serde(with = "values::number")]
    pub price: Decimal,
    /// `TRIGGERED` marks the leg that fired.
    pub order_status: OrderStatus,
    #[serde(with = "values::number")]
    pub trailing_jump: Decimal,
}

impl SuperOrder {
    /// The broker's words on why it ended; `None` on a healthy order.
    pub fn reason(&self) -> Option<&str> {
        let ended = matches!(self.order_status, OrderStatus::Rejected | OrderStatus::Cancelled | OrderStatus::Expired);
        let text = values::present(&self.oms_error_description)?;
        (ended && !text.eq_ignore_ascii_case("CONFIRMED")).then_some(text)
    }

    pub fn leg(&self, name: &LegName) -> Option<&SuperOrderLeg> {
        self.leg_details.iter().find(|leg| leg.leg_name == *name)
    }
}

#[cfg(test)]
mod tests;
