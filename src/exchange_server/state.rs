//! What all handlers share: the exchange, who may ask, and how often.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::HeaderMap;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::core::Core;
use super::identity::Identity;
use super::limits::{Bucket, Limits, TooFast};
use super::rest::answers::Refused;
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
    pub fn new(core: Core, identity: Identity, time: TimeSource, cancel: CancellationToken) -> Self {
        Self(Arc::new(Inner {
            core,
            identity,
            time,
            cancel,
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

    /// A call of the trading system: the token is checked first, then the pace.
    pub fn admit(&self, headers: &HeaderMap, bucket: &Bucket) -> Result<(), Refused> {
        if !self.identity.accepts(text(headers, "access-token")) {
            return Err(Refused::trading(401, TradingCode::InvalidAuthentication, BAD_TOKEN));
        }
        self.take(bucket).map_err(|TooFast| Refused::trading(429, TradingCode::RateLimit, TOO_FAST))
    }

    /// A call of the data system, which also wants to be told the client.
    pub fn admit_data(&self, headers: &HeaderMap, bucket: &Bucket) -> Result<(), Refused> {
        let known = self.identity.accepts(text(headers, "access-token"));
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
const TOO_FAST: &str = "Too many requests on server from single user breaching rate limits. Try throttling API calls.";

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
}
