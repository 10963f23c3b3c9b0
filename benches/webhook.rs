//! From a webhook's signal to the order request on the wire: `cargo bench --bench webhook`.
//!
//! A whole paper cockpit with its limits lifted and its pace off (such settings are in no file: nothing but a bench can ask
//! for them). Between it and its exchange stands a proxy that notes when an order request arrives and refuses it, so that the
//! way is free for the next signal. Each signal comes on a connection of its own; signal and intent are on disk before the
//! order leaves, with `synchronous=FULL` and with `NORMAL`.
//!
//! Aims: one after another p50 ≤ 0.6 ms and p99 ≤ 1.5 ms (FULL), ≤ 0.3 and 0.8 ms (NORMAL); of ten at once with a broker that
//! takes 50 ms, the last order is out within 5 ms.

#![allow(clippy::expect_used)] // a bench that cannot set up its stage should stop

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use rust_decimal_macros::dec;
use strikedeck::app::config::AppConfig;
use strikedeck::app::{Cockpit, Options, prepare};
use strikedeck::domain::time::Timestamp;
use strikedeck::domain::{Lots, ScalpSetup, SetupName, Symbol};
use strikedeck::gateway::GatewayPolicy;
use strikedeck::net::Secret;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const SECRET: &str = "0123456789abcdefghijklmnopqrstuvwxyzABCD";
const SYMBOLS: [&str; 5] = ["NIFTY", "BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "SENSEX"];
const REFUSAL: &str = r#"{"errorType":"Order_Error","errorCode":"DH-906","errorMessage":"RMS: refused by the bench"}"#;

fn main() {
    let rounds = if std::env::var_os("STRIKEDECK_BENCH_SHORT").is_some() { 60 } else { 2_000 };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        for (relaxed, name) in [(false, "FULL"), (true, "NORMAL")] {
            let stage = Box::pin(Stage::open(relaxed, Duration::ZERO)).await;
            stage.one_after_another(rounds, name).await;
            stage.close().await;
        }
        let stage = Box::pin(Stage::open(false, Duration::from_millis(50))).await;
        stage.at_once(if rounds > 100 { 40 } else { 3 }).await;
        stage.close().await;
    });
}

/// What the proxy sees of the orders.
#[derive(Debug)]
struct Tap {
    upstream: OnceLock<String>,
    /// When the order of a contract's underlying arrived last.
    orders: tokio::sync::mpsc::UnboundedSender<Instant>,
    /// How long the broker takes to answer an order.
    takes: Duration,
    http: reqwest::Client,
}

/// Passes everything on but orders.
async fn pass(State(tap): State<Arc<Tap>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map(|p| p.as_str().to_string()).unwrap_or_default();
    if parts.method == "POST" && path.ends_with("/orders") {
        let _ = tap.orders.send(Instant::now());
        tokio::time::sleep(tap.takes).await;
        return (axum::http::StatusCode::BAD_REQUEST, [("content-type", "application/json")], REFUSAL).into_response();
    }
    let upstream = loop {
        match tap.upstream.get() {
            Some(upstream) => break upstream,
            None => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    };
    let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap_or_default();
    let asked = tap.http.request(parts.method, format!("{upstream}{path}"));
    let token = parts.headers.get("access-token").cloned();
    let client = parts.headers.get("client-id").cloned();
    let asked = token.into_iter().fold(asked, |asked, token| asked.header("access-token", token));
    let asked = client.into_iter().fold(asked, |asked, id| asked.header("client-id", id));
    match asked.header("content-type", "application/json").body(bytes).send().await {
        Ok(answer) => {
            let status = answer.status();
            let body = answer.bytes().await.unwrap_or_default();
            (status, [("content-type", "application/json")], Body::from(body)).into_response()
        }
        Err(_) => axum::http::StatusCode::BAD_GATEWAY.into_response(),
    }
}

struct Stage {
    cockpit: Cockpit,
    port: u16,
    orders: Mutex<tokio::sync::mpsc::UnboundedReceiver<Instant>>,
    folder: tempfile::TempDir,
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its address").port()
}

/// Nothing stands in the way of a signal but the work itself.
fn bench_profile(config: &mut AppConfig, port: u16, relaxed: bool) {
    let rupees = |text: &str| text.parse().expect("rupees");
    let limits = &mut config.engine.limits;
    limits.capital = rupees("1000000000000");
    limits.max_daily_loss = rupees("1000000000000");
    (limits.max_trades_per_day, limits.max_open_strategies) = (u32::MAX, u32::MAX);
    (limits.max_orders_per_day, limits.max_orders_per_second) = (u32::MAX, u32::MAX);
    limits.max_open_lots = Lots(u32::MAX);
    let scalping = &mut config.engine.scalping;
    scalping.limits.max_trades_per_day = u32::MAX;
    scalping.limits.max_open = u32::MAX;
    scalping.limits.max_lots = u32::MAX;
    scalping.limits.max_daily_loss = rupees("1000000000000");
    scalping.limits.cool_down_min = 0;
    let setup = |name: &str, symbol: &str| ScalpSetup {
        name: SetupName::new(name).expect("a name"),
        symbols: vec![Symbol::new(symbol).expect("a symbol")],
        armed: true,
        max_price_gap_pct: dec!(10000),
        ..ScalpSetup::default()
    };
    scalping.setups = SYMBOLS.iter().map(|s| setup(s, s)).collect();
    config.engine.execution.max_spread_pct = dec!(100);
    config.paper.starting_cash = rupees("1000000000000");
    let mut pace = GatewayPolicy::default();
    pace.order_windows.iter_mut().for_each(|w| (w.limit, w.reserve) = (1_000_000, 0));
    config.tuning.gateway = pace;
    config.cockpit.journal.relaxed = relaxed;
    config.webhook.bind = format!("127.0.0.1:{port}");
    (config.webhook.burst, config.webhook.per_second) = (1_000_000, 1_000_000);
    config.secrets.webhook = Some(Secret::new(SECRET.to_string()));
}

impl Stage {
    async fn open(relaxed: bool, takes: Duration) -> Self {
        strikedeck::net::install_crypto();
        let (orders_out, orders) = tokio::sync::mpsc::unbounded_channel();
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let tap = Arc::new(Tap { upstream: OnceLock::new(), orders: orders_out, takes, http });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address: SocketAddr = listener.local_addr().expect("its address");
        tokio::spawn(axum::serve(listener, Router::new().fallback(pass).with_state(tap.clone())).into_future());
        let folder = tempfile::tempdir().expect("a folder");
        let options = Options { data: Some(folder.path().into()), seed: Some(3), ..Options::default() };
        let (data, mut config) = prepare(&options).expect("settings");
        let port = free_port();
        bench_profile(&mut config, port, relaxed);
        config.tuning.proxy = Some(format!("http://{address}"));
        let mut cockpit = Cockpit::start(data, config).await.expect("a cockpit");
        let rest = cockpit.paper_addresses().first().cloned().expect("an exchange");
        let (host, _) = rest.trim_start_matches("http://").split_once('/').unwrap_or((&rest, ""));
        tap.upstream.set(format!("http://{host}")).expect("set once");
        cockpit.open_webhook().await;
        cockpit.ready(Duration::from_secs(60)).await;
        // The prices of what is at the money arrive with the first look.
        tokio::time::sleep(Duration::from_secs(3)).await;
        Self { cockpit, port, orders: Mutex::new(orders), folder }
    }

    /// One signal on a connection of its own; the status of its answer.
    async fn signal(port: u16, symbol: &str, key: String) -> u16 {
        let at = Timestamp::now();
        let body = format!(
            r#"{{"strategy":"{symbol}","symbol":"{symbol}","side":"BUY","timeframe":"1m","price":25000.0,"timestamp":"{at}","id":"{key}"}}"#
        );
        let request = format!(
            "POST /webhook HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Webhook-Token: {SECRET}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("the webhook listens");
        stream.set_nodelay(true).expect("no delay");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("answered");
        let text = String::from_utf8_lossy(&answer);
        let status = text.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
        assert!(!(status >= 500 || status == 422 || status == 401), "{text}");
        status
    }

    fn arrived(&self) -> Option<Instant> {
        self.orders.lock().expect("the list of arrivals").try_recv().ok()
    }

    async fn arrival(&self) -> Instant {
        loop {
            if let Some(at) = self.arrived() {
                return at;
            }
            tokio::time::sleep(Duration::from_micros(50)).await;
        }
    }

    async fn one_after_another(&self, rounds: usize, name: &str) {
        let mut times = Vec::with_capacity(rounds);
        let mut n = 0;
        while times.len() < rounds {
            let symbol = SYMBOLS[n % SYMBOLS.len()];
            n += 1;
            let started = Instant::now();
            // The trade before may still be on its way out: then it is not this one's turn.
            if Self::signal(self.port, symbol, format!("{name}-{n}")).await != 202 {
                continue;
            }
            let at = self.arrival().await;
            times.push(at.duration_since(started));
            while self.arrived().is_some() {}
        }
        times.sort_unstable();
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
        println!(
            "webhook to order, {name}, {rounds} signals: p50 {:.2} ms, p99 {:.2} ms, worst {:.2} ms ({n} sent)",
            at(0.5),
            at(0.99),
            at(1.0)
        );
    }

    /// As many at once as there are underlyings, again and again.
    async fn at_once(&self, rounds: usize) {
        let mut last: Vec<Duration> = Vec::new();
        for round in 0..rounds {
            tokio::time::sleep(Duration::from_millis(300)).await;
            while self.arrived().is_some() {}
            let started = Instant::now();
            let all = SYMBOLS.map(|symbol| {
                let key = format!("at-once-{round}-{symbol}");
                tokio::spawn(Self::signal(self.port, symbol, key))
            });
            let mut accepted = 0;
            for one in all {
                accepted += usize::from(one.await.expect("answered") == 202);
            }
            let mut latest = Duration::ZERO;
            for _ in 0..accepted {
                latest = latest.max(self.arrival().await.duration_since(started));
            }
            last.push(latest);
        }
        last.sort_unstable();
        let median = last[last.len() / 2].as_secs_f64() * 1e3;
        let worst = last[last.len() - 1].as_secs_f64() * 1e3;
        let n = SYMBOLS.len();
        println!(
            "{n} at once, a broker that takes 50 ms: last order out after {median:.2} ms (worst {worst:.2}, aim 5)"
        );
    }

    async fn close(self) {
        self.cockpit.stop().await;
        drop(self.folder);
    }
}
