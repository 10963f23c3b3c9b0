//! Who is let in: requests for this very server, from a source that may send, with the secret, not too often.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use tokio::time::Instant;

use super::Keys;
use super::doorbell::{Doorbell, Refusal};
use super::proof::{Lockset, Proof};
use super::settings::Policy;
use super::sources::{Sources, may_send, source_of};
use crate::domain::time::Timestamp;
use crate::web::pace::Wrong;
use crate::web::problem::Problem;

/// For the whole body, once its head is there.
const BODY_WITHIN: Duration = Duration::from_secs(2);

/// What stands before the routes.
#[derive(Debug)]
pub(super) struct Keeper {
    pub policy: Policy,
    pub keys: Keys,
    hosts: Vec<String>,
    sources: Sources,
    bell: Arc<Doorbell>,
}

impl Keeper {
    pub fn new(policy: Policy, address: SocketAddr, keys: Keys, bell: Arc<Doorbell>) -> Self {
        let port = address.port();
        let mut hosts = vec![address.to_string(), format!("127.0.0.1:{port}"), format!("localhost:{port}")];
        if !policy.public_host.is_empty() {
            hosts.push(policy.public_host.clone());
            hosts.push(format!("{}:443", policy.public_host));
        }
        Self { hosts, sources: Sources::new(policy.rate), keys, bell, policy }
    }

    /// Whoever asks for anything: a page in a browser that a name resolves to this machine for has no business here, nor has
    /// a source that is not on the list. Answers who it is.
    pub fn admit(&self, peer: IpAddr, headers: &HeaderMap) -> (IpAddr, Result<(), Problem>) {
        let source = source_of(peer, headers, self.policy.address_header.as_ref());
        (source, self.check_head(source, headers))
    }

    fn check_head(&self, source: IpAddr, headers: &HeaderMap) -> Result<(), Problem> {
        let no = |code, reason: &str| Err(Problem::new(StatusCode::FORBIDDEN, code, reason));
        let mut hosts = headers.get_all(HOST).iter();
        let ours = |host: &HeaderValue| self.hosts.iter().any(|h| host.as_bytes().eq_ignore_ascii_case(h.as_bytes()));
        if !(hosts.next().is_some_and(ours) && hosts.next().is_none()) {
            let reason =
                "the request names another host; a tunnel's name belongs into webhook.public_host of strategy.yaml";
            return no("other_host", reason);
        }
        if headers.contains_key(ORIGIN) {
            return no("browser", "pages in a browser may not use this server");
        }
        if !may_send(source, &self.policy.sources) {
            return no(
                "source",
                "this address is not on the list of those that may send (webhook.sources of strategy.yaml)",
            );
        }
        Ok(())
    }

    /// A request that needs no secret.
    pub fn admit_stranger(&self, source: IpAddr) -> Result<(), Problem> {
        let admitted = self.sources.admit_stranger(source, Instant::now());
        if admitted { Ok(()) } else { Err(Problem::too_many("too many requests", 1)) }
    }

    /// The body of a signal whose sender knows the secret.
    pub async fn signal_body(
        &self,
        source: IpAddr,
        path: Option<&str>,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Bytes, Problem> {
        let Some(secret) = &self.keys.signals else {
            self.admit_stranger(source)?;
            return Err(closed("no signals are taken: no secret is set (STRIKEDECK_WEBHOOK_SECRET)"));
        };
        let lockset = Lockset { secret, accept: &self.policy.accept };
        let by_head = lockset.by_head(path, headers);
        let read = read(body, super::routes::LARGEST_SIGNAL).await;
        if by_head == Proof::Right {
            self.settle(source, by_head)?;
            check_type(headers)?;
            return read;
        }
        let Ok(bytes) = read else {
            self.admit_stranger(source)?;
            return read;
        };
        self.settle(source, by_head.or(lockset.by_body(headers, &bytes, Timestamp::now())))?;
        check_type(headers)?;
        Ok(bytes)
    }

    /// The body of a postback whose sender knows its secret.
    pub async fn postback_body(
        &self,
        source: IpAddr,
        path: Option<&str>,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Bytes, Problem> {
        use super::SecretForm::{Header, Path};
        let Some(secret) = &self.keys.postbacks else {
            self.admit_stranger(source)?;
            return Err(closed("no postbacks are taken: no secret is set for them (STRIKEDECK_POSTBACK_SECRET)"));
        };
        self.settle(source, Lockset { secret, accept: &[Path, Header] }.by_head(path, headers))?;
        read(body, super::routes::LARGEST_POSTBACK).await
    }

    /// Lets in who has shown the secret, as often as its source may; tells the others, as long as they are few.
    fn settle(&self, source: IpAddr, proof: Proof) -> Result<(), Problem> {
        let now = Instant::now();
        if proof == Proof::Right {
            let admitted = self.sources.admit_friend(source, now);
            return if admitted { Ok(()) } else { Err(Problem::too_many("too many signals: send them less often", 1)) };
        }
        self.admit_stranger(source)?;
        match proof {
            Proof::Missing => {
                let reason =
                    "a secret is needed: in the path, in the body's `secret`, in X-Webhook-Token, or by X-Signature";
                Err(Problem::new(StatusCode::UNAUTHORIZED, "secret_missing", reason))
            }
            Proof::SignedAtAnotherTime => {
                let reason =
                    "the signature's X-Timestamp is more than five minutes from now: look at the sender's clock";
                Err(Problem::new(StatusCode::FORBIDDEN, "signature_time", reason))
            }
            Proof::Wrong | Proof::Right => match self.sources.wrong(source, now) {
                Wrong::Told => Err(Problem::new(StatusCode::FORBIDDEN, "secret_wrong", "that is not the secret")),
                Wrong::Locked(seconds) => Err(Problem::too_many("too many wrong secrets: locked for now", seconds)),
            },
        }
    }

    /// Rings the bell for what is refused here.
    pub fn note(&self, source: IpAddr, problem: &Problem) {
        let status = problem.status.as_u16();
        // A flood is counted; in the log it would drown the rest.
        if status != StatusCode::TOO_MANY_REQUESTS.as_u16() {
            tracing::info!("webhook: from {source}: {status} {}: {}", problem.code, problem.reason);
        }
        let (code, reason) = (problem.code, problem.reason.clone());
        self.bell.refused(Refusal { at: Timestamp::now(), source, status, code, reason });
    }

    /// Rings it for what the engine has answered.
    pub fn answered(&self, code: &'static str) {
        self.bell.answered(code);
    }
}

fn closed(reason: &str) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "closed", reason)
}

async fn read(body: Body, largest: usize) -> Result<Bytes, Problem> {
    let too_large = || {
        let reason = format!("the body could not be read whole; the most is {largest} bytes");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", reason)
    };
    // Told by its length, it is not read at all.
    if body.size_hint().lower() > largest as u64 {
        return Err(too_large());
    }
    match within(BODY_WITHIN, axum::body::to_bytes(body, largest)).await {
        Some(read) => read.map_err(|_| too_large()),
        None => Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "too_slow", "the body did not arrive in time")),
    }
}

/// JSON, said to be JSON, to be plain text (as TradingView says of some), or not said to be anything.
fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    let no = |reason: &str| Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_type", reason));
    if headers.get(CONTENT_ENCODING).is_some_and(|e| !e.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return no("send the body as it is, not compressed");
    }
    let Some(said) = headers.get(CONTENT_TYPE) else { return Ok(()) };
    let said = said.to_str().unwrap_or("?").to_ascii_lowercase();
    let mut parts = said.split(';').map(str::trim);
    if !matches!(parts.next(), Some("application/json" | "text/plain" | "")) {
        return no("send JSON, as application/json or text/plain");
    }
    let charset = parts.find_map(|p| p.strip_prefix("charset=")).map(|c| c.trim_matches('"'));
    if charset.is_none_or(|c| matches!(c, "utf-8" | "utf8" | "us-ascii")) { Ok(()) } else { no("send UTF-8") }
}

pub(super) async fn within<F: Future>(time: Duration, future: F) -> Option<F::Output> {
    tokio::time::timeout(time, future).await.ok()
}
