//! The forward that options of one expiry are priced on, and where it comes from.

use std::fmt;

use rust_decimal::prelude::ToPrimitive;

use super::RATE;
use super::look::years_to;
use super::market::{ChainKey, Market, future_of};
use crate::domain::time::{Timestamp, ms_between};
use crate::domain::{OptionChain, Quote, StrikeRow};
use crate::engine::Reference;

/// Strikes next to the money that a chain's forward is taken from.
const STRIKES: usize = 5;
/// A chain older than this says nothing of the forward any more, in milliseconds.
const CHAIN_LASTS_MS: i64 = 300_000;

/// Where a forward comes from: the first of these that there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForwardOrigin {
    /// Put and call prices of the strikes next to the money (parity), moved since with the underlying.
    Chain { strikes: usize, age_ms: i64 },
    /// The future of the same expiry.
    Future,
    /// The underlying's price, carried with the rate: the least exact.
    Spot,
}

impl fmt::Display for ForwardOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chain { strikes, .. } => write!(f, "chain, {strikes} strikes"),
            Self::Future => f.write_str("future"),
            Self::Spot => f.write_str("spot and rate"),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Forward {
    /// In points.
    pub price: f64,
    pub origin: ForwardOrigin,
    /// The underlying, where it is quoted.
    pub spot: Option<f64>,
    /// Years to the close of the contracts; not positive once they have expired.
    pub t_years: f64,
}

/// The forward of a chain's options now; `None` without any price of the underlying.
pub(super) fn forward(market: &Market, key: &ChainKey, reference: &dyn Reference, now: Timestamp) -> Option<Forward> {
    let t_years = years_to(key, now);
    let spot = market.quote(&key.underlying, None).and_then(|q| number(&q));
    let made = |price, origin| Forward { price, origin, spot, t_years };
    let seen = market.chains.get(key);
    let age_ms = seen.and_then(|s| s.read_at).map(|at| ms_between(at, now));
    if let (Some(chain), Some(age_ms)) = (seen.and_then(|s| s.chain.as_ref()), age_ms.filter(|a| *a <= CHAIN_LASTS_MS))
        && let Some((price, strikes)) = by_parity(chain, t_years)
    {
        // The difference to the underlying moves slowly; the underlying itself does not wait for the next chain.
        let then = chain.spot.0.to_f64().filter(|s| *s > 0.0);
        let moved = spot.zip(then).map_or(0.0, |(now, then)| now - then);
        return Some(made(price + moved, ForwardOrigin::Chain { strikes, age_ms }));
    }
    let future = future_of(key, reference).and_then(|f| market.quote(&f, None)).and_then(|q| number(&q));
    if let Some(price) = future {
        return Some(made(price, ForwardOrigin::Future));
    }
    spot.map(|s| made(s * libm::exp(RATE * t_years.max(0.0)), ForwardOrigin::Spot))
}

fn number(quote: &Quote) -> Option<f64> {
    quote.last.0.to_f64().filter(|p| *p > 0.0)
}

/// Put-call parity at the strikes next to the money that are quoted on both sides; of them the median, which one bad
/// quote cannot move far.
fn by_parity(chain: &OptionChain, t_years: f64) -> Option<(f64, usize)> {
    let spot = chain.spot.0;
    let mut rows: Vec<StrikeRow<'_>> = chain.rows();
    rows.sort_by_key(|r| (r.strike.0 - spot).abs());
    let growth = libm::exp(RATE * t_years.max(0.0));
    let mut found: Vec<f64> = rows
        .iter()
        .filter_map(|row| {
            let mid = |quote: &Quote| (quote.bid.is_some() && quote.ask.is_some()).then(|| quote.mid().0.to_f64())?;
            let (call, put) = (mid(&row.call?.quote)?, mid(&row.put?.quote)?);
            Some(row.strike.0.to_f64()? + growth * (call - put))
        })
        .take(STRIKES)
        .collect();
    found.sort_by(f64::total_cmp);
    found.get(found.len() / 2).filter(|_| found.len() >= 3).map(|price| (*price, found.len()))
}
