//! Folds records and collects the rows they touch, until they can be written. Later rows replace earlier ones, so a
//! reader who holds the file for long costs no more than the rows that exist.

use std::collections::BTreeMap;

use rusqlite::Transaction;

use super::audit_log;
use super::cells::Cells;
use super::round_trips::RoundTrips;
use super::rows;
use super::sessions::Sessions;
use crate::domain::time::{Timestamp, trading_day};
use crate::domain::{Contract, ContractKind, IntentId, SecurityId, SignalId, StrategyId, TradeSighting};
use crate::engine::record::Record;
use crate::engine::state::State;
use crate::store::Entry;

/// The state so far, and what the tables do not show yet.
#[derive(Debug, Default)]
pub struct Pending {
    pub state: State,
    /// The last record folded.
    pub seq: u64,
    ids: BTreeMap<Contract, SecurityId>,
    strategies: BTreeMap<StrategyId, (Cells, Vec<Cells>)>,
    orders: BTreeMap<IntentId, Cells>,
    fills: BTreeMap<(String, String), Cells>,
    pub trips: RoundTrips,
    signals: BTreeMap<SignalId, Cells>,
    mappings: BTreeMap<Contract, Cells>,
    sessions: Sessions,
    audit: Vec<Cells>,
    positions: Option<Vec<Cells>>,
    lots: Option<Vec<Cells>>,
    foreign_orders: Option<Vec<Cells>>,
    funds: Option<Cells>,
}

impl Pending {
    /// Goes on after record `seq`, which led to `state` and to `trips`; the tables show that already.
    pub fn after(seq: u64, state: State, trips: RoundTrips) -> Self {
        let mut ids = BTreeMap::new();
        for leg in state.strategies.values().flat_map(|s| &s.legs) {
            ids.insert(leg.instrument.contract, leg.instrument.security_id);
        }
        Self { state, seq, ids, trips, ..Self::default() }
    }

    /// Folds one record and notes the rows it touches.
    pub fn take(&mut self, entry: &Entry) {
        let Entry { seq, at, record } = entry;
        let audit = audit_log::draft(record, &self.state);
        self.state.apply(record, *at);
        self.seq = *seq;
        self.trips.take(record, &self.state, *at);
        self.audit.extend(audit.and_then(|draft| draft.row(entry, &self.state, &self.trips)));
        self.note(record, *at);
    }

    fn note(&mut self, record: &Record, at: Timestamp) {
        match record {
            Record::Created { .. }
            | Record::Started
            | Record::Reconciled
            | Record::Asked { .. }
            | Record::Refused { .. }
            | Record::ForeignCancelAsked { .. }
            | Record::OrdersRead { .. }
            | Record::TradesRead { .. }
            | Record::Marks { .. }
            | Record::ExitStarted { .. }
            | Record::ExitEnded { .. }
            | Record::StopSet { .. }
            | Record::TargetSet { .. }
            | Record::GuardDropped { .. }
            | Record::PlanMade { .. }
            | Record::RulesSet { .. }
            | Record::PlanPeak { .. }
            | Record::FailurePolicySet { .. }
            | Record::RuleFired { .. }
            | Record::SetupArmed { .. }
            | Record::ScalpOpened { .. }
            | Record::ScalpMoved { .. }
            | Record::ScalpClosed { .. }
            | Record::Halted { .. }
            | Record::FlattenStarted { .. }
            | Record::FlattenEnded
            | Record::Armed
            | Record::BrokerExitWished { .. }
            | Record::SafeguardAsked { .. }
            | Record::SafeguardTold { .. }
            | Record::SafeguardFailed { .. }
            | Record::OrderLink { .. }
            | Record::Store { .. } => {}
            Record::SignalSeen { id, .. }
            | Record::SignalProposed { id, .. }
            | Record::SignalApproved { id }
            | Record::SignalEnded { id, .. } => self.note_signal(*id),
            Record::DayStarted { .. } => {
                self.sessions.note(&self.state.day, at);
                self.note_lots();
                self.note_foreign_orders();
            }
            Record::StrategyMarked { id, legs, .. } => {
                for leg in legs {
                    self.ids.insert(leg.instrument.contract, leg.instrument.security_id);
                    self.mappings.insert(leg.instrument.contract, rows::mapping(leg, at));
                }
                self.note_strategy(*id);
            }
            Record::ExecutionStarted { id, .. } => {
                self.note_strategy(*id);
                self.sessions.note(&self.state.day, at);
            }
            Record::StrategyAdded { id, .. }
            | Record::StrategyUpdated { id, .. }
            | Record::StrategyMoved { id, .. }
            | Record::PrioritySet { id, .. }
            | Record::NotesSet { id, .. }
            | Record::Queued { id }
            | Record::Unqueued { id, .. }
            | Record::UnwindStarted { id, .. }
            | Record::ExecutionHeld { id, .. }
            | Record::ExecutionResumed { id } => self.note_strategy(*id),
            Record::IntentMade { intent, .. } => {
                self.note_order(intent.id);
                self.sessions.note(&self.state.day, at);
            }
            Record::OrderSeen { intent, .. } => {
                self.note_order(*intent);
                self.note_lots();
            }
            Record::IntentUnplaced { intent, .. }
            | Record::ModifyAsked { intent, .. }
            | Record::ModifyFailed { intent, .. }
            | Record::CancelAsked { intent }
            | Record::CancelFailed { intent, .. } => self.note_order(*intent),
            Record::ForeignOrderSeen { .. } => self.note_foreign_orders(),
            Record::TradesSeen { trades } => {
                for trade in trades {
                    self.note_fill(trade, at);
                }
                self.note_lots();
            }
            Record::PositionsRead { .. } => self.note_positions(),
            Record::FundsRead { .. } => self.note_funds(),
            Record::LotWrittenOff { .. } => self.note_lots(),
        }
    }

    fn note_strategy(&mut self, id: StrategyId) {
        if let Some(s) = self.state.strategies.get(&id) {
            self.strategies.insert(id, (rows::strategy(s), rows::legs(s)));
        }
    }

    fn note_signal(&mut self, id: SignalId) {
        if let Some(received) = self.state.scalper.signals.get(&id) {
            self.signals.insert(id, rows::signal(id, received));
            self.sessions.note_signals(trading_day(received.seen_at));
        }
    }

    fn note_order(&mut self, id: IntentId) {
        if let Some(order) = self.state.orders.get(&id) {
            self.orders.insert(id, rows::order(order, self.trips.of_order(id)));
        }
    }

    fn note_fill(&mut self, trade: &TradeSighting, at: Timestamp) {
        let ours = self.state.order_ids.get(&trade.order_id).copied();
        let order = ours.and_then(|id| self.state.orders.get(&id));
        let key = (trade.order_id.0.clone(), trade.trade_id.clone());
        self.fills.insert(key, rows::fill(trade, order, at));
        if let Some(id) = ours {
            self.note_order(id);
        }
    }

    fn note_lots(&mut self) {
        self.lots = Some(self.state.lots.iter().map(|(key, lot)| rows::lot(key, lot)).collect());
    }

    fn note_foreign_orders(&mut self) {
        self.foreign_orders = Some(self.state.foreign_orders.values().map(rows::foreign_order).collect());
    }

    fn note_positions(&mut self) {
        let books = &self.state.broker;
        let row = |p: &crate::domain::PositionSighting| {
            let listed = match p.contract.kind {
                ContractKind::Unlisted { id, .. } => Some(id),
                _ => self.ids.get(&p.contract).copied(),
            };
            rows::position(p, listed, books.positions_at)
        };
        self.positions = Some(books.positions.iter().map(row).collect());
    }

    fn note_funds(&mut self) {
        let books = &self.state.broker;
        self.funds = books.funds.map(|f| {
            let cells = Cells::new().int("id", 1).decimal("available", f.available.0).decimal("utilised", f.utilised.0);
            cells.decimal("start_of_day", f.start_of_day.0).maybe_when("read_at", books.funds_at)
        });
    }

    pub fn has_rows(&self) -> bool {
        let maps = self.signals.len()
            + self.strategies.len()
            + self.orders.len()
            + self.fills.len()
            + self.mappings.len()
            + self.sessions.len();
        let tables = [&self.positions, &self.lots, &self.foreign_orders].iter().any(|t| t.is_some());
        maps + self.audit.len() > 0 || tables || self.funds.is_some() || self.trips.has_rows()
    }

    /// Writes every row that is not in the tables yet.
    pub fn write(&self, db: &Transaction<'_>) -> rusqlite::Result<()> {
        for (id, (strategy, legs)) in &self.strategies {
            strategy.upsert(db, "strategies")?;
            let id = i64::try_from(id.0).unwrap_or(i64::MAX);
            db.prepare_cached("DELETE FROM strategy_details WHERE strategy_id = ?1")?.execute([id])?;
            legs.iter().try_for_each(|leg| leg.upsert(db, "strategy_details"))?;
        }
        self.orders.values().try_for_each(|row| row.upsert(db, "orders"))?;
        self.fills.values().try_for_each(|row| row.upsert(db, "fills"))?;
        self.trips.write(db)?;
        self.signals.values().try_for_each(|row| row.upsert(db, "signals"))?;
        self.mappings.values().try_for_each(|row| row.upsert(db, "security_mappings"))?;
        self.sessions.write(db, self.trips.days())?;
        audit_log::write(db, &self.audit)?;
        self.funds.iter().try_for_each(|row| row.upsert(db, "funds"))?;
        replace(db, "positions", self.positions.as_ref())?;
        replace(db, "position_lots", self.lots.as_ref())?;
        replace(db, "foreign_orders", self.foreign_orders.as_ref())
    }

    /// The tables show everything folded so far.
    pub fn written(&mut self) {
        let (state, ids) = (std::mem::take(&mut self.state), std::mem::take(&mut self.ids));
        let mut trips = std::mem::take(&mut self.trips);
        trips.written();
        *self = Self { state, ids, trips, seq: self.seq, ..Self::default() };
    }
}

/// Replaces a table that is small and read as a whole.
fn replace(db: &Transaction<'_>, table: &str, rows: Option<&Vec<Cells>>) -> rusqlite::Result<()> {
    let Some(rows) = rows else { return Ok(()) };
    db.prepare_cached(&format!("DELETE FROM {table}"))?.execute([])?;
    rows.iter().try_for_each(|row| row.upsert(db, table))
}
