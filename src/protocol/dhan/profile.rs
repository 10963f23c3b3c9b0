//! Profile and static IP.

use serde::{Deserialize, Serialize};

use super::enums::{IpFlag, IpMatch};
use super::values;
use crate::domain::time::Timestamp;

/// Answer to `GET /profile`: the cheapest check of a token.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Profile {
    #[serde(with = "values::text")]
    pub dhan_client_id: String,
    /// `DD/MM/YYYY HH:MM` in India.
    #[serde(with = "values::text")]
    pub token_validity: String,
    /// `E, D, C, M, ` live (with the comma at the end), `Equity, Derivative, …` in the documentation.
    #[serde(with = "values::text")]
    pub active_segment: String,
    /// `Active` or `Deactive`, as are the next two.
    #[serde(with = "values::text")]
    pub ddpi: String,
    #[serde(with = "values::text")]
    pub mtf: String,
    #[serde(with = "values::text")]
    pub data_plan: String,
    #[serde(with = "values::text")]
    pub data_validity: String,
}

impl Profile {
    /// When the token ends.
    pub fn token_expires(&self) -> Option<Timestamp> {
        values::parse_ist(&self.token_validity)
    }

    /// Whether the account may ask for market data. The plan can say `Active` while data calls are still refused.
    pub fn has_data_plan(&self) -> bool {
        is_active(&self.data_plan)
    }

    /// Until when the data plan is paid.
    pub fn data_plan_ends(&self) -> Option<Timestamp> {
        values::parse_ist(&self.data_validity)
    }

    /// Whether shares may be sold without a password of the depository.
    pub fn has_ddpi(&self) -> bool {
        is_active(&self.ddpi)
    }

    pub fn has_mtf(&self) -> bool {
        is_active(&self.mtf)
    }

    /// What may be traded, word by word as the broker writes them.
    pub fn segments(&self) -> Vec<&str> {
        self.active_segment.split(',').map(str::trim).filter(|s| !s.is_empty()).collect()
    }

    /// Whether options and futures may be traded; `None` where the broker names no segment at all.
    pub fn has_derivatives(&self) -> Option<bool> {
        let segments = self.segments();
        let is_it = |s: &&str| s.eq_ignore_ascii_case("D") || s.to_ascii_lowercase().starts_with("derivative");
        (!segments.is_empty()).then(|| segments.iter().any(is_it))
    }
}

fn is_active(word: &str) -> bool {
    word.trim().eq_ignore_ascii_case("active")
}

/// Body of `POST /ip/setIP` and `PUT /ip/modifyIP`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SetIp {
    #[serde(with = "values::text")]
    pub dhan_client_id: String,
    #[serde(with = "values::text")]
    pub ip: String,
    pub ip_flag: IpFlag,
}

/// Answer to both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct IpAnswer {
    #[serde(with = "values::text")]
    pub message: String,
    /// `SUCCESS`.
    #[serde(with = "values::text")]
    pub status: String,
}

/// Answer to `GET /ip/getIP`. The last three are observed, not documented.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StaticIp {
    #[serde(rename = "modifyDatePrimary", with = "values::na_text")]
    pub modify_date_primary: Option<String>,
    #[serde(rename = "primaryIP", with = "values::na_text")]
    pub primary_ip: Option<String>,
    #[serde(rename = "modifyDateSecondary", with = "values::na_text")]
    pub modify_date_secondary: Option<String>,
    #[serde(rename = "secondaryIP", with = "values::na_text")]
    pub secondary_ip: Option<String>,
    #[serde(rename = "detectedIP", with = "values::na_text")]
    pub detected_ip: Option<String>,
    #[serde(rename = "ipMatchStatus", skip_serializing_if = "Option::is_none")]
    pub ip_match_status: Option<IpMatch>,
    #[serde(rename = "ordersAllowed", skip_serializing_if = "Option::is_none")]
    pub orders_allowed: Option<bool>,
}

impl StaticIp {
    /// The registered addresses, the primary one first.
    pub fn registered(&self) -> Vec<&str> {
        [&self.primary_ip, &self.secondary_ip].into_iter().filter_map(|ip| ip.as_deref()).collect()
    }

    /// Whether orders are taken from where the question came, as far as the broker says; `None`: it does not say.
    pub fn allows_orders(&self) -> Option<bool> {
        let by_match = match &self.ip_match_status {
            Some(IpMatch::Match | IpMatch::Primary | IpMatch::Secondary) => Some(true),
            Some(IpMatch::Mismatch) => Some(false),
            Some(IpMatch::Unknown(_)) | None => None,
        };
        let by_address = self.detected_ip.as_deref().map(|ip| self.has(ip));
        self.orders_allowed.or(by_match).or(by_address)
    }

    /// Whether an address is one of the registered ones, however it is written.
    pub fn has(&self, address: &str) -> bool {
        self.registered().into_iter().any(|ip| same_address(ip, address))
    }
}

/// Whether two texts name one address: it may be written in several ways (IPv6).
pub fn same_address(a: &str, b: &str) -> bool {
    let read = |text: &str| text.trim().parse::<std::net::IpAddr>().map(|ip| ip.to_canonical());
    match (read(a), read(b)) {
        (Ok(a), Ok(b)) => a == b,
        _ => a.trim().eq_ignore_ascii_case(b.trim()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> StaticIp {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_profile_is_read_in_its_live_and_its_documented_form() {
        let live: Profile = serde_json::from_str(
            r#"{"dhanClientId":1100000007,"tokenValidity":"21/11/2026 08:15","activeSegment":"E, D, C, M, ",
                "ddpi":"Deactive","mtf":"Active","dataPlan":"Active","dataValidity":"2026-12-05 09:37:52.0"}"#,
        )
        .unwrap();
        assert_eq!((live.dhan_client_id.as_str(), live.segments()), ("1100000007", vec!["E", "D", "C", "M"]));
        assert_eq!(live.token_expires(), Some("2026-11-21T02:45:00Z".parse().unwrap()));
        assert_eq!(live.data_plan_ends(), Some("2026-12-05T04:07:52Z".parse().unwrap()));
        assert_eq!((live.has_ddpi(), live.has_mtf(), live.has_data_plan()), (false, true, true));
        assert_eq!(live.has_derivatives(), Some(true));
        let sandbox: Profile = serde_json::from_str(r#"{"activeSegment":"Equity, Derivative, Currency"}"#).unwrap();
        assert_eq!((sandbox.has_derivatives(), sandbox.has_data_plan()), (Some(true), false));
        assert_eq!(Profile::default().has_derivatives(), None);
        let shares = Profile { active_segment: "E, ".into(), ..Profile::default() };
        assert_eq!(shares.has_derivatives(), Some(false));
    }

    #[test]
    fn whether_orders_are_taken_from_here_is_said_or_found_out_or_not_known() {
        assert_eq!(ip(r#"{"primaryIP":"203.0.113.10","ordersAllowed":false}"#).allows_orders(), Some(false));
        assert_eq!(ip(r#"{"ipMatchStatus":"SECONDARY_MATCH"}"#).allows_orders(), Some(true));
        assert_eq!(ip(r#"{"ipMatchStatus":"MISMATCH"}"#).allows_orders(), Some(false));
        assert_eq!(ip(r#"{"ipMatchStatus":"MAYBE"}"#).allows_orders(), None);
        let moved = ip(r#"{"primaryIP":"203.0.113.10","secondaryIP":"NA","detectedIP":"203.0.113.11"}"#);
        assert_eq!((moved.allows_orders(), moved.registered()), (Some(false), vec!["203.0.113.10"]));
        assert_eq!(ip(r#"{"primaryIP":"203.0.113.10"}"#).allows_orders(), None);
        assert!(ip(r#"{"primaryIP":"2001:db8:0:0::1"}"#).has("2001:DB8::1"));
    }
}
