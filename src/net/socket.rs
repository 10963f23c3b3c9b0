//! A WebSocket that keeps coming back: connects, reports, notices silence, waits, connects again.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until, timeout};
pub use tokio_tungstenite::tungstenite::Bytes;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use super::{Backoff, Secret};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketSettings {
    /// Until the handshake is done.
    pub connect: Duration,
    /// Without a frame of any kind for so long (pings and pongs count), the link is taken for dead.
    pub silence: Duration,
    /// We ping so often, so that a healthy link is never silent.
    pub ping: Duration,
    pub backoff: Backoff,
    /// The least wait after a handshake that was refused for the token or for too many attempts.
    pub refused_wait: Duration,
    /// A link that stood so long starts its waits from the beginning.
    pub steady: Duration,
    /// The longest message that is taken, in bytes.
    pub longest_message: usize,
}

impl Default for SocketSettings {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            silence: Duration::from_secs(25),
            ping: Duration::from_secs(10),
            backoff: Backoff::default(),
            refused_wait: Duration::from_secs(60),
            steady: Duration::from_secs(30),
            longest_message: 4 * 1024 * 1024,
        }
    }
}

/// What happened on the link.
#[derive(Debug)]
pub enum SocketEvent {
    /// It stands. What must be said first (a login, subscriptions) goes into this connection's own outbox.
    Connected(Outbox),
    Message(SocketMessage),
    /// It fell, or could not be made; the next attempt follows by itself.
    Disconnected(Disconnect),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketMessage {
    Text(String),
    Binary(Bytes),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disconnect {
    pub cause: DisconnectCause,
    /// For people.
    pub detail: String,
    pub retry_in: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisconnectCause {
    /// No connection came about.
    Unreachable,
    /// The handshake was answered with this HTTP status.
    Refused(u16),
    /// The other side closed it.
    Closed,
    /// Nothing was heard for too long.
    Silent,
    /// It broke, or broke the rules.
    Broken,
}

/// The way out of one connection. It does not outlive it: what is sent too late is refused, not kept for the next.
#[derive(Clone, Debug)]
pub struct Outbox(mpsc::Sender<String>);

/// This connection is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the connection is gone")]
pub struct LinkDown;

impl Outbox {
    pub async fn send(&self, text: String) -> Result<(), LinkDown> {
        self.0.send(text).await.map_err(|_| LinkDown)
    }
}

/// A link that is kept up by a task of its own until this is dropped.
#[derive(Debug)]
pub struct Socket {
    events: mpsc::Receiver<SocketEvent>,
}

impl Socket {
    /// The address may carry a token, so it is a secret.
    pub fn open(url: Secret, settings: SocketSettings) -> Self {
        super::install_crypto();
        let (sender, events) = mpsc::channel(1_024);
        tokio::spawn(keep_up(url, settings, sender));
        Self { events }
    }

    /// The next thing that happened; `None` never, unless the runtime stops.
    pub async fn next(&mut self) -> Option<SocketEvent> {
        self.events.recv().await
    }
}

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How a connection ended.
struct End {
    cause: DisconnectCause,
    detail: String,
    at_least: Duration,
}

fn end(cause: DisconnectCause, detail: impl Into<String>) -> End {
    End { cause, detail: detail.into(), at_least: Duration::ZERO }
}

async fn keep_up(url: Secret, settings: SocketSettings, events: mpsc::Sender<SocketEvent>) {
    let mut failures = 0_u32;
    loop {
        let ended = match connect(&url, &settings).await {
            Err(ended) => ended,
            Ok(stream) => {
                let since = Instant::now();
                let Some(ended) = carry(stream, &settings, &events).await else { return };
                if since.elapsed() >= settings.steady {
                    failures = 0;
                }
                ended
            }
        };
        failures = failures.saturating_add(1);
        let retry_in = settings.backoff.next_wait(failures).max(ended.at_least);
        let report = Disconnect { cause: ended.cause, detail: ended.detail, retry_in };
        if events.send(SocketEvent::Disconnected(report)).await.is_err() {
            return;
        }
        tokio::select! {
            () = sleep(retry_in) => {}
            () = events.closed() => return,
        }
    }
}

async fn connect(url: &Secret, settings: &SocketSettings) -> Result<Stream, End> {
    let config = WebSocketConfig::default().max_message_size(Some(settings.longest_message));
    let attempt = connect_async_with_config(url.expose(), Some(config), true);
    match timeout(settings.connect, attempt).await {
        Err(_) => Err(end(DisconnectCause::Unreachable, "no connection in time")),
        Ok(Ok((stream, _))) => Ok(stream),
        Ok(Err(Error::Http(response))) => {
            let status = response.status().as_u16();
            let mut ended = end(DisconnectCause::Refused(status), format!("refused with HTTP {status}"));
            if matches!(status, 401 | 403 | 429) {
                ended.at_least = settings.refused_wait;
            }
            Err(ended)
        }
        // The text of these may hold the address.
        Ok(Err(Error::Url(_) | Error::HttpFormat(_))) => {
            Err(end(DisconnectCause::Unreachable, "the address is not one of a socket"))
        }
        Ok(Err(error)) => Err(end(DisconnectCause::Unreachable, error.to_string())),
    }
}

/// Runs one connection to its end; `None` when nobody listens any more.
async fn carry(mut stream: Stream, settings: &SocketSettings, events: &mpsc::Sender<SocketEvent>) -> Option<End> {
    let (outbox, mut inbox) = mpsc::channel(256);
    events.send(SocketEvent::Connected(Outbox(outbox))).await.ok()?;
    let mut heard = Instant::now();
    let mut next_ping = heard + settings.ping;
    let mut has_outbox = true;
    loop {
        let mut write = None;
        tokio::select! {
            () = events.closed() => {
                let _ = timeout(settings.connect, stream.close(None)).await;
                return None;
            }
            frame = stream.next() => {
                if let Some(ended) = take(frame, events).await? {
                    return Some(ended);
                }
                // After handing over: a slow listener is not a silent server.
                heard = Instant::now();
            }
            out = inbox.recv(), if has_outbox => match out {
                Some(text) => write = Some(Message::text(text)),
                None => has_outbox = false,
            },
            () = sleep_until(next_ping) => {
                next_ping = Instant::now() + settings.ping;
                write = Some(Message::Ping(Bytes::new()));
            }
            () = sleep_until(heard + settings.silence) => {
                let seconds = settings.silence.as_secs_f32();
                return Some(end(DisconnectCause::Silent, format!("nothing heard for {seconds} s")));
            }
        }
        if let Some(message) = write {
            match timeout(settings.silence, stream.send(message)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return Some(end(DisconnectCause::Broken, error.to_string())),
                Err(_) => return Some(end(DisconnectCause::Silent, "it takes no more messages")),
            }
        }
    }
}

/// Hands a frame over. The outer `None`: nobody listens; the inner `Some`: the connection is over.
async fn take(frame: Option<Result<Message, Error>>, events: &mpsc::Sender<SocketEvent>) -> Option<Option<End>> {
    let message = match frame {
        None | Some(Err(Error::ConnectionClosed)) => return Some(Some(end(DisconnectCause::Closed, "closed"))),
        Some(Err(error)) => return Some(Some(end(DisconnectCause::Broken, error.to_string()))),
        Some(Ok(Message::Close(frame))) => {
            let words = frame.map(|f| format!("closed: {} {}", u16::from(f.code), f.reason));
            return Some(Some(end(DisconnectCause::Closed, words.unwrap_or_else(|| "closed".to_string()))));
        }
        Some(Ok(Message::Text(text))) => SocketMessage::Text(text.as_str().to_string()),
        Some(Ok(Message::Binary(bytes))) => SocketMessage::Binary(bytes),
        // Pings are answered by the library.
        Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => return Some(None),
    };
    events.send(SocketEvent::Message(message)).await.ok()?;
    Some(None)
}

#[cfg(test)]
mod tests;
