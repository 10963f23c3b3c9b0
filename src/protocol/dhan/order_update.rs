//! The order-update socket: its login, and one message per change of any order of the account.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::enums::{ExchangeSegment, OptionType, OrderStatus, OrderType, ProductType, TransactionType, Validity};
use super::values;
use crate::domain::time::Timestamp;

/// How keys are spelt: the documentation shows one way, live sockets were seen to use the other. Both are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyCase {
    /// `orderNo`
    #[default]
    Camel,
    /// `OrderNo`
    Pascal,
}

/// The first message a client sends. Holds a secret: not `Debug`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Login {
    pub client_id: String,
    pub token: String,
}

impl Login {
    pub fn to_text(&self) -> String {
        json!({
            "LoginReq": { "MsgCode": 42, "ClientId": self.client_id, "Token": self.token },
            "UserType": "SELF",
        })
        .to_string()
    }

    /// The login of an individual; `None` for anything else.
    pub fn read(text: &str) -> Option<Self> {
        let body: Value = serde_json::from_str(text).ok()?;
        let request = body.get("LoginReq")?;
        let field = |name: &str| request.get(name).and_then(values::scalar_text);
        if field("MsgCode")? != "42" {
            return None;
        }
        Some(Self { client_id: field("ClientId")?, token: field("Token").unwrap_or_default() })
    }
}

/// The state of one order as the socket tells it. Fills are cumulative: a new one is a higher `traded_qty`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OrderUpdate {
    /// `NSE`, `BSE`, `MCX`.
    #[serde(with = "values::text")]
    pub exchange: String,
    /// `E`, `D`, `C`, `M`, `I`.
    #[serde(with = "values::text")]
    pub segment: String,
    /// `P` for orders of the API.
    #[serde(with = "values::text")]
    pub source: String,
    #[serde(with = "values::text")]
    pub security_id: String,
    #[serde(with = "values::text")]
    pub client_id: String,
    #[serde(with = "values::text")]
    pub exch_order_no: String,
    #[serde(with = "values::text")]
    pub order_no: String,
    #[serde(serialize_with = "product_letter")]
    pub product: ProductType,
    #[serde(serialize_with = "side_letter")]
    pub txn_type: TransactionType,
    #[serde(serialize_with = "type_abbreviation")]
    pub order_type: OrderType,
    pub validity: Validity,
    #[serde(with = "values::whole")]
    pub disc_quantity: i64,
    #[serde(with = "values::whole")]
    pub disc_qty_rem: i64,
    #[serde(with = "values::whole")]
    pub remaining_quantity: i64,
    #[serde(with = "values::whole")]
    pub quantity: i64,
    #[serde(with = "values::whole")]
    pub traded_qty: i64,
    #[serde(with = "values::number")]
    pub price: Decimal,
    #[serde(with = "values::number")]
    pub trigger_price: Decimal,
    /// Of the last fill.
    #[serde(with = "values::number")]
    pub traded_price: Decimal,
    #[serde(with = "values::number")]
    pub avg_traded_price: Decimal,
    /// The entry order's number on target and stop legs.
    #[serde(with = "values::opt_text")]
    pub algo_ord_no: Option<String>,
    /// `1` for an after-market order.
    #[serde(with = "values::text")]
    pub off_mkt_flag: String,
    #[serde(with = "values::ist_time")]
    pub order_date_time: Option<Timestamp>,
    #[serde(with = "values::ist_time")]
    pub exch_order_time: Option<Timestamp>,
    #[serde(with = "values::ist_time")]
    pub last_updated_time: Option<Timestamp>,
    #[serde(with = "values::text")]
    pub remarks: String,
    #[serde(with = "values::text")]
    pub mkt_type: String,
    /// `CONFIRMED`, or why it was refused.
    #[serde(with = "values::text")]
    pub reason_description: String,
    /// 1 entry, 2 stop loss, 3 target.
    #[serde(with = "values::whole")]
    pub leg_no: i64,
    #[serde(with = "values::text")]
    pub instrument: String,
    #[serde(with = "values::text")]
    pub symbol: String,
    #[serde(with = "values::text")]
    pub product_name: String,
    #[serde(serialize_with = "status_title")]
    pub status: OrderStatus,
    #[serde(with = "values::whole")]
    pub lot_size: i64,
    #[serde(with = "values::opt_number")]
    pub strike_price: Option<Decimal>,
    #[serde(with = "values::ist_time")]
    pub expiry_date: Option<Timestamp>,
    #[serde(serialize_with = "option_short")]
    pub opt_type: OptionType,
    #[serde(with = "values::text")]
    pub display_name: String,
    #[serde(with = "values::text")]
    pub isin: String,
    #[serde(with = "values::text")]
    pub series: String,
    #[serde(with = "values::text")]
    pub good_till_days_date: String,
    #[serde(with = "values::number")]
    pub ref_ltp: Decimal,
    #[serde(with = "values::number")]
    pub tick_size: Decimal,
    #[serde(with = "values::text")]
    pub algo_id: String,
    #[serde(with = "values::whole")]
    pub multiplier: i64,
    #[serde(with = "values::text")]
    pub correlation_id: String,
}

fn product_letter<S: serde::Serializer>(value: &ProductType, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(value.letter())
}
fn side_letter<S: serde::Serializer>(value: &TransactionType, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(value.letter())
}
fn type_abbreviation<S: serde::Serializer>(value: &OrderType, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(value.abbreviation())
}
fn status_title<S: serde::Serializer>(value: &OrderStatus, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(value.title())
}
fn option_short<S: serde::Serializer>(value: &OptionType, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(value.short())
}

/// What a text frame held. A frame may hold several messages, or none we know.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frame {
    pub updates: Vec<OrderUpdate>,
    /// Anything else, as it came: login answers, notices, plain text. To be logged, never fatal.
    pub other: Vec<String>,
}

impl Frame {
    pub fn read(text: &str) -> Self {
        let mut frame = Self::default();
        let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
        let mut read_to = 0;
        while let Some(Ok(value)) = values.next() {
            read_to = values.byte_offset();
            match OrderUpdate::from_message(&value) {
                Some(update) => frame.updates.push(update),
                None => frame.other.push(value.to_string()),
            }
        }
        let rest = text.get(read_to..).unwrap_or_default().trim();
        if !rest.is_empty() {
            frame.other.push(rest.to_string());
        }
        frame
    }
}

impl OrderUpdate {
    /// Out of `{"Data": {…}, "Type": "order_alert"}`, keys in any case; `None` for any other message.
    pub fn from_message(message: &Value) -> Option<Self> {
        let fields = message.as_object()?;
        let any_case = |name: &str| fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, v)| v);
        if !any_case("type")?.as_str()?.eq_ignore_ascii_case("order_alert") {
            return None;
        }
        let data = any_case("data")?.as_object()?;
        let update: Self = serde_json::from_value(Value::Object(camel_keys(data))).ok()?;
        (!update.order_no.is_empty()).then_some(update)
    }

    /// The whole message.
    pub fn to_message(&self, case: KeyCase) -> Result<Value, serde_json::Error> {
        let mut data = serde_json::to_value(self)?;
        if let (KeyCase::Pascal, Value::Object(fields)) = (case, &data) {
            data = Value::Object(fields.iter().map(|(key, value)| (pascal(key), value.clone())).collect());
        }
        Ok(json!({ "Data": data, "Type": "order_alert" }))
    }

    pub fn exchange_segment(&self) -> ExchangeSegment {
        ExchangeSegment::from_letters(&self.exchange, &self.segment)
    }

    /// The broker's words on why it ended; `None` on a healthy order.
    pub fn reason(&self) -> Option<&str> {
        let ended = matches!(self.status, OrderStatus::Rejected | OrderStatus::Cancelled | OrderStatus::Expired);
        let text = values::present(&self.reason_description)?;
        (ended && !text.eq_ignore_ascii_case("CONFIRMED")).then_some(text)
    }
}

fn pascal(key: &str) -> String {
    let mut letters = key.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

/// Keys of any case, spelt as the fields are. Of two that differ only in case, the one that says something is kept.
fn camel_keys(fields: &Map<String, Value>) -> Map<String, Value> {
    let mut camel = Map::new();
    for (key, value) in fields {
        let name = KEYS.iter().find(|known| key.eq_ignore_ascii_case(known)).map_or(key.as_str(), |known| known);
        if camel.get(name).is_none_or(Value::is_null) {
            camel.insert(name.to_string(), value.clone());
        }
    }
    camel
}

const KEYS: [&str; 47] = [
    "exchange",
    "segment",
    "source",
    "securityId",
    "clientId",
    "exchOrderNo",
    "orderNo",
    "product",
    "txnType",
    "orderType",
    "validity",
    "discQuantity",
    "discQtyRem",
    "remainingQuantity",
    "quantity",
    "tradedQty",
    "price",
    "triggerPrice",
    "tradedPrice",
    "avgTradedPrice",
    "algoOrdNo",
    "offMktFlag",
    "orderDateTime",
    "exchOrderTime",
    "lastUpdatedTime",
    "remarks",
    "mktType",
    "reasonDescription",
    "legNo",
    "instrument",
    "symbol",
    "productName",
    "status",
    "lotSize",
    "strikePrice",
    "expiryDate",
    "optType",
    "displayName",
    "isin",
    "series",
    "goodTillDaysDate",
    "refLtp",
    "tickSize",
    "algoId",
    "multiplier",
    "correlationId",
    "instrumentType",
];

#[cfg(test)]
mod tests;
