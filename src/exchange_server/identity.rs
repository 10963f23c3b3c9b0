//! Who may talk to the server: one client, one valid access token at a time, and what makes a new one.
//!
//! As at the broker: a token is good for 24 hours and ends the moment another one is made, by the page, by PIN and
//! one-time password (once in two minutes), by renewal or by consent. All of it is kept beside the books.

use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use tokio::sync::watch;

use super::addresses::Addresses;
use super::books::{beside, private};
use super::consents::Consents;
use super::time_source::TimeSource;
use crate::domain::time::{Timestamp, ms_between};
use crate::protocol::dhan::authentication::TokenClaims;
use crate::protocol::dhan::one_time_password;
use crate::protocol::dhan::profile::StaticIp;

/// Seconds a token is good for.
const TOKEN_SECONDS: i64 = 86_400;
/// Between two tokens made with PIN and one-time password.
const GENERATE_MS: i64 = 120_000;
/// Ended tokens that are told apart from ones that never were.
const EARLIER: usize = 8;

pub const TOO_SOON: &str = "Token can be generated once every 2 minutes.";
pub const WRONG_PIN: &str = "Invalid Pin";
pub const WRONG_TOTP: &str = "Invalid TOTP";
pub const WRONG_CLIENT: &str = "Invalid Client ID";

/// Who a token was made for, as its claims say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consumer {
    /// On the broker's page: can be renewed.
    Page,
    /// By a program.
    Program,
}

/// What a token that came with a request is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenStanding {
    Good,
    /// It was good until another one was made.
    Revoked,
    /// Past its 24 hours, or never made here.
    Bad,
}

/// What the holder of the account knows besides the token. Made for the books, shown by whoever starts the server.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountKeys {
    pub pin: String,
    /// Base 32.
    pub totp_key: String,
    pub app_id: String,
    pub app_secret: String,
    pub partner_id: String,
    pub partner_secret: String,
}

/// What is kept beside the books.
#[derive(Clone, Serialize, Deserialize)]
struct Kept {
    client_id: String,
    access_token: String,
    keys: AccountKeys,
    #[serde(default)]
    earlier: Vec<String>,
    #[serde(default)]
    generated_at: Option<Timestamp>,
    addresses: Addresses,
}

/// The one client of a built-in exchange. Copies share one state.
#[derive(Clone)]
pub struct Identity {
    pub client_id: String,
    time: TimeSource,
    file: Option<PathBuf>,
    kept: Arc<Mutex<Kept>>,
    consents: Arc<Mutex<Consents>>,
    /// Counts the tokens that have ended.
    ended: Arc<watch::Sender<u64>>,
}

impl Identity {
    /// The identity kept beside the books, made when there is none. Without books it lasts as long as the process.
    pub fn load_or_make(books: Option<&Path>, client_id: &str, time: TimeSource) -> io::Result<Self> {
        let file = books.map(|b| beside(b, "token"));
        let now = time.now();
        let known = file.as_deref().map(read).transpose()?.flatten();
        let kept = match known {
            Some(kept) => kept,
            None => Kept {
                client_id: client_id.to_string(),
                access_token: mint(client_id, Consumer::Page, now)?,
                keys: AccountKeys::make()?,
                earlier: Vec::new(),
                generated_at: None,
                addresses: Addresses::new(now),
            },
        };
        let identity = Self {
            client_id: kept.client_id.clone(),
            time,
            file,
            kept: Arc::new(Mutex::new(kept)),
            consents: Arc::default(),
            ended: Arc::new(watch::Sender::new(0)),
        };
        if identity.expires() <= now {
            identity.new_token(Consumer::Page)?;
        }
        identity.save()?;
        Ok(identity)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn keys(&self) -> AccountKeys {
        self.kept().keys.clone()
    }

    pub fn access_token(&self) -> String {
        self.kept().access_token.clone()
    }

    /// When the valid token ends.
    pub fn expires(&self) -> Timestamp {
        TokenClaims::of(&self.kept().access_token).and_then(|c| c.expires()).unwrap_or(Timestamp::MIN)
    }

    /// Compares in a time that does not depend on where the texts differ.
    pub fn accepts(&self, token: &str) -> bool {
        self.standing(token) == TokenStanding::Good
    }

    pub fn standing(&self, token: &str) -> TokenStanding {
        let same = |known: &str| -> bool { known.as_bytes().ct_eq(token.as_bytes()).into() };
        let (good, revoked) = {
            let kept = self.kept();
            (same(&kept.access_token), kept.earlier.iter().any(|t| same(t)))
        };
        if good && self.time.now() < self.expires() {
            TokenStanding::Good
        } else if revoked {
            TokenStanding::Revoked
        } else {
            TokenStanding::Bad
        }
    }

    /// Changes whenever a token ends: whoever holds a connection looks whether it was his.
    pub fn token_ends(&self) -> watch::Receiver<u64> {
        self.ended.subscribe()
    }

    /// Another token; the one before ends at once.
    pub fn new_token(&self, consumer: Consumer) -> io::Result<String> {
        let token = mint(&self.client_id, consumer, self.time.now())?;
        self.replace(token.clone())?;
        Ok(token)
    }

    /// Ends the valid token, as if another one had been made elsewhere.
    pub fn revoke(&self) -> io::Result<()> {
        self.new_token(Consumer::Page).map(drop)
    }

    fn replace(&self, token: String) -> io::Result<()> {
        {
            let mut kept = self.kept();
            let ended = std::mem::replace(&mut kept.access_token, token);
            kept.earlier.insert(0, ended);
            kept.earlier.truncate(EARLIER);
        }
        self.ended.send_modify(|n| *n += 1);
        self.save()
    }

    /// A token from PIN and one-time password, or why not, in the broker's words.
    pub fn generate(&self, client: &str, pin: &str, totp: &str) -> io::Result<Result<String, &'static str>> {
        let now = self.time.now();
        let refused = {
            let kept = self.kept();
            if client != self.client_id {
                Some(WRONG_CLIENT)
            } else if pin != kept.keys.pin {
                Some(WRONG_PIN)
            } else if !one_time_password::accepts(&kept.keys.totp_key, totp, now) {
                Some(WRONG_TOTP)
            } else if kept.generated_at.is_some_and(|at| ms_between(at, now) < GENERATE_MS) {
                Some(TOO_SOON)
            } else {
                None
            }
        };
        if let Some(why) = refused {
            return Ok(Err(why));
        }
        self.kept().generated_at = Some(now);
        self.new_token(Consumer::Program).map(Ok)
    }

    /// Another 24 hours for a token of the page that is still valid; `None` for any other.
    pub fn renew(&self, token: &str) -> io::Result<Option<String>> {
        let renewable = TokenClaims::of(token).is_some_and(|c| c.is_renewable());
        if !self.accepts(token) || !renewable {
            return Ok(None);
        }
        self.new_token(Consumer::Page).map(Some)
    }

    /// The log-ins under way.
    pub fn consents(&self) -> MutexGuard<'_, Consents> {
        self.consents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The registered addresses, as the account's holder is told.
    pub fn addresses(&self) -> StaticIp {
        self.kept().addresses.told()
    }

    pub fn allows_orders(&self) -> bool {
        self.kept().addresses.allow_orders()
    }

    /// Changes the registered addresses.
    pub fn with_addresses<T>(&self, work: impl FnOnce(&mut Addresses) -> T) -> io::Result<T> {
        let done = work(&mut self.kept().addresses);
        self.save()?;
        Ok(done)
    }

    fn save(&self) -> io::Result<()> {
        let Some(path) = &self.file else { return Ok(()) };
        let text = serde_json::to_string(&*self.kept()).map_err(io::Error::other)?;
        let mut file = private(path, OpenOptions::new().write(true).create(true).truncate(true))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    }
}

/// What is kept; `None` where there is nothing, or nothing of this version.
fn read(path: &Path) -> io::Result<Option<Kept>> {
    if !path.exists() {
        return Ok(None);
    }
    let mut text = String::new();
    std::fs::File::open(path)?.read_to_string(&mut text)?;
    Ok(serde_json::from_str(&text).ok())
}

impl AccountKeys {
    fn make() -> io::Result<Self> {
        const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let pin: String = random::<6>()?.iter().map(|b| char::from(b'0' + b % 10)).collect();
        let totp_key = random::<32>()?.iter().map(|b| char::from(BASE32[usize::from(b % 32)])).collect();
        Ok(Self {
            pin,
            totp_key,
            app_id: hex(&random::<8>()?),
            app_secret: uuid()?,
            partner_id: hex(&random::<8>()?),
            partner_secret: uuid()?,
        })
    }
}

fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0_u8; N];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes)
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|b| [b >> 4, b & 15]).map(|n| char::from(DIGITS[usize::from(n)])).collect()
}

/// A random identifier in the usual form of five groups.
pub fn uuid() -> io::Result<String> {
    let mut b = random::<16>()?;
    b[6] = b[6] & 0x0F | 0x40;
    b[8] = b[8] & 0x3F | 0x80;
    let hex = hex(&b);
    Ok(format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]))
}

/// A token of the broker's shape (three parts, claims in the middle) whose last part is random.
fn mint(client_id: &str, consumer: Consumer, now: Timestamp) -> io::Result<String> {
    let issued = now.as_second();
    let claims = serde_json::json!({
        "iss": "dhan",
        "partnerId": "",
        "exp": issued + TOKEN_SECONDS,
        "iat": issued,
        "tokenConsumerType": match consumer { Consumer::Page => "SELF", Consumer::Program => "APP" },
        "webhookUrl": "",
        "dhanClientId": client_id,
    });
    let head = base64_url(br#"{"typ":"JWT","alg":"HS512"}"#);
    Ok(format!("{head}.{}.{}", base64_url(claims.to_string().as_bytes()), base64_url(&random::<32>()?)))
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
    use crate::exchange_server::ManualTime;

    fn clock() -> ManualTime {
        ManualTime::new("2026-11-20T04:30:00Z".parse().unwrap())
    }

    fn made(time: &ManualTime) -> Identity {
        Identity::load_or_make(None, "1100000001", TimeSource::Manual(time.clone())).unwrap()
    }

    #[test]
    fn base64_is_that_of_the_standard() {
        for (plain, encoded) in [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg")] {
            assert_eq!(base64_url(plain.as_bytes()), encoded);
        }
        assert_eq!(base64_url(&[0xfb, 0xff]), "-_8");
    }

    #[test]
    fn the_token_belongs_to_the_books_and_is_made_anew_when_it_has_ended() {
        let folder = tempfile::tempdir().unwrap();
        let books = folder.path().join("exchange.books");
        let time = clock();
        let load = || {
            Identity::load_or_make(Some(&books), "1100000001", TimeSource::Manual(time.clone())).unwrap().access_token()
        };
        let first = load();
        assert_eq!(load(), first);
        assert_eq!(first.split('.').count(), 3);
        time.forward(TOKEN_SECONDS * 1_000);
        assert_ne!(load(), first);
    }

    #[test]
    fn one_token_is_good_at_a_time_and_for_a_day() {
        let time = clock();
        let identity = made(&time);
        let first = identity.access_token();
        assert_eq!((identity.standing(&first), identity.standing("")), (TokenStanding::Good, TokenStanding::Bad));
        let second = identity.new_token(Consumer::Page).unwrap();
        assert_eq!(
            (identity.standing(&first), identity.standing(&second)),
            (TokenStanding::Revoked, TokenStanding::Good)
        );
        time.forward(TOKEN_SECONDS * 1_000 - 1);
        assert!(identity.accepts(&second));
        time.forward(1);
        assert_eq!(identity.standing(&second), TokenStanding::Bad);
    }

    #[test]
    fn pin_and_password_make_a_token_once_in_two_minutes() {
        let time = clock();
        let identity = made(&time);
        let AccountKeys { pin, totp_key, .. } = identity.keys();
        let totp = || one_time_password::password(&totp_key, time.now()).unwrap();
        let ask = |client: &str, pin: &str, totp: &str| identity.generate(client, pin, totp).unwrap();
        assert_eq!(ask("1100000002", &pin, &totp()), Err(WRONG_CLIENT));
        assert_eq!(ask("1100000001", "12", &totp()), Err(WRONG_PIN));
        assert_eq!(ask("1100000001", &pin, "12"), Err(WRONG_TOTP));
        let token = ask("1100000001", &pin, &totp()).unwrap();
        assert!(identity.accepts(&token));
        assert_eq!(ask("1100000001", &pin, &totp()), Err(TOO_SOON));
        time.forward(GENERATE_MS);
        assert!(ask("1100000001", &pin, &totp()).is_ok());
        assert!(!identity.accepts(&token), "the one before has ended");
    }

    #[test]
    fn only_a_valid_token_of_the_page_is_renewed() {
        let time = clock();
        let identity = made(&time);
        let page = identity.access_token();
        let renewed = identity.renew(&page).unwrap().unwrap();
        assert!(identity.accepts(&renewed));
        assert_eq!(identity.renew(&page).unwrap(), None, "it has ended");
        let program = identity.new_token(Consumer::Program).unwrap();
        assert_eq!(identity.renew(&program).unwrap(), None, "not one of the page");
    }
}
