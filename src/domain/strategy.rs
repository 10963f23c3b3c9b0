//! Strategies: what an analyser recommends, and the status a recommendation can have here.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::time::Timestamp;
use super::{Exchange, Money, OptionRight, Price, Side, Symbol};

/// Where a strategy stands.
///
/// `pending → marked → executing → executed | failed`; `marked ↔ deferred`; `marked | deferred → pending` (unmark);
/// `marked → expired`; `failed → pending` (retry, by a key). Nothing else moves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StrategyStatus {
    Pending,
    Marked,
    /// Marked, but the market is closed: back to marked when it opens, never executed without a key.
    Deferred,
    Executing,
    Executed,
    Failed,
    Expired,
}

impl StrategyStatus {
    pub const ALL: [Self; 7] =
        [Self::Pending, Self::Marked, Self::Deferred, Self::Executing, Self::Executed, Self::Failed, Self::Expired];

    /// The one place that says which moves exist.
    pub fn may_become(self, next: Self) -> bool {
        use StrategyStatus::{Deferred, Executed, Executing, Expired, Failed, Marked, Pending};
        matches!(
            (self, next),
            (Pending, Marked)
                | (Marked, Pending | Deferred | Executing | Expired)
                | (Deferred, Pending | Marked)
                | (Executing, Executed | Failed)
                | (Failed, Pending)
        )
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Marked => "marked",
            Self::Deferred => "deferred",
            Self::Executing => "executing",
            Self::Executed => "executed",
            Self::Failed => "failed",
            Self::Expired => "expired",
        }
    }
}

impl std::fmt::Display for StrategyStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for StrategyStatus {
    type Err = super::instrument::UnknownName;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let unknown = || super::instrument::UnknownName { what: "status", text: s.chars().take(40).collect() };
        Self::ALL.into_iter().find(|x| x.as_str().eq_ignore_ascii_case(s)).ok_or_else(unknown)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Conviction {
    VeryLow,
    Low,
    Medium,
    High,
    VeryHigh,
}

impl Conviction {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::VeryLow => "VERY_LOW",
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
            Self::VeryHigh => "VERY_HIGH",
        }
    }
}

/// A profit or a loss that has an end, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    Limited(Money),
    Unlimited,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegKind {
    Option { strike: Price, right: OptionRight },
    Future,
    Equity,
}

/// One leg of a recommendation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    pub side: Side,
    pub kind: LegKind,
    /// Absent in most files: resolved when the strategy is marked, shown, and frozen with it.
    pub expiry: Option<Date>,
    /// Lots of this leg per set (1, or 2 for the body of a butterfly).
    pub ratio: u32,
    /// The analyser's price per unit: a past last price, not a quote.
    pub premium: Option<Price>,
}

/// Something the importer found worth saying. A blocking issue keeps the strategy from being executed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    /// Short name, e.g. `expiry_missing`.
    pub code: String,
    /// For the trader: what, where, and what to do.
    pub detail: String,
    pub blocking: bool,
}

/// What the legs are worth at expiry, computed here with the real lot. Rupees for one set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metrics {
    pub max_profit: Bound,
    /// A positive amount is a loss.
    pub max_loss: Bound,
    /// Credit positive, debit negative.
    pub net_premium: Money,
    pub breakevens: Vec<Price>,
    /// Units per lot the figures were computed with.
    pub lot: u32,
}

/// A strategy as it came in: facts that never change here. Status, priority and notes live in the engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recommendation {
    /// The same recommendation again has the same key: a re-import updates, it does not duplicate.
    pub key: String,
    /// File name, `seed`, `builder`: where it came from.
    pub source: String,
    pub symbol: Symbol,
    pub exchange: Exchange,
    /// As the analyser calls it.
    pub name: String,
    /// As its legs say; `None` where no name fits.
    pub derived_name: Option<String>,
    pub legs: Vec<Leg>,
    /// The underlying's price when it was made.
    pub spot: Option<Price>,
    /// 0 to 1, higher is better. A sort key, not a truth.
    pub score: Option<Decimal>,
    pub conviction: Option<Conviction>,
    /// Probability of profit, 0 to 1.
    pub probability: Option<Decimal>,
    /// Theirs, in whatever unit that version used: shown as *reported*, never trusted.
    pub reported_max_profit: Option<Bound>,
    pub reported_max_loss: Option<Bound>,
    /// Ours; `None` while the lot is not known.
    pub metrics: Option<Metrics>,
    pub generated_at: Option<Timestamp>,
    pub valid_until: Option<Timestamp>,
    pub outlook: String,
    /// When its source would close it: shown, and followed where the trader says so.
    #[serde(default)]
    pub rules: super::ExitRules,
    pub issues: Vec<Issue>,
}

const SIGNAL_KEY: &str = "signal:";

impl Recommendation {
    /// The key of the trade of a signal.
    pub fn key_of_signal(id: super::SignalId) -> String {
        format!("{SIGNAL_KEY}{id}")
    }

    /// Whether it is a signal's trade: nobody chooses or executes it by hand.
    pub fn is_of_signal(&self) -> bool {
        self.key.starts_with(SIGNAL_KEY)
    }

    /// The first issue that keeps it from being executed.
    pub fn blocked(&self) -> Option<&Issue> {
        self.issues.iter().find(|i| i.blocking)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_moves_of_the_design_exist() {
        use StrategyStatus::*;
        let allowed: Vec<_> = StrategyStatus::ALL
            .into_iter()
            .flat_map(|a| StrategyStatus::ALL.into_iter().map(move |b| (a, b)))
            .filter(|(a, b)| a.may_become(*b))
            .collect();
        assert_eq!(
            allowed,
            [
                (Pending, Marked),
                (Marked, Pending),
                (Marked, Deferred),
                (Marked, Executing),
                (Marked, Expired),
                (Deferred, Pending),
                (Deferred, Marked),
                (Executing, Executed),
                (Executing, Failed),
                (Failed, Pending),
            ]
        );
    }
}
