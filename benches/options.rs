//! The trader's numbers on one core: Greeks and implied volatilities by the thousand, the scenario grid.
//!
//! `cargo bench --profile simulation --bench options`; QuantLib's Python package does the same work in `quantlib.py`.

#![allow(clippy::unwrap_used)] // a bench that cannot set up its market should stop

use std::hint::black_box;

use divan::Bencher;
use divan::counter::ItemsCount;
use strikedeck::domain::{NetQuantity, OptionRight};
use strikedeck::options::black76::{self, Inputs};
use strikedeck::options::chain::{self, ChainQuote};
use strikedeck::options::forward::Underlying;
use strikedeck::options::implied;
use strikedeck::options::pricing::Terms;
use strikedeck::risk::RiskLeg;
use strikedeck::risk::scenario::{Axes, Grid};

fn main() {
    divan::main();
}

/// Calls and puts of every moneyness, expiry after expiry, as chains have them.
fn options(count: usize) -> Vec<Inputs> {
    (0..count)
        .map(|n| {
            let right = if n % 2 == 0 { OptionRight::Call } else { OptionRight::Put };
            let strike = 23_400.0 + 50.0 * (n % 105) as f64;
            let t_years = (3 + 7 * (n / 105)) as f64 / 365.0;
            let wing = (strike / 26_000.0_f64).ln();
            Inputs { right, forward: 26_000.0, strike, t_years, vol: 0.12 + 2.0 * wing * wing, rate: 0.055 }
        })
        .collect()
}

/// Price, all Greeks and the probability.
#[divan::bench]
fn greeks_of_2000_options(bencher: Bencher) {
    let options = options(2_000);
    let sum = || options.iter().map(|o| black76::value(black_box(o)).greeks.gamma).sum::<f64>();
    bencher.counter(ItemsCount::new(options.len())).bench_local(sum);
}

/// Of prices with at least a tick of time value, as quotes have it.
#[divan::bench]
fn implied_volatility_of_2000_options(bencher: Bencher) {
    let quoted = |o: &Inputs| {
        let terms = Terms::from(*o);
        let price = black76::price(o);
        (price - black76::price(&Inputs { vol: 0.0, ..*o }) >= 0.05).then_some((terms, price))
    };
    let quotes: Vec<(Terms, f64)> = options(6_000).iter().filter_map(quoted).take(2_000).collect();
    bencher.counter(ItemsCount::new(quotes.len())).bench_local(|| implied::solve_all(black_box(&quotes)));
}

/// Two expiries of each of five indices, 100 strikes each: forward by parity, volatility, smile, mark and Greeks of all.
#[divan::bench]
fn chains_of_five_indices(bencher: Bencher) {
    let chains: Vec<(Vec<ChainQuote>, Underlying)> =
        INDICES.iter().flat_map(|(spot, step)| [4.0, 32.0].map(|days| chain(*spot, *step, days / 365.0))).collect();
    let count: usize = chains.iter().map(|(quotes, _)| quotes.len()).sum();
    assert_eq!(count, 2_000);
    let all =
        || chains.iter().map(|(quotes, of)| chain::mark(black_box(quotes), of).unwrap().options.len()).sum::<usize>();
    bencher.counter(ItemsCount::new(count)).bench_local(all);
}

/// Spots and strike steps.
const INDICES: [(f64, f64); 5] =
    [(26_000.0, 50.0), (59_000.0, 100.0), (27_500.0, 50.0), (13_200.0, 25.0), (85_000.0, 100.0)];

/// 100 strikes around the money with both options quoted to the tick.
fn chain(spot: f64, step: f64, t_years: f64) -> (Vec<ChainQuote>, Underlying) {
    let rate = 0.055;
    let quote = |strike: f64, right: OptionRight| {
        let wing = (strike / spot).ln() / (0.13 * t_years.sqrt());
        let vol = 0.13 - 0.004 * wing + 0.002 * wing * wing;
        let worth = black76::price(&Inputs { right, forward: spot * 1.001, strike, t_years, vol, rate });
        let bid = (worth / 0.05).floor() * 0.05;
        ChainQuote { right, strike, bid: (bid > 0.0).then_some(bid), ask: Some(bid + 0.05) }
    };
    let strikes = (-50..50).map(|n| (spot / step).round().mul_add(step, step * f64::from(n)));
    let quotes = strikes.flat_map(|k| [OptionRight::Call, OptionRight::Put].map(|right| quote(k, right))).collect();
    (quotes, Underlying { future: None, spot: Some(spot), rate, dividend: 0.0, t_years })
}

/// 50 legs over 17 moves of the underlying and 9 of volatility.
#[divan::bench]
fn scenario_grid_of_50_legs(bencher: Bencher) {
    let leg =
        |(n, inputs): (usize, Inputs)| RiskLeg::option(inputs, NetQuantity(if n % 3 == 0 { 65 } else { -65 })).unwrap();
    let legs: Vec<RiskLeg> = options(50).into_iter().enumerate().map(leg).collect();
    bencher.bench_local(|| Grid::of(black_box(&legs), Axes::standard(1.0)));
}
