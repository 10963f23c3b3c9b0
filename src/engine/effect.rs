//! What must happen, as the engine decides it. Released only after the records of the same step are committed.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::command::Reply;
use crate::domain::time::Timestamp;
use crate::domain::{
    BrokerOrderId, CommandId, Contract, Drill, Intent, IntentId, OrderSpec, Price, Quote, SafeguardAsk,
};

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
    /// Ask one of the broker's own safeguards.
    Safeguard(SafeguardAsk),
    /// The contracts whose quotes the engine wants once a second. Replaces the set before.
    Watch(BTreeSet<Contract>),
    /// Prices whose crossing the engine wants to hear of at once, as `Event::Quotes`. Replaces the set before.
    Levels(BTreeMap<Contract, Levels>),
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

/// The prices between which a contract may move without the engine's hearing of it before the next second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Levels {
    pub below: Option<Price>,
    pub above: Option<Price>,
}

impl Levels {
    /// Whether the last price, or what one would get for it, has crossed one of them.
    pub fn are_crossed(&self, quote: &Quote) -> bool {
        let (low, high) =
            (quote.ask.map_or(quote.last, |a| a.min(quote.last)), quote.bid.map_or(quote.last, |b| b.max(quote.last)));
        self.below.is_some_and(|level| low <= level) || self.above.is_some_and(|level| high >= level)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertLevel {
    Info,
    Warning,
    Critical,
}
