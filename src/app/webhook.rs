//! Opens the webhook, and brings the broker's postbacks to the engine as the order socket would.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use tracing::{info, warn};

use super::config::{AppConfig, SecretSources};
use super::inputs::{Input, Inputs};
use super::shared::Shared;
use crate::broker::dhan::DhanBroker;
use crate::domain::time::Timestamp;
use crate::engine::effect::AlertLevel;
use crate::net::Secret;
use crate::protocol::dhan::postback::PostbackKey;
use crate::web::webhook::{self, Doorbell, Heard, Keys, Postbacks, Standing};
use crate::web::{Desk, Serving, Token};

/// Postbacks that are remembered, to tell a second delivery.
const REMEMBERED: usize = 2_048;

/// What is to be written to open it, for whoever looks in the log.
const HOW: &str = "set STRIKEDECK_WEBHOOK_SECRET (32 or more letters and digits) in the environment or in secrets.env";

/// Opens the door, if a secret is set for it. That it cannot be opened stops nothing else: it is told.
pub async fn open(
    config: &AppConfig,
    desk: Arc<dyn Desk>,
    postbacks: Arc<dyn Postbacks>,
    bell: &Arc<Doorbell>,
    shared: &Shared,
) -> Option<Serving> {
    let opened = async {
        let keys = keys(config)?;
        if keys.signals.is_none() && keys.postbacks.is_none() {
            info!("no webhook: to take signals, {HOW}");
            return Ok(None);
        }
        let settings = &config.webhook;
        let reason = || format!("{} could not be opened: choose another webhook.bind in strategy.yaml", settings.bind);
        let listener = webhook::listen(settings).await.with_context(reason)?;
        let address = listener.local_addr()?;
        let serving = webhook::serve(listener, settings, keys, desk, postbacks, bell.clone())?;
        info!("webhook: signals are taken at http://{address}/webhook");
        if !address.ip().is_loopback() {
            warn!("webhook: it listens beyond this machine, and unencrypted: a tunnel to 127.0.0.1 is safer");
        }
        anyhow::Ok(Some(serving))
    };
    opened.await.unwrap_or_else(|e| {
        let text = format!("No webhook, so no signals: {e:#}.");
        warn!("{text}");
        shared.notice(AlertLevel::Warning, text.clone(), Timestamp::now());
        bell.stands(Standing::Failed(text));
        None
    })
}

/// The secrets, wherever they are kept: those of the door are looked for in the keyring in paper mode, too.
fn keys(config: &AppConfig) -> anyhow::Result<Keys> {
    let mut secrets = config.secrets.clone();
    if secrets.webhook.is_none() && secrets.postback.is_none() && !config.folder.as_os_str().is_empty() {
        secrets = SecretSources::of(&config.folder).read().unwrap_or(secrets);
    }
    let token = |name: &str, secret: Option<&Secret>| -> anyhow::Result<Option<Token>> {
        let Some(secret) = secret else { return Ok(None) };
        let token = Token::new(secret.expose());
        token.map(Some).with_context(|| format!("{name} must have 32 or more letters and digits, and nothing else"))
    };
    Ok(Keys {
        signals: token("STRIKEDECK_WEBHOOK_SECRET", secrets.webhook.as_ref())?,
        postbacks: token("STRIKEDECK_POSTBACK_SECRET", secrets.postback.as_ref())?,
    })
}

/// Where the built-in exchange posts what happens to orders, as the broker would; `None` where that is not set up.
pub fn paper_postback(config: &AppConfig) -> Option<String> {
    let secret = config.secrets.postback.as_ref().filter(|s| Token::new(s.expose()).is_some())?;
    let bind: std::net::SocketAddr = config.webhook.bind.parse().ok()?;
    (bind.ip().is_loopback() && bind.port() != 0).then(|| format!("http://{bind}/postback/{}", secret.expose()))
}

/// Reads postbacks as the account's own client does, and remembers them.
pub struct Posted {
    broker: Arc<DhanBroker>,
    inputs: Inputs,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    keys: BTreeSet<PostbackKey>,
    order: VecDeque<PostbackKey>,
}

impl Known {
    /// Whether it is new.
    fn add(&mut self, key: PostbackKey) -> bool {
        if !self.keys.insert(key.clone()) {
            return false;
        }
        self.order.push_back(key);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.keys.remove(&oldest);
        }
        true
    }
}

impl Posted {
    pub fn new(broker: Arc<DhanBroker>, inputs: Inputs) -> Self {
        Self { broker, inputs, known: Mutex::default() }
    }
}

impl Postbacks for Posted {
    fn heard(&self, body: &[u8]) -> Result<Heard, String> {
        let (seen, key) = self.broker.read_postback(body).map_err(|e| e.to_string())?;
        if !self.known.lock().unwrap_or_else(PoisonError::into_inner).add(key) {
            return Ok(Heard::Known);
        }
        // What it says merges with what is known: an older word changes nothing.
        self.inputs.send(Input::Saw(seen));
        Ok(Heard::News)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::dhan::{DhanCredentials, DhanEndpoints, DhanSettings};

    const BODY: &str = include_str!("../../tests/fixtures/dhan/postback.json");

    #[test]
    fn a_postback_reaches_the_engine_once_however_often_it_comes() {
        let (inputs, heard) = Inputs::new();
        let credentials = DhanCredentials { client_id: "1100000007".into(), access_token: Secret::new("t") };
        let address = "127.0.0.1:1".parse().unwrap();
        let index = crate::app::reference::Instruments::none().handle();
        let broker =
            DhanBroker::new(DhanEndpoints::local(address), credentials, DhanSettings::default(), index).unwrap();
        let posted = Posted::new(Arc::new(broker), inputs);
        assert_eq!(posted.heard(BODY.as_bytes()), Ok(Heard::News));
        assert_eq!(posted.heard(BODY.as_bytes()), Ok(Heard::Known));
        let more = BODY.replace(r#""filled_qty": 65"#, r#""filled_qty": 130"#);
        assert_eq!(posted.heard(more.as_bytes()), Ok(Heard::News));
        let other = BODY.replace("1100000007", "1100000008");
        assert!(posted.heard(other.as_bytes()).unwrap_err().contains("another account"));
        assert!(posted.heard(b"{}").is_err());
        let saw: Vec<u32> = heard
            .try_iter()
            .filter_map(|i| if let Input::Saw(seen) = i { Some(seen.filled.0) } else { None })
            .collect();
        assert_eq!(saw, [65, 130]);
    }

    #[test]
    fn the_memory_of_postbacks_ends() {
        let mut known = Known::default();
        let key = |n: usize| PostbackKey { order_id: n.to_string(), status: "TRADED".into(), filled: 1, updated: None };
        (0..=REMEMBERED).for_each(|n| assert!(known.add(key(n))));
        assert!(known.add(key(0)) && !known.add(key(REMEMBERED)));
        assert_eq!(known.keys.len(), REMEMBERED);
    }
}
