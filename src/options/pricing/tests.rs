//! Against the reference table, and the rules every option price obeys.

use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use OptionRight::{Call, Put};

#[derive(Deserialize)]
struct Row {
    id: String,
    model: String,
    r#type: String,
    underlying: f64,
    strike: f64,
    t_years: f64,
    r: f64,
    q: f64,
    vol: f64,
    price: f64,
    delta: f64,
    gamma: f64,
    theta_per_day: f64,
    vega_per_pct: f64,
    rho_per_pct: f64,
    prob_itm: f64,
}

impl Row {
    fn terms(&self) -> Terms {
        Terms {
            model: if self.model == "bs" { Model::BlackScholes } else { Model::Black76 },
            right: if self.r#type == "C" { Call } else { Put },
            underlying: self.underlying,
            strike: self.strike,
            t_years: self.t_years,
            rate: self.r,
            dividend: self.q,
        }
    }
}

/// At the tolerances of the table's dictionary.
#[test]
fn every_row_of_the_reference_table_holds() {
    let table = include_str!("../../../tests/fixtures/market/greeks_reference.csv");
    let rows: Vec<Row> = csv::Reader::from_reader(table.as_bytes()).deserialize().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 2_520);
    for row in &rows {
        let near = |what: &str, got: f64, want: f64, tolerance: f64| {
            assert!((got - want).abs() <= tolerance, "{} {what}: {got:e}, table {want:e}", row.id);
        };
        let relative = |want: f64, least: f64| 1e-8 * want.abs() + least;
        let got = value(&row.terms(), row.vol).unwrap();
        near("price", got.price, row.price, 1e-11 * row.underlying.max(row.strike));
        near("delta", got.greeks.delta, row.delta, 1e-10);
        near("in the money", got.in_the_money, row.prob_itm, 1e-10);
        near("gamma", got.greeks.gamma, row.gamma, relative(row.gamma, 1e-12));
        near("vega", got.greeks.vega, row.vega_per_pct, relative(row.vega_per_pct, 1e-12));
        near("theta", got.greeks.theta, row.theta_per_day, relative(row.theta_per_day, 1e-9));
        near("rho", got.greeks.rho, row.rho_per_pct, relative(row.rho_per_pct, 1e-9));
    }
}

#[derive(Deserialize)]
struct Sample {
    strike: f64,
    r#type: String,
    iv_percent: f64,
    delta: f64,
    theta_per_day: f64,
    gamma: f64,
    vega_per_pct: f64,
    fitted_spot: f64,
    fitted_t_days: f64,
    fitted_r: f64,
}

/// What Dhan shows as Greeks: Black-Scholes on the spot at 10 %, and a time that is 5.5 hours too long. To be told apart from
/// ours, never mixed with them.
#[test]
fn the_brokers_own_greeks_are_black_scholes_at_ten_per_cent() {
    let table = include_str!("../../../tests/fixtures/market/broker_chain_samples.csv");
    let samples: Vec<Sample> = csv::Reader::from_reader(table.as_bytes()).deserialize().map(Result::unwrap).collect();
    assert_eq!(samples.len(), 4);
    for sample in &samples {
        let terms = Terms {
            model: Model::BlackScholes,
            right: if sample.r#type == "C" { Call } else { Put },
            underlying: sample.fitted_spot,
            strike: sample.strike,
            t_years: sample.fitted_t_days / 365.0,
            rate: sample.fitted_r,
            dividend: 0.0,
        };
        let ours = value(&terms, sample.iv_percent / 100.0).unwrap().greeks;
        let near = |a: f64, b: f64, digits: i32| assert!((a - b).abs() <= 10f64.powi(-digits), "{a} for {b}");
        near(ours.delta, sample.delta, 5);
        near(ours.gamma, sample.gamma, 5);
        near(ours.theta, sample.theta_per_day, 3);
        near(ours.vega, sample.vega_per_pct, 3);
    }
}

#[test]
fn what_no_model_can_take_is_named() {
    let good = Terms {
        model: Model::BlackScholes,
        right: Call,
        underlying: 26_000.0,
        strike: 26_100.0,
        t_years: 0.02,
        rate: 0.055,
        dividend: 0.012,
    };
    assert!(value(&good, 0.13).is_ok());
    let bad = |terms: Terms| value(&terms, 0.13).unwrap_err();
    assert_eq!(bad(Terms { underlying: 0.0, ..good }), BadInput::Underlying);
    assert_eq!(bad(Terms { strike: f64::NAN, ..good }), BadInput::Strike);
    assert_eq!(bad(Terms { t_years: f64::INFINITY, ..good }), BadInput::Time);
    assert_eq!(bad(Terms { rate: f64::NAN, ..good }), BadInput::Rate);
    assert_eq!(bad(Terms { dividend: f64::NAN, ..good }), BadInput::Dividend);
    assert_eq!(value(&good, -0.1), Err(BadInput::Volatility));
    assert_eq!(bad(Terms { rate: -1e6, ..good }), BadInput::OutOfRange);
    assert!(value(&Terms { model: Model::Black76, dividend: f64::NAN, ..good }, 0.13).is_ok());
}

fn terms() -> impl Strategy<Value = Terms> {
    let model = prop_oneof![Just(Model::Black76), Just(Model::BlackScholes)];
    let right = prop_oneof![Just(Call), Just(Put)];
    (model, right, 20_000.0..90_000.0, 0.85..1.15, 0.0005..1.0, -0.01..0.1, 0.0..0.03).prop_map(
        |(model, right, underlying, moneyness, t_years, rate, dividend)| Terms {
            model,
            right,
            underlying,
            strike: underlying * moneyness,
            t_years,
            rate,
            dividend,
        },
    )
}

fn worth(terms: &Terms, vol: f64) -> f64 {
    value(terms, vol).unwrap().price
}

/// The slope of `f` at zero, from values `h` and `2h` to either side.
fn slope(h: f64, f: impl Fn(f64) -> f64) -> f64 {
    (8.0 * (f(h) - f(-h)) - (f(2.0 * h) - f(-2.0 * h))) / (12.0 * h)
}

proptest! {
    /// A call less a put of one strike is the discounted forward less the strike.
    #[test]
    fn put_call_parity(call in terms(), vol in 0.02..1.5) {
        let call = Terms { right: Call, ..call };
        let put = Terms { right: Put, ..call };
        let parity = (-call.rate * call.t_years).exp() * (call.forward() - call.strike);
        prop_assert!((worth(&call, vol) - worth(&put, vol) - parity).abs() < 1e-9 * call.underlying);
    }

    /// More volatility is worth more; a higher strike costs a call and feeds a put; no price leaves its bounds.
    #[test]
    fn monotonicity_and_bounds(option in terms(), vol in 0.02..1.5, more in 0.001..0.5, up in 1.0..500.0) {
        let slack = 1e-11 * option.underlying;
        let price = worth(&option, vol);
        prop_assert!(worth(&option, vol + more) >= price - slack);
        let higher = worth(&Terms { strike: option.strike + up, ..option }, vol);
        let discount = (-option.rate * option.t_years).exp();
        let fall = match option.right { Call => price - higher, Put => higher - price };
        prop_assert!((-slack..=discount * up + slack).contains(&fall), "{fall} for {up}");
        let most = match option.right { Call => option.forward(), Put => option.strike };
        prop_assert!((0.0..=discount * most + slack).contains(&price));
    }

    /// Each Greek is the slope of the price it is named for.
    #[test]
    fn greeks_are_slopes(option in terms(), vol in 0.05..1.0) {
        let sd = vol * option.t_years.sqrt();
        prop_assume!((option.forward() / option.strike).ln().abs() < 5.0 * sd);
        let Greeks { delta, gamma, theta, vega, rho } = value(&option, vol).unwrap().greeks;
        let step = option.underlying * sd * 1e-3;
        let moved = |by: f64| Terms { underlying: option.underlying + by, ..option };
        let near = |got: f64, want: f64, scale: f64| (got - want).abs() <= 1e-5 * (want.abs() + scale);
        prop_assert!(near(slope(step, |h| worth(&moved(h), vol)), delta, 1e-2));
        let delta_at = |h| value(&moved(h), vol).unwrap().greeks.delta;
        prop_assert!(near(slope(step, delta_at), gamma, gamma));
        let later = |h: f64| worth(&Terms { t_years: option.t_years - h, ..option }, vol);
        prop_assert!(near(slope(option.t_years * 1e-3, later) / 365.0, theta, 1e-2));
        prop_assert!(near(slope(vol * 1e-3, |h| worth(&option, vol + h)) / 100.0, vega, 1e-2));
        let at_rate = |h: f64| worth(&Terms { rate: option.rate + h, ..option }, vol);
        prop_assert!(near(slope(1e-4, at_rate) / 100.0, rho, 1e-2));
    }
}
