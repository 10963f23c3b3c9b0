//! The links to the broker: order updates go to the engine, prices to whoever looks; both say how they stand.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::engine_thread::{Input, Inputs};
use super::shared::Shared;
use super::token::Suspicion;
use crate::broker::{Broker, Capability, FeedNews, LinkState as BrokerLink, OrderNews};
use crate::domain::Contract;
use crate::domain::time::Timestamp;
use crate::engine::Event;
use crate::gateway::ErrorClass;
use crate::view::{Link, LinkState};

/// How often the age of a link is told, while it says nothing by itself.
const AGE_EVERY: Duration = Duration::from_millis(500);

/// Follows order updates until the engine thread has ended.
pub async fn follow_orders(broker: Arc<dyn Broker>, shared: Shared, inputs: Inputs, suspicion: Suspicion) {
    let mut news = broker.order_updates();
    while let Some(news) = news.recv().await {
        match news {
            OrderNews::Link(link) => {
                let up = link.up;
                if !up {
                    // A login that is not taken is not answered: the connection ends.
                    suspicion.raise();
                }
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

/// Follows prices of whatever is of interest, until nobody is interested any more.
pub async fn follow_prices(
    broker: Arc<dyn Broker>,
    mut interest: watch::Receiver<BTreeSet<Contract>>,
    shared: Shared,
    inputs: Inputs,
    suspicion: Suspicion,
) {
    let mut feed = broker.market_feed();
    let mut age = tokio::time::interval(AGE_EVERY);
    loop {
        tokio::select! {
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
                    match link.refused {
                        Some(ErrorClass::LogIn) => suspicion.raise(),
                        Some(ErrorClass::Blocked) => shared.lacks(Capability::MarketData, Timestamp::now()),
                        _ if link.up => shared.has(Capability::MarketData),
                        _ => {}
                    }
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
            _ = age.tick() => shared.health().feed.last_message = feed.heard.at(),
        }
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
