//! Faults around a request: a layer in front of all handlers.

use std::time::Duration;

use axum::Json;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::endpoint::Endpoint;
use super::menu::Fault;
use super::wire::Wire;
use crate::exchange_server::rest::answers::{Refused, TOO_FAST};
use crate::exchange_server::state::Shared;
use crate::protocol::dhan::errors::{DataCode, TradingCode};

/// What a load balancer says when what is behind it does not answer.
const GATEWAY_PAGE: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad \
                            Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";

/// Lets a request through, unless a fault stands in its way.
pub async fn layer(
    State(shared): State<Shared>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    request: Request,
    next: Next,
) -> Response {
    let endpoint = Endpoint::of(request.method().as_str(), request.uri().path());
    let slow = |fault: &Fault| matches!(fault, Fault::Latency { .. });
    if let Some(Fault::Latency { ms }) = shared.faults.at_request(endpoint, slow) {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
    let Some(fault) = shared.faults.at_request(endpoint, |fault| !slow(fault)) else {
        return next.run(request).await;
    };
    tracing::info!(?endpoint, fault = fault.name(), "a fault happens on purpose");
    match fault {
        Fault::TimeoutBefore => never(&shared).await,
        Fault::TimeoutAfter => {
            drop(next.run(request).await);
            never(&shared).await
        }
        Fault::TooManyRequests { plain_text: true } => {
            (StatusCode::TOO_MANY_REQUESTS, "Too many requests").into_response()
        }
        Fault::TooManyRequests { plain_text: false } if endpoint.speaks_data() => {
            Refused::data(429, DataCode::TooMany).into_response()
        }
        Fault::TooManyRequests { plain_text: false } => {
            Refused::trading(429, TradingCode::RateLimit, TOO_FAST).into_response()
        }
        Fault::ServerError { status, html, done } => {
            if done {
                drop(next.run(request).await);
            }
            server_error(status, html)
        }
        Fault::ConnectionReset { done } => {
            if done {
                drop(next.run(request).await);
            }
            wire.cut();
            never(&shared).await
        }
        Fault::WrongCode { status, code, message, done } => {
            if done {
                drop(next.run(request).await);
            }
            let body = json!({ "errorType": "Order_Error", "errorCode": code, "errorMessage": message });
            (status_of(status), Json(body)).into_response()
        }
        _ => next.run(request).await,
    }
}

/// No answer, until whoever waits goes away or the server ends.
async fn never(shared: &Shared) -> Response {
    shared.cancel.cancelled().await;
    StatusCode::SERVICE_UNAVAILABLE.into_response()
}

fn server_error(status: u16, html: bool) -> Response {
    if html {
        return (status_of(status), [(header::CONTENT_TYPE, "text/html")], GATEWAY_PAGE).into_response();
    }
    Refused::trading(status, TradingCode::InternalServer, "Internal Server Error").into_response()
}

fn status_of(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
