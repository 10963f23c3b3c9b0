//! The world: one queue of happenings in virtual time, and the desk in the middle of it.

mod around;
mod ending;
mod network;
mod process;
mod signals;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal_macros::dec;

use super::checks::{Broken, Checked, Checks, PREFIX, broken};
use super::dice::{Dice, Stream};
use super::disk::Disk;
use super::disturbance::{Disturbance, Disturbances, Kind, minimal};
use super::listing::{self, Hours, Listing};
use super::report::{Invariant, Report, Violation};
use super::text::{seen_text, short};
use super::trader::Trader;
use super::weather::{Faults, Weather};
use crate::domain::time::{Timestamp, after_ms};
use crate::domain::{Contract, Lots, Money, OrderSighting, ScaleStep, Symbol};
use crate::engine::record::Profile;
use crate::engine::{EngineConfig, Record};
use crate::exchange::{Behaviour, Exchange, ExchangeConfig};
use crate::gateway::{Answer, Batch, Call, CallId, Desk};

/// How long the trader presses keys, in virtual seconds.
const ACTIVE_SECONDS: (i64, i64) = (40, 120);
/// Steps within one virtual second that nothing explains.
const BUSY: u32 = 600;

/// Something that happens at an instant.
#[derive(Clone, Debug)]
enum Happening {
    /// A request reaches the broker.
    Arrives {
        life: u32,
        id: CallId,
        call: Call,
        fate: network::Fate,
    },
    Answered {
        life: u32,
        id: CallId,
        answer: Answer,
    },
    /// An order-update notice reaches the process.
    Noticed(OrderSighting),
    Committed {
        life: u32,
    },
    Key,
    Second,
    Link {
        up: bool,
    },
    DiskWorks,
    Starts,
    /// The weather clears: from here on everything works.
    Clears,
    LastKey,
}

/// Ways to break the world on purpose: the checks must notice each of them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tricks {
    /// Tells the driver that a batch is on disk when it has only been handed over.
    pub release_before_commit: bool,
    /// Loses the spill file.
    pub lose_spill: bool,
    /// The journal loses a record now and then.
    pub lose_records: bool,
    /// The network delivers requests twice.
    pub double_requests: bool,
    /// The broker tells of fills that did not happen.
    pub phantom_fills: bool,
    /// Three times as many calls as allowed.
    pub hasty: bool,
    #[cfg(test)]
    pub gateway: crate::gateway::Sabotage,
    #[cfg(test)]
    pub engine: Option<crate::engine::Sabotage>,
}

/// Everything, from one seed.
pub struct World {
    seed: u64,
    hours: Hours,
    faults: Faults,
    now: Timestamp,
    queue: BTreeMap<(Timestamp, u64), Happening>,
    next: u64,
    dice: Dice,
    disturbances: Disturbances,
    exchange: Exchange,
    listing: Listing,
    symbol: Symbol,
    desk: Option<Desk>,
    /// Counts the process's lives: what was meant for an earlier one reaches nobody.
    life: u32,
    disk: Disk,
    trader: Trader,
    watched: BTreeSet<Contract>,
    link_up: bool,
    feed_dead_until: Timestamp,
    logged_out_until: Timestamp,
    cut_off_until: Timestamp,
    next_command: u64,
    clear_since: Option<Timestamp>,
    last_key: bool,
    last_signal: Option<crate::domain::Signal>,
    quiet_since: Option<Timestamp>,
    config: EngineConfig,
    checks: Checks,
    report: Report,
    tricks: Tricks,
    trace: Option<Vec<String>>,
    done: bool,
}

/// What is played: a seed in a weather, with all that disturbs it or with nothing but these.
#[derive(Clone, Debug)]
pub struct Play {
    pub seed: u64,
    pub weather: Weather,
    pub only: Option<BTreeSet<Disturbance>>,
}

/// Runs one seed to its end.
pub fn run(seed: u64, weather: Weather) -> Result<Report, Box<Violation>> {
    run_with(seed, weather, Tricks::default())
}

/// What the desk of this seed has in its journal in the end, for those who keep it on a real disk.
pub fn journal(seed: u64, weather: Weather) -> Result<Vec<(Timestamp, Record)>, Box<Violation>> {
    run(seed, weather)?;
    let mut world = World::new(&Play { seed, weather, only: None }, Tricks::default());
    // It has just ended well, and it goes the same way.
    let _ = world.play();
    Ok(world.disk.into_journal())
}

/// The same, with a line for everything that happens.
pub fn traced(play: &Play) -> (Vec<String>, Result<Report, Broken>) {
    let mut world = World::new(play, Tricks::default());
    world.trace = Some(Vec::new());
    let played = world.play();
    (world.trace.take().unwrap_or_default(), played.map(|()| world.report))
}

/// The same with something broken on purpose.
pub(super) fn run_with(seed: u64, weather: Weather, tricks: Tricks) -> Result<Report, Box<Violation>> {
    let mut world = World::new(&Play { seed, weather, only: None }, tricks);
    match world.play() {
        Ok(()) => Ok(world.report),
        Err(broken) => Err(Box::new(explained(seed, weather, tricks, &broken, world.disturbances.met()))),
    }
}

/// The first promise that a run with something broken on purpose breaks.
#[cfg(test)]
pub(super) fn first_broken(seed: u64, weather: Weather, tricks: Tricks) -> Result<Report, Broken> {
    let mut world = World::new(&Play { seed, weather, only: None }, tricks);
    world.play().map(|()| world.report)
}

/// What is broken by this play, and when.
#[cfg(test)]
pub(super) fn again(play: &Play, tricks: Tricks) -> Option<(Invariant, Timestamp)> {
    let mut world = World::new(play, tricks);
    world.play().err().map(|broken| (broken.invariant, world.now))
}

/// A broken promise with as few disturbances as it takes, and what happened to the orders it is about.
fn explained(seed: u64, weather: Weather, tricks: Tricks, broken: &Broken, met: &BTreeSet<Disturbance>) -> Violation {
    let world = |only: &BTreeSet<Disturbance>| World::new(&Play { seed, weather, only: Some(only.clone()) }, tricks);
    let still = |only: &BTreeSet<Disturbance>| {
        let mut world = world(only);
        let again = world.play().err().filter(|again| again.invariant == broken.invariant);
        again.map(|_| world.disturbances.met().clone())
    };
    let only = minimal(met.clone(), still);
    let mut again = world(&only);
    again.trace = Some(Vec::new());
    let ended = again.play().err().unwrap_or_else(|| Broken {
        invariant: Invariant::FoldIsState,
        detail: "the run did not repeat itself: something depends on more than the seed".into(),
    });
    let tail = again.trace.take().map(|lines| again.checks.concerning(&ended.detail, lines)).unwrap_or_default();
    let Broken { invariant, detail } = ended;
    Violation { seed, weather, invariant, at: again.now, detail, only, tail }
}

impl World {
    pub(super) fn new(play: &Play, tricks: Tricks) -> Self {
        let Play { seed, weather, only } = play.clone();
        let mut disturbances = Disturbances::only(only);
        let hours = Hours::of(seed, weather);
        let now = hours.start();
        let mut dice = Dice::new(seed, Stream::World);
        let faults = disturbed(weather.faults(), &mut disturbances);
        let symbol = listing::symbol();
        let config = ExchangeConfig {
            seed,
            underlyings: vec![listing::underlying(symbol)],
            start_cash: Money(if dice.chance(200) { dec!(150_000) } else { dec!(5_000_000) }),
            clock: hours.clock(),
            behaviour: Behaviour {
                reject: f64::from(faults.reject) / 1_000.0,
                // Thin and restless, so that partial fills and chases are ordinary.
                depth: 0.02,
                spread: 2.0,
                pace: 30.0,
                jumps: 100.0,
                ..Behaviour::simulation()
            },
        };
        let exchange = Exchange::new(config, now);
        let listing = Listing::of(&exchange, hours);
        let config = config_of(seed, hours);
        let mut world = Self {
            seed,
            hours,
            faults,
            now,
            queue: BTreeMap::new(),
            next: 0,
            dice,
            disturbances,
            exchange,
            listing,
            symbol,
            desk: None,
            life: 0,
            disk: Disk::default(),
            trader: Trader::new(seed, symbol),
            watched: BTreeSet::new(),
            link_up: true,
            feed_dead_until: now,
            logged_out_until: now,
            cut_off_until: now,
            next_command: 1,
            clear_since: None,
            last_key: false,
            last_signal: None,
            quiet_since: None,
            checks: Checks::new(config.clone()),
            config,
            report: Report::default(),
            tricks,
            trace: None,
            done: false,
        };
        let created = Record::Created { profile: Profile::Paper, prefix: PREFIX.into() };
        world.disk.spill(&Batch { seq: 1, records: std::sync::Arc::new(vec![(now, created)]) });
        let active = world.dice.between(ACTIVE_SECONDS) * 1_000;
        world.at(now, Happening::Starts);
        world.after(500, Happening::Key);
        world.after(1_000, Happening::Second);
        world.after(active, Happening::Clears);
        world
    }

    fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            let ms = self.now.as_millisecond() - self.hours.start().as_millisecond();
            trace.push(format!("{:>4}.{:03} {}", ms / 1_000, ms % 1_000, line()));
        }
    }

    fn at(&mut self, at: Timestamp, happening: Happening) {
        self.next += 1;
        self.queue.insert((at.max(self.now), self.next), happening);
    }

    fn after(&mut self, ms: i64, happening: Happening) {
        self.at(after_ms(self.now, ms), happening);
    }

    fn play(&mut self) -> Checked {
        let (mut second, mut here) = (self.now, 0);
        while !self.done {
            self.step()?;
            self.report.steps += 1;
            here += 1;
            if after_ms(second, 1_000) <= self.now {
                (second, here) = (self.now, 0);
            }
            if here > BUSY {
                return broken(Invariant::NoBusyLoop, format!("{BUSY} steps and more within a second"));
            }
        }
        self.report.seconds = (self.now.as_millisecond() - self.hours.start().as_millisecond()) / 1_000;
        Ok(())
    }

    /// The next instant at which something happens, and what follows from it.
    fn step(&mut self) -> Checked {
        let queued = self.queue.keys().next().map(|(at, _)| *at);
        let desk = self.desk.as_ref().and_then(Desk::next_wake);
        let exchange = Some(self.exchange.next_wake());
        let next = [queued, desk, exchange].into_iter().flatten().min().unwrap_or(self.now);
        self.now = next.max(self.now);
        self.hear_exchange()?;
        if let Some(key) = self.queue.keys().next().copied().filter(|(at, _)| *at <= self.now)
            && let Some(happening) = self.queue.remove(&key)
        {
            self.happen(happening)?;
        }
        self.pump()
    }

    fn happen(&mut self, happening: Happening) -> Checked {
        match happening {
            Happening::Arrives { life, id, call, fate } => return self.arrives(life, id, &call, fate),
            Happening::Answered { life, id, answer } => {
                if life == self.life && self.desk.is_some() {
                    self.note(|| format!("answer {} {}", id.0, short(&answer)));
                    let (now, listing) = (self.now, &self.listing);
                    if let Some(desk) = &mut self.desk {
                        desk.answered(id, answer, now, listing);
                    }
                }
            }
            Happening::Noticed(sighting) => {
                if self.link_up && self.desk.is_some() {
                    self.note(|| format!("notice {}", seen_text(&sighting)));
                    let (now, listing) = (self.now, &self.listing);
                    if let Some(desk) = &mut self.desk {
                        desk.saw(&sighting, now, listing);
                    }
                }
            }
            Happening::Committed { life } => self.committed(life),
            Happening::Key => {
                self.press();
                let pause = self.trader.pause();
                if self.clear_since.is_none() {
                    self.after(pause, Happening::Key);
                }
            }
            Happening::Second => return self.second(),
            Happening::Link { up } => self.set_link(up),
            Happening::DiskWorks => self.disk_works(),
            Happening::Starts => self.start(),
            Happening::Clears => self.clear(),
            Happening::LastKey => self.press_last(),
        }
        Ok(())
    }
}

/// The weather's faults, as far as what is there from the beginning may disturb the run.
fn disturbed(mut faults: Faults, disturbances: &mut Disturbances) -> Faults {
    let calm = Faults::NONE;
    if faults.request_ms != calm.request_ms && !disturbances.happens(Disturbance::always(Kind::Delays)) {
        (faults.request_ms, faults.answer_ms) = (calm.request_ms, calm.answer_ms);
        (faults.notice_ms, faults.commit_ms) = (calm.notice_ms, calm.commit_ms);
    }
    if faults.reject > 0 && !disturbances.happens(Disturbance::always(Kind::Rejects)) {
        faults.reject = 0;
    }
    faults
}

/// The desk's settings: many kinds of them, by the seed.
fn config_of(seed: u64, hours: Hours) -> EngineConfig {
    let mut config = EngineConfig::default();
    config.limits.capital = Money(dec!(10_000_000));
    config.limits.max_daily_loss = Money(dec!(2_000_000));
    config.limits.max_trades_per_day = 200;
    config.limits.max_open_lots = Lots(if seed % 5 < 2 { 9 } else { 24 });
    config.limits.allow_unlimited_loss = seed.is_multiple_of(2);
    // Short enough for a run to see it happen.
    config.execution.timeout_ms = 15_000;
    config.execution.step_ms = 1_000;
    if seed.is_multiple_of(3) {
        config.execution.on_failure = crate::engine::config::FailurePolicy::Hold;
    }
    follow(seed, &mut config);
    signals::scalping(seed, hours, &mut config);
    config.kill_switch.one_press = false;
    config
}

/// Stops and rules of all kinds, by the seed.
fn follow(seed: u64, config: &mut EngineConfig) {
    let p = &mut config.protection;
    match seed % 7 {
        0 => p.breakeven_at_pct = Some(dec!(5)),
        1 => p.trail_pct = Some(dec!(15)),
        2 => p.target_pct = Some(dec!(15)),
        3 => p.stop_pct = dec!(10),
        _ => {}
    }
    if seed % 5 == 3 {
        p.legs = crate::engine::config::ProtectedLegs::Shorts;
    }
    if seed % 4 == 1 {
        p.order = crate::engine::config::StopOrder::StopMarket;
    }
    let rules = &mut config.rules;
    rules.take_stated = seed.is_multiple_of(2);
    match seed % 6 {
        0 => rules.default.target_pct = Some(dec!(8)),
        1 => rules.default.stop_pct = Some(dec!(12)),
        2 => (rules.default.trail_after_pct, rules.default.trail_by_pct) = (Some(dec!(3)), Some(dec!(4))),
        3 => rules.default.short_delta = Some(dec!(0.45)),
        4 => {
            let step = |profit_pct, close_pct| ScaleStep { profit_pct, close_pct };
            rules.default.scale = vec![step(dec!(2), dec!(50)), step(dec!(6), dec!(75))];
            rules.default.stop_premium = Some(dec!(0.3));
        }
        _ => {}
    }
}
