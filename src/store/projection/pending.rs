//! Folds records and collects the rows they touch, until they can be written. Later rows replace earlier ones, so a
//! reader who holds the file for long costs no more than the rows that exist.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rusqlite::Transaction;

use super::cells::Cells;
use super::rows;
use crate::domain::time::Timestamp;
use crate::domain::{Contract, ContractKind, IntentId, SafeguardTold, SecurityId, StrategyId, TradeSighting};
use crate::engine::Origin;
use crate::engine::record::{Owner, Record};
use crate::engine::state::{SignalFate, State};
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
    trades: BTreeMap<(String, String), Cells>,
    mappings: BTreeMap<Contract, Cells>,
    days: BTreeMap<Date, Cells>,
    audit: Vec<Cells>,
    positions: Option<Vec<Cells>>,
    lots: Option<Vec<Cells>>,
    foreign_orders: Option<Vec<Cells>>,
    funds: Option<Cells>,
}

impl Pending {
    /// Goes on after record `seq`, which led to `state`; the tables show that already.
    pub fn after(seq: u64, state: State) -> Self {
        let mut ids = BTreeMap::new();
        for leg in state.strategies.values().flat_map(|s| &s.legs) {
            ids.insert(leg.instrument.contract, leg.instrument.security_id);
        }
        Self { state, seq, ids, ..Self::default() }
    }

    /// Folds one record and notes the rows it touches.
    pub fn take(&mut self, entry: &Entry) {
        let Entry { seq, at, record } = entry;
        self.state.apply(record, *at);
        self.seq = *seq;
        self.note(record, *at);
        if let Some(line) = audit_line(record) {
            self.audit.push(line.id("seq", *seq).when("at", *at));
        }
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
            | Record::SignalSeen { .. }
            | Record::SignalProposed { .. }
            | Record::SignalApproved { .. }
            | Record::SignalEnded { .. }
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
            Record::DayStarted { .. } => {
                self.note_day();
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
                self.note_day();
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
                self.note_day();
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
                    self.note_trade(trade, at);
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

    fn note_order(&mut self, id: IntentId) {
        if let Some(order) = self.state.orders.get(&id) {
            self.orders.insert(id, rows::order(order));
        }
    }

    fn note_trade(&mut self, trade: &TradeSighting, at: Timestamp) {
        let ours = self.state.order_ids.get(&trade.order_id).copied();
        let order = ours.and_then(|id| self.state.orders.get(&id));
        let key = (trade.order_id.0.clone(), trade.trade_id.clone());
        self.trades.insert(key, rows::trade(trade, order, at));
        if let Some(id) = ours {
            self.note_order(id);
        }
    }

    fn note_day(&mut self) {
        if let (Some(date), Some(cells)) = (self.state.day.date, rows::day(&self.state.day)) {
            self.days.insert(date, cells);
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
        let maps =
            self.strategies.len() + self.orders.len() + self.trades.len() + self.mappings.len() + self.days.len();
        let tables = [&self.positions, &self.lots, &self.foreign_orders].iter().any(|t| t.is_some());
        maps + self.audit.len() > 0 || tables || self.funds.is_some()
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
        self.trades.values().try_for_each(|row| row.upsert(db, "trades"))?;
        self.mappings.values().try_for_each(|row| row.upsert(db, "security_mappings"))?;
        self.days.values().try_for_each(|row| row.upsert(db, "days"))?;
        self.audit.iter().try_for_each(|row| row.upsert(db, "audit"))?;
        self.funds.iter().try_for_each(|row| row.upsert(db, "funds"))?;
        replace(db, "positions", self.positions.as_ref())?;
        replace(db, "position_lots", self.lots.as_ref())?;
        replace(db, "foreign_orders", self.foreign_orders.as_ref())
    }

    /// The tables show everything folded so far.
    pub fn written(&mut self) {
        let (state, ids) = (std::mem::take(&mut self.state), std::mem::take(&mut self.ids));
        *self = Self { state, ids, seq: self.seq, ..Self::default() };
    }
}

/// Replaces a table that is small and read as a whole.
fn replace(db: &Transaction<'_>, table: &str, rows: Option<&Vec<Cells>>) -> rusqlite::Result<()> {
    let Some(rows) = rows else { return Ok(()) };
    db.prepare_cached(&format!("DELETE FROM {table}"))?.execute([])?;
    rows.iter().try_for_each(|row| row.upsert(db, table))
}

/// Who asked for what, what was refused, and what the safety devices did.
fn audit_line(record: &Record) -> Option<Cells> {
    let line = |event: &str, what: &dyn std::fmt::Display| Cells::new().text("event", event).text("what", what);
    let of = |cells: Cells, owner: &Owner| match owner {
        Owner::Strategy(id) => cells.id("strategy_id", id.0),
        Owner::Foreign => cells,
    };
    Some(match record {
        Record::Asked { command, origin, what } => {
            line("asked", what).id("command_id", command.0).text("origin", origin_name(*origin))
        }
        Record::Refused { command, what, reason } => {
            line("refused", what).id("command_id", command.0).text("reason", reason)
        }
        Record::Started => line("started", &"the cockpit started"),
        Record::Reconciled => line("reconciled", &"the broker's books have been compared"),
        Record::StrategyMoved { id, to, reason } => {
            line("strategy moved", to).id("strategy_id", id.0).maybe_text("reason", reason.as_ref())
        }
        Record::Unqueued { id, reason } => {
            line("not executed", &"taken out of the queue").id("strategy_id", id.0).text("reason", reason)
        }
        Record::UnwindStarted { id, reason } => {
            line("unwinding", &"what has filled is exited").id("strategy_id", id.0).text("reason", reason)
        }
        Record::ExecutionHeld { id, reason } => {
            line("held", &"the execution waits for the trader").id("strategy_id", id.0).text("reason", reason)
        }
        Record::ExitStarted { owner, contract, reason, .. } => {
            of(line("exit started", contract), owner).text("reason", reason)
        }
        Record::ExitEnded { owner, contract, outcome, .. } => {
            of(line("exit ended", contract), owner).text("reason", outcome)
        }
        Record::LotWrittenOff { owner, contract, reason, .. } => {
            of(line("written off", contract), owner).text("reason", reason)
        }
        Record::SignalSeen { id, signal, .. } => {
            let what = format!("{id}: {} {} {} at {}", signal.setup, signal.side, signal.symbol, signal.price);
            line("signal", &what)
        }
        Record::SignalProposed { id, proposal } => {
            let what = format!("{id}: {} lots of {} at {}", proposal.lots, proposal.contract, proposal.premium);
            line("signal proposed", &what).text("reason", &proposal.size)
        }
        Record::SignalApproved { id } => line("signal approved", id),
        Record::SignalEnded { id, fate } => match fate {
            SignalFate::Traded { strategy } => line("signal traded", id).id("strategy_id", strategy.0),
            SignalFate::Observed { what } => line("signal observed", id).text("reason", what),
            SignalFate::Refused { why, reason } => {
                line("signal refused", id).text("reason", &format!("{}: {reason}", why.as_str()))
            }
        },
        Record::SetupArmed { setup, armed } => line(if *armed { "set-up armed" } else { "set-up paused" }, setup),
        Record::ScalpOpened { id, signal, plan } => {
            line("scalp opened", &format!("signal {signal}, {}", plan.setup)).id("strategy_id", id.0)
        }
        Record::ScalpMoved { id, to } => line("scalp moved", &to.as_str()).id("strategy_id", id.0),
        Record::ScalpClosed { id, reason, gross, charges } => {
            let what = format!("gross {gross}, charges {}", charges.to_paise());
            line("scalp closed", &what).id("strategy_id", id.0).text("reason", reason)
        }
        Record::Halted { reason } => line("halted", &"no entries").text("reason", reason),
        Record::FlattenStarted { include_foreign } => line(
            "flatten started",
            if *include_foreign { &"everything, whoever opened it" } else { &"everything of ours" },
        ),
        Record::FlattenEnded => line("flatten ended", &"the broker reports every position closed"),
        Record::Armed => line("armed", &"entries are allowed again"),
        Record::SafeguardAsked { ask } => line("safeguard asked", &ask.what()),
        Record::SafeguardTold { told: SafeguardTold::Exit(exit) } => line(
            "safeguard",
            &exit.map_or("the broker's exit on loss is not set", |_| "the broker's exit on loss is set"),
        ),
        Record::SafeguardTold { told: SafeguardTold::Switch(on) } => {
            line("safeguard", if *on { &"the broker's kill switch is set" } else { &"the broker's kill switch is off" })
        }
        Record::SafeguardFailed { ask, reason, .. } => {
            line("safeguard failed", &format_args!("could not {}", ask.what())).text("reason", reason)
        }
        Record::Store { up } => line("journal", if *up { &"can be written again" } else { &"cannot be written" }),
        Record::Created { .. }
        | Record::DayStarted { .. }
        | Record::StrategyAdded { .. }
        | Record::StrategyUpdated { .. }
        | Record::StrategyMarked { .. }
        | Record::PrioritySet { .. }
        | Record::NotesSet { .. }
        | Record::Queued { .. }
        | Record::ExecutionStarted { .. }
        | Record::ExecutionResumed { .. }
        | Record::IntentMade { .. }
        | Record::IntentUnplaced { .. }
        | Record::OrderSeen { .. }
        | Record::ForeignOrderSeen { .. }
        | Record::ModifyAsked { .. }
        | Record::ModifyFailed { .. }
        | Record::StopSet { .. }
        | Record::TargetSet { .. }
        | Record::GuardDropped { .. }
        | Record::PlanMade { .. }
        | Record::RulesSet { .. }
        | Record::PlanPeak { .. }
        | Record::FailurePolicySet { .. }
        | Record::RuleFired { .. }
        | Record::CancelAsked { .. }
        | Record::CancelFailed { .. }
        | Record::ForeignCancelAsked { .. }
        | Record::TradesSeen { .. }
        | Record::OrdersRead { .. }
        | Record::TradesRead { .. }
        | Record::PositionsRead { .. }
        | Record::FundsRead { .. }
        | Record::Marks { .. }
        | Record::BrokerExitWished { .. }
        | Record::OrderLink { .. } => return None,
    })
}

fn origin_name(origin: Origin) -> &'static str {
    match origin {
        Origin::Screen => "screen",
        Origin::Shell => "shell",
        Origin::System => "system",
        Origin::Webhook => "webhook",
    }
}
