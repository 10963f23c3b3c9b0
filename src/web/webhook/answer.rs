//! How a signal is answered: the engine's words with a status of HTTP.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::domain::{SignalAnswer, SignalRefusal};
use crate::protocol::signal::BadSignal;
use crate::web::problem::Problem;

impl From<BadSignal> for Problem {
    fn from(bad: BadSignal) -> Self {
        let status = StatusCode::from_u16(bad.status()).unwrap_or(StatusCode::BAD_REQUEST);
        Self { field: bad.field(), ..Self::new(status, bad.code(), bad.to_string()) }
    }
}

/// The answer, and the word under which it is counted.
pub(super) fn of_engine(answer: SignalAnswer) -> (&'static str, Response) {
    match answer {
        SignalAnswer::Accepted { id, message } => {
            let body = json!({"status": "accepted", "signal": id.0, "message": message});
            ("accepted", (StatusCode::ACCEPTED, Json(body)).into_response())
        }
        SignalAnswer::Duplicate { id } => {
            let body = json!({"status": "duplicate", "signal": id.0});
            ("duplicate", (StatusCode::OK, Json(body)).into_response())
        }
        SignalAnswer::Refused { id, why, reason } => {
            let body = json!({"error": {"code": why.as_str(), "reason": reason, "signal": id.map(|id| id.0)}});
            (why.as_str(), (status_of(why), Json(body)).into_response())
        }
    }
}

/// 422: as it is, it will never be taken. 409: it could be, were things otherwise here.
fn status_of(why: SignalRefusal) -> StatusCode {
    match why {
        SignalRefusal::UnknownStrategy
        | SignalRefusal::UnknownSymbol
        | SignalRefusal::Stale
        | SignalRefusal::Future
        | SignalRefusal::Price
        | SignalRefusal::Instrument => StatusCode::UNPROCESSABLE_ENTITY,
        SignalRefusal::Paused
        | SignalRefusal::Closed
        | SignalRefusal::Risk
        | SignalRefusal::Open
        | SignalRefusal::NotApproved => StatusCode::CONFLICT,
    }
}
