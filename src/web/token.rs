//! A secret that somebody presents: a shell of the same user, a sender of signals.

use ring::hmac;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Shorter secrets are not accepted: 32 hexadecimal digits are 128 bits.
const SHORTEST: usize = 32;

/// The control API's: whoever presents it is the trader. The webhook's: whoever presents it may signal. It is never shown, not even in a debug print.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// `None` for a text too short to be a secret, or one that a header cannot carry.
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        (text.len() >= SHORTEST && text.bytes().all(|b| b.is_ascii_alphanumeric())).then_some(Self(text))
    }

    /// Compares in a time that tells nothing of where the two differ, nor how long the right one is.
    pub fn matches(&self, presented: &[u8]) -> bool {
        let (ours, theirs) = (Sha256::digest(self.0.as_bytes()), Sha256::digest(presented));
        ours.as_slice().ct_eq(theirs.as_slice()).into()
    }

    /// Whether `signature` (of HMAC-SHA256) was made with this secret over `timestamp`, a point and `body`. In constant time.
    pub fn has_signed(&self, timestamp: &str, body: &[u8], signature: &[u8]) -> bool {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.0.as_bytes());
        let message = [timestamp.as_bytes(), b".", body].concat();
        hmac::verify(&key, &message, signature).is_ok()
    }

    /// Names the cockpit that holds this token without giving the token away: a shell checks it before it shows its own
    /// token to whatever listens on the port.
    pub fn fingerprint(&self) -> String {
        use std::fmt::Write;
        let mut hash = Sha256::new();
        hash.update(b"strikedeck cockpit ");
        hash.update(self.0.as_bytes());
        let mut text = String::with_capacity(32);
        for byte in hash.finalize().iter().take(16) {
            let _ = write!(text, "{byte:02x}");
        }
        text
    }

    /// The value of an `Authorization` header.
    pub(super) fn bearer(&self) -> String {
        format!("Bearer {}", self.0)
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_text_matches_and_none_is_shown() {
        let token = Token::new("0123456789abcdef0123456789abcdef").unwrap();
        assert!(token.matches(b"0123456789abcdef0123456789abcdef"));
        assert!(!token.matches(b"0123456789abcdef0123456789abcdee") && !token.matches(b""));
        assert!(!format!("{token:?}").contains("0123") && !token.fingerprint().contains("0123"));
        assert!(Token::new("short").is_none() && Token::new("with blank 0123456789abcdef0123456789").is_none());
    }

    /// Made with `printf '%s' '1763612100.{"side":"BUY"}' | openssl dgst -sha256 -hmac "$SECRET"`.
    #[test]
    fn a_signature_is_of_the_secret_the_time_and_the_body() {
        let token = Token::new("0123456789abcdef0123456789abcdef").unwrap();
        let signature = "7028db879d835d6f4409be97087d77cfa91ebf02df7ec2bdf615bd68a8eedc86";
        let bytes: Vec<u8> =
            (0..signature.len()).step_by(2).map(|i| u8::from_str_radix(&signature[i..i + 2], 16).unwrap()).collect();
        let body = br#"{"side":"BUY"}"#;
        assert!(token.has_signed("1763612100", body, &bytes));
        assert!(!token.has_signed("1763612101", body, &bytes) && !token.has_signed("1763612100", b"{}", &bytes));
        assert!(!Token::new("f".repeat(32)).unwrap().has_signed("1763612100", body, &bytes));
    }

    #[test]
    fn two_cockpits_have_two_fingerprints() {
        let [a, b] = ["a", "b"].map(|c| Token::new(c.repeat(32)).unwrap().fingerprint());
        assert!(a != b && a.len() == 32);
    }
}
