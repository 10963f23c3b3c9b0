//! Deliberate faults, one at a time, in the engine, the gateway and what is around them: for each, the promise that is seen
//! to be broken, and by which seed. `cargo test mutations -- --nocapture` prints the table.

use super::super::world::{Tricks, first_broken};
use super::super::{Broken, Invariant, Weather};
use crate::engine::Sabotage as Engine;
use crate::gateway::Sabotage as Gateway;

/// Each fault must be seen within so many seeds.
const SEEDS: u64 = 1_000;

/// One deliberate fault.
struct Mutation {
    /// What is wrong.
    name: &'static str,
    /// The promise of the design that it is about.
    promise: u8,
    tricks: Tricks,
    /// Any of these may be what notices it.
    by: &'static [Invariant],
}

fn engine(name: &'static str, promise: u8, engine: Engine, by: &'static [Invariant]) -> Mutation {
    Mutation { name, promise, tricks: Tricks { engine: Some(engine), ..Tricks::default() }, by }
}

fn gateway(name: &'static str, promise: u8, gateway: Gateway, by: &'static [Invariant]) -> Mutation {
    Mutation { name, promise, tricks: Tricks { gateway, ..Tricks::default() }, by }
}

fn around(name: &'static str, promise: u8, tricks: Tricks, by: &'static [Invariant]) -> Mutation {
    Mutation { name, promise, tricks, by }
}

#[rustfmt::skip] // a table
fn mutations() -> Vec<Mutation> {
    use Invariant as I;
    let (no_gateway, nothing) = (Gateway::default(), Tricks::default());
    vec![
        around("effects released before the commit", 1, Tricks { release_before_commit: true, ..nothing }, &[I::JournalFirst]),
        around("the spill file is lost", 1, Tricks { lose_spill: true, ..nothing }, &[I::JournalFirst, I::FoldIsState]),
        gateway("sent again on a timeout", 2, Gateway { resend_on_timeout: true, ..no_gateway }, &[I::OneOrderPerIntent]),
        around("the network delivers twice", 2, Tricks { double_requests: true, ..nothing }, &[I::OneOrderPerIntent]),
        engine("a stop for what was ordered", 3, Engine::StopForOrdered, &[I::CoverWithinPosition]),
        engine("a stop that is gone is not missed", 3, Engine::NoRepair, &[I::StopCover]),
        engine("a stop stays after the exit", 3, Engine::StopStays, &[I::CoverWithinPosition]),
        engine("an exit beside the stop", 3, Engine::ExitBesideStop, &[I::CoverWithinPosition]),
        engine("a target rests beside the stop", 3, Engine::TargetBesideStop, &[I::CoverWithinPosition]),
        engine("open lots are not counted", 4, Engine::UncountedLots, &[I::Limits]),
        // The gate also refuses what is opposite to another strategy's lot: of both, the exits would be more than is open.
        engine("nobody asks the gate", 4, Engine::NoGate, &[I::Limits, I::CoverWithinPosition]),
        engine("exits ask the gate", 4, Engine::GateForExits, &[I::ComesToRest, I::FlattenEndsFlat]),
        around("three times the calls allowed", 4, Tricks { hasty: true, ..nothing }, &[I::Pace]),
        engine("a short does not wait for its hedge", 4, Engine::NoWaves, &[I::HedgesFirst]),
        engine("a signal that is delivered again is traded again", 2, Engine::SignalsTwice, &[I::SignalsOnce]),
        engine("a second scalp is opened beside the first", 4, Engine::ManyScalps, &[I::OneScalp]),
        engine("scalps stay over their time", 4, Engine::NoSquareOff, &[I::LeftOnTime]),
        gateway("entries go after a halt", 5, Gateway { ignore_hold: true, ..no_gateway }, &[I::NoEntryWhileHalted]),
        gateway("cancels are lost", 5, Gateway { drop_cancels: true, ..no_gateway }, &[I::ComesToRest, I::FlattenEndsFlat]),
        engine("trades are booked at rounded prices", 6, Engine::RoundedTrades, &[I::MoneyReconciles]),
        // A fill that was told too early may have come true by the time it is looked at; its price is then still wrong.
        around("fills that did not happen are believed", 6, Tricks { phantom_fills: true, ..nothing }, &[I::FillsAreReal, I::MoneyReconciles]),
        gateway("nothing is looked up after a restart", 7, Gateway { forget_look_ups: true, ..no_gateway }, &[I::ComesToRest, I::FlattenEndsFlat]),
        engine("a late fill is taken for somebody else's", 7, Engine::HastyWriteOff, &[I::LotsArePositions, I::MoneyReconciles]),
        engine("a modification is not written down", 8, Engine::ForgetRecord, &[I::FoldIsState]),
        around("the journal loses a record", 8, Tricks { lose_records: true, ..nothing }, &[I::FoldIsState, I::JournalFirst, I::LotsArePositions]),
        engine("entries on old quotes", 9, Engine::EntriesOnStaleQuotes, &[I::FreshQuotes]),
        engine("exit rules on old quotes", 9, Engine::RulesOnStaleQuotes, &[I::RulesOnFreshQuotes]),
    ]
}

/// The seed that shows it first, and what it breaks.
fn caught(tricks: Tricks) -> Option<(u64, Weather, Broken)> {
    let runs = (0..SEEDS).flat_map(|seed| Weather::ALL.map(|weather| (seed, weather)));
    runs.into_iter().find_map(|(seed, w)| first_broken(seed, w, tricks).err().map(|broken| (seed, w, broken)))
}

#[test]
fn each_mutation_is_caught_by_a_promise_that_it_breaks() {
    let mut wrong = Vec::new();
    println!("{:<40} {:<8} {:<20} seed", "mutation", "promise", "caught by");
    for Mutation { name, promise, tricks, by } in mutations() {
        match caught(tricks) {
            Some((seed, weather, broken)) => {
                let invariant = broken.invariant;
                println!("{name:<40} {promise:<8} {:<20} {seed} {}", format!("{invariant:?}"), weather.as_str());
                if !by.contains(&invariant) {
                    wrong.push(format!("{name}: seed {seed} ({}), not by {by:?}: {broken:?}", weather.as_str()));
                }
            }
            None => wrong.push(format!("{name}: not noticed within {SEEDS} seeds")),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_promise_is_without_a_mutation() {
    let tried: std::collections::BTreeSet<u8> = mutations().iter().map(|m| m.promise).collect();
    // The tenth is the screen's, which is no part of the simulation.
    assert!((1..=9).all(|promise| tried.contains(&promise)), "{tried:?}");
}
