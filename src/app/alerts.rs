//! From a notice to the inbox and to the channels beyond the screen. Whoever tells something does not wait for any of it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::config::AppConfig;
use super::shared::Shared;
use crate::alerts::{AlertPolicy, Channels, Telegram, Telling, desktop, telegram};
use crate::domain::time::{Timestamp, after_ms, ist};
use crate::engine::effect::AlertLevel;
use crate::store::inbox::{Alert, level_name};
use crate::store::{Inbox, Projector, StoreError, files};
use crate::tui::run::Attention;
use crate::view::books::AlertRow;
use crate::web::{AlertsRequest, DeskError};

/// Alerts that may wait to be taken in; in a storm beyond that they stand in the log alone.
const WAITING: usize = 1_000;
/// How often it is looked whether there is room for a sum.
const SUM_UP_EVERY: Duration = Duration::from_secs(1);

/// An alert on its way to the inbox.
#[derive(Debug)]
pub struct Raised {
    pub level: AlertLevel,
    pub text: String,
    pub at: Timestamp,
}

/// What a shell is given of the inbox.
#[derive(Clone)]
pub struct AlertDesk {
    inbox: Arc<Mutex<Inbox>>,
    channels: Arc<Mutex<Channels>>,
    mute: MuteNote,
}

/// Until when everything is muted, on disk, so that a restart does not end it.
#[derive(Clone)]
struct MuteNote(Option<PathBuf>);

impl MuteNote {
    /// A note that cannot be read mutes nothing.
    fn read(&self) -> Option<Timestamp> {
        std::fs::read_to_string(self.0.as_ref()?).ok()?.trim().parse().ok()
    }

    /// That it cannot be kept is no reason not to mute.
    fn write(&self, until: Option<Timestamp>) {
        let Some(file) = &self.0 else { return };
        let written = match until {
            Some(until) => files::write_private(file, &until.to_string()),
            None if file.exists() => std::fs::remove_file(file).map_err(|e| StoreError::io("removing", file, &e)),
            None => Ok(()),
        };
        written.unwrap_or_else(|e| tracing::warn!("the next start will not know what is muted: {e}"));
    }
}

/// The task that takes alerts in, before it runs.
pub struct Alerts {
    pub desk: AlertDesk,
    raised: mpsc::Receiver<Raised>,
    telegram: Option<(Telegram, mpsc::Receiver<Telling>)>,
}

/// What the screen of a cockpit is to do for the channels.
pub type Attentions = mpsc::Receiver<Attention>;

/// Sets everything up: the task, where alerts are raised, and what the screen is asked for. In `folder` it is noted what
/// is muted.
pub fn open(
    config: &AppConfig,
    projector: Option<&mut Projector>,
    folder: Option<&Path>,
) -> (Alerts, mpsc::Sender<Raised>, Attentions) {
    let policy = &config.alerts;
    let (kept, writer) = projector.map_or((Vec::new(), None), |p| (p.take_alerts(), Some(p.alert_writer())));
    let (raise, raised) = mpsc::channel(WAITING);
    let (screen, attentions) = mpsc::channel(telegram::WAITING);
    let (to_telegram, telegram) = telegram_of(config).unzip();
    let mut channels = channels(policy, screen, to_telegram);
    let mute = MuteNote(folder.map(|f| f.join("alerts.muted")));
    channels.mute(mute.read());
    let desk = AlertDesk {
        inbox: Arc::new(Mutex::new(Inbox::new(kept, policy.keep, writer))),
        channels: Arc::new(Mutex::new(channels)),
        mute,
    };
    (Alerts { desk, raised, telegram }, raise, attentions)
}

/// A bot and what waits for it.
type Bot = (Telegram, mpsc::Receiver<Telling>);

/// The bot, where there is a token and a chat for one.
fn telegram_of(config: &AppConfig) -> Option<(mpsc::Sender<Telling>, Bot)> {
    let (token, chat) = config
        .secrets
        .telegram_token
        .as_ref()
        .zip(config.secrets.telegram_chat.as_ref())
        .filter(|_| config.alerts.telegram.on)?;
    match Telegram::new(&config.alerts.telegram_url, token, chat) {
        Ok(bot) => {
            let (send, queue) = mpsc::channel(telegram::WAITING);
            Some((send, (bot, queue)))
        }
        Err(e) => {
            tracing::warn!("no alerts by Telegram: {e}");
            None
        }
    }
}

fn channels(
    policy: &AlertPolicy,
    screen: mpsc::Sender<Attention>,
    telegram: Option<mpsc::Sender<Telling>>,
) -> Channels {
    let variable = |name: &str| std::env::var(name).ok();
    let bell = screen.clone();
    // A screen that hangs, or none: then there is no bell.
    let channels = Channels::default().with(&policy.bell, Box::new(move |_| drop(bell.try_send(Attention::Bell))));
    let channels = channels.with(
        &policy.toast,
        match desktop::notifier(variable) {
            Some(notifier) => Box::new(move |telling: Telling| {
                let notifier = notifier.clone();
                tokio::task::spawn_blocking(move || {
                    let urgent = telling.level == AlertLevel::Critical;
                    desktop::notify(&notifier, &telling.text, urgent)
                });
            }),
            None => Box::new(move |telling: Telling| {
                drop(screen.try_send(Attention::Toast(desktop::sequence(&telling.text, variable))));
            }),
        },
    );
    match telegram {
        Some(bot) => channels.with(&policy.telegram, Box::new(move |telling| drop(bot.try_send(telling)))),
        None => channels,
    }
}

impl Alerts {
    /// Takes alerts in until nobody is left to raise one.
    pub async fn run(mut self, shared: Shared) {
        if let Some((bot, queue)) = self.telegram.take() {
            let told = move |text: String| {
                tracing::warn!("{text}");
                shared.notice(AlertLevel::Warning, text, Timestamp::now());
            };
            tokio::spawn(bot.run(queue, told));
        } else {
            // It would keep a way open to raise alerts.
            drop(shared);
        }
        let mut sums = tokio::time::interval(SUM_UP_EVERY);
        loop {
            tokio::select! {
                raised = self.raised.recv() => match raised {
                    Some(raised) => self.desk.take(&raised),
                    None => return,
                },
                _ = sums.tick() => self.desk.channels().sum_up(Timestamp::now()),
            }
        }
    }
}

impl AlertDesk {
    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn channels(&self) -> MutexGuard<'_, Channels> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, raised: &Raised) {
        // It goes to places where others read.
        let text = crate::telemetry::redact(&raised.text);
        self.channels().tell(raised.level, &text, raised.at);
        self.inbox().take(raised.level, text, raised.at);
    }

    /// The alerts for the screen, the newest first.
    pub fn rows(&self) -> Vec<AlertRow> {
        let row = |a: &Alert| AlertRow {
            id: a.id,
            at: a.at,
            level: a.level,
            text: a.text.clone(),
            read: a.read_at.is_some(),
        };
        let mut rows: Vec<AlertRow> = self.inbox().alerts().map(row).collect();
        rows.reverse();
        rows
    }

    /// Marks one alert as read, or all.
    pub fn mark_read(&self, id: Option<u64>, now: Timestamp) {
        let ids = id.map(|id| vec![id]);
        self.inbox().read(ids.as_deref(), now);
    }

    /// What a shell asks of the inbox.
    pub fn answer(&self, request: &AlertsRequest, now: Timestamp) -> Result<Value, DeskError> {
        match request {
            AlertsRequest::List { unread } => {
                let inbox = self.inbox();
                let shown = inbox.alerts().filter(|a| !unread || a.read_at.is_none());
                let shown: Vec<Value> = shown.map(shown_alert).collect();
                let muted = self.channels().muted(now).map(when);
                Ok(json!({"unread": inbox.unread(), "muted_until": muted, "alerts": shown}))
            }
            AlertsRequest::Read { ids } => {
                let mut inbox = self.inbox();
                let known: Vec<u64> = inbox.alerts().map(|a| a.id).collect();
                if let Some(unknown) = ids.iter().flatten().find(|id| !known.contains(id)) {
                    return Err(DeskError::NotFound(format!("there is no alert {unknown}")));
                }
                let read = inbox.read(ids.as_deref(), now);
                Ok(json!({"read": read, "unread": inbox.unread()}))
            }
            AlertsRequest::Mute { seconds } => {
                let until = (*seconds > 0).then(|| after_ms(now, i64::from(*seconds) * 1_000));
                self.channels().mute(until);
                self.mute.write(until);
                Ok(json!({"muted_until": until.map(when)}))
            }
        }
    }
}

fn shown_alert(alert: &Alert) -> Value {
    json!({
        "id": alert.id,
        "at": when(alert.at),
        "level": level_name(alert.level),
        "text": alert.text,
        "read_at": alert.read_at.map(when),
    })
}

/// `2026-11-20T09:15:00+05:30`.
fn when(at: Timestamp) -> String {
    ist(at).strftime("%Y-%m-%dT%H:%M:%S+05:30").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened() -> (Alerts, Shared, Attentions) {
        let mut config = AppConfig::default();
        // Nothing on the desktop of whoever runs this.
        config.alerts.toast.on = false;
        let (alerts, raise, attentions) = open(&config, None, None);
        (alerts, Shared::raising(raise), attentions)
    }

    fn listed(desk: &AlertDesk, unread: bool) -> Vec<u64> {
        let answer = desk.answer(&AlertsRequest::List { unread }, Timestamp::now()).unwrap();
        answer["alerts"].as_array().unwrap().iter().map(|a| a["id"].as_u64().unwrap()).collect()
    }

    #[tokio::test]
    async fn a_notice_is_in_the_inbox_and_rings() {
        let (alerts, shared, mut attentions) = opened();
        let desk = alerts.desk.clone();
        let now = Timestamp::now();
        shared.notice(AlertLevel::Info, "filled".into(), now);
        shared.notice(AlertLevel::Critical, "refused with token=abcdef".into(), now);
        drop(shared);
        alerts.run(Shared::default()).await;
        assert_eq!(listed(&desk, false), [1, 2]);
        let texts = desk.answer(&AlertsRequest::List { unread: true }, now).unwrap().to_string();
        assert!(!texts.contains("abcdef"), "{texts}");
        assert_eq!(attentions.recv().await, Some(Attention::Bell), "once: what is said in passing does not ring");
    }

    #[tokio::test]
    async fn a_storm_holds_up_nobody() {
        let (alerts, shared, _attentions) = opened();
        for n in 0..WAITING * 2 {
            shared.notice(AlertLevel::Critical, n.to_string(), Timestamp::now());
        }
        drop(shared);
        let desk = alerts.desk.clone();
        alerts.run(Shared::default()).await;
        assert_eq!(listed(&desk, false).len(), WAITING);
    }

    #[tokio::test]
    async fn what_is_read_is_named_and_what_is_not_there_is_refused() {
        let (alerts, shared, _attentions) = opened();
        let desk = alerts.desk.clone();
        (0..3).for_each(|n| shared.notice(AlertLevel::Info, n.to_string(), Timestamp::now()));
        drop(shared);
        alerts.run(Shared::default()).await;
        let ask = |request| desk.answer(&request, Timestamp::now());
        assert_eq!(ask(AlertsRequest::Read { ids: Some(vec![2]) }).unwrap(), json!({"read": 1, "unread": 2}));
        assert_eq!(listed(&desk, true), [1, 3]);
        let wrong = ask(AlertsRequest::Read { ids: Some(vec![3, 9]) }).unwrap_err();
        assert_eq!((wrong.to_string().as_str(), listed(&desk, true).len()), ("there is no alert 9", 2));
        assert_eq!(ask(AlertsRequest::Read { ids: None }).unwrap(), json!({"read": 2, "unread": 0}));
        assert!(ask(AlertsRequest::Mute { seconds: 60 }).unwrap()["muted_until"].is_string());
        assert!(ask(AlertsRequest::Mute { seconds: 0 }).unwrap()["muted_until"].is_null());
    }

    #[tokio::test]
    async fn what_is_muted_stays_so_over_a_restart_until_it_ends_or_is_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let start = || {
            let mut config = AppConfig::default();
            config.alerts.toast.on = false;
            open(&config, None, Some(folder.path())).0.desk
        };
        let now = Timestamp::now();
        let muted = |desk: &AlertDesk, at| {
            let answer = desk.answer(&AlertsRequest::List { unread: false }, at).unwrap();
            answer["muted_until"].is_string()
        };
        let desk = start();
        assert!(!muted(&desk, now));
        desk.answer(&AlertsRequest::Mute { seconds: 3_600 }, now).unwrap();
        let desk = start();
        assert!(muted(&desk, now) && !muted(&desk, after_ms(now, 3_600_000)));
        desk.answer(&AlertsRequest::Mute { seconds: 0 }, now).unwrap();
        assert!(!muted(&start(), now));
    }
}
