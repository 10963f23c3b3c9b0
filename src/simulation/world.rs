//! The world: one queue of happenings in virtual time, and the desk in the middle of it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rust_decimal_macros::dec;

use super::broker::{self, ACCOUNT};
use super::checks::{Broken, Checked, Checks, PREFIX, broken};
use super::dice::{Dice, Stream};
use super::disk::{Commit, Disk};
use super::listing::{self, Listing};
use super::report::{Invariant, Report, Violation};
use super::trader::Trader;
use super::weather::{Faults, Weather};
use crate::domain::time::{Timestamp, after_ms};
use crate::domain::{
    AccountId, CommandId, Contract, Exchange as Place, Lots, Money, OptionRight, OrderKind, OrderSighting, OrderSpec,
    Price, Product, Quantity, Quote, Side, Symbol, Validity,
};
use crate::engine::command::Origin;
use crate::engine::record::Profile;
use crate::engine::{Command, Engine, EngineConfig, Event, Record};
use crate::exchange::{Behaviour, ClockMode, Exchange, ExchangeConfig, NewOrder, Notice as ExchangeNotice};
use crate::gateway::{Answer, Batch, Call, CallId, Desk, Driver, ErrorClass, Gateway, GatewayPolicy, Notice, Outgoing};

/// How long the trader presses keys, in virtual seconds.
const ACTIVE_SECONDS: (i64, i64) = (40, 120);
/// How long everything may take to come to an end once the network is healthy.
const REST_WITHIN_SECONDS: i64 = 150;
/// How long it must be quiet to count as over.
const QUIET_MS: i64 = 3_000;
/// Steps within one virtual second that nothing explains.
const BUSY: u32 = 600;
/// Lines kept of what happened before a violation.
const TAIL: usize = 20_000;

/// Something that happens at an instant.
#[derive(Clone, Debug)]
enum Happening {
    /// A request reaches the broker.
    Arrives {
        life: u32,
        id: CallId,
        call: Call,
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
}

/// Everything, from one seed.
pub struct World {
    seed: u64,
    faults: Faults,
    now: Timestamp,
    queue: BTreeMap<(Timestamp, u64), Happening>,
    next: u64,
    dice: Dice,
    network: Dice,
    disk_dice: Dice,
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
    next_command: u64,
    clear_since: Option<Timestamp>,
    last_key: bool,
    quiet_since: Option<Timestamp>,
    checks: Checks,
    report: Report,
    tricks: Tricks,
    trace: Option<VecDeque<String>>,
    done: bool,
}

/// Runs one seed to its end.
pub fn run(seed: u64, weather: Weather) -> Result<Report, Box<Violation>> {
    run_with(seed, weather, Tricks::default())
}

/// The same with something broken on purpose.
pub(super) fn run_with(seed: u64, weather: Weather, tricks: Tricks) -> Result<Report, Box<Violation>> {
    match World::new(seed, weather, tricks).to_the_end() {
        Ok(report) => Ok(report),
        Err(_) => {
            // The same again, taking notes: it goes the same way to the same end.
            let mut again = World::new(seed, weather, tricks);
            again.trace = Some(VecDeque::new());
            let result = again.play();
            let Broken { invariant, detail } = result.err().unwrap_or(Broken {
                invariant: Invariant::FoldIsState,
                detail: "the run did not repeat itself: something depends on more than the seed".into(),
            });
            let tail = again.trace.take().map(Vec::from).unwrap_or_default();
            Err(Box::new(Violation { seed, weather, invariant, at: again.now, detail, tail }))
        }
    }
}

impl World {
    pub(super) fn new(seed: u64, weather: Weather, tricks: Tricks) -> Self {
        let now = listing::start();
        let mut dice = Dice::new(seed, Stream::World);
        let faults = weather.faults();
        let symbol = listing::symbol();
        let config = ExchangeConfig {
            seed,
            underlyings: vec![listing::underlying(symbol)],
            start_cash: Money(if dice.chance(200) { dec!(150_000) } else { dec!(5_000_000) }),
            clock: ClockMode::AlwaysOpen,
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
        let listing = Listing::of(&exchange);
        let mut world = Self {
            seed,

            faults,
            now,
            queue: BTreeMap::new(),
            next: 0,
            dice,
            network: Dice::new(seed, Stream::Network),
            disk_dice: Dice::new(seed, Stream::Disk),
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
            next_command: 1,
            clear_since: None,
            last_key: false,
            quiet_since: None,
            checks: Checks::default(),
            report: Report::default(),
            tricks,
            trace: None,
            done: false,
        };
        world.checks = Checks::new(world.config());
        let created = Record::Created { profile: Profile::Paper, prefix: PREFIX.into() };
        world.disk.spill(&Batch { seq: 1, records: std::sync::Arc::new(vec![(now, created)]) });
        let active = world.dice.between(ACTIVE_SECONDS) * 1_000;
        world.at(now, Happening::Starts);
        world.after(500, Happening::Key);
        world.after(1_000, Happening::Second);
        world.after(active, Happening::Clears);
        world
    }

    fn config(&self) -> EngineConfig {
        let mut config = EngineConfig::default();
        config.limits.capital = Money(dec!(10_000_000));
        config.limits.max_daily_loss = Money(dec!(2_000_000));
        config.limits.max_trades_per_day = 200;
        config.limits.max_open_lots = Lots(if self.seed % 5 < 2 { 9 } else { 24 });
        config.limits.allow_unlimited_loss = self.seed % 2 == 0;
        // Short enough for a run to see it happen.
        config.execution.timeout_ms = 15_000;
        config.execution.step_ms = 1_000;
        if self.seed % 3 == 0 {
            config.execution.on_failure = crate::engine::config::FailurePolicy::Hold;
        }
        config.kill_switch.one_press = false;
        config
    }

    fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            if trace.len() >= TAIL {
                trace.pop_front();
            }
            let ms = self.now.as_millisecond() - listing::start().as_millisecond();
            trace.push_back(format!("{:>4}.{:03} {}", ms / 1_000, ms % 1_000, line()));
        }
    }

    fn at(&mut self, at: Timestamp, happening: Happening) {
        self.next += 1;
        self.queue.insert((at.max(self.now), self.next), happening);
    }

    fn after(&mut self, ms: i64, happening: Happening) {
        self.at(after_ms(self.now, ms), happening);
    }

    /// Plays to the end.
    pub(super) fn to_the_end(mut self) -> Result<Report, Broken> {
        self.play()?;
        Ok(self.report)
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
        self.report.seconds = (self.now.as_millisecond() - listing::start().as_millisecond()) / 1_000;
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
            Happening::Arrives { life, id, call } => return self.arrives(life, id, &call),
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
            Happening::Committed { life } => self.committed(life)?,
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

    // --- the process ---

    fn start(&mut self) {
        if self.desk.is_some() {
            return;
        }
        let (state, next_seq) = self.disk.recover();
        self.checks.restarted(&state, next_seq - 1);
        self.life += 1;
        let store_was_down = state.store_down;
        let driver = Driver::new(Engine::new(self.config(), state), next_seq);
        let mut policy = GatewayPolicy::default();
        if self.tricks.hasty {
            policy.order_windows.iter_mut().for_each(|w| w.limit *= 3);
        }
        let mut gateway = Gateway::new(AccountId(1), policy);
        if self.life > 1 {
            gateway.resume(self.checks.order_calls, self.now);
        }
        #[cfg(test)]
        {
            gateway.sabotage = self.tricks.gateway;
        }
        let mut desk = Desk::new(driver, gateway);
        desk.handle(Event::Started, self.now, &self.listing);
        desk.handle(Event::OrderLink { up: self.link_up }, self.now, &self.listing);
        if store_was_down {
            desk.handle(Event::Store { up: true }, self.now, &self.listing);
        }
        self.desk = Some(desk);
        let life = self.life;
        self.note(|| format!("=== process {life} starts"));
    }

    /// Killed: what was not on disk is forgotten, what was on its way to the broker may still arrive.
    fn crash(&mut self) -> Checked {
        let Some(mut desk) = self.desk.take() else { return Ok(()) };
        // Only to check that what is about to be lost was consistent.
        self.remember_all(&mut desk)?;
        self.disk.crash(&mut self.disk_dice);
        self.watched.clear();
        self.report.crashes += 1;
        self.note(|| "=== killed".into());
        let down = self.dice.between(self.faults.down_ms);
        self.after(down, Happening::Starts);
        Ok(())
    }

    /// Closes what has been collected and compares the fold with the state.
    fn remember_all(&mut self, desk: &mut Desk) -> Result<Vec<Batch>, Broken> {
        let mut last = desk.take_spill();
        last.extend(std::iter::from_fn(|| desk.take_batch()));
        for batch in &last {
            self.checks.remembers(batch, &mut self.report)?;
        }
        self.checks.fold_is(desk.state())?;
        Ok(last)
    }

    /// What the live process does after anything has happened.
    fn pump(&mut self) -> Checked {
        let Some(mut desk) = self.desk.take() else { return Ok(()) };
        let result = self.serve(&mut desk);
        let killed = matches!(result, Ok(true));
        self.desk = Some(desk);
        result?;
        if killed { self.crash() } else { Ok(()) }
    }

    /// True if the process is killed on the way.
    fn serve(&mut self, desk: &mut Desk) -> Result<bool, Broken> {
        desk.tick(self.now, &self.listing);
        for batch in desk.take_spill() {
            self.checks.remembers(&batch, &mut self.report)?;
            self.trace_records(&batch, "spilled");
            if !self.tricks.lose_spill {
                self.disk.spill(&batch);
            }
            self.report.spilled += 1;
        }
        if self.disk.is_idle()
            && let Some(batch) = desk.take_batch()
        {
            self.checks.remembers(&batch, &mut self.report)?;
            self.trace_records(&batch, "record");
            let (seq, empty) = (batch.seq, batch.records.is_empty());
            let batch = if self.tricks.lose_records { self.without_one(batch) } else { batch };
            let ms = self.disk.begin(batch, &self.faults, &mut self.disk_dice);
            self.after(ms, Happening::Committed { life: self.life });
            if self.tricks.release_before_commit && !empty {
                desk.committed(seq, self.now, &self.listing);
            }
        }
        while let Some(out) = desk.next_call(self.now) {
            self.checks.leaves(&out.call, desk.state(), &self.disk, self.now)?;
            let is_order = matches!(out.call, Call::Place(_) | Call::Modify { .. } | Call::Cancel { .. });
            self.send(out);
            if is_order && self.dice.chance(self.faults.crash_after_call) {
                return Ok(true);
            }
        }
        for notice in desk.take_notices() {
            match notice {
                Notice::Reply { command, reply } => {
                    self.note(|| format!("reply {command}: {reply:?}"));
                    self.checks.answered(command)?;
                }
                Notice::Alert { level, text } => self.note(|| format!("alert {level:?}: {text}")),
                Notice::Watch(contracts) => self.watched = contracts,
            }
        }
        Ok(false)
    }

    /// What is left of a batch when the journal loses one of its records.
    fn without_one(&mut self, batch: Batch) -> Batch {
        if batch.records.len() < 2 || !self.dice.chance(50) {
            return batch;
        }
        let mut records = (*batch.records).clone();
        records.pop();
        Batch { seq: batch.seq, records: std::sync::Arc::new(records) }
    }

    fn trace_records(&mut self, batch: &Batch, what: &str) {
        if self.trace.is_some() {
            for (_, record) in batch.records.iter() {
                self.note(|| format!("{what} {} {}", batch.seq, cut(format!("{record:?}"), 330)));
            }
        }
    }

    fn tell(&mut self, event: Event) {
        let (now, listing) = (self.now, &self.listing);
        if let Some(desk) = &mut self.desk {
            desk.handle(event, now, listing);
        }
    }

    // --- the disk ---

    fn committed(&mut self, life: u32) -> Checked {
        if life != self.life || self.desk.is_none() {
            return Ok(());
        }
        let Some((seq, commit)) = self.disk.finish(&mut self.disk_dice) else { return Ok(()) };
        let now = self.now;
        let Some(desk) = &mut self.desk else { return Ok(()) };
        match commit {
            Commit::Done => desk.committed(seq, now, &self.listing),
            Commit::Failed => {
                desk.store_failed(seq, now, &self.listing);
                self.report.faults += 1;
                let ms = self.disk_dice.between(self.faults.disk_dead_ms);
                self.after(ms, Happening::DiskWorks);
                self.note(|| format!("=== commit {seq} failed"));
            }
        }
        Ok(())
    }

    fn disk_works(&mut self) {
        if std::mem::replace(&mut self.disk.dead, false) {
            self.note(|| "=== the disk works again".into());
            let now = self.now;
            if let Some(desk) = &mut self.desk {
                desk.store_restored(now, &self.listing);
            }
        }
    }

    // --- the network ---

    /// A call leaves: what becomes of it?
    fn send(&mut self, out: Outgoing) {
        let Outgoing { id, call, deadline } = out;
        self.note(|| format!("call {} {}", id.0, call_text(&call)));
        let (f, life) = (self.faults, self.life);
        if self.network.chance(f.refused_connection) {
            self.report.faults += 1;
            let answer = Answer::failed(ErrorClass::NotSent, "connection refused");
            let ms = self.network.between(f.answer_ms);
            return self.after(ms, Happening::Answered { life, id, answer });
        }
        if self.network.chance(f.lost_request) {
            self.report.faults += 1;
            if self.network.chance(500) {
                let answer = Answer::failed(ErrorClass::AskFirst, "no answer");
                self.at(deadline, Happening::Answered { life, id, answer });
            }
            return;
        }
        let mut ms = self.network.between(f.request_ms);
        if self.network.chance(f.slow_request) {
            self.report.faults += 1;
            ms += self.network.between(f.slow_ms);
        }
        if self.tricks.double_requests && self.network.chance(50) {
            self.after(ms + 100, Happening::Arrives { life, id, call: call.clone() });
        }
        self.after(ms, Happening::Arrives { life, id, call });
    }

    fn arrives(&mut self, life: u32, id: CallId, call: &Call) -> Checked {
        let f = self.faults;
        let logged_out = self.now < self.logged_out_until;
        let refused = if logged_out {
            Some((ErrorClass::LogIn, "Invalid Token"))
        } else if self.network.chance(f.too_many) {
            Some((ErrorClass::TryLater, "Too many requests"))
        } else if self.network.chance(f.server_error / 2) {
            Some((ErrorClass::AskFirst, "Internal Server Error"))
        } else {
            None
        };
        let answer = if let Some((class, text)) = refused {
            self.report.faults += 1;
            Answer::failed(class, text)
        } else {
            let done = broker::answer(&mut self.exchange, call, self.now);
            self.hear_exchange()?;
            if self.network.chance(f.server_error / 2) {
                self.report.faults += 1;
                Answer::failed(ErrorClass::AskFirst, "Bad Gateway")
            } else {
                done
            }
        };
        self.note(|| format!("at the broker {} {}: {}", id.0, call.name(), short(&answer)));
        if self.network.chance(f.lost_answer) {
            self.report.faults += 1;
            return Ok(());
        }
        let mut ms = self.network.between(f.answer_ms);
        if self.network.chance(f.late_answer) {
            self.report.faults += 1;
            ms += self.network.between(f.late_ms);
        }
        if self.network.chance(f.doubled_answer) {
            let again = ms + self.network.between((0, 500));
            self.after(again, Happening::Answered { life, id, answer: answer.clone() });
        }
        self.after(ms, Happening::Answered { life, id, answer });
        Ok(())
    }

    /// What the exchange tells by itself: checked, and sent as notices.
    fn hear_exchange(&mut self) -> Checked {
        for notice in self.exchange.advance(self.now) {
            let ExchangeNotice::Order(view) = notice else { continue };
            let sighting = view.sighting();
            self.note(|| format!("exchange {}", seen_text(&sighting)));
            self.checks.at_exchange(&sighting, &mut self.report)?;
            let sighting = if self.tricks.phantom_fills && self.network.chance(50) {
                OrderSighting { filled: sighting.spec.quantity, ..sighting }
            } else {
                sighting
            };
            let f = self.faults;
            if !self.link_up || self.network.chance(f.lost_notice) {
                continue;
            }
            if self.network.chance(f.doubled_notice) {
                let again = self.network.between(f.notice_ms);
                self.after(again, Happening::Noticed(sighting.clone()));
            }
            let ms = self.network.between(f.notice_ms);
            self.after(ms, Happening::Noticed(sighting));
        }
        Ok(())
    }

    fn set_link(&mut self, up: bool) {
        if self.link_up != up {
            self.link_up = up;
            self.note(|| format!("=== order link {}", if up { "up" } else { "down" }));
            self.tell(Event::OrderLink { up });
        }
    }

    // --- every second ---

    fn second(&mut self) -> Checked {
        self.after(1_000, Happening::Second);
        self.deliver_quotes();
        if self.clear_since.is_some() {
            return self.end_when_quiet();
        }
        let f = self.faults;
        if self.dice.chance(f.link_down) && self.link_up {
            self.set_link(false);
            let ms = self.dice.between(f.link_down_ms);
            self.after(ms, Happening::Link { up: true });
        }
        if self.dice.chance(f.feed_dead) {
            let ms = self.dice.between(f.feed_dead_ms);
            self.feed_dead_until = after_ms(self.now, ms);
        }
        if self.dice.chance(f.logged_out) {
            let ms = self.dice.between(f.logged_out_ms);
            self.logged_out_until = after_ms(self.now, ms);
            self.note(|| "=== logged out for a while".into());
        }
        if self.dice.chance(f.foreign) {
            self.somebody_trades()?;
        }
        if self.dice.chance(f.crash) {
            return self.crash();
        }
        Ok(())
    }

    fn deliver_quotes(&mut self) {
        if self.now < self.feed_dead_until {
            return;
        }
        let watched: Vec<Contract> = self.watched.iter().copied().collect();
        let quotes = self.quotes(&watched);
        if !quotes.is_empty() {
            self.tell(Event::Quotes(quotes));
        }
    }

    fn quotes(&self, contracts: &[Contract]) -> Vec<(Contract, Quote)> {
        let received = |q: Quote| Quote { at: self.now, ..q };
        contracts.iter().filter_map(|c| Some((*c, received(self.exchange.quote(c)?)))).collect()
    }

    /// An order on the account from elsewhere, in contracts that no strategy of ours uses.
    fn somebody_trades(&mut self) -> Checked {
        let away = if self.dice.chance(500) { 550 } else { -600 };
        let right = if away > 0 { OptionRight::Call } else { OptionRight::Put };
        let strike = Price((listing::SPOT + away).into());
        let contract = Contract::option(Place::Nse, self.symbol, listing::expiry(), strike, right);
        let Some(quote) = self.exchange.quote(&contract) else { return Ok(()) };
        let side = if self.dice.chance(500) { Side::Buy } else { Side::Sell };
        // Half of them rest in the book.
        let kind = match (self.dice.chance(500), side, quote.bid) {
            (true, Side::Buy, Some(bid)) => OrderKind::Limit { price: bid },
            _ => OrderKind::Market,
        };
        let quantity = Quantity(65);
        let spec = OrderSpec { contract, side, quantity, kind, validity: Validity::Day, product: Product::Margin };
        self.note(|| format!("=== somebody else sends {side} {}", contract.label()));
        // What becomes of it shows in the books; a refusal is theirs to see.
        let _ = self.exchange.place(ACCOUNT, &NewOrder::new(spec, "APP-1"), self.now);
        self.hear_exchange()
    }

    // --- the trader ---

    fn press(&mut self) {
        let Some(desk) = &self.desk else { return };
        let command = self.trader.press(desk.state());
        self.command(command);
    }

    fn command(&mut self, command: Command) {
        let Some(desk) = &self.desk else { return };
        let mut concerned: BTreeSet<Contract> = BTreeSet::new();
        if matches!(command, Command::Execute { .. } | Command::Preview { .. }) && self.now >= self.feed_dead_until {
            for s in desk.state().strategies.values() {
                concerned.extend(s.legs.iter().map(|l| l.instrument.contract));
            }
        }
        let id = CommandId(self.next_command);
        self.next_command += 1;
        self.report.keys += 1;
        self.note(|| format!("key {id} {}", cut(format!("{command:?}"), 200)));
        let quotes = self.quotes(&concerned.into_iter().collect::<Vec<_>>());
        self.checks.asked(id);
        self.tell(Event::Command { id, origin: Origin::Screen, command, quotes });
    }

    // --- the end ---

    fn clear(&mut self) {
        self.note(|| "=== the weather clears".into());
        self.faults = Faults::NONE;
        self.clear_since = Some(self.now);
        self.feed_dead_until = self.now;
        self.logged_out_until = self.now;
        self.disk_works();
        self.start();
        self.set_link(true);
        self.after(1_500, Happening::LastKey);
    }

    fn press_last(&mut self) {
        self.last_key = true;
        if self.dice.chance(600) {
            let include_foreign = self.dice.chance(500);
            self.command(Command::Flatten { include_foreign });
        }
    }

    /// The run is over when nothing is under way for a while; not coming to rest in time is a violation.
    fn end_when_quiet(&mut self) -> Checked {
        let busy = self.busy();
        match (&busy, self.quiet_since) {
            (Some(_), _) => self.quiet_since = None,
            (None, None) => self.quiet_since = Some(self.now),
            (None, Some(since)) if after_ms(since, QUIET_MS) <= self.now => return self.finish(),
            (None, Some(_)) => {}
        }
        let Some(clear) = self.clear_since else { return Ok(()) };
        if after_ms(clear, REST_WITHIN_SECONDS * 1_000) > self.now {
            return Ok(());
        }
        if self.desk.as_ref().is_some_and(|d| self.checks.only_funds_are_missing(d.state())) {
            return self.finish();
        }
        let flattening = self.desk.as_ref().is_some_and(|d| d.state().flatten.is_some());
        let why = busy.unwrap_or_else(|| "it never stays quiet".into());
        if flattening {
            let open: Vec<String> =
                self.checks.open_at_exchange(true).iter().map(|(c, n)| format!("{} {n:+}", c.label())).collect();
            let text = format!("{why}; open at the exchange: {}", open.join(", "));
            return broken(Invariant::FlattenEndsFlat, text);
        }
        broken(Invariant::ComesToRest, format!("{REST_WITHIN_SECONDS} s after the weather has cleared: {why}"))
    }

    fn busy(&self) -> Option<String> {
        if !self.last_key {
            return Some("the trader is not done".into());
        }
        let Some(desk) = &self.desk else { return Some("the process is down".into()) };
        if !self.disk.is_idle() {
            return Some("the disk is busy".into());
        }
        let ours = |o: &crate::exchange::OrderView| !o.status.is_final() && o.correlation.starts_with(PREFIX);
        if let Some(o) = self.exchange.orders(ACCOUNT).into_iter().find(ours) {
            return Some(format!("order {} is {:?} at the exchange", o.order_id, o.status));
        }
        Checks::engine_is_busy(desk.state())
    }

    fn finish(&mut self) -> Checked {
        self.done = true;
        let Some(mut desk) = self.desk.take() else { return Ok(()) };
        let written = self.disk.is_idle();
        for batch in self.remember_all(&mut desk)? {
            self.disk.spill(&batch);
        }
        let trades: Vec<_> = self.exchange.trades(ACCOUNT).iter().map(|t| t.sighting()).collect();
        self.checks.at_rest(desk.state(), &trades)?;
        let state = desk.state();
        let locked = state.flatten.is_none() && state.halt.as_ref().is_some_and(|h| h.locked);
        let open = self.checks.open_at_exchange(false);
        if locked && !open.is_empty() {
            return broken(Invariant::FlattenEndsFlat, format!("flattened, but open: {open:?}"));
        }
        let (folded, _) = self.disk.recover();
        if written && super::checks::bytes(&folded) != super::checks::bytes(desk.state()) {
            return broken(Invariant::FoldIsState, "the journal folds to something else than the state");
        }
        match self.disk.fold_from_text() {
            Ok(again) if super::checks::bytes(&again) == super::checks::bytes(&folded) => Ok(()),
            Ok(_) => broken(Invariant::FoldIsState, "the journal read back folds to something else"),
            Err(e) => broken(Invariant::FoldIsState, format!("the journal cannot be read back: {e}")),
        }
    }
}

fn cut(mut text: String, most: usize) -> String {
    if let Some((at, _)) = text.char_indices().nth(most) {
        text.truncate(at);
        text.push('…');
    }
    text
}

fn seen_text(s: &OrderSighting) -> String {
    let mark = s.correlation.as_ref().map_or("-", |c| c.as_str());
    let (spec, filled) = (s.spec, s.filled);
    let reason = s.reason.as_deref().unwrap_or_default();
    let price = spec.kind.price().map_or_else(|| "market".into(), |p| p.to_string());
    let (id, side, quantity, label) = (&s.order_id, spec.side, spec.quantity, spec.contract.label());
    format!("{id} {mark} {side} {filled}/{quantity} {label} @{price} {:?} {reason}", s.status)
}

fn call_text(call: &Call) -> String {
    match call {
        Call::Place(i) => {
            let (s, mark) = (i.spec, i.correlation.as_str());
            format!("place {mark} {} {} {} {:?}", s.side, s.quantity, s.contract.label(), s.kind)
        }
        Call::Modify { order_id, spec } => format!("modify {order_id} {:?}", spec.kind),
        Call::Cancel { order_id } => format!("cancel {order_id}"),
        Call::FindByCorrelation(mark) => format!("find {mark}"),
        Call::Orders | Call::Trades | Call::Positions | Call::Funds => call.name().into(),
    }
}

fn short(answer: &Answer) -> String {
    match answer {
        Answer::Orders(all) => format!("{} orders", all.len()),
        Answer::Trades(all) => format!("{} trades", all.len()),
        Answer::Positions(all) => {
            all.iter().map(|p| format!("{} {:+}", p.contract.label(), p.net.0)).collect::<Vec<_>>().join(", ")
        }
        Answer::Found(Some(s)) => format!("found {}", seen_text(s)),
        other => cut(format!("{other:?}"), 120),
    }
}
