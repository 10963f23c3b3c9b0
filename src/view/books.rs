//! What the screen asks beyond its picture: the past, the audit trail, the inbox, whether the broker answers. Each question
//! is answered once, from the tables or the broker, never on the way of a trade.

use std::sync::Arc;

use super::performance::TradingHistory;
use crate::domain::AuditRecord;
use crate::domain::time::Timestamp;
use crate::engine::effect::AlertLevel;

/// Lines of the audit trail that are read at once.
pub const AUDIT_LINES: u32 = 2_000;

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// Trades and sessions of the past.
    History,
    /// The newest [`AUDIT_LINES`] of the audit trail.
    Audit,
    /// The inbox of alerts.
    Inbox,
    /// Marks one alert as read, `None`: all; answered with the inbox.
    Read(Option<u64>),
    /// Whether the broker answers, takes the token, and takes orders from here.
    Connection,
}

impl Question {
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::History => "the trading history",
            Self::Audit => "the audit trail",
            Self::Inbox | Self::Read(_) => "the inbox of alerts",
            Self::Connection => "the broker",
        }
    }
}

/// Its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    History(Arc<TradingHistory>),
    /// The newest first.
    Audit(Arc<Vec<AuditRecord>>),
    /// The newest first.
    Inbox(Arc<Vec<AlertRow>>),
    Connection(Arc<Connection>),
}

/// An alert in the inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertRow {
    pub id: u64,
    pub at: Timestamp,
    pub level: AlertLevel,
    pub text: String,
    pub read: bool,
}

/// What the broker said when it was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connection {
    /// How long the answer took, in milliseconds.
    pub took_ms: u64,
    /// The account's last four digits; nothing of it is said in full.
    pub account: Option<String>,
    pub token_ends: Option<Timestamp>,
    /// As the broker lists them.
    pub segments: Option<String>,
    /// Whether prices are subscribed.
    pub market_data: Option<bool>,
    /// How far our clock is ahead of the broker's.
    pub clock_ahead_ms: Option<i64>,
    /// The addresses that orders are taken from.
    pub addresses: Vec<String>,
    /// Where the broker sees us come from.
    pub seen_from: Option<String>,
    /// Whether it takes orders from there; `None`: it does not say.
    pub orders_taken: Option<bool>,
    /// Why the addresses could not be asked for.
    pub addresses_unknown: Option<String>,
}
