//! What can be sent, and how it is handed over.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, Path, Request, State};
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{Json, Router, middleware};
use serde_json::json;

use super::keep::{Keeper, within};
use super::{Heard, Postbacks, answer};
use crate::engine::command::{Command, Origin, Reply};
use crate::protocol::signal;
use crate::web::desk::{Desk, DeskError};
use crate::web::problem::Problem;
use crate::web::serving::Peer;

/// A signal is a few hundred bytes.
pub(super) const LARGEST_SIGNAL: usize = 8 * 1024;
/// No order's JSON is longer.
pub(super) const LARGEST_POSTBACK: usize = 16 * 1024;

/// What the routes work with.
#[derive(Clone)]
pub(super) struct Room {
    pub keeper: Arc<Keeper>,
    pub desk: Arc<dyn Desk>,
    pub postbacks: Arc<dyn Postbacks>,
}

/// Who sent a request.
#[derive(Clone, Copy, Debug)]
struct Source(IpAddr);

/// Every route.
fn table() -> Vec<(Method, &'static str, MethodRouter<Room>)> {
    vec![
        (Method::GET, "/health", get(health)),
        (Method::POST, "/webhook", post(signal)),
        (Method::POST, "/webhook/{secret}", post(signal)),
        (Method::POST, "/signal", post(signal)),
        (Method::POST, "/postback", post(postback)),
        (Method::POST, "/postback/{secret}", post(postback)),
    ]
}

/// What is to be described.
#[cfg(test)]
pub(in crate::web) fn paths() -> Vec<(Method, &'static str)> {
    table().into_iter().map(|(method, path, _)| (method, path)).collect()
}

pub(super) fn router(room: Room) -> Router {
    table()
        .into_iter()
        .fold(Router::new(), |router, (_, path, handler)| router.route(path, handler))
        .fallback(|room: State<Room>, source: Extension<Source>| async move {
            nothing(&room, source.0, StatusCode::NOT_FOUND, "no_such_route", "there is nothing here")
        })
        .method_not_allowed_fallback(|room: State<Room>, source: Extension<Source>| async move {
            nothing(&room, source.0, StatusCode::METHOD_NOT_ALLOWED, "wrong_method", "that path takes another method")
        })
        .layer(middleware::from_fn_with_state(room.clone(), keep))
        .with_state(room)
}

/// Stands before every route.
async fn keep(State(room): State<Room>, mut request: Request, next: Next) -> Response {
    // A server without peers lets nobody in.
    let peer = request.extensions().get::<Peer>().map(|p| p.0.ip());
    let Some(peer) = peer else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let (source, admitted) = room.keeper.admit(peer, request.headers());
    request.extensions_mut().insert(Source(source));
    let mut response = match admitted {
        Ok(()) => next.run(request).await,
        Err(problem) => {
            let problem = room.keeper.admit_stranger(source).err().unwrap_or(problem);
            refuse(&room, Source(source), problem)
        }
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn refuse(room: &Room, Source(source): Source, problem: Problem) -> Response {
    room.keeper.note(source, &problem);
    problem.into_response()
}

fn nothing(room: &Room, source: Source, status: StatusCode, code: &'static str, reason: &str) -> Response {
    let problem = room.keeper.admit_stranger(source.0).err();
    refuse(room, source, problem.unwrap_or_else(|| Problem::new(status, code, reason)))
}

async fn health(State(room): State<Room>, Extension(source): Extension<Source>) -> Response {
    match room.keeper.admit_stranger(source.0) {
        Ok(()) => Json(json!({"status": "ok"})).into_response(),
        Err(problem) => refuse(&room, source, problem),
    }
}

async fn signal(
    State(room): State<Room>,
    Extension(source): Extension<Source>,
    secret: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let path = secret.as_ref().ok().map(|Path(s)| s.as_str());
    let taken = async {
        let body = room.keeper.signal_body(source.0, path, &headers, body).await?;
        let policy = &room.keeper.policy;
        let secret = policy.accept.contains(&super::SecretForm::Body);
        let rules = signal::Rules { zone: policy.zone.clone(), secret, source: "webhook" };
        let signal = Box::new(signal::read(&body, &rules)?);
        ask(&room, Command::Signal { signal }).await
    };
    match taken.await {
        Ok(response) => response,
        Err(problem) => refuse(&room, source, problem),
    }
}

/// Asks the engine. Its answer is on disk when it comes; one that does not come in time is not known, and says so.
async fn ask(room: &Room, command: Command) -> Result<Response, Problem> {
    let unknown = |reason: &str| {
        let again = "send it again: the same signal acts once";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not_known", format!("{reason}; {again}"))
    };
    let asked = within(room.keeper.policy.answer_within, room.desk.command(command, Origin::Webhook));
    match asked.await {
        None | Some(Err(DeskError::NoAnswer(_))) => {
            Err(unknown("the cockpit has not answered in time, and may still take it"))
        }
        Some(Err(DeskError::Gone(_))) => Err(unknown("the cockpit is closing")),
        Some(Err(error)) => Err(error.into()),
        Some(Ok(Reply::Signal { answer })) => {
            let (code, response) = answer::of_engine(answer);
            room.keeper.answered(code);
            tracing::info!("webhook: a signal was answered: {code}");
            Ok(response)
        }
        Some(Ok(Reply::Refused { reason })) => Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not_taken", reason)),
        Some(Ok(Reply::Done { .. } | Reply::Partly { .. } | Reply::Previews { .. })) => {
            Err(unknown("the cockpit's answer is not understood"))
        }
    }
}

async fn postback(
    State(room): State<Room>,
    Extension(source): Extension<Source>,
    secret: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let path = secret.as_ref().ok().map(|Path(s)| s.as_str());
    let heard = async {
        let body = room.keeper.postback_body(source.0, path, &headers, body).await?;
        let heard = room.postbacks.heard(&body);
        heard.map_err(|reason| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "no_order", reason))
    };
    match heard.await {
        Ok(heard) => {
            let (code, status) = match heard {
                Heard::News => ("postback", "taken"),
                Heard::Known => ("postback_known", "known"),
            };
            room.keeper.answered(code);
            Json(json!({"status": status})).into_response()
        }
        Err(problem) => refuse(&room, source, problem),
    }
}
