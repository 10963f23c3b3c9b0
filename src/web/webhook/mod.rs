//! The webhook: signals come in here, on a port of its own, apart from the control API. Whoever reaches it from outside can
//! hand over a signal and nothing else.
//!
//! `POST /webhook`, `POST /webhook/{secret}` and `POST /signal` take a signal; `POST /postback` and `POST /postback/{secret}`
//! what the broker says of an order; `GET /health` needs no secret. A signal is answered when the engine's answer is on
//! disk: 202 accepted, 200 the same as one before, 4xx refused and why, 503 not known (send it again: it acts once).

mod answer;
mod doorbell;
mod keep;
mod proof;
mod routes;
mod settings;
mod sources;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;

use tokio::net::TcpListener;

pub use self::doorbell::{Doorbell, Refusal, Rung, Standing};
#[cfg(test)]
pub(super) use self::routes::paths;
pub use self::settings::{Nonsense, SecretForm, WebhookSettings};
use super::desk::Desk;
use super::serving::{Counter, Serving};
use super::token::Token;

/// A burst of alerts comes on a connection each.
const COUNTER: Counter = Counter { name: "webhook", most: 1_024 };

/// The secrets of the door; what has none is closed.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// For signals.
    pub signals: Option<Token>,
    /// For the broker's postbacks. Another one: who may signal must not be able to report fills.
    pub postbacks: Option<Token>,
}

/// What the broker posts of an order goes to.
pub trait Postbacks: Send + Sync {
    /// Understood, or why not.
    fn heard(&self, body: &[u8]) -> Result<Heard, String>;
}

/// What a postback was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    News,
    /// The same as one before.
    Known,
}

/// Listens where the settings say.
pub async fn listen(settings: &WebhookSettings) -> io::Result<TcpListener> {
    let policy = settings.policy().map_err(nonsense)?;
    TcpListener::bind(policy.bind).await
}

/// Serves the door on a listener of [`listen`].
pub fn serve(
    listener: TcpListener,
    settings: &WebhookSettings,
    keys: Keys,
    desk: Arc<dyn Desk>,
    postbacks: Arc<dyn Postbacks>,
    bell: Arc<Doorbell>,
) -> io::Result<Serving> {
    let policy = settings.policy().map_err(nonsense)?;
    let address = listener.local_addr()?;
    bell.stands(Standing::Open(address));
    let keeper = keep::Keeper::new(policy, address, keys, bell);
    let router = routes::router(routes::Room { keeper: Arc::new(keeper), desk, postbacks });
    Ok(Serving::start(listener, address, router, COUNTER))
}

fn nonsense(what: Nonsense) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}
