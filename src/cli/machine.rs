//! What the command line can start. The app provides it ([`super::wiring`]); tests put a stand-in in its place.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde::Serialize;

use super::args::{ExchangeArgs, Global};
use crate::web::Desk;

/// Something under way that can fail.
pub type Task<'a, T> = Pin<Box<dyn Future<Output = anyhow::Result<T>> + Send + 'a>>;

/// Ends what was started, in order, and returns when it has ended.
pub type Stop = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

pub trait Machine: Send + Sync {
    /// Opens the screen and returns when the trader has quit. Called outside any runtime.
    fn cockpit(&self, global: &Global) -> anyhow::Result<()>;

    /// The same engine on the journal of the data folder, without a screen. Returns when it can be used: the journal is
    /// folded, the broker's books are read, quotes flow. Refused where another process holds the folder.
    fn headless<'a>(&'a self, global: &'a Global) -> Task<'a, Headless>;

    /// The built-in exchange alone. Returns when it serves.
    fn exchange<'a>(&'a self, global: &'a Global, args: &'a ExchangeArgs) -> Task<'a, Exchange>;

    /// Cancels and exits everything at the broker itself, past the engine and whoever holds the folder.
    fn force_flatten<'a>(&'a self, global: &'a Global, include_foreign: bool) -> Task<'a, Forced>;

    /// The client id that live trading would be on.
    fn live_account(&self, global: &Global) -> anyhow::Result<String>;

    /// What must hold before live trading starts.
    fn live_checks<'a>(&'a self, global: &'a Global) -> Task<'a, Vec<Check>>;

    /// What only the app can check: settings, instrument list, broker, exchange.
    fn doctor<'a>(&'a self, global: &'a Global) -> Task<'a, Vec<Check>>;
}

/// A cockpit without a screen.
pub struct Headless {
    pub desk: Arc<dyn Desk>,
    pub stop: Stop,
}

/// The built-in exchange, serving.
pub struct Exchange {
    pub addresses: Addresses,
    pub stop: Stop,
}

/// How a client reaches the built-in exchange: all it needs, in one line of JSON.
///
/// Holds secrets (of paper alone): not `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Addresses {
    pub rest: String,
    pub feed: String,
    pub orders: String,
    pub instruments: String,
    pub instruments_detailed: String,
    pub depth_20: String,
    pub depth_200: String,
    pub client_id: String,
    pub access_token: String,
    /// Where and with what it is steered, if it can be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control: Option<Control>,
    /// Tokens and consents, and what is needed to ask for one.
    pub auth: String,
    pub pin: String,
    pub totp_key: String,
    pub app_id: String,
    pub app_secret: String,
}

/// The control endpoint: its address, and what goes into the header `x-control-token`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Control {
    pub url: String,
    pub token: String,
}

/// What became of flattening at the broker itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Forced {
    /// What was done, one line each.
    pub done: Vec<String>,
    /// What is still open there, by name and quantity. Empty: flat, as the broker says.
    pub open: Vec<String>,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    pub name: &'static str,
    pub level: CheckLevel,
    /// What was found.
    pub found: String,
    /// What to do about it; empty where nothing needs doing.
    pub advice: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckLevel {
    Ok,
    /// Worth knowing, not in the way.
    Note,
    Wrong,
}

impl Check {
    pub fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self { name, level: CheckLevel::Ok, found: found.into(), advice: String::new() }
    }

    pub fn note(name: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { name, level: CheckLevel::Note, found: found.into(), advice: advice.into() }
    }

    pub fn wrong(name: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { name, level: CheckLevel::Wrong, found: found.into(), advice: advice.into() }
    }
}
