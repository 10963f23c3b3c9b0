//! A past day on the ordinary screen, from its journal alone: played, stepped through, jumped about in. Nothing is
//! connected, and nothing can be traded.
//!
//! Prices are the marks of the journal; the limits of the gauges are those of the settings as they are now, since the
//! journal does not hold them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use jiff::civil::{Date, Time};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::config::PaperClock;
use super::narrate;
use super::reference::{Clock, Instruments, Today};
use super::screen::{self, Wishes};
use super::{Options, settings};
use crate::domain::instrument_index::InstrumentIndex;
use crate::domain::time::{Timestamp, after_ms, from_ist};
use crate::domain::{Contract, Instrument};
use crate::engine::EngineConfig;
use crate::engine::command::{Command, Reply};
use crate::engine::record::{Profile, Record};
use crate::engine::state::State;
use crate::options::charges::Tariff;
use crate::simulation::Playback;
use crate::store::JournalCopy;
use crate::store::journal::JournalDay;
use crate::store::projection::audit_line;
use crate::telemetry;
use crate::tui::run::{self, Edges};
use crate::tui::terminal;
use crate::tui::update::ReplayMove;
use crate::view::{Health, Link, LinkState, Prices, Replay, ReplayLine, View};

/// How often the picture moves while it plays.
const BEAT: Duration = Duration::from_millis(50);
/// How fast a day can pass: so many of its seconds in one.
const SPEEDS: [u32; 9] = [1, 2, 5, 10, 30, 60, 300, 1_000, 3_000];
/// The newest lines, for the log pane.
const LINES: usize = 60;
const MINUTE_MS: i64 = 60_000;

/// A day, and the instant of it that is shown.
#[derive(Debug)]
pub struct Player {
    day: Date,
    playback: Playback,
    /// Records in words, with their number, counted from 1.
    lines: Vec<(usize, ReplayLine)>,
    now: Timestamp,
    playing: bool,
    speed: usize,
    engine: EngineConfig,
    today: Today,
}

/// Reads a trading day of the journal in `folder`; `None`: that of the data folder of `options`.
pub fn player(options: &Options, folder: Option<&Path>, day: Date) -> anyhow::Result<Player> {
    let (data, config) = settings(options)?;
    let folder: PathBuf = folder.unwrap_or_else(|| data.folder()).into();
    let copy = JournalCopy::take(&folder)?;
    let Some(journal) = copy.day(day)? else {
        let days: Vec<String> = copy.days()?.iter().rev().take(10).map(ToString::to_string).collect();
        let has = if days.is_empty() { "no records at all".into() } else { format!("records of {}", days.join(", ")) };
        anyhow::bail!("the journal in {} has no records of {day}; it has {has}", folder.display());
    };
    let paper = config.paper.clock;
    Ok(Player::new(day, journal, config.engine, paper))
}

impl Player {
    /// Stands at the day's first record.
    pub fn new(day: Date, journal: JournalDay, engine: EngineConfig, paper: PaperClock) -> Self {
        let JournalDay { before, entries } = journal;
        let (mut lines, mut end) = (Vec::new(), before.clone());
        for (n, entry) in (1..).zip(&entries) {
            lines.extend(line(entry.at, &entry.record, &end).map(|line| (n, line)));
            end.apply(&entry.record, entry.at);
        }
        let instruments = Instruments::new(mapped([&before, &end]));
        let mut playback = Playback::new(before, entries.into_iter().map(|e| (e.at, e.record)).collect());
        playback.go_to(1);
        let clock = match (playback.state().profile, paper) {
            (Profile::Paper, PaperClock::AlwaysOpen) => Clock::AlwaysOpen,
            (Profile::Paper, PaperClock::Real) | (Profile::Live, _) => Clock::Real,
        };
        let tariff = Tariff::built_in().inspect_err(|e| warn!("charges are not estimated: {e}")).ok().map(Arc::new);
        let today = Today { instruments, clock, tariff };
        let now = playback.shown_at(1).unwrap_or_else(|| from_ist(day.at(9, 15, 0, 0)));
        Self { day, playback, lines, now, playing: false, speed: 0, engine, today }
    }

    /// The instant of a time of this trading day: before 08:30 it is of the morning after.
    fn instant(&self, time: Time) -> Timestamp {
        let early = time < Time::constant(8, 30, 0, 0);
        let date = if early { self.day.tomorrow().unwrap_or(self.day) } else { self.day };
        from_ist(date.to_datetime(time))
    }

    /// Shows the day as it was at this time.
    pub fn go_to(&mut self, time: Time) {
        self.show(self.instant(time));
    }

    /// Shows the day as it was after its last record.
    pub fn go_to_end(&mut self) {
        self.step_to(self.playback.len());
    }

    pub fn apply(&mut self, wish: ReplayMove) {
        match wish {
            ReplayMove::PlayPause => self.playing = !self.playing && self.playback.done() < self.playback.len(),
            ReplayMove::Record(by) => self.step_to(self.playback.done().saturating_add_signed(by)),
            ReplayMove::Minute(by) => {
                let (first, last) = self.ends();
                self.show(after_ms(self.now, i64::from(by) * MINUTE_MS).clamp(first, last));
            }
            ReplayMove::To(time) => self.go_to(time),
            ReplayMove::Faster => self.speed = (self.speed + 1).min(SPEEDS.len() - 1),
            ReplayMove::Slower => self.speed = self.speed.saturating_sub(1),
            ReplayMove::Start => self.step_to(1),
            ReplayMove::End => self.go_to_end(),
        }
    }

    /// So much time has passed while it played; whether the picture has changed.
    pub fn pass(&mut self, ms: i64) -> bool {
        if self.playing {
            let (_, last) = self.ends();
            self.show(after_ms(self.now, ms.saturating_mul(i64::from(SPEEDS[self.speed]))).min(last.max(self.now)));
            self.playing = self.playback.done() < self.playback.len();
            return true;
        }
        false
    }

    fn ends(&self) -> (Timestamp, Timestamp) {
        let at = |n| self.playback.shown_at(n).unwrap_or(self.now);
        (at(1), at(self.playback.len()))
    }

    fn show(&mut self, instant: Timestamp) {
        self.now = instant;
        self.playback.go_to(self.playback.until(instant));
    }

    fn step_to(&mut self, record: usize) {
        self.playback.go_to(record.max(1));
        self.now = self.playback.shown_at(self.playback.done()).unwrap_or(self.now);
    }

    /// The picture at this instant.
    pub fn view(&self) -> View {
        let (state, prices) = (self.playback.state(), Prices::default());
        let view = View::build(state, &self.engine, &prices, &self.health(), &self.today, self.now);
        View { replay: Some(Arc::new(self.replay())), ..view }
    }

    /// What a journal does not say of the links is not known.
    fn health(&self) -> Health {
        let up = Link { state: LinkState::Up, last_message: None };
        let closes_at = self.today.closes_at(self.now);
        let positions_read = self.playback.state().broker.positions_at;
        Health { feed: up, orders: up, closes_at, positions_read, ..Health::default() }
    }

    fn replay(&self) -> Replay {
        Replay {
            day: self.day,
            record: self.playback.done(),
            records: self.playback.len(),
            kind: self.playback.past().last().map(|(_, r)| kind_of(r)).unwrap_or_default(),
            playing: self.playing,
            speed: SPEEDS[self.speed],
            lines: self.lines().into(),
        }
    }

    fn lines(&self) -> Vec<ReplayLine> {
        let until = self.lines.partition_point(|(n, _)| *n <= self.playback.done());
        self.lines[until.saturating_sub(LINES)..until].iter().map(|(_, line)| line.clone()).collect()
    }
}

/// A record in words, where it means something to a trader.
fn line(at: Timestamp, record: &Record, before: &State) -> Option<ReplayLine> {
    if let Some(told) = narrate::words(record) {
        return Some(ReplayLine { at, kind: told.kind, text: told.text, warning: told.warning });
    }
    let audit = audit_line(record, before)?;
    let strategy = audit.strategy.map(|id| format!("#{id} ")).unwrap_or_default();
    let reason = audit.reason.map(|r| format!(": {r}")).unwrap_or_default();
    Some(ReplayLine { at, kind: audit.event, text: format!("{strategy}{}{reason}", audit.what), warning: false })
}

/// The record's name, as the journal has it.
fn kind_of(record: &Record) -> String {
    match serde_json::to_value(record) {
        Ok(serde_json::Value::String(name)) => name,
        Ok(serde_json::Value::Object(fields)) => fields.keys().next().cloned().unwrap_or_default(),
        _ => String::new(),
    }
}

/// The instruments that strategies were mapped to: the list itself is not in the journal.
fn mapped(states: [&State; 2]) -> InstrumentIndex {
    let legs = states.into_iter().flat_map(|s| s.strategies.values()).flat_map(|s| &s.legs);
    let known: BTreeMap<Contract, Instrument> = legs.map(|l| (l.instrument.contract, l.instrument)).collect();
    InstrumentIndex::new(known.into_values().collect())
}

/// Shows a day on the screen until whoever looks at it leaves. The terminal must be usable.
pub fn run(options: &Options, wishes: &Wishes, mut player: Player) -> anyhow::Result<()> {
    telemetry::install_panic_hook(terminal::restore);
    let (folder, config) = settings(options)?;
    let folder = options.config.clone().unwrap_or_else(|| folder.config().to_path_buf());
    let looks = run::Options {
        keymap: Arc::new(screen::keymap(&folder)?),
        theme: screen::fitted_theme(wishes, &config.cockpit.screen, &folder)?,
        mouse: config.cockpit.screen.mouse,
        read_only: false,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let stop = CancellationToken::new();
    screen::watch_signals(&runtime, stop.clone()).context("the system's signals cannot be heard")?;
    let (views_out, views) = watch::channel(Arc::new(player.view()));
    let (commands, asked) = mpsc::channel(1);
    runtime.spawn(refuse(asked));
    let (moves, wishes) = channel();
    std::thread::Builder::new().name("replay".into()).spawn(move || play(&mut player, &wishes, &views_out))?;
    let nothing = Arc::new(|| {});
    let screen = Edges {
        views,
        models: None,
        commands,
        books: None,
        attentions: None,
        halt: nothing,
        stop: stop.clone(),
        replay: Some(moves),
    };
    let ended = screen::show(&runtime, screen, looks, &stop)?;
    runtime.shutdown_background();
    match ended {
        Some(Err(error)) => Err(error).context("the terminal failed"),
        None | Some(Ok(_)) => Ok(()),
    }
}

/// Moves as it is asked to, and by itself while it plays, until nobody asks any more.
fn play(player: &mut Player, wishes: &Receiver<ReplayMove>, views: &watch::Sender<Arc<View>>) {
    let mut beat = Instant::now();
    loop {
        let wait = if player.playing { BEAT } else { Duration::from_secs(3_600) };
        let heard = wishes.recv_timeout(wait);
        let passed = i64::try_from(beat.elapsed().as_millis()).unwrap_or(0);
        beat = Instant::now();
        let mut changed = player.pass(passed);
        match heard {
            Ok(wish) => {
                player.apply(wish);
                // Keys held down come faster than pictures are made.
                wishes.try_iter().for_each(|wish| player.apply(wish));
                changed = true;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        if changed {
            views.send_replace(Arc::new(player.view()));
        }
    }
}

/// There is no engine: whatever finds its way here is answered so.
async fn refuse(mut asked: mpsc::Receiver<(Command, oneshot::Sender<Reply>)>) {
    while let Some((_, reply)) = asked.recv().await {
        let _ = reply.send(Reply::refused("This is a replay of a past day: nothing is connected."));
    }
}
