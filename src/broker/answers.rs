//! What brokers answer, where the domain has no word for it.

use crate::domain::time::Timestamp;
use crate::domain::{BrokerOrderId, SeenStatus, TriggerId, TriggerStatus};

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
    /// Whether options and futures may be traded; `None` where the broker does not say.
    pub derivatives: Option<bool>,
    /// Whether market data may be asked for.
    pub market_data: bool,
    /// Until when that is paid.
    pub market_data_until: Option<Timestamp>,
    /// Shares can be sold without a password of the depository.
    pub depository_slip: bool,
    /// Shares can be bought with the broker's money.
    pub margin_trading: bool,
}
