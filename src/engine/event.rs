//! All that can change a trade: keys and commands, the broker's answers, quotes that matter, time.

use serde::{Deserialize, Serialize};

use super::command::{Command, Origin};
use crate::domain::time::Timestamp;
use crate::domain::{
    AccountId, CommandId, Contract, Funds, IntentId, Money, OrderSighting, PositionSighting, Quote, SafeguardAsk,
    SafeguardTold, StrategyId, TradeSighting,
};

/// Why an intent made no order, or why we do not know whether it did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlaceOutcome {
    /// It certainly never reached the broker (expired in the lane, connection refused, rate limit before acceptance).
    NotSent { reason: String },
    /// The broker refused it; it makes no order.
    Refused { reason: String },
    /// The broker says that the market is closed.
    MarketClosed { reason: String },
    /// The account may not trade now (token, IP, kill switch): nothing else will be taken either.
    Blocked { reason: String },
    /// The answer was lost: it is being looked up. It is never sent again.
    Unknown { reason: String },
    /// Looked for until well past the deadline and not found.
    Lost,
}

/// Which book a read was of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Book {
    Orders,
    Trades,
    Positions,
    Funds,
}

/// One thing that happened. `asked_at` is when the question left: a book read before a fill says nothing about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The process has started (the journal, if any, is folded): reconcile with the broker before any entry.
    Started,
    /// The time asked for by `Effect::WakeAt` has come, or any other tick.
    Wake,
    /// A request, with the newest quotes of the contracts it concerns (the snapshot the decision will be based on), and
    /// what the broker says that the strategies it names would tie up, as far as it has answered.
    Command {
        id: CommandId,
        origin: Origin,
        command: Command,
        quotes: Vec<(Contract, Quote)>,
        #[serde(default)]
        margins: Vec<(StrategyId, Money)>,
    },
    /// One order as the broker tells it: by answer, socket or poll.
    OrderSeen {
        account: AccountId,
        sighting: OrderSighting,
    },
    PlaceFailed {
        intent: IntentId,
        outcome: PlaceOutcome,
    },
    /// A modification was not taken, or its answer was lost: the order is as the next sighting says.
    ModifyFailed {
        intent: IntentId,
        reason: String,
        /// Its answer was lost: it may still arrive.
        #[serde(default)]
        unanswered: bool,
    },
    /// A cancellation was not taken (in transit, already final, answer lost).
    CancelFailed {
        intent: Option<IntentId>,
        reason: String,
    },
    OrdersRead {
        account: AccountId,
        asked_at: Timestamp,
        orders: Vec<OrderSighting>,
    },
    TradesRead {
        account: AccountId,
        asked_at: Timestamp,
        trades: Vec<TradeSighting>,
    },
    PositionsRead {
        account: AccountId,
        asked_at: Timestamp,
        positions: Vec<PositionSighting>,
    },
    FundsRead {
        account: AccountId,
        asked_at: Timestamp,
        funds: Funds,
    },
    /// A book could not be read.
    ReadFailed {
        book: Book,
        reason: String,
    },
    /// How one of the broker's own safeguards stands, as the answer to what was asked of it.
    SafeguardTold {
        ask: SafeguardAsk,
        told: SafeguardTold,
    },
    /// What was asked of one was refused, or whether it was done is not known.
    SafeguardFailed {
        ask: SafeguardAsk,
        reason: String,
        refused: bool,
    },
    /// Once a second: the newest quotes of the watched contracts that have changed or are needed.
    Quotes(Vec<(Contract, Quote)>),
    /// The broker does not take our token any more (it has ended, or another one was made).
    LoggedOut {
        reason: String,
    },
    /// … and takes it again, or another one.
    LoggedIn,
    /// The order-update link went up or down (down: polls are all we have).
    OrderLink {
        up: bool,
    },
    /// The journal can (not) be written. While it cannot, there are no entries.
    Store {
        up: bool,
    },
}
