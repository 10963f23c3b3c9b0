//! The trader's numbers on one core: Greeks and implied volatilities by the thousand, the scenario grid.
//!
//! `cargo bench --profile simulation --bench options`

#![allow(clippy::unwrap_used)] // a bench that cannot set up its market should stop

use std::hint::black_box;

use divan::Bencher;
use divan::counter::ItemsCount;
use strikedeck::domain::{NetQuantity, OptionRight};
use strikedeck::options::black76::{self, Inputs};
use strikedeck::options::implied;
use strikedeck::options::pricing::Terms;
use strikedeck::risk::RiskLeg;
use strikedeck::risk::scenario::{Axes, Grid};

fn main() {
    divan::main();
}

/// Options of every moneyness and of weeks to months, as a chain has them.
fn options(count: usize) -> Vec<Inputs> {
    (0..count)
        .map(|n| {
            let right = if n % 2 == 0 { OptionRight::Call } else { OptionRight::Put };
            let strike = 23_400.0 + 50.0 * (n % 105) as f64;
            let t_years = (1 + n % 60) as f64 / 365.0;
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

#[divan::bench]
fn implied_volatility_of_2000_options(bencher: Bencher) {
    let quotes: Vec<(Terms, f64)> = options(2_100)
        .iter()
        .map(|o| (Terms::from(*o), black76::price(o)))
        .filter(|(_, p)| *p > 0.05)
        .take(2_000)
        .collect();
    bencher.counter(ItemsCount::new(quotes.len())).bench_local(|| implied::solve_all(black_box(&quotes)));
}

/// 50 legs over 17 moves of the underlying and 9 of volatility.
#[divan::bench]
fn scenario_grid_of_50_legs(bencher: Bencher) {
    let leg =
        |(n, inputs): (usize, Inputs)| RiskLeg::option(inputs, NetQuantity(if n % 3 == 0 { 65 } else { -65 })).unwrap();
    let legs: Vec<RiskLeg> = options(50).into_iter().enumerate().map(leg).collect();
    bencher.bench_local(|| Grid::of(black_box(&legs), Axes::standard(1.0)));
}
