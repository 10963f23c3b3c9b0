//! The server as a client meets it: over loopback, with a clock that moves only when told.

mod authentication;
mod books_survive;
mod data;
mod faulty;
mod held_orders;
mod rest;
mod sockets;

use jiff::civil::date;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::*;
use crate::domain::time::from_ist;

/// A running server and a client that holds its token.
struct Desk {
    server: Running,
    http: reqwest::Client,
}

fn ten_o_clock() -> ManualTime {
    ManualTime::new(from_ist(date(2026, 11, 20).at(10, 0, 0, 0)))
}

fn config(time: &ManualTime) -> ServerConfig {
    let behaviour = Behaviour { jumps: 0.0, ..Behaviour::default() };
    ServerConfig { time: TimeSource::Manual(time.clone()), behaviour, ..ServerConfig::paper(7) }
}

impl Desk {
    async fn new() -> Self {
        Self::with(config(&ten_o_clock())).await
    }

    async fn with(config: ServerConfig) -> Self {
        // Another test may have installed it already.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { server: start(config).await.unwrap(), http }
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let request = self
            .http
            .request(method, format!("{}{path}", self.server.rest))
            .header("access-token", self.server.identity.access_token())
            .header("client-id", &self.server.client_id);
        let request = match body {
            Some(body) => request.header("content-type", "application/json").body(body.to_string()),
            None => request,
        };
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    async fn get(&self, path: &str) -> Value {
        let (status, body) = self.ask(Method::GET, path, None).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        body
    }

    async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.ask(Method::POST, path, Some(body)).await
    }

    /// The number of an option on NIFTY, from the option chain.
    async fn option(&self, strike: &str, side: &str) -> String {
        let chain = self
            .post("/optionchain", json!({"UnderlyingScrip": 13, "UnderlyingSeg": "IDX_I", "Expiry": "2026-11-23"}))
            .await
            .1;
        self.server.forward(3_000).await;
        chain["data"]["oc"][format!("{strike}.000000")][side]["security_id"].to_string()
    }

    fn order(&self, id: &str, side: &str, quantity: u32, order_type: &str, price: f64, mark: &str) -> Value {
        json!({
            "dhanClientId": self.server.client_id, "correlationId": mark, "transactionType": side,
            "exchangeSegment": "NSE_FNO", "productType": "MARGIN", "orderType": order_type, "validity": "DAY",
            "securityId": id, "quantity": quantity, "disclosedQuantity": 0, "price": price, "triggerPrice": 0,
            "afterMarketOrder": false,
        })
    }

    async fn place(&self, order: Value) -> String {
        let (status, body) = self.post("/orders", order).await;
        assert_eq!((status, &body["orderStatus"]), (StatusCode::OK, &json!("TRANSIT")), "{body}");
        body["orderId"].as_str().unwrap().to_string()
    }
}
