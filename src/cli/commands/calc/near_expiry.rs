//! Positions of two expiries at the nearer one: what has expired pays, what lives on is valued by Black-Scholes on the spot.

use jiff::civil::Date;
use rust_decimal::prelude::ToPrimitive;
use serde_json::{Value, json};

use super::cases::{Case, Far, decimal};
use crate::domain::{Leg, LegKind, Side};
use crate::options::curve::{ModelLeg, ModelPosition};
use crate::options::implied;
use crate::options::pricing::{Model, Terms};

/// The range that is looked at, as fractions of the spot, and the points of it that are shown.
const SCAN: (f64, f64) = (0.7, 1.3);
const BELOW: [f64; 4] = [0.7, 0.9, 0.95, 0.98];
const ABOVE: [f64; 4] = [1.02, 1.05, 1.1, 1.3];
/// They are shown to a millionth of a point.
const TIDY: f64 = 1e6;

/// The figures at the nearer expiry; `None` where a model has nothing to say (no options, or more than two expiries).
pub fn block(case: &Case, legs: &[Leg]) -> Result<Option<Value>, String> {
    let mut expiries: Vec<Option<Date>> =
        legs.iter().filter(|leg| leg.kind != LegKind::Equity).map(|leg| leg.expiry).collect();
    expiries.sort_unstable();
    expiries.dedup();
    let options = legs.iter().any(|leg| matches!(leg.kind, LegKind::Option { .. }));
    let ([Some(near), Some(far)], true) = (expiries.as_slice(), options) else { return Ok(None) };
    let given = case.spot.as_ref().map(decimal).transpose()?.and_then(|s| s.to_f64());
    let (Some(spot), Some(t_years)) = (given, case.t_years) else {
        return Err("two expiries need spot and t_years".into());
    };
    let days = far.since(*near).map_err(|e| e.to_string())?.get_days();
    let market = Market { spot, rate: case.r.unwrap_or(0.0), near: *near, t_years, days, far: case.far() };
    let model =
        ModelPosition { legs: legs.iter().map(|leg| market.leg(leg)).collect::<Result<_, _>>()?, rate: market.rate };
    let (low, high) = (spot * SCAN.0, spot * SCAN.1);
    let shape = model.shape(low, high, t_years).ok_or("the spot must be a positive price")?;
    let mut strikes: Vec<f64> = model.legs.iter().filter_map(|leg| leg.option.map(|(_, strike)| strike)).collect();
    strikes.sort_by(f64::total_cmp);
    strikes.dedup();
    let beside = (!strikes.contains(&spot)).then_some(spot);
    let around = |fractions: [f64; 4]| fractions.map(|x| (x * spot * TIDY).round() / TIDY);
    let shown = around(BELOW).into_iter().chain(strikes).chain(beside).chain(around(ABOVE));
    let points = shown.map(|at| json!([at, model.pnl(at, t_years, 1.0)]));
    let lasting: Vec<f64> =
        model.legs.iter().filter(|leg| leg.t_years > t_years && leg.option.is_some()).map(|leg| leg.vol).collect();
    Ok(Some(json!({
        "description": "P/L in points when the near leg expires; far legs valued with Black-Scholes, each at one volatility",
        "far_vol": market.far.far_vol.or_else(|| lasting.iter().copied().reduce(|a, b| a + b).map(|sum| sum / lasting.len() as f64)),
        "far_vols": lasting,
        "far_time_left_years": market.time_left(),
        "scan_low": low,
        "scan_high": high,
        "breakevens": shape.breakevens,
        "max_pnl_points": shape.most.pnl,
        "max_at": shape.most.spot,
        "min_pnl_points": shape.least.pnl,
        "min_at": shape.least.spot,
        "pnl": points.collect::<Vec<_>>(),
    })))
}

/// What the legs are valued in.
struct Market {
    spot: f64,
    rate: f64,
    near: Date,
    /// To the nearer expiry.
    t_years: f64,
    /// Between the expiries.
    days: i32,
    far: Far,
}

impl Market {
    fn time_left(&self) -> f64 {
        self.far.far_time_left_years.unwrap_or(f64::from(self.days) / 365.0)
    }

    fn leg(&self, leg: &Leg) -> Result<ModelLeg, String> {
        let paid = leg.premium.and_then(|p| p.0.to_f64()).ok_or("a leg has no premium")?;
        let lives_on = leg.expiry.is_some_and(|expiry| expiry > self.near);
        let lots = match leg.side {
            Side::Buy => f64::from(leg.ratio),
            Side::Sell => -f64::from(leg.ratio),
        };
        let mut model = ModelLeg {
            option: ModelLeg::option_of(leg.kind),
            lots,
            paid,
            t_years: if lives_on { self.t_years + self.time_left() } else { self.t_years },
            vol: 0.0,
            carry: if leg.kind == LegKind::Equity { 0.0 } else { self.rate },
        };
        if let (true, Some((right, strike))) = (lives_on, model.option) {
            let terms = Terms {
                model: Model::BlackScholes,
                right,
                underlying: self.spot,
                strike,
                t_years: model.t_years,
                rate: self.rate,
                dividend: 0.0,
            };
            let implied = || implied::solve(&terms, paid).map(|found| found.vol);
            let silent = |reason| format!("the {strike} {right} tells no volatility ({reason}): say far_vol");
            model.vol = self.far.far_vol.map_or_else(implied, Ok).map_err(silent)?;
        }
        Ok(model)
    }
}
