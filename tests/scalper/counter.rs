//! A cockpit with its webhook open, whoever sends to it, and the books of both sides to compare.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::time::Duration;

use rusqlite::Connection;
use rust_decimal_macros::dec;
use serde_json::{Value, json};
use strikedeck::app::config::AppConfig;
use strikedeck::domain::time::Timestamp;
use strikedeck::domain::{Lots, OrderSighting, ScalpSetup, SetupName, Side, SignalId, Symbol};
use strikedeck::exchange_server::Script;
use strikedeck::net::Secret;
use strikedeck::view::View;

use crate::faults::stage::Stage;
use crate::program::{OrderRow, Tables};

pub const SECRET: &str = "0123456789abcdefghijklmnopqrstuv";
pub const INDICES: [&str; 5] = ["NIFTY", "BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "SENSEX"];
/// Shares that an exchange lists beside its indices when it is asked to.
pub const SHARES: [&str; 15] = [
    "RELIANCE",
    "TCS",
    "INFY",
    "HDFCBANK",
    "ICICIBANK",
    "SBIN",
    "AXISBANK",
    "ITC",
    "LT",
    "MARUTI",
    "TITAN",
    "WIPRO",
    "BHARTIARTL",
    "KOTAKBANK",
    "SUNPHARMA",
];

/// Indices and shares.
pub fn twenty() -> Vec<&'static str> {
    INDICES.into_iter().chain(SHARES).collect()
}

/// A file of an analyser that names the shares, so that they are listed (`--spots-from`).
pub fn shares_file() -> String {
    let record = |symbol: &str| {
        json!({
            "symbol": symbol, "exchange": "NSE", "strategy_name": "Long Call", "spot": 1500, "total_score": 0.5,
            "legs": [{"strike": 1500, "type": "CALL", "action": "BUY", "premium": 40, "ratio": 1}],
        })
    };
    json!({ "positions": SHARES.iter().map(|s| record(s)).collect::<Vec<_>>() }).to_string()
}

/// A port that nobody uses at this moment.
pub fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// A set-up that trades whatever it is sent and leaves by nothing but its wide stop.
pub fn setup(name: &str, symbols: &[&str]) -> ScalpSetup {
    ScalpSetup {
        name: SetupName::new(name).unwrap(),
        symbols: symbols.iter().map(|s| Symbol::new(s).unwrap()).collect(),
        armed: true,
        entry_timeout_s: 30,
        stop_points: dec!(60),
        max_price_gap_pct: dec!(100000),
        target_points: None,
        max_holding_min: None,
        ..ScalpSetup::default()
    }
}

/// Limits out of the way, except for those a test is about.
pub fn roomy(config: &mut AppConfig) {
    let limits = &mut config.engine.limits;
    (limits.max_trades_per_day, limits.max_open_strategies) = (100_000, 1_000);
    limits.max_daily_loss = "10000000".parse().unwrap();
    limits.max_open_lots = Lots(100_000);
    limits.max_orders_per_day = 7_000;
    let scalps = &mut config.engine.scalping.limits;
    (scalps.max_trades_per_day, scalps.max_open, scalps.max_lots) = (100_000, 1_000, 100_000);
    scalps.max_daily_loss = "10000000".parse().unwrap();
    (scalps.max_consecutive_losses, scalps.cool_down_min) = (100_000, 0);
    scalps.risk_per_trade_pct = dec!(1);
    config.engine.execution.max_spread_pct = dec!(100);
    config.engine.execution.stock_expiry_days = 0;
}

/// How a sender was answered.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Answer {
    /// Its number; a refusal has one too.
    pub fn signal(&self) -> u64 {
        let id = self.body["signal"].as_u64().or(self.body["error"]["signal"].as_u64());
        id.unwrap_or_else(|| panic!("{self:?}"))
    }

    pub fn reason(&self) -> &str {
        self.body["error"]["reason"].as_str().unwrap_or_else(|| panic!("{self:?}"))
    }
}

/// Sends signals to a port.
#[derive(Clone)]
pub struct Sender {
    pub port: u16,
    http: reqwest::Client,
}

impl Sender {
    pub fn to(port: u16) -> Self {
        strikedeck::net::install_crypto();
        Self { port, http: reqwest::Client::builder().no_proxy().build().unwrap() }
    }

    /// `None` while nobody listens, or when the connection ends without an answer.
    pub async fn try_send(&self, body: &Value) -> Option<Answer> {
        let asked = self.http.post(format!("http://127.0.0.1:{}/webhook/{SECRET}", self.port));
        let answer = asked.body(body.to_string()).timeout(Duration::from_secs(20)).send().await.ok()?;
        let status = answer.status().as_u16();
        Some(Answer { status, body: answer.json().await.ok()? })
    }

    pub async fn send(&self, setup: &str, symbol: &str, side: Side, key: &str) -> Answer {
        self.try_send(&signal(setup, symbol, side, key, Timestamp::now())).await.expect("an answer")
    }
}

pub fn signal(setup: &str, symbol: &str, side: Side, key: &str, at: Timestamp) -> Value {
    json!({
        "strategy": setup, "symbol": symbol, "side": side.to_string(), "timeframe": "1m", "price": 25000.0,
        "timestamp": at.to_string(), "id": key.replace(' ', "-"),
    })
}

/// A cockpit that is ready for signals.
pub struct Counter {
    pub stage: Stage,
    pub sender: Sender,
}

impl Counter {
    pub async fn open(change: impl FnOnce(&mut AppConfig)) -> Self {
        let counter = Self::not_ready(change).await;
        counter.stage.ready().await;
        counter
    }

    /// Open, whether the market is or not.
    pub async fn not_ready(change: impl FnOnce(&mut AppConfig)) -> Self {
        let port = free_port();
        let settings = |config: &mut AppConfig| {
            roomy(config);
            config.webhook.bind = format!("127.0.0.1:{port}");
            (config.webhook.burst, config.webhook.per_second) = (100_000, 100_000);
            config.secrets.webhook = Some(Secret::new(SECRET.to_string()));
            change(config);
        };
        let mut stage = Stage::set_up(Script::default(), settings).await.unwrap();
        stage.open_webhook().await;
        Self { stage, sender: Sender::to(port) }
    }

    /// Ended in order, and started again on the same folder.
    pub async fn restarted(self) -> Self {
        let Self { stage, sender } = self;
        let mut stage = stage.restarted().await;
        stage.open_webhook().await;
        Self { stage, sender }
    }

    /// Sends a signal that must be taken.
    pub async fn taken(&self, setup: &str, symbol: &str, key: &str) -> u64 {
        let answer = self.sender.send(setup, symbol, Side::Buy, key).await;
        assert_eq!(answer.status, 202, "{answer:?}\n{}", self.stage.told());
        answer.signal()
    }

    /// Waits until these signals and all before them have come to their end.
    pub async fn done(&self, ids: &[u64]) {
        let over = |v: &View| {
            let shown = ids.iter().all(|id| v.signals.signals.iter().any(|s| s.id == SignalId(*id)));
            shown && v.signals.open.is_empty() && !waits(v)
        };
        self.stage.until("the end of every scalp", over).await;
    }

    /// What is on disk, once the tables have come up to what the screen shows.
    pub fn kept(&self) -> Kept {
        Kept::of(&self.stage.tables_file())
    }

    pub async fn close(self) {
        self.stage.close().await;
    }
}

pub fn waits(view: &View) -> bool {
    use strikedeck::view::SignalStanding::{Asks, Waits};
    view.signals.signals.iter().any(|s| matches!(s.standing, Waits(_) | Asks(_)))
}

/// What became of a signal, by the tables.
#[derive(Clone, Debug, PartialEq)]
pub struct SignalRow {
    pub fate: String,
    pub refusal: Option<String>,
    pub reason: Option<String>,
    /// The scalp it became.
    pub strategy: Option<u64>,
}

/// The tables of a cockpit.
pub struct Kept {
    pub tables: Tables,
    connection: Connection,
}

impl Kept {
    pub fn of(file: &std::path::Path) -> Self {
        let connection = Connection::open_with_flags(file, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        connection.busy_timeout(Duration::from_secs(10)).unwrap();
        Self { tables: Tables::open(file), connection }
    }

    pub fn signals(&self) -> BTreeMap<u64, SignalRow> {
        let mut asked = self.connection.prepare("SELECT id, fate, refusal, reason, strategy_id FROM signals").unwrap();
        let number = |n: i64| u64::try_from(n).unwrap();
        let rows = asked.query_map([], |r| {
            let strategy = r.get::<_, Option<i64>>(4)?.map(number);
            let row = SignalRow { fate: r.get(1)?, refusal: r.get(2)?, reason: r.get(3)?, strategy };
            Ok((number(r.get(0)?), row))
        });
        rows.unwrap().map(Result::unwrap).collect()
    }

    /// Signals whose scalp's first order was decided after they had expired.
    pub fn decided_late(&self) -> Vec<u64> {
        let sql = "SELECT s.id FROM signals s JOIN orders o ON o.strategy_id = s.strategy_id
                   WHERE o.purpose = 'entry' AND o.made_at > s.valid_until";
        let mut asked = self.connection.prepare(sql).unwrap();
        let rows = asked.query_map([], |r| r.get::<_, i64>(0)).unwrap();
        rows.map(|id| u64::try_from(id.unwrap()).unwrap()).collect()
    }

    /// The orders of a scalp that buy.
    pub fn entries(&self, strategy: u64) -> Vec<OrderRow> {
        let mine = |o: &OrderRow| o.strategy == Some(strategy) && o.side == "BUY";
        self.tables.orders().into_iter().filter(mine).collect()
    }
}

/// How what was said compares with what was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    pub signals: usize,
    /// Bought, as the exchange has it.
    pub bought: usize,
    /// Nothing was bought, and the trader is told so.
    pub told: usize,
    /// Nothing was bought, and nobody says so.
    pub lost: usize,
    /// More was bought than one signal asks for.
    pub doubled: usize,
    /// What we say of an order is not what the exchange says.
    pub wrong: usize,
    /// Orders at the exchange that carry none of our marks.
    pub unmarked: usize,
    pub orders: usize,
}

/// Compares signals that were taken with our tables and the exchange's book.
pub fn audit(taken: &[u64], kept: &Kept, book: &[OrderSighting]) -> Audit {
    let signals = kept.signals();
    let ours = kept.tables.orders();
    let mut filled: BTreeMap<String, i64> = BTreeMap::new();
    let mut audit = Audit { signals: taken.len(), orders: book.len(), ..Audit::default() };
    for order in book {
        let mark = order.correlation.as_ref().map(ToString::to_string);
        match mark.filter(|m| ours.iter().any(|o| o.correlation == *m)) {
            Some(mark) => *filled.entry(mark).or_default() += i64::from(order.filled.0),
            None => audit.unmarked += 1,
        }
    }
    for order in &ours {
        let there = filled.get(&order.correlation).copied();
        let denied = matches!(order.status.as_str(), "lost" | "not sent");
        let right = order.filled == there.unwrap_or(0) && !(denied && there.is_some_and(|n| n > 0));
        audit.wrong += usize::from(!right);
    }
    for id in taken {
        let row = signals.get(id);
        let entries = row.and_then(|r| r.strategy).map(|s| kept.entries(s)).unwrap_or_default();
        let bought: i64 = entries.iter().filter_map(|o| filled.get(&o.correlation)).sum();
        let asked = entries.iter().map(|o| o.quantity).max().unwrap_or(0);
        audit.doubled += usize::from(bought > asked);
        if bought > 0 {
            audit.bought += 1;
            continue;
        }
        let reason = row.and_then(|r| match r.strategy {
            Some(strategy) => kept.tables.strategy(strategy).reason,
            None => r.reason.clone().filter(|_| r.fate == "refused"),
        });
        if reason.is_some_and(|r| !r.is_empty()) { audit.told += 1 } else { audit.lost += 1 }
    }
    audit
}
