//! The built-in exchange as a server that speaks DhanHQ v2 on loopback.
//!
//! Floor 3. Matching rules live in `exchange`. `core` owns the exchange and its books; `rest` and `sockets` have one file
//! per category of the broker's documentation and only translate.

mod addresses;
mod books;
mod consents;
mod control;
mod core;
pub mod faults;
mod identity;
mod limits;
mod postback;
mod rest;
mod setup;
mod sockets;
mod state;
pub mod switches;
#[cfg(test)]
mod tests;
mod time_source;
mod words;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::thread::JoinHandle;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use books::BooksError;
pub use control::ControlAccess;
pub use identity::AccountKeys;
pub use setup::{Script, ScriptError};
pub use switches::Switches;
pub use time_source::{DrivenTime, FASTEST, ManualTime, TimeSource};

use crate::domain::time::Timestamp;
use crate::domain::{Contract, ContractRules, Exchange as Place, Money, Quantity, Symbol};
use crate::exchange::{
    Behaviour, ClockMode, Exchange, ExchangeConfig, RestoreError, ShareSpec, UnderlyingSpec, paper_listing,
};
use books::{Books, Line};
use core::Core;
use faults::Faults;
use faults::wire::{Cuttable, Wire};
use identity::{Consumer, Identity};
use state::Shared;

/// What a server is made from.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Port 0 takes any free one.
    pub listen: SocketAddr,
    pub seed: u64,
    /// Where the books are kept; without, they last as long as the process.
    pub books: Option<PathBuf>,
    pub clock: ClockMode,
    /// Shares to list besides the indices, and changes to the indices' own listing.
    pub shares: Vec<ShareSpec>,
    /// Of an account that is new.
    pub start_cash: Money,
    /// Of a new exchange. Books that exist keep their own.
    pub behaviour: Behaviour,
    pub client_id: String,
    /// Orders are taken from the registered addresses only.
    pub static_ip: bool,
    /// Where requests seem to come from.
    pub seen_from: std::net::IpAddr,
    pub time: TimeSource,
    /// How it answers where sources disagree.
    pub switches: Switches,
    /// What goes wrong from the start.
    pub script: Script,
    /// Whether faults, clock and market can be steered from outside.
    pub control: bool,
    /// Shares a new account holds for delivery.
    pub holdings: Vec<(Symbol, Quantity)>,
    /// Where order changes are posted to: an address of this machine.
    pub postback: Option<String>,
}

impl ServerConfig {
    /// Paper trading: any free port of this machine, always open, twenty lakh rupees.
    pub fn paper(seed: u64) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            seed,
            books: None,
            clock: ClockMode::AlwaysOpen,
            shares: Vec::new(),
            start_cash: Money(rust_decimal::Decimal::from(2_000_000)),
            behaviour: Behaviour::default(),
            client_id: "1100000001".into(),
            static_ip: false,
            seen_from: std::net::Ipv4Addr::LOCALHOST.into(),
            time: TimeSource::System,
            switches: Switches::default(),
            script: Script::default(),
            control: false,
            holdings: Vec::new(),
            postback: None,
        }
    }
}

/// The server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the built-in exchange cannot listen on {address}: {what}; is another one running there?")]
    Listen { address: SocketAddr, what: std::io::Error },
    #[error("the built-in exchange is for this machine only: {0} is not a loopback address")]
    NotLoopback(SocketAddr),
    #[error("the built-in exchange posts to this machine only: {0} is not an http:// address of it")]
    Postback(String),
    #[error("{0} cannot be held: it is not among the listed shares, or named twice; list it with --spots-from")]
    Holding(Symbol),
    #[error(transparent)]
    Books(#[from] BooksError),
    #[error(transparent)]
    Restore(#[from] RestoreError),
    #[error("the built-in exchange cannot be set up: {0}")]
    Setup(#[from] std::io::Error),
}

/// A running server. Dropping it stops it, without waiting; `stop` waits until the books are written.
pub struct Running {
    pub address: SocketAddr,
    /// `http://127.0.0.1:port/v2`.
    pub rest: String,
    /// `ws://127.0.0.1:port/feed`: the client adds `?version=2&token=…`.
    pub feed: String,
    /// `ws://127.0.0.1:port/order-updates`.
    pub orders: String,
    /// `http://127.0.0.1:port/api-data/api-scrip-master.csv`.
    pub instruments: String,
    pub instruments_detailed: String,
    /// `http://127.0.0.1:port`: tokens and consents.
    pub auth: String,
    /// `ws://127.0.0.1:port/twentydepth`: the client adds `?token=…`.
    pub depth_20: String,
    /// `ws://127.0.0.1:port/twohundreddepth`, likewise.
    pub depth_200: String,
    pub client_id: String,
    /// As it was when the server started; [`Running::new_token`] and the calls that make another end it.
    pub access_token: String,
    /// What goes wrong; empty unless somebody wants it.
    pub faults: Faults,
    /// How it is steered from outside, if it can be.
    pub control: Option<ControlAccess>,
    identity: Identity,
    core: Core,
    time: TimeSource,
    cancel: CancellationToken,
    server: tokio::task::JoinHandle<()>,
    owner: Option<JoinHandle<()>>,
}

impl Running {
    /// Stops taking requests, writes the books and ends.
    pub async fn stop(mut self) {
        self.cancel.cancel();
        self.core.stop();
        let owner = self.owner.take();
        // The thread writes its books in a moment; waiting for it must not hold up the tasks of this runtime.
        drop(tokio::task::spawn_blocking(move || owner.map(JoinHandle::join)).await);
        self.server.abort();
    }

    /// What the account's holder knows: PIN, key of the one-time passwords, API key.
    pub fn keys(&self) -> AccountKeys {
        self.identity.keys()
    }

    pub fn token_page(&self) -> TokenPage {
        TokenPage(self.identity.clone())
    }

    /// A token as from the broker's page. The one before ends at once, on all connections.
    pub fn new_token(&self) -> std::io::Result<String> {
        self.identity.new_token(Consumer::Page)
    }

    /// Ends the valid token, as if somebody had made another one elsewhere.
    pub fn revoke_token(&self) -> std::io::Result<()> {
        self.identity.revoke()
    }

    /// Moves a manual clock and waits until all that follows has happened. Does nothing to the system's clock.
    pub async fn forward(&self, ms: i64) {
        if let TimeSource::Manual(time) = &self.time {
            time.forward(ms);
        }
        // The first makes time pass, the second is answered when that is written and told.
        for _ in 0..2 {
            let _ = self.core.call(|_, _| ()).await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.cancel.cancel();
        self.core.stop();
    }
}

/// The broker's page on which tokens are made, as far as the account's holder sees it.
#[derive(Clone)]
pub struct TokenPage(Identity);

impl TokenPage {
    /// The token that is valid now.
    pub fn access_token(&self) -> String {
        self.0.access_token()
    }
}

/// Starts the exchange: from its books where there are any, else anew.
pub async fn start(mut config: ServerConfig) -> Result<Running, StartError> {
    if !config.listen.ip().is_loopback() {
        return Err(StartError::NotLoopback(config.listen));
    }
    if let Some(url) = config.postback.as_ref().filter(|url| !postback::is_allowed(url)) {
        return Err(StartError::Postback(url.clone()));
    }
    let listen = |what| StartError::Listen { address: config.listen, what };
    let listener = TcpListener::bind(config.listen).await.map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;
    if config.control && matches!(config.time, TimeSource::System) {
        config.time = TimeSource::Driven(DrivenTime::starting_at(config.time.now()));
    }
    let switches = config.script.profile.unwrap_or(config.switches);
    let fault_seed = config.script.seed.unwrap_or(config.seed);
    let faults = Faults::new(fault_seed, config.script.faults.clone(), config.script.random.as_ref());
    let now = config.time.now();
    let opened = config.books.as_deref().map(Books::open).transpose()?;
    let identity = Identity::load_or_make(config.books.as_deref(), &config.client_id, config.time.clone())?;
    identity.with_addresses(|all| {
        all.set_required(config.static_ip);
        all.set_seen(config.seen_from);
    })?;
    let (books, lines) = opened.map_or((None, Vec::new()), |(books, lines)| (Some(books), lines));
    let mut exchange = open_exchange(&config, &lines, now)?;
    exchange.set_ways(switches.ways());
    let (clock, shares) = (config.clock.clone(), config.shares.clone());
    let relist = Box::new(move |now| listing(&clock, &shares, now));
    let (core, owner) = Core::start(exchange, books, config.time.clone(), relist)?;
    // The first snapshot, or the books of before as they go on, are on disk when this returns.
    let _ = core.call(|_, _| ()).await;
    let cancel = CancellationToken::new();
    if let Some(url) = config.postback.clone() {
        tokio::spawn(postback::run(url, identity.client_id.clone(), core.updates(), cancel.clone()));
    }
    let shared =
        Shared::new(core.clone(), identity.clone(), config.time.clone(), cancel.clone(), faults.clone(), switches);
    let secret = config.control.then(control::Secret::make).transpose()?;
    let control = secret.as_ref().map(|secret| secret.access(address));
    let service = rest::router(shared, secret).into_make_service_with_connect_info::<Wire>();
    let ended = cancel.clone();
    let server = tokio::spawn(async move {
        let serving = axum::serve(Cuttable(listener), service).with_graceful_shutdown(ended.cancelled_owned());
        if let Err(error) = serving.await {
            tracing::error!(%error, "the built-in exchange has stopped serving");
        }
    });
    Ok(Running {
        address,
        rest: format!("http://{address}/v2"),
        feed: format!("ws://{address}/feed"),
        orders: format!("ws://{address}/order-updates"),
        instruments: format!("http://{address}/api-data/api-scrip-master.csv"),
        instruments_detailed: format!("http://{address}/api-data/api-scrip-master-detailed.csv"),
        auth: format!("http://{address}"),
        client_id: identity.client_id.clone(),
        access_token: identity.access_token(),
        faults,
        control,
        identity,
        depth_20: format!("ws://{address}/twentydepth"),
        depth_200: format!("ws://{address}/twohundreddepth"),
        core,
        time: config.time,
        cancel,
        server,
        owner: Some(owner),
    })
}

fn listing(clock: &ClockMode, shares: &[ShareSpec], now: Timestamp) -> Vec<UnderlyingSpec> {
    paper_listing(now, clock.calendar(), ContractRules::builtin(), shares)
}

fn open_exchange(config: &ServerConfig, lines: &[Line], now: Timestamp) -> Result<Exchange, StartError> {
    let underlyings = listing(&config.clock, &config.shares, now);
    let mut restored: Option<Exchange> = None;
    for line in lines {
        match (line, &mut restored) {
            (Line::Snapshot(snapshot), _) => restored = Some(Exchange::restore(snapshot, config.clock.clone())?),
            (Line::Delta(delta), Some(exchange)) => exchange.apply(delta)?,
            (Line::Delta(_), None) => {}
        }
    }
    if let Some(mut exchange) = restored {
        exchange.resume(now);
        exchange.relist(underlyings);
        return Ok(exchange);
    }
    let new = ExchangeConfig {
        seed: config.seed,
        underlyings,
        start_cash: config.start_cash,
        clock: config.clock.clone(),
        behaviour: config.behaviour.clone(),
    };
    let mut exchange = Exchange::new(new, now);
    for (symbol, quantity) in &config.holdings {
        let share = Contract::equity(Place::Nse, *symbol);
        if !exchange.give_holding(&config.client_id, &share, *quantity) {
            return Err(StartError::Holding(*symbol));
        }
    }
    Ok(exchange)
}
