//! Access tokens: what the token calls answer, and what a token says of itself.

use serde::{Deserialize, Serialize};

use super::values;
use crate::domain::time::Timestamp;

/// Answer to `generateAccessToken`, `consumeApp-consent` and `RenewToken` (which may write `token`).
///
/// Holds a secret: not `Debug`.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TokenAnswer {
    #[serde(with = "values::text")]
    pub dhan_client_id: String,
    #[serde(with = "values::text")]
    pub dhan_client_name: String,
    #[serde(with = "values::text")]
    pub dhan_client_ucc: String,
    #[serde(with = "values::flag")]
    pub given_power_of_attorney: bool,
    #[serde(with = "values::text", alias = "token")]
    pub access_token: String,
    /// ISO without zone, India.
    #[serde(with = "values::text")]
    pub expiry_time: String,
}

impl TokenAnswer {
    /// When the token ends.
    pub fn expires(&self) -> Option<Timestamp> {
        values::parse_ist(&self.expiry_time)
    }
}

/// Answer to `app/generate-consent`, the first step of a log-in by API key and secret. The consent is not a secret by
/// itself: a person has to log in with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AppConsent {
    #[serde(with = "values::text")]
    pub consent_app_id: String,
    /// `GENERATED`.
    #[serde(with = "values::text")]
    pub consent_app_status: String,
    #[serde(with = "values::text")]
    pub status: String,
}

/// Answer to `partner/generate-consent`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PartnerConsent {
    #[serde(with = "values::text")]
    pub consent_id: String,
    /// `GENERATED`.
    #[serde(with = "values::text")]
    pub consent_status: String,
}

/// What a token says of itself, read without checking its signature.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TokenClaims {
    /// Issued and ending, in seconds since 1970.
    pub iat: i64,
    pub exp: i64,
    /// `SELF` or `APP`.
    pub token_consumer_type: String,
    #[serde(with = "values::text")]
    pub dhan_client_id: String,
}

impl TokenClaims {
    /// The claims of a token of three parts; `None` for anything else.
    pub fn of(token: &str) -> Option<Self> {
        let mut parts = token.trim().split('.');
        let (_, claims, _) = (parts.next()?, parts.next()?, parts.next()?);
        serde_json::from_slice(&base64url(claims)?).ok()
    }

    pub fn expires(&self) -> Option<Timestamp> {
        Timestamp::from_second(self.exp).ok()
    }

    /// Made on the broker's page: only such a token can be renewed.
    pub fn is_renewable(&self) -> bool {
        self.token_consumer_type.eq_ignore_ascii_case("SELF")
    }
}

/// Base64 with the alphabet of URLs, padding optional.
fn base64url(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let (mut held, mut bits) = (0_u32, 0_u32);
    for c in text.trim_end_matches('=').bytes() {
        let value = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'-' | b'+' => 62,
            b'_' | b'/' => 63,
            _ => return None,
        };
        held = (held << 6 | u32::from(value)) & 0xFF_FFFF;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_whose_it_is_and_when_it_ends() {
        // {"iss":"dhan","exp":1795150000,"iat":1795063600,"tokenConsumerType":"SELF","dhanClientId":"1100000007"}
        let token = "eyJhbGciOiJIUzUxMiJ9.eyJpc3MiOiJkaGFuIiwiZXhwIjoxNzk1MTUwMDAwLCJpYXQiOjE3OTUwNjM2MDAsInRva2VuQ29uc3VtZXJUeXBlIjoiU0VMRiIsImRoYW5DbGllbnRJZCI6IjExMDAwMDAwMDcifQ.c2ln";
        let claims = TokenClaims::of(token).unwrap();
        assert_eq!((claims.dhan_client_id.as_str(), claims.exp), ("1100000007", 1_795_150_000));
        assert_eq!(TokenClaims::of("paper"), None);
    }
}
