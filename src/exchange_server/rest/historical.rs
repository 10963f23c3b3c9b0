//! Charts: daily, intraday, and expired options by their distance from the money.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use jiff::ToSpan;
use rust_decimal::Decimal;

use super::answers::{Answer, Refused, ok};
use super::market_quote::rounded;
use crate::domain::{Bar, Contract, SecurityId, Segment};
use crate::exchange::{Charts, RollingBar, RollingOption};
use crate::exchange_server::core::Unavailable;
use crate::exchange_server::limits::Bucket;
use crate::exchange_server::state::Shared;
use crate::exchange_server::switches::EmptyCharts;
use crate::exchange_server::words;
use crate::protocol::dhan::enums::{ExpiryFlag, RollingField};
use crate::protocol::dhan::historical::{
    CandleRow, Candles, DailyRequest, IntradayRequest, MOST_INTRADAY_DAYS, MOST_ROLLING_DAYS, RollingAnswer,
    RollingRequest, RollingSeries, RollingSides,
};

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/charts/historical", post(daily))
        .route("/charts/intraday", post(intraday))
        .route("/charts/rollingoption", post(rolling))
}

const TOO_LONG: &str = "Data for Intraday Charts can be fetched for 90 days at a time";
const TOO_LONG_ROLLING: &str = "Data for expired options can be fetched for 30 days at a time";
/// Strikes from the money: near expiries of indices, and everything else.
const NEAR_STRIKES: i32 = 10;
const FAR_STRIKES: i32 = 3;

async fn daily(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Answer {
    shared.admit(&headers, &Bucket::Data)?;
    let request: DailyRequest = serde_json::from_slice(&body).map_err(|_| Refused::bad_fields())?;
    let dates = request.from_date.zip(request.to_date).filter(|(from, to)| from <= to);
    let (from, to) = dates.ok_or_else(Refused::bad_fields)?;
    if !request.instrument.is_known() {
        return Err(Refused::bad_fields());
    }
    let segment = request.exchange_segment.segment().ok_or_else(Refused::bad_fields)?;
    let bars = drawn(&shared, segment, &request.security_id, move |charts| charts.daily(from, to)).await?;
    ok(&candles(&bars, request.oi))
}

async fn intraday(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Answer {
    shared.admit(&headers, &Bucket::Data)?;
    let request: IntradayRequest = serde_json::from_slice(&body).map_err(|_| Refused::bad_fields())?;
    let (from, to) = request.from_date.zip(request.to_date).ok_or_else(Refused::bad_fields)?;
    let (from, to) = (from.start(), to.end());
    let minutes = request.interval.minutes().ok_or_else(Refused::bad_fields)?;
    let segment = request.exchange_segment.segment().ok_or_else(Refused::bad_fields)?;
    if !request.instrument.is_known() || from > to {
        return Err(Refused::bad_fields());
    }
    if to.duration_since(from).as_hours() > i64::from(MOST_INTRADAY_DAYS + 1) * 24 {
        return Err(Refused::input(TOO_LONG));
    }
    let bars = drawn(&shared, segment, &request.security_id, move |charts| charts.intraday(minutes, from, to)).await?;
    ok(&candles(&bars, request.oi))
}

async fn rolling(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Answer {
    shared.admit(&headers, &Bucket::Data)?;
    let request: RollingRequest = serde_json::from_slice(&body).map_err(|_| Refused::bad_fields())?;
    let (from, to) = request.from_date.zip(request.to_date).ok_or_else(Refused::bad_fields)?;
    let minutes = request.interval.minutes().ok_or_else(Refused::bad_fields)?;
    let right = request.drv_option_type.right().ok_or_else(Refused::bad_fields)?;
    let expiry = usize::try_from(request.expiry_code).ok().filter(|code| (1..=3).contains(code));
    let expiry = expiry.ok_or_else(Refused::bad_fields)?;
    let monthly = match request.expiry_flag {
        ExpiryFlag::Month => true,
        ExpiryFlag::Week => false,
        ExpiryFlag::Unknown(_) => return Err(Refused::bad_fields()),
    };
    let segment = request.exchange_segment.segment();
    let on_share = match (segment, request.instrument.as_str()) {
        (Some(Segment::NseDerivatives | Segment::BseDerivatives), "OPTIDX") => false,
        (Some(Segment::NseDerivatives | Segment::BseDerivatives), "OPTSTK") => true,
        _ => return Err(Refused::bad_fields()),
    };
    let reach = if on_share || expiry > 1 { FAR_STRIKES } else { NEAR_STRIKES };
    let known = request.required_data.iter().all(RollingField::is_known);
    if request.strike.0.abs() > reach || request.required_data.is_empty() || !known || from > to {
        return Err(Refused::bad_fields());
    }
    if from.saturating_add(MOST_ROLLING_DAYS.days()) < to {
        return Err(Refused::input(TOO_LONG_ROLLING));
    }
    let of_share = if segment == Some(Segment::BseDerivatives) { Segment::BseEquity } else { Segment::NseEquity };
    let underlying = if on_share { of_share } else { Segment::Index };
    let option = RollingOption { monthly, expiry, steps: request.strike.0, right };
    let id = request.security_id.to_string();
    let bars = drawn(&shared, underlying, &id, move |charts| charts.rolling(option, minutes, from, to)).await?;
    let series = Some(series(&bars, &request.required_data));
    let data = match right {
        crate::domain::OptionRight::Call => RollingSides { ce: series, pe: None },
        crate::domain::OptionRight::Put => RollingSides { ce: None, pe: series },
    };
    ok(&RollingAnswer { data })
}

/// Draws beside the exchange: it takes a while, and orders must not wait for it. Nothing for a number that is not known.
async fn drawn<T: Send + 'static>(
    shared: &Shared,
    segment: Segment,
    id: &str,
    draw: impl FnOnce(&Charts) -> Vec<T> + Send + 'static,
) -> Result<Vec<T>, Refused> {
    let Some(id) = words::security_id(id) else { return Err(Refused::bad_fields()) };
    let charts = shared.core.call(move |exchange, now| {
        exchange.let_pass(now);
        let contract: Contract = exchange.contract_of(segment, SecurityId(id.0))?;
        exchange.charts(&contract)
    });
    let bars = match charts.await? {
        None => Vec::new(),
        Some(charts) => {
            let drawing = tokio::task::spawn_blocking(move || draw(&charts));
            drawing.await.map_err(|_| Refused::from(Unavailable))?
        }
    };
    match shared.switches().empty_charts {
        EmptyCharts::Error if bars.is_empty() => Err(Refused::bad_fields()),
        _ => Ok(bars),
    }
}

fn candles(bars: &[Bar], with_interest: bool) -> Candles {
    let mut candles = Candles::default();
    for bar in bars {
        candles.push(CandleRow {
            start: bar.start.as_second(),
            open: bar.open.0,
            high: bar.high.0,
            low: bar.low.0,
            close: bar.close.0,
            volume: whole(bar.volume),
            open_interest: if with_interest { whole(bar.open_interest) } else { 0 },
        });
    }
    candles
}

fn whole(units: u64) -> i64 {
    i64::try_from(units).unwrap_or(i64::MAX)
}

fn series(bars: &[RollingBar], wanted: &[RollingField]) -> RollingSeries {
    let decimals = |field: RollingField, of: fn(&RollingBar) -> Decimal| -> Vec<Decimal> {
        if wanted.contains(&field) { bars.iter().map(of).collect() } else { Vec::new() }
    };
    let wholes = |field: RollingField, of: fn(&RollingBar) -> i64| -> Vec<i64> {
        if wanted.contains(&field) { bars.iter().map(of).collect() } else { Vec::new() }
    };
    RollingSeries {
        iv: decimals(RollingField::Iv, |b| rounded(b.volatility * 100.0, 6)),
        oi: wholes(RollingField::Oi, |b| whole(b.bar.open_interest)),
        strike: decimals(RollingField::Strike, |b| b.strike.0),
        spot: decimals(RollingField::Spot, |b| b.spot.0),
        open: decimals(RollingField::Open, |b| b.bar.open.0),
        high: decimals(RollingField::High, |b| b.bar.high.0),
        low: decimals(RollingField::Low, |b| b.bar.low.0),
        close: decimals(RollingField::Close, |b| b.bar.close.0),
        volume: wholes(RollingField::Volume, |b| whole(b.bar.volume)),
        timestamp: bars.iter().map(|b| b.bar.start.as_second()).collect(),
    }
}
