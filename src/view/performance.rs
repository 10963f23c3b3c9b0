//! How the trading has gone: results from flat to flat, and the figures a trader judges them by. Pure.
//!
//! The unit is one strategy from its first fill until nothing of it is left: a condor is one result, not four. Amounts are
//! net of charges. What too few results say nothing about is `None`, never zero.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::domain::time::Timestamp;
use crate::domain::{Money, SessionRecord, StrategyId, TradeRecord};

/// Trading days a Sharpe ratio needs: from fewer, chance says more than the trader.
pub const SHARPE_DAYS: usize = 20;
/// Trading days of a year, by which a daily ratio becomes a yearly one.
const DAYS_OF_A_YEAR: u32 = 252;

/// One strategy (or scalp) from its first fill until it was flat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub strategy: Option<StrategyId>,
    /// The strategy's name, of a scalp its set-up.
    pub kind: String,
    pub symbol: String,
    /// Contracts it held.
    pub legs: usize,
    pub entered_at: Timestamp,
    /// `None`: something of it is open.
    pub closed_at: Option<Timestamp>,
    /// The trading day it counts to: of its last exit.
    pub day: Date,
    /// After charges; `None` while it is open, or where a part of it is not known.
    pub net: Option<Money>,
    pub gross: Option<Money>,
    /// A part was closed elsewhere, at an estimated price.
    pub is_estimate: bool,
    /// Why its last contract was left.
    pub exit_reason: Option<String>,
}

/// Puts the contracts of each strategy together: what overlaps in time is one result. Oldest end first, open ones last.
pub fn outcomes(trades: &[TradeRecord]) -> Vec<Outcome> {
    let mut by_strategy: BTreeMap<(Option<StrategyId>, u64), Vec<&TradeRecord>> = BTreeMap::new();
    for trade in trades {
        // Without a strategy a trade stands for itself.
        let alone = if trade.strategy.is_some() { 0 } else { trade.id };
        by_strategy.entry((trade.strategy, alone)).or_default().push(trade);
    }
    let mut all = Vec::new();
    for mut parts in by_strategy.into_values() {
        parts.sort_by_key(|t| (t.entered_at, t.id));
        let mut together: Vec<&TradeRecord> = Vec::new();
        for part in parts {
            let flat_before = together.iter().all(|t| t.exited_at.is_some_and(|end| end < part.entered_at));
            if flat_before && !together.is_empty() {
                all.push(outcome(&together));
                together.clear();
            }
            together.push(part);
        }
        all.push(outcome(&together));
    }
    all.sort_by_key(|o| (o.closed_at.is_none(), o.closed_at, o.entered_at));
    all
}

fn outcome(parts: &[&TradeRecord]) -> Outcome {
    let is_closed = parts.iter().all(|t| t.exited_at.is_some());
    let sum = |of: fn(&TradeRecord) -> Option<Money>| parts.iter().map(|t| of(t)).sum::<Option<Money>>();
    let last = parts.iter().max_by_key(|t| (t.exited_at.is_none(), t.exited_at));
    let first = parts.first();
    Outcome {
        strategy: first.and_then(|t| t.strategy),
        kind: first.map(|t| t.kind.clone()).unwrap_or_default(),
        symbol: first.map(|t| t.symbol.clone()).unwrap_or_default(),
        legs: parts.len(),
        entered_at: first.map(|t| t.entered_at).unwrap_or_default(),
        closed_at: last.and_then(|t| t.exited_at).filter(|_| is_closed),
        day: last.map(|t| t.day).unwrap_or_default(),
        net: sum(|t| t.net).filter(|_| is_closed),
        gross: sum(|t| t.gross).filter(|_| is_closed),
        is_estimate: parts.iter().any(|t| t.is_estimate),
        exit_reason: last.and_then(|t| t.exit_reason.clone()),
    }
}

/// What a trader judges by. Rupees are net of charges; a loss is negative.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Performance {
    /// Closed, with a known result.
    pub count: usize,
    pub won: usize,
    pub lost: usize,
    /// Closed, but what they earned or cost is not known: in none of the other figures.
    pub unknown: usize,
    pub net: Money,
    /// Of one: won ÷ closed.
    pub win_rate: Option<Decimal>,
    pub average_win: Option<Money>,
    pub average_loss: Option<Money>,
    pub largest_win: Option<Money>,
    pub largest_loss: Option<Money>,
    /// What was won ÷ what was lost; `None` without a loss.
    pub profit_factor: Option<Decimal>,
    /// What one trade earns on average: net ÷ closed.
    pub expectancy: Option<Money>,
    /// The deepest fall of the sum of results below its highest point so far (which begins at zero); not negative.
    pub drawdown: Money,
}

impl Performance {
    /// In the order in which they ended.
    pub fn of<'a>(outcomes: impl IntoIterator<Item = &'a Outcome>) -> Self {
        let mut all = Self::default();
        let (mut gained, mut given, mut top) = (Money::ZERO, Money::ZERO, Money::ZERO);
        for outcome in outcomes.into_iter().filter(|o| o.closed_at.is_some()) {
            let Some(net) = outcome.net else {
                all.unknown += 1;
                continue;
            };
            all.count += 1;
            all.net += net;
            top = top.max(all.net);
            all.drawdown = all.drawdown.max(top - all.net);
            if net > Money::ZERO {
                all.won += 1;
                gained += net;
                all.largest_win = all.largest_win.max(Some(net));
            } else if net.is_negative() {
                all.lost += 1;
                given += net;
                all.largest_loss = Some(all.largest_loss.map_or(net, |worst| worst.min(net)));
            }
        }
        let share = |part: Decimal, of: usize| part.checked_div(Decimal::from(of));
        all.win_rate = share(Decimal::from(all.won), all.count);
        all.expectancy = share(all.net.0, all.count).map(Money);
        all.average_win = share(gained.0, all.won).map(Money);
        all.average_loss = share(given.0, all.lost).map(Money);
        all.profit_factor = gained.0.checked_div(given.0.abs());
        all
    }
}

/// The yearly Sharpe ratio of daily results: their mean ÷ their standard deviation (of a sample) × √252, without a
/// riskless rate. Every trading day of a session counts, those without a trade as zero. `None` with fewer than
/// [`SHARPE_DAYS`] of them, or where all are alike.
///
/// W. F. Sharpe, "The Sharpe Ratio", Journal of Portfolio Management 1994: the ratio ex post of a differential return;
/// here of rupees, which is the same ratio while the capital at work stays the same.
pub fn sharpe(days: &[Money]) -> Option<Decimal> {
    if days.len() < SHARPE_DAYS {
        return None;
    }
    let count = Decimal::from(days.len());
    let mean = days.iter().map(|d| d.0).sum::<Decimal>().checked_div(count)?;
    let square = |d: &Money| (d.0 - mean).checked_mul(d.0 - mean);
    let squares = days.iter().map(square).sum::<Option<Decimal>>()?;
    let deviation = root(squares.checked_div(count - Decimal::ONE)?)?;
    mean.checked_div(deviation)?.checked_mul(root(Decimal::from(DAYS_OF_A_YEAR))?)
}

/// The square root, by Newton's way, to more places than are ever shown. `None` below zero.
fn root(number: Decimal) -> Option<Decimal> {
    if number.is_sign_negative() {
        return None;
    }
    if number.is_zero() {
        return Some(Decimal::ZERO);
    }
    let two = Decimal::TWO;
    let mut guess = number.max(Decimal::ONE);
    for _ in 0..200 {
        let next = (guess + number.checked_div(guess)?).checked_div(two)?;
        if (next - guess).abs() < Decimal::new(1, 12) {
            return Some(next);
        }
        guess = next;
    }
    Some(guess)
}

/// Which part of the past is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Span {
    Day,
    /// Monday to Sunday.
    Week,
    Month,
    #[default]
    All,
}

impl Span {
    pub const ALL: [Self; 4] = [Self::Day, Self::Week, Self::Month, Self::All];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::All => "all",
        }
    }

    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Day => Self::Week,
            Self::Week => Self::Month,
            Self::Month => Self::All,
            Self::All => Self::Day,
        }
    }

    /// The first and the last day of the span around a day.
    pub fn around(self, day: Date) -> (Date, Date) {
        match self {
            Self::Day => (day, day),
            Self::Week => {
                let since = i64::from(day.weekday().to_monday_zero_offset());
                let monday = moved(day, -since);
                (monday, moved(monday, 6))
            }
            Self::Month => (day.first_of_month(), day.last_of_month()),
            Self::All => (Date::MIN, Date::MAX),
        }
    }

    /// A day of the span before (`-1`) or after (`1`).
    pub fn step(self, day: Date, by: i64) -> Date {
        let (first, last) = self.around(day);
        match self {
            Self::All => day,
            Self::Day | Self::Week | Self::Month if by < 0 => moved(first, -1),
            Self::Day | Self::Week | Self::Month => moved(last, 1),
        }
    }
}

fn moved(day: Date, by: i64) -> Date {
    day.saturating_add(jiff::Span::new().days(by))
}

/// The whole of the past, as read at an instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TradingHistory {
    /// Oldest end first, open ones last.
    pub outcomes: Vec<Outcome>,
    /// Oldest first.
    pub sessions: Vec<SessionRecord>,
}

impl TradingHistory {
    pub fn new(trades: &[TradeRecord], sessions: Vec<SessionRecord>) -> Self {
        Self { outcomes: outcomes(trades), sessions }
    }

    /// What ended within these days, or is open and began in them.
    pub fn outcomes_within(&self, (first, last): (Date, Date)) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().filter(move |o| (first..=last).contains(&o.day))
    }

    pub fn sessions_within(&self, (first, last): (Date, Date)) -> impl Iterator<Item = &SessionRecord> {
        self.sessions.iter().filter(move |s| (first..=last).contains(&s.day))
    }

    pub fn session(&self, day: Date) -> Option<&SessionRecord> {
        self.sessions.binary_search_by_key(&day, |s| s.day).ok().and_then(|n| self.sessions.get(n))
    }

    /// Each kind of strategy for itself, the best net first.
    pub fn by_kind(&self, days: (Date, Date)) -> Vec<(String, Performance)> {
        let mut kinds: BTreeMap<&str, Vec<&Outcome>> = BTreeMap::new();
        for outcome in self.outcomes_within(days).filter(|o| o.closed_at.is_some()) {
            kinds.entry(&outcome.kind).or_default().push(outcome);
        }
        let mut all: Vec<(String, Performance)> =
            kinds.into_iter().map(|(kind, of)| (kind.to_string(), Performance::of(of))).collect();
        all.sort_by_key(|(_, p)| std::cmp::Reverse(p.net));
        all
    }
}

#[cfg(test)]
#[path = "performance/tests.rs"]
mod tests;
