//! Broker adapters: move bytes, answer in neutral terms.
//!
//! Floor 3. No decisions, no retries of their own.

pub mod answers;
pub mod capability;
pub mod data;
pub mod dhan;
pub mod error;
pub mod perform;
pub mod streams;

use std::future::Future;
use std::pin::Pin;

use jiff::civil::Date;
use tokio::sync::mpsc;

pub use self::answers::{AccountProfile, PlaceAck, TriggerAck};
pub use self::capability::Capability;
pub use self::data::{
    Authorised, BarLength, DayPrices, DepthNews, Holding, LedgerLine, Level, MarginNeed, PastFill, RollingBar,
    RollingOption,
};
pub use self::error::BrokerError;
pub use self::perform::perform;
pub use self::streams::{FeedControl, FeedNews, Heard, LinkState, MarketFeed, OrderNews};
use crate::domain::{
    BrokerOrderId, Contract, CorrelationId, Funds, Intent, Money, OptionChain, OrderSighting, OrderSpec, PnlExit,
    PositionSighting, Quote, TradeSighting,
};

/// An answer under way.
pub type Reply<'a, T> = Pin<Box<dyn Future<Output = Result<T, BrokerError>> + Send + 'a>>;

/// One account at one broker. Every call is one request (unless it says otherwise), made once.
pub trait Broker: Send + Sync {
    /// Sends the intent's order. `AskFirst` in an error means that it may have been placed.
    fn place<'a>(&'a self, intent: &'a Intent) -> Reply<'a, PlaceAck>;

    /// Restates a working order: every field as it shall be; the quantity is the total.
    fn modify<'a>(&'a self, order_id: &'a BrokerOrderId, spec: &'a OrderSpec) -> Reply<'a, PlaceAck>;

    /// Asks for a cancellation; whether it came in time, the next sighting tells.
    fn cancel<'a>(&'a self, order_id: &'a BrokerOrderId) -> Reply<'a, PlaceAck>;

    /// Today's orders, whoever placed them.
    fn orders(&self) -> Reply<'_, Vec<OrderSighting>>;

    /// `None` proves nothing while the order may be in transit.
    fn order_by_correlation<'a>(&'a self, id: &'a CorrelationId) -> Reply<'a, Option<OrderSighting>>;

    fn order<'a>(&'a self, order_id: &'a BrokerOrderId) -> Reply<'a, Option<OrderSighting>>;

    /// Today's fills.
    fn trades(&self) -> Reply<'_, Vec<TradeSighting>>;

    fn positions(&self) -> Reply<'_, Vec<PositionSighting>>;

    /// The broker's own exit of every position, with cancellation of every order. It happens after the answer, which is
    /// the broker's words.
    fn exit_all(&self) -> Reply<'_, String>;

    fn funds(&self) -> Reply<'_, Funds>;

    /// What these orders would tie up together, hedges counted; what is held already is left aside.
    fn margin<'a>(&'a self, orders: &'a [OrderSpec]) -> Reply<'a, Money>;

    /// Sets or lifts the broker's own kill switch; answers how it stands now. Allowed only when flat.
    fn kill_switch(&self, on: bool) -> Reply<'_, bool>;

    fn kill_switch_state(&self) -> Reply<'_, bool>;

    /// Sets the broker's exit on profit or loss for the rest of the session, in place of an earlier one. A limit that is
    /// passed already fires at once.
    fn set_pnl_exit(&self, exit: PnlExit) -> Reply<'_, ()>;

    /// The exit that waits to fire; `None` when none does.
    fn pnl_exit(&self) -> Reply<'_, Option<PnlExit>>;

    /// Takes it back.
    fn stop_pnl_exit(&self) -> Reply<'_, ()>;

    /// Snapshots. What the broker does not know is left out. Many contracts are asked for in several requests.
    fn quotes<'a>(&'a self, contracts: &'a [Contract]) -> Reply<'a, Vec<(Contract, Quote)>>;

    fn option_chain(&self, underlying: Contract, expiry: Date) -> Reply<'_, OptionChain>;

    /// Days on which options on the underlying expire, ascending.
    fn expiries(&self, underlying: Contract) -> Reply<'_, Vec<Date>>;

    /// The broker's list of instruments as it is served.
    fn instrument_master(&self) -> Reply<'_, Vec<u8>>;

    fn profile(&self) -> Reply<'_, AccountProfile>;

    /// Starts a link that tells of every change of every order, until the receiver is dropped. Needs a runtime.
    fn order_updates(&self) -> mpsc::Receiver<OrderNews>;

    /// Starts a link that tells prices of what its control is told to watch, until its news are dropped. Needs a runtime.
    fn market_feed(&self) -> MarketFeed;
}
