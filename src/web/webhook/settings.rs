//! `webhook` in `strategy.yaml`: where signals are taken, from whom, how often.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::http::HeaderName;
use ipnet::IpNet;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::domain::time::ist_offset;
use crate::protocol::signal;
use crate::web::pace::Rate;

/// From where TradingView sends (<https://www.tradingview.com/support/solutions/43000529348>, as of November 2026).
const TRADINGVIEW: [&str; 4] = ["52.89.214.238", "34.212.75.30", "54.218.53.128", "52.32.178.7"];

/// How a sender shows that it knows the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretForm {
    /// `/webhook/SECRET`.
    Path,
    /// The field `secret` of the body.
    Body,
    /// `X-Webhook-Token`.
    Header,
    /// HMAC-SHA256 of `X-Timestamp`, a point and the body, in `X-Signature`.
    Signature,
}

impl SecretForm {
    pub const ALL: [Self; 4] = [Self::Path, Self::Body, Self::Header, Self::Signature];
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebhookSettings {
    /// Address and port; port 0 takes any that is free.
    pub bind: String,
    /// The name that a tunnel is reached by. Empty: none.
    pub public_host: String,
    /// What a timestamp without a zone is in.
    pub time_zone: String,
    pub accept: Vec<SecretForm>,
    /// Addresses, networks, or `tradingview`. None: anybody who knows the secret.
    pub sources: Vec<String>,
    /// The header in which the tunnel's own program on this machine says who sent it. Empty: none is believed.
    pub address_header: String,
    /// Requests of one source: so many at once …
    pub burst: u32,
    /// … and so many a second from then on.
    pub per_second: u32,
    /// The sender is answered after this long at the latest.
    pub answer_within_ms: u64,
}

impl Default for WebhookSettings {
    fn default() -> Self {
        Self {
            bind: "127.0.0.1:8000".into(),
            public_host: String::new(),
            time_zone: "Asia/Kolkata".into(),
            accept: SecretForm::ALL.to_vec(),
            sources: Vec::new(),
            address_header: String::new(),
            burst: 60,
            per_second: 20,
            answer_within_ms: 2_500,
        }
    }
}

/// The same, ready for use.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    pub bind: SocketAddr,
    pub public_host: String,
    pub zone: TimeZone,
    pub accept: Vec<SecretForm>,
    pub sources: Vec<IpNet>,
    pub address_header: Option<HeaderName>,
    pub rate: Rate,
    pub answer_within: Duration,
}

/// A setting that makes no sense, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("webhook.{setting} is {value}: {remedy}")]
pub struct Nonsense {
    pub setting: &'static str,
    pub value: String,
    pub remedy: &'static str,
}

impl WebhookSettings {
    /// What makes no sense in it.
    pub fn wrong(&self) -> Option<Nonsense> {
        self.policy().err()
    }

    pub(super) fn policy(&self) -> Result<Policy, Nonsense> {
        let no = |setting, value: &str, remedy| Nonsense { setting, value: format!("`{value}`"), remedy };
        let count = |setting, value: u64, most: u64, remedy| {
            if (1..=most).contains(&value) {
                Ok(())
            } else {
                Err(Nonsense { setting, value: value.to_string(), remedy })
            }
        };
        let bind = self.bind.parse().map_err(|_| no("bind", &self.bind, "write 127.0.0.1:8000, or another port"))?;
        let host = self.public_host.as_str();
        if host.len() > 253 || !host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-')) {
            return Err(no("public_host", host, "write the bare name, such as desk.example.com, or leave it empty"));
        }
        let zone = zone(&self.time_zone)
            .ok_or_else(|| no("time_zone", &self.time_zone, "write Asia/Kolkata, UTC, or an offset such as +05:30"))?;
        if self.accept.is_empty() {
            return Err(no("accept", "", "write at least one of path, body, header, signature"));
        }
        let remedy = "write tradingview, an address, or a network such as 203.0.113.0/24";
        let mut sources = Vec::new();
        for name in &self.sources {
            sources.extend(networks(name).ok_or_else(|| no("sources", name, remedy))?);
        }
        let header = self.address_header.as_str();
        let address_header = match header {
            "" => None,
            name => Some(name.parse().map_err(|_| {
                no("address_header", name, "write CF-Connecting-IP (cloudflared) or X-Forwarded-For (ngrok)")
            })?),
        };
        count("burst", self.burst.into(), 1_000_000, "write 1 to 1000000")?;
        count("per_second", self.per_second.into(), 1_000_000, "write 1 to 1000000")?;
        count("answer_within_ms", self.answer_within_ms, 10_000, "TradingView waits 3 s: write at most 10000")?;
        Ok(Policy {
            bind,
            public_host: host.to_ascii_lowercase(),
            zone,
            accept: self.accept.clone(),
            sources,
            address_header,
            rate: Rate { burst: self.burst, per_second: self.per_second },
            answer_within: Duration::from_millis(self.answer_within_ms),
        })
    }
}

fn zone(name: &str) -> Option<TimeZone> {
    match name {
        // The one that must be there on every machine.
        "Asia/Kolkata" | "IST" => Some(TimeZone::fixed(ist_offset())),
        "UTC" => Some(TimeZone::UTC),
        _ => signal::offset(name).map(TimeZone::fixed).or_else(|| TimeZone::get(name).ok()),
    }
}

fn networks(name: &str) -> Option<Vec<IpNet>> {
    if name.eq_ignore_ascii_case("tradingview") {
        return Some(TRADINGVIEW.iter().filter_map(|a| a.parse::<IpAddr>().ok()).map(IpNet::from).collect());
    }
    let one = name.parse::<IpAddr>().map(IpNet::from).or_else(|_| name.parse()).ok()?;
    Some(vec![one])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_make_sense_and_listen_on_this_machine_only() {
        let policy = WebhookSettings::default().policy().unwrap();
        assert!(policy.bind.ip().is_loopback() && policy.sources.is_empty() && policy.address_header.is_none());
    }

    #[test]
    fn sources_are_addresses_networks_or_tradingviews() {
        let of = |name: &str| networks(name).map(|n| n.len());
        assert_eq!(
            (of("tradingview"), of("203.0.113.7"), of("10.0.0.0/8"), of("::1")),
            (Some(4), Some(1), Some(1), Some(1))
        );
        for wrong in ["", "localhost", "10.0.0.0/33", "10.0.0", "tradingview.com"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn nonsense_is_named() {
        let wrong = |change: fn(&mut WebhookSettings)| {
            let mut settings = WebhookSettings::default();
            change(&mut settings);
            settings.wrong().map(|n| n.setting)
        };
        assert_eq!(wrong(|s| s.bind = "8000".into()), Some("bind"));
        assert_eq!(wrong(|s| s.public_host = "https://desk.example.com".into()), Some("public_host"));
        assert_eq!(wrong(|s| s.time_zone = "Kolkata".into()), Some("time_zone"));
        assert_eq!(wrong(|s| s.accept.clear()), Some("accept"));
        assert_eq!(wrong(|s| s.sources.push("tradingview.com".into())), Some("sources"));
        assert_eq!(wrong(|s| s.address_header = "not a header".into()), Some("address_header"));
        assert_eq!(wrong(|s| s.burst = 0), Some("burst"));
        assert_eq!(wrong(|s| s.per_second = 0), Some("per_second"));
        assert_eq!(wrong(|s| s.answer_within_ms = 60_000), Some("answer_within_ms"));
        assert_eq!(wrong(|s| s.time_zone = "-03:00".into()), None);
    }
}
