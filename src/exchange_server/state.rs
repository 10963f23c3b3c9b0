//! What all handlers share: the exchange, who may ask, and how often.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::HeaderMap;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::core::Core;
use super::faults::{Endpoint, Faults};
use super::identity::{Identity, TokenStanding};
use super::limits::{Bucket, Limits, TooFast};
use super::rest::answers::{Refused, TOO_FAST};
use super::switches::{InvalidIpCode, Switches};
use super::time_source::TimeSource;
use crate::domain::time::Timestamp;
use crate::protocol::dhan::errors::{DataCode, TradingCode};

/// Feed connections of one user; one more drops the oldest.
const MOST_FEEDS: usize = 5;
/// Order sockets at once.
const MOST_ORDER_SOCKETS: usize = 16;

/// Shared by all handlers; cheap to copy.
#[derive(Clone)]
pub struct Shared(Arc<Inner>);

pub struct Inner {
    pub core: Core,
    pub identity: Identity,
    pub time: TimeSource,
    pub cancel: CancellationToken,
    pub faults: Faults,
    switches: Mutex<Switches>,
    /// Places for order sockets.
    pub order_sockets: Arc<Semaphore>,
    limits: Mutex<Limits>,
    /// One token per feed connection, oldest first.
    feeds: Mutex<VecDeque<CancellationToken>>,
    /// And per depth connection.
    depths: Mutex<VecDeque<CancellationToken>>,
}

impl std::ops::Deref for Shared {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Shared {
    pub fn new(
        core: Core,
        identity: Identity,
        time: TimeSource,
        cancel: CancellationToken,
        faults: Faults,
        switches: Switches,
    ) -> Self {
        Self(Arc::new(Inner {
            core,
            identity,
            time,
            cancel,
            faults,
            switches: Mutex::new(switches),
            order_sockets: Arc::new(Semaphore::new(MOST_ORDER_SOCKETS)),
            limits: Mutex::default(),
            feeds: Mutex::default(),
            depths: Mutex::default(),
        }))
    }

    pub fn now(&self) -> Timestamp {
        self.time.now()
    }

    /// The account all calls are about.
    pub fn account(&self) -> String {
        self.identity.client_id.clone()
    }

    /// The switches as they stand.
    pub fn switches(&self) -> Switches {
        *self.switches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the switches of the server; the exchange's own are for the caller to hand on.
    pub fn set_switches(&self, switches: Switches) {
        *self.switches.lock().unwrap_or_else(PoisonError::into_inner) = switches;
    }

    /// Whether a token is good now.
    pub fn knows(&self, token: &str, endpoint: Endpoint) -> bool {
        self.identity.accepts(token) && !self.faults.revokes_token(endpoint)
    }

    /// A call of the trading system: the token is checked first, then the pace, then (of orders) where it comes from.
    pub fn admit(&self, headers: &HeaderMap, bucket: &Bucket) -> Result<(), Refused> {
        let endpoint = bucket.endpoint();
        let standing = match self.identity.standing(text(headers, "access-token")) {
            TokenStanding::Good if self.faults.revokes_token(endpoint) => TokenStanding::Revoked,
            standing => standing,
        };
        match standing {
            TokenStanding::Good => {}
            // A token that was replaced is refused in the words of an order, where an order is asked for.
            TokenStanding::Revoked if *bucket == Bucket::Order => return Err(Refused::order("Invalid Token")),
            TokenStanding::Revoked | TokenStanding::Bad => {
                return Err(Refused::trading(401, TradingCode::InvalidAuthentication, BAD_TOKEN));
            }
        }
        self.take(bucket).map_err(|TooFast| Refused::trading(429, TradingCode::RateLimit, TOO_FAST))?;
        let is_order = *bucket == Bucket::Order;
        if is_order && (!self.identity.allows_orders() || self.faults.refuses_address(endpoint)) {
            return Err(self.invalid_address());
        }
        Ok(())
    }

    /// What a caller from an unregistered address is told.
    fn invalid_address(&self) -> Refused {
        match self.switches().invalid_ip_code {
            InvalidIpCode::Dh905 => Refused::input("Invalid IP"),
            InvalidIpCode::Dh911 => Refused::trading(400, TradingCode::InvalidIp, "Invalid IP"),
        }
    }

    /// A call of the data system, which also wants to be told the client.
    pub fn admit_data(&self, headers: &HeaderMap, bucket: &Bucket) -> Result<(), Refused> {
        let known = self.knows(text(headers, "access-token"), bucket.endpoint());
        if !known || text(headers, "client-id") != self.identity.client_id {
            return Err(Refused::data(401, DataCode::AuthenticationFailed));
        }
        self.take(bucket).map_err(|TooFast| Refused::data(429, DataCode::TooMany))
    }

    /// A place among the feed connections. The token is cancelled when it is lost to a newer one.
    pub fn feed_place(&self) -> CancellationToken {
        place_among(&self.feeds)
    }

    /// A place among the depth connections, likewise.
    pub fn depth_place(&self) -> CancellationToken {
        place_among(&self.depths)
    }

    fn take(&self, bucket: &Bucket) -> Result<(), TooFast> {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner).take(bucket, self.now())
    }
}

fn place_among(connections: &Mutex<VecDeque<CancellationToken>>) -> CancellationToken {
    let mut connections = connections.lock().unwrap_or_else(PoisonError::into_inner);
    connections.retain(|place| !place.is_cancelled());
    if connections.len() >= MOST_FEEDS
        && let Some(oldest) = connections.pop_front()
    {
        oldest.cancel();
    }
    let place = CancellationToken::new();
    connections.push_back(place.clone());
    place
}

const BAD_TOKEN: &str = "Client ID or user generated access token is invalid or expired.";

/// A header, empty where there is none.
pub fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
}
