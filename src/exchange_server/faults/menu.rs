//! The fault menu: everything that can be made to go wrong, in one enum.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::endpoint::{Category, Endpoint};

/// One thing that goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// The answer takes this much longer.
    Latency { ms: u64 },
    /// The request is swallowed: nothing is done, no answer comes.
    TimeoutBefore,
    /// It is done, and the answer never comes.
    TimeoutAfter,
    /// 429 with the documented body of the category, or a plain text.
    TooManyRequests {
        #[serde(default)]
        plain_text: bool,
    },
    /// 500, 502, 503: the broker's own DH-908, or a page of the load balancer.
    ServerError {
        #[serde(default = "internal")]
        status: u16,
        #[serde(default)]
        html: bool,
        /// What was asked for is done all the same.
        #[serde(default)]
        done: bool,
    },
    /// The connection is cut in the middle.
    ConnectionReset {
        /// What was asked for is done all the same.
        #[serde(default)]
        done: bool,
    },
    /// An error body of any kind, also one whose code does not fit its words.
    WrongCode {
        status: u16,
        code: String,
        message: String,
        /// What was asked for is done all the same.
        #[serde(default)]
        done: bool,
    },
    /// Of a sliced order so many pieces are taken, the rest is not.
    PartialSlice { pieces: usize },
    /// Order calls come from an address that is not registered.
    InvalidIp,
    /// The token is worth nothing, as if another had been made elsewhere.
    TokenRevoked,
    /// The order socket leaves out a message.
    UpdateLost,
    /// … sends it twice.
    UpdateDuplicated,
    /// … sends it after the one that follows.
    UpdateReordered,
    /// The order socket is closed.
    OrderSocketClosed,
    /// The order socket stands but nothing comes through it any more, not even answers to pings.
    OrderSocketFrozen,
    /// The feed stands, answers pings, and tells no price.
    FeedSilent,
    /// The feed stands but nothing comes through it any more, not even answers to pings.
    FeedFrozen,
    /// Several packets in one message.
    FeedStacked,
    /// A packet in two messages.
    FeedSplit,
    /// The feed is closed without a word.
    FeedClosed,
    /// The feed says why (805 too many connections, 807 token expired, …) and closes.
    FeedEnded {
        #[serde(default = "too_many")]
        code: u16,
    },
    /// A new feed connection is refused in the handshake, as after too many attempts.
    FeedRefused {
        #[serde(default = "too_many_requests")]
        status: u16,
    },
    /// Last traded quantities beyond sixteen bits, of which the feed shows the lower ones.
    LtqWrap,
    /// The instrument list of so many days ago.
    InstrumentsStale {
        #[serde(default = "a_week")]
        days: i64,
    },
    /// Its columns in another order.
    InstrumentsReordered,
    /// A column with another name.
    InstrumentsRenamed { column: String, to: String },
}

fn internal() -> u16 {
    500
}
fn too_many() -> u16 {
    805
}
fn too_many_requests() -> u16 {
    429
}
fn a_week() -> i64 {
    7
}

/// Where a fault happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Around a request and its answer.
    Request,
    /// In the order system's own work.
    Slice,
    Account,
    OrderMessage,
    OrderSocket,
    FeedMessage,
    FeedSocket,
    FeedHandshake,
    Instruments,
}

impl Fault {
    /// Its name in files and lists.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Latency { .. } => "latency",
            Self::TimeoutBefore => "timeout_before",
            Self::TimeoutAfter => "timeout_after",
            Self::TooManyRequests { .. } => "too_many_requests",
            Self::ServerError { .. } => "server_error",
            Self::ConnectionReset { .. } => "connection_reset",
            Self::WrongCode { .. } => "wrong_code",
            Self::PartialSlice { .. } => "partial_slice",
            Self::InvalidIp => "invalid_ip",
            Self::TokenRevoked => "token_revoked",
            Self::UpdateLost => "update_lost",
            Self::UpdateDuplicated => "update_duplicated",
            Self::UpdateReordered => "update_reordered",
            Self::OrderSocketClosed => "order_socket_closed",
            Self::OrderSocketFrozen => "order_socket_frozen",
            Self::FeedSilent => "feed_silent",
            Self::FeedFrozen => "feed_frozen",
            Self::FeedStacked => "feed_stacked",
            Self::FeedSplit => "feed_split",
            Self::FeedClosed => "feed_closed",
            Self::FeedEnded { .. } => "feed_ended",
            Self::FeedRefused { .. } => "feed_refused",
            Self::LtqWrap => "ltq_wrap",
            Self::InstrumentsStale { .. } => "instruments_stale",
            Self::InstrumentsReordered => "instruments_reordered",
            Self::InstrumentsRenamed { .. } => "instruments_renamed",
        }
    }

    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Latency { .. }
            | Self::TimeoutBefore
            | Self::TimeoutAfter
            | Self::TooManyRequests { .. }
            | Self::ServerError { .. }
            | Self::ConnectionReset { .. }
            | Self::WrongCode { .. } => Kind::Request,
            Self::PartialSlice { .. } => Kind::Slice,
            Self::InvalidIp | Self::TokenRevoked => Kind::Account,
            Self::UpdateLost | Self::UpdateDuplicated | Self::UpdateReordered => Kind::OrderMessage,
            Self::OrderSocketClosed | Self::OrderSocketFrozen => Kind::OrderSocket,
            Self::FeedStacked | Self::FeedSplit | Self::LtqWrap => Kind::FeedMessage,
            Self::FeedSilent | Self::FeedFrozen | Self::FeedClosed | Self::FeedEnded { .. } => Kind::FeedSocket,
            Self::FeedRefused { .. } => Kind::FeedHandshake,
            Self::InstrumentsStale { .. } | Self::InstrumentsReordered | Self::InstrumentsRenamed { .. } => {
                Kind::Instruments
            }
        }
    }
}

/// What a fault of requests is for: an endpoint, or a whole category.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Target {
    Category(Category),
    Endpoint(Endpoint),
}

impl Target {
    pub fn holds(self, endpoint: Endpoint) -> bool {
        match self {
            Self::Category(category) => endpoint.is_in(category),
            Self::Endpoint(own) => own == endpoint,
        }
    }
}

/// A fault with when and how often it happens. Everything but the fault may be left out: then it happens every time,
/// at every endpoint it can happen at, until it is cleared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultSpec {
    pub fault: Fault,
    /// Of faults around requests: where. Empty: all of REST.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on: Vec<Target>,
    /// So many occasions are let pass first.
    #[serde(default)]
    pub skip: u32,
    /// How often it happens at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// How likely it is on each occasion: 1 is always.
    #[serde(default = "always")]
    pub chance: f64,
    /// For how long from when it is set (`30s`, `500ms`, `2m`), by the machine's own clock.
    #[serde(rename = "for", default, with = "span", skip_serializing_if = "Option::is_none")]
    pub lasts: Option<Duration>,
}

fn always() -> f64 {
    1.0
}

impl FaultSpec {
    /// Every time, everywhere, until cleared.
    pub fn new(fault: Fault) -> Self {
        Self { fault, on: Vec::new(), skip: 0, times: None, chance: 1.0, lasts: None }
    }

    #[must_use]
    pub fn on(mut self, endpoints: &[Endpoint]) -> Self {
        self.on = endpoints.iter().map(|e| Target::Endpoint(*e)).collect();
        self
    }

    #[must_use]
    pub fn in_category(mut self, category: Category) -> Self {
        self.on = vec![Target::Category(category)];
        self
    }

    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    #[must_use]
    pub fn after(mut self, skip: u32) -> Self {
        self.skip = skip;
        self
    }

    #[must_use]
    pub fn lasting(mut self, lasts: Duration) -> Self {
        self.lasts = Some(lasts);
        self
    }

    pub(super) fn concerns(&self, endpoint: Endpoint) -> bool {
        if self.on.is_empty() {
            return self.fault.kind() != Kind::Request || endpoint.is_in(Category::Rest);
        }
        self.on.iter().any(|t| t.holds(endpoint))
    }
}

/// Faults that happen by themselves now and then, drawn from the seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RandomFaults {
    /// Of each occasion: 0.02 is one in fifty.
    pub chance: f64,
    /// Drawn from these, each as likely as the others.
    pub menu: Vec<Fault>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on: Vec<Target>,
}

impl RandomFaults {
    /// As specifications: each of the menu with its part of the chance.
    pub(super) fn specs(&self) -> impl Iterator<Item = FaultSpec> + '_ {
        let each = self.chance / self.menu.len().max(1) as f64;
        self.menu.iter().map(move |fault| FaultSpec {
            on: self.on.clone(),
            chance: each,
            ..FaultSpec::new(fault.clone())
        })
    }
}

/// `500ms`, `30s`, `2m`.
mod span {
    use super::{Deserialize, Deserializer, Duration, Serializer};

    #[allow(clippy::ref_option)] // what serde asks for
    pub fn serialize<S: Serializer>(span: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
        match span {
            None => to.serialize_none(),
            Some(span) => to.serialize_str(&format!("{}ms", span.as_millis())),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
        let text = String::deserialize(from)?;
        super::read_span(&text).map(Some).map_err(serde::de::Error::custom)
    }
}

fn read_span(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| format!("`{text}` is no length of time, such as 500ms, 30s or 2m"))?;
    match unit {
        "ms" => Ok(Duration::from_millis(number)),
        "s" | "" => Ok(Duration::from_secs(number)),
        "m" => Ok(Duration::from_secs(number.saturating_mul(60))),
        _ => Err(format!("`{unit}` is no unit of time: ms, s or m")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_written_as_people_say_it() {
        let text = "fault: {server_error: {status: 502, html: true}}\non: [place, data_calls]\ntimes: 2\nfor: 30s\n";
        let spec: FaultSpec = serde_saphyr::from_str(text).unwrap();
        assert_eq!(spec.fault, Fault::ServerError { status: 502, html: true, done: false });
        assert_eq!((spec.times, spec.skip, spec.lasts), (Some(2), 0, Some(Duration::from_secs(30))));
        assert!(spec.concerns(Endpoint::Place) && spec.concerns(Endpoint::OptionChain));
        assert!(!spec.concerns(Endpoint::Cancel));
        let spec: FaultSpec = serde_saphyr::from_str("fault: feed_silent\n").unwrap();
        assert_eq!(spec, FaultSpec::new(Fault::FeedSilent));
    }

    #[test]
    fn what_is_no_fault_is_refused() {
        for text in ["fault: gremlins", "fault: {latency: {ms: 5, hours: 1}}", "fault: feed_silent\nwhenever: 3"] {
            assert!(serde_saphyr::from_str::<FaultSpec>(text).is_err(), "{text}");
        }
        for (text, ms) in [("500ms", 500), ("30s", 30_000), ("2m", 120_000), ("7", 7_000)] {
            assert_eq!(read_span(text).unwrap().as_millis(), ms);
        }
        assert!(read_span("soon").is_err() && read_span("3h").is_err());
    }

    #[test]
    fn a_fault_of_requests_spares_the_sockets() {
        let spec = FaultSpec::new(Fault::TimeoutAfter);
        assert!(spec.concerns(Endpoint::Place) && !spec.concerns(Endpoint::Feed));
        let round = serde_json::to_string(&spec.clone().times(3)).unwrap();
        assert_eq!(serde_json::from_str::<FaultSpec>(&round).unwrap(), spec.times(3));
    }
}
