//! Calls to a broker and their answers, in neutral terms: what an adapter takes and gives.

use serde::{Deserialize, Serialize};

use super::ErrorClass;
use crate::domain::time::Timestamp;
use crate::domain::{
    BrokerOrderId, CorrelationId, Funds, Intent, OrderSighting, OrderSpec, PositionSighting, SafeguardAsk,
    SafeguardTold, SeenStatus, TradeSighting,
};

/// One call that was handed out. Numbers are not used again by the same gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallId(pub u64);

/// A call that may leave now.
#[derive(Clone, Debug, PartialEq)]
pub struct Outgoing {
    pub id: CallId,
    pub call: Call,
    /// Give up waiting at this instant and answer `AskFirst`; an answer that comes later is welcome all the same.
    pub deadline: Timestamp,
}

/// What to ask of the broker. An adapter does it once, as it stands, without retries of its own.
#[derive(Clone, Debug, PartialEq)]
pub enum Call {
    Place(Intent),
    /// Restates the order: every field as it shall be.
    Modify {
        order_id: BrokerOrderId,
        spec: OrderSpec,
    },
    Cancel {
        order_id: BrokerOrderId,
    },
    FindByCorrelation(CorrelationId),
    Orders,
    Trades,
    Positions,
    Funds,
    /// One of the broker's own safeguards.
    Safeguard(SafeguardAsk),
}

impl Call {
    /// For logs and screens.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Place(_) => "place",
            Self::Modify { .. } => "modify",
            Self::Cancel { .. } => "cancel",
            Self::FindByCorrelation(_) => "find",
            Self::Orders => "orders",
            Self::Trades => "trades",
            Self::Positions => "positions",
            Self::Funds => "funds",
            Self::Safeguard(ask) => ask.what(),
        }
    }
}

/// What the broker answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// To [`Call::Place`].
    Placed {
        order_id: BrokerOrderId,
        status: SeenStatus,
    },
    /// To [`Call::Modify`] and [`Call::Cancel`]: the request was taken. What came of it, the next sighting tells.
    Done {
        order_id: BrokerOrderId,
        status: SeenStatus,
    },
    /// To [`Call::FindByCorrelation`]. `None` proves nothing while the order may be in transit.
    Found(Option<OrderSighting>),
    Orders(Vec<OrderSighting>),
    Trades(Vec<TradeSighting>),
    Positions(Vec<PositionSighting>),
    Funds(Funds),
    Safeguard(SafeguardTold),
    Failed {
        class: ErrorClass,
        message: String,
    },
}

impl Answer {
    pub fn failed(class: ErrorClass, message: impl Into<String>) -> Self {
        Self::Failed { class, message: message.into() }
    }
}
