//! Who may talk to the server: one client id and one access token, made for its books and kept beside them.

use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::books::{beside, private};
use crate::domain::time::Timestamp;

/// The one client of a built-in exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub client_id: String,
    pub access_token: String,
}

/// Seconds a paper token is good for: ten years. It never leaves this machine.
const TOKEN_SECONDS: i64 = 315_360_000;

impl Identity {
    /// The identity kept beside the books, made when there is none. Without books it lasts as long as the process.
    pub fn load_or_make(books: Option<&Path>, client_id: &str, now: Timestamp) -> io::Result<Self> {
        let Some(path) = books.map(|b| beside(b, "token")) else { return Self::make(client_id, now) };
        if path.exists() {
            let mut text = String::new();
            std::fs::File::open(&path)?.read_to_string(&mut text)?;
            if let Ok(known) = serde_json::from_str::<Self>(&text) {
                return Ok(known);
            }
        }
        let made = Self::make(client_id, now)?;
        let mut file = private(&path, OpenOptions::new().write(true).create(true).truncate(true))?;
        file.write_all(serde_json::to_string(&made).map_err(io::Error::other)?.as_bytes())?;
        file.sync_all()?;
        Ok(made)
    }

    /// A token of the broker's shape (three parts, claims in the middle) whose last part is random.
    fn make(client_id: &str, now: Timestamp) -> io::Result<Self> {
        let mut secret = [0_u8; 32];
        getrandom::fill(&mut secret).map_err(io::Error::other)?;
        let issued = now.as_second();
        let claims = serde_json::json!({
            "iss": "dhan",
            "partnerId": "",
            "exp": issued + TOKEN_SECONDS,
            "iat": issued,
            "tokenConsumerType": "SELF",
            "webhookUrl": "",
            "dhanClientId": client_id,
        });
        let head = base64_url(br#"{"typ":"JWT","alg":"HS512"}"#);
        let access_token = format!("{head}.{}.{}", base64_url(claims.to_string().as_bytes()), base64_url(&secret));
        Ok(Self { client_id: client_id.to_string(), access_token })
    }

    /// Compares in a time that does not depend on where the texts differ.
    pub fn accepts(&self, token: &str) -> bool {
        self.access_token.as_bytes().ct_eq(token.as_bytes()).into()
    }
}

/// Base64 for URLs, without padding.
pub fn base64_url(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let part = |n: usize| u32::from(chunk.get(n).copied().unwrap_or(0));
        let word = part(0) << 16 | part(1) << 8 | part(2);
        for n in 0..=chunk.len() {
            let letter = (word >> (18 - 6 * n)) & 63;
            text.push(char::from(LETTERS[letter as usize]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_standard() {
        for (plain, encoded) in [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg")] {
            assert_eq!(base64_url(plain.as_bytes()), encoded);
        }
        assert_eq!(base64_url(&[0xfb, 0xff]), "-_8");
    }

    #[test]
    fn the_token_belongs_to_the_books() {
        let folder = tempfile::tempdir().unwrap();
        let books = folder.path().join("exchange.books");
        let now = "2026-11-20T04:30:00Z".parse().unwrap();
        let first = Identity::load_or_make(Some(&books), "1100000001", now).unwrap();
        assert_eq!(Identity::load_or_make(Some(&books), "1100000001", now).unwrap(), first);
        let other = Identity::load_or_make(None, "1100000001", now).unwrap();
        assert_ne!(other.access_token, first.access_token);
        assert!(first.accepts(&first.access_token) && !first.accepts(&other.access_token) && !first.accepts(""));
        assert_eq!(first.access_token.split('.').count(), 3);
    }
}
