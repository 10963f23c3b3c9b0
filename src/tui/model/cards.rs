//! Cards: what is being confirmed is data, so it can be shown, tested and disarmed.

use crate::domain::{Contract, IntentId, Product, SetupName, SignalId, StrategyId, StrategyStatus};
use crate::engine::Preview;
use crate::engine::command::Command;
use crate::view::View;

/// Milliseconds since the screen started.
pub type Millis = u64;

/// A card shown this long can be confirmed: a key already on its way to something else does not count.
pub const ARMING_MS: Millis = 300;
/// A card left alone closes itself.
pub const CARD_MS: Millis = 30_000;
/// What an execution card says of prices holds this long; then it must be asked again.
pub const PREVIEW_MS: Millis = 20_000;

/// Names one card. What is committed carries it, so that a second commit of the same card is nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CardId(pub u64);

/// The facts a card was shown with. When they change underneath, it is disarmed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    strategies: Vec<(StrategyId, Option<StrategyStatus>, bool, Vec<Contract>)>,
    halted: bool,
}

impl Facts {
    pub fn of(view: &View, ids: &[StrategyId]) -> Self {
        let strategies = ids.iter().map(|id| {
            let row = view.strategy(*id);
            let contracts = row.map(|r| r.legs.iter().filter_map(|l| l.instrument).map(|i| i.contract).collect());
            (*id, row.map(|r| r.status), row.is_some_and(|r| r.queued_at.is_some()), contracts.unwrap_or_default())
        });
        Self { strategies: strategies.collect(), halted: view.safety.halt.is_some() }
    }

    /// What differs in the newer facts, for the trader.
    pub fn change(&self, newer: &Self) -> Option<String> {
        if !self.halted && newer.halted {
            return Some("entries are halted".into());
        }
        let pairs = self.strategies.iter().zip(&newer.strategies);
        pairs.filter(|(a, b)| a != b).map(|(a, b)| changed(a.0, a.1, b.1)).next()
    }
}

fn changed(id: StrategyId, before: Option<StrategyStatus>, after: Option<StrategyStatus>) -> String {
    match after {
        None => format!("#{id} is gone"),
        Some(status) if before != Some(status) => format!("#{id} is {status} now"),
        Some(_) => format!("#{id} has changed"),
    }
}

/// Executing marked strategies: preview, then confirm.
#[derive(Clone, Debug)]
pub struct ExecuteCard {
    pub id: CardId,
    pub ids: Vec<StrategyId>,
    pub answer: Answer,
    pub facts: Facts,
    /// When the answer came.
    pub ready_at: Millis,
    pub expires_at: Millis,
    /// Why it can no longer be confirmed.
    pub disarmed: Option<String>,
    pub scroll: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Waiting,
    Previews(Vec<Preview>),
    Refused(String),
}

impl ExecuteCard {
    /// What would be sent: those that nothing speaks against.
    pub fn executable(&self) -> Vec<StrategyId> {
        match &self.answer {
            Answer::Previews(previews) => previews.iter().filter(|p| p.refusals.is_empty()).map(|p| p.id).collect(),
            Answer::Waiting | Answer::Refused(_) => Vec::new(),
        }
    }

    pub fn is_armed(&self, now: Millis) -> bool {
        self.disarmed.is_none()
            && !self.executable().is_empty()
            && now >= self.ready_at + ARMING_MS
            && now < self.expires_at
    }
}

/// What a confirmation is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    CloseStrategy(StrategyId),
    ClosePosition(Contract, Product),
    CancelOrder(IntentId),
    CancelEntries,
    Unwind(StrategyId),
    Resume(StrategyId),
    ArmSetup(SetupName),
    BrokerExit { on: bool },
    Quit,
}

impl Subject {
    /// What is sent when it is confirmed.
    pub fn command(&self) -> Option<Command> {
        match self {
            Self::CloseStrategy(id) => Some(Command::CloseStrategy { id: *id }),
            Self::ClosePosition(contract, product) => {
                Some(Command::ClosePosition { contract: *contract, product: *product })
            }
            Self::CancelOrder(intent) => Some(Command::CancelOrder { intent: *intent }),
            Self::CancelEntries => Some(Command::CancelEntries),
            Self::Unwind(id) => Some(Command::Unwind { id: *id }),
            Self::Resume(id) => Some(Command::Resume { id: *id }),
            Self::ArmSetup(setup) => Some(Command::ArmSetup { setup: setup.clone(), armed: true }),
            Self::BrokerExit { on } => Some(Command::BrokerExit { on: *on }),
            Self::Quit => None,
        }
    }

    /// The part of the picture the question was asked about.
    pub fn snapshot(&self, view: &View) -> Vec<String> {
        match self {
            Self::CloseStrategy(id) => {
                let groups = view.positions.groups.iter().filter(|g| g.strategy == *id);
                groups.flat_map(|g| &g.rows).map(|r| format!("{} {}", r.contract, r.net.0)).collect()
            }
            Self::ClosePosition(contract, product) => {
                let rows = view.positions.groups.iter().flat_map(|g| &g.rows).chain(&view.positions.foreign);
                let rows = rows.filter(|r| r.contract == *contract && r.product == *product);
                rows.map(|r| format!("{:?} {}", r.strategy, r.net.0)).collect()
            }
            Self::CancelOrder(intent) => {
                let orders = view.working.iter().filter(|o| o.intent == Some(*intent));
                orders.map(|o| format!("{:?} {}", o.state, o.filled.0)).collect()
            }
            Self::CancelEntries => {
                let entries = view.working.iter().filter(|o| o.origin.is_entry());
                entries.map(|o| format!("{:?} {:?} {}", o.intent, o.state, o.filled.0)).collect()
            }
            Self::Unwind(id) | Self::Resume(id) => {
                vec![view.queued(*id).map_or_else(String::new, |q| format!("{:?}", q.stage))]
            }
            Self::ArmSetup(name) => {
                let setup = view.signals.setup(name);
                vec![setup.map_or_else(String::new, |s| format!("{:?} {}", s.setup, s.armed))]
            }
            Self::BrokerExit { .. } => vec![view.safety.broker_exit.as_str().to_string()],
            Self::Quit => Vec::new(),
        }
    }
}

/// A question before something that cannot be taken back.
#[derive(Clone, Debug)]
pub struct ConfirmCard {
    pub id: CardId,
    pub subject: Subject,
    pub snapshot: Vec<String>,
    pub shown_at: Millis,
    pub expires_at: Millis,
    pub disarmed: Option<String>,
}

impl ConfirmCard {
    pub fn is_armed(&self, now: Millis) -> bool {
        self.disarmed.is_none() && now >= self.shown_at + ARMING_MS && now < self.expires_at
    }
}

/// A signal that waits for the trader's word. The card comes by itself and goes with the signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApprovalCard {
    pub id: CardId,
    pub signal: SignalId,
    /// Since when it could hear a key.
    pub shown_at: Millis,
    pub expires_at: Millis,
}

impl ApprovalCard {
    pub fn is_armed(&self, now: Millis) -> bool {
        now >= self.shown_at + ARMING_MS && now < self.expires_at
    }
}

/// The halt card: what is open, and the key that flattens it.
#[derive(Clone, Debug)]
pub struct KillCard {
    pub id: CardId,
    pub shown_at: Millis,
    pub include_foreign: bool,
    /// The picture has shown the halt.
    pub halted: bool,
    /// Flatten was sent from this card.
    pub sent: bool,
    pub scroll: usize,
}

impl KillCard {
    pub fn is_armed(&self, now: Millis) -> bool {
        !self.sent && now >= self.shown_at + ARMING_MS
    }
}
