//! The clock by control: faster, slower, paused, ahead.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Wrong};
use crate::domain::time::{Timestamp, after_ms, ist};
use crate::exchange_server::state::Shared;
use crate::exchange_server::time_source::{DrivenTime, FASTEST, TimeSource};

/// What is wanted of the clock; what is not named stays.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Wish {
    /// 1 is as fast as the machine's clock.
    speed: Option<f64>,
    paused: Option<bool>,
    /// To this instant (`2026-11-23T15:39:00+05:30`); never back.
    jump_to: Option<Timestamp>,
    /// So many milliseconds ahead.
    forward_ms: Option<i64>,
}

fn driven(shared: &Shared) -> Result<&DrivenTime, Wrong> {
    match &shared.time {
        TimeSource::Driven(time) => Ok(time),
        TimeSource::System | TimeSource::Manual(_) => Err(Wrong::because("this exchange's clock cannot be driven")),
    }
}

pub async fn tell(State(shared): State<Shared>) -> Answer {
    Ok(Json(told(driven(&shared)?)))
}

pub fn told(time: &DrivenTime) -> Value {
    json!({ "now": ist(time.now()).to_string(), "speed": time.speed(), "paused": time.is_paused() })
}

/// Everything that had to happen until the new instant has happened when this is answered.
pub async fn drive(State(shared): State<Shared>, Json(wish): Json<Wish>) -> Answer {
    let time = driven(&shared)?;
    if let Some(speed) = wish.speed {
        if !(0.0..=FASTEST).contains(&speed) {
            return Err(Wrong::because(format!("a speed lies between 0 and {FASTEST}")));
        }
        time.set_speed(speed);
    }
    if let Some(paused) = wish.paused {
        time.set_paused(paused);
    }
    let ahead = wish.forward_ms.filter(|ms| *ms > 0).map(|ms| after_ms(time.now(), ms));
    if let Some(to) = wish.jump_to.or(ahead)
        && !time.jump_to(to)
    {
        return Err(Wrong::because("the clock does not go back"));
    }
    // The first makes time pass, the second is answered when that is written and told.
    for _ in 0..2 {
        shared.core.call(|_, _| ()).await?;
    }
    Ok(Json(told(time)))
}
