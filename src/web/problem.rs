//! What a refused request is told: always `{"error": {"code": …, "reason": …}}`.

use axum::Json;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::web::desk::DeskError;

/// A request that is not answered with what it asked for.
#[derive(Debug)]
pub(super) struct Problem {
    pub status: StatusCode,
    pub code: &'static str,
    pub reason: String,
    /// The part of the body that is meant.
    pub field: Option<&'static str>,
    /// Seconds to wait.
    pub again_in: Option<u64>,
}

impl Problem {
    pub fn new(status: StatusCode, code: &'static str, reason: impl Into<String>) -> Self {
        Self { status, code, reason: reason.into(), field: None, again_in: None }
    }

    pub fn bad_request(reason: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", reason)
    }

    pub fn too_many(reason: impl Into<String>, again_in: u64) -> Self {
        Self { again_in: Some(again_in), ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many", reason) }
    }
}

impl From<DeskError> for Problem {
    fn from(error: DeskError) -> Self {
        let (status, code) = match &error {
            DeskError::Refused(_) => (StatusCode::UNPROCESSABLE_ENTITY, "refused"),
            DeskError::NotFound(_) => (StatusCode::NOT_FOUND, "not_found"),
            DeskError::NoAnswer(_) => (StatusCode::GATEWAY_TIMEOUT, "no_answer"),
            DeskError::Gone(_) => (StatusCode::SERVICE_UNAVAILABLE, "gone"),
            DeskError::Failed(_) => (StatusCode::INTERNAL_SERVER_ERROR, "failed"),
        };
        Self::new(status, code, error.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut error = json!({"code": self.code, "reason": self.reason});
        if let Some(field) = self.field {
            error["field"] = field.into();
        }
        let mut response = (self.status, Json(json!({"error": error}))).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.again_in {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
