//! What a person (or a shell, or a program acting for one) can ask of the engine, and how it is answered.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::config::FailurePolicy;
use crate::domain::{
    Bound, Contract, Drill, ExitRules, IntentId, Money, Price, Product, Quantity, Quote, Recommendation, SetupName,
    Side, Signal, SignalAnswer, SignalId, StrategyId,
};
use crate::risk::margin::Margin;

/// Who asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    Screen,
    Shell,
    System,
    Webhook,
}

/// A request. Each is answered exactly once, by a [`Reply`] that carries its id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Strategies read from a file or built from a chain. Pending rows with the same key are updated, others left alone.
    Import {
        recommendations: Vec<Recommendation>,
    },
    /// `pending → marked`: legs are resolved to contracts and frozen. `None` keeps the priority (1 at first) or notes.
    Mark {
        ids: Vec<StrategyId>,
        #[serde(default)]
        priority: Option<i32>,
        #[serde(default)]
        notes: Option<String>,
    },
    /// Marks the `count` best pending strategies that can be executed and score at least `min_score`.
    MarkTop {
        count: u32,
        min_score: Decimal,
    },
    /// `marked | deferred → pending`.
    Unmark {
        ids: Vec<StrategyId>,
    },
    SetPriority {
        id: StrategyId,
        priority: i32,
    },
    SetNotes {
        id: StrategyId,
        notes: String,
    },
    /// Checks everything execution would check, changes nothing, answers with [`Reply::Previews`]. Empty: all marked.
    Preview {
        ids: Vec<StrategyId>,
    },
    /// Puts marked strategies into the execution queue: by priority, then score. Empty: all marked.
    Execute {
        ids: Vec<StrategyId>,
    },
    /// `failed → pending`.
    Retry {
        id: StrategyId,
    },
    /// A held execution goes on where it stopped.
    Resume {
        id: StrategyId,
    },
    /// A held execution exits what has filled, and fails.
    Unwind {
        id: StrategyId,
    },
    /// Exits the open lots of a strategy.
    CloseStrategy {
        id: StrategyId,
    },
    /// Exits one position, whoever's it is (foreign ones too: the trader named it).
    ClosePosition {
        contract: Contract,
        product: Product,
    },
    /// Moves, arms or lifts the stop of what a strategy holds: of one leg (counted from 1), or of every leg it holds.
    SetStop {
        id: StrategyId,
        #[serde(default)]
        leg: Option<usize>,
        stop: StopWish,
    },
    /// Sets or lifts the price at which a leg is exited with a profit.
    SetTarget {
        id: StrategyId,
        #[serde(default)]
        leg: Option<usize>,
        target: Option<Price>,
    },
    /// States the exit rules of a strategy.
    SetRules {
        id: StrategyId,
        rules: RulesWish,
    },
    /// States what happens when a leg of a strategy fails. `None`: as the settings say.
    SetFailurePolicy {
        id: StrategyId,
        policy: Option<FailurePolicy>,
    },
    /// Cancels one working order of ours.
    CancelOrder {
        intent: IntentId,
    },
    /// Cancels every working entry of ours. Exits and stops stay: they only reduce.
    CancelEntries,
    /// A signal of a webhook, answered with [`Reply::Signal`].
    Signal {
        signal: Box<Signal>,
    },
    /// The trader approves a signal that waits for it, or lets it go.
    DecideSignal {
        id: SignalId,
        approve: bool,
    },
    /// Lets a scalping set-up trade, or not; kept over restarts.
    ArmSetup {
        setup: SetupName,
        armed: bool,
    },
    /// Trading off, with a reason that is kept over restarts: as `Halt`.
    Disable {
        reason: String,
    },
    /// Trading on again; after a flatten only `Arm` does that.
    Enable,
    /// No entries, working entries cancelled; positions stay. Never refused.
    Halt,
    /// Halt, cancel what works, exit everything, verify, repeat until flat; then locked. Never refused.
    Flatten {
        /// Positions that were opened elsewhere go too.
        #[serde(default)]
        include_foreign: bool,
    },
    /// The broker's own exit of everything at the day-loss limit: sets it for today, or takes it back.
    BrokerExit {
        on: bool,
    },
    /// Paper mode only: lets something go wrong for so many seconds, for practice.
    Rehearse {
        drill: Drill,
        seconds: u32,
    },
    /// Ends everything that is rehearsed.
    EndRehearsals,
    /// Entries allowed again; the word guards against a slip of the hand.
    Arm {
        word: String,
    },
}

impl Command {
    /// A short name for the audit trail.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Import { .. } => "import",
            Self::Mark { .. } => "mark",
            Self::MarkTop { .. } => "mark top",
            Self::Unmark { .. } => "unmark",
            Self::SetPriority { .. } => "priority",
            Self::SetNotes { .. } => "notes",
            Self::Preview { .. } => "preview",
            Self::Execute { .. } => "execute",
            Self::Retry { .. } => "retry",
            Self::Resume { .. } => "resume",
            Self::Unwind { .. } => "unwind",
            Self::CloseStrategy { .. } => "close strategy",
            Self::ClosePosition { .. } => "close position",
            Self::SetStop { .. } => "stop",
            Self::SetTarget { .. } => "target",
            Self::SetRules { .. } => "rules",
            Self::SetFailurePolicy { .. } => "on failure",
            Self::CancelOrder { .. } => "cancel order",
            Self::CancelEntries => "cancel entries",
            Self::Signal { .. } => "signal",
            Self::DecideSignal { approve: true, .. } => "approve signal",
            Self::DecideSignal { approve: false, .. } => "decline signal",
            Self::ArmSetup { armed: true, .. } => "arm set-up",
            Self::ArmSetup { armed: false, .. } => "pause set-up",
            Self::Disable { .. } => "disable",
            Self::Enable => "enable",
            Self::Halt => "halt",
            Self::Flatten { .. } => "flatten",
            Self::BrokerExit { .. } => "broker exit",
            Self::Rehearse { .. } => "rehearse",
            Self::EndRehearsals => "end rehearsals",
            Self::Arm { .. } => "arm",
        }
    }
}

/// Where a trader wants a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopWish {
    At {
        trigger: Price,
    },
    /// At the average price.
    Breakeven,
    /// So many points behind the best price from now on.
    Trail {
        by: Price,
    },
    /// None, whatever the settings say.
    Off,
}

impl std::str::FromStr for StopWish {
    type Err = String;

    /// As a trader writes it: `82.50`, `breakeven`, `trail 10`, `off`.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim().to_ascii_lowercase();
        let price = |text: &str| {
            let price: Option<Price> = text.trim().parse().ok();
            price.filter(|p| p.is_positive())
        };
        match text.as_str() {
            "off" | "none" => return Ok(Self::Off),
            "breakeven" | "be" => return Ok(Self::Breakeven),
            _ => {}
        }
        let wish = match text.strip_prefix("trail") {
            Some(by) => price(by).map(|by| Self::Trail { by }),
            None => price(&text).map(|trigger| Self::At { trigger }),
        };
        wish.ok_or_else(|| format!("`{text}` is no stop: write a price, breakeven, trail 10, or off"))
    }
}

/// Which exit rules a trader wants for a strategy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RulesWish {
    /// Those it came with, and the settings' where it says nothing.
    Stated,
    Set(Box<ExitRules>),
    Off,
}

/// The answer to a command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// It was done (or begun), with a line for the trader.
    Done {
        message: String,
    },
    /// Nothing was done; why, and what to do next.
    Refused {
        reason: String,
    },
    /// Several items, of which some were refused: one line each.
    Partly {
        done: Vec<String>,
        refused: Vec<String>,
    },
    Previews {
        previews: Vec<Preview>,
    },
    Signal {
        answer: SignalAnswer,
    },
}

impl Reply {
    pub fn done(message: impl Into<String>) -> Self {
        Self::Done { message: message.into() }
    }
    pub fn refused(reason: impl Into<String>) -> Self {
        Self::Refused { reason: reason.into() }
    }
    pub fn is_refused(&self) -> bool {
        matches!(self, Self::Refused { .. } | Self::Signal { answer: SignalAnswer::Refused { .. } })
    }
}

/// What executing a strategy would mean now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Preview {
    pub id: StrategyId,
    pub title: String,
    pub legs: Vec<PreviewLeg>,
    /// At the current touch: credit positive. `None` when a leg has no quote.
    pub net_premium: Option<Money>,
    /// As recommended, for comparison.
    pub recommended_premium: Option<Money>,
    pub max_loss: Option<Bound>,
    /// The broker's figure, or an estimate of ours while it has not said one.
    pub margin: Margin,
    pub available: Option<Money>,
    /// Reasons why it would be refused now. Empty: it can be executed.
    pub refusals: Vec<String>,
    /// Worth knowing, not in the way.
    pub warnings: Vec<String>,
}

/// One leg of a preview, in the order it would be sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PreviewLeg {
    pub contract: Contract,
    pub side: Side,
    pub quantity: Quantity,
    /// Orders this leg needs because of the exchange's largest order.
    pub slices: u32,
    /// 1 goes first.
    pub wave: u32,
    pub recommended: Option<Price>,
    pub quote: Option<Quote>,
    /// The limit the first order would carry.
    pub limit: Option<Price>,
}
