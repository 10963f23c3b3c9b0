//! What the screen, the shell and the control API show: an immutable picture made from the engine's state.
//!
//! Floor 3, pure. Nothing here decides anything: a figure that is not known is `None`, never zero. Parts sit behind
//! `Arc`, so a `View` is cheap to clone and may be read from any thread.

mod account;
pub mod analytics;
pub mod books;
mod build;
pub mod format;
mod header;
mod health;
pub mod json;
mod notices;
mod orders;
pub mod performance;
mod positions;
mod prices;
mod queue;
mod replay;
mod risk;
pub mod rules;
mod safety;
mod signals;
mod strategies;

#[cfg(test)]
pub(crate) mod fixture;

use std::sync::Arc;

use crate::domain::StrategyId;
use crate::domain::time::Timestamp;

pub use crate::gateway::{Quota, WindowUse};
pub use account::Account;
pub use header::{DayPnl, Header, IndexQuote, LinkView, Session, TokenView};
pub use health::{
    ApiUse, Awake, Health, Link, LinkState, Notice, Rehearsing, StoreHealth, TokenHealth, WebhookDoor, WebhookHealth,
    WebhookRefusal,
};
pub use notices::Standing;
pub use orders::{OrderOrigin, OrderRow};
pub use positions::{BrokerDay, Difference, DifferenceKind, Group, GuardRow, PositionRow, Positions};
pub use prices::{Priced, Prices};
pub use queue::{Drift, LegProgress, QueueRow, Stage};
pub use replay::{Replay, ReplayLine};
pub use risk::{Amount, Gauge, GaugeLevel, LimitKind, WARN_PCT};
pub use rules::RuleRow;
pub use safety::{ClosePlan, CloseRow, FlattenState, HaltState, Safety};
pub use signals::{Asked, ClosedScalp, ScalpRow, ScalpUse, SetupRow, SignalRow, SignalStanding, Signals};
pub use strategies::{LegRow, StrategyRow};

/// Everything there is to show at one instant.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// The instant it was built for; ages count from here.
    pub now: Timestamp,
    pub header: Arc<Header>,
    /// All strategies, by id.
    pub strategies: Arc<[Arc<StrategyRow>]>,
    /// What is executing, waiting or marked: in the order it would go.
    pub queue: Arc<[QueueRow]>,
    pub positions: Arc<Positions>,
    pub risk: Arc<[Gauge]>,
    /// Orders that may still trade, ours and foreign ones.
    pub working: Arc<[OrderRow]>,
    /// Orders of today that are over, the newest first; at most [`orders::RECENT`].
    pub recent: Arc<[OrderRow]>,
    pub safety: Arc<Safety>,
    /// The account at the broker.
    pub account: Arc<Account>,
    /// The scalper: set-ups, signals, scalps.
    pub signals: Arc<Signals>,
    /// Conditions that hold now and that the trader must know of; the worst first.
    pub standing: Arc<[Standing]>,
    /// Alerts of the last while, oldest first.
    pub notices: Arc<[Notice]>,
    /// Set where this is no picture of now but of a past day.
    pub replay: Option<Arc<Replay>>,
}

impl View {
    pub fn strategy(&self, id: StrategyId) -> Option<&Arc<StrategyRow>> {
        self.strategies.binary_search_by_key(&id, |s| s.id).ok().map(|i| &self.strategies[i])
    }

    pub fn queued(&self, id: StrategyId) -> Option<&QueueRow> {
        self.queue.iter().find(|q| q.strategy.id == id)
    }

    /// Whether quitting now would leave something behind that the engine looks after.
    pub fn is_busy(&self) -> bool {
        !self.positions.is_flat()
            || !self.working.is_empty()
            || self.safety.flatten.is_some()
            || self.queue.iter().any(|q| !matches!(q.stage, Stage::Marked | Stage::Deferred))
    }
}
