//! What can be asked, and how it is handed to the desk.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::door::{Door, keep};
use super::problem::Problem;
use crate::engine::command::{Command, Origin, Reply};
use crate::web::desk::{Answer, Desk, DeskError, LotQuestion, MapQuestion};

pub(super) const HEALTH: &str = "/health";
pub(super) const HALT: &str = "/api/halt";

/// A whole analysis of the market as an import command is a few megabytes.
pub(super) const LARGEST_BODY: usize = 24 * 1024 * 1024;
/// For the whole body, once its head is there.
const BODY_WITHIN: Duration = Duration::from_secs(10);
/// For the desk. A preview may wait for quotes.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);

type At = State<Arc<dyn Desk>>;

pub(super) fn router(desk: Arc<dyn Desk>, door: Arc<Door>) -> Router {
    let health = json!({"name": "strikedeck", "version": env!("CARGO_PKG_VERSION"), "cockpit": door.fingerprint()});
    Router::new()
        .route(HEALTH, get(move || async move { Json(health) }))
        .route("/api/strategies", get(list))
        .route("/api/strategies/{id}", get(show))
        .route("/api/status", get(status))
        .route("/api/signals", get(signals))
        .route("/api/command", post(command))
        .route(HALT, post(halt))
        .route("/api/map", post(map))
        .route("/api/lots", post(lots))
        .fallback(|| async { Problem::new(StatusCode::NOT_FOUND, "no_such_route", "there is nothing here") })
        .method_not_allowed_fallback(|| async {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "wrong_method", "that path takes another method")
        })
        .layer(middleware::from_fn_with_state(door, keep))
        .with_state(desk)
}

async fn list(State(desk): At) -> Result<Json<Value>, Problem> {
    answer(desk.list()).await
}

async fn status(State(desk): At) -> Result<Json<Value>, Problem> {
    answer(desk.status()).await
}

async fn signals(State(desk): At) -> Result<Json<Value>, Problem> {
    answer(desk.signals()).await
}

async fn show(State(desk): At, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    let id = id.parse().map_err(|_| Problem::bad_request("a strategy is named by its number"))?;
    answer(desk.show(id)).await
}

async fn command(State(desk): At, body: Body) -> Result<Json<Reply>, Problem> {
    let command: Command = read(body, "a command").await?;
    tracing::info!("control API: {}", command.name());
    answer(desk.command(command, Origin::Shell)).await
}

async fn halt(State(desk): At) -> Result<Json<Reply>, Problem> {
    tracing::info!("control API: halt");
    answer(desk.halt(Origin::Shell)).await
}

async fn map(State(desk): At, body: Body) -> Result<impl IntoResponse, Problem> {
    let question: MapQuestion = read(body, "a question for a contract").await?;
    answer(desk.map(question)).await
}

async fn lots(State(desk): At, body: Body) -> Result<impl IntoResponse, Problem> {
    let questions: Vec<LotQuestion> = read(body, "questions for lots").await?;
    answer(desk.lots(questions)).await
}

/// The desk's answer, if it comes in time. Whoever asked is told when it does not; what was asked may still be done.
async fn answer<T: Serialize>(answer: Answer<'_, T>) -> Result<Json<T>, Problem> {
    match within(ANSWER_WITHIN, answer).await {
        Some(result) => Ok(Json(result?)),
        None => Err(DeskError::NoAnswer("the cockpit has not answered in time; it may still do it".into()).into()),
    }
}

async fn read<T: DeserializeOwned>(body: Body, what: &str) -> Result<T, Problem> {
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
    let bytes = bytes.map_err(|_| too_large())?;
    serde_json::from_slice(&bytes).map_err(|e| Problem::bad_request(format!("that is not {what}: {e}")))
}

async fn within<F: Future>(time: Duration, future: F) -> Option<F::Output> {
    tokio::time::timeout(time, future).await.ok()
}
