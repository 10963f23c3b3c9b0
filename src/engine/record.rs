//! What is remembered: the journal's entries. State changes only by applying them.
//!
//! The JSON form is the journal's format: variants and fields are added, never renamed or removed.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::command::Origin;
use super::config::FailurePolicy;
use super::reference::ResolvedLeg;
use super::state::{Basis, Proposal, ScalpPlan, SignalFate, Stop, TradeState};
use crate::domain::time::Timestamp;
use crate::domain::{
    BrokerOrderId, CommandId, Contract, ExitRules, Funds, Intent, IntentId, Money, OrderKind, OrderSighting,
    PositionSighting, Price, Product, Quantity, Quote, Recommendation, RuleKind, RuleLevel, SafeguardAsk,
    SafeguardTold, SetupName, Signal, SignalId, StrategyId, StrategyStatus, TradeSighting,
};

/// Paper or live. Stamped into the journal; the two never mix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    #[default]
    Paper,
    Live,
}

/// Whose position an order changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    Strategy(StrategyId),
    /// Opened elsewhere, or left over: no strategy of ours claims it.
    Foreign,
}

/// Why an order exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Leg `leg` (counted from 0) of a strategy.
    Entry { strategy: StrategyId, leg: usize },
    /// Reduces what `owner` holds.
    Exit { owner: Owner },
    /// Rests at the broker as the stop of what `owner` holds. An exit may restate it into a limit order.
    Protect { owner: Owner },
}

impl Purpose {
    pub fn owner(&self) -> Owner {
        match self {
            Self::Entry { strategy, .. } => Owner::Strategy(*strategy),
            Self::Exit { owner } | Self::Protect { owner } => *owner,
        }
    }
    /// Whether it can only reduce: an exit or a stop.
    pub fn is_exit(&self) -> bool {
        matches!(self, Self::Exit { .. } | Self::Protect { .. })
    }
    pub fn is_stop(&self) -> bool {
        matches!(self, Self::Protect { .. })
    }
}

/// How an intent ended without the broker's order telling it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unplaced {
    NotSent,
    Refused,
    Unknown,
    Lost,
}

/// One entry of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// The first entry of a journal.
    Created {
        profile: Profile,
        /// The installation's part of every correlation id.
        prefix: String,
    },
    /// The process started; whatever was under way is checked with the broker first.
    Started,
    /// A new trading day: counters are zero again.
    DayStarted {
        day: Date,
    },
    /// Books of the broker have been compared since the start: entries may be asked for.
    Reconciled,
    /// Somebody asked for something (the audit trail).
    Asked {
        command: CommandId,
        origin: Origin,
        what: String,
    },
    /// … and was refused.
    Refused {
        command: CommandId,
        what: String,
        reason: String,
    },
    StrategyAdded {
        id: StrategyId,
        recommendation: Box<Recommendation>,
    },
    StrategyUpdated {
        id: StrategyId,
        recommendation: Box<Recommendation>,
    },
    StrategyMarked {
        id: StrategyId,
        priority: i32,
        notes: Option<String>,
        legs: Vec<ResolvedLeg>,
        expires: Timestamp,
    },
    StrategyMoved {
        id: StrategyId,
        to: StrategyStatus,
        reason: Option<String>,
    },
    PrioritySet {
        id: StrategyId,
        priority: i32,
    },
    NotesSet {
        id: StrategyId,
        notes: String,
    },
    /// Waiting for its turn to be executed.
    Queued {
        id: StrategyId,
    },
    /// No longer waiting (refused at its turn, halted).
    Unqueued {
        id: StrategyId,
        reason: String,
    },
    /// Its turn: the quotes the decision used, and the broker's margin, if it had said one.
    ExecutionStarted {
        id: StrategyId,
        quotes: Vec<(Contract, Quote)>,
        #[serde(default)]
        margin: Option<Money>,
    },
    /// A wave could not complete: what has filled is exited.
    UnwindStarted {
        id: StrategyId,
        reason: String,
    },
    /// Stopped in the middle; the trader decides.
    ExecutionHeld {
        id: StrategyId,
        reason: String,
    },
    ExecutionResumed {
        id: StrategyId,
    },
    IntentMade {
        intent: Box<Intent>,
        purpose: Purpose,
    },
    /// An intent that made no order, or may have.
    IntentUnplaced {
        intent: IntentId,
        how: Unplaced,
        reason: String,
    },
    /// News of an order of ours.
    OrderSeen {
        intent: IntentId,
        sighting: Box<OrderSighting>,
    },
    /// News of an order that is not ours.
    ForeignOrderSeen {
        sighting: Box<OrderSighting>,
    },
    ModifyAsked {
        intent: IntentId,
        kind: OrderKind,
        /// Units in all; `None`: as before.
        #[serde(default)]
        quantity: Option<Quantity>,
    },
    ModifyFailed {
        intent: IntentId,
        reason: String,
        /// Nobody said no: it may still arrive.
        #[serde(default)]
        unanswered: bool,
    },
    CancelAsked {
        intent: IntentId,
    },
    CancelFailed {
        intent: IntentId,
        reason: String,
    },
    ForeignCancelAsked {
        order_id: BrokerOrderId,
    },
    /// Fills from the trade book, not seen before.
    TradesSeen {
        trades: Vec<TradeSighting>,
    },
    /// The book of orders was read completely at `asked_at`.
    OrdersRead {
        asked_at: Timestamp,
    },
    TradesRead {
        asked_at: Timestamp,
    },
    PositionsRead {
        asked_at: Timestamp,
        /// `None`: as the last time.
        positions: Option<Vec<PositionSighting>>,
    },
    FundsRead {
        asked_at: Timestamp,
        funds: Funds,
    },
    /// Quotes of held and working contracts, once a second.
    Marks {
        quotes: Vec<(Contract, Quote)>,
    },
    /// A signal is in the inbox; it may be acted on until `until`.
    SignalSeen {
        id: SignalId,
        signal: Box<Signal>,
        until: Timestamp,
    },
    /// The trader is asked for a word.
    SignalProposed {
        id: SignalId,
        proposal: Box<Proposal>,
    },
    SignalApproved {
        id: SignalId,
    },
    SignalEnded {
        id: SignalId,
        fate: SignalFate,
    },
    /// A set-up may trade, or not, by the trader's word.
    SetupArmed {
        setup: SetupName,
        armed: bool,
    },
    /// This strategy is the trade of a signal.
    ScalpOpened {
        id: StrategyId,
        signal: SignalId,
        plan: Box<ScalpPlan>,
    },
    ScalpMoved {
        id: StrategyId,
        to: TradeState,
    },
    /// Nothing is held any more.
    ScalpClosed {
        id: StrategyId,
        reason: String,
        gross: Money,
        charges: Money,
    },
    /// An exit was asked for: what `owner` holds of this contract and product beyond `keep`.
    ExitStarted {
        owner: Owner,
        contract: Contract,
        product: Product,
        #[serde(default)]
        keep: Quantity,
        reason: String,
    },
    ExitEnded {
        owner: Owner,
        contract: Contract,
        product: Product,
        outcome: String,
    },
    /// Our lots said more than the broker has: what the broker does not have is written off.
    LotWrittenOff {
        owner: Owner,
        contract: Contract,
        product: Product,
        /// Units of it; `None`: all.
        #[serde(default)]
        quantity: Option<Quantity>,
        reason: String,
    },
    /// The stop of a lot, as it shall rest at the broker from now on. `None`: none, by the trader's word.
    StopSet {
        owner: Owner,
        contract: Contract,
        product: Product,
        stop: Option<Stop>,
    },
    /// The price at which the engine exits a lot with a profit.
    TargetSet {
        owner: Owner,
        contract: Contract,
        product: Product,
        target: Option<Price>,
    },
    /// What it guarded is closed.
    GuardDropped {
        owner: Owner,
        contract: Contract,
        product: Product,
    },
    /// A strategy has been executed: the rules it goes by, and what their percentages are of.
    PlanMade {
        id: StrategyId,
        rules: Box<ExitRules>,
        basis: Basis,
    },
    /// The trader stated its rules.
    RulesSet {
        id: StrategyId,
        rules: Box<ExitRules>,
    },
    /// What happens when a leg of it fails; `None`: as the settings say.
    FailurePolicySet {
        id: StrategyId,
        policy: Option<FailurePolicy>,
    },
    /// The best profit since it is trailed.
    PlanPeak {
        id: StrategyId,
        peak: Money,
    },
    /// A rule was met: by these figures, on these quotes.
    RuleFired {
        id: StrategyId,
        rule: RuleKind,
        level: RuleLevel,
        pnl: Option<Money>,
        days: Option<i64>,
        delta: Option<Decimal>,
        quotes: Vec<(Contract, Quote)>,
    },
    Halted {
        reason: String,
    },
    FlattenStarted {
        include_foreign: bool,
    },
    /// The broker reported every position closed and no order working.
    FlattenEnded,
    Armed,
    /// The trader wants the broker's exit on loss today, or wants it no more.
    BrokerExitWished {
        on: bool,
    },
    /// One of the broker's own safeguards is being set or lifted.
    SafeguardAsked {
        ask: SafeguardAsk,
    },
    /// How one stands, as the broker says: news only.
    SafeguardTold {
        told: SafeguardTold,
    },
    SafeguardFailed {
        ask: SafeguardAsk,
        reason: String,
        /// The broker said no (or would have); otherwise nobody knows.
        refused: bool,
    },
    OrderLink {
        up: bool,
    },
    Store {
        up: bool,
    },
}
