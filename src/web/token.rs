//! The secret between the cockpit and the shells of the same user.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Shorter secrets are not accepted: 32 hexadecimal digits are 128 bits.
const SHORTEST: usize = 32;

/// Whoever presents it is the trader. It is never shown, not even in a debug print.
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

    #[test]
    fn two_cockpits_have_two_fingerprints() {
        let [a, b] = ["a", "b"].map(|c| Token::new(c.repeat(32)).unwrap().fingerprint());
        assert!(a != b && a.len() == 32);
    }
}
