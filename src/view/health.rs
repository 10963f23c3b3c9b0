//! How the parts around the engine are doing, as the app that owns them tells it.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use crate::domain::Drill;
use crate::domain::time::{Timestamp, ms_between};
use crate::engine::effect::AlertLevel;
use crate::gateway::Quota;

/// Whether a link to the broker stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LinkState {
    Up,
    /// Being set up, for the first time or again.
    #[default]
    Connecting,
    Down,
}

/// One link and when it last said anything (a heartbeat counts).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Link {
    pub state: LinkState,
    pub last_message: Option<Timestamp>,
}

/// Order calls on the account in the current rolling second, whoever made them, against our own ceiling.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ApiUse {
    /// By us and by others on the account. `None` while the gateway has not told.
    pub used: Option<u32>,
    /// Of these, by others.
    pub elsewhere: u32,
    pub limit: u32,
    /// Calls in each of the last seconds, oldest first: the little bars in the header.
    pub recent: [u8; 3],
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum StoreHealth {
    #[default]
    Ok,
    /// Why the journal cannot be written.
    Down(String),
}

/// Whether the machine is kept from falling asleep by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Awake {
    /// Nothing is open (or the trader does not want it).
    #[default]
    NotNeeded,
    Kept,
    /// It may fall asleep although something is open; why.
    NotKept(String),
}

/// Something the trader should hear of once. `id` grows, so that a screen knows what it has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub id: u64,
    pub at: Timestamp,
    pub level: AlertLevel,
    pub text: String,
}

/// How the webhook's door stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum WebhookDoor {
    /// No secret is set: nothing listens.
    #[default]
    Off,
    Open(SocketAddr),
    /// It was to be opened and could not be; why.
    Failed(String),
}

/// A delivery that did not get past the webhook's door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookRefusal {
    pub at: Timestamp,
    pub source: IpAddr,
    /// Of HTTP.
    pub status: u16,
    pub reason: String,
}

/// What has come to the webhook since the start. Nothing secret is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebhookHealth {
    pub door: WebhookDoor,
    /// Deliveries by how they were answered: `accepted`, `duplicate`, or the code of the refusal.
    pub counts: BTreeMap<&'static str, u64>,
    /// What was refused at the door itself, the newest last; the app keeps a few dozen.
    pub refusals: Vec<WebhookRefusal>,
}

impl WebhookHealth {
    /// Deliveries that were taken, and those that were refused.
    pub fn totals(&self) -> (u64, u64) {
        let taken = |code: &str| matches!(code, "accepted" | "duplicate");
        let sum = |wanted: bool| self.counts.iter().filter(|(c, _)| taken(c) == wanted).map(|(_, n)| n).sum();
        (sum(true), sum(false))
    }
}

/// A drill that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rehearsing {
    pub drill: Drill,
    pub left_ms: u64,
}

/// The access token: how long it lasts, and whether the broker takes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenHealth {
    /// `None`: not known.
    pub ends: Option<Timestamp>,
    /// Why the broker does not take it.
    pub refused: Option<String>,
    /// It is worth a warning when it ends within so long.
    pub warn_ms: i64,
    /// What is to be done, or is done, about it.
    pub remedy: String,
}

/// All of it, as of now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// The quote feed.
    pub feed: Link,
    /// The order-update link.
    pub orders: Link,
    pub api: ApiUse,
    /// What is left of the pace, and what waits.
    pub quota: Quota,
    pub store: StoreHealth,
    pub token: TokenHealth,
    /// What the account has not got, with what to do about it.
    pub lacks: Vec<String>,
    /// When the session that is open now closes; `None` when closed, unknown or never.
    pub closes_at: Option<Timestamp>,
    /// When the broker's positions were last read, changed or not.
    pub positions_read: Option<Timestamp>,
    /// What is made to go wrong for practice.
    pub rehearsals: Vec<Rehearsing>,
    pub awake: Awake,
    /// `None`: this cockpit has no webhook.
    pub webhook: Option<WebhookHealth>,
    /// The newest alerts, oldest first; the app keeps a few dozen.
    pub notices: Vec<Notice>,
}

impl Health {
    /// Until when the feed vouches for prices it has not changed: its last word, while it stands and is not silent.
    pub fn feed_confirms(&self, now: Timestamp) -> Option<Timestamp> {
        /// A feed that has said nothing for longer confirms nothing.
        const SILENT_MS: i64 = 3_000;
        let alive = self.feed.state == LinkState::Up;
        self.feed.last_message.filter(|at| alive && ms_between(*at, now) <= SILENT_MS)
    }
}
