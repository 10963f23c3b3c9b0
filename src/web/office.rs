//! What a running cockpit offers beside trading: the broker's account as it is set up, and figures for a monitor.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::desk::Answer;
use crate::net::Secret;

/// The back office of a running cockpit.
pub trait Office: Send + Sync {
    fn brokers(&self) -> Vec<SupportedBroker>;

    /// The account that is set up; nothing secret is in it.
    fn broker(&self) -> Answer<'_, CurrentBroker>;

    /// Tries a login at the broker and keeps it; refused, nothing is kept.
    fn configure(&self, form: BrokerForm) -> Answer<'_, LoginTold>;

    /// Whether the login that is kept is taken.
    fn test(&self) -> Answer<'_, LoginTold>;

    /// In the text format of Prometheus.
    fn metrics(&self) -> String;
}

/// A broker that can be configured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SupportedBroker {
    pub name: &'static str,
    pub title: &'static str,
    /// The sets of fields, any one of which makes a login.
    pub logins: Vec<Vec<&'static str>>,
}

/// The account, with what is secret left out and its number's beginning hidden.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CurrentBroker {
    pub broker: &'static str,
    /// `paper` trades at the built-in exchange, whatever is set up.
    pub mode: &'static str,
    pub client_id: Option<String>,
    /// What is kept of it, by the names of a [`BrokerForm`].
    pub kept: Vec<&'static str>,
    /// Of the session that runs.
    pub token_ends_at: Option<String>,
    pub token_refused: bool,
}

/// A login to be kept.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrokerForm {
    pub broker: String,
    pub client_id: String,
    pub access_token: Option<Secret>,
    pub pin: Option<Secret>,
    pub totp_key: Option<Secret>,
    /// `keyring` or `file`; without it, the keyring where the system has one that lasts.
    pub store: Option<KeptIn>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeptIn {
    Keyring,
    File,
}

impl fmt::Debug for BrokerForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BrokerForm({})", self.broker)
    }
}

/// A login that the broker has taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LoginTold {
    pub account_ends_in: String,
    pub token_ends_at: Option<String>,
    pub segments: String,
    pub market_data: bool,
    pub kept_in: Option<String>,
}
