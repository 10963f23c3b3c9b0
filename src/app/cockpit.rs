//! A running cockpit: everything that works behind a screen or a shell, started and stopped in order.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tracing::{info, warn};

use super::access::{self, connect};
use super::again::again;
use super::alerts::{self, AlertDesk, Attentions};
use super::config::{AppConfig, PaperClock, SecretSources};
use super::engine_thread::{EngineThread, Outlets, ask_margins};
use super::inputs::{Input, Inputs};
use super::instruments::{load_instruments, renew_instruments};
use super::office::BackOffice;
use super::reference::{Clock, Instruments, Today};
use super::rehearsal::Rehearsal;
use super::shared::Shared;
use super::steady::SteadyClock;
use super::store_thread::{self, StoreThread};
use super::token::{self, Keeper, Suspicion, Tokens};
use super::{analytics, awake, calls, chains, links, paper, resume, warm, webhook};
use crate::broker::Broker;
use crate::broker::dhan::DhanBroker;
use crate::domain::AccountId;
use crate::domain::time::{Timestamp, ist, trading_day};
use crate::engine::command::{Command, Origin, Reply};
use crate::engine::record::Profile;
use crate::engine::{Engine, State};
use crate::exchange_server::Running;
use crate::exchange_server::faults::Faults;
use crate::gateway::{Desk, Driver, Gateway};
use crate::import::seed::SeedChain;
use crate::net::Backoff;
use crate::options::charges::Tariff;
use crate::store::{ControlFile, DataFolder, Journal, Projector};
use crate::view::analytics::{Analytics, Demand};
use crate::view::{LinkState, View};
use crate::web;
use crate::web::webhook::Doorbell;

/// How a cockpit is to be started.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub profile: Profile,
    pub data: Option<PathBuf>,
    /// Where the settings are; `None`: beside the data.
    pub config: Option<PathBuf>,
    /// Instead of `paper.yaml`'s.
    pub seed: Option<u64>,
    pub clock: Option<PaperClock>,
    pub spots_from: Option<PathBuf>,
}

/// What runs. Dropping it without [`Cockpit::stop`] is like killing the process: nothing is lost, the next start finds out.
pub struct Cockpit {
    pub inputs: Inputs,
    pub views: watch::Receiver<Arc<View>>,
    /// What the models say of it.
    pub analytics: watch::Receiver<Arc<Analytics>>,
    /// What the screen wants the models to look at.
    pub demand: watch::Sender<Demand>,
    pub today: Today,
    pub config: AppConfig,
    pub folder: DataFolder,
    engine: std::thread::JoinHandle<()>,
    store: StoreThread,
    projector: Option<Projector>,
    tasks: Vec<JoinHandle<()>>,
    /// Whether paper mode's suggestions of the day have been looked after.
    suggested: watch::Receiver<bool>,
    control: Option<(web::Serving, ControlFile)>,
    webhook: Option<web::Serving>,
    /// What happens at the webhook's door.
    pub bell: Arc<Doorbell>,
    shared: Shared,
    account: Arc<DhanBroker>,
    started: Instant,
    exchange: Option<Running>,
    alerts: AlertDesk,
    /// What the screen is asked for beyond its picture.
    attentions: Option<Attentions>,
}

/// The settings and the data folder, before anything runs.
pub fn prepare(options: &Options) -> anyhow::Result<(DataFolder, AppConfig)> {
    let (folder, config) = settings(options)?;
    folder.create()?;
    Ok((folder, config))
}

/// The settings, with what the command line says over them; nothing is made on disk.
pub fn settings(options: &Options) -> anyhow::Result<(DataFolder, AppConfig)> {
    let folder = DataFolder::locate(options.data.as_deref(), options.profile)?;
    let settings = options.config.clone().unwrap_or_else(|| folder.config().to_path_buf());
    let mut config = match options.profile {
        Profile::Paper => AppConfig::load(&settings)?,
        Profile::Live => AppConfig::load_live(&settings)?,
    };
    config.paper.seed = options.seed.unwrap_or(config.paper.seed);
    config.paper.clock = options.clock.unwrap_or(config.paper.clock);
    config.paper.spots_from = options.spots_from.clone().or(config.paper.spots_from);
    Ok((folder, config))
}

impl Cockpit {
    /// Starts everything. Paper mode brings its own exchange; live mode needs credentials.
    pub async fn start(folder: DataFolder, config: AppConfig) -> anyhow::Result<Self> {
        let clock = SteadyClock::start();
        let now = clock.now();
        let (mut journal, opening) = Journal::open(folder.folder(), folder.profile(), config.cockpit.journal, now)?;
        let found = if opening.created { "new".to_string() } else { format!("{} records", journal.last_seq()) };
        info!("journal of {} opened: {found}", folder.folder().display());
        if opening.merged > 0 {
            warn!("{} records of exits made while it could not be written were merged into it", opening.merged);
        }
        let mut projector = Projector::start_with_log(&folder.projection(), &folder.logs(), &mut journal)
            .inspect_err(|e| warn!("the tables are not kept up to date: {e}"))
            .ok();
        let state = journal.state().clone();
        let exchange = match folder.profile() {
            Profile::Paper => Some(start_exchange(&folder, &config).await?),
            Profile::Live => None,
        };
        let instruments = Instruments::none();
        let broker = connect(exchange.as_ref(), &folder, &config, &instruments)?;
        if folder.profile() == Profile::Live
            && let Err(e) = token::log_in(&broker, &config.secrets, &folder).await
        {
            warn!("not logged in at the broker: {e}");
        }
        let listed = load_instruments(broker.as_ref(), &folder, &instruments, now).await?;
        let today = today(&folder, &config, instruments);
        let (inputs, receiver) = Inputs::new();
        let store = store_thread::start(journal, inputs.clone())?;
        let (calls_out, calls_in) = mpsc::unbounded_channel();
        let (margins_out, margins_in) = mpsc::unbounded_channel();
        let (interest_out, interest) = watch::channel(BTreeSet::new());
        let (alerts, raise, attentions) = alerts::open(&config, projector.as_mut(), Some(folder.folder()));
        let alert_desk = alerts.desk.clone();
        let shared = Shared::raising(raise);
        shared.warn_of(listed, now);
        let desk = desk(&config, state, now);
        let first = View::build(desk.state(), &config.engine, &shared.prices(), &shared.health(), &today, now);
        let (views_out, views) = watch::channel(Arc::new(first));
        let rehearsal = exchange.as_ref().map(|running| Rehearsal::new(running.faults.clone()));
        let bell: Arc<Doorbell> = Arc::default();
        let outlets = Outlets {
            bell: bell.clone(),
            store: store.tasks.clone(),
            calls: calls_out,
            margins: margins_out,
            views: views_out,
            interest: interest_out,
            rehearsal,
        };
        let thread = EngineThread::new(desk, today.clone(), shared.clone(), inputs.clone(), outlets, clock.clone());
        let engine = std::thread::Builder::new().name("engine".into()).spawn(move || thread.run(&receiver))?;
        let (resumed, resumes) = watch::channel(0);
        let suspicion = Suspicion::default();
        let keeper = Keeper {
            broker: broker.clone(),
            tokens: match &exchange {
                Some(running) => Tokens::Paper(running.token_page()),
                None => Tokens::Live { sources: SecretSources::of(&config.folder), folder: folder.clone() },
            },
            policy: config.dhan.token,
            shared: shared.clone(),
            inputs: inputs.clone(),
            suspicion: suspicion.clone(),
        };
        let (account, kept) = (broker.clone(), shared.clone());
        let broker: Arc<dyn Broker> = broker;
        let listeners =
            links::Listeners { shared: shared.clone(), inputs: inputs.clone(), resumes, suspicion: suspicion.clone() };
        let mut tasks = vec![
            tokio::spawn(calls::carry(broker.clone(), calls_in, inputs.clone(), clock.clone(), suspicion.clone())),
            tokio::spawn(ask_margins(broker.clone(), margins_in, inputs.clone())),
            tokio::spawn(links::follow_orders(broker.clone(), listeners.clone())),
            tokio::spawn(links::follow_prices(broker.clone(), listeners, interest, today.clone())),
            tokio::spawn(resume::watch_the_clocks(clock.clone(), shared.clone(), inputs.clone(), resumed)),
            tokio::spawn(keeper.run()),
            tokio::spawn(alerts.run(shared.clone())),
            tokio::spawn(warm::keep_warm(broker.clone(), today.clone(), clock.clone())),
        ];
        if config.cockpit.keep_awake {
            let hold = crate::platform::awake::stay_awake;
            tasks.push(tokio::spawn(awake::keep_awake(views.clone(), shared.clone(), inputs.clone(), hold)));
        }
        let (wishes_out, wishes) = watch::channel(chains::Wishes::default());
        let (chains_out, chains) = watch::channel(chains::Chains::default());
        let (demand_out, demand) = watch::channel(Demand::default());
        let (analytics_out, analytics) = watch::channel(Arc::default());
        let ends =
            analytics::Ends { views: views.clone(), demand, chains, wishes: wishes_out, analytics: analytics_out };
        tasks.push(tokio::spawn(chains::read_chains(broker.clone(), today.clone(), wishes, chains_out)));
        tasks.push(tokio::spawn(analytics::analyse(ends, shared.clone(), today.clone())));
        let (suggested_out, suggested) = watch::channel(exchange.is_none());
        tasks.push(tokio::spawn(renew_instruments(
            broker.clone(),
            folder.clone(),
            today.instruments.clone(),
            shared,
            clock,
        )));
        if exchange.is_some() {
            tasks.push(tokio::spawn(suggest(broker, today.clone(), inputs.clone(), views.clone(), suggested_out)));
        }
        Ok(Self {
            inputs,
            views,
            analytics,
            demand: demand_out,
            today,
            config,
            folder,
            engine,
            store,
            projector,
            tasks,
            suggested,
            control: None,
            webhook: None,
            bell,
            shared: kept,
            account,
            started: Instant::now(),
            exchange,
            alerts: alert_desk,
            attentions: Some(attentions),
        })
    }

    /// Waits until it can be used: the broker's books are read and prices flow; not longer than `limit`.
    pub async fn ready(&self, limit: Duration) {
        let mut views = self.views.clone();
        let usable = |v: &Arc<View>| {
            !v.header.reconciling && v.header.available.is_some() && v.header.feed.state == LinkState::Up
        };
        let mut suggested = self.suggested.clone();
        let all = async {
            let _ = views.wait_for(usable).await;
            let _ = suggested.wait_for(|done| *done).await;
        };
        if tokio::time::timeout(limit, all).await.is_err() {
            warn!("the broker has not answered everything within {} s", limit.as_secs());
        }
    }

    /// Opens the door for shells on this machine.
    pub async fn open_control(&mut self) -> anyhow::Result<()> {
        let port = self.config.cockpit.control.parse::<std::net::SocketAddr>().map_or(0, |a| a.port());
        let listener = web::server::listen(port).await.context("the control port could not be opened")?;
        let file = ControlFile::write(&self.folder, listener.local_addr()?.port())?;
        let token = web::Token::new(file.control.token.clone()).context("the control token is empty")?;
        crate::telemetry::keep_secret(&file.control.token);
        let server = web::server::serve(listener, Arc::new(self.door()), Arc::new(self.office()), token)?;
        self.control = Some((server, file));
        Ok(())
    }

    /// Opens the door for signals, where a secret is set for it.
    pub async fn open_webhook(&mut self) {
        let posted = Arc::new(webhook::Posted::new(self.account.clone(), self.inputs.clone()));
        let desk = Arc::new(self.door());
        self.webhook = webhook::open(&self.config, desk, posted, &self.bell, &self.shared).await;
        self.inputs.look();
    }

    fn office(&self) -> BackOffice {
        BackOffice {
            views: self.views.clone(),
            shared: self.shared.clone(),
            bell: self.bell.clone(),
            started: self.started,
            profile: self.folder.profile(),
            data: self.folder.folder().parent().map(Into::into),
            config: self.config.folder.clone(),
        }
    }

    /// What a shell or the control API is given of this cockpit.
    pub fn door(&self) -> super::door::Door {
        super::door::Door {
            inputs: self.inputs.clone(),
            views: self.views.clone(),
            today: self.today.clone(),
            alerts: self.alerts.clone(),
        }
    }

    /// The account at the broker.
    pub(super) fn account(&self) -> Arc<DhanBroker> {
        self.account.clone()
    }

    /// What the screen is asked for, once; for the one screen there is.
    pub fn take_attentions(&mut self) -> Option<Attentions> {
        self.attentions.take()
    }

    /// What goes wrong at the built-in exchange; `None` with a real broker.
    pub fn faults(&self) -> Option<Faults> {
        self.exchange.as_ref().map(|running| running.faults.clone())
    }

    /// Asks the engine for something and waits for its answer.
    pub async fn command(&self, command: Command, origin: Origin) -> anyhow::Result<Reply> {
        let (reply, answer) = oneshot::channel();
        self.inputs.send(Input::Command { command, origin, reply });
        Ok(answer.await?)
    }

    /// Where the built-in exchange is reached, if it runs here.
    pub fn paper_addresses(&self) -> Vec<String> {
        self.exchange.iter().flat_map(|e| [e.rest.clone(), e.feed.clone(), e.orders.clone()]).collect()
    }

    /// Stops in order: no more signals and commands, the engine's last decisions committed, the tables written, the exchange's books closed.
    pub async fn stop(mut self) {
        if let Some(door) = self.webhook.take() {
            door.stop().await;
        }
        if let Some((server, file)) = self.control.take() {
            server.stop().await;
            drop(file);
        }
        self.inputs.send(Input::Stop);
        let (engine, store) = (self.engine, self.store.thread);
        let ended = tokio::task::spawn_blocking(move || (engine.join().is_ok(), store.join().is_ok())).await;
        if !matches!(ended, Ok((true, true))) {
            warn!("a part of the program had died before it was stopped: see the log above");
        }
        for task in &self.tasks {
            task.abort();
        }
        drop(self.projector.take());
        if let Some(exchange) = self.exchange.take() {
            access::take_away(&self.folder);
            exchange.stop().await;
        }
    }
}

pub(super) async fn start_exchange(folder: &DataFolder, config: &AppConfig) -> anyhow::Result<Running> {
    let shares = match &config.paper.spots_from {
        None => Vec::new(),
        Some(file) => paper::shares_of_file(file)?,
    };
    let script = config.tuning.script.clone();
    let (books, postback) = (folder.exchange_books(), webhook::paper_postback(config));
    let running = paper::start_exchange(&config.paper, &books, shares, script, postback).await?;
    access::leave_for_others(folder, &running)?;
    Ok(running)
}

fn today(folder: &DataFolder, config: &AppConfig, instruments: Instruments) -> Today {
    let clock = match (folder.profile(), config.paper.clock) {
        (Profile::Paper, PaperClock::AlwaysOpen) => Clock::AlwaysOpen,
        (Profile::Paper, PaperClock::Real) | (Profile::Live, _) => Clock::Real,
    };
    let tariff = Tariff::built_in().inspect_err(|e| warn!("charges are not estimated: {e}")).ok().map(Arc::new);
    Today { instruments, clock, tariff }
}

fn desk(config: &AppConfig, state: State, now: Timestamp) -> Desk {
    let limits = &config.engine.limits;
    let policy = config.tuning.gateway.clone().limited(limits.max_orders_per_second, limits.max_orders_per_day);
    let mut gateway = Gateway::new(AccountId(1), policy);
    let sent = if state.day.date == Some(trading_day(now)) { state.day.intents } else { 0 };
    gateway.resume(sent, now);
    Desk::new(Driver::new(Engine::new(config.engine.clone(), state), 1), gateway)
}

/// Paper mode's own strategies: made from the exchange's chains once a day, when the books have been compared.
async fn suggest(
    broker: Arc<dyn Broker>,
    today: Today,
    inputs: Inputs,
    mut views: watch::Receiver<Arc<View>>,
    suggested: watch::Sender<bool>,
) {
    if views.wait_for(|v| !v.header.reconciling).await.is_err() {
        return;
    }
    loop {
        let now = Timestamp::now();
        let missing = paper::needs_strategies(&views.borrow().clone(), now);
        if missing {
            let chains = seed_chains(broker.as_ref(), &today).await;
            let recommendations = crate::import::seed::paper_strategies(&chains, now);
            if !recommendations.is_empty() {
                let (reply, done) = oneshot::channel();
                let command = Command::Import { recommendations };
                inputs.send(Input::Command { command, origin: Origin::System, reply });
                let _ = done.await;
            }
        }
        suggested.send_replace(true);
        tokio::time::sleep(Duration::from_secs(300)).await;
    }
}

async fn seed_chains(broker: &dyn Broker, today: &Today) -> Vec<SeedChain> {
    let index = today.instruments.current();
    let mut chains = Vec::new();
    for underlying in paper::underlyings() {
        let date = ist(Timestamp::now()).date();
        let expiries = index.option_expiries(underlying.exchange, underlying.underlying);
        // On the day of expiry itself there is little left to suggest.
        let Some(expiry) = expiries.into_iter().find(|e| *e > date) else { continue };
        match again("an option chain", Backoff::default(), || broker.option_chain(underlying, expiry)).await {
            Ok(chain) => chains.extend(paper::seed_chain(&chain, &index)),
            Err(e) => warn!("no suggestions for {}: {e}", underlying.label()),
        }
    }
    chains
}
