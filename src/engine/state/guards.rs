//! Guards: where the stop of a lot shall rest, and at which price it is exited with a profit.

use serde::{Deserialize, Serialize};

use crate::domain::Price;
use crate::domain::time::Timestamp;

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
