//! The host of tokens and consents, and renewal. Its failures come with status 200, as the broker's do.

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;

use super::answers::{Answer, Refused, ok};
use crate::domain::time::{Timestamp, ist};
use crate::exchange_server::consents::Asker;
use crate::exchange_server::identity::Consumer;
use crate::exchange_server::limits::Bucket;
use crate::exchange_server::state::{Shared, text};
use crate::protocol::dhan::authentication::{AppConsent, PartnerConsent, TokenAnswer, TokenClaims};
use crate::protocol::dhan::errors::TradingCode;

/// Below `/v2`.
pub fn routes() -> Router<Shared> {
    Router::new().route("/RenewToken", get(renew).fallback(wrong_method))
}

/// Below the root: the host of tokens.
pub fn host() -> Router<Shared> {
    Router::new()
        .route("/app/generateAccessToken", post(generate))
        .route("/app/generate-consent", post(app_consent))
        .route("/login/consentApp-login", get(app_login))
        .route("/app/consumeApp-consent", get(consume_app).post(consume_app))
        .route("/app/logged-in", get(logged_in))
        .route("/partner/generate-consent", get(partner_consent).post(partner_consent))
        .route("/consent-login", get(partner_login))
        .route("/partner/consume-consent", get(consume_partner).post(consume_partner))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Knows {
    #[serde(default)]
    dhan_client_id: String,
    #[serde(default)]
    pin: String,
    #[serde(default)]
    totp: String,
}

async fn generate(State(shared): State<Shared>, Query(knows): Query<Knows>) -> Answer {
    match shared.identity.generate(&knows.dhan_client_id, &knows.pin, &knows.totp).map_err(broken)? {
        Ok(token) => ok(&answer(&shared, token, "%Y-%m-%dT%H:%M:%S.000")),
        Err(why) => Ok(soft(why)),
    }
}

async fn renew(State(shared): State<Shared>, headers: HeaderMap) -> Answer {
    shared.admit(&headers, &Bucket::Other)?;
    if text(&headers, "dhanClientId") != shared.identity.client_id {
        return Err(Refused::bad_fields());
    }
    let renewed = shared.identity.renew(text(&headers, "access-token")).map_err(broken)?;
    let token = renewed.ok_or_else(|| Refused::input("Only tokens generated from Dhan Web can be renewed"))?;
    ok(&answer(&shared, token, "%Y-%m-%dT%H:%M:%S.000"))
}

/// Anything but GET is a bad request there.
async fn wrong_method() -> Refused {
    Refused::bad_fields()
}

#[derive(Deserialize)]
struct ForClient {
    #[serde(default)]
    client_id: String,
}

async fn app_consent(State(shared): State<Shared>, Query(who): Query<ForClient>, headers: HeaderMap) -> Answer {
    if !knows_app(&shared, &headers) || who.client_id != shared.identity.client_id {
        return Ok(soft("Invalid app_id or app_secret"));
    }
    match new_consent(&shared, Asker::App)? {
        Some(consent_app_id) => {
            ok(&AppConsent { consent_app_id, consent_app_status: "GENERATED".into(), status: "success".into() })
        }
        None => Ok(soft(NO_MORE)),
    }
}

async fn partner_consent(State(shared): State<Shared>, headers: HeaderMap) -> Answer {
    if !knows_partner(&shared, &headers) {
        return Ok(soft("Invalid partner_id or partner_secret"));
    }
    match new_consent(&shared, Asker::Partner)? {
        Some(consent_id) => ok(&PartnerConsent { consent_id, consent_status: "GENERATED".into() }),
        None => Ok(soft(NO_MORE)),
    }
}

const NO_MORE: &str = "Consent limit for the day is reached";

fn new_consent(shared: &Shared, asker: Asker) -> Result<Option<String>, Refused> {
    shared.identity.consents().ask(asker, ist(shared.now()).date()).map_err(broken)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Consent {
    #[serde(default, alias = "consentAppId")]
    consent_id: String,
}

/// Nobody has to type anything here: whoever opens the page is logged in.
async fn app_login(State(shared): State<Shared>, Query(consent): Query<Consent>) -> Result<Response, Refused> {
    log_in(&shared, Asker::App, &consent.consent_id)
}

async fn partner_login(State(shared): State<Shared>, Query(consent): Query<Consent>) -> Result<Response, Refused> {
    log_in(&shared, Asker::Partner, &consent.consent_id)
}

fn log_in(shared: &Shared, asker: Asker, id: &str) -> Result<Response, Refused> {
    let token_id = shared.identity.consents().log_in(asker, id).map_err(broken)?;
    let token_id = token_id.ok_or_else(|| Refused::input("Invalid consent"))?;
    Ok(Redirect::to(&format!("/app/logged-in?tokenId={token_id}")).into_response())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LoggedIn {
    #[serde(default)]
    token_id: String,
}

/// Where an API key without a page of its own sends the browser: it shows what is to be copied.
async fn logged_in(Query(LoggedIn { token_id }): Query<LoggedIn>) -> String {
    let plain: String = token_id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(64).collect();
    format!("Logged in. Copy this into the program that asked: tokenId={plain}\n")
}

async fn consume_app(State(shared): State<Shared>, Query(id): Query<LoggedIn>, headers: HeaderMap) -> Answer {
    if !knows_app(&shared, &headers) {
        return Ok(soft("Invalid app_id or app_secret"));
    }
    consume(&shared, Asker::App, &id.token_id)
}

async fn consume_partner(State(shared): State<Shared>, Query(id): Query<LoggedIn>, headers: HeaderMap) -> Answer {
    if !knows_partner(&shared, &headers) {
        return Ok(soft("Invalid partner_id or partner_secret"));
    }
    consume(&shared, Asker::Partner, &id.token_id)
}

fn consume(shared: &Shared, asker: Asker, token_id: &str) -> Answer {
    if !shared.identity.consents().consume(asker, token_id) {
        return Ok(soft("Invalid tokenId"));
    }
    let token = shared.identity.new_token(Consumer::Program).map_err(broken)?;
    ok(&answer(shared, token, "%Y-%m-%dT%H:%M:%S"))
}

fn knows_app(shared: &Shared, headers: &HeaderMap) -> bool {
    let keys = shared.identity.keys();
    text(headers, "app_id") == keys.app_id && text(headers, "app_secret") == keys.app_secret
}

fn knows_partner(shared: &Shared, headers: &HeaderMap) -> bool {
    let keys = shared.identity.keys();
    text(headers, "partner_id") == keys.partner_id && text(headers, "partner_secret") == keys.partner_secret
}

fn answer(shared: &Shared, token: String, format: &str) -> TokenAnswer {
    let ends = TokenClaims::of(&token).and_then(|c| c.expires()).unwrap_or(Timestamp::MIN);
    TokenAnswer {
        dhan_client_id: shared.account(),
        dhan_client_name: "PAPER TRADER".into(),
        dhan_client_ucc: "PAPER00001".into(),
        given_power_of_attorney: false,
        access_token: token,
        expiry_time: ist(ends).strftime(format).to_string(),
    }
}

/// A failure of the host of tokens: status 200, the words in the body.
fn soft(why: &str) -> Response {
    Json(json!({ "status": "error", "message": why })).into_response()
}

fn broken(_: std::io::Error) -> Refused {
    Refused::trading(500, TradingCode::InternalServer, "Internal Server Error")
}
