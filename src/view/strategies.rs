//! One row per strategy: what was recommended, what has become of it, what its legs are.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::build::Quotes;
use super::rules::{self, RuleRow};
use crate::domain::strategy::Metrics;
use crate::domain::time::{Timestamp, ms_between};
use crate::domain::{
    Bound, Conviction, Exchange, Instrument, Issue, LegKind, Money, Price, Quantity, Quote, Side, StrategyId,
    StrategyStatus, Symbol,
};
use crate::engine::config::FailurePolicy;
use crate::engine::state::Strategy;

/// A strategy as the screen and the shell show it.
#[derive(Clone, Debug, PartialEq)]
pub struct StrategyRow {
    pub id: StrategyId,
    pub symbol: Symbol,
    pub exchange: Exchange,
    /// The trade of a signal: it stands among the scalps.
    pub scalp: bool,
    /// As the analyser calls it.
    pub name: String,
    /// As its legs say.
    pub derived_name: Option<String>,
    pub status: StrategyStatus,
    /// Waiting for its turn since.
    pub queued_at: Option<Timestamp>,
    /// Higher goes first; 0 while unmarked.
    pub priority: i32,
    pub notes: String,
    /// Of the first leg that has one; `None` until resolved.
    pub expiry: Option<Date>,
    pub legs: Vec<LegRow>,
    pub score: Option<Decimal>,
    pub conviction: Option<Conviction>,
    /// Probability of profit, 0 to 1.
    pub probability: Option<Decimal>,
    /// Ours, from the legs with the real lot; rupees for one set.
    pub metrics: Option<Metrics>,
    /// Theirs, as reported: never trusted, never mixed with ours.
    pub reported_max_profit: Option<Bound>,
    pub reported_max_loss: Option<Bound>,
    /// Largest profit over largest loss, where both have an end.
    pub reward_to_risk: Option<Decimal>,
    /// The underlying when it was recommended.
    pub spot: Option<Price>,
    /// Since it was generated, or came in.
    pub age_ms: i64,
    pub source: String,
    pub outlook: String,
    pub added_at: Timestamp,
    pub generated_at: Option<Timestamp>,
    pub valid_until: Option<Timestamp>,
    pub marked_at: Option<Timestamp>,
    /// When the mark expires.
    pub expires: Option<Timestamp>,
    pub executed_at: Option<Timestamp>,
    /// Why it failed, was deferred or has expired.
    pub reason: Option<String>,
    /// The exit rules it goes by, while it holds something.
    pub rules: Vec<RuleRow>,
    /// Rules it came with and does not go by.
    pub rules_stated: Option<String>,
    /// What happens when a leg fails, where it has a policy of its own.
    pub on_failure: Option<FailurePolicy>,
    pub issues: Vec<Issue>,
}

/// One leg: as recommended, and as resolved once it is marked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LegRow {
    pub side: Side,
    pub kind: LegKind,
    pub expiry: Option<Date>,
    /// Lots per set.
    pub ratio: u32,
    /// The analyser's price per unit.
    pub premium: Option<Price>,
    /// `None` until marked.
    pub instrument: Option<Instrument>,
    /// Units, once the lot is known.
    pub quantity: Option<Quantity>,
    pub quote: Option<Quote>,
    pub filled: Quantity,
}

impl StrategyRow {
    /// `#118 NIFTY Iron Condor`.
    pub fn title(&self) -> String {
        format!("#{} {} {}", self.id, self.symbol, self.name)
    }

    /// What keeps it from being executed.
    pub fn blocked(&self) -> Option<&Issue> {
        self.issues.iter().find(|i| i.blocking)
    }

    pub fn max_profit(&self) -> Option<Bound> {
        self.metrics.as_ref().map(|m| m.max_profit)
    }

    pub fn max_loss(&self) -> Option<Bound> {
        self.metrics.as_ref().map(|m| m.max_loss)
    }

    /// Whether it stands in the list a trader chooses from.
    pub fn is_choosable(&self) -> bool {
        match self.status {
            _ if self.scalp => false,
            StrategyStatus::Pending
            | StrategyStatus::Marked
            | StrategyStatus::Deferred
            | StrategyStatus::Failed
            | StrategyStatus::Expired => true,
            StrategyStatus::Executing | StrategyStatus::Executed => false,
        }
    }
}

/// Filled quantity per strategy and leg, gathered in one pass over the orders.
pub(super) type Fills = BTreeMap<(StrategyId, usize), LegFill>;

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LegFill {
    pub filled: Quantity,
    pub working: Quantity,
    pub unknown: bool,
}

pub(super) fn row(strategy: &Strategy, quotes: &Quotes<'_>, fills: &Fills, now: Timestamp) -> StrategyRow {
    let r = &strategy.recommendation;
    let legs = leg_rows(strategy, quotes, fills);
    let resolved = legs.iter().find_map(|l| l.instrument.and_then(|i| i.contract.expiry()));
    StrategyRow {
        id: strategy.id,
        symbol: r.symbol,
        exchange: r.exchange,
        scalp: r.is_of_signal(),
        name: r.name.clone(),
        derived_name: r.derived_name.clone(),
        status: strategy.status,
        queued_at: strategy.queued_at,
        priority: strategy.priority,
        notes: strategy.notes.clone(),
        expiry: resolved.or_else(|| legs.iter().find_map(|l| l.expiry)),
        legs,
        score: r.score,
        conviction: r.conviction,
        probability: r.probability,
        metrics: r.metrics.clone(),
        reported_max_profit: r.reported_max_profit,
        reported_max_loss: r.reported_max_loss,
        reward_to_risk: r.metrics.as_ref().and_then(reward_to_risk),
        spot: r.spot,
        age_ms: ms_between(r.generated_at.unwrap_or(strategy.added_at), now),
        source: r.source.clone(),
        outlook: r.outlook.clone(),
        added_at: strategy.added_at,
        generated_at: r.generated_at,
        valid_until: r.valid_until,
        marked_at: strategy.marked_at,
        expires: strategy.expires,
        executed_at: strategy.executed_at,
        reason: strategy.reason.clone(),
        rules: rules::rows(strategy, quotes, now),
        rules_stated: rules::words(&r.rules).filter(|_| strategy.plan.as_ref().is_none_or(|p| p.rules != r.rules)),
        on_failure: strategy.on_failure,
        issues: r.issues.clone(),
    }
}

fn leg_rows(strategy: &Strategy, quotes: &Quotes<'_>, fills: &Fills) -> Vec<LegRow> {
    if strategy.legs.is_empty() {
        let lot = strategy.recommendation.metrics.as_ref().map(|m| m.lot);
        return strategy
            .recommendation
            .legs
            .iter()
            .map(|l| LegRow {
                side: l.side,
                kind: l.kind,
                expiry: l.expiry,
                ratio: l.ratio,
                premium: l.premium,
                instrument: None,
                quantity: lot.map(|lot| Quantity(lot.saturating_mul(l.ratio))),
                quote: None,
                filled: Quantity::ZERO,
            })
            .collect();
    }
    let recommended = &strategy.recommendation.legs;
    let rows = strategy.legs.iter().enumerate().map(|(n, l)| {
        let contract = l.instrument.contract;
        LegRow {
            side: l.side,
            kind: kind_of(&contract).or_else(|| recommended.get(n).map(|r| r.kind)).unwrap_or(LegKind::Equity),
            expiry: contract.expiry(),
            ratio: l.ratio,
            premium: l.recommended,
            instrument: Some(l.instrument),
            quantity: Some(Quantity(l.instrument.lot.0.saturating_mul(l.ratio))),
            quote: quotes.of(&contract),
            filled: fills.get(&(strategy.id, n)).map_or(Quantity::ZERO, |f| f.filled),
        }
    });
    rows.collect()
}

fn kind_of(contract: &crate::domain::Contract) -> Option<LegKind> {
    use crate::domain::ContractKind;
    match contract.kind {
        ContractKind::Option { strike, right, .. } => Some(LegKind::Option { strike, right }),
        ContractKind::Future { .. } => Some(LegKind::Future),
        ContractKind::Equity => Some(LegKind::Equity),
        ContractKind::Index | ContractKind::Unlisted { .. } => None,
    }
}

fn reward_to_risk(metrics: &Metrics) -> Option<Decimal> {
    match (metrics.max_profit, metrics.max_loss) {
        (Bound::Limited(Money(profit)), Bound::Limited(Money(loss))) if loss > Decimal::ZERO => {
            Some((profit / loss).round_dp(2))
        }
        _ => None,
    }
}
