//! Our orders: how sightings merge. Filled never falls, a terminal state absorbs, whichever source comes first.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::super::record::{Purpose, Unplaced};
use super::LotKey;
use crate::domain::time::Timestamp;
use crate::domain::{BrokerOrderId, Intent, Money, OrderKind, OrderSighting, OrderSpec, Price, Quantity, SeenStatus};
use crate::options::charges::OrderTally;

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
    /// Units in all, as last asked for.
    pub quantity: Quantity,
    /// What the broker last said it is: until that is what was asked for, it may be either.
    pub told: Option<Told>,
    pub filled: Quantity,
    /// Price × quantity of what filled: exact once `trades` covers it, the broker's average until then.
    pub value: Money,
    pub trades: BTreeMap<String, (Quantity, Price)>,
    /// Prices asked for beyond the first; counted anew when a stop becomes an exit.
    pub steps: u32,
    /// Modifications asked for, of whatever kind: brokers take only so many of one order.
    pub restated: u32,
    /// A modification had no answer: it may still arrive, later than newer ones.
    pub unclear: bool,
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
        let (kind, intent_quantity) = (intent.spec.kind, intent.spec.quantity);
        Self {
            intent,
            purpose,
            state: OrderState::Intent,
            order_id: None,
            kind,
            quantity: intent_quantity,
            told: None,
            filled: Quantity::ZERO,
            value: Money::ZERO,
            trades: BTreeMap::new(),
            steps: 0,
            restated: 0,
            unclear: false,
            priced_at: at,
            modifying_since: None,
            cancel_asked: None,
            reason: None,
            made_at: at,
            changed_at: at,
        }
    }

    /// The lot that its fills belong to.
    pub fn lot_key(&self) -> LotKey {
        LotKey { owner: self.purpose.owner(), contract: self.intent.spec.contract, product: self.intent.spec.product }
    }

    /// What may still fill, at most: a restatement may or may not have been taken.
    pub fn remaining(&self) -> Quantity {
        let told = self.told.map_or(Quantity::ZERO, |t| t.quantity);
        self.quantity.max(told).saturating_sub(self.filled)
    }

    /// How it rests at the broker, as far as is known.
    pub fn resting_kind(&self) -> OrderKind {
        self.told.map_or(self.kind, |t| t.kind)
    }

    /// What is certain to rest at the broker.
    pub fn resting(&self) -> Quantity {
        match (self.state, self.told) {
            (OrderState::Working, Some(told)) => told.quantity.saturating_sub(self.filled),
            _ => Quantity::ZERO,
        }
    }

    /// Whether it waits at the broker for its trigger (or has just passed it).
    pub fn is_resting_stop(&self) -> bool {
        self.state == OrderState::Working && self.resting_kind().trigger().is_some()
    }

    /// Whether a sighting is the newest word on how the order rests. The broker's own clock decides: news overtake
    /// each other on the way.
    fn is_newest(&self, seen: &OrderSighting) -> bool {
        match (self.told, seen.updated) {
            (None, _) => true,
            (Some(told), Some(at)) => told.at.is_none_or(|before| at >= before),
            (Some(_), None) => false,
        }
    }

    /// What the broker says that the order is, if that is new.
    pub fn newly_told(&self, seen: &OrderSighting) -> Option<Told> {
        let told = Told { kind: seen.spec.kind, quantity: seen.spec.quantity, at: seen.updated };
        let same = self.told.is_some_and(|t| (t.kind, t.quantity) == (told.kind, told.quantity));
        (!same && self.is_newest(seen)).then_some(told)
    }

    /// Whether it is told as it was last asked for.
    pub fn is_as_asked(&self, seen: &OrderSpec) -> bool {
        seen.kind == self.kind && seen.quantity == self.quantity
    }

    /// The order as the tariff of `day` sees it: what has filled so far.
    pub fn tally(&self, day: Date) -> OrderTally {
        let OrderSpec { contract, product, side, .. } = self.intent.spec;
        OrderTally { contract, product, side, date: day, turnover: self.value }
    }

    /// Whether the trade book has confirmed every fill, so that `value` is exact.
    pub fn is_exact(&self) -> bool {
        self.trades.values().map(|(q, _)| *q).sum::<Quantity>() >= self.filled
    }

    /// What a sighting would change: the merged state and the fills that are new.
    pub fn merged(&self, seen: &OrderSighting) -> Merged {
        let filled = match seen.status {
            // Some updates say "traded" before they carry the quantity.
            SeenStatus::Filled => seen.spec.quantity.max(seen.filled),
            _ => seen.filled,
        };
        let whole = self.intent.spec.quantity.max(self.quantity).max(seen.spec.quantity);
        let filled = filled.min(whole).max(self.filled);
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
        // The sighting itself says so: an older one may name a quantity that the order has outgrown.
        let is_whole = !seen.filled.is_zero() && seen.filled >= seen.spec.quantity;
        let state = if is_whole { OrderState::Filled } else { state };
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
            || (self.modifying_since.is_some() && self.is_as_asked(&seen.spec))
            || (!seen.status.is_final() && self.newly_told(seen).is_some())
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

/// How an order rests, in the broker's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    pub kind: OrderKind,
    /// Units in all.
    pub quantity: Quantity,
    /// The broker's own time of it.
    pub at: Option<Timestamp>,
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
