//! Guards: where the stop of a lot shall rest, and at which price it is exited with a profit. Plans: the exit rules of a
//! strategy that has been executed.

use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;
use crate::domain::{Bound, ExitRules, Money, Price, RuleKind};

/// How a stop came to stand where it stands, and whether it moves by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopHow {
    /// By the settings, from the average price of what has filled.
    Policy,
    /// Where the trader put it.
    ByHand,
    /// At the average price.
    Breakeven,
    /// This many points behind the best price since; it never goes back.
    Trailing { by: Price },
}

impl StopHow {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::ByHand => "by hand",
            Self::Breakeven => "breakeven",
            Self::Trailing { .. } => "trailing",
        }
    }
}

/// The stop of a lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// The last price at which it is triggered.
    pub trigger: Price,
    pub how: StopHow,
}

/// What watches over one lot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guard {
    /// `None`: the trader wants none.
    pub stop: Option<Stop>,
    /// Held by the engine, since it would not rest beside a stop.
    pub target: Option<Price>,
    /// Stop orders refused or lost in a row: the next waits longer.
    pub failures: u32,
    pub last_failure: Option<Timestamp>,
}

/// What the percentages of rules are of: from the prices at which the legs have filled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    /// `None`: no exact figure, as with several expiries.
    pub max_profit: Option<Bound>,
    /// A positive amount is a loss.
    pub max_loss: Option<Bound>,
    /// Received (positive) or paid.
    pub premium: Money,
    /// Into how many equal parts the whole can be divided.
    pub units: u32,
}

/// The exit rules a strategy goes by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub rules: ExitRules,
    pub basis: Basis,
    /// The best profit since it is trailed; `None` before.
    pub peak: Option<Money>,
    /// Steps of the scale that have been taken.
    pub scaled: u32,
    /// The rule that closed it.
    pub fired: Option<RuleKind>,
}
