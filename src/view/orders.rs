//! Orders: those that may still trade, and what became of the others today.

use std::cmp::Reverse;

use crate::domain::time::{Timestamp, ms_between};
use crate::domain::{
    BrokerOrderId, Contract, CorrelationId, IntentId, OrderKind, OrderSighting, Price, Product, Quantity, SeenStatus,
    Side, StrategyId,
};
use crate::engine::State;
use crate::engine::record::{Owner, Purpose};
use crate::engine::state::{Order, OrderState};

/// How many orders that are over are kept in a view.
pub const RECENT: usize = 300;

#[derive(Clone, Debug, PartialEq)]
pub struct OrderRow {
    /// `None`: not ours, it cannot be named by us.
    pub intent: Option<IntentId>,
    pub order_id: Option<BrokerOrderId>,
    pub correlation: Option<CorrelationId>,
    pub origin: OrderOrigin,
    pub contract: Contract,
    pub product: Product,
    pub side: Side,
    pub quantity: Quantity,
    pub filled: Quantity,
    /// As last asked for.
    pub kind: OrderKind,
    /// Average price of what filled.
    pub average: Option<Price>,
    pub state: OrderState,
    /// A cancellation is under way.
    pub cancelling: bool,
    /// A modification is under way.
    pub modifying: bool,
    /// Prices asked for so far beyond the first.
    pub steps: u32,
    /// The broker's words, where it said any.
    pub reason: Option<String>,
    pub changed_at: Timestamp,
    /// Since it was made (ours) or last changed (foreign).
    pub age_ms: i64,
}

/// Why an order exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderOrigin {
    /// Leg `leg` (counted from 1) of a strategy.
    Entry {
        strategy: StrategyId,
        leg: usize,
    },
    Exit {
        strategy: Option<StrategyId>,
    },
    /// The stop of what a strategy holds.
    Stop {
        strategy: Option<StrategyId>,
    },
    /// Placed elsewhere.
    Foreign,
}

impl OrderOrigin {
    /// The strategy it is for.
    pub fn strategy(self) -> Option<StrategyId> {
        match self {
            Self::Entry { strategy, .. } => Some(strategy),
            Self::Exit { strategy } | Self::Stop { strategy } => strategy,
            Self::Foreign => None,
        }
    }

    pub fn is_entry(self) -> bool {
        matches!(self, Self::Entry { .. })
    }
}

pub(super) fn working(state: &State, now: Timestamp) -> Vec<OrderRow> {
    let ours = state.open_orders().map(|o| ours(o, now));
    ours.chain(state.foreign_orders.values().map(|o| foreign(o, now))).collect()
}

pub(super) fn recent(state: &State, now: Timestamp) -> Vec<OrderRow> {
    let mut over: Vec<&Order> = state.orders.values().filter(|o| !o.state.is_open()).collect();
    over.sort_by_key(|o| (Reverse(o.changed_at), Reverse(o.intent.id)));
    over.into_iter().take(RECENT).map(|o| ours(o, now)).collect()
}

fn ours(order: &Order, now: Timestamp) -> OrderRow {
    let spec = &order.intent.spec;
    let average = (!order.filled.is_zero())
        .then(|| Price((order.value.0 / rust_decimal::Decimal::from(order.filled.0)).round_dp(4)));
    OrderRow {
        intent: Some(order.intent.id),
        order_id: order.order_id.clone(),
        correlation: Some(order.intent.correlation.clone()),
        origin: match order.purpose {
            Purpose::Entry { strategy, leg } => OrderOrigin::Entry { strategy, leg: leg + 1 },
            Purpose::Exit { owner: Owner::Strategy(id) } => OrderOrigin::Exit { strategy: Some(id) },
            Purpose::Exit { owner: Owner::Foreign } => OrderOrigin::Exit { strategy: None },
            // Restated into a limit order it is an exit like any other.
            Purpose::Protect { owner } => {
                let strategy = match owner {
                    Owner::Strategy(id) => Some(id),
                    Owner::Foreign => None,
                };
                if order.kind.trigger().is_some() {
                    OrderOrigin::Stop { strategy }
                } else {
                    OrderOrigin::Exit { strategy }
                }
            }
        },
        contract: spec.contract,
        product: spec.product,
        side: spec.side,
        quantity: order.quantity,
        filled: order.filled,
        kind: order.kind,
        average,
        state: order.state,
        cancelling: order.cancel_asked.is_some() && order.state.is_open(),
        modifying: order.modifying_since.is_some() && order.state.is_open(),
        steps: order.steps,
        reason: order.reason.clone(),
        changed_at: order.changed_at,
        age_ms: ms_between(order.made_at, now),
    }
}

fn foreign(order: &OrderSighting, now: Timestamp) -> OrderRow {
    OrderRow {
        intent: None,
        order_id: Some(order.order_id.clone()),
        correlation: order.correlation.clone(),
        origin: OrderOrigin::Foreign,
        contract: order.spec.contract,
        product: order.spec.product,
        side: order.spec.side,
        quantity: order.spec.quantity,
        filled: order.filled,
        kind: order.spec.kind,
        average: order.average,
        state: match order.status {
            SeenStatus::Transit => OrderState::Transit,
            SeenStatus::Working => OrderState::Working,
            SeenStatus::Filled => OrderState::Filled,
            SeenStatus::Rejected => OrderState::Rejected,
            SeenStatus::Cancelled => OrderState::Cancelled,
            SeenStatus::Expired => OrderState::Expired,
        },
        cancelling: false,
        modifying: false,
        steps: 0,
        reason: order.reason.clone(),
        changed_at: order.updated.unwrap_or(now),
        age_ms: order.updated.map_or(0, |t| ms_between(t, now)),
    }
}
