//! The profile, the cheapest check of a token; and the static IP, which is always this machine's.

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::get;

use super::answers::{Answer, ok};
use crate::domain::time::{Timestamp, ist};
use crate::exchange_server::limits::Bucket;
use crate::exchange_server::state::Shared;
use crate::protocol::dhan::authentication::TokenClaims;
use crate::protocol::dhan::profile::{Profile, StaticIp};

pub fn routes() -> Router<Shared> {
    Router::new().route("/profile", get(profile)).route("/ip/getIP", get(static_ip))
}

async fn profile(State(shared): State<Shared>, headers: HeaderMap) -> Answer {
    shared.admit(&headers, &Bucket::Other)?;
    let ends = TokenClaims::of(&shared.identity.access_token).and_then(|c| c.expires()).unwrap_or(Timestamp::MAX);
    let written = |format: &str| ist(ends).strftime(format).to_string();
    ok(&Profile {
        dhan_client_id: shared.account(),
        token_validity: written("%d/%m/%Y %H:%M"),
        active_segment: "E, D, C, M, ".into(),
        ddpi: "Active".into(),
        mtf: "Active".into(),
        data_plan: "Active".into(),
        data_validity: written("%Y-%m-%d %H:%M:%S.0"),
    })
}

async fn static_ip(State(shared): State<Shared>, headers: HeaderMap) -> Answer {
    shared.admit(&headers, &Bucket::Other)?;
    ok(&StaticIp {
        primary_ip: Some("127.0.0.1".into()),
        detected_ip: Some("127.0.0.1".into()),
        ip_match_status: Some("PRIMARY_MATCH".into()),
        orders_allowed: Some(true),
        ..StaticIp::default()
    })
}
