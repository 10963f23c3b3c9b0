//! Tokens, consents and registered addresses, as a client meets them.

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

use super::*;
use crate::domain::time::Timestamp;
use crate::protocol::dhan::authentication::TokenClaims;
use crate::protocol::dhan::market_feed::{Body, FeedDecoder};
use crate::protocol::dhan::one_time_password;
use crate::protocol::dhan::order_update::Login;

impl Desk {
    /// A call of the host of tokens; a redirect is not followed.
    async fn auth(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> (StatusCode, String, Value) {
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let mut request = http.request(method, format!("{}{path}", self.server.auth));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.unwrap();
        let to = answer.headers().get("location").map(|v| v.to_str().unwrap().to_string()).unwrap_or_default();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        (status, to, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    async fn with_token(&self, method: Method, path: &str, token: &str) -> (StatusCode, Value) {
        let request = self.http.request(method, format!("{}{path}", self.server.rest)).header("access-token", token);
        let answer = request.header("dhanClientId", &self.server.client_id).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    fn now(&self) -> Timestamp {
        self.server.time.now()
    }
}

#[tokio::test]
async fn pin_and_one_time_password_make_a_token_and_failures_come_with_200() {
    let desk = Desk::new().await;
    let keys = desk.server.keys();
    let client = desk.server.client_id.clone();
    let path = |pin: &str, totp: &str| format!("/app/generateAccessToken?dhanClientId={client}&pin={pin}&totp={totp}");
    let (status, _, body) = desk.auth(Method::POST, &path(&keys.pin, "000"), &[]).await;
    assert_eq!((status, body), (StatusCode::OK, json!({"status": "error", "message": "Invalid TOTP"})));
    let totp = one_time_password::password(&keys.totp_key, desk.now()).unwrap();
    let (status, _, body) = desk.auth(Method::POST, &path(&keys.pin, &totp), &[]).await;
    assert_eq!((status, &body["expiryTime"]), (StatusCode::OK, &json!("2026-11-21T10:00:00.000")), "{body}");
    let token = body["accessToken"].as_str().unwrap();
    let claims = TokenClaims::of(token).unwrap();
    assert_eq!((claims.exp - claims.iat, claims.token_consumer_type.as_str()), (86_400, "APP"));
    assert_eq!(desk.with_token(Method::GET, "/orders", token).await.0, StatusCode::OK);
    let (_, _, body) = desk.auth(Method::POST, &path(&keys.pin, &totp), &[]).await;
    assert_eq!(body["message"], json!("Token can be generated once every 2 minutes."));
    // Only a token of the page is renewed, and only by GET.
    assert_eq!(desk.with_token(Method::GET, "/RenewToken", token).await.1["errorCode"], json!("DH-905"));
}

#[tokio::test]
async fn another_token_ends_the_one_before() {
    let desk = Desk::new().await;
    let first = desk.server.access_token.clone();
    let (status, body) = desk.with_token(Method::POST, "/RenewToken", &first).await;
    assert_eq!((status, &body["errorCode"]), (StatusCode::BAD_REQUEST, &json!("DH-905")));
    let (status, body) = desk.with_token(Method::GET, "/RenewToken", &first).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let second = body["accessToken"].as_str().unwrap().to_string();

    let (status, body) = desk.with_token(Method::GET, "/orders", &first).await;
    assert_eq!((status, &body["errorCode"]), (StatusCode::UNAUTHORIZED, &json!("DH-901")));
    let (status, body) = desk.with_token(Method::DELETE, "/orders/1", &first).await;
    assert_eq!((status, &body["errorCode"]), (StatusCode::BAD_REQUEST, &json!("DH-906")), "an order call");
    assert_eq!(body["errorMessage"], json!("Invalid Token"));
    assert_eq!(desk.with_token(Method::GET, "/RenewToken", &first).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(desk.with_token(Method::GET, "/orders", &second).await.0, StatusCode::OK);
    desk.server.forward(86_400_000).await;
    let (status, body) = desk.with_token(Method::DELETE, "/orders/1", &second).await;
    assert_eq!((status, &body["errorCode"]), (StatusCode::UNAUTHORIZED, &json!("DH-901")), "its day is over");
}

#[tokio::test]
async fn consents_of_both_kinds_end_in_a_token() {
    let desk = Desk::new().await;
    let keys = desk.server.keys();
    let client = desk.server.client_id.clone();
    let app = [("app_id", keys.app_id.as_str()), ("app_secret", keys.app_secret.as_str())];
    let partner = [("partner_id", keys.partner_id.as_str()), ("partner_secret", keys.partner_secret.as_str())];
    let ask = format!("/app/generate-consent?client_id={client}");
    let (_, _, body) = desk.auth(Method::POST, &ask, &[("app_id", "x"), ("app_secret", "y")]).await;
    assert_eq!(body["status"], json!("error"));
    let (_, _, consent) = desk.auth(Method::POST, &ask, &app).await;
    assert_eq!((&consent["consentAppStatus"], &consent["status"]), (&json!("GENERATED"), &json!("success")));
    let login = format!("/login/consentApp-login?consentAppId={}", consent["consentAppId"].as_str().unwrap());
    let (status, to, _) = desk.auth(Method::GET, &login, &[]).await;
    assert!(status.is_redirection());
    let token_id = to.split_once("tokenId=").unwrap().1;
    let (_, _, page) = desk.auth(Method::GET, &to, &[]).await;
    assert!(page.as_str().unwrap().contains(token_id), "{page}");
    let consume = format!("/app/consumeApp-consent?tokenId={token_id}");
    let (_, _, body) = desk.auth(Method::GET, &consume, &app).await;
    assert_eq!(body["expiryTime"], json!("2026-11-21T10:00:00"));
    assert_eq!(desk.with_token(Method::GET, "/orders", body["accessToken"].as_str().unwrap()).await.0, StatusCode::OK);
    assert_eq!(desk.auth(Method::GET, &consume, &app).await.2["status"], json!("error"), "once");

    let (_, _, consent) = desk.auth(Method::GET, "/partner/generate-consent", &partner).await;
    let login = format!("/consent-login?consentId={}", consent["consentId"].as_str().unwrap());
    let (_, to, _) = desk.auth(Method::GET, &login, &[]).await;
    let consume = format!("/partner/consume-consent?tokenId={}", to.split_once("tokenId=").unwrap().1);
    let (_, _, body) = desk.auth(Method::GET, &consume, &partner).await;
    assert_eq!(body["dhanClientId"], json!(client));
    assert!(body["accessToken"].is_string());
}

#[tokio::test]
async fn orders_from_an_address_that_is_not_registered_are_refused_and_reads_are_not() {
    let seen_from = "203.0.113.7".parse().unwrap();
    let desk = Desk::with(ServerConfig { static_ip: true, seen_from, ..config(&ten_o_clock()) }).await;
    let (status, body) = desk.ask(Method::DELETE, "/orders/1", None).await;
    assert_eq!((status, &body["errorCode"]), (StatusCode::BAD_REQUEST, &json!("DH-905")));
    assert_eq!(body["errorMessage"], json!("Invalid IP"));
    let told = desk.get("/ip/getIP").await;
    assert_eq!((&told["ipMatchStatus"], &told["ordersAllowed"]), (&json!("MISMATCH"), &json!(false)));
    assert_eq!(desk.get("/orders").await, json!([]));

    let wish = |flag: &str| json!({"dhanClientId": desk.server.client_id, "ip": "203.0.113.7", "ipFlag": flag});
    let (status, body) = desk.ask(Method::PUT, "/ip/modifyIP", Some(wish("PRIMARY"))).await;
    assert_eq!((status, &body["errorCode"]), (StatusCode::BAD_REQUEST, &json!("DH-905")), "fixed for a week");
    let (status, body) = desk.post("/ip/setIP", wish("SECONDARY")).await;
    assert_eq!((status, body), (StatusCode::OK, json!({"message": "IP saved successfully", "status": "SUCCESS"})));
    assert_eq!(desk.get("/ip/getIP").await["secondaryIP"], json!("203.0.113.7"));
    let (_, body) = desk.ask(Method::DELETE, "/orders/1", None).await;
    assert_ne!(body["errorMessage"], json!("Invalid IP"), "{body}");
}

#[tokio::test]
async fn a_token_that_ends_takes_its_sockets_with_it() {
    let desk = Desk::new().await;
    let (token, client) = (&desk.server.access_token, &desk.server.client_id);
    let url = format!("{}?version=2&token={token}&clientId={client}&authType=2", desk.server.feed);
    let (mut feed, _) = connect_async(&url).await.unwrap();
    let (mut orders, _) = connect_async(&desk.server.orders).await.unwrap();
    let login = Login { client_id: client.clone(), token: token.clone() };
    orders.send(Message::text(login.to_text())).await.unwrap();
    // Its pong says that the login before it has been read.
    orders.send(Message::Ping(Vec::new().into())).await.unwrap();
    assert!(matches!(orders.next().await, Some(Ok(Message::Pong(_)))));
    desk.server.revoke_token().unwrap();
    assert!(!matches!(orders.next().await, Some(Ok(Message::Text(_) | Message::Binary(_)))));
    let Some(Ok(Message::Binary(bytes))) = feed.next().await else { panic!("it says why") };
    let mut said = Vec::new();
    FeedDecoder::default().push(&bytes, |p| said.push(p.body));
    assert!(matches!(said[..], [Body::Disconnect(808)]), "{said:?}");
    assert!(connect_async(&url).await.is_err(), "and not again with it");
}
