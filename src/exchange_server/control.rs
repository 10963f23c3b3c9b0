//! The control endpoint: whoever knows its secret steers the exchange. Off unless asked for; on loopback like all of it.
//!
//! `GET /control` tells everything; `/control/faults` lists, sets and clears what goes wrong; `/control/clock` drives the
//! clock; `/control/market` moves prices and suspends trading; `/control/profile` sets the switches.

mod clock;
mod market;
mod state;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::faults::FaultSpec;
use super::state::Shared;
use super::switches::Switches;
use crate::domain::Price;

/// The header that carries the secret.
pub const HEADER: &str = "x-control-token";

/// How a running exchange is steered.
#[derive(Clone, PartialEq, Eq)]
pub struct ControlAccess {
    /// `http://127.0.0.1:port/control`.
    pub url: String,
    /// Goes into the header `x-control-token`.
    pub token: String,
}

impl std::fmt::Debug for ControlAccess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ControlAccess({})", self.url)
    }
}

/// What a request must present.
#[derive(Clone)]
pub struct Secret(Arc<str>);

impl Secret {
    pub fn make() -> std::io::Result<Self> {
        use std::fmt::Write;
        let mut bytes = [0_u8; 24];
        getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
        let mut text = String::with_capacity(48);
        for byte in bytes {
            let _ = write!(text, "{byte:02x}");
        }
        Ok(Self(text.into()))
    }

    pub fn access(&self, address: SocketAddr) -> ControlAccess {
        ControlAccess { url: format!("http://{address}/control"), token: self.0.to_string() }
    }

    /// Compares in a time that tells nothing of where the two differ, nor how long the right one is.
    fn matches(&self, presented: &[u8]) -> bool {
        let (ours, theirs) = (Sha256::digest(self.0.as_bytes()), Sha256::digest(presented));
        ours.as_slice().ct_eq(theirs.as_slice()).into()
    }
}

/// What a control call answers.
type Answer = Result<Json<Value>, Wrong>;

/// A control call that was not done, and why.
struct Wrong(StatusCode, String);

impl Wrong {
    fn because(why: impl Into<String>) -> Self {
        Self(StatusCode::UNPROCESSABLE_ENTITY, why.into())
    }
}

impl From<super::core::Unavailable> for Wrong {
    fn from(error: super::core::Unavailable) -> Self {
        Self(StatusCode::SERVICE_UNAVAILABLE, error.to_string())
    }
}

impl IntoResponse for Wrong {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}

pub fn routes(secret: Secret) -> Router<Shared> {
    Router::new()
        .route("/control", get(state::everything))
        .route("/control/faults", get(list).post(set).delete(clear_all))
        .route("/control/faults/{id}", delete(clear))
        .route("/control/profile", get(profile).post(set_profile))
        .route("/control/clock", get(clock::tell).post(clock::drive))
        .route("/control/market", post(market::steer))
        .layer(middleware::from_fn_with_state(secret, only_with_the_secret))
}

async fn only_with_the_secret(State(secret): State<Secret>, request: Request, next: Next) -> Response {
    let presented = request.headers().get(HEADER).map(|v| v.as_bytes().to_vec()).unwrap_or_default();
    if secret.matches(&presented) {
        next.run(request).await
    } else {
        Wrong(StatusCode::UNAUTHORIZED, format!("the header {HEADER} does not carry this exchange's secret"))
            .into_response()
    }
}

/// A price as an exact JSON number.
fn number(price: Price) -> Value {
    serde_json::from_str(&price.0.normalize().to_string()).unwrap_or(Value::Null)
}

async fn list(State(shared): State<Shared>) -> Json<Value> {
    Json(json!({ "faults": shared.faults.list() }))
}

async fn set(State(shared): State<Shared>, Json(spec): Json<FaultSpec>) -> Answer {
    if !(0.0..=1.0).contains(&spec.chance) {
        return Err(Wrong::because("a chance lies between 0 and 1"));
    }
    match shared.faults.set(spec) {
        Some(id) => Ok(Json(json!({ "id": id }))),
        None => Err(Wrong::because("too many faults stand already: clear some first")),
    }
}

async fn clear(State(shared): State<Shared>, Path(id): Path<u64>) -> Answer {
    if shared.faults.clear(id) {
        Ok(Json(json!({ "cleared": 1 })))
    } else {
        Err(Wrong(StatusCode::NOT_FOUND, format!("no fault has the number {id}")))
    }
}

async fn clear_all(State(shared): State<Shared>) -> Json<Value> {
    Json(json!({ "cleared": shared.faults.clear_all() }))
}

async fn profile(State(shared): State<Shared>) -> Json<Switches> {
    Json(shared.switches())
}

/// What is not named goes back to its default.
async fn set_profile(State(shared): State<Shared>, Json(switches): Json<Switches>) -> Answer {
    shared.core.call(move |exchange, _| exchange.set_ways(switches.ways())).await?;
    shared.set_switches(switches);
    Ok(Json(json!({ "profile": switches })))
}
