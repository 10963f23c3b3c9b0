//! What must happen, as the engine decides it. Released only after the records of the same step are committed.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::command::Reply;
use crate::domain::time::Timestamp;
use crate::domain::{BrokerOrderId, CommandId, Contract, Drill, Intent, IntentId, OrderSpec};

/// Which lane a call to the broker takes. In this order they are served; entries never use up what exits need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    Exit,
    Cancel,
    Protection,
    Entry,
    Query,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Send this intent, once. Its record is committed.
    Place {
        intent: Intent,
        lane: Lane,
    },
    /// Restate a working order (all fields).
    Modify {
        intent: IntentId,
        order_id: BrokerOrderId,
        spec: OrderSpec,
        lane: Lane,
    },
    /// Cancel an order; `intent` is absent for orders that are not ours.
    Cancel {
        intent: Option<IntentId>,
        order_id: BrokerOrderId,
    },
    /// After a restart: find out what became of an intent that may or may not have left. Never send it.
    LookUp {
        intent: Intent,
    },
    /// Read the broker's books. Several unserved reads of one kind may be merged into one.
    ReadOrders,
    ReadTrades,
    ReadPositions,
    ReadFunds,
    /// The contracts whose quotes the engine wants once a second. Replaces the set before.
    Watch(BTreeSet<Contract>),
    /// `Event::Wake` not later than this. Replaces the wish before.
    WakeAt(Timestamp),
    Reply {
        command: CommandId,
        reply: Reply,
    },
    /// Paper mode: let this go wrong for so long. `None`: end everything that is rehearsed.
    Rehearse(Option<(Drill, u32)>),
    /// Something the trader should hear of, now.
    Alert {
        level: AlertLevel,
        text: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertLevel {
    Info,
    Warning,
    Critical,
}
