//! Whether entries are allowed: read it, forbid it with a reason, allow it again.

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::routes::{At, Room, answer};
use crate::engine::command::{Command, Origin, Reply};
use crate::web::desk::DeskError;
use crate::web::problem::Problem;

/// A reason is a sentence.
const LARGEST_BODY: usize = 4 * 1024;

/// The body of `disable`; none is one without a reason.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Wish {
    reason: String,
}

pub(super) async fn state(State(room): At) -> Result<Json<Value>, Problem> {
    told(&room).await
}

pub(super) async fn enable(State(room): At) -> Result<Json<Value>, Problem> {
    tracing::info!("control API: trading enabled");
    obeyed(&room, Command::Enable).await
}

pub(super) async fn disable(State(room): At, body: Body) -> Result<Json<Value>, Problem> {
    let bytes = to_bytes(body, LARGEST_BODY).await.map_err(|_| Problem::bad_request("a reason is a sentence"))?;
    let wish: Wish = if bytes.trim_ascii().is_empty() {
        Wish::default()
    } else {
        serde_json::from_slice(&bytes).map_err(|e| Problem::bad_request(format!("that is not {{reason}}: {e}")))?
    };
    let reason = match wish.reason.trim() {
        "" => "through the control API".to_string(),
        reason => reason.to_string(),
    };
    tracing::info!("control API: trading disabled");
    obeyed(&room, Command::Disable { reason }).await
}

async fn obeyed(room: &Room, command: Command) -> Result<Json<Value>, Problem> {
    let Json(reply) = answer(room.desk.command(command, Origin::Shell)).await?;
    match reply {
        Reply::Refused { reason } => Err(DeskError::Refused(reason).into()),
        Reply::Done { .. } | Reply::Partly { .. } | Reply::Previews { .. } | Reply::Signal { .. } => told(room).await,
    }
}

/// As the view has it: whoever was answered finds there what was done.
async fn told(room: &Room) -> Result<Json<Value>, Problem> {
    let Json(status) = answer(room.desk.status()).await?;
    let halt = &status["halt"];
    Ok(Json(json!({
        "enabled": halt.is_null(),
        "since": halt["since"],
        "reason": halt["reason"],
        "locked": !halt.is_null() && halt["locked"] == true,
    })))
}
