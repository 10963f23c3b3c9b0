//! Conditional triggers: orders the broker sends when a condition on an index or a share comes true (Dhan's alerts).

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::time::Timestamp;
use super::{Contract, OrderSpec, Price};

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trigger {
    pub condition: Condition,
    /// Sent together when the condition comes true. Each is checked then, on its own.
    pub orders: Vec<OrderSpec>,
}

/// When a trigger fires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// The index or share that is watched.
    pub contract: Contract,
    pub comparison: Comparison,
    pub operator: Operator,
    /// Its last day; `None` leaves it to the broker (a year).
    pub expires: Option<Date>,
    pub frequency: Frequency,
    /// For people.
    pub note: String,
}

/// What is compared with what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// The last price with a price.
    Price { value: Price },
    /// An indicator, over candles of some length, with something.
    Technical { indicator: Indicator, time_frame: TimeFrame, with: Against },
}

/// What an indicator is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Against {
    Value(Decimal),
    Indicator(Indicator),
    /// The close of the candle.
    Close,
}

/// An enum with one written form per arm.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$arm_doc:meta])* $arm:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$arm_doc])* #[serde(rename = $text)] $arm,)+
        }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$arm),+];

            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$arm => $text,)+
                }
            }

            /// The arm with this written form.
            pub fn named(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|arm| arm.as_str() == text)
            }
        }
    };
}

words!(
    /// How the two are compared. A crossing needs a look before it.
    Operator {
        CrossingUp = "CROSSING_UP",
        CrossingDown = "CROSSING_DOWN",
        CrossingAnySide = "CROSSING_ANY_SIDE",
        GreaterThan = "GREATER_THAN",
        LessThan = "LESS_THAN",
        GreaterThanEqual = "GREATER_THAN_EQUAL",
        LessThanEqual = "LESS_THAN_EQUAL",
        Equal = "EQUAL",
        NotEqual = "NOT_EQUAL",
    }
);

words!(
    /// Indicators a condition can name, with their lengths in candles.
    Indicator {
        Sma5 = "SMA_5",
        Sma10 = "SMA_10",
        Sma20 = "SMA_20",
        Sma50 = "SMA_50",
        Sma100 = "SMA_100",
        Sma200 = "SMA_200",
        Ema5 = "EMA_5",
        Ema10 = "EMA_10",
        Ema20 = "EMA_20",
        Ema50 = "EMA_50",
        Ema100 = "EMA_100",
        Ema200 = "EMA_200",
        BollingerUpper = "BB_UPPER",
        BollingerLower = "BB_LOWER",
        Rsi14 = "RSI_14",
        Atr14 = "ATR_14",
        Stochastic = "STOCHASTIC",
        StochasticRsi14 = "STOCHRSI_14",
        Macd26 = "MACD_26",
        Macd12 = "MACD_12",
        MacdHistogram = "MACD_HIST",
    }
);

words!(
    /// Length of a candle.
    TimeFrame { Day = "DAY", OneMinute = "ONE_MIN", FiveMinutes = "FIVE_MIN", FifteenMinutes = "FIFTEEN_MIN" }
);

words!(
    /// How often a trigger fires.
    Frequency {
        Once = "ONCE",
        /// Again each time the condition comes true anew.
        Always = "ALWAYS",
    }
);

impl Operator {
    /// Whether the comparison holds now. `before` is how the two stood at the last look; without one nothing has crossed.
    pub fn holds<T: PartialOrd + Copy>(self, before: Option<(T, T)>, now: (T, T)) -> bool {
        let (left, right) = now;
        let crossed_up = before.is_some_and(|(l, r)| l < r) && left >= right;
        let crossed_down = before.is_some_and(|(l, r)| l > r) && left <= right;
        match self {
            Self::CrossingUp => crossed_up,
            Self::CrossingDown => crossed_down,
            Self::CrossingAnySide => crossed_up || crossed_down,
            Self::GreaterThan => left > right,
            Self::LessThan => left < right,
            Self::GreaterThanEqual => left >= right,
            Self::LessThanEqual => left <= right,
            Self::Equal => left == right,
            Self::NotEqual => left != right,
        }
    }
}

/// The broker's number of a trigger.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TriggerId(pub String);

impl std::fmt::Display for TriggerId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A trigger's state. A word of the broker that nobody knows counts as active: it may still send orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TriggerStatus {
    Active,
    Triggered,
    Expired,
    Cancelled,
}

/// A trigger as the broker last told it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TriggerSighting {
    pub id: TriggerId,
    pub status: TriggerStatus,
    pub created: Option<Timestamp>,
    /// When it fired.
    pub triggered: Option<Timestamp>,
    /// The last price of what it watches.
    pub last: Option<Price>,
    /// `None` where it was made elsewhere, with words our types do not have.
    pub trigger: Option<Trigger>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crossing_needs_a_look_before_it_and_a_level_does_not() {
        let now = (101, 100);
        assert!(Operator::CrossingUp.holds(Some((99, 100)), now));
        assert!(!Operator::CrossingUp.holds(None, now), "nobody has seen it below");
        assert!(!Operator::CrossingUp.holds(Some((101, 100)), now));
        assert!(!Operator::CrossingDown.holds(Some((99, 100)), now));
        assert!(Operator::CrossingDown.holds(Some((101, 100)), (100, 100)), "reaching it is crossing it");
        for before in [(99, 100), (103, 102)] {
            let to = if before.0 < before.1 { (100, 100) } else { (101, 102) };
            assert!(Operator::CrossingAnySide.holds(Some(before), to));
        }
        assert!(Operator::GreaterThan.holds(None, now) && !Operator::LessThanEqual.holds(None, now));
        assert!(Operator::Equal.holds(None, (5, 5)) && !Operator::NotEqual.holds(None, (5, 5)));
        assert!(Operator::GreaterThanEqual.holds(None, (5, 5)) && !Operator::LessThan.holds(None, (5, 5)));
    }
}
