//! The postback: every change of an order, posted to a URL of this machine.
//!
//! One message at a time and in order, tried once: the broker promises neither repetition nor delivery.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use super::core::OrderUpdate;
use super::words;
use crate::net::{HttpClient, HttpRequest, HttpSettings, Method};

/// A receiver that takes longer has not heard it.
const WITHIN: Duration = Duration::from_secs(3);

/// Whether the built-in exchange may post there: to this machine only.
pub fn is_allowed(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("http://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if host.contains('@') {
        return false;
    }
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    matches!(name, "127.0.0.1" | "localhost" | "[::1]")
}

/// Posts the account's order changes until it is cancelled.
pub async fn run(url: String, account: String, mut updates: Receiver<Arc<OrderUpdate>>, cancel: CancellationToken) {
    let settings = HttpSettings { connect: WITHIN, total: WITHIN, ..HttpSettings::default() };
    let http = match HttpClient::plain(&settings) {
        Ok(http) => http,
        Err(error) => {
            tracing::error!(%error, "no postbacks are sent");
            return;
        }
    };
    loop {
        let told = tokio::select! {
            () = cancel.cancelled() => return,
            told = updates.recv() => told,
        };
        match told {
            Ok(update) if update.order.account == account => post(&http, &url, &update).await,
            Ok(_) => {}
            Err(RecvError::Lagged(lost)) => tracing::warn!(lost, "postbacks were left out: the receiver is too slow"),
            Err(RecvError::Closed) => return,
        }
    }
}

async fn post(http: &HttpClient, url: &str, update: &OrderUpdate) {
    let order = words::order(&update.order, Some(&update.listing));
    let Ok(body) = order.postback() else { return };
    let request = HttpRequest { method: Method::POST, url, headers: &[], body: Some(body.to_string().into_bytes()) };
    match http.send(request).await {
        Ok(answer) if (200..=299).contains(&answer.status) => {}
        Ok(answer) => tracing::warn!(status = answer.status, "a postback was not welcome"),
        Err(error) => tracing::warn!(%error, "a postback was not heard"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_posted_to() {
        for good in ["http://127.0.0.1:8787/postback/x", "http://localhost:1", "http://[::1]:80/"] {
            assert!(is_allowed(good), "{good}");
        }
        for bad in [
            "https://127.0.0.1/",
            "http://example.com/",
            "http://127.0.0.1.example.com/",
            "http://127.0.0.1@example.com/",
            "http://localhost@example.com:80",
            "",
        ] {
            assert!(!is_allowed(bad), "{bad}");
        }
    }
}
