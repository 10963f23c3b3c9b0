//! `simulate`: trading days with faults, in virtual time, every promise checked after every step.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::cli::args::{Seeds, SimulateArgs};
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::simulation::{Play, Report, Violation, run as play, traced};
use crate::view::format;

/// How often a long run says how far it is.
const TELL_EVERY: Duration = Duration::from_secs(10);

pub fn run(args: &SimulateArgs, console: &mut Console) -> Result<(), Failure> {
    let Seeds { first, last } = args.seeds;
    if args.trace {
        if first != last {
            return Err(Failure::Usage("--trace prints one seed: write --seeds 7".into()));
        }
        let only = args.only.as_ref().map(|only| only.iter().copied().collect());
        return trace(&Play { seed: first, weather: args.profile, only }, console);
    }
    let started = Instant::now();
    let played = many(args, console)?;
    let elapsed = started.elapsed();
    tell(args, &played, elapsed, console)?;
    match played.broken {
        None if played.stopped => Err(Failure::Refused("stopped before the last seed".into())),
        None => Ok(()),
        Some(violation) => Err(Failure::Refused(violation.to_string())),
    }
}

fn trace(wanted: &Play, console: &mut Console) -> Result<(), Failure> {
    let (seed, weather) = (wanted.seed, wanted.weather);
    let (lines, ended) = traced(wanted);
    for line in lines {
        console.say(&line)?;
    }
    match ended {
        Ok(report) => {
            console.document(&document(&report))?;
            console.say(&format!("seed {seed} ({}) keeps every promise: {}", weather.as_str(), summary(&report)))
        }
        Err(v) => {
            Err(Failure::Refused(format!("seed {seed} ({}) breaks {:?}: {}", weather.as_str(), v.invariant, v.detail)))
        }
    }
}

/// What many seeds came to.
#[derive(Debug, Default)]
struct Played {
    seeds: u64,
    /// Fewest happenings of one seed.
    least: u64,
    total: Report,
    broken: Option<Box<Violation>>,
    stopped: bool,
}

/// Plays seeds on as many threads as asked for, up to the first broken promise.
fn many(args: &SimulateArgs, console: &mut Console) -> Result<Played, Failure> {
    let Seeds { first, last } = args.seeds;
    let (next, over) = (AtomicU64::new(first), AtomicBool::new(false));
    let (sender, receiver) = mpsc::channel();
    let interrupted = console.interrupted();
    std::thread::scope(|scope| {
        for _ in 0..args.threads {
            let (sender, next, over) = (sender.clone(), &next, &over);
            let weather = args.profile;
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed > last || sender.send(play(seed, weather)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let (mut played, mut told) = (Played { least: u64::MAX, ..Played::default() }, Instant::now());
        while let Ok(outcome) = receiver.recv() {
            match outcome {
                Ok(report) => {
                    played.seeds += 1;
                    played.least = played.least.min(report.steps);
                    played.total += &report;
                }
                Err(violation) => {
                    played.broken.get_or_insert(violation);
                    over.store(true, Ordering::Relaxed);
                }
            }
            if interrupted.is_cancelled() {
                played.stopped = true;
                over.store(true, Ordering::Relaxed);
            }
            if told.elapsed() >= TELL_EVERY {
                told = Instant::now();
                console.progress(&format!("{} of {} seeds", played.seeds, last - first + 1))?;
            }
        }
        Ok(played)
    })
}

fn tell(args: &SimulateArgs, played: &Played, elapsed: Duration, console: &mut Console) -> Result<(), Failure> {
    let rate = played.seeds as f64 / elapsed.as_secs_f64().max(0.001);
    let mut value = document(&played.total);
    if let Value::Object(fields) = &mut value {
        fields.insert("profile".into(), args.profile.as_str().into());
        fields.insert("seeds".into(), played.seeds.into());
        fields.insert("seeds_per_second".into(), json!((rate * 10.0).round() / 10.0));
        fields.insert(
            "violation".into(),
            played.broken.as_ref().map_or(Value::Null, |v| {
                json!({
                    "seed": v.seed,
                    "invariant": format!("{:?}", v.invariant),
                    "detail": v.detail,
                    "only": v.only.iter().map(ToString::to_string).collect::<Vec<_>>(),
                    "replay": v.replay(),
                })
            }),
        );
    }
    console.document(&value)?;
    if played.seeds == 0 {
        return Ok(());
    }
    console.say(&format!(
        "{} seeds of {} weather keep every promise, {rate:.0} a second: {}",
        format::grouped(played.seeds.into(), 0),
        args.profile.as_str(),
        summary(&played.total)
    ))?;
    let each = played.total.steps / played.seeds;
    console.say(&format!("each a day of {each} happenings on average, at least {}", played.least))
}

fn summary(r: &Report) -> String {
    let count = |n: u64| format::grouped(n.into(), 0);
    format!(
        "{} orders, {} fills, {} stops set, {} exit rules acted, {} keys, {} crashes, {} faults, {} orders unknown, {} lost, \
         {} batches spilled, {} halts, {} flattens",
        count(r.orders),
        count(r.fills),
        count(r.stops),
        count(r.rules),
        count(r.keys),
        count(r.crashes),
        count(r.faults),
        count(r.unknown),
        count(r.lost),
        count(r.spilled),
        count(r.halts),
        count(r.flattens)
    )
}

fn document(r: &Report) -> Value {
    json!({
        "happenings": r.steps,
        "virtual_seconds": r.seconds,
        "keys": r.keys,
        "orders": r.orders,
        "fills": r.fills,
        "stops": r.stops,
        "rules": r.rules,
        "crashes": r.crashes,
        "faults": r.faults,
        "unknown": r.unknown,
        "lost": r.lost,
        "not_sent": r.not_sent,
        "spilled": r.spilled,
        "halts": r.halts,
        "flattens": r.flattens,
    })
}
