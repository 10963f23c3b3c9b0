//! A stage: a fake desk behind a fake machine, streams that are kept, and somebody (or nobody) at the keyboard.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use clap::Parser;
use rust_decimal_macros::dec;

use crate::cli::args::{Cli, ExchangeArgs, Global};
use crate::cli::console::{Console, Terminal};
use crate::cli::machine::{Addresses, Check, Exchange, Forced, Headless, Machine, Stop, Task};
use crate::domain::{Bound, Money, Price, Quantity, Quote, Side, StrategyId};
use crate::engine::command::{Command, Preview, PreviewLeg, Reply};
use crate::view::fixture::{Desk as Trader, LOT, option};
use crate::web::fake::FakeDesk;

/// Starts nothing: hands out the desk it was given, and counts.
pub struct FakeMachine {
    desk: Arc<FakeDesk>,
    pub started: AtomicUsize,
    pub stopped: Arc<AtomicUsize>,
    pub forced: Forced,
    /// The checks of the day.
    pub live: Vec<Check>,
}

impl FakeMachine {
    pub fn of(desk: Arc<FakeDesk>) -> Self {
        Self {
            desk,
            started: AtomicUsize::new(0),
            stopped: Arc::default(),
            forced: Forced::default(),
            live: Vec::new(),
        }
    }

    fn stop(&self) -> Stop {
        let stopped = self.stopped.clone();
        Box::new(move || {
            Box::pin(async move {
                stopped.fetch_add(1, Ordering::SeqCst);
            })
        })
    }
}

impl Machine for FakeMachine {
    fn cockpit(&self, _: &Global) -> anyhow::Result<()> {
        anyhow::bail!("there is no screen in a test")
    }
    fn headless<'a>(&'a self, _: &'a Global) -> Task<'a, Headless> {
        self.started.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { Ok(Headless { desk: self.desk.clone(), stop: self.stop() }) })
    }
    fn exchange<'a>(&'a self, _: &'a Global, args: &'a ExchangeArgs) -> Task<'a, Exchange> {
        let at = |scheme: &str, path: &str| format!("{scheme}://{}{path}", args.listen);
        let addresses = Addresses {
            rest: at("http", "/v2"),
            feed: at("ws", "/feed"),
            orders: at("ws", "/orders"),
            instruments: at("http", "/instruments.csv"),
            instruments_detailed: at("http", "/detailed.csv"),
            depth_20: at("ws", "/twentydepth"),
            depth_200: at("ws", "/twohundreddepth"),
            client_id: "1000000001".into(),
            access_token: "paper".into(),
            control: None,
            auth: at("http", ""),
            pin: "111111".into(),
            totp_key: "GEZDGNBV".into(),
            app_id: "key".into(),
            app_secret: "secret".into(),
        };
        Box::pin(async { Ok(Exchange { addresses, stop: self.stop() }) })
    }
    fn force_flatten<'a>(&'a self, _: &'a Global, _: bool) -> Task<'a, Forced> {
        Box::pin(async { Ok(self.forced.clone()) })
    }
    fn live_account(&self, _: &Global) -> anyhow::Result<String> {
        Ok("1100000007".into())
    }
    fn live_checks<'a>(&'a self, _: &'a Global) -> Task<'a, Vec<Check>> {
        Box::pin(async { Ok(self.live.clone()) })
    }
    fn doctor<'a>(&'a self, _: &'a Global) -> Task<'a, Vec<Check>> {
        Box::pin(async { Ok(vec![Check::ok("broker", "answers")]) })
    }
}

/// Somebody who types these lines.
struct Typist(Mutex<VecDeque<String>>);

impl Terminal for Typist {
    fn read_line(&self) -> io::Result<String> {
        Ok(self.0.lock().unwrap().pop_front().unwrap_or_default())
    }
    fn read_secret(&self) -> io::Result<crate::net::Secret> {
        self.read_line().map(crate::net::Secret::new)
    }
}

#[derive(Clone, Default)]
pub struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Kept {
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// What a shell sees of one call.
#[derive(Debug)]
pub struct Ran {
    pub out: String,
    pub err: String,
    pub code: u8,
}

impl Ran {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|e| panic!("{e} in stdout:\n{}\nstderr:\n{}", self.out, self.err))
    }
}

/// One call off a terminal, with no cockpit running.
pub async fn ran(desk: &Arc<FakeDesk>, words: &[&str]) -> Ran {
    let data = tempfile::tempdir().unwrap();
    on(&FakeMachine::of(desk.clone()), data.path(), words, None).await
}

/// One call at a terminal, where these lines are typed.
pub async fn ran_at_terminal(desk: &Arc<FakeDesk>, words: &[&str], typed: &[&str]) -> Ran {
    let data = tempfile::tempdir().unwrap();
    on(&FakeMachine::of(desk.clone()), data.path(), words, Some(typed)).await
}

pub async fn on(machine: &FakeMachine, data: &Path, words: &[&str], typed: Option<&[&str]>) -> Ran {
    let before = ["strikedeck", "--data", data.to_str().unwrap()];
    let cli = Cli::try_parse_from(before.iter().chain(words)).unwrap();
    let (out, err) = (Kept::default(), Kept::default());
    let typist = typed.map(|lines| {
        let lines = lines.iter().map(|l| (*l).to_string()).collect();
        Arc::new(Typist(Mutex::new(lines))) as Arc<dyn Terminal>
    });
    let mut console = Console::new(Box::new(out.clone()), Box::new(err.clone()), typist, cli.global.json);
    let ended = crate::cli::run(&cli.global, cli.command.as_ref().unwrap(), machine, &mut console).await;
    let code = ended.as_ref().map_or_else(crate::cli::failure::Failure::code, |()| 0);
    let reason = ended.err().map(|f| f.to_string()).unwrap_or_default();
    Ran { out: out.text(), err: err.text() + &reason, code }
}

pub const SPREAD: [(&str, i64, &str, rust_decimal::Decimal); 2] =
    [("S", 26200, "CE", dec!(58.20)), ("B", 26300, "CE", dec!(35.90))];

/// A desk at which everything asked for is done.
pub fn desk_of(trader: &Trader) -> Arc<FakeDesk> {
    Arc::new(FakeDesk::showing(trader.view()))
}

/// Three pending strategies: #1 scores 0.69, #2 0.80, #3 cannot be executed.
pub fn three() -> Trader {
    let mut trader = Trader::new();
    trader.pending("Bear Call Spread", dec!(0.69), &SPREAD);
    trader.pending("Long Call", dec!(0.80), &[("B", 26300, "CE", dec!(35.90))]);
    trader.blocked("Covered Call");
    trader
}

/// What executing #1 would mean, refused for these reasons.
pub fn preview(refusals: &[&str]) -> Preview {
    let leg = |side, strike, wave, last| PreviewLeg {
        contract: option("NIFTY", strike, "CE"),
        side,
        quantity: Quantity(LOT),
        slices: 1,
        wave,
        recommended: Some(Price(last)),
        quote: Some(Quote {
            last: Price(last),
            bid: Some(Price(last - dec!(0.10))),
            ask: Some(Price(last + dec!(0.10))),
            bid_quantity: Quantity(650),
            ask_quantity: Quantity(650),
            at: Trader::new().now,
        }),
        limit: Some(Price(last)),
    };
    Preview {
        id: StrategyId(1),
        title: "#1 NIFTY Bear Call Spread".into(),
        legs: vec![leg(Side::Buy, 26300, 1, dec!(35.90)), leg(Side::Sell, 26200, 2, dec!(58.20))],
        net_premium: Some(Money(dec!(1436.50))),
        recommended_premium: Some(Money(dec!(1449.50))),
        max_loss: Some(Bound::Limited(Money(dec!(5063.50)))),
        margin: crate::engine::Margin::Broker(Money(dec!(6500))),
        available: Some(Money(dec!(137600))),
        refusals: refusals.iter().map(ToString::to_string).collect(),
        warnings: vec!["NIFTY 23 Nov 26300 CE: recommended at 30, now 35.90: +19.7 %".into()],
    }
}

/// Answers a preview with this one, everything else with done.
pub fn previewing(refusals: &'static [&'static str]) -> impl Fn(&Command) -> Result<Reply, crate::web::DeskError> {
    move |command| {
        Ok(match command {
            Command::Preview { .. } => Reply::Previews { previews: vec![preview(refusals)] },
            other => Reply::done(format!("did {}", other.name())),
        })
    }
}
