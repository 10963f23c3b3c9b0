//! The profile, the cheapest check of a token; and the addresses from which orders are taken.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::{get, post, put};

use super::answers::{Answer, Refused, ok};
use crate::domain::time::{Timestamp, ist};
use crate::exchange_server::addresses::{AddressError, Addresses};
use crate::exchange_server::limits::Bucket;
use crate::exchange_server::state::Shared;
use crate::protocol::dhan::errors::TradingCode;
use crate::protocol::dhan::profile::{IpAnswer, Profile, SetIp};

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/profile", get(profile))
        .route("/ip/getIP", get(static_ip))
        .route("/ip/setIP", post(set_ip))
        .route("/ip/modifyIP", put(modify_ip))
}

async fn profile(State(shared): State<Shared>, headers: HeaderMap) -> Answer {
    shared.admit(&headers, &Bucket::Other)?;
    let ends = shared.identity.expires();
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
    ok(&shared.identity.addresses())
}

async fn set_ip(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Answer {
    change(&shared, &headers, &body, |all, wish, now| all.set(&wish.ip_flag, &wish.ip, now))
}

async fn modify_ip(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Answer {
    change(&shared, &headers, &body, |all, wish, now| all.modify(&wish.ip_flag, &wish.ip, now))
}

fn change(
    shared: &Shared,
    headers: &HeaderMap,
    body: &[u8],
    work: impl FnOnce(&mut Addresses, &SetIp, Timestamp) -> Result<(), AddressError>,
) -> Answer {
    shared.admit(headers, &Bucket::Other)?;
    let wish: SetIp = serde_json::from_slice(body).map_err(|_| Refused::bad_fields())?;
    if wish.dhan_client_id != shared.identity.client_id {
        return Err(Refused::input("dhanClientId is invalid"));
    }
    let now = shared.now();
    let done = shared.identity.with_addresses(|all| work(all, &wish, now));
    done.map_err(|_| Refused::trading(500, TradingCode::InternalServer, "Internal Server Error"))?
        .map_err(|why| Refused::input(&why.to_string()))?;
    ok(&IpAnswer { message: "IP saved successfully".into(), status: "SUCCESS".into() })
}
