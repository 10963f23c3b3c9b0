//! `calc payoff`: the figures of positions at their expiry; of legs with two expiries, the model's at the nearer one.

use std::collections::BTreeSet;

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Map, Value, json};

use super::cases::{self, Case, decimal};
use super::name::plain;
use super::near_expiry;
use super::sheet::exact;
use super::{read, tell};
use crate::cli::args::PayoffArgs;
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::domain::{Leg, LegKind, Price};
use crate::options::outlook::{Outlook, expected_move};
use crate::options::payoff::{self, NoPayoff, Payoff};

/// Decimals of a ratio.
const RATIO_DECIMALS: u32 = 10;

pub fn run(args: &PayoffArgs, console: &mut Console) -> Result<(), Failure> {
    let Some(file) = &args.file else {
        let case = typed(args)?;
        let result = figures(&case).map_err(Failure::Refused)?;
        console.document(&Value::Object(result.clone()))?;
        return say(&result, console);
    };
    let (mut results, mut reasons) = (Vec::new(), Vec::new());
    for (n, value) in cases::of_text(&read(file)?)?.iter().enumerate() {
        let id = cases::id(value, n + 1);
        let mut result = cases::case(value).and_then(|case| figures(&case)).unwrap_or_else(|why| {
            reasons.push(format!("case {}: {why}", plain(&id)));
            Map::from_iter([("error".to_string(), Value::String(why))])
        });
        if !result.contains_key("error") {
            console.say(&plain(&id))?;
            say(&result, console)?;
        }
        result.insert("id".into(), id);
        results.push(Value::Object(result));
    }
    console.document(&json!({"results": results}))?;
    tell(&reasons, console)
}

fn typed(args: &PayoffArgs) -> Result<Case, Failure> {
    let legs = args.legs.iter().map(|text| cases::of_flag(text)).collect::<Result<_, _>>()?;
    Ok(Case {
        legs,
        lot_size: Some(args.lot_size),
        spot: args.spot.and_then(|spot| spot.to_string().parse().ok()),
        r: Some(args.rate / 100.0),
        vol: args.vol.map(|percent| percent / 100.0),
        t_years: args.days.map(|days| days / 365.0),
        ..Case::default()
    })
}

/// The figures of one case, under the keys of its answer.
fn figures(case: &Case) -> Result<Map<String, Value>, String> {
    let legs = case.legs()?;
    let lot = Decimal::from(case.lot_size.unwrap_or(1));
    let payoff = match Payoff::of(&legs) {
        Ok(payoff) => Some(payoff),
        Err(NoPayoff::SeveralExpiries) => None,
        Err(reason) => return Err(reason.to_string()),
    };
    let premium = payoff::net_premium(&legs).0;
    let mut result = Map::new();
    let mut put = |key: &str, value: Value| result.insert(key.into(), value);
    put("net_premium_points", exact(premium));
    put("net_premium_rupees", exact(premium * lot));
    put("premium_kind", kind_of_premium(&legs, premium).into());
    match payoff {
        Some(payoff) => at_expiry(&mut result, case, &payoff, lot)?,
        None => {
            if let Some(model) = near_expiry::block(case, &legs)? {
                result.insert("near_expiry_model".into(), model);
            }
        }
    }
    Ok(result)
}

fn kind_of_premium(legs: &[Leg], premium: Decimal) -> &'static str {
    let options = legs.iter().any(|leg| matches!(leg.kind, LegKind::Option { .. }));
    match premium {
        _ if !options => "none",
        p if p.is_zero() => "even",
        p if p.is_sign_positive() => "credit",
        _ => "debit",
    }
}

/// Exact figures of one expiry, and what one flat volatility makes of them.
fn at_expiry(result: &mut Map<String, Value>, case: &Case, payoff: &Payoff, lot: Decimal) -> Result<(), String> {
    let (most, least) = (payoff.max_points(), payoff.min_points());
    let maybe = |points: Option<Decimal>| points.map_or(Value::Null, exact);
    let spans = |spans: Vec<(Price, Option<Price>)>| -> Value {
        spans.into_iter().map(|(from, to)| json!([exact(from.0), maybe(to.map(|t| t.0))])).collect()
    };
    let mut put = |key: &str, value: Value| result.insert(key.into(), value);
    put("max_profit_unlimited", most.is_none().into());
    put("max_loss_unlimited", least.is_none().into());
    put("max_pnl_points", maybe(most));
    put("min_pnl_points", maybe(least));
    put("max_pnl_rupees", maybe(most.map(|points| points * lot)));
    put("min_pnl_rupees", maybe(least.map(|points| points * lot)));
    put("breakevens", payoff.breakevens().into_iter().map(|at| exact(at.0)).collect());
    put("zero_intervals", spans(payoff.zero_intervals()));
    put("profit_zones", spans(payoff.profit_zones()));
    put("slope_above_last_strike", exact(payoff.slope_above()));
    put("risk_reward", maybe(reward(most, least)));
    let spot = case.spot.as_ref().map(decimal).transpose()?;
    let points = samples(payoff, spot).into_iter().map(|at| {
        let points = payoff.points_at(Price(at)).0;
        json!([exact(at), exact(points), exact(points * lot)])
    });
    put("payoff_at_expiry", points.collect());
    let (pop, one_sd) = outlook(case, payoff, spot)?;
    put("pop", pop);
    put("expected_move_1sd", one_sd);
    Ok(())
}

/// Profit per unit of risk, where both have an end.
fn reward(most: Option<Decimal>, least: Option<Decimal>) -> Option<Decimal> {
    let (most, least) = (most?, least?);
    let both = most > Decimal::ZERO && least < Decimal::ZERO;
    both.then(|| (most / -least).round_dp_with_strategy(RATIO_DECIMALS, RoundingStrategy::MidpointAwayFromZero))
}

/// Where the payoff is shown: zero, a tenth outside the strikes, the strikes and the middles between them, the spot and twice
/// the spot (to the point).
fn samples(payoff: &Payoff, spot: Option<Decimal>) -> BTreeSet<Decimal> {
    let strikes: Vec<Decimal> = payoff.kinks().into_iter().map(|k| k.0).filter(|k| !k.is_zero()).collect();
    let mut at = BTreeSet::from([Decimal::ZERO]);
    at.extend(strikes.windows(2).filter_map(|two| two.iter().copied().reduce(|a, b| (a + b) / Decimal::TWO)));
    if let (Some(low), Some(high)) = (strikes.first().copied().or(spot), strikes.last().copied().or(spot)) {
        at.extend([low * Decimal::new(9, 1), high * Decimal::new(11, 1)]);
    }
    at.extend(strikes);
    at.extend(spot.into_iter().flat_map(|spot| [spot, (spot * Decimal::TWO).round()]));
    at.into_iter().map(|x| x.normalize()).collect()
}

/// Probability of profit and one standard deviation; null where the case does not say enough.
fn outlook(case: &Case, payoff: &Payoff, spot: Option<Decimal>) -> Result<(Value, Value), String> {
    let (Some(spot), Some(vol), Some(t_years)) = (spot.and_then(|s| s.to_f64()), case.vol, case.t_years) else {
        return Ok((Value::Null, Value::Null));
    };
    let forward = spot * (case.r.unwrap_or(0.0) * t_years).exp();
    let outlook = Outlook::new(forward, vol, t_years).ok_or("spot, vol and t_years must be usable numbers")?;
    Ok((outlook.probability_of_profit(payoff).into(), expected_move(spot, vol, t_years).into()))
}

/// The figures for people.
fn say(result: &Map<String, Value>, console: &mut Console) -> Result<(), Failure> {
    let text = |key: &str| result.get(key).map(ToString::to_string).unwrap_or_default();
    let bound = |key: &str| {
        if result.get(key) == Some(&Value::Null) { "unlimited".into() } else { format!("₹{}", text(key)) }
    };
    let kind = result.get("premium_kind").and_then(Value::as_str).unwrap_or_default();
    console.say(&format!("  Net premium    ₹{} ({kind})", text("net_premium_rupees")))?;
    if let Some(model) = result.get("near_expiry_model") {
        let of = |key: &str| model.get(key).and_then(Value::as_f64).unwrap_or(f64::NAN);
        let breakevens = model.get("breakevens").and_then(Value::as_array).into_iter().flatten();
        let breakevens: Vec<String> = breakevens.filter_map(Value::as_f64).map(|at| format!("{at:.2}")).collect();
        console.say("  When the near legs expire, by model (an estimate, in points):")?;
        console.say(&format!("  Most           {:.2} at {:.2}", of("max_pnl_points"), of("max_at")))?;
        console.say(&format!("  Least          {:.2} at {:.2}", of("min_pnl_points"), of("min_at")))?;
        return console.say(&format!("  Breakevens     {}", breakevens.join(", ")));
    }
    if !result.contains_key("breakevens") {
        return Ok(());
    }
    console.say(&format!("  Max profit     {}", bound("max_pnl_rupees")))?;
    console.say(&format!("  Max loss       {}", bound("min_pnl_rupees")))?;
    console.say(&format!("  Breakevens     {}", text("breakevens")))?;
    console.say(&format!("  Profit zones   {}", text("profit_zones")))?;
    let number = |key: &str| result.get(key).and_then(Value::as_f64);
    if let (Some(pop), Some(one_sd)) = (number("pop"), number("expected_move_1sd")) {
        console.say(&format!("  PoP            {:.1} %", pop * 100.0))?;
        console.say(&format!("  Expected move  ±{one_sd:.2} points (one standard deviation)"))?;
    }
    Ok(())
}
