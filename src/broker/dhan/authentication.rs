//! New access tokens. One account has one valid token: getting a new one ends the old one at once, so the new one is put
//! to use by the same call, and whatever was asked with the old one meanwhile is asked again later.

use std::sync::atomic::Ordering;

use super::rest::{decode, judge, send_once};
use super::{DhanBroker, Purpose};
use crate::broker::BrokerError;
use crate::domain::time::Timestamp;
use crate::gateway::ErrorClass;
use crate::net::{HttpRequest, Method, Secret};
use crate::protocol::dhan::authentication::{AppConsent, PartnerConsent, TokenAnswer, TokenClaims};
use crate::protocol::dhan::one_time_password;

/// A token that is valid now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewToken {
    pub token: Secret,
    pub expires: Option<Timestamp>,
}

/// What a program shows of itself to ask for a person's consent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsentKey {
    /// The account holder's own API key.
    App {
        id: String,
        secret: Secret,
    },
    Partner {
        id: String,
        secret: Secret,
    },
}

impl ConsentKey {
    fn headers(&self) -> [(&str, &str); 2] {
        match self {
            Self::App { id, secret } => [("app_id", id), ("app_secret", secret.expose())],
            Self::Partner { id, secret } => [("partner_id", id), ("partner_secret", secret.expose())],
        }
    }
}

/// A log-in that waits for its person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// To be opened in a browser; it ends at the page the key was made with, with `tokenId=…` in its address.
    pub login_url: String,
}

/// While this lives, a refused token is no news: it is being replaced.
struct Changing<'a>(&'a DhanBroker);

impl<'a> Changing<'a> {
    fn of(broker: &'a DhanBroker) -> Self {
        broker.changing.fetch_add(1, Ordering::SeqCst);
        Self(broker)
    }
}

impl Drop for Changing<'_> {
    fn drop(&mut self) {
        self.0.changing.fetch_sub(1, Ordering::SeqCst);
    }
}

impl DhanBroker {
    /// From now on this token is sent; running links connect again with it.
    pub fn set_access_token(&self, token: Secret) {
        self.credentials.send_modify(|credentials| credentials.access_token = token);
    }

    pub fn access_token(&self) -> Secret {
        self.credentials.borrow().access_token.clone()
    }

    /// Whether a refusal of `used` says nothing about the token of now.
    pub(super) fn is_replaced(&self, used: &Secret) -> bool {
        self.changing.load(Ordering::SeqCst) > 0 || self.credentials.borrow().access_token != *used
    }

    /// What the token in use says of itself; `None` for one that says nothing.
    pub fn token_claims(&self) -> Option<TokenClaims> {
        TokenClaims::of(self.credentials.borrow().access_token.expose())
    }

    /// Another 24 hours for a token that was made on the broker's page and is still valid.
    pub async fn renew_token(&self) -> Result<NewToken, BrokerError> {
        let _changing = Changing::of(self);
        let url = format!("{}/RenewToken", self.endpoints.rest);
        let credentials = self.credentials.borrow().clone();
        let headers =
            [("access-token", credentials.access_token.expose()), ("dhanClientId", credentials.client_id.as_str())];
        self.new_token(Method::GET, &url, &headers).await
    }

    /// A token from the PIN and the key of the one-time passwords, with the password of this moment.
    pub async fn generate_token_from_key(&self, pin: &Secret, totp_key: &Secret) -> Result<NewToken, BrokerError> {
        let password = one_time_password::password(totp_key.expose(), Timestamp::now());
        let password = password.ok_or_else(|| {
            BrokerError::not_sent(
                "the key of the one-time passwords is not one: copy it again, letters and digits 2 to 7",
            )
        })?;
        self.generate_token(pin, &Secret::new(password)).await
    }

    /// A token from PIN and one-time password. Once in two minutes.
    pub async fn generate_token(&self, pin: &Secret, totp: &Secret) -> Result<NewToken, BrokerError> {
        let _changing = Changing::of(self);
        let digits = |secret: &Secret| !secret.is_empty() && secret.expose().bytes().all(|b| b.is_ascii_digit());
        let client_id = self.client_id();
        if !digits(pin) || !digits(totp) || !is_plain(&client_id) {
            return Err(BrokerError::not_sent(
                "PIN and one-time password are digits, the client id letters and digits",
            ));
        }
        // PIN and password travel in the address: it must never be shown.
        let (auth, pin, totp) = (&self.endpoints.auth, pin.expose(), totp.expose());
        let url = format!("{auth}/app/generateAccessToken?dhanClientId={client_id}&pin={pin}&totp={totp}");
        self.new_token(Method::POST, &url, &[]).await
    }

    /// Asks for a log-in in a browser. At most 25 a day.
    pub async fn ask_consent(&self, key: &ConsentKey) -> Result<Consent, BrokerError> {
        let auth = &self.endpoints.auth;
        let (method, url) = match key {
            ConsentKey::App { .. } => {
                (Method::POST, format!("{auth}/app/generate-consent?client_id={}", self.client_id()))
            }
            ConsentKey::Partner { .. } => (Method::GET, format!("{auth}/partner/generate-consent")),
        };
        if !is_plain(&self.client_id()) {
            return Err(BrokerError::not_sent("the client id is letters and digits"));
        }
        let answer = self.ask_auth(method, &url, &key.headers()).await?;
        let (id, page) = match key {
            ConsentKey::App { .. } => {
                (decode::<AppConsent>(Purpose::Read, &answer)?.consent_app_id, "login/consentApp-login?consentAppId=")
            }
            ConsentKey::Partner { .. } => {
                (decode::<PartnerConsent>(Purpose::Read, &answer)?.consent_id, "consent-login?consentId=")
            }
        };
        if !is_id(&id) {
            return Err(BrokerError::new(ErrorClass::LogIn, "the broker gave no consent to log in with"));
        }
        Ok(Consent { login_url: format!("{auth}/{page}{id}") })
    }

    /// Exchanges a finished log-in for a token. `came_back` is the `tokenId`, or the whole address the browser ended at.
    pub async fn consume_consent(&self, key: &ConsentKey, came_back: &Secret) -> Result<NewToken, BrokerError> {
        let text = came_back.expose().trim();
        let id = text.rsplit_once("tokenId=").map_or(text, |(_, id)| id).split(['&', '#']).next().unwrap_or_default();
        if !is_id(id) {
            return Err(BrokerError::not_sent("that is neither a tokenId nor an address with one"));
        }
        let _changing = Changing::of(self);
        let auth = &self.endpoints.auth;
        let url = match key {
            ConsentKey::App { .. } => format!("{auth}/app/consumeApp-consent?tokenId={id}"),
            ConsentKey::Partner { .. } => format!("{auth}/partner/consume-consent?tokenId={id}"),
        };
        self.new_token(Method::GET, &url, &key.headers()).await
    }

    async fn ask_auth(&self, method: Method, url: &str, headers: &[(&str, &str)]) -> Result<Vec<u8>, BrokerError> {
        let request = HttpRequest { method, url, headers, body: None };
        judge(send_once(&self.http, Purpose::Write, request).await?, Purpose::Write)
    }

    async fn new_token(&self, method: Method, url: &str, headers: &[(&str, &str)]) -> Result<NewToken, BrokerError> {
        // A token made without our hearing of it has ended the old one: that is a change.
        let answer = self.ask_auth(method, url, headers).await?;
        let answer: TokenAnswer = decode(Purpose::Write, &answer)?;
        if answer.access_token.is_empty() {
            return Err(BrokerError::new(ErrorClass::LogIn, "the broker gave no token"));
        }
        let claims = TokenClaims::of(&answer.access_token);
        let owner = claims.as_ref().map(|c| c.dhan_client_id.clone()).filter(|id| !id.is_empty());
        let owner = owner.unwrap_or_else(|| answer.dhan_client_id.clone());
        if !owner.is_empty() && owner != self.client_id() {
            let other = last_four(&owner);
            return Err(BrokerError::new(ErrorClass::LogIn, format!("the token is of another account (…{other})")));
        }
        let expires = claims.and_then(|claims| claims.expires()).or(answer.expires());
        let token = Secret::new(answer.access_token);
        self.set_access_token(token.clone());
        Ok(NewToken { token, expires })
    }
}

/// Enough of an account's number to tell it from another.
pub fn last_four(client_id: &str) -> &str {
    client_id.char_indices().rev().nth(3).map_or(client_id, |(at, _)| &client_id[at..])
}

/// It becomes part of an address.
fn is_plain(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric())
}

fn is_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= 200 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}
