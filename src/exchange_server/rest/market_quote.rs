//! Quotes by request: last price, day's prices, everything.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::Value;

use super::answers::{Answer, Refused, ok};
use crate::domain::SecurityId;
use crate::exchange::MarketView;
use crate::exchange_server::limits::Bucket;
use crate::exchange_server::state::Shared;
use crate::exchange_server::words;
use crate::protocol::dhan::enums::ExchangeSegment;
use crate::protocol::dhan::errors::DataCode;
use crate::protocol::dhan::market_quote::{
    Depth, DepthLevel, FullQuote, Ltp, LtpOhlc, MAX_INSTRUMENTS, Ohlc, QuoteRequest, Quotes,
};

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/marketfeed/ltp", post(ltp))
        .route("/marketfeed/ohlc", post(ohlc))
        .route("/marketfeed/quote", post(quote))
}

async fn ltp(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Answer {
    answer(&shared, &headers, &body, |v| Ltp { last_price: v.quote.last.0 }).await
}

async fn ohlc(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Answer {
    answer(&shared, &headers, &body, |v| LtpOhlc { last_price: v.quote.last.0, ohlc: day_of(v) }).await
}

async fn quote(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Answer {
    answer(&shared, &headers, &body, full).await
}

/// Ids that are not known are left out; a text where a number belongs is a bad request.
async fn answer<T: Serialize + Send + 'static>(
    shared: &Shared,
    headers: &HeaderMap,
    body: &[u8],
    show: fn(&MarketView) -> T,
) -> Answer {
    shared.admit_data(headers, &Bucket::Quote)?;
    let wanted = read(body).ok_or_else(|| Refused::data(400, DataCode::InvalidRequest))?;
    if wanted.values().map(Vec::len).sum::<usize>() > MAX_INSTRUMENTS {
        return Err(Refused::data(400, DataCode::TooManyInstruments));
    }
    let quotes = shared
        .core
        .call(move |exchange, now| {
            exchange.let_pass(now);
            let mut data = BTreeMap::new();
            for (segment, ids) in wanted {
                let view = |id: u64| {
                    let contract = exchange.contract_of(segment.segment()?, SecurityId(id))?;
                    exchange.market_view(&contract).map(|v| (id, show(&v)))
                };
                let found: BTreeMap<u64, T> = ids.into_iter().filter_map(view).collect();
                data.insert(segment, found);
            }
            data
        })
        .await?;
    ok(&Quotes::success(quotes))
}

/// Ids by segment. The broker's own client puts its client id among the segments.
fn read(body: &[u8]) -> Option<QuoteRequest> {
    let mut value: Value = serde_json::from_slice(body).ok()?;
    value.as_object_mut()?.remove("dhanClientId");
    let wanted: QuoteRequest = serde_json::from_value(value).ok()?;
    wanted.keys().all(ExchangeSegment::is_known).then_some(wanted)
}

fn day_of(view: &MarketView) -> Ohlc {
    Ohlc { open: view.open.0, close: view.previous_close.0, high: view.high.0, low: view.low.0 }
}

fn full(view: &MarketView) -> FullQuote {
    let levels = |side: &[crate::exchange::DepthLevel; 5]| {
        let level = |l: &crate::exchange::DepthLevel| DepthLevel {
            quantity: i64::from(l.quantity.0),
            orders: i64::from(l.orders),
            price: l.price.0,
        };
        side.iter().map(level).collect()
    };
    FullQuote {
        average_price: view.average.0,
        buy_quantity: i64::from(view.total_bid.0),
        sell_quantity: i64::from(view.total_ask.0),
        depth: Depth { buy: levels(&view.bids), sell: levels(&view.asks) },
        last_price: view.quote.last.0,
        last_quantity: i64::from(view.last_quantity.0),
        last_trade_time: words::trade_time(view.last_at),
        lower_circuit_limit: view.lower_limit.0,
        upper_circuit_limit: view.upper_limit.0,
        net_change: (view.quote.last.0 - view.previous_close.0).round_dp(2),
        ohlc: day_of(view),
        oi: i64::from(view.open_interest),
        oi_day_high: i64::from(view.open_interest),
        oi_day_low: i64::from(view.open_interest),
        volume: i64::from(view.volume),
    }
}

/// A float of the model as a decimal with a few digits; what is not a number is zero, as at the broker.
pub fn rounded(value: f64, digits: u32) -> Decimal {
    Decimal::from_f64_retain(value).unwrap_or_default().round_dp(digits)
}
