//! Error bodies: the codes the broker uses, how each kind of body is written, and one reader for all of them.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::values::scalar_text;

/// An answer that is not what was asked for, whatever form it came in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("HTTP {http_status} {code} {message}")]
pub struct WireError {
    pub http_status: u16,
    /// `DH-906`, `805`, or empty where the body names none.
    pub code: String,
    /// The broker's words; the beginning of the body where it was not JSON.
    pub message: String,
    pub style: ErrorStyle,
}

/// Which kind of body an error came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorStyle {
    /// `{"errorType", "errorCode", "errorMessage"}`: the trading system itself refused.
    Trading,
    /// `{"data": {"<code>": "<text>"}, "status": "failed"}`: the data system itself refused.
    Data,
    /// `{"status": "error", "message"}`, also as the one element of a list, also with HTTP 200.
    Plain,
    /// `{"status": 404, "error", "path"}`: the gateway in front of the systems.
    Gateway,
    /// HTML, plain text or nothing: a load balancer, or something that is not the broker.
    Opaque,
}

impl WireError {
    /// Reads an answer that is known to be an error by its HTTP status.
    pub fn parse(http_status: u16, body: &[u8]) -> Self {
        Self::hidden(http_status, body).unwrap_or_else(|| Self {
            http_status,
            code: String::new(),
            message: plain_text(body),
            style: ErrorStyle::Opaque,
        })
    }

    /// An error in a body that came with a success status, as the broker sometimes sends; `None` where there is none.
    pub fn hidden(http_status: u16, body: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(body).ok()?;
        let fields = match &value {
            Value::Object(fields) => fields,
            Value::Array(items) => match items.as_slice() {
                [Value::Object(fields)] => fields,
                _ => return None,
            },
            _ => return None,
        };
        let found = trading(fields).or_else(|| data(fields)).or_else(|| gateway(fields)).or_else(|| plain(fields));
        found.map(|(code, message, style)| Self { http_status, code, message, style })
    }
}

type Found = (String, String, ErrorStyle);

fn text(fields: &Map<String, Value>, name: &str) -> Option<String> {
    fields.get(name).and_then(scalar_text).filter(|text| !text.is_empty())
}

fn trading(fields: &Map<String, Value>) -> Option<Found> {
    let code = text(fields, "errorCode");
    let message = text(fields, "errorMessage");
    if code.is_none() && message.is_none() && !fields.contains_key("errorType") {
        return None;
    }
    // The older form names its real code separately: `errorCode` DHOLDING_ERROR, `internalErrorCode` DH-1111.
    let internal = text(fields, "internalErrorCode");
    let plain_code = code.as_deref().is_some_and(|c| c.starts_with("DH-"));
    let code = if plain_code { code } else { internal.or(code) };
    let message = message.or_else(|| text(fields, "internalErrorMessage")).or_else(|| text(fields, "errorType"));
    Some((code.unwrap_or_default(), message.unwrap_or_default(), ErrorStyle::Trading))
}

fn data(fields: &Map<String, Value>) -> Option<Found> {
    if text(fields, "status")?.eq_ignore_ascii_case("success") {
        return None;
    }
    let (code, message) = fields.get("data")?.as_object()?.iter().next()?;
    if code.is_empty() || !code.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some((code.clone(), scalar_text(message).unwrap_or_default(), ErrorStyle::Data))
}

fn gateway(fields: &Map<String, Value>) -> Option<Found> {
    let is_number = fields.get("status").is_some_and(Value::is_number);
    let message = text(fields, "error").filter(|_| is_number)?;
    let path = text(fields, "path").unwrap_or_default();
    Some((String::new(), format!("{message} {path}").trim_end().to_string(), ErrorStyle::Gateway))
}

fn plain(fields: &Map<String, Value>) -> Option<Found> {
    let status = text(fields, "status")?;
    if !["error", "failed", "failure"].iter().any(|word| status.eq_ignore_ascii_case(word)) {
        return None;
    }
    let words = ["message", "remarks", "error", "data"];
    let message = words.iter().find_map(|name| text(fields, name)).unwrap_or(status);
    Some((text(fields, "code").unwrap_or_default(), message, ErrorStyle::Plain))
}

/// The readable beginning of a body: tags dropped, white space drawn together.
fn plain_text(body: &[u8]) -> String {
    let mut shown = String::new();
    let mut in_tag = false;
    for c in String::from_utf8_lossy(body).chars().take(4_000) {
        match c {
            '<' => {
                in_tag = true;
                shown.push(' ');
            }
            '>' => in_tag = false,
            c if !in_tag && (!c.is_control() || c.is_whitespace()) => shown.push(c),
            _ => {}
        }
    }
    let words: Vec<&str> = shown.split_whitespace().collect();
    words.join(" ").chars().take(200).collect()
}

/// Codes of the trading system (annexure).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TradingCode {
    InvalidAuthentication,
    InvalidAccess,
    UserAccount,
    RateLimit,
    Input,
    Order,
    Data,
    InternalServer,
    Network,
    Others,
    InvalidIp,
    NoHoldings,
}

impl TradingCode {
    pub fn code(self) -> &'static str {
        match self {
            Self::InvalidAuthentication => "DH-901",
            Self::InvalidAccess => "DH-902",
            Self::UserAccount => "DH-903",
            Self::RateLimit => "DH-904",
            Self::Input => "DH-905",
            Self::Order => "DH-906",
            Self::Data => "DH-907",
            Self::InternalServer => "DH-908",
            Self::Network => "DH-909",
            Self::Others => "DH-910",
            Self::InvalidIp => "DH-911",
            Self::NoHoldings => "DH-1111",
        }
    }

    /// With underscores, as on the wire.
    pub fn error_type(self) -> &'static str {
        match self {
            Self::InvalidAuthentication => "Invalid_Authentication",
            Self::InvalidAccess => "Invalid_Access",
            Self::UserAccount => "User_Account",
            Self::RateLimit => "Rate_Limit",
            Self::Input => "Input_Exception",
            Self::Order => "Order_Error",
            Self::Data => "Data_Error",
            Self::InternalServer => "Internal_Server_Error",
            Self::Network => "Network_Error",
            Self::Others => "Others",
            Self::InvalidIp => "Invalid_IP",
            Self::NoHoldings => "HOLDING_ERROR",
        }
    }

    /// The body of an error of the trading system.
    pub fn body(self, message: &str) -> TradingErrorBody {
        TradingErrorBody {
            error_type: self.error_type().to_string(),
            error_code: self.code().to_string(),
            error_message: message.to_string(),
        }
    }
}

/// `{"errorType", "errorCode", "errorMessage"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TradingErrorBody {
    pub error_type: String,
    pub error_code: String,
    pub error_message: String,
}

/// Codes of the data system, and reasons of a feed's disconnect (annexure).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DataCode {
    Internal,
    TooManyInstruments,
    /// Requests or connections; repeated, it can block the account for a while.
    TooMany,
    NotSubscribed,
    TokenExpired,
    AuthenticationFailed,
    InvalidToken,
    InvalidClient,
    InvalidExpiry,
    InvalidDate,
    InvalidSecurity,
    InvalidRequest,
}

impl DataCode {
    pub const ALL: [Self; 12] = [
        Self::Internal,
        Self::TooManyInstruments,
        Self::TooMany,
        Self::NotSubscribed,
        Self::TokenExpired,
        Self::AuthenticationFailed,
        Self::InvalidToken,
        Self::InvalidClient,
        Self::InvalidExpiry,
        Self::InvalidDate,
        Self::InvalidSecurity,
        Self::InvalidRequest,
    ];

    pub fn number(self) -> u16 {
        match self {
            Self::Internal => 800,
            Self::TooManyInstruments => 804,
            Self::TooMany => 805,
            Self::NotSubscribed => 806,
            Self::TokenExpired => 807,
            Self::AuthenticationFailed => 808,
            Self::InvalidToken => 809,
            Self::InvalidClient => 810,
            Self::InvalidExpiry => 811,
            Self::InvalidDate => 812,
            Self::InvalidSecurity => 813,
            Self::InvalidRequest => 814,
        }
    }

    pub fn from_number(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.number() == number)
    }

    /// In the broker's words.
    pub fn text(self) -> &'static str {
        match self {
            Self::Internal => "Internal Server Error",
            Self::TooManyInstruments => "Requested number of instruments exceeds limit",
            Self::TooMany => "Too many requests. Further requests may result in the user being blocked.",
            Self::NotSubscribed => "Data APIs not Subscribed",
            Self::TokenExpired => "Access token is expired",
            Self::AuthenticationFailed => "Authentication Failed - Client ID or Token invalid",
            Self::InvalidToken => "Access token is invalid",
            Self::InvalidClient => "Client ID is invalid",
            Self::InvalidExpiry => "Invalid Expiry Date",
            Self::InvalidDate => "Invalid Date Format",
            Self::InvalidSecurity => "Invalid SecurityId",
            Self::InvalidRequest => "Invalid Request",
        }
    }

    /// The body of an error of the data system.
    pub fn body(self) -> Value {
        json!({ "data": { self.number().to_string(): self.text() }, "status": "failed" })
    }
}

impl fmt::Display for DataCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number(), self.text())
    }
}

#[cfg(test)]
mod tests;
