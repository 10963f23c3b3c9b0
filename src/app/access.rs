//! How the broker is reached: the addresses and the login, of the broker itself or of the built-in exchange.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::config::AppConfig;
use super::reference::Instruments;
use super::token;
use crate::broker::Broker;
use crate::broker::dhan::{DhanBroker, DhanCredentials, DhanEndpoints, DhanSettings};
use crate::exchange_server::Running;
use crate::net::Secret;
use crate::store::{DataFolder, files};

/// The same client for the built-in exchange and for Dhan: only the addresses and the token differ.
pub(super) fn connect(
    exchange: Option<&Running>,
    folder: &DataFolder,
    config: &AppConfig,
    instruments: &Instruments,
) -> anyhow::Result<Arc<DhanBroker>> {
    let (endpoints, credentials) = match exchange {
        Some(running) => paper_access(running, config.tuning.proxy.as_deref()),
        None => live_access(folder, config)?,
    };
    crate::telemetry::keep_secret(credentials.access_token.expose());
    let settings = DhanSettings { market_orders: config.dhan.market_orders, ..config.tuning.links };
    Ok(Arc::new(DhanBroker::new(endpoints, credentials, settings, instruments.handle())?))
}

fn paper_access(running: &Running, proxy: Option<&str>) -> (DhanEndpoints, DhanCredentials) {
    let access_token = Secret::new(running.access_token.clone());
    let mut endpoints = paper_endpoints(running);
    if let Some(proxy) = proxy {
        endpoints.rest = endpoints.rest.replacen(&format!("http://{}", running.address), proxy, 1);
    }
    (endpoints.into(), DhanCredentials { client_id: running.client_id.clone(), access_token })
}

fn paper_endpoints(running: &Running) -> PaperEndpoints {
    PaperEndpoints {
        rest: running.rest.clone(),
        auth: running.auth.clone(),
        feed: running.feed.clone(),
        orders: running.orders.clone(),
        instruments: running.instruments_detailed.clone(),
    }
}

/// How the running paper exchange is reached, for `flatten --force`: readable by the user only, there while it runs.
#[derive(Serialize, Deserialize)]
struct Access {
    endpoints: PaperEndpoints,
    client_id: String,
    token: String,
}

#[derive(Serialize, Deserialize)]
struct PaperEndpoints {
    rest: String,
    auth: String,
    feed: String,
    orders: String,
    instruments: String,
}

impl From<PaperEndpoints> for DhanEndpoints {
    fn from(paper: PaperEndpoints) -> Self {
        let PaperEndpoints { rest, auth, feed, orders, instruments } = paper;
        // Deep books are not needed to flatten.
        Self { rest, auth, feed, orders, instruments, ..DhanEndpoints::default() }
    }
}

fn access_file(folder: &DataFolder) -> PathBuf {
    folder.folder().join("exchange.json")
}

/// Writes down how the paper exchange that runs here is reached.
pub(super) fn leave_for_others(folder: &DataFolder, running: &Running) -> anyhow::Result<()> {
    let access = Access {
        endpoints: paper_endpoints(running),
        client_id: running.client_id.clone(),
        token: running.access_token.clone(),
    };
    Ok(files::write_private(&access_file(folder), &serde_json::to_string(&access)?)?)
}

/// The exchange ends: nobody shall look for it there.
pub(super) fn take_away(folder: &DataFolder) {
    let _ = std::fs::remove_file(access_file(folder));
}

/// A client of the paper exchange that runs in another process on this folder.
pub(super) fn paper_access_of_running(
    folder: &DataFolder,
    instruments: &Instruments,
) -> anyhow::Result<Arc<dyn Broker>> {
    let file = access_file(folder);
    let text = std::fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
    let access: Access = serde_json::from_str(&text).with_context(|| format!("{} is damaged", file.display()))?;
    let access_token = Secret::new(access.token);
    let credentials = DhanCredentials { client_id: access.client_id, access_token };
    Ok(Arc::new(DhanBroker::new(access.endpoints.into(), credentials, DhanSettings::default(), instruments.handle())?))
}

fn live_access(folder: &DataFolder, config: &AppConfig) -> anyhow::Result<(DhanEndpoints, DhanCredentials)> {
    let client_id = config.client_id().context("no client id is known: run `strikedeck setup`")?;
    let token = token::newest(config.secrets.access_token.clone(), token::made(folder));
    let can_log_in = token.is_some() || config.secrets.can_generate();
    anyhow::ensure!(can_log_in, "there is no access token: run `strikedeck setup`");
    let access_token = token.unwrap_or_default();
    Ok((live_endpoints(config), DhanCredentials { client_id: client_id.to_string(), access_token }))
}

/// The broker's hosts as they are set.
pub(super) fn live_endpoints(config: &AppConfig) -> DhanEndpoints {
    let dhan = &config.dhan;
    DhanEndpoints {
        rest: dhan.rest.clone(),
        auth: dhan.auth.clone(),
        feed: dhan.feed.clone(),
        orders: dhan.order_updates.clone(),
        depth_20: dhan.depth_20.clone(),
        depth_200: dhan.depth_200.clone(),
        instruments: dhan.instruments.clone(),
    }
}
