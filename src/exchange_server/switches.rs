//! What the sources on the broker's interface disagree about, one switch each: the default is the better-supported form, the
//! alternative is what others have seen. A client has to work with either.

use serde::{Deserialize, Serialize};

use crate::exchange::Ways;

/// The profile of an exchange: every switch, with the broker's likeliest form as default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    pub order_by_id: OrderById,
    pub cancel_in_transit: CancelInTransit,
    pub trades_of_order: TradesOfOrder,
    pub cancel_status: CancelStatus,
    pub order_socket_keys: SocketKeys,
    pub order_socket_login: LoginAnswer,
    pub empty_holdings: EmptyHoldings,
    pub invalid_ip_code: InvalidIpCode,
    pub correlation_id_limit: MarkLimit,
    pub previous_close_packet: PreviousClosePacket,
    pub feed_close_field: FeedCloseField,
    pub multi_margin: MultiMarginForm,
    pub market_orders: MarketOrders,
    pub bad_token_on_feed: BadTokenOnFeed,
    pub empty_charts: EmptyCharts,
    pub pnl_exit_key: PnlExitKey,
    pub deep_path: DeepPath,
    pub depth_unsubscribe: DepthUnsubscribe,
}

/// `GET /orders/{id}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderById {
    #[default]
    Object,
    OneElementArray,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelInTransit {
    /// 400 DH-906 `Order is in Transit state`.
    #[default]
    Refuse,
    Accept,
}

/// `GET /trades/{order-id}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TradesOfOrder {
    #[default]
    Array,
    /// One fill alone, without the array around it; several stay an array.
    Object,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum CancelStatus {
    #[default]
    #[serde(rename = "200")]
    Ok,
    #[serde(rename = "202")]
    Accepted,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SocketKeys {
    #[default]
    CamelCase,
    PascalCase,
}

/// What the order socket says to a good login.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoginAnswer {
    #[default]
    None,
    /// A frame of type `login`, without data.
    Frame,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmptyHoldings {
    /// 500 DH-1111, as live.
    #[default]
    Error,
    /// 200 `[]`, as the sandbox.
    EmptyArray,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum InvalidIpCode {
    #[default]
    #[serde(rename = "DH-905")]
    Dh905,
    #[serde(rename = "DH-911")]
    Dh911,
}

/// The longest correlation id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum MarkLimit {
    #[default]
    #[serde(rename = "25")]
    Safe,
    #[serde(rename = "30")]
    Documented,
}

/// Which instruments get a packet with the previous close when they are subscribed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PreviousClosePacket {
    #[default]
    IndicesOnly,
    All,
}

/// What quote and full packets say in their close field during the session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedCloseField {
    #[default]
    PreviousClose,
    ZeroUntilClose,
}

/// The answer of the multi margin calculator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MultiMarginForm {
    #[default]
    CamelCaseNumbers,
    SnakeCaseTexts,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarketOrders {
    /// They become limit orders with a protective band.
    #[default]
    ProtectedLimit,
    /// They trade whole at the touch.
    FilledAtTouch,
}

/// How the feed treats a token that is no good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BadTokenOnFeed {
    /// The handshake is refused with 401.
    #[default]
    HandshakeRefused,
    /// The connection is made, says 808 or 809 and closes.
    DisconnectPacket,
}

/// Charts of an unknown instrument, or of days without trading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmptyCharts {
    /// 200 with empty arrays.
    #[default]
    EmptyArrays,
    /// 400 DH-905.
    Error,
}

/// The name of the kill-switch field in the answer to `GET /pnlExit`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PnlExitKey {
    #[default]
    #[serde(rename = "enable_kill_switch")]
    SnakeCase,
    #[serde(rename = "enableKillSwitch")]
    CamelCase,
}

/// Where the socket with 200 levels is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeepPath {
    #[default]
    Both,
    /// At `/twohundreddepth` only, as documented.
    Documented,
    /// At `/` only, where the broker's own client looks for it.
    Root,
}

/// The request code that takes a subscription of depth back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DepthUnsubscribe {
    #[default]
    #[serde(rename = "either")]
    Either,
    #[serde(rename = "24")]
    Code24,
    #[serde(rename = "25")]
    Code25,
}

impl Switches {
    /// The switches that are the order system's own.
    pub fn ways(&self) -> Ways {
        Ways {
            market_at_touch: self.market_orders == MarketOrders::FilledAtTouch,
            cancel_in_transit: self.cancel_in_transit == CancelInTransit::Accept,
            longest_mark: match self.correlation_id_limit {
                MarkLimit::Safe => 25,
                MarkLimit::Documented => 30,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_read_as_people_write_it() {
        let text = "order_by_id: one_element_array\ncancel_status: \"202\"\ninvalid_ip_code: DH-911\n";
        let read: Switches = serde_saphyr::from_str(text).unwrap();
        assert_eq!(read.order_by_id, OrderById::OneElementArray);
        assert_eq!((read.cancel_status, read.invalid_ip_code), (CancelStatus::Accepted, InvalidIpCode::Dh911));
        assert_eq!(Switches { order_by_id: OrderById::Object, ..read }.order_socket_keys, SocketKeys::CamelCase);
        assert!(serde_saphyr::from_str::<Switches>("order_by_id: sometimes").is_err());
        assert!(serde_saphyr::from_str::<Switches>("colour: red").is_err());
        let written = serde_json::to_string(&read).unwrap();
        assert_eq!(serde_json::from_str::<Switches>(&written).unwrap(), read);
    }
}
