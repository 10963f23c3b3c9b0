//! Orders and trades: what is asked for, what the exchange keeps, and what it shows.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;
use crate::domain::{
    BracketLeg, BrokerOrderId, Contract, CorrelationId, OrderKind, OrderSighting, OrderSpec, Price, Product, Quantity,
    SecurityId, SeenStatus, Side, TradeSighting, Validity,
};

use super::listing::{price, to_paise};

/// A request to place an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOrder {
    pub spec: OrderSpec,
    /// The sender's mark; the exchange makes one up when it is empty.
    pub correlation: String,
}

impl NewOrder {
    pub fn new(spec: OrderSpec, correlation: impl Into<String>) -> Self {
        Self { spec, correlation: correlation.into() }
    }
}

/// The new terms of an order: a full restatement. Contract, side and product cannot change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Modification {
    pub kind: OrderKind,
    /// The order's total quantity, not what is left of it.
    pub quantity: Quantity,
    pub validity: Validity,
}

/// The answer to a request the order system took. What becomes of it shows in the order book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    pub order_id: BrokerOrderId,
    pub status: OrderStatus,
}

/// A request refused at once.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A field is missing or wrong.
    #[error("{0}")]
    Input(String),
    /// The request is complete but cannot be done.
    #[error("{0}")]
    Order(String),
    /// No such order of this account today.
    #[error("Incorrect request for order and cannot be processed")]
    UnknownOrder,
}

/// An order's state as the broker names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum OrderStatus {
    /// Not yet at the exchange.
    Transit,
    Pending,
    PartTraded,
    Traded,
    Rejected,
    Cancelled,
    Expired,
}

impl OrderStatus {
    pub fn is_final(self) -> bool {
        match self {
            Self::Transit | Self::Pending | Self::PartTraded => false,
            Self::Traded | Self::Rejected | Self::Cancelled | Self::Expired => true,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Transit => "TRANSIT",
            Self::Pending => "PENDING",
            Self::PartTraded => "PART_TRADED",
            Self::Traded => "TRADED",
            Self::Rejected => "REJECTED",
            Self::Cancelled => "CANCELLED",
            Self::Expired => "EXPIRED",
        }
    }

    fn seen(self) -> SeenStatus {
        match self {
            Self::Transit => SeenStatus::Transit,
            Self::Pending | Self::PartTraded => SeenStatus::Working,
            Self::Traded => SeenStatus::Filled,
            Self::Rejected => SeenStatus::Rejected,
            Self::Cancelled => SeenStatus::Cancelled,
            Self::Expired => SeenStatus::Expired,
        }
    }
}

/// Who made an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// The client, as an order of its own.
    #[default]
    Own,
    /// The entry of a super order.
    Entry,
    /// The target or the stop of the super order whose entry has this number.
    Exit { entry: u64, leg: BracketLeg },
    /// A forever order that fired, and which of its legs.
    Forever { number: u64, leg: usize },
    /// A conditional trigger that fired.
    Trigger { number: u64 },
}

impl Origin {
    /// The number of the super order this order belongs to, being itself `number`.
    pub(super) fn super_order(self, number: u64) -> Option<u64> {
        match self {
            Self::Entry => Some(number),
            Self::Exit { entry, .. } => Some(entry),
            Self::Own | Self::Forever { .. } | Self::Trigger { .. } => None,
        }
    }

    pub fn is_super_order(self) -> bool {
        matches!(self, Self::Entry | Self::Exit { .. })
    }
}

/// What an order is for, in paise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Terms {
    pub kind: OrderKind,
    pub quantity: u32,
    pub validity: Validity,
    /// The price it may trade at; `None` until a market order has got its protection.
    pub limit: Option<i64>,
    /// A stop waits while it has one.
    pub trigger: Option<i64>,
}

impl Terms {
    /// `None` when a price is not a whole number of paise.
    pub(super) fn new(kind: OrderKind, quantity: Quantity, validity: Validity) -> Option<Self> {
        let paise = |p: Option<Price>| p.map_or(Some(None), |p| to_paise(p).map(Some));
        Some(Self {
            kind,
            quantity: quantity.0,
            validity,
            limit: paise(kind.price())?,
            trigger: paise(kind.trigger())?,
        })
    }
}

/// An order as the exchange keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Order {
    pub number: u64,
    pub account: String,
    pub correlation: String,
    pub contract: Contract,
    pub id: SecurityId,
    pub side: Side,
    pub product: Product,
    pub terms: Terms,
    /// It has emptied the visible book and is not through: it goes on taking what comes, at the prices that come.
    #[serde(default)]
    pub sweeping: bool,
    pub filled: u32,
    /// Sum of quantity times price of what filled, in paise.
    pub value: i64,
    pub last_fill: Option<(u32, i64)>,
    pub status: OrderStatus,
    pub reason: String,
    pub created: Timestamp,
    pub updated: Timestamp,
    /// Since when it is at the exchange.
    pub at_exchange: Option<Timestamp>,
    pub exchange_number: u64,
    pub modifications: u32,
    /// Money held back for what is still open of it, in paise.
    pub blocked: i64,
    #[serde(default)]
    pub origin: Origin,
}

impl Order {
    pub(super) fn open_quantity(&self) -> u32 {
        if self.status.is_final() { 0 } else { self.terms.quantity.saturating_sub(self.filled) }
    }

    pub(super) fn average(&self) -> Option<Price> {
        (self.filled > 0).then(|| Price((Decimal::new(self.value, 2) / Decimal::from(self.filled)).normalize()))
    }

    pub(super) fn view(&self) -> OrderView {
        OrderView {
            account: self.account.clone(),
            order_id: BrokerOrderId(self.number.to_string()),
            exchange_id: self.at_exchange.map(|_| self.exchange_number.to_string()),
            correlation: self.correlation.clone(),
            security_id: self.id,
            spec: OrderSpec {
                contract: self.contract,
                side: self.side,
                quantity: Quantity(self.terms.quantity),
                kind: self.terms.kind,
                validity: self.terms.validity,
                product: self.product,
            },
            limit: self.terms.limit.map(price),
            triggered: self.terms.kind.trigger().is_some() && self.terms.trigger.is_none(),
            status: self.status,
            filled: Quantity(self.filled),
            average: self.average(),
            last_fill: self.last_fill.map(|(quantity, at)| (Quantity(quantity), price(at))),
            reason: self.reason.clone(),
            created: self.created,
            updated: self.updated,
            at_exchange: self.at_exchange,
            origin: self.origin,
        }
    }
}

/// An order as the order book shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderView {
    pub account: String,
    pub order_id: BrokerOrderId,
    /// The exchange's own number; `None` for an order that never reached it.
    pub exchange_id: Option<String>,
    pub correlation: String,
    pub security_id: SecurityId,
    /// As last restated.
    pub spec: OrderSpec,
    /// The price it may trade at now: a market order has the protected price it was turned into.
    pub limit: Option<Price>,
    /// A stop whose trigger has been reached.
    pub triggered: bool,
    pub status: OrderStatus,
    pub filled: Quantity,
    pub average: Option<Price>,
    pub last_fill: Option<(Quantity, Price)>,
    /// `CONFIRMED`, or why it was rejected, cancelled or not modified.
    pub reason: String,
    pub created: Timestamp,
    pub updated: Timestamp,
    /// Since when it is at the exchange; `None` when it never got there.
    pub at_exchange: Option<Timestamp>,
    pub origin: Origin,
}

impl OrderView {
    /// What is still open of it.
    pub fn remaining(&self) -> Quantity {
        if self.status.is_final() { Quantity::ZERO } else { self.spec.quantity.saturating_sub(self.filled) }
    }

    /// The order in neutral terms.
    pub fn sighting(&self) -> OrderSighting {
        let status = self.status.seen();
        let says_why = matches!(status, SeenStatus::Rejected | SeenStatus::Cancelled | SeenStatus::Expired);
        OrderSighting {
            correlation: CorrelationId::try_from(self.correlation.clone()).ok(),
            order_id: self.order_id.clone(),
            spec: self.spec,
            filled: self.filled,
            average: self.average,
            status,
            reason: (says_why && self.reason != CONFIRMED).then(|| self.reason.clone()),
            updated: Some(self.updated),
        }
    }
}

/// What the order book says of an order nothing is wrong with.
pub const CONFIRMED: &str = "CONFIRMED";

/// One fill as the exchange keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Trade {
    pub number: u64,
    pub order: u64,
    pub account: String,
    pub contract: Contract,
    pub id: SecurityId,
    pub product: Product,
    pub side: Side,
    pub quantity: u32,
    /// In paise.
    pub price: i64,
    pub at: Timestamp,
}

impl Trade {
    pub(super) fn view(&self) -> TradeView {
        TradeView {
            account: self.account.clone(),
            trade_id: self.number.to_string(),
            order_id: BrokerOrderId(self.order.to_string()),
            contract: self.contract,
            security_id: self.id,
            product: self.product,
            side: self.side,
            quantity: Quantity(self.quantity),
            price: price(self.price),
            at: self.at,
        }
    }
}

/// One fill as the trade book shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TradeView {
    pub account: String,
    pub trade_id: String,
    pub order_id: BrokerOrderId,
    pub contract: Contract,
    pub security_id: SecurityId,
    pub product: Product,
    pub side: Side,
    pub quantity: Quantity,
    pub price: Price,
    pub at: Timestamp,
}

impl TradeView {
    /// The fill in neutral terms.
    pub fn sighting(&self) -> TradeSighting {
        TradeSighting {
            order_id: self.order_id.clone(),
            trade_id: self.trade_id.clone(),
            contract: self.contract,
            product: self.product,
            side: self.side,
            quantity: self.quantity,
            price: self.price,
            at: Some(self.at),
        }
    }
}
