//! Values as they are typed: numbers of strategies, prices, times, contracts.

use jiff::civil::Time;

use super::ReplayDay;
use crate::domain::{OptionRight, Price, Quantity, ScaleStep, StrategyId, Symbol};
use crate::engine::config::FailurePolicy;

/// A strategy's own policy, or the settings'.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnPolicy(pub Option<FailurePolicy>);

/// A price, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target(pub Option<Price>);

/// Seeds from the first to the last, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seeds {
    pub first: u64,
    pub last: u64,
}

/// `118`, or `#118` as the screen shows it.
pub(super) fn strategy_id(text: &str) -> Result<StrategyId, String> {
    text.trim_start_matches('#').parse().map_err(|_| "a strategy is named by its number, as in `list`".into())
}

/// `RELIANCE=20`.
pub(super) fn holding(text: &str) -> Result<(Symbol, Quantity), String> {
    let read = || {
        let (symbol, quantity) = text.split_once('=')?;
        Some((Symbol::new(symbol).ok()?, Quantity(quantity.parse().ok()?)))
    };
    read().ok_or_else(|| "a holding is written SYMBOL=QUANTITY".into())
}

pub(super) fn failure_policy(text: &str) -> Result<OwnPolicy, String> {
    if text.eq_ignore_ascii_case("default") {
        return Ok(OwnPolicy(None));
    }
    text.parse().map(|p| OwnPolicy(Some(p)))
}

pub(super) fn target_price(text: &str) -> Result<Target, String> {
    if text.eq_ignore_ascii_case("off") {
        return Ok(Target(None));
    }
    text.parse().map(|p| Target(Some(p))).map_err(|_| "a price such as 120.50, or off".into())
}

pub(super) fn scale_step(text: &str) -> Result<ScaleStep, String> {
    let parsed = text.split_once(':').and_then(|(at, close)| {
        Some(ScaleStep { profit_pct: at.trim().parse().ok()?, close_pct: close.trim().parse().ok()? })
    });
    parsed.ok_or_else(|| "two percentages such as 50:25".into())
}

pub(super) fn seeds(text: &str) -> Result<Seeds, String> {
    let parsed = match text.split_once("..") {
        None => text.parse().ok().map(|seed| Seeds { first: seed, last: seed }),
        Some((first, last)) => {
            first.parse().ok().zip(last.trim_start_matches('=').parse().ok()).map(|(first, last)| Seeds { first, last })
        }
    };
    parsed.filter(|s| s.first <= s.last).ok_or_else(|| "a seed such as 7, or the first and the last: 1..10000".into())
}

pub(super) fn replay_day(text: &str) -> Result<ReplayDay, String> {
    match text.to_ascii_lowercase().as_str() {
        "today" => Ok(ReplayDay::Today),
        "yesterday" => Ok(ReplayDay::Yesterday),
        _ => text.parse().map(ReplayDay::On).map_err(|_| "a day such as 2026-11-20, today or yesterday".into()),
    }
}

pub(super) fn time_of_day(text: &str) -> Result<Time, String> {
    text.parse().map_err(|_| "a time such as 11:32 or 11:32:05".into())
}

pub(super) fn option_right(text: &str) -> Result<OptionRight, String> {
    match text.to_ascii_uppercase().as_str() {
        "CE" | "C" | "CALL" => Ok(OptionRight::Call),
        "PE" | "P" | "PUT" => Ok(OptionRight::Put),
        _ => Err("CE for a call, PE for a put".into()),
    }
}

/// Seconds without a sound; 0: none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quiet(pub u32);

pub(super) fn quiet(text: &str) -> Result<Quiet, String> {
    if text.eq_ignore_ascii_case("off") { Ok(Quiet(0)) } else { seconds(text).map(Quiet) }
}

/// `30s`, `2m`, or a bare number of seconds.
pub(super) fn seconds(text: &str) -> Result<u32, String> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let factor = match unit {
        "" | "s" => 1,
        "m" => 60,
        _ => return Err("a time is said as 30s or 2m".into()),
    };
    let number: u32 = number.parse().map_err(|_| "a time is said as 30s or 2m")?;
    Ok(number.saturating_mul(factor))
}
