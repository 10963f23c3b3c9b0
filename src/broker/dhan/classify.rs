//! What an error of DhanHQ means for what may be done next.
//!
//! The codes are too coarse (`DH-905` and `DH-906` each cover unrelated causes): the words decide, the code where they are
//! silent, the HTTP status last.

use super::Purpose;
use crate::broker::Capability;
use crate::gateway::ErrorClass;
use crate::protocol::dhan::errors::{ErrorStyle, WireError};

const TOO_FAST: [&str; 5] = ["too many requests", "rate limit", "breaching rate", "throttl", "once every 2 minutes"];

/// A cancellation that came before the order was at the exchange: it did nothing, and will work in a moment.
const NOT_YET: [&str; 1] = ["transit state"];

const CLOSED: [&str; 7] = [
    "market is closed",
    "market closed",
    "markets are closed",
    "market is not open",
    "offline order",
    "outside market hours",
    "outside trading hours",
];

const BLOCKED: [&str; 14] = [
    "invalid ip",
    "ip address",
    "whitelist",
    "kill switch",
    "killswitch",
    "segment not active",
    "segment is not active",
    "not activated",
    "account is blocked",
    "account blocked",
    "client id is blocked",
    "suspended",
    "dormant",
    "not subscribed",
];

const LOG_IN: [&str; 8] = [
    "invalid token",
    "token is invalid",
    "token invalid",
    "token expired",
    "token is expired",
    "expired token",
    "access token",
    "authentication failed",
];

pub(super) fn classify(error: &WireError, purpose: Purpose) -> ErrorClass {
    let words = error.message.to_lowercase();
    let says = |any: &[&str]| any.iter().any(|phrase| words.contains(phrase));
    let code = error.code.as_str();
    if matches!(code, "DH-904" | "805") || error.http_status == 429 || says(&TOO_FAST) || says(&NOT_YET) {
        ErrorClass::TryLater
    } else if says(&CLOSED) {
        ErrorClass::MarketClosed
    } else if matches!(code, "DH-902" | "DH-903" | "DH-911" | "806") || says(&BLOCKED) {
        ErrorClass::Blocked
    } else if matches!(code, "DH-901" | "807" | "808" | "809" | "810") || says(&LOG_IN) {
        ErrorClass::LogIn
    } else {
        by_status(error, purpose)
    }
}

/// What the account has not got, where that is what an error says.
pub(super) fn lacking(error: &WireError) -> Option<Capability> {
    let words = error.message.to_lowercase();
    if error.code == "DH-911" || words.contains("invalid ip") {
        Some(Capability::OrdersFromHere)
    } else if matches!(error.code.as_str(), "DH-902" | "806") || words.contains("not subscribed") {
        Some(Capability::MarketData)
    } else if words.contains("segment") && (words.contains("not active") || words.contains("not activated")) {
        Some(Capability::Derivatives)
    } else {
        None
    }
}

fn by_status(error: &WireError, purpose: Purpose) -> ErrorClass {
    let answered_by_the_broker = matches!(error.style, ErrorStyle::Trading | ErrorStyle::Data | ErrorStyle::Plain);
    // The broker's own words for "I do not know myself": internal error, backend unreachable.
    let broken_inside = matches!(error.code.as_str(), "DH-908" | "DH-909" | "800");
    match error.http_status {
        401 => ErrorClass::LogIn,
        403 => ErrorClass::Blocked,
        _ if broken_inside => purpose.unknown(),
        // An order that is refused comes with 400 or with 500.
        500 if matches!(error.code.as_str(), "DH-905" | "DH-906" | "DH-907" | "DH-1111") => ErrorClass::Refused,
        408 => purpose.unknown(),
        400..=499 => ErrorClass::Refused,
        200..=299 if answered_by_the_broker => ErrorClass::Refused,
        _ => purpose.unknown(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ErrorClass::{AskFirst, Blocked, LogIn, MarketClosed, Refused, TryLater};

    fn write(status: u16, body: &str) -> ErrorClass {
        classify(&WireError::parse(status, body.as_bytes()), Purpose::Write)
    }

    fn trading(status: u16, code: &str, message: &str) -> ErrorClass {
        write(status, &format!(r#"{{"errorType":"x","errorCode":"{code}","errorMessage":"{message}"}}"#))
    }

    #[test]
    fn the_words_decide_before_the_code() {
        for (status, code, message, class) in [
            (400, "DH-906", "Market is Closed! Want to place an offline order?", MarketClosed),
            (400, "DH-906", "Invalid Token", LogIn),
            (400, "DH-905", "Invalid IP", Blocked),
            (400, "DH-906", "Order is in Transit state", TryLater),
            (400, "DH-906", "Kill Switch is active for the day", Blocked),
            (400, "DH-906", "Insufficient Funds", Refused),
            (500, "DH-906", "Incorrect request for order and cannot be processed", Refused),
            (400, "DH-905", "Missing required fields, bad values for parameters etc.", Refused),
            (401, "DH-901", "Client ID or user generated access token is invalid or expired.", LogIn),
            (429, "DH-904", "Too many requests on server from single user breaching rate limits.", TryLater),
            (400, "DH-911", "", Blocked),
            (400, "DH-903", "", Blocked),
            (500, "DH-908", "Internal Server Error", AskFirst),
            (400, "DH-909", "backend", AskFirst),
            (500, "DH-910", "something", AskFirst),
        ] {
            assert_eq!(trading(status, code, message), class, "{status} {code} {message}");
        }
    }

    #[test]
    fn data_errors_have_their_own_codes() {
        let data = |status, code: u16, text: &str| {
            write(status, &format!(r#"{{"data":{{"{code}":"{text}"}},"status":"failed"}}"#))
        };
        assert_eq!(
            data(429, 805, "Too many requests. Further requests may result in the user being blocked."),
            TryLater
        );
        assert_eq!(data(401, 806, "Data APIs not Subscribed"), Blocked);
        assert_eq!(data(401, 808, "Authentication Failed - Client ID or Token invalid"), LogIn);
        assert_eq!(data(400, 813, "Invalid SecurityId"), Refused);
    }

    #[test]
    fn what_the_account_lacks_is_told_from_what_failed() {
        let lacks = |status, code: &str, message: &str| {
            let body = format!(r#"{{"errorCode":"{code}","errorMessage":"{message}"}}"#);
            lacking(&WireError::parse(status, body.as_bytes()))
        };
        assert_eq!(lacks(400, "DH-905", "Invalid IP"), Some(Capability::OrdersFromHere));
        assert_eq!(lacks(400, "DH-911", ""), Some(Capability::OrdersFromHere));
        assert_eq!(lacks(401, "DH-902", "User has not subscribed to Data APIs"), Some(Capability::MarketData));
        assert_eq!(lacks(400, "DH-906", "Segment is not activated"), Some(Capability::Derivatives));
        assert_eq!(lacks(400, "DH-906", "Insufficient Funds"), None);
        let data = WireError::parse(401, br#"{"data":{"806":"Data APIs not Subscribed"},"status":"failed"}"#);
        assert_eq!(lacking(&data), Some(Capability::MarketData));
    }

    #[test]
    fn what_did_not_come_from_the_broker_itself_leaves_a_write_unknown_and_a_read_for_later() {
        for (status, body) in
            [(502, "<html>Bad Gateway</html>"), (503, ""), (504, "timeout"), (500, "{}"), (301, ""), (200, "hm")]
        {
            let error = WireError::parse(status, body.as_bytes());
            assert_eq!(classify(&error, Purpose::Write), AskFirst, "{status}");
            assert_eq!(classify(&error, Purpose::Read), TryLater, "{status}");
        }
        assert_eq!(write(429, "Too many requests"), TryLater);
        assert_eq!(write(403, "<html>Forbidden</html>"), Blocked);
        assert_eq!(write(404, r#"{"status":404,"error":"Not Found","path":"/v2/orders"}"#), Refused);
    }
}
