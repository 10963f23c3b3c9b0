//! Whether a sender knows the secret: in the path, in the body, in a header, or by a signature. Any one that is right counts.

use axum::http::HeaderMap;

use super::settings::SecretForm;
use crate::domain::time::{Timestamp, ms_between};
use crate::protocol::signal;
use crate::web::token::Token;

pub(super) const TOKEN: &str = "x-webhook-token";
pub(super) const SIGNATURE: &str = "x-signature";
pub(super) const TIMESTAMP: &str = "x-timestamp";

/// A signature older than this, or from further ahead, is not taken: it may have been recorded.
const SIGNED_WITHIN_MS: i64 = 300_000;

/// What a sender has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    Right,
    /// Something was presented, and it is not it.
    Wrong,
    /// Signed with the secret, too long ago or ahead.
    SignedAtAnotherTime,
    Missing,
}

/// The secret, and the forms in which it may be shown.
#[derive(Debug)]
pub(super) struct Lockset<'a> {
    pub secret: &'a Token,
    pub accept: &'a [SecretForm],
}

impl Lockset<'_> {
    fn takes(&self, form: SecretForm) -> bool {
        self.accept.contains(&form)
    }

    fn compare(&self, presented: Option<&[u8]>) -> Proof {
        presented.map_or(Proof::Missing, |p| if self.secret.matches(p) { Proof::Right } else { Proof::Wrong })
    }

    /// By the request's head alone.
    pub fn by_head(&self, path: Option<&str>, headers: &HeaderMap) -> Proof {
        let path = path.filter(|_| self.takes(SecretForm::Path)).map(str::as_bytes);
        let header =
            headers.get(TOKEN).filter(|_| self.takes(SecretForm::Header)).map(axum::http::HeaderValue::as_bytes);
        self.compare(path).or(self.compare(header))
    }

    /// By what comes with the body.
    pub fn by_body(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Proof {
        let signed = if self.takes(SecretForm::Signature) { self.signed(headers, body, now) } else { Proof::Missing };
        if signed == Proof::Right || !self.takes(SecretForm::Body) {
            return signed;
        }
        let inside = signal::secret_in(body);
        signed.or(self.compare(inside.as_deref().map(str::as_bytes)))
    }

    fn signed(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Proof {
        let Some(signature) = headers.get(SIGNATURE) else { return Proof::Missing };
        let read = || {
            let signature = from_hex(signature.to_str().ok()?)?;
            let stamp = headers.get(TIMESTAMP)?.to_str().ok()?;
            let at = Timestamp::from_second(stamp.parse().ok()?).ok()?;
            Some((signature, stamp, at))
        };
        let Some((signature, stamp, at)) = read() else { return Proof::Wrong };
        if !self.secret.has_signed(stamp, body, &signature) {
            return Proof::Wrong;
        }
        let away = ms_between(at, now).saturating_abs();
        if away <= SIGNED_WITHIN_MS { Proof::Right } else { Proof::SignedAtAnotherTime }
    }
}

impl Proof {
    /// This, or `other` where that says more.
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Right, _) | (_, Self::Missing) => self,
            (_, Self::Right) | (Self::Missing, _) => other,
            (Self::SignedAtAnotherTime, _) => self,
            (_, other) => other,
        }
    }
}

/// 64 digits, with or without `sha256=` before them.
fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("sha256=").unwrap_or(text).as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let value = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    digits.chunks_exact(2).map(|pair| Some(value(pair[0])? << 4 | value(pair[1])?)).collect()
}
