//! How the server answers, and how it refuses: the broker's two kinds of error bodies, and its gateway's.

use axum::Json;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};

use crate::domain::time::{Timestamp, ist};
use crate::exchange::Refusal;
use crate::exchange_server::core::Unavailable;
use crate::protocol::dhan::errors::{DataCode, TradingCode};
use crate::protocol::dhan::orders::BAD_FIELDS;

pub const TOO_FAST: &str =
    "Too many requests on server from single user breaching rate limits. Try throttling API calls.";

/// An error on its way out.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    status: StatusCode,
    body: Value,
}

impl Refused {
    /// `{"errorType", "errorCode", "errorMessage"}`.
    pub fn trading(status: u16, code: TradingCode, message: &str) -> Self {
        let body = code.body(message);
        let body = json!({
            "errorType": body.error_type,
            "errorCode": body.error_code,
            "errorMessage": body.error_message,
        });
        Self { status: StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), body }
    }

    /// `{"data": {"<code>": "<text>"}, "status": "failed"}`.
    pub fn data(status: u16, code: DataCode) -> Self {
        Self { status: StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), body: code.body() }
    }

    pub fn input(message: &str) -> Self {
        Self::trading(400, TradingCode::Input, message)
    }

    pub fn bad_fields() -> Self {
        Self::input(BAD_FIELDS)
    }

    pub fn order(message: &str) -> Self {
        Self::trading(400, TradingCode::Order, message)
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let message = refusal.to_string();
        match refusal {
            Refusal::Input(_) => Self::input(&message),
            Refusal::Order(_) => Self::order(&message),
            Refusal::UnknownOrder => Self::trading(404, TradingCode::Order, &message),
        }
    }
}

impl From<Unavailable> for Refused {
    fn from(_: Unavailable) -> Self {
        Self::trading(500, TradingCode::InternalServer, "Internal Server Error")
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.status, Json(self.body)).into_response()
    }
}

/// What a handler returns.
pub type Answer = Result<Response, Refused>;

/// 200 and a body.
#[allow(clippy::unnecessary_wraps)] // what handlers return
pub fn ok<T: Serialize>(body: &T) -> Answer {
    Ok(Json(body).into_response())
}

/// The gateway's answer to a path it does not know.
pub async fn no_such_path(uri: Uri) -> Response {
    let now = ist(Timestamp::now()).strftime("%Y-%m-%dT%H:%M:%S%.3f+05:30").to_string();
    let body = json!({ "timestamp": now, "status": 404, "error": "Not Found", "path": uri.path() });
    (StatusCode::NOT_FOUND, Json(body)).into_response()
}
