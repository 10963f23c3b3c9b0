//! Trades as a trader counts them: from flat to flat, what one strategy held of one contract, with what it earned and cost.
//!
//! Folded from the same records as the state. An order belongs to the trade that was open when it was decided, or to the
//! one that its first fill opened; what its fills are worth may still be corrected after the trade is over, until the next
//! trading day.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use rusqlite::{Connection, Transaction};
use serde::{Deserialize, Serialize};

use super::cells::Cells;
use super::rows;
use crate::domain::time::{Timestamp, ms_between, trading_day};
use crate::domain::{IntentId, Money, Price, Quantity, SetupName, Side, SignalId, StrategyId};
use crate::engine::record::{Owner, Purpose, Record};
use crate::engine::state::{Lot, LotKey, Order, State, TradeState};
use crate::options::charges::{OrderTally, Tariff};

/// What an order is to its trade.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Part {
    side: Side,
    filled: Quantity,
    value: Money,
    /// Of its first fill: the tariff's day.
    filled_at: Option<Timestamp>,
    is_stop: bool,
    /// What the broker made of it, in words.
    answer: String,
}

/// The signal's side of a trade.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct OfScalp {
    setup: SetupName,
    signal: SignalId,
    state: TradeState,
}

/// From flat to flat.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RoundTrip {
    /// The intent whose fill opened it.
    id: IntentId,
    key: LotKey,
    side: Side,
    parts: Vec<(IntentId, Part)>,
    entered_at: Timestamp,
    exited_at: Option<Timestamp>,
    first_stop: Option<Price>,
    stop: Option<Price>,
    target: Option<Price>,
    exit_reason: Option<String>,
    /// Closed elsewhere, at a price that we were not told: an estimate.
    settled: Option<(Quantity, Money)>,
    scalp: Option<OfScalp>,
}

/// The trades that may still change, and what the tables do not show yet.
#[derive(Debug, Default)]
pub struct RoundTrips {
    trips: BTreeMap<u64, RoundTrip>,
    tariff: Option<Tariff>,
    rows: BTreeMap<u64, Cells>,
    /// Trading days whose sums change with them.
    days: BTreeSet<Date>,
    /// Ended by the newest record.
    ended: Vec<u64>,
    /// Trades that cannot change any more.
    settled: BTreeSet<u64>,
}

impl RoundTrips {
    /// Goes on with the trades that the tables say may still change.
    pub fn resume(db: &Connection) -> rusqlite::Result<Self> {
        let tariff = Tariff::built_in().inspect_err(|e| tracing::warn!("trades are shown without charges: {e}")).ok();
        let mut statement = db.prepare("SELECT id, unfinished FROM trades WHERE unfinished IS NOT NULL")?;
        let rows = statement.query_map([], |r| Ok((r.get::<_, i64>(0)?.unsigned_abs(), r.get::<_, String>(1)?)))?;
        let mut trips = BTreeMap::new();
        for row in rows {
            let (id, text) = row?;
            match serde_json::from_str(&text) {
                Ok(trip) => drop(trips.insert(id, trip)),
                Err(e) => tracing::warn!("trade {id} is not followed any further: {e}"),
            }
        }
        Ok(Self { trips, tariff, ..Self::default() })
    }

    /// Writes the rows; each that may still change with what a later start goes on from.
    pub fn write(&self, db: &Transaction<'_>) -> rusqlite::Result<()> {
        for (id, row) in &self.rows {
            let unfinished = self.trips.get(id).and_then(|t| serde_json::to_string(t).ok());
            row.clone().maybe_text("unfinished", unfinished).upsert(db, "trades")?;
        }
        for id in &self.settled {
            let id = i64::try_from(*id).unwrap_or(i64::MAX);
            db.prepare_cached("UPDATE trades SET unfinished = NULL WHERE id = ?1")?.execute([id])?;
        }
        Ok(())
    }

    /// Folds one record, which has led to `state`.
    pub fn take(&mut self, record: &Record, state: &State, at: Timestamp) {
        self.ended.clear();
        match record {
            Record::IntentMade { intent, .. } => self.see(intent.id, state, at),
            Record::IntentUnplaced { intent, .. }
            | Record::OrderSeen { intent, .. }
            | Record::ModifyFailed { intent, .. }
            | Record::CancelFailed { intent, .. } => self.see(*intent, state, at),
            Record::TradesSeen { trades } => {
                let orders: BTreeSet<IntentId> =
                    trades.iter().filter_map(|t| state.order_ids.get(&t.order_id).copied()).collect();
                orders.into_iter().for_each(|id| self.see(id, state, at));
            }
            Record::ExitStarted { owner, contract, product, reason, .. } => {
                let key = LotKey { owner: *owner, contract: *contract, product: *product };
                self.change(key, state, |t| t.exit_reason = Some(reason.clone()));
            }
            Record::StopSet { owner, contract, product, stop } => {
                let key = LotKey { owner: *owner, contract: *contract, product: *product };
                self.change(key, state, |t| t.set_stop(stop.map(|s| s.trigger)));
            }
            Record::TargetSet { owner, contract, product, target } => {
                let key = LotKey { owner: *owner, contract: *contract, product: *product };
                self.change(key, state, |t| t.target = *target);
            }
            Record::LotWrittenOff { owner, contract, product, quantity, reason } => {
                let key = LotKey { owner: *owner, contract: *contract, product: *product };
                let mark = state.marks.get(contract).map(crate::domain::Quote::mid);
                self.change(key, state, |t| t.settle(mark, *quantity, reason, at));
            }
            Record::ScalpMoved { id, .. } => self.note_scalp(*id, state, None),
            Record::ScalpClosed { id, reason, .. } => self.note_scalp(*id, state, Some(reason)),
            Record::DayStarted { .. } => {
                let may_change = |t: &RoundTrip| {
                    t.exited_at.is_none() || t.parts.iter().any(|(id, _)| state.orders.contains_key(id))
                };
                let over = self.trips.iter().filter(|(_, t)| !may_change(t)).map(|(id, _)| *id);
                self.settled.extend(over);
                self.trips.retain(|id, _| !self.settled.contains(id));
            }
            _ => {}
        }
    }

    /// The trade that an order belongs to.
    pub fn of_order(&self, id: IntentId) -> Option<u64> {
        self.trips.values().find(|t| t.parts.iter().any(|(i, _)| *i == id)).map(|t| t.id.0)
    }

    /// The open trade of a lot.
    pub fn of_lot(&self, key: LotKey) -> Option<u64> {
        self.trips.values().find(|t| t.key == key && t.exited_at.is_none()).map(|t| t.id.0)
    }

    /// The newest trade of a strategy.
    pub fn of_strategy(&self, id: StrategyId) -> Option<u64> {
        let ours = self.trips.values().filter(|t| t.key.owner == Owner::Strategy(id));
        ours.max_by_key(|t| t.entered_at).map(|t| t.id.0)
    }

    /// The trade of a lot that the newest record has ended.
    pub fn ended_of_lot(&self, key: LotKey) -> Option<u64> {
        self.ended.iter().copied().find(|id| self.trips.get(id).is_some_and(|t| t.key == key))
    }

    /// The trades that the newest record has ended, as rows.
    pub fn ended(&self) -> impl Iterator<Item = &Cells> {
        self.ended.iter().filter_map(|id| self.rows.get(id))
    }

    pub fn has_rows(&self) -> bool {
        !self.rows.is_empty() || !self.settled.is_empty()
    }

    /// Trading days whose trades have changed.
    pub fn days(&self) -> &BTreeSet<Date> {
        &self.days
    }

    pub fn written(&mut self) {
        self.rows.clear();
        self.settled.clear();
        self.days.clear();
        self.ended.clear();
    }

    fn see(&mut self, id: IntentId, state: &State, at: Timestamp) {
        let Some(order) = state.orders.get(&id) else { return };
        let key = LotKey {
            owner: order.purpose.owner(),
            contract: order.intent.spec.contract,
            product: order.intent.spec.product,
        };
        // Of what was opened elsewhere we know no cost.
        if key.owner == Owner::Foreign {
            return;
        }
        let trip = match self.of_order(id).or_else(|| self.of_lot(key)) {
            Some(trip) => trip,
            None if order.filled.is_zero() => return,
            None => {
                self.trips.insert(id.0, RoundTrip::opened_by(order, key, state, at));
                id.0
            }
        };
        if let Some(trip) = self.trips.get_mut(&trip) {
            let before = trip.exited_at;
            trip.see(order, at);
            if before.is_none() && trip.exited_at.is_some() {
                self.ended.push(trip.id.0);
            }
            let trip = trip.id.0;
            self.note(trip, state);
        }
    }

    /// A scalp is one strategy's only trade of the day, open or just over.
    fn note_scalp(&mut self, id: StrategyId, state: &State, reason: Option<&String>) {
        let Some(trip) = self.of_strategy(id) else { return };
        if let (Some(reason), Some(trip)) = (reason, self.trips.get_mut(&trip)) {
            trip.exit_reason = Some(reason.clone());
        }
        self.note(trip, state);
    }

    fn change(&mut self, key: LotKey, state: &State, change: impl FnOnce(&mut RoundTrip)) {
        let Some(id) = self.of_lot(key) else { return };
        if let Some(trip) = self.trips.get_mut(&id) {
            change(trip);
            if trip.exited_at.is_some() {
                self.ended.push(id);
            }
        }
        self.note(id, state);
    }

    fn note(&mut self, id: u64, state: &State) {
        if let Some(trip) = self.trips.get_mut(&id) {
            trip.see_scalp(state);
            self.rows.insert(id, trip.row(state, self.tariff.as_ref()));
            self.days.insert(trip.day());
        }
    }
}

impl RoundTrip {
    fn opened_by(order: &Order, key: LotKey, state: &State, at: Timestamp) -> Self {
        let guard = state.guards.get(&key).copied().unwrap_or_default();
        let stop = guard.stop.map(|s| s.trigger);
        Self {
            id: order.intent.id,
            key,
            side: order.intent.spec.side,
            parts: Vec::new(),
            entered_at: at,
            exited_at: None,
            first_stop: stop,
            stop,
            target: guard.target,
            exit_reason: None,
            settled: None,
            scalp: None,
        }
    }

    /// The state forgets a scalp that is over with its day; the trade does not.
    fn see_scalp(&mut self, state: &State) {
        let Owner::Strategy(id) = self.key.owner else { return };
        if let Some(scalp) = state.scalper.scalps.get(&id) {
            let (setup, signal) = (scalp.plan.setup.clone(), scalp.signal);
            self.scalp = Some(OfScalp { setup, signal, state: scalp.state });
        }
    }

    fn set_stop(&mut self, stop: Option<Price>) {
        self.first_stop = self.first_stop.or(stop);
        self.stop = stop;
    }

    fn see(&mut self, order: &Order, at: Timestamp) {
        let id = order.intent.id;
        let known = self.parts.iter().find(|(i, _)| *i == id);
        let filled_at = known.and_then(|(_, p)| p.filled_at);
        let news = order.filled != known.map_or(Quantity::ZERO, |(_, p)| p.filled);
        let part = Part {
            side: order.intent.spec.side,
            filled: order.filled,
            value: order.value,
            filled_at: filled_at.or_else(|| (!order.filled.is_zero()).then_some(at)),
            is_stop: order.purpose.is_stop(),
            answer: answer(order),
        };
        match self.parts.iter_mut().find(|(i, _)| *i == id) {
            Some((_, old)) => *old = part,
            None => self.parts.push((id, part)),
        }
        if news {
            self.exited_at = self.lot().net.is_flat().then_some(at);
            if self.exited_at.is_some() && order.purpose.is_stop() && self.exit_reason.is_none() {
                self.exit_reason = Some("stop".into());
            }
        }
    }

    /// As the engine counts what was closed elsewhere.
    fn settle(&mut self, mark: Option<Price>, quantity: Option<Quantity>, reason: &str, at: Timestamp) {
        let before = self.lot();
        let mut after = before;
        after.settle(mark, quantity);
        let value = (after.bought_value + after.sold_value) - (before.bought_value + before.sold_value);
        let closed = before.net.size().saturating_sub(after.net.size());
        let (was, worth) = self.settled.unwrap_or_default();
        self.settled = Some((was + closed, worth + value));
        if after.net.is_flat() {
            self.exited_at = Some(at);
            self.exit_reason = Some(reason.to_string());
        }
    }

    /// The sums of its fills.
    fn lot(&self) -> Lot {
        let mut lot = Lot::default();
        for (_, part) in &self.parts {
            lot.add(part.side, part.filled, part.value);
        }
        if let Some((quantity, value)) = self.settled {
            lot.add(self.side.opposite(), quantity, value);
        }
        lot
    }

    /// The trading day it counts to: of its exit, while it is open of its entry.
    fn day(&self) -> Date {
        trading_day(self.exited_at.unwrap_or(self.entered_at))
    }

    /// Of all its orders, each rounded as on screen. `None`: the tariff does not say.
    fn charges(&self, tariff: &Tariff) -> Option<Money> {
        let of = |part: &Part| {
            let date = trading_day(part.filled_at.unwrap_or(self.entered_at));
            let mut tally = OrderTally::new(self.key.contract, self.key.product, part.side, date);
            tally.turnover = part.value;
            Some(tally.charges(tariff).ok()?.rounded().total())
        };
        self.parts.iter().map(|(_, p)| of(p)).sum()
    }

    fn row(&self, state: &State, tariff: Option<&Tariff>) -> Cells {
        let lot = self.lot();
        let ((entered, paid), (left, got)) = match self.side {
            Side::Buy => ((lot.bought, lot.bought_value), (lot.sold, lot.sold_value)),
            Side::Sell => ((lot.sold, lot.sold_value), (lot.bought, lot.bought_value)),
        };
        let gross = self.exited_at.map(|_| lot.sold_value - lot.bought_value);
        let charges = tariff.and_then(|t| self.charges(t));
        let net = gross.zip(charges).map(|(gross, charges)| (gross - charges).0);
        let strategy = match self.key.owner {
            Owner::Strategy(id) => state.strategies.get(&id),
            Owner::Foreign => None,
        };
        let scalp = self.scalp.as_ref();
        let answers: Vec<&str> = self.parts.iter().map(|(_, p)| p.answer.as_str()).collect();
        let cells = Cells::new()
            .id("id", self.id.0)
            .text("trading_day", self.day())
            .maybe_id("strategy_id", rows::strategy_of(self.key.owner))
            .maybe_text("strategy_name", strategy.map(|s| &s.recommendation.name))
            .maybe_text("setup", scalp.map(|s| &s.setup))
            .maybe_id("signal_id", scalp.map(|s| s.signal.0))
            .maybe_text("scalp_state", scalp.map(|s| s.state.as_str()))
            .text("stock_name", self.key.contract.underlying)
            .text("contract", self.key.contract);
        rows::contract_cells(cells, &self.key.contract)
            .text("product", self.key.product.as_str())
            .text("state", self.state())
            .text("side", self.side)
            .int("quantity", entered.0)
            .int("open_quantity", lot.net.0)
            .when("entry_at", self.entered_at)
            .maybe_decimal("entry_price", rows::average(paid.0, entered))
            .maybe_when("exit_at", self.exited_at)
            .maybe_decimal("exit_price", rows::average(got.0, left))
            .maybe_int("hold_seconds", self.exited_at.map(|end| ms_between(self.entered_at, end) / 1_000))
            .maybe_decimal("first_stop", self.first_stop.map(|p| p.0))
            .maybe_decimal("stop", self.stop.map(|p| p.0))
            .maybe_decimal("target", self.target.map(|p| p.0))
            .maybe_decimal("gross", gross.map(|m| m.0))
            .real("gross_real", gross.map(|m| m.0))
            .maybe_decimal("charges", charges.map(|m| m.0))
            .real("charges_real", charges.map(|m| m.0))
            .maybe_decimal("net", net)
            .real("net_real", net)
            .maybe_text("exit_reason", self.exit_reason.as_ref())
            .text("broker_answers", answers.join("\n"))
    }

    fn state(&self) -> &'static str {
        match (self.exited_at, self.settled) {
            (None, _) => "open",
            (Some(_), None) => "closed",
            (Some(_), Some(_)) => "closed elsewhere",
        }
    }
}

/// `entry 11261120001: filled`, with the broker's words where it said any.
fn answer(order: &Order) -> String {
    let purpose = match order.purpose {
        Purpose::Entry { .. } => "entry",
        Purpose::Exit { .. } => "exit",
        Purpose::Protect { .. } => "stop",
    };
    let id = order.order_id.as_ref().map_or(String::new(), |id| format!(" {id}"));
    let words = order.reason.as_ref().map_or(String::new(), |r| format!(" ({})", r.replace('\n', " ")));
    format!("{purpose}{id}: {}{words}", order.state.as_str())
}
