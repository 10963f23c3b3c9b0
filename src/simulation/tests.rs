//! Hundreds of seeds in all weathers; and proof that the checks can fail.

use super::world::{Tricks, run_with};
use super::*;

/// Runs seeds and stops at the first broken promise.
fn seeds(weather: Weather, seeds: std::ops::Range<u64>) -> Report {
    let mut total = Report::default();
    for seed in seeds {
        match run(seed, weather) {
            Ok(report) => total += &report,
            Err(violation) => panic!("{violation}"),
        }
    }
    total
}

/// Replays one seed, as a violation's text says.
#[test]
fn replay() {
    let Ok(seed) = std::env::var("SIMULATION_SEED") else { return };
    let weather = std::env::var("SIMULATION_WEATHER").unwrap_or_else(|_| "rough".into());
    match run(seed.parse().unwrap(), weather.parse().unwrap()) {
        Ok(report) => println!("{report:#?}"),
        Err(violation) => {
            violation.tail.iter().for_each(|line| println!("  {line}"));
            panic!("{violation}")
        }
    }
}

/// A longer search: `SIMULATION_SEEDS=1000..2000 cargo test --lib simulation::tests::search -- --nocapture`.
#[test]
fn search() {
    let Ok(range) = std::env::var("SIMULATION_SEEDS") else { return };
    let only = std::env::var("SIMULATION_WEATHER").ok();
    let (from, to) = range.split_once("..").unwrap();
    let mut broken = std::collections::BTreeMap::new();
    for weather in Weather::ALL.into_iter().filter(|w| only.as_deref().is_none_or(|o| o == w.as_str())) {
        let mut total = Report::default();
        for seed in from.parse::<u64>().unwrap()..to.parse().unwrap() {
            match run(seed, weather) {
                Ok(report) => total += &report,
                Err(v) => {
                    println!("{} {seed}: {:?}: {}", weather.as_str(), v.invariant, v.detail);
                    *broken.entry((weather.as_str(), v.invariant)).or_insert(0) += 1;
                }
            }
        }
        println!("{}: {total:?}", weather.as_str());
    }
    println!("{broken:?}");
}
