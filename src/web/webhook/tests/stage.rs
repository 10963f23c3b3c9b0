//! A webhook on a port of this machine, before a desk that answers as told.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::domain::{SignalAnswer, SignalId};
use crate::engine::command::{Command, Reply};
use crate::web::fake::FakeDesk;
use crate::web::webhook::{Doorbell, Heard, Keys, Postbacks, WebhookSettings, serve};
use crate::web::{Desk, DeskError, Serving, Token};

pub const SECRET: &str = "0123456789abcdefghijklmnopqrstuv";
pub const POSTBACK_SECRET: &str = "postback0123456789abcdefghijklmnop";
pub const BODY: &str = r#"{"strategy":"SCALP_ATM","symbol":"NIFTY","side":"BUY","timeframe":"1m","price":22540.0,"timestamp":"2026-11-20T10:15:00"}"#;

/// Remembers what was posted; a body of one letter is no order.
#[derive(Default)]
pub struct Posted(pub Mutex<Vec<Vec<u8>>>);

impl Postbacks for Posted {
    fn heard(&self, body: &[u8]) -> Result<Heard, String> {
        let mut posted = self.0.lock().unwrap();
        let known = posted.iter().any(|p| p == body);
        if body.len() < 2 {
            return Err("the body names no order".into());
        }
        posted.push(body.to_vec());
        Ok(if known { Heard::Known } else { Heard::News })
    }
}

/// The server, and what stands around it.
pub struct Stage {
    pub server: Serving,
    pub desk: Arc<FakeDesk>,
    pub bell: Arc<Doorbell>,
    pub posted: Arc<Posted>,
}

/// Accepts, each key once.
#[allow(clippy::unnecessary_wraps)] // it stands in for a desk, which may fail
pub fn accepting(command: &Command) -> Result<Reply, DeskError> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let Command::Signal { .. } = command else { return Ok(Reply::refused("that is no signal")) };
    let id = SignalId(NEXT.fetch_add(1, Ordering::SeqCst));
    Ok(Reply::Signal { answer: SignalAnswer::Accepted { id, message: "in the inbox".into() } })
}

pub fn settings() -> WebhookSettings {
    WebhookSettings { bind: "127.0.0.1:0".into(), burst: 100_000, per_second: 100_000, ..WebhookSettings::default() }
}

pub fn keys() -> Keys {
    Keys { signals: Token::new(SECRET), postbacks: Token::new(POSTBACK_SECRET) }
}

impl Stage {
    pub async fn new() -> Self {
        Self::with(settings(), FakeDesk::empty().answering(accepting)).await
    }

    pub async fn with(settings: WebhookSettings, desk: FakeDesk) -> Self {
        let desk = Arc::new(desk);
        let (server, bell, posted) = open(&settings, keys(), desk.clone()).await;
        Self { server, desk, bell, posted }
    }

    pub fn port(&self) -> u16 {
        self.server.port()
    }

    /// A post as most senders make it.
    pub async fn post(&self, path: &str, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Answered {
        let host = format!("127.0.0.1:{}", self.port());
        let mut all = vec![("Host", host.as_str()), ("Content-Type", "application/json")];
        all.retain(|(name, _)| !headers.iter().any(|(n, _)| n.eq_ignore_ascii_case(name)));
        all.extend_from_slice(headers);
        request(self.port(), "POST", path, &all, Some(body.as_ref())).await
    }

    /// With the secret in the path.
    pub async fn signal(&self, body: impl AsRef<[u8]>) -> Answered {
        self.post(&format!("/webhook/{SECRET}"), &[], body).await
    }

    /// How many signals have come to the desk.
    pub fn signals(&self) -> usize {
        self.desk.asked().iter().filter(|c| matches!(c, Command::Signal { .. })).count()
    }
}

pub async fn open(
    settings: &WebhookSettings,
    keys: Keys,
    desk: Arc<dyn Desk>,
) -> (Serving, Arc<Doorbell>, Arc<Posted>) {
    let (bell, posted) = (Arc::new(Doorbell::default()), Arc::new(Posted::default()));
    let listener = super::super::listen(settings).await.unwrap();
    let server = serve(listener, settings, keys, desk, posted.clone(), bell.clone()).unwrap();
    (server, bell, posted)
}

/// What came back.
#[derive(Debug)]
pub struct Answered {
    pub status: u16,
    pub head: String,
    pub body: Value,
}

impl Answered {
    /// The status and the code of an error.
    pub fn code(&self) -> (u16, &str) {
        (self.status, self.body["error"]["code"].as_str().unwrap_or(""))
    }

    /// The same, with the field that is meant.
    pub fn refusal(&self) -> (u16, &str, &str) {
        let (status, code) = self.code();
        (status, code, self.body["error"]["field"].as_str().unwrap_or(""))
    }
}

/// One raw request on a connection of its own.
pub async fn request(port: u16, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Answered {
    let mut text = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
    for (name, value) in headers {
        text = format!("{text}{name}: {value}\r\n");
    }
    let told = headers
        .iter()
        .any(|(n, _)| n.eq_ignore_ascii_case("content-length") || n.eq_ignore_ascii_case("transfer-encoding"));
    if let Some(body) = body.filter(|_| !told) {
        text = format!("{text}Content-Length: {}\r\n", body.len());
    }
    text += "\r\n";
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(body.unwrap_or_default());
    raw(port, &bytes).await
}

pub async fn raw(port: u16, bytes: &[u8]) -> Answered {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    // A server that refuses early may reset what was still being sent.
    let _ = stream.write_all(bytes).await;
    answer(stream).await
}

/// Everything that still comes.
pub async fn answer(mut stream: TcpStream) -> Answered {
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    Answered { status, head: head.to_string(), body: serde_json::from_str(body).unwrap_or(Value::Null) }
}
