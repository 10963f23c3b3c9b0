//! Hundreds of seeds in all weathers; and proof that the checks can fail.

mod mutations;

use super::world::{Tricks, again, run_with};
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

#[test]
fn the_promises_hold_in_calm_weather() {
    let total = seeds(Weather::Calm, 0..90);
    assert!(total.fills > 1_000 && total.flattens > 50, "{total:?}");
}

#[test]
fn the_promises_hold_in_rough_weather() {
    let total = seeds(Weather::Rough, 0..90);
    assert!(total.crashes > 50 && total.unknown > 20 && total.lost > 5, "{total:?}");
}

#[test]
fn the_promises_hold_in_hostile_weather() {
    let total = seeds(Weather::Hostile, 0..90);
    assert!(total.crashes > 150 && total.unknown > 50 && total.lost > 20 && total.spilled > 500, "{total:?}");
}

#[test]
fn the_same_seed_is_the_same_run() {
    assert_eq!(run(7, Weather::Hostile).unwrap(), run(7, Weather::Hostile).unwrap());
}

/// A search that finds something explains it by itself: here the network delivers requests twice.
#[test]
fn a_violation_names_the_few_disturbances_it_takes_and_replays_with_them() {
    let tricks = Tricks { double_requests: true, ..Tricks::default() };
    let violation = (0..40).find_map(|seed| run_with(seed, Weather::Hostile, tricks).err()).unwrap();
    assert_eq!(violation.invariant, Invariant::OneOrderPerIntent);
    assert!(violation.only.len() < 12, "{violation}");
    assert!(!violation.tail.is_empty() && violation.tail.len() < 100, "{} lines", violation.tail.len());
    let names: Vec<String> = violation.only.iter().map(ToString::to_string).collect();
    assert!(violation.to_string().ends_with(&format!("--only {} --trace", names.join(","))), "{violation}");
    // Nothing else is needed: with these alone it breaks again, at the same instant.
    let play = Play { seed: violation.seed, weather: violation.weather, only: Some(violation.only.clone()) };
    assert_eq!(again(&play, tricks), Some((violation.invariant, violation.at)));
    let without = Play { only: Some(violation.only.into_iter().skip(1).collect()), ..play };
    assert_eq!(again(&without, tricks), None);
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
