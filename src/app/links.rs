//! The links to the broker: order updates go to the engine, prices to whoever looks; both say how they stand.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::engine_thread::{Input, Inputs};
use super::reference::Today;
use super::shared::Shared;
use crate::broker::{Broker, BrokerError, FeedNews, LinkState as BrokerLink, OrderNews};
use crate::domain::time::Timestamp;
use crate::domain::{Contract, Quote, Segment};
use crate::engine::{Event, Reference};
use crate::view::{Link, LinkState};

/// How often the age of a link is told, while it says nothing by itself.
const AGE_EVERY: Duration = Duration::from_millis(500);
/// Contracts asked for at once, in one request.
const SNAPSHOT: usize = 1_000;

/// Follows order updates until the engine thread has ended.
pub async fn follow_orders(broker: Arc<dyn Broker>, shared: Shared, inputs: Inputs) {
    let mut news = broker.order_updates();
    while let Some(news) = news.recv().await {
        match news {
            OrderNews::Link(link) => {
                let up = link.up;
                set(&mut shared.health().orders, &link);
                tracing::info!("order updates: {}", words(&link));
                inputs.send(Input::Event(Event::OrderLink { up }));
            }
            OrderNews::Seen(sighting) => {
                shared.health().orders.last_message = Some(Timestamp::now());
                inputs.send(Input::Saw(sighting));
            }
        }
    }
}

/// Follows prices of whatever is of interest, until nobody is interested any more. While the market is open and the feed
/// tells nothing, prices are asked for instead.
pub async fn follow_prices(
    broker: Arc<dyn Broker>,
    mut interest: watch::Receiver<BTreeSet<Contract>>,
    shared: Shared,
    inputs: Inputs,
    today: Today,
) {
    let mut feed = broker.market_feed();
    let mut age = tokio::time::interval(AGE_EVERY);
    let mut asked: Option<Snapshot> = None;
    loop {
        tokio::select! {
            answer = answered(&mut asked) => {
                asked = None;
                take_snapshot(answer, &shared);
                inputs.look();
            }
            changed = interest.changed() => {
                if changed.is_err() {
                    return;
                }
                let wanted = interest.borrow_and_update().clone();
                shared.prices().retain(|c| wanted.contains(c));
                shared.subscribed().clone_from(&wanted);
                feed.control.watch(wanted);
            }
            news = feed.news.recv() => match news {
                None => return,
                Some(FeedNews::Link(link)) => {
                    tracing::info!("prices: {}", words(&link));
                    set(&mut shared.health().feed, &link);
                    inputs.look();
                }
                Some(FeedNews::Quotes(quotes)) => {
                    let mut prices = shared.prices();
                    for (contract, quote) in quotes {
                        prices.set_quote(contract, quote);
                    }
                    drop(prices);
                    shared.health().feed.last_message = feed.heard.at();
                    inputs.look();
                }
                Some(FeedNews::PreviousClose(contract, close)) => {
                    shared.prices().set_previous_close(contract, close);
                }
            },
            _ = age.tick() => {
                shared.health().feed.last_message = feed.heard.at();
                let now = Timestamp::now();
                let tells = shared.health().feed_confirms(now).is_some();
                if !tells && asked.is_none() && today.is_open(Segment::NseDerivatives, now) {
                    let wanted: Vec<Contract> = interest.borrow().iter().copied().take(SNAPSHOT).collect();
                    let broker = broker.clone();
                    asked = (!wanted.is_empty())
                        .then(|| -> Snapshot { Box::pin(async move { broker.quotes(&wanted).await }) });
                }
            }
        }
    }
}

/// Prices on their way that were asked for.
type Snapshot = Pin<Box<dyn Future<Output = Result<Vec<(Contract, Quote)>, BrokerError>> + Send>>;

async fn answered(asked: &mut Option<Snapshot>) -> Result<Vec<(Contract, Quote)>, BrokerError> {
    match asked {
        Some(asked) => asked.await,
        None => std::future::pending().await,
    }
}

fn take_snapshot(answer: Result<Vec<(Contract, Quote)>, BrokerError>, shared: &Shared) {
    match answer {
        Ok(quotes) => {
            let mut prices = shared.prices();
            for (contract, quote) in quotes {
                prices.set_quote(contract, quote);
            }
        }
        Err(error) => tracing::info!("prices by request: {error}"),
    }
}

fn set(shown: &mut Link, link: &BrokerLink) {
    shown.state = if link.up { LinkState::Up } else { LinkState::Connecting };
    if link.up {
        shown.last_message = Some(link.since);
    }
}

fn words(link: &BrokerLink) -> String {
    let state = if link.up { "connected" } else { "not connected" };
    if link.detail.is_empty() { state.to_string() } else { format!("{state}: {}", link.detail) }
}
