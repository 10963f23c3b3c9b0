//! New access tokens. One account has one valid token: getting a new one ends the old one at once.

use super::rest::{decode, judge, send_once};
use super::{DhanBroker, Purpose};
use crate::broker::BrokerError;
use crate::domain::time::Timestamp;
use crate::gateway::ErrorClass;
use crate::net::{HttpRequest, Method, Secret};
use crate::protocol::dhan::authentication::{TokenAnswer, TokenClaims};

/// A token that is valid now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewToken {
    pub token: Secret,
    pub expires: Option<Timestamp>,
}

impl DhanBroker {
    /// Another 24 hours for a token that was made on the broker's page. It is not put to use here: that is
    /// `set_access_token`.
    pub async fn renew_token(&self) -> Result<NewToken, BrokerError> {
        let url = format!("{}/RenewToken", self.endpoints.rest);
        let credentials = self.credentials.borrow().clone();
        let headers =
            [("access-token", credentials.access_token.expose()), ("dhanClientId", credentials.client_id.as_str())];
        self.new_token(Method::GET, &url, &headers).await
    }

    /// A token from PIN and one-time password. Once in two minutes.
    pub async fn generate_token(&self, pin: &Secret, totp: &Secret) -> Result<NewToken, BrokerError> {
        let digits = |secret: &Secret| !secret.is_empty() && secret.expose().bytes().all(|b| b.is_ascii_digit());
        let client_id = self.client_id();
        if !digits(pin) || !digits(totp) || !client_id.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(BrokerError::not_sent(
                "PIN and one-time password are digits, the client id letters and digits",
            ));
        }
        // PIN and password travel in the address: it must never be shown.
        let (auth, pin, totp) = (&self.endpoints.auth, pin.expose(), totp.expose());
        let url = format!("{auth}/app/generateAccessToken?dhanClientId={client_id}&pin={pin}&totp={totp}");
        self.new_token(Method::POST, &url, &[]).await
    }

    async fn new_token(&self, method: Method, url: &str, headers: &[(&str, &str)]) -> Result<NewToken, BrokerError> {
        // A token made without our hearing of it has ended the old one: that is a change.
        let request = HttpRequest { method, url, headers, body: None };
        let answer = judge(send_once(&self.http, Purpose::Write, request).await?, Purpose::Write)?;
        let answer: TokenAnswer = decode(Purpose::Write, &answer)?;
        if answer.access_token.is_empty() {
            return Err(BrokerError::new(ErrorClass::LogIn, "the broker gave no token"));
        }
        let claimed = TokenClaims::of(&answer.access_token).and_then(|claims| claims.expires());
        Ok(NewToken { expires: claimed.or(answer.expires()), token: Secret::new(answer.access_token) })
    }
}
