//! A whole cockpit on its own exchange, without a screen of its own: what it shows is drawn from its picture. Its links and
//! deadlines are hurried, so that a fault is lived through in a second or two.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use serde_json::{Value, json};
use strikedeck::app::config::{AppConfig, Tuning};
use strikedeck::app::{Cockpit, Options, prepare};
use strikedeck::broker::Broker;
use strikedeck::broker::dhan::{DhanBroker, DhanCredentials, DhanEndpoints, DhanSettings};
use strikedeck::domain::time::Timestamp;
use strikedeck::domain::{OrderSighting, StrategyId, StrategyStatus};
use strikedeck::engine::command::{Command, Origin, Reply};
use strikedeck::exchange_server::Script;
use strikedeck::exchange_server::faults::{FaultSpec, Faults};
use strikedeck::gateway::{BreakerPolicy, GatewayPolicy, LookUpPolicy};
use strikedeck::net::{Backoff, HttpSettings, Secret, SocketSettings};
use strikedeck::tui::keymap::Keymap;
use strikedeck::tui::model::Model;
use strikedeck::tui::theme::Theme;
use strikedeck::tui::update::{Msg, update};
use strikedeck::tui::view::{NoLog, Scene, draw};
use strikedeck::view::{LinkState, OrderRow, Stage as Progress, View};
use tempfile::TempDir;

/// How long a person would wait before giving up. Waiting ends with the condition, not with the time.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Stage {
    cockpit: Cockpit,
    pub faults: Faults,
    /// Asks the exchange past the cockpit, over the same wire.
    auditor: DhanBroker,
    folder: TempDir,
}

/// What is left of a stage that was stopped.
pub struct Stopped {
    folder: TempDir,
    config: AppConfig,
}

impl Stopped {
    /// Started again with the same settings.
    pub async fn started(self) -> Stage {
        let Self { folder, config } = self;
        let options = Options { data: Some(folder.path().join("data")), ..Options::default() };
        let (data, _) = prepare(&options).unwrap();
        let cockpit = Cockpit::start(data, config).await.unwrap();
        let faults = cockpit.faults().unwrap();
        let auditor = auditor(&folder.path().join("data/paper/exchange.json"), &cockpit);
        Stage { cockpit, faults, auditor, folder }
    }
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Deadlines and waits of a second where the real ones are of many.
pub fn hurried() -> Tuning {
    let backoff = Backoff { first: ms(50), longest: ms(200) };
    let socket = SocketSettings {
        silence: ms(1_500),
        ping: ms(300),
        refused_wait: ms(300),
        backoff,
        ..SocketSettings::default()
    };
    let http = HttpSettings { total: ms(4_000), ..HttpSettings::default() };
    Tuning {
        gateway: GatewayPolicy {
            order_deadline_ms: 2_000,
            query_deadline_ms: 2_000,
            look_up: LookUpPolicy { pauses_ms: vec![100, 200, 300], lost_after_ms: 1_500 },
            entry_breaker: BreakerPolicy { pause_ms: 300, pause_max_ms: 600, ..BreakerPolicy::default() },
            query_breaker: BreakerPolicy { pause_ms: 100, pause_max_ms: 300, ..BreakerPolicy::default() },
            ..GatewayPolicy::default()
        },
        links: DhanSettings {
            http,
            feed: socket,
            orders: socket,
            penalty: ms(300),
            quiet: ms(1_000),
            ..DhanSettings::default()
        },
        ..Tuning::default()
    }
}

impl Stage {
    /// A cockpit that is ready to trade.
    pub async fn open() -> Self {
        let stage = Self::started().await;
        stage.ready().await;
        stage
    }

    pub async fn ready(&self) {
        self.cockpit.ready(PATIENCE).await;
        self.until("strategies", |v| v.strategies.len() >= 5).await;
    }

    /// Asks the exchange past the cockpit.
    pub fn auditor(&self) -> &DhanBroker {
        &self.auditor
    }

    /// On an exchange where this goes wrong from the start.
    pub async fn with_fault(spec: FaultSpec) -> Self {
        let script = Script { faults: vec![spec], ..Script::default() };
        Self::of(script).await.unwrap()
    }

    /// One that has only just started.
    async fn started() -> Self {
        Self::of(Script::default()).await.unwrap()
    }

    /// As far as it comes.
    pub async fn of(script: Script) -> anyhow::Result<Self> {
        Self::set_up(script, |_| {}).await
    }

    /// With settings of a test's own.
    pub async fn set_up(script: Script, change: impl FnOnce(&mut AppConfig)) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("strikedeck-faults-").tempdir().unwrap();
        let options = Options { data: Some(folder.path().join("data")), seed: Some(11), ..Options::default() };
        let (data, mut config) = prepare(&options).unwrap();
        config.tuning = hurried();
        config.engine.polls.busy_ms = 250;
        config.engine.polls.idle_ms = 500;
        config.paper.starting_cash = "100000000".parse().unwrap();
        config.engine.limits.capital = "100000000".parse().unwrap();
        config.engine.limits.max_open_lots = strikedeck::domain::Lots(1_000);
        config.tuning.script = script;
        change(&mut config);
        let cockpit = Cockpit::start(data, config).await?;
        let faults = cockpit.faults().unwrap();
        let auditor = auditor(&folder.path().join("data/paper/exchange.json"), &cockpit);
        Ok(Self { cockpit, faults, auditor, folder })
    }

    /// Ended in order, and started again on the same folder with the same settings.
    pub async fn restarted(self) -> Self {
        self.stopped().await.started().await
    }

    /// Ended in order.
    pub async fn stopped(self) -> Stopped {
        let config = self.cockpit.config.clone();
        self.cockpit.stop().await;
        Stopped { folder: self.folder, config }
    }

    /// Opens the door for signals.
    pub async fn open_webhook(&mut self) {
        self.cockpit.open_webhook().await;
    }

    /// The tables that people and tools read.
    pub fn tables_file(&self) -> PathBuf {
        self.folder.path().join("data/paper/strikedeck.db")
    }

    pub fn view(&self) -> Arc<View> {
        self.cockpit.views.borrow().clone()
    }

    /// Waits until the picture satisfies a condition; the screen is in the message if it never does.
    pub async fn until(&self, what: &str, holds: impl FnMut(&View) -> bool) -> Arc<View> {
        let mut holds = holds;
        let mut views = self.cockpit.views.clone();
        let seen = tokio::time::timeout(PATIENCE, views.wait_for(|v| holds(v))).await;
        let Ok(view) = seen else { panic!("never saw {what}; the screen is:\n{}", self.screen()) };
        view.unwrap().clone()
    }

    pub fn set(&self, spec: FaultSpec) -> u64 {
        self.faults.set(spec).unwrap()
    }

    pub async fn ask(&self, command: Command) -> Reply {
        self.cockpit.command(command, Origin::Screen).await.unwrap()
    }

    /// Marks the best pending strategy that was not used yet and executes it.
    pub async fn execute_next(&self) -> StrategyId {
        let id = self.mark_next().await;
        let reply = self.ask(Command::Execute { ids: vec![id] }).await;
        assert!(!reply.is_refused(), "{reply:?}\n{}", self.screen());
        id
    }

    pub async fn mark_next(&self) -> StrategyId {
        let view = self.view();
        let pending = view.strategies.iter().filter(|s| s.status == StrategyStatus::Pending && s.blocked().is_none());
        let id = pending.map(|s| s.id).next().expect("a pending strategy");
        let reply = self.ask(Command::Mark { ids: vec![id], priority: None, notes: None }).await;
        assert!(!reply.is_refused(), "{reply:?}");
        id
    }

    /// The best pending strategy again, with so many times as many lots; marked.
    pub async fn mark_larger(&self, lots: u32) -> StrategyId {
        let rows = strikedeck::view::json::list(&self.view());
        let row = rows.as_array().unwrap().iter().find(|r| r["status"] == "pending").unwrap().clone();
        let legs = row["legs"].as_array().unwrap().iter().map(|leg| {
            json!({
                "strike": leg["strike"], "type": leg["type"], "action": leg["action"], "premium": leg["premium"],
                "expiry": leg["expiry"], "ratio": leg["ratio"],
            })
        });
        let file = json!({ "positions": [{
            "symbol": row["symbol"], "exchange": row["exchange"], "strategy_name": row["strategy_name"],
            "spot": row["spot"], "total_score": 0.5, "legs": legs.collect::<Vec<_>>(),
        }]});
        let index = self.cockpit.today.instruments.current();
        let lot_of = |exchange, symbol, _| {
            let expiry = index.option_expiries(exchange, symbol).first().copied()?;
            index.options(exchange, symbol, expiry).next().map(|i| i.lot)
        };
        let read = strikedeck::import::read("larger.json", file.to_string().as_bytes(), Timestamp::now(), &lot_of);
        let read = read.unwrap();
        assert_eq!(read.good.len(), 1, "{read:?}");
        let mut recommendations = read.good;
        recommendations.iter_mut().flat_map(|r| &mut r.legs).for_each(|leg| leg.ratio *= lots);
        self.ask(Command::Import { recommendations }).await;
        let view = self.until("it", |v| v.strategies.iter().any(|s| s.source == "larger.json")).await;
        let id = view.strategies.iter().find(|s| s.source == "larger.json").unwrap().id;
        let reply = self.ask(Command::Mark { ids: vec![id], priority: None, notes: None }).await;
        assert!(!reply.is_refused(), "{reply:?}");
        id
    }

    /// What became of a strategy, when nothing of it is under way any more.
    pub async fn outcome(&self, id: StrategyId) -> StrategyStatus {
        let view = self
            .until("the end of the execution", |v| {
                let status = v.strategy(id).map(|s| s.status);
                let held = v.queued(id).is_some_and(|q| matches!(q.stage, Progress::Held(_)));
                !matches!(status, Some(StrategyStatus::Executing | StrategyStatus::Marked)) || held
            })
            .await;
        view.strategy(id).unwrap().status
    }

    /// Everything that was said to the trader, oldest first.
    pub fn told(&self) -> String {
        self.view().notices.iter().flat_map(|n| [n.text.as_str(), "\n"]).collect()
    }

    /// The conditions that hold now.
    pub fn standing(&self) -> String {
        standing(&self.view())
    }

    /// What a trader sees in a window of 160 × 45.
    pub fn screen(&self) -> String {
        let mut model = Model::new(Arc::new(Keymap::default()), (160, 45));
        update(&mut model, Msg::View(self.view()));
        let theme = Theme::named("dark").unwrap();
        let mut buffer = Buffer::empty(Rect::new(0, 0, 160, 45));
        draw(&Scene { model: &model, theme: &theme, log: &NoLog }, &mut buffer);
        let cells: Vec<&str> = buffer.content().iter().map(ratatui::buffer::Cell::symbol).collect();
        cells.chunks(160).map(|row| row.concat().trim_end().to_string() + "\n").collect()
    }

    /// The orders as the exchange has them.
    pub async fn book(&self) -> Vec<OrderSighting> {
        for _ in 0..50 {
            match self.auditor.orders().await {
                Ok(orders) => return orders,
                Err(_) => tokio::task::yield_now().await,
            }
        }
        panic!("the exchange does not tell its orders")
    }

    /// Ends all faults, waits until the cockpit is at rest, and checks what must hold whatever went wrong: one order for
    /// an intent at most, every order of the exchange known here with what has filled of it, and the same positions.
    pub async fn settle(&self) {
        self.faults.clear_all();
        let at_rest = |v: &View| {
            let busy = |s: &Progress| matches!(s, Progress::Executing | Progress::Queued | Progress::Unwinding(_));
            !v.queue.iter().any(|q| busy(&q.stage))
                && v.positions.mismatches().next().is_none()
                && !v.working.iter().any(|o| o.order_id.is_none())
                && v.header.feed.state == LinkState::Up
                && v.header.orders.state == LinkState::Up
        };
        self.until("rest", at_rest).await;
        let book = self.book().await;
        let mut marks: BTreeMap<String, usize> = BTreeMap::new();
        for mark in book.iter().filter_map(|o| o.correlation.clone()) {
            *marks.entry(mark.to_string()).or_default() += 1;
        }
        let doubled: Vec<_> = marks.iter().filter(|(_, n)| **n > 1).collect();
        assert!(doubled.is_empty(), "placed more than once: {doubled:?}");
        self.until("the same orders as the exchange", |v| book.iter().all(|theirs| agrees(v, theirs))).await;
    }

    /// Settles, exits everything, and allows entries again.
    pub async fn clean_up(&self) {
        self.settle().await;
        self.ask(Command::Flatten { include_foreign: false }).await;
        self.until("flat", |v| v.safety.flatten.is_none() && v.safety.halt.is_some() && v.positions.is_flat()).await;
        self.settle().await;
        let positions = self.auditor.positions().await.unwrap();
        assert!(positions.iter().all(|p| p.net.is_flat()), "{positions:?}");
        // Entries are not allowed again before the broker takes the token.
        self.until("a token that is taken", |v| v.header.token.is_none_or(|t| t.left_ms.is_some())).await;
        let reply = self.ask(Command::Arm { word: "ARM".into() }).await;
        assert!(!reply.is_refused(), "{reply:?}");
    }

    pub async fn close(self) {
        self.cockpit.stop().await;
        drop(self.folder);
    }
}

/// Whether the picture has an order of the exchange as the exchange has it. Only fifty that are over are shown.
fn agrees(view: &View, theirs: &OrderSighting) -> bool {
    let of = |row: &&OrderRow| row.order_id.as_ref() == Some(&theirs.order_id);
    let shown = view.working.iter().find(of).or_else(|| view.recent.iter().find(of));
    match shown {
        Some(row) => row.filled == theirs.filled,
        None => view.recent.len() >= 50,
    }
}

pub fn standing(view: &View) -> String {
    view.standing.iter().flat_map(|s| [s.text.as_str(), "\n"]).collect()
}

fn auditor(access: &PathBuf, cockpit: &Cockpit) -> DhanBroker {
    let access: Value = serde_json::from_str(&std::fs::read_to_string(access).unwrap()).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_string();
    let ends = &access["endpoints"];
    let endpoints = DhanEndpoints {
        rest: text(&ends["rest"]),
        auth: text(&ends["rest"]),
        feed: text(&ends["feed"]),
        orders: text(&ends["orders"]),
        instruments: text(&ends["instruments"]),
        ..DhanEndpoints::default()
    };
    let access_token = Secret::new(text(&access["token"]));
    let credentials = DhanCredentials { client_id: text(&access["client_id"]), access_token };
    let index = cockpit.today.instruments.handle();
    DhanBroker::new(endpoints, credentials, DhanSettings::default(), index).unwrap()
}
