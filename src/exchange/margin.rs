//! How much money a set of positions needs: an approximation in the manner of SPAN.
//!
//! Per underlying, sixteen scenarios (prices by thirds of a range with volatility up and down, and two extreme moves that
//! count 35 %) are priced; the worst cost of buying the whole set back is needed, never less than zero, plus exposure on
//! what is short. So long options cover short ones: where all expiries are the same, the worst payoff at expiry caps the
//! figure, and a vertical never needs more than its width and its exposure. Real margins differ by a tenth and more.

use crate::domain::time::Timestamp;
use crate::domain::{Contract, ContractKind, Product};

use super::listing::Listed;
use super::market::Market;

/// Range of price moves as a part of spot: index and share.
const INDEX_RANGE: f64 = 0.093;
const SHARE_RANGE: f64 = 0.142;
/// Exposure margin as a part of the notional that is short (futures: of all).
const INDEX_EXPOSURE: f64 = 0.02;
const SHARE_EXPOSURE: f64 = 0.035;
/// Volatility moves by a quarter of itself.
const VOL_MOVE: f64 = 0.25;
const EXTREME_WEIGHT: f64 = 0.35;
/// Part of a share's value that intraday trading needs.
const INTRADAY_SHARE: f64 = 0.2;

/// A net quantity in a resolved contract.
#[derive(Clone, Copy, Debug)]
pub(super) struct Holding {
    pub listed: Listed,
    pub product: Product,
    pub net: i64,
}

/// What a set of positions does to the money that can be spent, in paise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Need {
    /// Value that went through cash but is not spent: futures, and shares held on margin. Added back.
    pub credit: i64,
    /// Money held against losses, exposure included. Taken away.
    pub risk: i64,
    /// The part of it that is exposure.
    pub exposure: i64,
}

/// What the holdings need. Their order does not matter.
pub(super) fn need(holdings: &[Holding], market: &Market, now: Timestamp) -> Need {
    let mut total = Need::default();
    let mut underlyings: Vec<usize> = holdings.iter().map(|h| h.listed.underlying).collect();
    underlyings.sort_unstable();
    underlyings.dedup();
    for underlying in underlyings {
        let group: Vec<Holding> = holdings.iter().copied().filter(|h| h.listed.underlying == underlying).collect();
        let part = need_of_one(&group, underlying, market, now);
        total.credit += part.credit;
        total.risk += part.risk;
        total.exposure += part.exposure;
    }
    total
}

fn need_of_one(group: &[Holding], underlying: usize, market: &Market, now: Timestamp) -> Need {
    let spot = market.spot(underlying) as f64;
    let mut credit = 0.0;
    let mut share_risk = 0.0;
    let mut derivatives: Vec<Holding> = Vec::new();
    for holding in group {
        match holding.listed.contract.kind {
            ContractKind::Equity => {
                let value = spot * holding.net as f64;
                let on_margin = matches!(holding.product, Product::Intraday | Product::Margin | Product::Mtf);
                if on_margin || holding.net < 0 {
                    credit += value;
                    share_risk += value.abs() * INTRADAY_SHARE;
                }
            }
            ContractKind::Future { .. } => {
                credit += market.value(&holding.listed, spot, 1.0, now) * holding.net as f64;
                derivatives.push(*holding);
            }
            ContractKind::Option { .. } => derivatives.push(*holding),
            ContractKind::Index | ContractKind::Unlisted { .. } => {}
        }
    }
    let merged = merge(&derivatives);
    let (risk, exposure) = if merged.iter().any(|h| h.net < 0 || is_future(&h.listed.contract)) {
        derivative_risk(&merged, underlying, market, now)
    } else {
        (0.0, 0.0)
    };
    Need {
        credit: credit.floor() as i64,
        risk: (risk + exposure + share_risk).ceil() as i64,
        exposure: exposure.ceil() as i64,
    }
}

/// One holding per contract: products are not told apart.
fn merge(holdings: &[Holding]) -> Vec<Holding> {
    let mut sorted = holdings.to_vec();
    sorted.sort_by_key(|h| h.listed.contract);
    let mut merged: Vec<Holding> = Vec::with_capacity(sorted.len());
    for holding in sorted {
        match merged.last_mut() {
            Some(last) if last.listed.contract == holding.listed.contract => last.net += holding.net,
            _ => merged.push(holding),
        }
    }
    merged.retain(|h| h.net != 0);
    merged
}

fn is_future(contract: &Contract) -> bool {
    matches!(contract.kind, ContractKind::Future { .. })
}

/// The worst scenario's cost, and the exposure.
fn derivative_risk(holdings: &[Holding], underlying: usize, market: &Market, now: Timestamp) -> (f64, f64) {
    let spot = market.spot(underlying) as f64;
    let is_index = market.specs.get(underlying).is_none_or(|s| s.contract.kind == ContractKind::Index);
    let (least_range, exposure_rate) =
        if is_index { (INDEX_RANGE, INDEX_EXPOSURE) } else { (SHARE_RANGE, SHARE_EXPOSURE) };
    // Six daily standard deviations over two days, or the least the clearing house takes.
    let daily = market.mean_volatility(underlying) / libm::sqrt(252.0);
    let range = (6.0 * daily * std::f64::consts::SQRT_2).max(least_range);
    // What the whole set would cost to buy back, futures counted by their change only.
    let cost = |move_by: f64, vol: f64| -> f64 {
        let of = |h: &Holding| {
            let then = market.value(&h.listed, spot * (1.0 + move_by), vol, now);
            let base = if is_future(&h.listed.contract) { market.value(&h.listed, spot, 1.0, now) } else { 0.0 };
            -(h.net as f64) * (then - base)
        };
        holdings.iter().map(of).sum()
    };
    let mut worst = 0.0_f64;
    for third in -3..=3 {
        for vol in [1.0 - VOL_MOVE, 1.0 + VOL_MOVE] {
            worst = worst.max(cost(f64::from(third) / 3.0 * range, vol));
        }
    }
    let today = cost(0.0, 1.0);
    for extreme in [-2.0, 2.0] {
        worst = worst.max(today + (cost(extreme * range, 1.0) - today) * EXTREME_WEIGHT);
    }
    let capped = most_at_expiry(holdings, spot, market, now).map_or(worst, |most| worst.min(most.max(0.0)));
    let exposure: f64 = holdings
        .iter()
        .filter(|h| h.net < 0 || is_future(&h.listed.contract))
        .map(|h| h.net.abs() as f64 * spot * exposure_rate)
        .sum();
    (capped, exposure)
}

/// The most the set can cost at expiry, when all of it expires together and that has a bound.
fn most_at_expiry(holdings: &[Holding], spot: f64, market: &Market, now: Timestamp) -> Option<f64> {
    let first = holdings.first()?.listed.contract.expiry()?;
    if holdings.iter().any(|h| h.listed.contract.expiry() != Some(first)) {
        return None;
    }
    // Above the highest strike only calls and futures still move.
    let up: i64 = holdings
        .iter()
        .filter(|h| match h.listed.contract.kind {
            ContractKind::Option { right, .. } => right == crate::domain::OptionRight::Call,
            _ => true,
        })
        .map(|h| h.net)
        .sum();
    if up < 0 {
        return None;
    }
    let strike = |h: &Holding| match h.listed.contract.kind {
        ContractKind::Option { strike, .. } => super::listing::to_paise(strike),
        _ => None,
    };
    let kinks = std::iter::once(0).chain(holdings.iter().filter_map(strike));
    let cost = |at: i64| -> f64 {
        let of = |h: &Holding| {
            let base = if is_future(&h.listed.contract) { market.value(&h.listed, spot, 1.0, now) } else { 0.0 };
            -(h.net as f64) * (Market::intrinsic(&h.listed, at) as f64 - base)
        };
        holdings.iter().map(of).sum()
    };
    kinks.map(cost).max_by(f64::total_cmp)
}
