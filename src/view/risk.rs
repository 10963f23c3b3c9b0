//! The limits as gauges: how much is used, how much may be, and how near that is.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::header::DayPnl;
use super::health::ApiUse;
use super::strategies::StrategyRow;
use crate::domain::{Bound, Money, StrategyStatus};
use crate::engine::record::Owner;
use crate::engine::{EngineConfig, Reference, State};

/// A gauge warns from this share of its limit, in per cent.
pub const WARN_PCT: u32 = 80;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LimitKind {
    DayLoss,
    Trades,
    OpenStrategies,
    OpenLots,
    TradeLoss,
    Margin,
    OrdersPerSecond,
    OrdersPerDay,
}

impl LimitKind {
    pub fn label(self) -> &'static str {
        match self {
            Self::DayLoss => "Day loss (open + charges)",
            Self::Trades => "Trades today",
            Self::OpenStrategies => "Open strategies",
            Self::OpenLots => "Open lots",
            Self::TradeLoss => "Largest loss of one trade",
            Self::Margin => "Margin",
            Self::OrdersPerSecond => "Orders per second",
            Self::OrdersPerDay => "Orders today",
        }
    }

    /// Where there is room for a word only.
    pub fn short(self) -> &'static str {
        match self {
            Self::DayLoss => "loss",
            Self::Trades => "trades",
            Self::OpenStrategies => "open",
            Self::OpenLots => "lots",
            Self::TradeLoss => "worst",
            Self::Margin => "margin",
            Self::OrdersPerSecond => "ord/s",
            Self::OrdersPerDay => "ord/day",
        }
    }

    /// The name in JSON and in `config/risk.yaml`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DayLoss => "max_daily_loss",
            Self::Trades => "max_trades_per_day",
            Self::OpenStrategies => "max_open_strategies",
            Self::OpenLots => "max_open_lots",
            Self::TradeLoss => "max_loss_per_trade",
            Self::Margin => "margin",
            Self::OrdersPerSecond => "max_orders_per_second",
            Self::OrdersPerDay => "max_orders_per_day",
        }
    }
}

/// What a gauge counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    Rupees(Money),
    Count(u32),
}

impl Amount {
    fn number(self) -> Decimal {
        match self {
            Self::Rupees(money) => money.0,
            Self::Count(n) => Decimal::from(n),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GaugeLevel {
    Calm,
    Warning,
    /// At the limit or beyond: entries are refused.
    Full,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gauge {
    pub kind: LimitKind,
    /// `None`: not known.
    pub used: Option<Amount>,
    /// `None`: the limit itself is not known.
    pub limit: Option<Amount>,
}

impl Gauge {
    /// Used share of the limit in per mille; may exceed 1000. `None` when either is unknown.
    pub fn per_mille(&self) -> Option<u32> {
        let (used, limit) = (self.used?.number(), self.limit?.number());
        if limit <= Decimal::ZERO {
            return Some(if used > Decimal::ZERO { 1000 } else { 0 });
        }
        (used.max(Decimal::ZERO) * Decimal::ONE_THOUSAND / limit).to_u32().or(Some(u32::MAX))
    }

    pub fn level(&self) -> GaugeLevel {
        match self.per_mille() {
            Some(n) if n >= 1000 => GaugeLevel::Full,
            Some(n) if n >= WARN_PCT * 10 => GaugeLevel::Warning,
            Some(_) | None => GaugeLevel::Calm,
        }
    }
}

pub(super) fn gauges(
    state: &State,
    config: &EngineConfig,
    reference: &dyn Reference,
    rows: &[std::sync::Arc<StrategyRow>],
    pnl: DayPnl,
    api: ApiUse,
) -> Vec<Gauge> {
    let limits = &config.limits;
    let count = |n: usize| Amount::Count(u32::try_from(n).unwrap_or(u32::MAX));
    let gauge = |kind, used, limit| Gauge { kind, used, limit: Some(limit) };
    let loss = pnl.net.map(|net| Amount::Rupees(if net.is_negative() { -net } else { Money::ZERO }));
    let mut gauges = vec![
        gauge(LimitKind::DayLoss, loss, Amount::Rupees(limits.max_daily_loss)),
        gauge(LimitKind::Trades, Some(Amount::Count(state.day.trades)), Amount::Count(limits.max_trades_per_day)),
        gauge(
            LimitKind::OpenStrategies,
            Some(count(open_strategies(state))),
            Amount::Count(limits.max_open_strategies),
        ),
        gauge(
            LimitKind::OpenLots,
            open_lots(state, reference).map(Amount::Count),
            Amount::Count(limits.max_open_lots.0),
        ),
        gauge(LimitKind::TradeLoss, largest_loss(state, rows), Amount::Rupees(limits.max_loss_per_trade())),
    ];
    if let Some(funds) = state.broker.funds {
        let all = funds.available + funds.utilised;
        gauges.push(gauge(LimitKind::Margin, Some(Amount::Rupees(funds.utilised)), Amount::Rupees(all)));
    } else {
        gauges.push(Gauge { kind: LimitKind::Margin, used: None, limit: None });
    }
    gauges.push(gauge(LimitKind::OrdersPerSecond, api.used.map(Amount::Count), Amount::Count(api.limit)));
    let today = Amount::Count(state.day.intents);
    gauges.push(gauge(LimitKind::OrdersPerDay, Some(today), Amount::Count(limits.max_orders_per_day)));
    gauges
}

/// Strategies that hold something or are being executed.
fn open_strategies(state: &State) -> usize {
    let held = state.lots.iter().filter(|(_, l)| !l.net.is_flat()).filter_map(|(k, _)| match k.owner {
        Owner::Strategy(id) => Some(id),
        Owner::Foreign => None,
    });
    let executing = state.strategies.values().filter(|s| s.status == StrategyStatus::Executing).map(|s| s.id);
    held.chain(executing).collect::<BTreeSet<_>>().len()
}

/// Lots held or working, over all contracts. `None` when a lot size is not known.
fn open_lots(state: &State, reference: &dyn Reference) -> Option<u32> {
    let held = state.lots.iter().filter(|(k, l)| k.owner != Owner::Foreign && !l.net.is_flat());
    let held = held.map(|(k, l)| (k.contract, l.net.size()));
    let entering = state.open_orders().filter(|o| !o.purpose.is_exit());
    let entering = entering.map(|o| (o.intent.spec.contract, o.remaining()));
    held.chain(entering).try_fold(0_u32, |sum, (contract, quantity)| {
        let lot = reference.instrument(&contract)?.lot.0.max(1);
        Some(sum.saturating_add(quantity.0.div_ceil(lot)))
    })
}

/// The largest loss that one open strategy can have by its legs.
fn largest_loss(state: &State, rows: &[std::sync::Arc<StrategyRow>]) -> Option<Amount> {
    let open = |id| {
        state.lots.iter().any(|(k, l)| k.owner == Owner::Strategy(id) && !l.net.is_flat())
            || state.strategies.get(&id).is_some_and(|s| s.status == StrategyStatus::Executing)
    };
    let mut largest = Money::ZERO;
    let candidates = rows
        .iter()
        .filter(|r| matches!(r.status, StrategyStatus::Executing | StrategyStatus::Executed | StrategyStatus::Failed));
    for row in candidates.filter(|r| open(r.id)) {
        match row.max_loss()? {
            Bound::Limited(loss) => largest = largest.max(loss),
            Bound::Unlimited => return None,
        }
    }
    Some(Amount::Rupees(largest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gauge(used: u32, limit: u32) -> Gauge {
        Gauge { kind: LimitKind::Trades, used: Some(Amount::Count(used)), limit: Some(Amount::Count(limit)) }
    }

    #[test]
    fn a_gauge_warns_from_four_fifths_and_is_full_at_its_limit() {
        use GaugeLevel::{Calm, Full, Warning};
        let levels: Vec<GaugeLevel> = [7, 8, 9, 10, 11].into_iter().map(|n| gauge(n, 10).level()).collect();
        assert_eq!(levels, [Calm, Warning, Warning, Full, Full]);
    }

    #[test]
    fn what_is_not_known_has_no_share() {
        assert_eq!(Gauge { used: None, ..gauge(1, 10) }.per_mille(), None);
        assert_eq!((gauge(0, 0).per_mille(), gauge(1, 0).per_mille()), (Some(0), Some(1000)));
    }
}
