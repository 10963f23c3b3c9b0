//! The links to the broker: order updates go to the engine, prices to whoever looks; both say how they stand.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::feed_watch::FeedWatch;
use super::inputs::{Input, Inputs};
use super::reference::Today;
use super::resume::Resumes;
use super::shared::Shared;
use super::token::Suspicion;
use crate::broker::{Broker, BrokerError, Capability, FeedNews, LinkState as BrokerLink, OrderNews};
use crate::domain::time::Timestamp;
use crate::domain::{Contract, Quote, Segment};
use crate::engine::{Event, Reference};
use crate::gateway::ErrorClass;
use crate::view::{Link, LinkState};

/// How often the age of a link is told, while it says nothing by itself.
const AGE_EVERY: Duration = Duration::from_millis(500);
/// Contracts asked for at once, in one request.
const SNAPSHOT: usize = 1_000;

/// What hears of the links, and what tells them to begin anew.
#[derive(Clone)]
pub struct Listeners {
    pub shared: Shared,
    pub inputs: Inputs,
    /// The machine has slept.
    pub resumes: Resumes,
    /// The broker may not take the token any more.
    pub suspicion: Suspicion,
}

/// Follows order updates until the engine thread has ended. After a sleep of the machine the link is made anew.
pub async fn follow_orders(broker: Arc<dyn Broker>, listeners: Listeners) {
    follow_order_news(|| broker.order_updates(), listeners).await;
}

async fn follow_order_news(open: impl Fn() -> mpsc::Receiver<OrderNews>, mut listeners: Listeners) {
    let mut news = open();
    loop {
        tokio::select! {
            biased;
            Ok(()) = listeners.resumes.changed() => {
                // What came through the old link is heard first: a fact is never lost.
                while let Ok(left) = news.try_recv() {
                    take_order_news(left, &listeners);
                }
                news = open();
                listeners.shared.health().orders.state = LinkState::Connecting;
                listeners.inputs.send(Input::Event(Event::OrderLink { up: false }));
            }
            next = news.recv() => match next {
                Some(next) => take_order_news(next, &listeners),
                None => return,
            },
        }
    }
}

fn take_order_news(news: OrderNews, Listeners { shared, inputs, suspicion, .. }: &Listeners) {
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

/// Follows prices of whatever is of interest, until nobody is interested any more. While the market is open and the feed
/// tells nothing, prices are asked for instead.
pub async fn follow_prices(
    broker: Arc<dyn Broker>,
    listeners: Listeners,
    mut interest: watch::Receiver<BTreeSet<Contract>>,
    today: Today,
) {
    let Listeners { shared, inputs, mut resumes, suspicion } = listeners;
    let mut feed = broker.market_feed();
    let mut age = tokio::time::interval(AGE_EVERY);
    let mut asked: Option<Snapshot> = None;
    let mut watch = FeedWatch::default();
    loop {
        tokio::select! {
            // After a sleep of the machine: what the old link still holds is as old as the sleep.
            Ok(()) = resumes.changed() => {
                feed = broker.market_feed();
                feed.control.watch(interest.borrow().clone());
                shared.health().feed.state = LinkState::Connecting;
                inputs.look();
            }
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
            _ = age.tick() => {
                // Before its first message a feed is as old as its connection, so that one that stays silent is told.
                let connected = shared.health().feed.last_message;
                shared.health().feed.last_message = feed.heard.at().or(connected);
                let now = Timestamp::now();
                let (feed_now, open) = (shared.health().feed, today.is_open(Segment::NseDerivatives, now));
                if let Some((level, text)) = watch.look(feed_now, open, now) {
                    shared.notice(level, text.into(), now);
                }
                let tells = shared.health().feed_confirms(now).is_some();
                if !tells && asked.is_none() && open {
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::rc::Rc;

    fn up() -> OrderNews {
        OrderNews::Link(BrokerLink { up: true, since: Timestamp::now(), detail: String::new(), refused: None })
    }

    #[tokio::test]
    async fn after_a_sleep_the_order_link_is_made_anew_and_the_engine_hears_that_it_was_down() {
        let (shared, (inputs, heard)) = (Shared::default(), Inputs::new());
        let links = Rc::new(RefCell::new(Vec::new()));
        let opened = Rc::clone(&links);
        let open = move || {
            let (sender, receiver) = mpsc::channel(4);
            opened.borrow_mut().push(sender);
            receiver
        };
        let (wake, resumes) = watch::channel(0);
        let link = |n: usize| links.borrow().get(n).cloned();
        let scenario = async {
            link(0).unwrap().send(up()).await.unwrap();
            wake.send_modify(|n| *n += 1);
            while link(1).is_none() {
                tokio::task::yield_now().await;
            }
            assert!(link(0).unwrap().is_closed(), "the old link is let go");
            assert_eq!(shared.health().orders.state, LinkState::Connecting);
            link(1).unwrap().send(up()).await.unwrap();
            // No more senders: the link's end.
            links.borrow_mut().clear();
        };
        let suspicion = Suspicion::default();
        let listeners = Listeners { shared: shared.clone(), inputs, resumes, suspicion };
        tokio::join!(follow_order_news(open, listeners), scenario);
        let told: Vec<bool> = heard
            .try_iter()
            .filter_map(|i| match i {
                Input::Event(Event::OrderLink { up }) => Some(up),
                _ => None,
            })
            .collect();
        assert_eq!(told, [true, false, true]);
        assert_eq!(shared.health().orders.state, LinkState::Up);
    }
}
