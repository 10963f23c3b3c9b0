//! The execution queue: what is executing, waiting or marked, and how far it has come.

use std::cmp::Reverse;
use std::sync::Arc;

use rust_decimal::Decimal;

use super::strategies::{Fills, StrategyRow};
use crate::domain::time::{Timestamp, ms_between};
use crate::domain::{Quantity, Side, StrategyStatus};
use crate::engine::state::{Phase, Strategy};
use crate::engine::{EngineConfig, State};

#[derive(Clone, Debug, PartialEq)]
pub struct QueueRow {
    pub strategy: Arc<StrategyRow>,
    pub stage: Stage,
    /// One entry per leg, in the order of the strategy's legs.
    pub progress: Vec<LegProgress>,
    /// Until the mark expires.
    pub expires_in_ms: Option<i64>,
    /// Since its execution began (or was resumed).
    pub running_ms: Option<i64>,
    /// `None` while a leg has no price or came without one.
    pub drift: Option<Drift>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    Marked,
    Deferred,
    /// Waiting for its turn.
    Queued,
    Executing,
    /// Stopped, with the reason; the trader resumes or unwinds.
    Held(String),
    /// Exiting what has filled, with the reason.
    Unwinding(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LegProgress {
    pub filled: Quantity,
    pub target: Quantity,
    /// With the broker, not filled yet.
    pub working: Quantity,
    /// An answer was lost; it is being looked up.
    pub unknown: bool,
    /// Buys go first, sells when they are in.
    pub wave: u32,
}

impl LegProgress {
    pub fn is_done(&self) -> bool {
        self.filled >= self.target && !self.target.is_zero()
    }
}

/// How far the price has moved from the recommended one, per unit of the underlying: positive is better for the trader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drift {
    pub points: Decimal,
    /// Beyond the configured share of the recommended premium.
    pub warn: bool,
}

pub(super) fn queue(
    rows: &[Arc<StrategyRow>],
    state: &State,
    config: &EngineConfig,
    fills: &Fills,
    now: Timestamp,
) -> Vec<QueueRow> {
    let mut queue: Vec<QueueRow> = rows
        .iter()
        .filter_map(|row| {
            let strategy = state.strategies.get(&row.id)?;
            let stage = stage(strategy)?;
            Some(QueueRow {
                progress: progress(row, fills),
                expires_in_ms: expiry(&stage, row, now),
                running_ms: strategy.execution.as_ref().map(|e| ms_between(e.started_at, now)),
                drift: drift(row, config),
                stage,
                strategy: Arc::clone(row),
            })
        })
        .collect();
    queue.sort_by_key(|q| (rank(&q.stage), Reverse(q.strategy.priority), Reverse(q.strategy.score), q.strategy.id));
    queue
}

fn stage(strategy: &Strategy) -> Option<Stage> {
    match strategy.status {
        StrategyStatus::Marked if strategy.queued_at.is_some() => Some(Stage::Queued),
        StrategyStatus::Marked => Some(Stage::Marked),
        StrategyStatus::Deferred => Some(Stage::Deferred),
        StrategyStatus::Executing => Some(match strategy.execution.as_ref().map(|e| &e.phase) {
            None | Some(Phase::Entering) => Stage::Executing,
            Some(Phase::Held(reason)) => Stage::Held(reason.clone()),
            Some(Phase::Unwinding(reason)) => Stage::Unwinding(reason.clone()),
        }),
        StrategyStatus::Pending | StrategyStatus::Executed | StrategyStatus::Failed | StrategyStatus::Expired => None,
    }
}

fn rank(stage: &Stage) -> u8 {
    match stage {
        Stage::Held(_) => 0,
        Stage::Executing | Stage::Unwinding(_) => 1,
        Stage::Queued => 2,
        Stage::Marked => 3,
        Stage::Deferred => 4,
    }
}

fn expiry(stage: &Stage, row: &StrategyRow, now: Timestamp) -> Option<i64> {
    match stage {
        Stage::Marked | Stage::Deferred | Stage::Queued => row.expires.map(|t| ms_between(now, t)),
        Stage::Executing | Stage::Held(_) | Stage::Unwinding(_) => None,
    }
}

fn progress(row: &StrategyRow, fills: &Fills) -> Vec<LegProgress> {
    let has_buys = row.legs.iter().any(|l| l.side == Side::Buy);
    let legs = row.legs.iter().enumerate().map(|(n, leg)| {
        let fill = fills.get(&(row.id, n)).copied().unwrap_or_default();
        LegProgress {
            filled: fill.filled,
            target: leg.quantity.unwrap_or_default(),
            working: fill.working,
            unknown: fill.unknown,
            wave: if leg.side == Side::Sell && has_buys { 2 } else { 1 },
        }
    });
    legs.collect()
}

/// Credit now less credit recommended, at the mid.
fn drift(row: &StrategyRow, config: &EngineConfig) -> Option<Drift> {
    if row.legs.is_empty() {
        return None;
    }
    let (mut now, mut then) = (Decimal::ZERO, Decimal::ZERO);
    for leg in &row.legs {
        let sign = match leg.side {
            Side::Buy => -Decimal::from(leg.ratio),
            Side::Sell => Decimal::from(leg.ratio),
        };
        now += sign * leg.quote?.mid().0;
        then += sign * leg.premium?.0;
    }
    let points = (now - then).round_dp(2);
    let tolerated = then.abs() * config.execution.drift_warning_pct / Decimal::ONE_HUNDRED;
    Some(Drift { points, warn: points.abs() > tolerated })
}
