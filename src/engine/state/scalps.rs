//! The scalper's memory: the inbox of signals, the day's scalps, and which set-ups may trade.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use rust_decimal_macros::dec;
use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;
use crate::domain::{
    Contract, Money, Price, Product, ScalpSetup, SetupName, Signal, SignalId, SignalKey, SignalRefusal, StrategyId,
};

/// What has become of a signal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignalFate {
    /// It is this strategy's trade.
    Traded {
        strategy: StrategyId,
    },
    /// The set-up only observes: what would have been bought.
    Observed {
        what: String,
    },
    Refused {
        why: SignalRefusal,
        reason: String,
    },
}

/// What the trader is asked to approve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    pub contract: Contract,
    pub lots: u32,
    /// What one unit would have cost when it was proposed.
    pub premium: Price,
    /// How the size was computed.
    pub size: String,
}

/// A signal in the inbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    pub signal: Signal,
    pub seen_at: Timestamp,
    /// Until then it may be acted on.
    pub until: Timestamp,
    /// The trader's word, where the set-up asks for it.
    pub approved: bool,
    pub proposal: Option<Proposal>,
    /// `None`: it waits, for a price, for the trader, or for an open trade to be left.
    pub fate: Option<SignalFate>,
}

/// Where a scalp stands. It only goes forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TradeState {
    /// The entry is on its way.
    Pending,
    /// Something has filled.
    Traded,
    /// The stop rests at the broker for all that is held.
    SlPlaced,
    /// Nothing is held and nothing works any more.
    Exited,
}

impl TradeState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Traded => "TRADED",
            Self::SlPlaced => "SL_PLACED",
            Self::Exited => "EXITED",
        }
    }
}

/// What a scalp goes by, as its set-up said when it was opened: later changes of the settings do not reach it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScalpPlan {
    pub setup: SetupName,
    pub product: Product,
    pub entry_timeout_ms: i64,
    /// Of the premium, from the fill price.
    pub stop_points: Decimal,
    pub target_points: Option<Decimal>,
    pub trail_points: Option<Decimal>,
    pub breakeven_at_points: Option<Decimal>,
    /// Of the underlying: left when it trades there.
    pub index_stop: Option<Price>,
    pub max_holding_ms: Option<i64>,
    /// `None` in a market that never closes.
    pub square_off: Option<Timestamp>,
    pub underlying: Contract,
}

impl ScalpPlan {
    pub fn of(
        setup: &ScalpSetup,
        underlying: Contract,
        index_stop: Option<Price>,
        square_off: Option<Timestamp>,
    ) -> Self {
        Self {
            setup: setup.name.clone(),
            product: setup.product,
            entry_timeout_ms: i64::from(setup.entry_timeout_s) * 1_000,
            stop_points: setup.stop_points,
            target_points: setup.target_points,
            trail_points: setup.trail_points,
            breakeven_at_points: setup.breakeven_at_points,
            index_stop,
            max_holding_ms: setup.max_holding_min.and_then(|m| (m * dec!(60_000)).to_i64()),
            square_off,
            underlying,
        }
    }
}

/// One scalp: a strategy of one bought option, opened by a signal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scalp {
    pub signal: SignalId,
    pub plan: ScalpPlan,
    pub state: TradeState,
    pub opened_at: Timestamp,
    /// When its first fill was seen.
    pub filled_at: Option<Timestamp>,
    pub exited_at: Option<Timestamp>,
    /// Why it is being left, or was.
    pub exit_reason: Option<String>,
    /// Once it is exited.
    pub gross: Money,
    pub charges: Money,
}

impl Scalp {
    pub fn is_open(&self) -> bool {
        self.state != TradeState::Exited
    }
}

/// Counters of the day's scalps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScalpDay {
    pub trades: u32,
    /// Of those that are exited: net of charges.
    pub net: Money,
    pub losses_in_a_row: u32,
    pub last_loss_at: Option<Timestamp>,
}

/// Everything the scalper knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scalper {
    /// Of today, and older ones that wait.
    pub signals: BTreeMap<SignalId, Received>,
    /// Of `signals`, those that wait.
    pub waiting: std::collections::BTreeSet<SignalId>,
    pub keys: BTreeMap<SignalKey, SignalId>,
    /// Of today, and older ones that are open.
    pub scalps: BTreeMap<StrategyId, Scalp>,
    /// Of `scalps`, those that are not exited.
    pub open: std::collections::BTreeSet<StrategyId>,
    /// By the trader's word; a set-up that is not named here is as its settings say.
    pub armed: BTreeMap<SetupName, bool>,
    pub day: ScalpDay,
    pub last_signal: u64,
}

impl Scalper {
    pub fn is_armed(&self, setup: &ScalpSetup) -> bool {
        self.armed.get(&setup.name).copied().unwrap_or(setup.armed)
    }

    pub fn open_scalps(&self) -> impl Iterator<Item = (StrategyId, &Scalp)> {
        self.open.iter().filter_map(|id| Some((*id, self.scalps.get(id)?)))
    }

    pub fn waiting_signals(&self) -> impl Iterator<Item = (SignalId, &Received)> {
        self.waiting.iter().filter_map(|id| Some((*id, self.signals.get(id)?)))
    }

    pub(super) fn see(&mut self, id: SignalId, signal: &Signal, until: Timestamp, at: Timestamp) {
        self.last_signal = self.last_signal.max(id.0);
        self.keys.insert(signal.key.clone(), id);
        self.waiting.insert(id);
        let (signal, approved) = (signal.clone(), false);
        self.signals.insert(id, Received { signal, seen_at: at, until, approved, proposal: None, fate: None });
    }

    pub(super) fn with_signal(&mut self, id: SignalId, change: impl FnOnce(&mut Received)) {
        if let Some(received) = self.signals.get_mut(&id) {
            change(received);
            if received.fate.is_some() {
                self.waiting.remove(&id);
            }
        }
    }

    pub(super) fn open(&mut self, id: StrategyId, signal: SignalId, plan: &ScalpPlan, at: Timestamp) {
        self.day.trades += 1;
        self.open.insert(id);
        let scalp = Scalp {
            signal,
            plan: plan.clone(),
            state: TradeState::Pending,
            opened_at: at,
            filled_at: None,
            exited_at: None,
            exit_reason: None,
            gross: Money::ZERO,
            charges: Money::ZERO,
        };
        self.scalps.insert(id, scalp);
    }

    pub(super) fn advance(&mut self, id: StrategyId, to: TradeState, at: Timestamp) {
        let Some(scalp) = self.scalps.get_mut(&id) else { return };
        scalp.state = scalp.state.max(to);
        scalp.filled_at.get_or_insert(at);
    }

    /// The first reason is why it was left; what follows from it is not.
    pub(super) fn leave(&mut self, id: StrategyId, reason: &str) {
        if let Some(scalp) = self.scalps.get_mut(&id).filter(|s| s.is_open()) {
            scalp.exit_reason.get_or_insert_with(|| reason.to_string());
        }
    }

    pub(super) fn close(&mut self, id: StrategyId, reason: &str, gross: Money, charges: Money, at: Timestamp) {
        let Some(scalp) = self.scalps.get_mut(&id) else { return };
        scalp.state = TradeState::Exited;
        scalp.exited_at = Some(at);
        scalp.exit_reason = Some(reason.to_string());
        (scalp.gross, scalp.charges) = (gross, charges);
        self.open.remove(&id);
        let net = gross - charges;
        self.day.net += net;
        if scalp.filled_at.is_none() {
            return;
        }
        if net < Money::ZERO {
            self.day.losses_in_a_row += 1;
            self.day.last_loss_at = Some(at);
        } else {
            self.day.losses_in_a_row = 0;
        }
    }

    /// What is over is left to the journal. The scalps that are.
    pub(super) fn start_day(&mut self) -> Vec<StrategyId> {
        self.day = ScalpDay::default();
        let over: Vec<StrategyId> = self.scalps.iter().filter(|(_, s)| !s.is_open()).map(|(id, _)| *id).collect();
        self.scalps.retain(|_, s| s.is_open());
        self.signals.retain(|_, s| s.fate.is_none());
        self.keys.retain(|_, id| self.signals.contains_key(id));
        over
    }
}
