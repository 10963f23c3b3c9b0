//! What can be asked, and how it is handed to the desk.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, get, post};
use axum::{Json, Router, middleware};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::door::{Door, keep};
use super::{broker, openapi, trading};
use crate::engine::command::{Command, Origin, Reply};
use crate::web::desk::{AlertsRequest, Answer, Desk, DeskError, LotQuestion, MapQuestion};
use crate::web::office::Office;
use crate::web::problem::Problem;

pub(super) const HEALTH: &str = "/health";
pub(super) const HALT: &str = "/api/halt";

/// A whole analysis of the market as an import command is a few megabytes.
pub(super) const LARGEST_BODY: usize = 24 * 1024 * 1024;
/// For the whole body, once its head is there.
const BODY_WITHIN: Duration = Duration::from_secs(10);
/// For the desk. A preview may wait for quotes.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// What the routes work with.
#[derive(Clone)]
pub(super) struct Room {
    pub desk: Arc<dyn Desk>,
    pub office: Arc<dyn Office>,
}

pub(super) type At = State<Room>;

/// Every route, but for what needs the door itself.
fn table() -> Vec<(Method, &'static str, MethodRouter<Room>)> {
    vec![
        (Method::GET, "/api/strategies", get(list)),
        (Method::GET, "/api/strategies/{id}", get(show)),
        (Method::GET, "/api/status", get(status)),
        (Method::GET, "/api/signals", get(signals)),
        (Method::POST, "/api/command", post(command)),
        (Method::POST, HALT, post(halt)),
        (Method::POST, "/api/map", post(map)),
        (Method::POST, "/api/lots", post(lots)),
        (Method::POST, "/api/alerts", post(alerts)),
        (Method::GET, "/api/trading", get(trading::state)),
        (Method::POST, "/api/trading/enable", post(trading::enable)),
        (Method::POST, "/api/trading/disable", post(trading::disable)),
        (Method::GET, "/api/brokers/supported", get(broker::supported)),
        (Method::GET, "/api/broker/current", get(broker::current)),
        (Method::POST, "/api/broker/configure", post(broker::configure)),
        (Method::POST, "/api/broker/test", post(broker::test)),
        (Method::GET, "/metrics", get(metrics)),
        (Method::GET, "/api/openapi.json", get(async || Json(openapi::description()))),
    ]
}

/// What is to be described.
#[cfg(test)]
pub(super) fn paths() -> Vec<(Method, &'static str)> {
    let all = table().into_iter().map(|(method, path, _)| (method, path));
    all.chain([(Method::GET, HEALTH)]).collect()
}

pub(super) fn router(room: Room, door: Arc<Door>) -> Router {
    let health = json!({"name": "strikedeck", "version": env!("CARGO_PKG_VERSION"), "cockpit": door.fingerprint()});
    table()
        .into_iter()
        .fold(Router::new(), |router, (_, path, handler)| router.route(path, handler))
        .route(HEALTH, get(move || async move { Json(health) }))
        .fallback(|| async { Problem::new(StatusCode::NOT_FOUND, "no_such_route", "there is nothing here") })
        .method_not_allowed_fallback(|| async {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "wrong_method", "that path takes another method")
        })
        .layer(middleware::from_fn_with_state(door, keep))
        .with_state(room)
}

async fn list(State(room): At) -> Result<Json<Value>, Problem> {
    answer(room.desk.list()).await
}

async fn status(State(room): At) -> Result<Json<Value>, Problem> {
    answer(room.desk.status()).await
}

async fn signals(State(room): At) -> Result<Json<Value>, Problem> {
    answer(room.desk.signals()).await
}

async fn show(State(room): At, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    let id = id.parse().map_err(|_| Problem::bad_request("a strategy is named by its number"))?;
    answer(room.desk.show(id)).await
}

async fn command(State(room): At, body: Body) -> Result<Json<Reply>, Problem> {
    let command: Command = read(body, "a command").await?;
    tracing::info!("control API: {}", command.name());
    answer(room.desk.command(command, Origin::Shell)).await
}

async fn halt(State(room): At) -> Result<Json<Reply>, Problem> {
    tracing::info!("control API: halt");
    answer(room.desk.halt(Origin::Shell)).await
}

async fn map(State(room): At, body: Body) -> Result<impl IntoResponse, Problem> {
    let question: MapQuestion = read(body, "a question for a contract").await?;
    answer(room.desk.map(question)).await
}

async fn lots(State(room): At, body: Body) -> Result<impl IntoResponse, Problem> {
    let questions: Vec<LotQuestion> = read(body, "questions for lots").await?;
    answer(room.desk.lots(questions)).await
}

async fn metrics(State(room): At) -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], room.office.metrics())
}

async fn alerts(State(room): At, body: Body) -> Result<Json<Value>, Problem> {
    let request: AlertsRequest = read(body, "a request to the inbox").await?;
    answer(room.desk.alerts(request)).await
}

/// The desk's answer, if it comes in time. Whoever asked is told when it does not; what was asked may still be done.
pub(super) async fn answer<T: Serialize>(answer: Answer<'_, T>) -> Result<Json<T>, Problem> {
    match within(ANSWER_WITHIN, answer).await {
        Some(result) => Ok(Json(result?)),
        None => Err(DeskError::NoAnswer("the cockpit has not answered in time; it may still do it".into()).into()),
    }
}

async fn read<T: DeserializeOwned>(body: Body, what: &str) -> Result<T, Problem> {
    let bytes = read_bytes(body).await?;
    serde_json::from_slice(&bytes).map_err(|e| Problem::bad_request(format!("that is not {what}: {e}")))
}

pub(super) async fn read_bytes(body: Body) -> Result<Bytes, Problem> {
    let too_large = || {
        let reason = format!("the body could not be read whole; the most is {LARGEST_BODY} bytes");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", reason)
    };
    // Told by its length, it is not read at all.
    if body.size_hint().lower() > LARGEST_BODY as u64 {
        return Err(too_large());
    }
    let Some(bytes) = within(BODY_WITHIN, axum::body::to_bytes(body, LARGEST_BODY)).await else {
        return Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "too_slow", "the body did not arrive in time"));
    };
    bytes.map_err(|_| too_large())
}

async fn within<F: Future>(time: Duration, future: F) -> Option<F::Output> {
    tokio::time::timeout(time, future).await.ok()
}
