//! Putting a view together.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::header::{api_limit, day_pnl, header};
use super::health::Health;
use super::notices::{Seen, standing};
use super::prices::Prices;
use super::strategies::{Fills, LegFill, StrategyRow, row};
use super::{View, account, orders, positions, queue, risk, safety, signals};
use crate::domain::time::{Timestamp, trading_day};
use crate::domain::{Contract, Money, Quote};
use crate::engine::record::{Owner, Purpose};
use crate::engine::reference::RawCharges;
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
        let quotes = Quotes::new(state, prices, health, now);
        let strategies: Vec<Arc<StrategyRow>> =
            state.strategies.values().map(|s| Arc::new(row(s, &quotes, &fills, now))).collect();
        let charges = charges(state, reference, now);
        let pnl = day_pnl(&quotes, charges.today);
        let health = &Health { api: api_limit(config, health), ..health.clone() };
        let header = header(&quotes, health, reference, pnl, now);
        let queue = queue::queue(&strategies, state, config, &fills, now);
        let positions = positions::positions(&quotes, &charges.by_owner, health.positions_read, reference, now);
        let safety = safety::safety(state, config, reference, &positions);
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
        let signals = signals::signals(&quotes, config, health, reference, now);
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
            account: Arc::new(account::account(state, health, now)),
            signals: Arc::new(signals),
            standing: standing.into(),
            notices: health.notices.clone().into(),
            replay: None,
        }
    }
}

/// The newest quotes known: the app's prices, and the engine's own marks where those are newer.
pub(super) struct Quotes<'a> {
    pub state: &'a State,
    pub prices: &'a Prices,
    /// The feed sends what changes. While it speaks, a price it has not changed is as young as its last word.
    confirmed: Option<Timestamp>,
}

impl<'a> Quotes<'a> {
    fn new(state: &'a State, prices: &'a Prices, health: &Health, now: Timestamp) -> Self {
        let confirmed = health.feed_confirms(now);
        Self { state, prices, confirmed }
    }

    pub fn of(&self, contract: &Contract) -> Option<Quote> {
        let (newest, mark) = (self.prices.quote(contract), self.state.marks.get(contract).copied());
        match (newest, mark) {
            (Some(newest), Some(mark)) if mark.at > newest.at => Some(mark),
            (Some(newest), _) => Some(Quote { at: self.confirmed.map_or(newest.at, |at| newest.at.max(at)), ..newest }),
            (None, mark) => mark,
        }
    }
}

/// What our orders have cost, estimated by the tariff.
struct Charges {
    /// Of the trading day.
    today: Money,
    /// Of all that is still in the books.
    by_owner: BTreeMap<Owner, Money>,
}

/// One pass over the orders: added up unrounded and rounded once, as a contract note does.
fn charges(state: &State, reference: &dyn Reference, now: Timestamp) -> Charges {
    let day = trading_day(now);
    let mut today = RawCharges::default();
    let mut by_owner: BTreeMap<Owner, RawCharges> = BTreeMap::new();
    for order in state.orders.values().filter(|o| !o.filled.is_zero()) {
        let raw = reference.charges(&order.tally(day));
        let sum = by_owner.entry(order.purpose.owner()).or_default();
        *sum = *sum + raw;
        if trading_day(order.changed_at) == day {
            today = today + raw;
        }
    }
    let by_owner = by_owner.into_iter().map(|(owner, raw)| (owner, raw.rounded().total())).collect();
    Charges { today: today.rounded().total(), by_owner }
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
