//! The instrument master, compact and detailed. No token is asked for.

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;

use super::answers::{Answer, Refused};
use crate::domain::contract_rules::ExpiryCycle;
use crate::exchange::Listing;
use crate::exchange_server::state::Shared;
use crate::protocol::dhan::instruments::{self, write_compact, write_detailed};

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/api-data/api-scrip-master.csv", get(compact))
        .route("/api-data/api-scrip-master-detailed.csv", get(detailed))
        .route("/v2/instrument/{segment}", get(per_segment))
}

async fn compact(State(shared): State<Shared>) -> Answer {
    file(&shared, write_compact).await
}

async fn detailed(State(shared): State<Shared>) -> Answer {
    file(&shared, write_detailed).await
}

/// The broker redirects to a detailed file; one was seen to hold everything, whatever the segment.
async fn per_segment() -> Response {
    Redirect::temporary("/api-data/api-scrip-master-detailed.csv").into_response()
}

async fn file(shared: &Shared, write: fn(&[instruments::Listing<'_>]) -> String) -> Answer {
    let all = shared.core.call(|exchange, now| {
        exchange.let_pass(now);
        exchange.instruments()
    });
    let all: Vec<Listing> = all.await?;
    // Thousands of rows: written beside the tasks, not in their way.
    let text = tokio::task::spawn_blocking(move || {
        let rows: Vec<instruments::Listing<'_>> = all.iter().map(row).collect();
        write(&rows)
    });
    let text = text.await.map_err(|_| Refused::from(crate::exchange_server::core::Unavailable))?;
    Ok(([(header::CONTENT_TYPE, "text/csv")], text).into_response())
}

fn row(listing: &Listing) -> instruments::Listing<'_> {
    let cycle = if listing.monthly == Some(false) { ExpiryCycle::Weekly } else { ExpiryCycle::Monthly };
    instruments::Listing {
        instrument: listing.instrument,
        name: &listing.display_name,
        cycle,
        freeze: listing.instrument.max_order,
    }
}
