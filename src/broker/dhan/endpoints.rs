//! Where the account's hosts are, and who asks.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::net::{Backoff, HttpSettings};
use crate::net::{Secret, SocketSettings};
use std::time::Duration;

/// Every address can be set: live, sandbox and the built-in exchange differ in nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DhanEndpoints {
    /// Base of the REST calls, without a slash at the end.
    pub rest: String,
    /// Base of the token calls.
    pub auth: String,
    /// The market-feed socket.
    pub feed: String,
    /// The order-update socket.
    pub orders: String,
    /// The socket of 20 levels.
    pub depth_20: String,
    /// The socket of 200 levels. The broker's own client asks for `/` there.
    pub depth_200: String,
    /// The instrument master, whole.
    pub instruments: String,
}

impl Default for DhanEndpoints {
    /// The live hosts.
    fn default() -> Self {
        Self {
            rest: "https://api.dhan.co/v2".into(),
            auth: "https://auth.dhan.co".into(),
            feed: "wss://api-feed.dhan.co".into(),
            orders: "wss://api-order-update.dhan.co".into(),
            depth_20: "wss://depth-api-feed.dhan.co/twentydepth".into(),
            depth_200: "wss://full-depth-api.dhan.co/twohundreddepth".into(),
            instruments: "https://images.dhan.co/api-data/api-scrip-master-detailed.csv".into(),
        }
    }
}

impl DhanEndpoints {
    /// A server on this machine that serves all of them.
    pub fn local(address: SocketAddr) -> Self {
        Self {
            rest: format!("http://{address}/v2"),
            auth: format!("http://{address}"),
            feed: format!("ws://{address}/feed"),
            orders: format!("ws://{address}/order-updates"),
            depth_20: format!("ws://{address}/twentydepth"),
            depth_200: format!("ws://{address}/twohundreddepth"),
            instruments: format!("http://{address}/api-data/api-scrip-master-detailed.csv"),
        }
    }

    /// Whether any call needs TLS.
    pub(super) fn need_tls(&self) -> bool {
        [&self.rest, &self.auth, &self.instruments].iter().any(|url| url.starts_with("https"))
    }
}

/// Who asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DhanCredentials {
    pub client_id: String,
    pub access_token: Secret,
}

/// How long to wait for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DhanSettings {
    pub http: HttpSettings,
    /// For the instrument master, some 30 MB.
    pub download: Duration,
    /// Between two requests of one call for many quotes (one a second is allowed).
    pub quote_pause: Duration,
    pub feed: SocketSettings,
    pub orders: SocketSettings,
    /// A feed that was lively and then tells nothing for so long, though it stands, is connected anew.
    pub quiet: Duration,
    /// Wait after the feed ended the session for too many connections, or for the token.
    pub penalty: Duration,
    pub market_orders: MarketOrders,
}

/// How an order at the market price is written. Exchanges do not take any from programs: the broker makes limit orders
/// of them, or they must be sent as such.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MarketOrders {
    /// As a market order; the broker turns it into a limit order with its own protection band.
    #[default]
    Market,
    /// As a limit order with a protection band of ours, from a price asked for at that moment.
    ProtectedLimit,
}

impl Default for DhanSettings {
    fn default() -> Self {
        let slow = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(30) };
        let socket = SocketSettings { backoff: slow, ..SocketSettings::default() };
        Self {
            http: HttpSettings::default(),
            download: Duration::from_secs(180),
            quote_pause: Duration::from_millis(1_050),
            // The server pings every 10 s and gives up after 40 s.
            feed: SocketSettings { silence: Duration::from_secs(25), ..socket },
            orders: SocketSettings { silence: Duration::from_secs(40), ..socket },
            quiet: Duration::from_secs(15),
            penalty: Duration::from_secs(60),
            market_orders: MarketOrders::default(),
        }
    }
}
