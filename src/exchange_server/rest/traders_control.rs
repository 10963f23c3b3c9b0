//! The kill switch, and the exit on profit or loss.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::routing::get;
use serde::Deserialize;

use super::answers::{Answer, Refused, ok};
use crate::domain::{Money, PnlExit};
use crate::exchange_server::limits::Bucket;
use crate::exchange_server::state::Shared;
use crate::exchange_server::switches::PnlExitKey;
use crate::protocol::dhan::enums::{ExitProduct, KillSwitch, PnlExitStatus};
use crate::protocol::dhan::traders_control::{KillSwitchAnswer, PnlExit as WirePnlExit, PnlExitAnswer, PnlExitRequest};

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/killswitch", get(status).post(set))
        .route("/pnlExit", get(pnl_exit).post(set_pnl_exit).delete(stop_pnl_exit))
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

async fn set_pnl_exit(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Answer {
    shared.admit(&headers, &Bucket::Other)?;
    let request: PnlExitRequest = serde_json::from_slice(&body).map_err(|_| Refused::bad_fields())?;
    if !request.product_type.iter().all(ExitProduct::is_known) {
        return Err(Refused::bad_fields());
    }
    let rule = PnlExit {
        profit: Money(request.profit_value),
        loss: Money(request.loss_value),
        intraday: request.product_type.contains(&ExitProduct::Intraday),
        delivery: request.product_type.contains(&ExitProduct::Delivery),
        kill_switch: request.enable_kill_switch,
    };
    let account = shared.account();
    shared.core.call(move |exchange, now| exchange.set_pnl_exit(&account, rule, now)).await??;
    let message = "P&L based exit configured successfully".into();
    ok(&PnlExitAnswer { pnl_exit_status: PnlExitStatus::Active, message })
}

/// Without a rule, or after it has fired: inactive, and nothing else.
async fn pnl_exit(State(shared): State<Shared>, headers: HeaderMap) -> Answer {
    shared.admit(&headers, &Bucket::Other)?;
    let account = shared.account();
    let rule = shared.core.call(move |exchange, now| {
        exchange.let_pass(now);
        exchange.pnl_exit(&account)
    });
    let Some(rule) = rule.await? else {
        return told(&shared, &WirePnlExit { pnl_exit_status: PnlExitStatus::Inactive, ..WirePnlExit::default() });
    };
    let products = [(rule.intraday, ExitProduct::Intraday), (rule.delivery, ExitProduct::Delivery)];
    let set = WirePnlExit {
        pnl_exit_status: PnlExitStatus::Active,
        profit: rule.profit.0,
        loss: rule.loss.0,
        product_type: products.into_iter().filter(|(covered, _)| *covered).map(|(_, product)| product).collect(),
        enable_kill_switch: rule.kill_switch,
    };
    told(&shared, &set)
}

/// The rule, its last field by the name that the switch wants.
fn told(shared: &Shared, set: &WirePnlExit) -> Answer {
    let answer = ok(set)?;
    match shared.switches().pnl_exit_key {
        PnlExitKey::SnakeCase => Ok(answer),
        PnlExitKey::CamelCase => {
            let mut fields = serde_json::to_value(set).map_err(|_| Refused::bad_fields())?;
            if let Some(fields) = fields.as_object_mut() {
                let kill_switch = fields.remove("enable_kill_switch").unwrap_or_default();
                fields.insert("enableKillSwitch".into(), kill_switch);
            }
            ok(&fields)
        }
    }
}

async fn stop_pnl_exit(State(shared): State<Shared>, headers: HeaderMap) -> Answer {
    shared.admit(&headers, &Bucket::Other)?;
    let account = shared.account();
    shared.core.call(move |exchange, now| exchange.stop_pnl_exit(&account, now)).await?;
    let message = "P&L based exit stopped successfully".into();
    ok(&PnlExitAnswer { pnl_exit_status: PnlExitStatus::Disabled, message })
}
