//! The engine's settings: how entries are priced and chased, what happens when a leg fails, how exits work.
//!
//! Durations are in milliseconds. Every field has a safe default, so an empty file is a valid one.

use rust_decimal::Decimal;
use rust_decimal_macros::dec;
use serde::{Deserialize, Serialize};

use crate::domain::time::{Timestamp, after_ms};
use crate::domain::{ExitRules, Product, ScalpSetup, SetupName};
use crate::risk::{Limits, ScalpLimits};

/// What to do when a wave of legs cannot complete within its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailurePolicy {
    /// Exit what has filled, shorts first; the strategy fails.
    Unwind,
    /// Stop, keep what has filled, ask the trader.
    Hold,
    /// The chase has a last step: a limit `band_pct` through the touch, as far as a market order would be let. Where that
    /// does not fill either, as `unwind`.
    MarketWithBand,
}

impl FailurePolicy {
    /// As in the settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unwind => "unwind",
            Self::Hold => "hold",
            Self::MarketWithBand => "market_with_band",
        }
    }

    /// What it does, for the trader.
    pub fn what(self) -> &'static str {
        match self {
            Self::Unwind => "what has filled is exited",
            Self::Hold => "what has filled is kept, and you decide",
            Self::MarketWithBand => "it is tried once more at the market within a band, then what has filled is exited",
        }
    }
}

impl std::str::FromStr for FailurePolicy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::Unwind, Self::Hold, Self::MarketWithBand];
        let wanted = text.trim().to_ascii_lowercase().replace('-', "_");
        let found = all.into_iter().find(|p| p.as_str() == wanted);
        found.ok_or_else(|| format!("`{text}` is not unwind, hold or market_with_band"))
    }
}

/// How entry orders are priced and followed (`config/strategy.yaml`, `execution`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExecutionPolicy {
    pub product: Product,
    /// The first limit lies this many ticks through the touch.
    pub entry_ticks: i64,
    /// An order that has not filled is priced again after this long …
    pub step_ms: i64,
    /// … this many ticks further through the touch each time …
    pub step_ticks: i64,
    /// … at most this often; then the leg has failed.
    pub max_steps: u32,
    /// Never further than this from the quote the execution started with, in per cent of it.
    pub max_chase_pct: Decimal,
    /// The whole strategy must be in within this time.
    pub timeout_ms: i64,
    /// Unless a strategy has its own.
    pub on_failure: FailurePolicy,
    /// How far through the touch `market_with_band` goes, in per cent of it.
    pub band_pct: Decimal,
    /// A quote older than this decides nothing.
    pub max_quote_age_ms: i64,
    /// A marked strategy expires this many minutes after marking, unless it says so itself.
    pub mark_expires_min: i64,
    /// A recommendation's premium that has moved by more than this per cent is pointed out.
    pub drift_warning_pct: Decimal,
    /// A touch wider than this per cent of its mid is refused.
    pub max_spread_pct: Decimal,
    /// Options and futures on shares are not entered in the last so many calendar days, the day of expiry included: what is
    /// held to the end is delivered. 0: always.
    pub stock_expiry_days: i32,
}

impl Default for ExecutionPolicy {
    fn default() -> Self {
        Self {
            product: Product::Margin,
            entry_ticks: 2,
            step_ms: 2_000,
            step_ticks: 4,
            max_steps: 5,
            max_chase_pct: dec!(10),
            timeout_ms: 60_000,
            on_failure: FailurePolicy::Unwind,
            band_pct: dec!(15),
            max_quote_age_ms: 3_000,
            mark_expires_min: 360,
            drift_warning_pct: dec!(10),
            max_spread_pct: dec!(25),
            stock_expiry_days: 2,
        }
    }
}

/// How exits are priced and followed. An exit has no last step: it goes on until flat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExitPolicy {
    /// The first exit limit lies this many ticks through the touch.
    pub first_ticks: i64,
    pub step_ms: i64,
    pub step_ticks: i64,
    /// Without any quote for this long, a market order (which the broker protects) is sent instead.
    pub market_after_ms: i64,
    /// After a refused exit, the next try waits this long, doubling up to `retry_max_ms`.
    pub retry_ms: i64,
    pub retry_max_ms: i64,
    /// When flattening, longs wait at most this long for the shorts to be closed.
    pub longs_wait_ms: i64,
}

impl Default for ExitPolicy {
    fn default() -> Self {
        Self {
            first_ticks: 4,
            step_ms: 1_500,
            step_ticks: 10,
            market_after_ms: 4_000,
            retry_ms: 1_000,
            retry_max_ms: 15_000,
            longs_wait_ms: 8_000,
        }
    }
}

impl ExitPolicy {
    /// When to try again after so many orders refused or lost in a row, the last of them then. `None`: at once.
    pub fn next_try(&self, failures: u32, last: Option<Timestamp>) -> Option<Timestamp> {
        let doublings = failures.checked_sub(1)?.min(10);
        Some(after_ms(last?, self.retry_ms.saturating_mul(1 << doublings).min(self.retry_max_ms)))
    }
}

/// Which positions get a stop that rests at the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProtectedLegs {
    None,
    /// Those of strategies whose legs are all bought or all sold. Where one leg protects another, a stop on one of them
    /// would break the protection.
    OneSided,
    /// Those, and every short leg of the others: bought back, it leaves a long behind. A long leg beside a short never
    /// gets one: sold, it would leave the short naked.
    Shorts,
}

/// The kind of order that rests as a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopOrder {
    /// A limit order once triggered: taken everywhere.
    StopLimit,
    /// A market order once triggered; where it is refused, a stop-limit takes its place.
    StopMarket,
}

/// Stops that rest at the broker, and targets that the engine holds (`config/strategy.yaml`, `protection`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProtectionPolicy {
    pub legs: ProtectedLegs,
    /// The stop lies this far from the average price, in per cent of it.
    pub stop_pct: Decimal,
    pub order: StopOrder,
    /// A stop-limit's limit lies this far beyond its trigger, in per cent of it.
    pub band_pct: Decimal,
    /// The stop goes to the average price once the position has gained this much, in per cent of it.
    pub breakeven_at_pct: Option<Decimal>,
    /// The stop follows the best price at this distance, in per cent of the average price.
    pub trail_pct: Option<Decimal>,
    /// The position is exited once it has gained this much, in per cent of the average price.
    pub target_pct: Option<Decimal>,
    /// A stop whose price has been passed for this long without its filling becomes an exit.
    pub unfilled_ms: i64,
    /// A position without its stop for this long is exited.
    pub uncovered_ms: i64,
}

impl Default for ProtectionPolicy {
    fn default() -> Self {
        Self {
            legs: ProtectedLegs::OneSided,
            stop_pct: dec!(40),
            order: StopOrder::StopLimit,
            band_pct: dec!(10),
            breakeven_at_pct: None,
            trail_pct: None,
            target_pct: None,
            unfilled_ms: 3_000,
            uncovered_ms: 15_000,
        }
    }
}

/// Exit rules of strategies (`config/strategy.yaml`, `rules`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RulesPolicy {
    /// Rules that came with a strategy are followed without the trader's word.
    pub take_stated: bool,
    /// What every strategy is executed with, where nothing else is said.
    pub default: ExitRules,
}

/// How often the broker is asked without being prompted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PollPolicy {
    /// While orders are open or something was filled lately.
    pub busy_ms: i64,
    /// Otherwise.
    pub idle_ms: i64,
}

impl Default for PollPolicy {
    fn default() -> Self {
        Self { busy_ms: 1_000, idle_ms: 5_000 }
    }
}

/// The kill switch (`config/risk.yaml`, `kill_switch`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KillSwitchPolicy {
    /// The first press flattens at once, without the card.
    pub one_press: bool,
    /// What must be typed to allow entries again.
    pub arm_word: String,
    /// Once flattening has ended flat, the broker's own kill switch is set as well; arming lifts it.
    pub broker_switch: bool,
    /// As the market opens, the broker is asked to exit everything by itself at the day-loss limit.
    pub broker_exit: bool,
}

impl Default for KillSwitchPolicy {
    fn default() -> Self {
        Self { one_press: false, arm_word: "ARM".into(), broker_switch: false, broker_exit: false }
    }
}

/// Scalping set-ups (`config/strategy.yaml`, `scalping`) and their limits (`config/risk.yaml`, `scalping`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScalpPolicy {
    pub setups: Vec<ScalpSetup>,
    pub limits: ScalpLimits,
}

impl Default for ScalpPolicy {
    /// One set-up, which waits to be armed.
    fn default() -> Self {
        Self { setups: vec![ScalpSetup::default()], limits: ScalpLimits::default() }
    }
}

impl ScalpPolicy {
    pub fn setup(&self, name: &SetupName) -> Option<&ScalpSetup> {
        self.setups.iter().find(|s| s.name == *name)
    }
}

/// All settings of the engine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EngineConfig {
    pub limits: Limits,
    pub execution: ExecutionPolicy,
    pub exits: ExitPolicy,
    pub protection: ProtectionPolicy,
    pub rules: RulesPolicy,
    pub scalping: ScalpPolicy,
    pub polls: PollPolicy,
    pub kill_switch: KillSwitchPolicy,
}
