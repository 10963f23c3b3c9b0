//! What brokers answer, where the domain has no word for it.

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::domain::time::Timestamp;
use crate::domain::{BrokerOrderId, Contract, Price, Quote, SeenStatus, TriggerId, TriggerStatus};

/// A request to place, modify or cancel was taken.
///
/// `status` is `Transit`, `Working` or `Rejected`: an acknowledgement knows nothing of fills, so it is never another end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceAck {
    pub order_id: BrokerOrderId,
    pub status: SeenStatus,
}

/// A request about a conditional trigger was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TriggerAck {
    pub id: TriggerId,
    pub status: TriggerStatus,
}

/// What the broker says of the account and the token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountProfile {
    pub client_id: String,
    pub token_expires: Option<Timestamp>,
    /// What may be traded, in the broker's words.
    pub segments: String,
    /// Whether market data may be asked for.
    pub market_data: bool,
}

/// The options of one expiry with their prices, ascending by strike, the call of a strike before its put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionChain {
    pub underlying: Contract,
    pub expiry: Date,
    /// The underlying's last price.
    pub spot: Price,
    pub options: Vec<ChainOption>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainOption {
    pub contract: Contract,
    pub quote: Quote,
    /// The broker's figure, in percent a year.
    pub implied_volatility: Option<Decimal>,
    pub greeks: Option<OptionGreeks>,
    /// Units.
    pub open_interest: u64,
    pub previous_open_interest: u64,
    /// Units.
    pub volume: u64,
    pub previous_close: Option<Price>,
}

/// The broker's figures: theta per day, vega per 1 % of volatility.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptionGreeks {
    pub delta: Decimal,
    pub gamma: Decimal,
    pub theta: Decimal,
    pub vega: Decimal,
}
