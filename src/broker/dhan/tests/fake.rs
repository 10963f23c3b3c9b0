//! A server that answers from a list and remembers what it was asked.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use super::listing::shared_index;
use crate::broker::dhan::{DhanBroker, DhanCredentials, DhanEndpoints, DhanSettings, MarketOrders};
use crate::net::{Backoff, HttpSettings, Secret, SocketSettings};

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Asked {
    pub headers: HeaderMap,
    pub body: String,
}

#[derive(Clone, Debug)]
enum Prepared {
    Says(u16, String),
    Silence,
}

#[derive(Clone, Default)]
pub struct Fake {
    answers: Arc<Mutex<HashMap<String, Prepared>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Fake {
    /// What it says to `GET /v2/orders` and the like.
    pub fn says(&self, what: &str, status: u16, body: &str) {
        self.answers.lock().unwrap().insert(what.to_string(), Prepared::Says(status, body.to_string()));
    }

    /// It takes the request and never answers.
    pub fn is_silent(&self, what: &str) {
        self.answers.lock().unwrap().insert(what.to_string(), Prepared::Silence);
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub fn last(&self) -> Asked {
        self.asked().last().unwrap().clone()
    }

    pub fn router(&self) -> Router {
        Router::new().fallback(answer).with_state(self.clone())
    }

    /// Serves, and a client that knows where.
    pub async fn with_client(&self) -> DhanBroker {
        client(serve(self.router()).await)
    }
}

async fn answer(State(fake): State<Fake>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let what = format!("{method} {uri}");
    let body = String::from_utf8_lossy(&body).into_owned();
    fake.asked.lock().unwrap().push(Asked { headers, body });
    let prepared = fake.answers.lock().unwrap().get(&what).cloned();
    match prepared {
        Some(Prepared::Says(status, body)) => (StatusCode::from_u16(status).unwrap(), body).into_response(),
        Some(Prepared::Silence) => std::future::pending().await,
        None => panic!("nothing is prepared for {what}"),
    }
}

pub async fn serve(router: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

pub fn client(address: SocketAddr) -> DhanBroker {
    client_that(address, MarketOrders::default())
}

/// … and writes orders at the market in this form.
pub fn client_that(address: SocketAddr, market_orders: MarketOrders) -> DhanBroker {
    let backoff = Backoff { first: Duration::from_millis(10), longest: Duration::from_millis(20) };
    let socket = SocketSettings { backoff, ..SocketSettings::default() };
    let settings = DhanSettings {
        http: HttpSettings {
            connect: Duration::from_millis(500),
            total: Duration::from_millis(700),
            ..HttpSettings::default()
        },
        quote_pause: Duration::from_millis(1),
        feed: socket,
        orders: socket,
        penalty: Duration::from_millis(50),
        market_orders,
        ..DhanSettings::default()
    };
    let credentials = DhanCredentials { client_id: "1100000007".into(), access_token: Secret::new("to.k.en") };
    DhanBroker::new(DhanEndpoints::local(address), credentials, settings, shared_index()).unwrap()
}
