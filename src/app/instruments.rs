//! The instrument list of the day: read at the start and when a new day begins.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use jiff::civil::Date;
use tracing::{info, warn};

use super::again::again;
use super::reference::Instruments;
use super::shared::Shared;
use super::steady::SteadyClock;
use crate::broker::Broker;
use crate::domain::Instrument;
use crate::domain::contract_rules::ContractRules;
use crate::domain::instrument_index::InstrumentIndex;
use crate::domain::time::{Timestamp, ist, trading_day};
use crate::engine::record::Profile;
use crate::net::Backoff;
use crate::protocol::dhan::instruments::read_master;
use crate::store::{DataFolder, instrument_cache};

/// A list of instruments that is not today's: what the trader has to know.
#[derive(Debug)]
pub(super) struct OldList(pub String);

/// Today's list: from the cache if it is of today, else from the broker. Without a list no position could be told apart,
/// so nothing starts before there is one. An old one is better than none, and is told.
pub(super) async fn load_instruments(
    broker: &dyn Broker,
    folder: &DataFolder,
    instruments: &Instruments,
    now: Timestamp,
) -> anyhow::Result<Option<OldList>> {
    let today = ist(now).date();
    let live = folder.profile() == Profile::Live;
    if live {
        match instrument_cache::load(&folder.instruments(), today) {
            Ok(index) => {
                instruments.replace(index);
                return Ok(None);
            }
            Err(reason) => info!("today's instruments are read from the broker: {reason}"),
        }
    }
    let asked = again("the instrument list", Backoff::default(), || broker.instrument_master());
    let bytes = asked.await.context("the instrument list could not be read")?;
    let parsed = read_master(&bytes).context("the instrument list could not be understood")?;
    let mut list: Vec<Instrument> = parsed.instruments;
    let old = expired(&list, today).map(|day| {
        let text = format!(
            "The instrument list is of an earlier day: it still lists contracts that expired on {day}, and lacks what was \
             listed since. Start again later for a new one."
        );
        warn!("{text}");
        OldList(text)
    });
    ContractRules::builtin().fill_max_orders(&mut list, today);
    let index = InstrumentIndex::new(list).with_origin(today, "the broker's instrument master");
    info!("{} instruments listed today", index.len());
    if live
        && old.is_none()
        && let Err(e) = instrument_cache::save(&folder.instruments(), &index)
    {
        warn!("the instrument list could not be kept for the next start: {e}");
    }
    instruments.replace(index);
    Ok(old)
}

/// The day on which the first contract of a list expired, if that is over: then the list is an old one.
fn expired(list: &[Instrument], today: Date) -> Option<Date> {
    list.iter().filter_map(|i| i.contract.expiry()).filter(|e| *e < today).min()
}

/// A process that runs into a new trading day reads the new day's list: contracts have expired, others are new.
pub(super) async fn renew_instruments(
    broker: Arc<dyn Broker>,
    folder: DataFolder,
    instruments: Instruments,
    shared: Shared,
    clock: SteadyClock,
) {
    let mut day = trading_day(clock.now());
    loop {
        tokio::time::sleep(Duration::from_secs(60)).await;
        let now = clock.now();
        if trading_day(now) == day {
            continue;
        }
        match load_instruments(broker.as_ref(), &folder, &instruments, now).await {
            Ok(listed) => {
                shared.warn_of(listed, now);
                day = trading_day(now);
            }
            Err(e) => warn!("the new day's instruments could not be read, tried again in a minute: {e:#}"),
        }
    }
}
