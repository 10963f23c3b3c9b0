//! One REST call: the headers, one request, and the answer or a classified error.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::classify::classify;
use super::{DhanBroker, Purpose};
use crate::broker::BrokerError;
use crate::net::{HttpAnswer, HttpClient, HttpFailure, HttpRequest, Method};
use crate::protocol::dhan::errors::{ErrorStyle, WireError};

impl DhanBroker {
    /// Reads something: without an answer, asking again is harmless.
    pub(super) async fn get(&self, path: &str) -> Result<Vec<u8>, BrokerError> {
        self.call(Purpose::Read, Method::GET, path, None).await
    }

    /// Reads something that is asked for with a body.
    pub(super) async fn ask<B: Serialize>(&self, path: &str, body: &B) -> Result<Vec<u8>, BrokerError> {
        self.call(Purpose::Read, Method::POST, path, Some(encode(body)?)).await
    }

    /// Changes something: without an answer it may have been done.
    pub(super) async fn change<B: Serialize>(
        &self,
        method: Method,
        path: &str,
        body: Option<&B>,
    ) -> Result<Vec<u8>, BrokerError> {
        let body = body.map(encode).transpose()?;
        self.call(Purpose::Write, method, path, body).await
    }

    /// Reads something that may not be there: `None` for a 404 of the trading system itself. One of a gateway that does not
    /// know the path stays an error, or a wrong address would look like an order that was never placed.
    pub(super) async fn get_if_there(&self, path: &str) -> Result<Option<Vec<u8>>, BrokerError> {
        let answer = self.send(Purpose::Read, Method::GET, path, None).await?;
        if answer.status == 404 && WireError::parse(404, &answer.body).style == ErrorStyle::Trading {
            return Ok(None);
        }
        judge(answer, Purpose::Read).map(Some)
    }

    async fn call(
        &self,
        purpose: Purpose,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<Vec<u8>, BrokerError> {
        judge(self.send(purpose, method, path, body).await?, purpose)
    }

    async fn send(
        &self,
        purpose: Purpose,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<HttpAnswer, BrokerError> {
        let url = format!("{}{path}", self.endpoints.rest);
        let credentials = self.credentials.borrow().clone();
        let headers =
            [("access-token", credentials.access_token.expose()), ("client-id", credentials.client_id.as_str())];
        send_once(&self.http, purpose, HttpRequest { method, url: &url, headers: &headers, body }).await
    }
}

pub(super) async fn send_once(
    http: &HttpClient,
    purpose: Purpose,
    request: HttpRequest<'_>,
) -> Result<HttpAnswer, BrokerError> {
    http.send(request).await.map_err(|failure| match failure {
        HttpFailure::NotSent(why) => BrokerError::not_sent(format!("the broker could not be reached: {why}")),
        HttpFailure::Unanswered(why) => {
            BrokerError::new(purpose.unknown(), format!("the broker's answer was lost: {why}"))
        }
    })
}

/// The body of a good answer; an error in anything else, also where it hides behind a status of success.
pub(super) fn judge(answer: HttpAnswer, purpose: Purpose) -> Result<Vec<u8>, BrokerError> {
    let error = if (200..=299).contains(&answer.status) {
        match WireError::hidden(answer.status, &answer.body) {
            None => return Ok(answer.body),
            Some(error) => error,
        }
    } else {
        WireError::parse(answer.status, &answer.body)
    };
    Err(broker_error(&error, purpose))
}

pub(super) fn broker_error(error: &WireError, purpose: Purpose) -> BrokerError {
    let code = if error.code.is_empty() { format!("HTTP {}", error.http_status) } else { error.code.clone() };
    let message = match (error.style, error.message.as_str()) {
        (_, "") => "the broker gave no reason".to_string(),
        (ErrorStyle::Opaque, text) => format!("not an answer of the broker: {text}"),
        (_, text) => text.to_string(),
    };
    BrokerError { class: classify(error, purpose), code, message }
}

/// An answer that cannot be read is as good as none.
pub(super) fn unreadable(purpose: Purpose, why: impl std::fmt::Display) -> BrokerError {
    BrokerError::new(purpose.unknown(), format!("the broker's answer could not be read: {why}"))
}

pub(super) fn decode<T: DeserializeOwned>(purpose: Purpose, body: &[u8]) -> Result<T, BrokerError> {
    serde_json::from_slice(body).map_err(|error| unreadable(purpose, error))
}

fn encode<B: Serialize>(body: &B) -> Result<Vec<u8>, BrokerError> {
    serde_json::to_vec(body)
        .map_err(|error| BrokerError::not_sent(format!("the request could not be written: {error}")))
}
