//! Putting a view together.

use std::sync::Arc;

use super::header::{api_limit, day_pnl, header};
use super::health::Health;
use super::notices::{Seen, standing};
use super::prices::Prices;
use super::strategies::{Fills, LegFill, StrategyRow, row};
use super::{View, orders, positions, queue, risk, safety};
use crate::domain::time::Timestamp;
use crate::domain::{Contract, Quote};
use crate::engine::record::Purpose;
use crate::engine::state::OrderState;
use crate::engine::{EngineConfig, Reference, State};

impl View {
    /// The picture at `now`: a few milliseconds at most with hundreds of strategies and positions.
    pub fn build(
        state: &State,
        config: &EngineConfig,
        prices: &Prices,
        health: &Health,
        reference: &dyn Reference,
        now: Timestamp,
    ) -> Self {
        let fills = fills(state);
        let strategies: Vec<Arc<StrategyRow>> =
            state.strategies.values().map(|s| Arc::new(row(s, state, prices, &fills, now))).collect();
        let pnl = day_pnl(state, prices, reference, now);
        let health = &Health { api: api_limit(config, health), ..health.clone() };
        let header = header(state, prices, health, reference, pnl, now);
        let queue = queue::queue(&strategies, state, config, &fills, now);
        let positions = positions::positions(state, prices, reference, now);
        let safety = safety::safety(state, config, reference, &positions, now);
        let seen = Seen {
            state,
            health,
            positions: &positions,
            safety: &safety,
            queue: &queue,
            open: header.session.open,
            now,
        };
        let standing = standing(&seen);
        Self {
            now,
            risk: risk::gauges(state, config, reference, &strategies, pnl, health.api).into(),
            header: Arc::new(header),
            strategies: strategies.into(),
            queue: queue.into(),
            positions: Arc::new(positions),
            working: orders::working(state, now).into(),
            recent: orders::recent(state, now).into(),
            safety: Arc::new(safety),
            standing: standing.into(),
            notices: health.notices.clone().into(),
        }
    }
}

/// The newest quote known: from the app's prices, else the engine's own mark.
pub(super) fn quote_of(state: &State, prices: &Prices, contract: &Contract) -> Option<Quote> {
    let (newest, mark) = (prices.quote(contract), state.marks.get(contract).copied());
    match (newest, mark) {
        (Some(newest), Some(mark)) if mark.at > newest.at => Some(mark),
        (Some(newest), _) => Some(newest),
        (None, mark) => mark,
    }
}

fn fills(state: &State) -> Fills {
    let mut fills = Fills::new();
    for order in state.orders.values() {
        if let Purpose::Entry { strategy, leg } = order.purpose {
            let fill: &mut LegFill = fills.entry((strategy, leg)).or_default();
            fill.filled += order.filled;
            if order.state.is_open() {
                fill.working += order.remaining();
                fill.unknown |= order.state == OrderState::Unknown;
            }
        }
    }
    fills
}
