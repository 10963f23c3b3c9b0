//! The one place where the command line meets the app.

use std::sync::Arc;
use std::time::Duration;

use crate::app::config::PaperClock as ConfigClock;
use crate::app::{Cockpit, Options, doctor, force, live, paper, prepare, screen, settings};
use crate::exchange_server::{self, Script, ServerConfig, Switches};
use crate::telemetry::{self, Pane};

use super::args::{ExchangeArgs, Global, PaperClock};
use super::machine::{Addresses, Check, Control, Exchange, Forced, Headless, Machine, Task};

/// A shell's cockpit can be used after this long at the latest, or is started all the same and says what is missing.
const READY_WITHIN: Duration = Duration::from_secs(10);

/// What `main` starts things with.
pub fn machine() -> impl Machine {
    App
}

struct App;

impl Machine for App {
    fn cockpit(&self, global: &Global) -> anyhow::Result<()> {
        screen::run(&options(global), &wishes(global))
    }

    fn headless<'a>(&'a self, global: &'a Global) -> Task<'a, Headless> {
        Box::pin(async {
            let (folder, config) = prepare(&options(global))?;
            let log = telemetry::start(&folder.logs(), &config.cockpit.log, Pane::None)?;
            let mut cockpit = Cockpit::start(folder, config).await?;
            cockpit.open_control().await?;
            cockpit.ready(READY_WITHIN).await;
            let desk = Arc::new(cockpit.door());
            let stop = Box::new(move || -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
                Box::pin(async move {
                    cockpit.stop().await;
                    drop(log);
                })
            });
            Ok(Headless { desk, stop })
        })
    }

    fn exchange<'a>(&'a self, global: &'a Global, args: &'a ExchangeArgs) -> Task<'a, Exchange> {
        Box::pin(async {
            let paper = settings(&options(global))?.1.paper;
            let shares = paper.spots_from.as_deref().map(paper::shares_of_file).transpose()?.unwrap_or_default();
            let switches = args.profile.as_deref().map(Switches::read).transpose()?.unwrap_or_default();
            let script = args.faults.as_deref().map(Script::read).transpose()?.unwrap_or_default();
            let running = exchange_server::start(ServerConfig {
                listen: args.listen,
                books: args.books.clone(),
                clock: paper::clock_mode(paper.clock),
                shares,
                start_cash: paper.starting_cash,
                switches,
                script,
                control: args.control,
                holdings: args.hold.clone(),
                postback: args.postback.clone(),
                ..ServerConfig::paper(paper.seed)
            })
            .await?;
            let keys = running.keys();
            let addresses = Addresses {
                rest: running.rest.clone(),
                feed: running.feed.clone(),
                orders: running.orders.clone(),
                instruments: running.instruments.clone(),
                instruments_detailed: running.instruments_detailed.clone(),
                depth_20: running.depth_20.clone(),
                depth_200: running.depth_200.clone(),
                client_id: running.client_id.clone(),
                access_token: running.access_token.clone(),
                control: running.control.clone().map(|c| Control { url: c.url, token: c.token }),
                auth: running.auth.clone(),
                pin: keys.pin,
                totp_key: keys.totp_key,
                app_id: keys.app_id,
                app_secret: keys.app_secret,
            };
            let stop =
                Box::new(move || -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> { Box::pin(running.stop()) });
            Ok(Exchange { addresses, stop })
        })
    }

    fn force_flatten<'a>(&'a self, global: &'a Global, _include_foreign: bool) -> Task<'a, Forced> {
        Box::pin(async {
            let (done, open) = force::flatten(&options(global)).await?;
            Ok(Forced { done, open })
        })
    }

    fn live_account(&self, global: &Global) -> anyhow::Result<String> {
        live::account_of(&options(global))
    }

    fn live_checks<'a>(&'a self, global: &'a Global) -> Task<'a, Vec<Check>> {
        Box::pin(async { Ok(live::checks(&options(global)).await.into_iter().map(check).collect()) })
    }

    fn doctor<'a>(&'a self, global: &'a Global) -> Task<'a, Vec<Check>> {
        Box::pin(async {
            let found = Box::pin(doctor::examine(&options(global), &wishes(global))).await;
            Ok(found.into_iter().map(check).collect())
        })
    }
}

fn check(f: doctor::Finding) -> Check {
    match f.advice {
        None => Check::ok(f.name, f.found),
        Some((doctor::Weight::Note, advice)) => Check::note(f.name, f.found, advice),
        Some((doctor::Weight::Wrong, advice)) => Check::wrong(f.name, f.found, advice),
    }
}

pub(super) fn wishes(global: &Global) -> screen::Wishes {
    screen::Wishes {
        theme: global.theme.clone(),
        colours: global.colors.unwrap_or_default(),
        symbols: global.symbols.unwrap_or_default(),
        read_only: global.read_only,
    }
}

pub(super) fn options(global: &Global) -> Options {
    Options {
        profile: global.profile(),
        data: global.data.clone(),
        config: global.config.clone(),
        seed: global.seed,
        clock: global.clock.map(clock),
        spots_from: global.spots_from.clone(),
    }
}

fn clock(clock: PaperClock) -> ConfigClock {
    match clock {
        PaperClock::AlwaysOpen => ConfigClock::AlwaysOpen,
        PaperClock::Real => ConfigClock::Real,
    }
}
