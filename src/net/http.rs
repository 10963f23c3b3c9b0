//! One HTTP request, one answer: no retries, no redirects (unless asked for), no proxies, HTTP/1.1.
//!
//! What matters to a trader is whether a request that failed can have been executed: [`HttpFailure`] says what is known.

use std::error::Error as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

pub use reqwest::Method;
use reqwest::redirect::Policy;

use crate::domain::time::Timestamp;

/// Which addresses to leave from. A broker that knows only an IPv4 address refuses orders that come over IPv6.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AddressFamily {
    #[default]
    Any,
    V4,
    V6,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpSettings {
    /// Until the connection (TLS included) stands. Shorter than `total`, so that a connection that never came about is
    /// known as such.
    pub connect: Duration,
    /// Until the answer is complete.
    pub total: Duration,
    /// A connection idle for longer is not used again: the server may be closing it at this moment.
    pub idle: Duration,
    pub family: AddressFamily,
    /// The longest body that is taken, in bytes.
    pub longest_body: usize,
    /// How many redirects are followed. None for calls that change something.
    pub redirects: usize,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(4),
            total: Duration::from_secs(10),
            idle: Duration::from_secs(20),
            family: AddressFamily::Any,
            longest_body: 16 * 1024 * 1024,
            redirects: 0,
        }
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpFailure {
    /// Not a byte of the request left.
    #[error("not sent: {0}")]
    NotSent(String),
    /// It may have arrived; the answer was lost, cut short or did not come in time.
    #[error("no answer: {0}")]
    Unanswered(String),
}

/// A request. Headers are not shown by `Debug`: they carry tokens.
pub struct HttpRequest<'a> {
    pub method: Method,
    pub url: &'a str,
    pub headers: &'a [(&'a str, &'a str)],
    /// JSON, if there is a body.
    pub body: Option<Vec<u8>>,
}

/// An answer, whatever its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpAnswer {
    pub status: u16,
    pub body: Vec<u8>,
    /// When it was made by the other side's clock, in whole seconds.
    pub date: Option<Timestamp>,
}

/// Keeps connections open between requests. Cheap to clone.
#[derive(Clone, Debug)]
pub struct HttpClient {
    client: reqwest::Client,
    longest_body: usize,
}

impl HttpClient {
    /// For addresses that begin with `https`, and plain ones.
    pub fn new(settings: &HttpSettings) -> Result<Self, HttpFailure> {
        Self::build(settings, true)
    }

    /// For plain addresses only (loopback): asks the system for no certificates, so it works where there are none.
    pub fn plain(settings: &HttpSettings) -> Result<Self, HttpFailure> {
        Self::build(settings, false)
    }

    fn build(settings: &HttpSettings, tls: bool) -> Result<Self, HttpFailure> {
        super::install_crypto();
        let mut builder = reqwest::Client::builder()
            .http1_only()
            .retry(reqwest::retry::never())
            .redirect(redirects(settings.redirects))
            .no_proxy()
            .tcp_nodelay(true)
            .connect_timeout(settings.connect)
            .timeout(settings.total)
            .pool_idle_timeout(settings.idle)
            .local_address(local_address(settings.family))
            .user_agent(concat!("strikedeck/", env!("CARGO_PKG_VERSION")));
        if !tls {
            builder = builder.tls_certs_only([]);
        }
        let client = builder.build().map_err(|e| HttpFailure::NotSent(describe(e)))?;
        Ok(Self { client, longest_body: settings.longest_body })
    }

    /// Sends it once.
    pub async fn send(&self, request: HttpRequest<'_>) -> Result<HttpAnswer, HttpFailure> {
        let mut building = self.client.request(request.method, request.url);
        for (name, value) in request.headers {
            building = building.header(*name, *value);
        }
        building = building.header("accept", "application/json");
        if let Some(body) = request.body {
            building = building.header("content-type", "application/json").body(body);
        }
        let mut response = building.send().await.map_err(failure)?;
        let status = response.status().as_u16();
        let date = response.headers().get("date").and_then(|v| v.to_str().ok()).and_then(date_of);
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| HttpFailure::Unanswered(describe(e)))? {
            if body.len() + chunk.len() > self.longest_body {
                return Err(HttpFailure::Unanswered(format!("the answer is longer than {} bytes", self.longest_body)));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(HttpAnswer { status, body, date })
    }
}

/// `Fri, 20 Nov 2026 04:30:00 GMT`.
fn date_of(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text.trim()).ok()
}

/// Follows so many, but never from a secure address to a plain one.
fn redirects(most: usize) -> Policy {
    if most == 0 {
        return Policy::none();
    }
    Policy::custom(move |attempt| {
        let was_secure = attempt.previous().last().is_some_and(|url| url.scheme() == "https");
        if attempt.previous().len() > most || (was_secure && attempt.url().scheme() != "https") {
            attempt.stop()
        } else {
            attempt.follow()
        }
    })
}

fn local_address(family: AddressFamily) -> Option<IpAddr> {
    match family {
        AddressFamily::Any => None,
        AddressFamily::V4 => Some(Ipv4Addr::UNSPECIFIED.into()),
        AddressFamily::V6 => Some(Ipv6Addr::UNSPECIFIED.into()),
    }
}

fn failure(error: reqwest::Error) -> HttpFailure {
    if error.is_connect() || error.is_builder() {
        HttpFailure::NotSent(describe(error))
    } else {
        HttpFailure::Unanswered(describe(error))
    }
}

/// The last cause, without the address (which may carry a secret).
fn describe(error: reqwest::Error) -> String {
    let error = error.without_url();
    if error.is_timeout() {
        return if error.is_connect() { "no connection in time" } else { "no answer in time" }.to_string();
    }
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        text = deeper.to_string();
        cause = deeper.source();
    }
    text
}

#[cfg(test)]
mod tests;
