//! Everything about the exchange in one document.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::{Answer, clock, number};
use crate::domain::time::ist;
use crate::exchange_server::state::Shared;
use crate::exchange_server::time_source::TimeSource;

/// Clock, switches, faults, suspensions, and the books whole.
pub async fn everything(State(shared): State<Shared>) -> Answer {
    let (books, suspended, open, prices) = shared
        .core
        .call(|exchange, now| {
            exchange.let_pass(now);
            (exchange.save(), exchange.suspended(), exchange.is_open(), exchange.underlyings())
        })
        .await?;
    let clock = match &shared.time {
        TimeSource::Driven(time) => clock::told(time),
        TimeSource::System | TimeSource::Manual(_) => json!({ "now": ist(shared.now()).to_string() }),
    };
    let prices: serde_json::Map<_, _> = prices.into_iter().map(|(c, p)| (c.to_string(), number(p))).collect();
    Ok(Json(json!({
        "clock": clock,
        "open": open,
        "profile": shared.switches(),
        "faults": shared.faults.list(),
        "halted": { "market": suspended.0, "contracts": suspended.1 },
        "prices": prices,
        "books": serde_json::from_slice::<Value>(&books).unwrap_or(Value::Null),
    })))
}
