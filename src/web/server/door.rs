//! Who is let in: requests for this very server, from no browser's page, with the right token, not too often.

use std::sync::{Arc, Mutex};

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::Instant;

use super::routes::HALT;
use crate::web::pace::{Bucket, Lock, Rate, Wrong, locked};
use crate::web::problem::Problem;
use crate::web::token::Token;

/// Requests with the right token. A shell that waits asks four times a second.
pub(super) const SHELLS: Rate = Rate { burst: 120, per_second: 60 };
/// Requests without one.
const STRANGERS: Rate = Rate { burst: 40, per_second: 20 };

#[derive(Debug)]
pub(super) struct Door {
    token: Token,
    port: u16,
    known: Mutex<Bucket>,
    strangers: Mutex<Bucket>,
    lock: Mutex<Lock>,
}

impl Door {
    pub fn new(token: Token, port: u16, rate: Rate) -> Arc<Self> {
        Arc::new(Self {
            token,
            port,
            known: Mutex::new(Bucket::new(rate)),
            strangers: Mutex::new(Bucket::new(STRANGERS)),
            lock: Mutex::new(Lock::new("control API")),
        })
    }

    pub fn fingerprint(&self) -> String {
        self.token.fingerprint()
    }

    /// Anything without the right token, `/health` included.
    fn admit_stranger(&self, now: Instant) -> Result<(), Problem> {
        if locked(&self.strangers).take(now) { Ok(()) } else { Err(Problem::too_many("too many requests", 1)) }
    }

    /// The right token, or why not.
    fn check_token(&self, headers: &HeaderMap, now: Instant) -> Result<(), Problem> {
        if headers.get(AUTHORIZATION).and_then(presented).is_some_and(|token| self.token.matches(token)) {
            return Ok(());
        }
        self.admit_stranger(now)?;
        if !headers.contains_key(AUTHORIZATION) {
            let reason = "this needs the token of control.json in the cockpit's data folder";
            return Err(Problem::new(StatusCode::UNAUTHORIZED, "token_missing", reason));
        }
        match locked(&self.lock).wrong(now) {
            Wrong::Told => Err(Problem::new(StatusCode::UNAUTHORIZED, "token_wrong", "that is not the token")),
            Wrong::Locked(seconds) => Err(Problem::too_many("too many wrong tokens: locked for now", seconds)),
        }
    }

    fn check_pace(&self, path: &str, now: Instant) -> Result<(), Problem> {
        if path == HALT || locked(&self.known).take(now) {
            return Ok(());
        }
        Err(Problem::too_many("too many requests: ask less often", 1))
    }

    /// A page in a browser that a name resolves to this machine for, or one that calls us, is not the trader's shell.
    fn check_host(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let mut hosts = headers.get_all(HOST).iter();
        let ours = |host: &HeaderValue| {
            ["127.0.0.1", "localhost"].iter().any(|name| host.as_bytes() == format!("{name}:{}", self.port).as_bytes())
        };
        let one_of_ours = hosts.next().is_some_and(ours) && hosts.next().is_none();
        if !one_of_ours {
            let reason = format!("this server is 127.0.0.1:{}; the request names another host", self.port);
            return Err(Problem::new(StatusCode::FORBIDDEN, "other_host", reason));
        }
        if headers.contains_key(ORIGIN) {
            return Err(Problem::new(StatusCode::FORBIDDEN, "browser", "pages in a browser may not use this server"));
        }
        Ok(())
    }
}

/// Stands before every route.
pub(super) async fn keep(State(door): State<Arc<Door>>, request: Request, next: Next) -> Response {
    let now = Instant::now();
    let path = request.uri().path();
    let health = path == super::routes::HEALTH;
    let checked = door.check_host(request.headers()).and_then(|()| {
        if health {
            return door.admit_stranger(now);
        }
        door.check_token(request.headers(), now)?;
        door.check_pace(path, now)
    });
    let mut response = match checked {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The token of `Bearer <token>`.
fn presented(header: &HeaderValue) -> Option<&[u8]> {
    let (scheme, token) = header.as_bytes().split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then_some(token)
}
