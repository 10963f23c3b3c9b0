//! The option chain and its expiries.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use serde_json::Value;

use super::answers::{Answer, Refused, ok};
use super::market_quote::rounded;
use crate::domain::{Contract, Quantity, SecurityId};
use crate::exchange::{ChainLeg as Leg, Exchange};
use crate::exchange_server::limits::Bucket;
use crate::exchange_server::state::Shared;
use crate::protocol::dhan::errors::DataCode;
use crate::protocol::dhan::option_chain::{
    Chain, ChainAnswer, ChainLeg, ChainRequest, ExpiryList, Greeks, StrikeRow, strike_key,
};

pub fn routes() -> Router<Shared> {
    Router::new().route("/optionchain", post(chain)).route("/optionchain/expirylist", post(expiries))
}

const SUCCESS: &str = "success";

/// The request, and what makes it unique.
fn read(body: &[u8]) -> Result<ChainRequest, Refused> {
    let bad = |_| Refused::data(400, DataCode::InvalidRequest);
    let value: Value = serde_json::from_slice(body).map_err(bad)?;
    if !value.get("UnderlyingScrip").is_some_and(Value::is_number) {
        return Err(Refused::data(400, DataCode::InvalidSecurity));
    }
    serde_json::from_value(value).map_err(bad)
}

fn underlying(exchange: &Exchange, request: &ChainRequest) -> Result<Contract, Refused> {
    let id = u64::try_from(request.underlying_scrip).ok().map(SecurityId);
    let found = request.underlying_seg.segment().zip(id).and_then(|(s, id)| exchange.contract_of(s, id));
    found.filter(|c| c.expiry().is_none()).ok_or_else(|| Refused::data(400, DataCode::InvalidSecurity))
}

async fn expiries(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Answer {
    let request = read(&body);
    let name = request.as_ref().map_or(0, |r| r.underlying_scrip);
    shared.admit_data(&headers, &Bucket::Chain(format!("{name} expiries")))?;
    let request = request?;
    let dates = shared
        .core
        .call(move |exchange, now| {
            exchange.let_pass(now);
            let contract = underlying(exchange, &request)?;
            Ok::<_, Refused>(exchange.expiries(contract.exchange, contract.underlying))
        })
        .await??;
    ok(&ExpiryList { data: dates.iter().map(ToString::to_string).collect(), status: SUCCESS.into() })
}

async fn chain(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Answer {
    let request = read(&body);
    let name = request.as_ref().map(|r| format!("{} {:?}", r.underlying_scrip, r.expiry)).unwrap_or_default();
    shared.admit_data(&headers, &Bucket::Chain(name))?;
    let request = request?;
    let expiry = request.expiry.ok_or_else(|| Refused::data(400, DataCode::InvalidDate))?;
    let found = shared
        .core
        .call(move |exchange, now| {
            exchange.let_pass(now);
            let contract = underlying(exchange, &request)?;
            exchange
                .option_chain(contract.exchange, contract.underlying, expiry)
                .ok_or_else(|| Refused::data(400, DataCode::InvalidExpiry))
        })
        .await??;
    let rows = found.rows.iter().map(|row| {
        let legs = StrikeRow { ce: row.call.as_ref().map(leg), pe: row.put.as_ref().map(leg) };
        (strike_key(row.strike.0), legs)
    });
    let oc: BTreeMap<String, StrikeRow> = rows.collect();
    ok(&ChainAnswer { data: Chain { last_price: found.underlying.0, oc }, status: SUCCESS.into() })
}

fn leg(leg: &Leg) -> ChainLeg {
    let view = &leg.market;
    let quote = &view.quote;
    let units = |q: Quantity| i64::from(q.0);
    ChainLeg {
        average_price: view.average.0,
        greeks: Greeks {
            delta: rounded(leg.greeks.delta, 5),
            theta: rounded(leg.greeks.theta, 5),
            gamma: rounded(leg.greeks.gamma, 5),
            vega: rounded(leg.greeks.vega, 5),
        },
        implied_volatility: rounded(leg.volatility * 100.0, 10),
        last_price: quote.last.0,
        oi: i64::from(view.open_interest),
        previous_close_price: view.previous_close.0,
        previous_oi: i64::from(view.open_interest) * 9 / 10,
        previous_volume: i64::from(view.open_interest) * 3,
        security_id: i64::try_from(view.security_id.0).unwrap_or(i64::MAX),
        top_ask_price: quote.ask.unwrap_or_default().0,
        top_ask_quantity: units(quote.ask_quantity),
        top_bid_price: quote.bid.unwrap_or_default().0,
        top_bid_quantity: units(quote.bid_quantity),
        volume: i64::from(view.volume),
    }
}
