//! A cockpit at the other end of a loopback socket.

use std::net::Ipv4Addr;
use std::time::Duration;

use axum::body::Body;
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::net::TcpStream;

use super::desk::{AlertsRequest, Answer, Desk, DeskError, LotQuestion, MapQuestion};
use super::token::Token;
use crate::domain::{Instrument, Quantity, StrategyId};
use crate::engine::command::{Command, Origin, Reply};

const CONNECT_WITHIN: Duration = Duration::from_secs(2);
/// A cockpit that does not even say who it is within this time hangs.
const HEALTH_WITHIN: Duration = Duration::from_secs(3);
/// Longer than the server gives its desk.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// A list of 5,000 strategies is a fraction of it.
const LARGEST_ANSWER: usize = 64 * 1024 * 1024;

const HANGS: &str = "the cockpit does not answer; whether this was done is not known. Look at it with `strikedeck status`, and \
                     if it hangs, `strikedeck flatten --force` goes to the broker itself";

/// A running cockpit, reached through its control API. Everything asked through it counts as asked by the shell.
#[derive(Clone, Debug)]
pub struct Remote {
    port: u16,
    token: Token,
}

impl Remote {
    /// The cockpit that listens on `port` and knows `token`, which it is not told before it has shown that it knows it.
    /// [`DeskError::Gone`]: none, or another program; [`DeskError::NoAnswer`]: it hangs.
    pub async fn find(port: u16, token: Token) -> Result<Self, DeskError> {
        let remote = Self { port, token };
        let asked = tokio::time::timeout(HEALTH_WITHIN, remote.send(Method::GET, "/health", None, false));
        let (_, body) = match asked.await {
            Ok(answered) => answered?,
            Err(_) => return Err(DeskError::NoAnswer(HANGS.into())),
        };
        let health: Health = serde_json::from_slice(&body).unwrap_or_default();
        if health.cockpit == remote.token.fingerprint() {
            Ok(remote)
        } else {
            Err(DeskError::Gone(format!("another program listens on port {port}")))
        }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, DeskError> {
        self.ask(Method::GET, path, None).await
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, DeskError> {
        let body =
            serde_json::to_vec(body).map_err(|e| DeskError::Failed(format!("the request cannot be written: {e}")))?;
        self.ask(Method::POST, path, Some(body)).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<T, DeskError> {
        let asked = tokio::time::timeout(ANSWER_WITHIN, self.send(method, path, body, true));
        let (status, body) = asked.await.map_err(|_| DeskError::NoAnswer(HANGS.into()))??;
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|e| {
                DeskError::Failed(format!("the cockpit's answer is not understood ({e}): is it another version?"))
            });
        }
        Err(problem(status, &body))
    }

    /// One request on a connection of its own.
    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
        with_token: bool,
    ) -> Result<(StatusCode, Vec<u8>), DeskError> {
        let stream = self.connect().await?;
        let lost = |_| DeskError::NoAnswer(HANGS.into());
        let (mut sender, connection) = http1::handshake::<_, Body>(TokioIo::new(stream)).await.map_err(lost)?;
        // It ends with the request, or is dropped with the runtime.
        tokio::spawn(connection);
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, format!("127.0.0.1:{}", self.port))
            .header(CONTENT_TYPE, "application/json");
        if with_token {
            request = request.header(AUTHORIZATION, self.token.bearer());
        }
        let request = request
            .body(body.map_or_else(Body::empty, Body::from))
            .map_err(|e| DeskError::Failed(format!("the request cannot be made: {e}")))?;
        let answer = sender.send_request(request).await.map_err(lost)?;
        let status = answer.status();
        let body = axum::body::to_bytes(Body::new(answer.into_body()), LARGEST_ANSWER)
            .await
            .map_err(|_| DeskError::NoAnswer(HANGS.into()))?;
        Ok((status, body.to_vec()))
    }

    async fn connect(&self) -> Result<TcpStream, DeskError> {
        let connecting = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        match tokio::time::timeout(CONNECT_WITHIN, connecting).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => Err(DeskError::Gone(format!("no cockpit listens on port {}: {error}", self.port))),
            Err(_) => Err(DeskError::NoAnswer(HANGS.into())),
        }
    }
}

impl Desk for Remote {
    fn command(&self, command: Command, _: Origin) -> Answer<'_, Reply> {
        Box::pin(async move { self.post("/api/command", &command).await })
    }
    fn halt(&self, _: Origin) -> Answer<'_, Reply> {
        Box::pin(async move { self.post("/api/halt", &()).await })
    }
    fn list(&self) -> Answer<'_, Value> {
        Box::pin(self.get("/api/strategies"))
    }
    fn status(&self) -> Answer<'_, Value> {
        Box::pin(self.get("/api/status"))
    }
    fn signals(&self) -> Answer<'_, Value> {
        Box::pin(self.get("/api/signals"))
    }
    fn show(&self, id: StrategyId) -> Answer<'_, Value> {
        Box::pin(async move { self.get(&format!("/api/strategies/{id}")).await })
    }
    fn map(&self, question: MapQuestion) -> Answer<'_, Instrument> {
        Box::pin(async move { self.post("/api/map", &question).await })
    }
    fn alerts(&self, request: AlertsRequest) -> Answer<'_, Value> {
        Box::pin(async move { self.post("/api/alerts", &request).await })
    }
    fn lots(&self, questions: Vec<LotQuestion>) -> Answer<'_, Vec<Option<Quantity>>> {
        Box::pin(async move { self.post("/api/lots", &questions).await })
    }
}

/// What `/health` answers, as far as it matters here.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Health {
    cockpit: String,
}

#[derive(Deserialize)]
struct ErrorBody {
    error: ErrorText,
}

#[derive(Deserialize)]
struct ErrorText {
    reason: String,
}

fn problem(status: StatusCode, body: &[u8]) -> DeskError {
    let reason = serde_json::from_slice(body)
        .map_or_else(|_| format!("the cockpit answered with {status}"), |body: ErrorBody| body.error.reason);
    match status {
        StatusCode::UNPROCESSABLE_ENTITY => DeskError::Refused(reason),
        StatusCode::NOT_FOUND => DeskError::NotFound(reason),
        StatusCode::GATEWAY_TIMEOUT => DeskError::NoAnswer(format!("{reason}; {HANGS}")),
        StatusCode::SERVICE_UNAVAILABLE => DeskError::Gone(reason),
        _ => DeskError::Failed(reason),
    }
}
