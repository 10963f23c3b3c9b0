//! The instrument master, compact and detailed. No token is asked for.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use jiff::civil::Date;

use super::answers::{Answer, Refused};
use crate::domain::contract_rules::ExpiryCycle;
use crate::domain::{ContractKind, Exchange, Symbol};
use crate::exchange::Listing;
use crate::exchange_server::faults::{Fault, ListingFault, doctored};
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
    let fault = shared.faults.at_instruments();
    let all = match fault {
        Some(Fault::InstrumentsStale { days }) => of_days_ago(all, days),
        _ => all,
    };
    // Thousands of rows: written beside the tasks, not in their way.
    let text = tokio::task::spawn_blocking(move || {
        let rows: Vec<instruments::Listing<'_>> = all.iter().map(row).collect();
        let text = write(&rows);
        match fault.as_ref().and_then(ListingFault::of) {
            Some(fault) => doctored(&text, &fault),
            None => text,
        }
    });
    let text = text.await.map_err(|_| Refused::from(crate::exchange_server::core::Unavailable))?;
    Ok(([(header::CONTENT_TYPE, "text/csv")], text).into_response())
}

/// Added to the numbers of contracts that have expired since: no other is so high.
const EXPIRED_NUMBERS: u64 = 9_000_000;

/// The list as it might have been so many days ago: contracts that have expired since still stand in it, those that were
/// listed since do not.
fn of_days_ago(all: Vec<Listing>, days: i64) -> Vec<Listing> {
    let mut bounds: BTreeMap<(Exchange, Symbol), (Date, Date)> = BTreeMap::new();
    for contract in all.iter().map(|l| l.instrument.contract) {
        let Some(expiry) = contract.expiry() else { continue };
        let (first, last) = bounds.entry((contract.exchange, contract.underlying)).or_insert((expiry, expiry));
        *first = (*first).min(expiry);
        *last = (*last).max(expiry);
    }
    let mut old = Vec::with_capacity(all.len());
    for listing in all {
        let contract = listing.instrument.contract;
        let bounds = bounds.get(&(contract.exchange, contract.underlying)).copied();
        let Some((expiry, (first, last))) = contract.expiry().zip(bounds) else {
            old.push(listing);
            continue;
        };
        if expiry == first {
            old.extend(expired(&listing, days));
        }
        if expiry < last || first == last {
            old.push(listing);
        }
    }
    old
}

/// The contract of the same strike that expired so many days earlier.
fn expired(listing: &Listing, days: i64) -> Option<Listing> {
    let mut listing = listing.clone();
    let contract = &mut listing.instrument.contract;
    let day = contract.expiry()?.checked_sub(jiff::Span::new().try_days(days).ok()?).ok()?;
    contract.kind = match contract.kind {
        ContractKind::Future { .. } => ContractKind::Future { expiry: day },
        ContractKind::Option { strike, right, .. } => ContractKind::Option { expiry: day, strike, right },
        ContractKind::Index | ContractKind::Equity | ContractKind::Unlisted { .. } => return None,
    };
    listing.instrument.security_id.0 += EXPIRED_NUMBERS;
    Some(listing)
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
