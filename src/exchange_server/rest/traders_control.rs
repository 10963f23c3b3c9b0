//! The kill switch.

use axum::Router;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::routing::get;
use serde::Deserialize;

use super::answers::{Answer, Refused, ok};
use crate::exchange_server::limits::Bucket;
use crate::exchange_server::state::Shared;
use crate::protocol::dhan::enums::KillSwitch;
use crate::protocol::dhan::traders_control::KillSwitchAnswer;

pub fn routes() -> Router<Shared> {
    Router::new().route("/killswitch", get(status).post(set))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wish {
    kill_switch_status: Option<String>,
}

async fn set(State(shared): State<Shared>, Query(wish): Query<Wish>, headers: HeaderMap) -> Answer {
    shared.admit(&headers, &Bucket::Other)?;
    let (active, sentence) = match KillSwitch::read(wish.kill_switch_status.as_deref().unwrap_or_default()) {
        KillSwitch::Activate => (true, "Kill Switch has been successfully activated"),
        KillSwitch::Deactivate => (false, "Kill Switch has been successfully deactivated"),
        KillSwitch::Unknown(_) => return Err(Refused::bad_fields()),
    };
    let account = shared.account();
    shared.core.call(move |exchange, now| exchange.set_kill_switch(&account, active, now)).await??;
    ok(&KillSwitchAnswer { dhan_client_id: shared.account(), kill_switch_status: sentence.into() })
}

async fn status(State(shared): State<Shared>, headers: HeaderMap) -> Answer {
    shared.admit(&headers, &Bucket::Other)?;
    let account = shared.account();
    let active = shared
        .core
        .call(move |exchange, now| {
            exchange.let_pass(now);
            exchange.kill_switch(&account)
        })
        .await?;
    let word = if active { KillSwitch::Activate } else { KillSwitch::Deactivate };
    ok(&KillSwitchAnswer { dhan_client_id: shared.account(), kill_switch_status: word.as_str().into() })
}
