//! What the books keep of what is over: rows to look at. Nothing is decided on them.

use jiff::civil::Date;

use super::time::Timestamp;
use super::{IntentId, Money, Price, Quantity, Side, StrategyId};

/// What one strategy held of one contract, from flat to flat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TradeRecord {
    pub id: u64,
    /// Of its exit; while it is open, of its entry.
    pub day: Date,
    pub strategy: Option<StrategyId>,
    /// What kind of trade it was: the strategy's name, of a scalp its set-up.
    pub kind: String,
    pub symbol: String,
    /// As the tables write it.
    pub contract: String,
    pub side: Side,
    /// Entered in all.
    pub quantity: Quantity,
    pub entered_at: Timestamp,
    pub entry: Option<Price>,
    /// `None`: it is open.
    pub exited_at: Option<Timestamp>,
    pub exit: Option<Price>,
    /// Rupees, once it is closed; `None` too where the tariff does not say what it cost.
    pub net: Option<Money>,
    pub gross: Option<Money>,
    pub charges: Option<Money>,
    /// Closed elsewhere, at a price that is an estimate.
    pub is_estimate: bool,
    pub exit_reason: Option<String>,
}

/// A trading day: what was decided on it, and what the trades closed on it earned and cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    pub day: Date,
    /// Strategies whose execution began.
    pub executions: u32,
    pub signals: u32,
    pub orders: u32,
    /// Closed on this day, each contract for itself.
    pub trades: u32,
    pub gross: Money,
    pub charges: Money,
    pub net: Money,
}

/// One line of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// The journal record.
    pub seq: u64,
    pub at: Timestamp,
    /// `command`, `signal`, `strategy`, `order`, `trade`, `position`, `protection`, `risk`, `system`.
    pub category: String,
    pub event: String,
    pub what: String,
    pub command: Option<u64>,
    pub origin: Option<String>,
    pub strategy: Option<StrategyId>,
    pub intent: Option<IntentId>,
    pub trade: Option<u64>,
    pub before: Option<String>,
    pub after: Option<String>,
    pub reason: Option<String>,
}
