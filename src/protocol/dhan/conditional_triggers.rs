//! Conditional triggers (alerts that place orders), and several orders in one request.
//!
//! The two kinds of legs differ: those of a trigger write prices as text and call it `discQuantity`, those of a request of
//! many orders write numbers and call it `disclosedQuantity`.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::enums::{
    AlertStatus, AmoTime, ComparisonType, ExchangeSegment, Frequency, IndicatorName, Operator, OrderStatus, OrderType,
    ProductType, TimeFrame, TransactionType, Validity,
};
use super::orders::{BAD_FIELDS, require, strict_object};
use super::terms::priced;
use super::values;
use crate::domain::time::Timestamp;
use crate::domain::{self, Against, Comparison, Condition, Contract, OrderSpec, Price, TriggerStatus};

/// Orders in one request, of either kind.
pub const MOST_ORDERS: usize = 15;

/// Body of `POST /alerts/orders`, and with the number of `PUT /alerts/orders/{alertId}`: a full restatement.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AlertRequest {
    #[serde(with = "values::text")]
    pub dhan_client_id: String,
    /// In modifications only.
    #[serde(with = "values::text", skip_serializing_if = "String::is_empty")]
    pub alert_id: String,
    pub condition: AlertCondition,
    pub orders: Vec<AlertOrder>,
}

/// When a trigger fires.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AlertCondition {
    pub comparison_type: ComparisonType,
    /// Indices and shares only.
    pub exchange_segment: ExchangeSegment,
    #[serde(with = "values::text")]
    pub security_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub indicator_name: Option<IndicatorName>,
    /// One table of the documentation prints it in small letters.
    #[serde(alias = "timeframe", skip_serializing_if = "Option::is_none")]
    pub time_frame: Option<TimeFrame>,
    pub operator: Operator,
    #[serde(with = "values::opt_number", skip_serializing_if = "Option::is_none")]
    pub comparing_value: Option<Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comparing_indicator_name: Option<IndicatorName>,
    /// The last day; left out, a year.
    #[serde(with = "values::date", skip_serializing_if = "Option::is_none")]
    pub exp_date: Option<Date>,
    pub frequency: Frequency,
    #[serde(with = "values::text", skip_serializing_if = "String::is_empty")]
    pub user_note: String,
}

/// An order a trigger places. Prices travel as text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AlertOrder {
    pub transaction_type: TransactionType,
    pub exchange_segment: ExchangeSegment,
    pub product_type: ProductType,
    pub order_type: OrderType,
    #[serde(with = "values::text")]
    pub security_id: String,
    #[serde(with = "values::whole")]
    pub quantity: i64,
    pub validity: Validity,
    #[serde(serialize_with = "as_text", deserialize_with = "values::number::deserialize")]
    pub price: Decimal,
    #[serde(serialize_with = "as_text", deserialize_with = "values::whole::deserialize")]
    pub disc_quantity: i64,
    #[serde(serialize_with = "as_text", deserialize_with = "values::number::deserialize")]
    pub trigger_price: Decimal,
}

fn as_text<T: ToString, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&value.to_string())
}

impl AlertRequest {
    /// Reads a request as strictly as the live API. A modification may leave its orders out: they stay as they are.
    /// The error is the text of a `DH-905`.
    pub fn read_strictly(body: &[u8], modification: bool) -> Result<Self, String> {
        let value = strict_object(body, &[])?;
        require(&value, &["dhanClientId", "condition"])?;
        let condition = value.get("condition").filter(|c| c.is_object()).ok_or(BAD_FIELDS)?;
        require(condition, &["comparisonType", "exchangeSegment", "securityId", "operator"])?;
        let kind = ComparisonType::read(condition["comparisonType"].as_str().unwrap_or_default());
        require(condition, needed(&kind))?;
        if matches!(
            kind,
            ComparisonType::TechnicalWithValue
                | ComparisonType::TechnicalWithIndicator
                | ComparisonType::TechnicalWithClose
        ) && ["timeFrame", "timeframe"].iter().all(|name| condition.get(name).is_none_or(Value::is_null))
        {
            return Err("timeFrame is required".to_string());
        }
        for order in value.get("orders").and_then(Value::as_array).into_iter().flatten() {
            let fields = ["transactionType", "exchangeSegment", "productType", "orderType", "securityId", "quantity"];
            require(order, &fields)?;
            require(order, &["validity"])?;
        }
        let request: Self = serde_json::from_value(value).map_err(|_| BAD_FIELDS.to_string())?;
        if !modification && request.orders.is_empty() {
            return Err("orders is required".to_string());
        }
        let known = request.condition.is_known() && request.orders.iter().all(AlertOrder::is_known);
        if known && request.orders.len() <= MOST_ORDERS { Ok(request) } else { Err(BAD_FIELDS.to_string()) }
    }
}

/// The fields a kind of comparison needs besides those all need.
fn needed(kind: &ComparisonType) -> &'static [&'static str] {
    match kind {
        ComparisonType::TechnicalWithValue => &["indicatorName", "comparingValue"],
        ComparisonType::TechnicalWithIndicator => &["indicatorName", "comparingIndicatorName"],
        ComparisonType::TechnicalWithClose => &["indicatorName"],
        ComparisonType::PriceWithValue => &["comparingValue"],
        ComparisonType::Unknown(_) => &[],
    }
}

impl AlertCondition {
    fn is_known(&self) -> bool {
        self.comparison_type.is_known()
            && self.exchange_segment.is_known()
            && self.operator.is_known()
            && self.indicator_name.as_ref().is_none_or(IndicatorName::is_known)
            && self.comparing_indicator_name.as_ref().is_none_or(IndicatorName::is_known)
            && self.time_frame.as_ref().is_none_or(TimeFrame::is_known)
    }
}

impl AlertCondition {
    /// A condition in the wire's words; what it watches goes by its segment and number.
    pub fn of(condition: &Condition, exchange_segment: ExchangeSegment, security_id: String) -> Self {
        let mut wire = Self {
            exchange_segment,
            security_id,
            operator: Operator::read(condition.operator.as_str()),
            exp_date: condition.expires,
            frequency: Frequency::read(condition.frequency.as_str()),
            user_note: condition.note.clone(),
            ..Self::default()
        };
        match condition.comparison {
            Comparison::Price { value } => {
                wire.comparison_type = ComparisonType::PriceWithValue;
                wire.comparing_value = Some(value.0);
            }
            Comparison::Technical { indicator, time_frame, with } => {
                wire.indicator_name = Some(IndicatorName::read(indicator.as_str()));
                wire.time_frame = Some(TimeFrame::read(time_frame.as_str()));
                wire.comparison_type = match with {
                    Against::Value(value) => {
                        wire.comparing_value = Some(value);
                        ComparisonType::TechnicalWithValue
                    }
                    Against::Indicator(other) => {
                        wire.comparing_indicator_name = Some(IndicatorName::read(other.as_str()));
                        ComparisonType::TechnicalWithIndicator
                    }
                    Against::Close => ComparisonType::TechnicalWithClose,
                };
            }
        }
        wire
    }

    /// The condition in our words, on what it watches; `None` where it says something ours do not have. Without a
    /// frequency, it is once.
    pub fn condition(&self, contract: Contract) -> Option<Condition> {
        let frequency = match self.frequency.as_str() {
            "" => domain::Frequency::Once,
            text => domain::Frequency::named(text)?,
        };
        Some(Condition {
            contract,
            comparison: self.comparison()?,
            operator: domain::Operator::named(self.operator.as_str())?,
            expires: self.exp_date,
            frequency,
            note: self.user_note.clone(),
        })
    }

    fn comparison(&self) -> Option<Comparison> {
        let indicator = |name: &Option<IndicatorName>| domain::Indicator::named(name.as_ref()?.as_str());
        let with = match self.comparison_type {
            ComparisonType::PriceWithValue => return Some(Comparison::Price { value: Price(self.comparing_value?) }),
            ComparisonType::TechnicalWithValue => Against::Value(self.comparing_value?),
            ComparisonType::TechnicalWithIndicator => Against::Indicator(indicator(&self.comparing_indicator_name)?),
            ComparisonType::TechnicalWithClose => Against::Close,
            ComparisonType::Unknown(_) => return None,
        };
        let time_frame = domain::TimeFrame::named(self.time_frame.as_ref()?.as_str())?;
        Some(Comparison::Technical { indicator: indicator(&self.indicator_name)?, time_frame, with })
    }
}

impl AlertOrder {
    /// An order in the wire's words; its contract goes by its segment and number.
    pub fn of(spec: &OrderSpec, exchange_segment: ExchangeSegment, security_id: String) -> Self {
        let (order_type, price, trigger_price) = priced(spec.kind);
        Self {
            transaction_type: spec.side.into(),
            exchange_segment,
            product_type: spec.product.into(),
            order_type,
            security_id,
            quantity: i64::from(spec.quantity.0),
            validity: spec.validity.into(),
            price,
            disc_quantity: 0,
            trigger_price,
        }
    }

    fn is_known(&self) -> bool {
        self.transaction_type.is_known()
            && self.exchange_segment.is_known()
            && self.product_type.is_known()
            && self.order_type.is_known()
            && self.validity.is_known()
    }
}

impl AlertStatus {
    /// A word nobody knows counts as active: it may still send orders.
    pub fn status(&self) -> TriggerStatus {
        match self {
            Self::Active | Self::Unknown(_) => TriggerStatus::Active,
            Self::Triggered => TriggerStatus::Triggered,
            Self::Expired => TriggerStatus::Expired,
            Self::Cancelled => TriggerStatus::Cancelled,
        }
    }
}

impl From<TriggerStatus> for AlertStatus {
    fn from(status: TriggerStatus) -> Self {
        match status {
            TriggerStatus::Active => Self::Active,
            TriggerStatus::Triggered => Self::Triggered,
            TriggerStatus::Expired => Self::Expired,
            TriggerStatus::Cancelled => Self::Cancelled,
        }
    }
}

/// Answer to the calls that change a trigger.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AlertAck {
    #[serde(with = "values::text")]
    pub alert_id: String,
    pub alert_status: AlertStatus,
}

/// One trigger (`GET /alerts/orders`, and by id).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Alert {
    #[serde(with = "values::text")]
    pub alert_id: String,
    pub alert_status: AlertStatus,
    #[serde(with = "utc_time")]
    pub created_time: Option<Timestamp>,
    #[serde(with = "utc_time")]
    pub triggered_time: Option<Timestamp>,
    /// A text in one example of the documentation, a number in the other.
    #[serde(with = "values::opt_number")]
    pub last_price: Option<Decimal>,
    pub condition: AlertCondition,
    pub orders: Vec<AlertOrder>,
}

/// ISO 8601 with `Z`; nothing is `null`.
mod utc_time {
    use super::{Deserialize, Deserializer, Serialize, Serializer, Timestamp, Value, values};

    // The signature is serde's.
    #[allow(clippy::ref_option)]
    pub fn serialize<S: Serializer>(value: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
        let whole = value.map(|at| Timestamp::from_second(at.as_second()).unwrap_or(at).to_string());
        whole.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
        let text = values::scalar_text(&Value::deserialize(deserializer)?).unwrap_or_default();
        Ok(values::present(&text).and_then(|text| text.parse().ok().or_else(|| values::parse_ist(text))))
    }
}

/// Body of `POST /alerts/multi/orders`: orders without a condition, in one request. Each is taken or refused by itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MultiOrderRequest {
    #[serde(with = "values::text")]
    pub dhan_client_id: String,
    pub orders: Vec<MultiOrder>,
}

/// One of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MultiOrder {
    /// Its name within the request.
    #[serde(with = "values::text")]
    pub sequence: String,
    #[serde(with = "values::text", skip_serializing_if = "String::is_empty")]
    pub correlation_id: String,
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
    #[serde(with = "values::flag")]
    pub after_market_order: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amo_time: Option<AmoTime>,
}

impl MultiOrderRequest {
    /// Reads a request as strictly as the live API. The error is the text of a `DH-905`.
    pub fn read_strictly(body: &[u8]) -> Result<Self, String> {
        let value = strict_object(body, &[])?;
        require(&value, &["dhanClientId", "orders"])?;
        let fields = [
            "sequence",
            "transactionType",
            "exchangeSegment",
            "productType",
            "orderType",
            "validity",
            "securityId",
            "quantity",
        ];
        for order in value.get("orders").and_then(Value::as_array).into_iter().flatten() {
            require(order, &fields)?;
        }
        let request: Self = serde_json::from_value(value).map_err(|_| BAD_FIELDS.to_string())?;
        let known = request.orders.iter().all(|o| {
            o.transaction_type.is_known()
                && o.exchange_segment.is_known()
                && o.product_type.is_known()
                && o.order_type.is_known()
                && o.validity.is_known()
        });
        let mut names: Vec<&str> = request.orders.iter().map(|o| o.sequence.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let fits = names.len() == request.orders.len() && (1..=MOST_ORDERS).contains(&request.orders.len());
        if known && fits { Ok(request) } else { Err(BAD_FIELDS.to_string()) }
    }
}

/// Answer to a request of many orders.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MultiOrderAnswer {
    pub orders: Vec<MultiOrderAck>,
}

/// What became of one of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MultiOrderAck {
    /// Empty where none was made.
    #[serde(with = "values::text")]
    pub order_id: String,
    #[serde(with = "values::text")]
    pub sequence: String,
    pub order_status: OrderStatus,
}

#[cfg(test)]
mod tests;
