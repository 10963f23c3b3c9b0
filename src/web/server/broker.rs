//! The broker's account: what there is, what is set up, setting it up, trying it.

use axum::Json;
use axum::body::Body;
use axum::extract::State;

use super::routes::{At, answer, read_bytes};
use crate::web::office::{BrokerForm, CurrentBroker, LoginTold, SupportedBroker};
use crate::web::problem::Problem;

pub(super) async fn supported(State(room): At) -> Json<Vec<SupportedBroker>> {
    Json(room.office.brokers())
}

pub(super) async fn current(State(room): At) -> Result<Json<CurrentBroker>, Problem> {
    answer(room.office.broker()).await
}

pub(super) async fn configure(State(room): At, body: Body) -> Result<Json<LoginTold>, Problem> {
    let bytes = read_bytes(body).await?;
    let form: BrokerForm = serde_json::from_slice(&bytes).map_err(|e| {
        // The reader's own words may repeat what was written.
        let what = if e.is_data() { "a field is missing, not known or of another type" } else { "it is not JSON" };
        Problem::bad_request(format!("that is no login: {what}, see line {}, column {}", e.line(), e.column()))
    })?;
    tracing::info!(
        "control API: a login for {} is tried",
        if form.broker == "dhan" { "dhan" } else { "another broker" }
    );
    answer(room.office.configure(form)).await
}

pub(super) async fn test(State(room): At) -> Result<Json<LoginTold>, Problem> {
    answer(room.office.test()).await
}
