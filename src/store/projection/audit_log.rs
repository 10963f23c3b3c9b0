//! The audit log: the trail of what was asked, refused and done, and of every order, as rows that cannot be changed unseen.
//!
//! Each row has the value of what it is about before and after, links to the order and the trade, and a hash over itself and
//! the row before it.

use std::fmt::Write as _;

use rusqlite::{OptionalExtension, Transaction};
use sha2::{Digest, Sha256};

use super::audit::{AuditLine, audit_line, price_words, stop_words};
use super::cells::Cells;
use super::round_trips::RoundTrips;
use super::rows;
use crate::domain::{IntentId, StrategyId};
use crate::engine::record::{Owner, Record};
use crate::engine::state::{LotKey, Order, State};
use crate::store::Entry;

/// What is known of a record before it is folded.
pub struct Draft {
    line: AuditLine,
    before: Option<String>,
}

/// What a record adds to the log, if anything; `before` is the state it was made in.
pub fn draft(record: &Record, before: &State) -> Option<Draft> {
    let line = audit_line(record, before).or_else(|| own_line(record))?;
    Some(Draft { line, before: value(record, before) })
}

impl Draft {
    /// The row, once the record has led to `after`. `None`: nothing has changed.
    pub fn row(self, entry: &Entry, after: &State, trips: &RoundTrips) -> Option<Cells> {
        let record = &entry.record;
        let order = order_of(record).and_then(|id| after.orders.get(&id));
        let now = value(record, after);
        if order.is_some() && self.before == now {
            return None;
        }
        let lot = lot_of(record).or_else(|| order.map(lot_of_order));
        let of_scalp = || trips.of_strategy(scalp_of(record)?);
        let of_lot = |key| trips.ended_of_lot(key).or_else(|| trips.of_lot(key));
        let trade = order.and_then(|o| trips.of_order(o.intent.id)).or_else(|| of_lot(lot?)).or_else(of_scalp);
        let line = match order {
            Some(order) => AuditLine {
                strategy: strategy_of(order),
                reason: order.reason.clone(),
                ..AuditLine::new(self.line.event, &order_words(order))
            },
            None => self.line,
        };
        Some(
            line.cells()
                .id("seq", entry.seq)
                .when("at", entry.at)
                .text("category", category(record))
                .maybe_text("value_before", self.before)
                .maybe_text("value_after", now)
                .maybe_id("intent_id", order.map(|o| o.intent.id.0))
                .maybe_id("trade_id", trade),
        )
    }
}

/// Appends rows, each with its hash.
pub fn write(db: &Transaction<'_>, rows: &[Cells]) -> rusqlite::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let newest = db.query_row("SELECT hash FROM audit_log ORDER BY seq DESC LIMIT 1", [], |r| r.get(0)).optional()?;
    let mut before: String = newest.unwrap_or_default();
    for row in rows {
        before = hash(&before, &filled(row.json()).to_string());
        row.clone().text("hash", &before).upsert(db, "audit_log")?;
    }
    Ok(())
}

/// Without the empty columns: a row that leaves one out and a row that leaves it empty are the same.
fn filled(row: serde_json::Value) -> serde_json::Value {
    match row {
        serde_json::Value::Object(cells) => cells.into_iter().filter(|(_, cell)| !cell.is_null()).collect(),
        other => other,
    }
}

/// SHA-256, in hexadecimal digits, over the hash before and the row as a JSON object: its columns that are not empty, by
/// name.
pub fn hash(before: &str, row: &str) -> String {
    let sum = Sha256::new().chain_update(before).chain_update(row).finalize();
    sum.iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Records that the trail of the screen leaves out: orders, and what is set by hand.
fn own_line(record: &Record) -> Option<AuditLine> {
    let event = match record {
        Record::IntentMade { .. } => "order decided",
        Record::IntentUnplaced { .. } => "order not placed",
        Record::OrderSeen { .. } => "order seen",
        Record::PrioritySet { id, .. } => return Some(AuditLine::new("priority set", "priority").strategy(*id)),
        Record::NotesSet { id, .. } => return Some(AuditLine::new("note written", "note").strategy(*id)),
        Record::DayStarted { day } => return Some(AuditLine::new("day started", &day.to_string())),
        _ => return None,
    };
    Some(AuditLine::new(event, ""))
}

/// In words, what a record changes, as it is in a state.
fn value(record: &Record, state: &State) -> Option<String> {
    let guard = |key: LotKey| state.guards.get(&key);
    Some(match record {
        Record::StrategyMoved { id, .. } => state.strategies.get(id)?.status.to_string(),
        Record::PrioritySet { id, .. } => state.strategies.get(id)?.priority.to_string(),
        Record::NotesSet { id, .. } => state.strategies.get(id)?.notes.clone(),
        Record::StopSet { .. } => stop_words(guard(lot_of(record)?).and_then(|g| g.stop)),
        Record::TargetSet { .. } => price_words(guard(lot_of(record)?).and_then(|g| g.target)),
        Record::Halted { .. } | Record::Armed => match &state.halt {
            Some(halt) => format!("halted: {}", halt.reason),
            None => "entries are allowed".into(),
        },
        Record::SetupArmed { setup, .. } => match state.scalper.armed.get(setup) {
            Some(true) => "armed".into(),
            Some(false) => "paused".into(),
            None => "as its settings say".into(),
        },
        Record::SignalSeen { id, .. } | Record::SignalEnded { id, .. } => {
            rows::fate_name(state.scalper.signals.get(id)?).into()
        }
        Record::ScalpOpened { id, .. } | Record::ScalpMoved { id, .. } | Record::ScalpClosed { id, .. } => {
            state.scalper.scalps.get(id)?.state.as_str().into()
        }
        Record::FlattenStarted { .. } | Record::FlattenEnded => match &state.flatten {
            Some(_) => "flattening".into(),
            None => "not flattening".into(),
        },
        Record::IntentMade { .. } | Record::IntentUnplaced { .. } | Record::OrderSeen { .. } => {
            let order = state.orders.get(&order_of(record)?)?;
            format!("{}, {} of {} filled", order.state.as_str(), order.filled, order.quantity)
        }
        _ => return None,
    })
}

fn category(record: &Record) -> &'static str {
    match record {
        Record::Asked { .. } | Record::Refused { .. } => "command",
        Record::Halted { .. } | Record::Armed | Record::FlattenStarted { .. } | Record::FlattenEnded => "risk",
        Record::StopSet { .. } | Record::TargetSet { .. } | Record::PlanMade { .. } | Record::RuleFired { .. } => {
            "protection"
        }
        Record::IntentMade { .. } | Record::IntentUnplaced { .. } | Record::OrderSeen { .. } => "order",
        Record::ExitStarted { .. } | Record::ExitEnded { .. } | Record::LotWrittenOff { .. } => "position",
        Record::SignalSeen { .. }
        | Record::SignalProposed { .. }
        | Record::SignalApproved { .. }
        | Record::SignalEnded { .. }
        | Record::SetupArmed { .. } => "signal",
        Record::ScalpOpened { .. } | Record::ScalpMoved { .. } | Record::ScalpClosed { .. } => "trade",
        Record::StrategyMoved { .. }
        | Record::PrioritySet { .. }
        | Record::NotesSet { .. }
        | Record::Unqueued { .. }
        | Record::UnwindStarted { .. }
        | Record::ExecutionHeld { .. } => "strategy",
        _ => "system",
    }
}

fn order_of(record: &Record) -> Option<IntentId> {
    match record {
        Record::IntentMade { intent, .. } => Some(intent.id),
        Record::IntentUnplaced { intent, .. } | Record::OrderSeen { intent, .. } => Some(*intent),
        _ => None,
    }
}

fn lot_of(record: &Record) -> Option<LotKey> {
    match record {
        Record::ExitStarted { owner, contract, product, .. }
        | Record::ExitEnded { owner, contract, product, .. }
        | Record::LotWrittenOff { owner, contract, product, .. }
        | Record::StopSet { owner, contract, product, .. }
        | Record::TargetSet { owner, contract, product, .. } => {
            Some(LotKey { owner: *owner, contract: *contract, product: *product })
        }
        _ => None,
    }
}

fn scalp_of(record: &Record) -> Option<StrategyId> {
    match record {
        Record::ScalpMoved { id, .. } | Record::ScalpClosed { id, .. } => Some(*id),
        _ => None,
    }
}

fn lot_of_order(order: &Order) -> LotKey {
    let spec = &order.intent.spec;
    LotKey { owner: order.purpose.owner(), contract: spec.contract, product: spec.product }
}

fn strategy_of(order: &Order) -> Option<StrategyId> {
    match order.purpose.owner() {
        Owner::Strategy(id) => Some(id),
        Owner::Foreign => None,
    }
}

/// `BUY 65 NSE:NIFTY:2026-11-24:25800:PE, SD7K2M0000001`.
fn order_words(order: &Order) -> String {
    let spec = &order.intent.spec;
    format!("{} {} {}, {}", spec.side, order.quantity, spec.contract, order.intent.correlation)
}
