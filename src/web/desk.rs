//! What a running cockpit offers to a shell or to a program acting for its trader: the one door for both, in this process
//! or across a socket.

use std::future::Future;
use std::pin::Pin;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::{Exchange, Instrument, OptionRight, Price, Quantity, StrategyId, Symbol};
use crate::engine::command::{Command, Origin, Reply};

/// An answer under way.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, DeskError>> + Send + 'a>>;

/// A running cockpit.
///
/// Read your writes: once a command is answered, `list`, `status` and `show` tell what it has done.
pub trait Desk: Send + Sync {
    /// Hands a command to the engine and waits for its one answer.
    fn command(&self, command: Command, origin: Origin) -> Answer<'_, Reply>;

    /// No entries from now on, past everything that waits. Never refused.
    fn halt(&self, origin: Origin) -> Answer<'_, Reply>;

    /// All strategies, as the view writes them in JSON: an array.
    fn list(&self) -> Answer<'_, Value>;

    /// Mode, session, positions, working orders, queue, limits: an object.
    fn status(&self) -> Answer<'_, Value>;

    /// The scalper: set-ups, signals, open scalps and those of the day: an object.
    fn signals(&self) -> Answer<'_, Value>;

    /// One strategy whole, with what executing it would mean now; [`DeskError::NotFound`] where there is none.
    fn show(&self, id: StrategyId) -> Answer<'_, Value>;

    /// The instrument a leg means today; refused, with what is listed instead, where there is none.
    fn map(&self, question: MapQuestion) -> Answer<'_, Instrument>;

    /// The inbox of alerts: an object, as the request says.
    fn alerts(&self, request: AlertsRequest) -> Answer<'_, Value>;

    /// Units in one lot, one answer per question; `None` where today's instrument list does not say.
    fn lots(&self, questions: Vec<LotQuestion>) -> Answer<'_, Vec<Option<Quantity>>>;
}

/// What is asked of the inbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum AlertsRequest {
    /// `{unread, alerts: [{id, at, level, text, read_at}]}`, oldest first.
    List { unread: bool },
    /// Marks these as read, all without ids: `{read, unread}`.
    Read { ids: Option<Vec<u64>> },
    /// No bell, toast or message for so long; 0: again from now on. `{muted_until}`.
    Mute { seconds: u32 },
}

/// An option, as a trader names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MapQuestion {
    /// As typed: a spelling that is not listed is answered with those that are.
    pub symbol: String,
    pub strike: Price,
    pub right: OptionRight,
    /// `None`: the nearest that can still be entered.
    pub expiry: Option<Date>,
}

/// Whose lot is asked for; without an expiry, the lot of what is listed nearest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LotQuestion {
    pub exchange: Exchange,
    pub symbol: Symbol,
    pub expiry: Option<Date>,
}

/// Why there is no answer. Each reason is one sentence for the trader.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeskError {
    /// Understood and declined; nothing was done.
    #[error("{0}")]
    Refused(String),
    /// What was named does not exist.
    #[error("{0}")]
    NotFound(String),
    /// The cockpit is busy or hangs: whether the command was done is not known.
    #[error("{0}")]
    NoAnswer(String),
    /// No cockpit there, or one that is closing; nothing was done.
    #[error("{0}")]
    Gone(String),
    /// Something broke on the way; the reason says what is known.
    #[error("{0}")]
    Failed(String),
}
