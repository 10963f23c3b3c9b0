//! Our orders: how sightings merge. Filled never falls, a terminal state absorbs, whichever source comes first.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::record::{Purpose, Unplaced};
use crate::domain::time::Timestamp;
use crate::domain::{BrokerOrderId, Intent, Money, OrderKind, OrderSighting, Price, Quantity, SeenStatus};

/// `intent → working → filled | rejected | cancelled | expired`; `unknown` when the answer was lost, `lost` when it was
/// looked for in vain, `not sent` when it certainly never left. *Part filled* is working with a filled quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Decided and journalled; sent, as far as we know, but not yet answered.
    Intent,
    Unknown,
    /// With the broker, not yet at the exchange.
    Transit,
    Working,
    Filled,
    Rejected,
    Cancelled,
    Expired,
    Lost,
    NotSent,
}

impl OrderState {
    /// It may still trade.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Intent | Self::Unknown | Self::Transit | Self::Working)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Intent => "sent",
            Self::Unknown => "unknown",
            Self::Transit => "transit",
            Self::Working => "working",
            Self::Filled => "filled",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Lost => "lost",
            Self::NotSent => "not sent",
        }
    }
}

/// One intent and what is known of the order it made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    pub intent: Intent,
    pub purpose: Purpose,
    pub state: OrderState,
    pub order_id: Option<BrokerOrderId>,
    /// As last asked for; differs from the intent's after a modification.
    pub kind: OrderKind,
    pub filled: Quantity,
    /// Price × quantity of what filled: exact once `trades` covers it, the broker's average until then.
    pub value: Money,
    pub trades: BTreeMap<String, (Quantity, Price)>,
    /// Modifications asked for.
    pub steps: u32,
    pub priced_at: Timestamp,
    /// A modification is under way since.
    pub modifying_since: Option<Timestamp>,
    pub cancel_asked: Option<Timestamp>,
    pub reason: Option<String>,
    pub made_at: Timestamp,
    pub changed_at: Timestamp,
}

impl Order {
    pub fn new(intent: Intent, purpose: Purpose, at: Timestamp) -> Self {
        let kind = intent.spec.kind;
        Self {
            intent,
            purpose,
            state: OrderState::Intent,
            order_id: None,
            kind,
            filled: Quantity::ZERO,
            value: Money::ZERO,
            trades: BTreeMap::new(),
            steps: 0,
            priced_at: at,
            modifying_since: None,
            cancel_asked: None,
            reason: None,
            made_at: at,
            changed_at: at,
        }
    }

    /// What may still fill.
    pub fn remaining(&self) -> Quantity {
        self.intent.spec.quantity.saturating_sub(self.filled)
    }

    /// Whether the trade book has confirmed every fill, so that `value` is exact.
    pub fn is_exact(&self) -> bool {
        self.trades.values().map(|(q, _)| *q).sum::<Quantity>() >= self.filled
    }

    /// What a sighting would change: the merged state and the fills that are new.
    pub fn merged(&self, seen: &OrderSighting) -> Merged {
        let filled = match seen.status {
            // Some updates say "traded" before they carry the quantity.
            SeenStatus::Filled => self.intent.spec.quantity,
            _ => seen.filled,
        };
        let filled = filled.max(self.filled).min(self.intent.spec.quantity);
        let news = filled - self.filled;
        let seen_state = match seen.status {
            SeenStatus::Transit => OrderState::Transit,
            SeenStatus::Working => OrderState::Working,
            SeenStatus::Filled => OrderState::Filled,
            SeenStatus::Rejected => OrderState::Rejected,
            SeenStatus::Cancelled => OrderState::Cancelled,
            SeenStatus::Expired => OrderState::Expired,
        };
        let state = match self.state {
            OrderState::Filled | OrderState::Rejected | OrderState::Cancelled | OrderState::Expired => self.state,
            OrderState::Working if seen_state == OrderState::Transit => self.state,
            // Unknown, lost and not-sent orders that show up after all are what the broker says they are.
            _ => seen_state,
        };
        let state = if filled == self.intent.spec.quantity { OrderState::Filled } else { state };
        let value = match seen.average {
            Some(average) if !news.is_zero() => average.times(filled) - self.value,
            _ if !news.is_zero() => {
                let price = self.kind.price().or(self.intent.spec.kind.price()).or(seen.spec.kind.price());
                price.unwrap_or_default().times(news)
            }
            _ => Money::ZERO,
        };
        Merged { state, news, value }
    }

    /// Whether a sighting tells anything.
    pub fn is_news(&self, seen: &OrderSighting) -> bool {
        let merged = self.merged(seen);
        merged.state != self.state
            || !merged.news.is_zero()
            || self.order_id.is_none()
            // The order as restated: the modification has been taken.
            || (self.modifying_since.is_some() && seen.spec.kind == self.kind)
            || self.becomes_a_limit(seen)
    }

    /// Exchanges take no order at the market price from a program: the broker makes a limit order of it, with its own
    /// protection, and that is what may rest.
    pub fn becomes_a_limit(&self, seen: &OrderSighting) -> bool {
        let priced = seen.spec.kind.price().is_some_and(Price::is_positive);
        self.state.is_open() && self.kind.price().is_none() && priced
    }

    /// The state of an intent that made no order, or may have.
    pub fn unplaced(how: Unplaced) -> OrderState {
        match how {
            Unplaced::NotSent => OrderState::NotSent,
            Unplaced::Refused => OrderState::Rejected,
            Unplaced::Unknown => OrderState::Unknown,
            Unplaced::Lost => OrderState::Lost,
        }
    }
}

/// The outcome of merging a sighting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Merged {
    pub state: OrderState,
    /// Newly filled.
    pub news: Quantity,
    /// Value of the newly filled (or the correction of an average).
    pub value: Money,
}
