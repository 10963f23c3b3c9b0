//! The control endpoint from outside.

use std::time::Duration;

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use strikedeck::exchange_server::{ControlAccess, Running, ServerConfig, start};

struct Control {
    exchange: Running,
    access: ControlAccess,
    http: Client,
}

impl Control {
    async fn new() -> Self {
        strikedeck::net::install_crypto();
        let exchange = start(ServerConfig { control: true, ..ServerConfig::paper(7) }).await.unwrap();
        let access = exchange.control.clone().unwrap();
        let http = Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().unwrap();
        Self { exchange, access, http }
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let request = self
            .http
            .request(method, format!("{}{path}", self.access.url))
            .header("x-control-token", &self.access.token);
        let request = match body {
            Some(body) => request.header("content-type", "application/json").body(body.to_string()),
            None => request,
        };
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask(Method::POST, path, Some(body)).await;
        assert_eq!(status, StatusCode::OK, "{path}: {answer}");
        answer
    }

    async fn refused(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask(Method::POST, path, Some(body)).await;
        assert!(status.is_client_error(), "{path}: {answer}");
        answer
    }

    async fn get(&self, path: &str) -> Value {
        self.ask(Method::GET, path, None).await.1
    }

    /// A call of a client, not of whoever steers.
    async fn funds(&self) -> Option<StatusCode> {
        let request = self.http.get(format!("{}/fundlimit", self.exchange.rest));
        let answer = request.header("access-token", &self.exchange.access_token).send().await;
        answer.ok().map(|a| a.status())
    }
}

#[tokio::test]
async fn without_being_asked_for_there_is_no_control_and_without_its_secret_no_way_in() {
    let closed = start(ServerConfig::paper(7)).await.unwrap();
    assert_eq!(closed.control, None);
    let control = Control::new().await;
    let plain = control.http.get(format!("http://{}/control", closed.address)).send().await.unwrap();
    assert_eq!(plain.status(), StatusCode::NOT_FOUND);
    for token in ["", "guess", &control.exchange.access_token] {
        let request = control.http.get(&control.access.url).header("x-control-token", token);
        assert_eq!(request.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    }
    assert!(!format!("{:?}", control.access).contains(&control.access.token));
}

#[tokio::test]
async fn faults_are_set_listed_and_cleared() {
    let control = Control::new().await;
    assert_eq!(control.funds().await, Some(StatusCode::OK));
    let spec = json!({"fault": {"server_error": {"status": 503, "html": true}}, "on": ["funds"], "times": 1});
    let id = control.post("/faults", spec).await["id"].as_u64().unwrap();
    assert_eq!(control.funds().await, Some(StatusCode::SERVICE_UNAVAILABLE));
    assert_eq!(control.funds().await, Some(StatusCode::OK), "once was enough");
    control.post("/faults", json!({"fault": {"connection_reset": {}}, "for": "1m"})).await;
    assert_eq!(control.funds().await, None, "reset");
    let listed = control.get("/faults").await;
    assert_eq!((listed["faults"].as_array().unwrap().len(), &listed["faults"][0]["happened"]), (1, &json!(1)));
    let (status, _) = control.ask(Method::DELETE, &format!("/faults/{id}"), None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(control.ask(Method::DELETE, "/faults", None).await.1["cleared"], json!(1));
    assert_eq!(control.funds().await, Some(StatusCode::OK));
    control.refused("/faults", json!({"fault": "gremlins"})).await;
    control.refused("/faults", json!({"fault": "feed_silent", "chance": 7})).await;
}

#[tokio::test]
async fn the_clock_is_paused_jumps_ahead_and_never_back() {
    let control = Control::new().await;
    control.post("/clock", json!({"paused": true})).await;
    let stood = control.get("/clock").await["now"].clone();
    assert_eq!(control.get("/clock").await["now"], stood);
    let ahead = control.post("/clock", json!({"forward_ms": 3_600_000})).await["now"].clone();
    assert_ne!(ahead, stood);
    control.refused("/clock", json!({"jump_to": "2020-01-01T00:00:00Z"})).await;
    control.refused("/clock", json!({"speed": -1})).await;
    let told = control.post("/clock", json!({"speed": 60, "paused": false})).await;
    assert_eq!((told["speed"].as_f64(), &told["paused"]), (Some(60.0), &json!(false)));
}

#[tokio::test]
async fn prices_gaps_and_halts_are_as_told() {
    let control = Control::new().await;
    control.post("/clock", json!({"paused": true})).await;
    let price = |answer: &Value| answer["prices"]["NIFTY"].as_f64().unwrap();
    let set = control.post("/market", json!({"price": {"symbol": "NIFTY", "to": "27000"}})).await;
    assert!((price(&set) - 27_000.0).abs() < 0.2, "{set}");
    let fell = control.post("/market", json!({"gap": {"symbol": "NIFTY", "per_cent": "-3"}})).await;
    assert!((price(&fell) - 26_190.0).abs() < 1.0, "{fell}");
    control.post("/market", json!({"halt": {}})).await;
    assert_eq!(control.get("").await["open"], json!(false));
    control.post("/market", json!({"unhalt": {}})).await;
    control.post("/market", json!({"halt": {"symbol": "NIFTY"}})).await;
    let state = control.get("").await;
    assert_eq!((&state["open"], state["halted"]["contracts"].as_array().unwrap().len()), (&json!(true), 1));
    assert!(state["books"]["state"].is_object() && state["profile"]["order_by_id"] == json!("object"));
    control.refused("/market", json!({"price": {"symbol": "ABC", "to": "1"}})).await;
    control.refused("/market", json!({"unhalt": {"symbol": "BANKNIFTY"}})).await;
}

#[tokio::test]
async fn the_profile_is_set_whole() {
    let control = Control::new().await;
    control.post("/profile", json!({"cancel_status": "202", "market_orders": "filled_at_touch"})).await;
    let profile = control.get("/profile").await;
    assert_eq!((&profile["cancel_status"], &profile["order_by_id"]), (&json!("202"), &json!("object")));
    control.refused("/profile", json!({"colour": "red"})).await;
}
