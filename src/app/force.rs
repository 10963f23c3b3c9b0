//! Flattening at the broker itself, past a cockpit that hangs: everything the broker has goes, since the broker cannot
//! tell whose it is.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tracing::info;

use super::access::{connect, paper_access_of_running};
use super::cockpit::{Options, prepare, start_exchange};
use super::instruments::load_instruments;
use super::reference::Instruments;
use super::token;
use crate::broker::Broker;
use crate::domain::PositionSighting;
use crate::domain::time::Timestamp;
use crate::engine::record::Profile;
use crate::store::DataFolder;

/// How long the broker is watched for everything to be closed.
const PATIENCE: Duration = Duration::from_secs(60);
/// Asked again after this long without getting flat.
const AGAIN: Duration = Duration::from_secs(5);

/// What was done, and what is still open: one line each.
pub async fn flatten(options: &Options) -> anyhow::Result<(Vec<String>, Vec<String>)> {
    let (folder, config) = prepare(options)?;
    let held = folder.holder().is_some();
    let exchange = match (folder.profile(), held) {
        // The built-in exchange lives in the process that holds the folder.
        (Profile::Paper, false) => Some(start_exchange(&folder, &config).await?),
        (Profile::Paper, true) | (Profile::Live, _) => None,
    };
    let instruments = Instruments::none();
    let broker = if held && folder.profile() == Profile::Paper {
        paper_access_of_running(&folder, &instruments)?
    } else {
        let broker = connect(exchange.as_ref(), &folder, &config, &instruments)?;
        if folder.profile() == Profile::Live {
            token::log_in(&broker, &config.secrets, &folder).await.context("the broker does not let us in")?;
        }
        broker as Arc<dyn Broker>
    };
    let result = flatten_at(&broker, &folder, &instruments).await;
    let result = if held && folder.profile() == Profile::Paper {
        result.context("the paper exchange runs in the cockpit's process: if that hangs, end it, then ask again")
    } else {
        result
    };
    if let Some(exchange) = exchange {
        exchange.stop().await;
    }
    result
}

/// The order goes out before anything is read: the list of instruments only names what is left.
async fn flatten_at(
    broker: &Arc<dyn Broker>,
    folder: &DataFolder,
    instruments: &Instruments,
) -> anyhow::Result<(Vec<String>, Vec<String>)> {
    let end = tokio::time::Instant::now() + PATIENCE;
    let mut done = vec![exit_all(broker).await?];
    load_instruments(broker.as_ref(), folder, instruments, Timestamp::now())
        .await
        .context("the broker was asked to exit everything; whether it has cannot be read")?;
    let mut again = tokio::time::Instant::now() + AGAIN;
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let open = open_positions(&broker.positions().await.context("the broker's positions could not be read")?);
        let now = tokio::time::Instant::now();
        if open.is_empty() || now >= end {
            return Ok((done, open));
        }
        if now >= again {
            done.push(exit_all(broker).await?);
            again = now + AGAIN;
        }
    }
}

async fn exit_all(broker: &Arc<dyn Broker>) -> anyhow::Result<String> {
    let words = broker.exit_all().await.context("the broker did not take the order to exit everything")?;
    info!("exit all: {words}");
    Ok(format!("the broker was asked to cancel and exit everything: {words}"))
}

fn open_positions(positions: &[PositionSighting]) -> Vec<String> {
    let open = positions.iter().filter(|p| !p.net.is_flat());
    open.map(|p| format!("{} {:+} {}", p.contract.label(), p.net.0, p.product.as_str())).collect()
}
