//! Hundreds of seeds in all weathers; and proof that the checks can fail.

use super::world::{Tricks, run_with};
use super::*;
use crate::engine::Sabotage as EngineSabotage;
use crate::gateway::Sabotage;

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

/// Breaks something on purpose: within a few seeds one of these promises must be seen to be broken.
fn caught(tricks: Tricks, by: &[Invariant]) {
    for seed in 0..40 {
        for weather in [Weather::Rough, Weather::Hostile] {
            if let Err(violation) = run_with(seed, weather, tricks) {
                assert!(by.contains(&violation.invariant), "not by {by:?}: {violation}");
                assert!(violation.to_string().contains(&format!("simulate --seeds {seed} --profile ")));
                return;
            }
        }
    }
    panic!("{tricks:?} was not noticed");
}

/// Breaks the engine on purpose: the promise that is broken, and the seed that showed it.
fn caught_in_the_engine(engine: EngineSabotage, by: &[Invariant]) {
    for seed in 0..1_000 {
        for weather in [Weather::Calm, Weather::Hostile] {
            if let Err(violation) = run_with(seed, weather, Tricks { engine: Some(engine), ..Tricks::default() }) {
                assert!(by.contains(&violation.invariant), "{engine:?} not by {by:?}: {violation}");
                println!("{engine:?} | {:?} | seed {seed} {}", violation.invariant, weather.as_str());
                return;
            }
        }
    }
    panic!("{engine:?} was not noticed");
}

#[test]
fn a_stop_for_what_was_ordered_is_caught() {
    caught_in_the_engine(EngineSabotage::StopForOrdered, &[Invariant::CoverWithinPosition]);
}

#[test]
fn not_missing_a_stop_is_caught() {
    caught_in_the_engine(EngineSabotage::NoRepair, &[Invariant::StopCover]);
}

#[test]
fn a_stop_that_stays_after_the_exit_is_caught() {
    caught_in_the_engine(EngineSabotage::StopStays, &[Invariant::CoverWithinPosition]);
}

#[test]
fn an_exit_beside_the_stop_is_caught() {
    caught_in_the_engine(EngineSabotage::ExitBesideStop, &[Invariant::CoverWithinPosition]);
}

#[test]
fn a_target_that_rests_beside_the_stop_is_caught() {
    caught_in_the_engine(EngineSabotage::TargetBesideStop, &[Invariant::CoverWithinPosition]);
}

#[test]
fn rules_on_stale_quotes_are_caught() {
    caught_in_the_engine(EngineSabotage::RulesOnStaleQuotes, &[Invariant::RulesOnFreshQuotes]);
}

#[test]
fn asking_the_gate_for_exits_is_caught() {
    let by = [Invariant::ComesToRest, Invariant::FlattenEndsFlat];
    caught_in_the_engine(EngineSabotage::GateForExits, &by);
}

#[test]
fn a_modification_that_is_not_written_down_is_caught() {
    caught_in_the_engine(EngineSabotage::ForgetRecord, &[Invariant::FoldIsState]);
}

#[test]
fn a_short_that_does_not_wait_for_its_hedge_is_caught() {
    caught_in_the_engine(EngineSabotage::NoWaves, &[Invariant::HedgesFirst]);
}

#[test]
fn entries_on_stale_quotes_are_caught() {
    caught_in_the_engine(EngineSabotage::EntriesOnStaleQuotes, &[Invariant::FreshQuotes]);
}

#[test]
fn nobody_asking_the_gate_is_caught() {
    caught_in_the_engine(EngineSabotage::NoGate, &[Invariant::Limits]);
}

#[test]
fn sending_again_on_a_timeout_is_caught() {
    let gateway = Sabotage { resend_on_timeout: true, ..Sabotage::default() };
    caught(Tricks { gateway, ..Tricks::default() }, &[Invariant::OneOrderPerIntent]);
}

#[test]
fn releasing_before_the_commit_is_caught() {
    caught(Tricks { release_before_commit: true, ..Tricks::default() }, &[Invariant::JournalFirst]);
}

#[test]
fn losing_the_spill_file_is_caught() {
    caught(Tricks { lose_spill: true, ..Tricks::default() }, &[Invariant::JournalFirst, Invariant::FoldIsState]);
}

#[test]
fn losing_a_record_is_caught() {
    let by = [Invariant::FoldIsState, Invariant::JournalFirst, Invariant::LotsArePositions];
    caught(Tricks { lose_records: true, ..Tricks::default() }, &by);
}

#[test]
fn forgetting_to_look_up_after_a_restart_is_caught() {
    let gateway = Sabotage { forget_look_ups: true, ..Sabotage::default() };
    let by = [Invariant::ComesToRest, Invariant::FlattenEndsFlat];
    caught(Tricks { gateway, ..Tricks::default() }, &by);
}

#[test]
fn losing_cancels_is_caught() {
    let gateway = Sabotage { drop_cancels: true, ..Sabotage::default() };
    let by = [Invariant::ComesToRest, Invariant::FlattenEndsFlat];
    caught(Tricks { gateway, ..Tricks::default() }, &by);
}

#[test]
fn letting_entries_go_after_a_halt_is_caught() {
    let gateway = Sabotage { ignore_hold: true, ..Sabotage::default() };
    caught(Tricks { gateway, ..Tricks::default() }, &[Invariant::NoEntryWhileHalted]);
}

#[test]
fn a_network_that_delivers_twice_is_caught() {
    caught(Tricks { double_requests: true, ..Tricks::default() }, &[Invariant::OneOrderPerIntent]);
}

#[test]
fn believing_in_fills_that_did_not_happen_is_caught() {
    // A fill that was told too early may have come true by the time it is looked at; its price is then still wrong.
    let by = [Invariant::FillsAreReal, Invariant::MoneyReconciles];
    caught(Tricks { phantom_fills: true, ..Tricks::default() }, &by);
}

#[test]
fn calling_too_often_is_caught() {
    caught(Tricks { hasty: true, ..Tricks::default() }, &[Invariant::Pace]);
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
