//! Ten thousand feed updates a second into the cockpit: `cargo bench --bench feed`. Linux only.
//!
//! A server in this process sends full packets of 200 contracts, each in a message of its own. A child process does with them
//! what the cockpit does: the client's link, the prices, and 30 times a second the view of a busy desk and its frame. The aim is
//! a tenth of a core, at no more than 30 frames a second. `STRIKEDECK_BENCH_SHORT=1` measures for two seconds instead of twenty.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a bench that cannot set up its desk should stop

#[allow(dead_code)] // each bench uses a part of it
#[path = "busy_desk.rs"]
mod busy_desk;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use busy_desk::{Desk, EXECUTED, SIZE, legs};
use futures_util::{SinkExt, StreamExt};
use rust_decimal::Decimal;
use strikedeck::broker::dhan::{DhanBroker, DhanCredentials, DhanEndpoints, DhanSettings, SharedIndex};
use strikedeck::broker::{Broker, FeedNews};
use strikedeck::domain::{Contract, Instrument, InstrumentIndex, Price, Quantity, SecurityId};
use strikedeck::net::Secret;
use strikedeck::protocol::dhan::market_feed::{
    Body, DepthLevel, FeedPrice, FeedTime, Full, Packet, QuoteFields, encode,
};
use strikedeck::tui::terminal::Canvas;
use strikedeck::tui::theme::Theme;
use strikedeck::tui::update::{Msg, update};
use strikedeck::tui::view::{NoLog, Scene, draw};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;

const UPDATES_A_SECOND: u64 = 10_000;
/// Messages are sent in bursts, so many a second.
const BURSTS: u64 = 100;
const FRAME: Duration = Duration::from_millis(33);
const FIRST_ID: u32 = 40_000;
const WARM_UP: Duration = Duration::from_secs(2);

fn main() {
    let mut words = std::env::args().skip(1);
    let cockpit = words.find(|word| word == "--cockpit").and_then(|_| words.next());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    match cockpit {
        Some(address) => runtime.block_on(cockpit_side(address.parse().unwrap())),
        None => runtime.block_on(server_side()),
    }
}

async fn server_side() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let sent = Arc::new(AtomicU64::new(0));
    let counted = sent.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(send(stream, counted.clone()));
        }
    });
    let started = Instant::now();
    let child = std::env::current_exe().unwrap();
    let run = move || Command::new(child).args(["--cockpit", &address.to_string()]).stderr(Stdio::inherit()).output();
    let output = tokio::task::spawn_blocking(run).await.unwrap().unwrap();
    print!("{}", String::from_utf8_lossy(&output.stdout));
    let rate = sent.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64();
    println!("sent {rate:.0} updates a second (wanted {UPDATES_A_SECOND})");
    assert!(output.status.success());
}

async fn send(stream: TcpStream, sent: Arc<AtomicU64>) {
    stream.set_nodelay(true).unwrap();
    let (mut out, mut requests) = tokio_tungstenite::accept_async(stream).await.unwrap().split();
    // What is subscribed does not matter: it is all of it.
    requests.next().await;
    tokio::spawn(async move { while requests.next().await.is_some() {} });
    let mut beat = tokio::time::interval(Duration::from_millis(1_000 / BURSTS));
    let mut n = 0_u32;
    loop {
        beat.tick().await;
        for _ in 0..UPDATES_A_SECOND / BURSTS {
            n = n.wrapping_add(1);
            if out.feed(Message::Binary(packet(n).into())).await.is_err() {
                return;
            }
            sent.fetch_add(1, Ordering::Relaxed);
        }
        if out.flush().await.is_err() {
            return;
        }
    }
}

fn packet(n: u32) -> Vec<u8> {
    let last = FeedPrice(48.0 + (n % 97) as f32 / 20.0);
    let level = DepthLevel { bid_quantity: 65, ask_quantity: 65, bid_orders: 1, ask_orders: 1, bid: last, ask: last };
    let quote = QuoteFields { last, last_time: FeedTime(1_795_338_900 + n / 10_000), ..QuoteFields::default() };
    let body = Body::Full(Full { quote, depth: [level; 5], ..Full::default() });
    let mut bytes = Vec::new();
    encode(&Packet { segment: 2, security_id: FIRST_ID + n % (4 * EXECUTED as u32), body }, &mut bytes);
    bytes
}

fn contracts() -> Vec<Contract> {
    (1..=EXECUTED).flat_map(|n| legs(n).map(|(_, contract)| contract)).collect()
}

fn client(address: SocketAddr) -> DhanBroker {
    let instrument = |(n, contract): (usize, Contract)| Instrument {
        contract,
        security_id: SecurityId(u64::from(FIRST_ID) + n as u64),
        lot: Quantity(65),
        tick: Price(Decimal::new(5, 2)),
        max_order: None,
    };
    let listed: Vec<Instrument> = contracts().into_iter().enumerate().map(instrument).collect();
    let index: SharedIndex = Arc::new(RwLock::new(Arc::new(InstrumentIndex::new(listed))));
    let credentials = DhanCredentials { client_id: "1".into(), access_token: Secret::new("a.b.c") };
    DhanBroker::new(DhanEndpoints::local(address), credentials, DhanSettings::default(), index).unwrap()
}

async fn cockpit_side(address: SocketAddr) {
    let measured = if std::env::var_os("STRIKEDECK_BENCH_SHORT").is_some() { 2 } else { 20 };
    let mut desk = Desk::new();
    let (mut model, theme) = (desk.model(), Theme::named("dark").unwrap());
    let (mut canvas, mut out) = (Canvas::default(), Vec::new());
    let broker = client(address);
    let mut feed = broker.market_feed();
    feed.control.watch(contracts().into_iter().collect::<BTreeSet<_>>());
    let mut frame = tokio::time::interval(FRAME);
    frame.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (mut told, mut frames, mut dirty) = (0_u64, 0_u64, false);
    let started = Instant::now();
    let mut from: Option<(Instant, u64)> = None;
    loop {
        tokio::select! {
            news = feed.news.recv() => {
                if let Some(FeedNews::Quotes(quotes)) = news {
                    told += quotes.len() as u64;
                    dirty = true;
                    for (contract, quote) in quotes {
                        desk.prices.set_quote(contract, quote);
                    }
                }
            }
            _ = frame.tick() => {
                if std::mem::take(&mut dirty) {
                    frames += 1;
                    out.clear();
                    update(&mut model, Msg::View(Arc::new(desk.view())));
                    let scene = Scene { model: &model, theme: &theme, log: &NoLog };
                    canvas.frame(SIZE, &mut out, |buf| draw(&scene, buf)).unwrap();
                }
                match from {
                    None if started.elapsed() >= WARM_UP => {
                        from = Some((Instant::now(), processor_ticks()));
                        (told, frames) = (0, 0);
                    }
                    Some((since, ticks)) if since.elapsed() >= Duration::from_secs(measured) => {
                        let seconds = since.elapsed().as_secs_f64();
                        let share = (processor_ticks() - ticks) as f64 / seconds;
                        println!(
                            "cockpit: {share:.1} % of a core (aim 10), {:.1} frames/s (at most 30.3), {:.0} quotes/s after conflation",
                            frames as f64 / seconds,
                            told as f64 / seconds
                        );
                        return;
                    }
                    _ => {}
                }
            }
        }
    }
}

/// Hundredths of a second of processor time of this process, in all threads.
fn processor_ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("/proc tells");
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    fields[11].parse::<u64>().expect("a number") + fields[12].parse::<u64>().expect("a number")
}
