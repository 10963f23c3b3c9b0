//! Faults of the sockets: order updates and prices.

use std::time::Duration;

use strikedeck::domain::{Price, StrategyStatus};
use strikedeck::exchange_server::faults::{Fault, FaultSpec};
use strikedeck::view::{LinkState, View};

use super::stage::Stage;

fn nifty(view: &View) -> Option<Price> {
    view.header.indices.iter().find(|i| i.symbol.as_str() == "NIFTY").map(|i| i.last)
}

/// Waits until a price has moved, so often.
async fn prices_move(stage: &Stage, times: usize) {
    for _ in 0..times {
        let now = nifty(&stage.view());
        stage.until("a price that moves", |v| nifty(v).is_some() && nifty(v) != now).await;
    }
}

/// An execution under a fault of the order socket is whole all the same: the book is read as well.
async fn whole_without_updates(fault: Fault) -> String {
    let stage = Stage::open().await;
    stage.set(FaultSpec::new(fault));
    let id = stage.execute_next().await;
    assert_eq!(stage.outcome(id).await, StrategyStatus::Executed, "{}", stage.told());
    let told = stage.told();
    stage.settle().await;
    stage.clean_up().await;
    stage.close().await;
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_order_updates_are_made_up_for_from_the_book() {
    whole_without_updates(Fault::UpdateLost).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doubled_order_updates_count_once() {
    whole_without_updates(Fault::UpdateDuplicated).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn order_updates_out_of_order_take_nothing_back() {
    whole_without_updates(Fault::UpdateReordered).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_order_link_is_shown_and_what_filled_meanwhile_is_recovered() {
    let stage = Stage::open().await;
    let closed = stage.set(FaultSpec::new(Fault::OrderSocketClosed));
    let view = stage.until("the order link down", |v| v.header.orders.state != LinkState::Up).await;
    assert!(super::stage::standing(&view).contains("fills are read by polling"), "{}", stage.standing());
    let id = stage.execute_next().await;
    assert_eq!(stage.outcome(id).await, StrategyStatus::Executed, "{}", stage.told());
    assert_ne!(stage.view().header.orders.state, LinkState::Up, "all of it happened without the link");
    assert!(stage.told().contains("Order updates are interrupted: the order book is polled instead."));
    stage.faults.clear(closed);
    stage.until("the order link up", |v| v.header.orders.state == LinkState::Up).await;
    stage.clean_up().await;
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_link_that_stands_and_says_nothing_at_all_is_taken_for_dead() {
    let stage = Stage::open().await;
    stage.set(FaultSpec::new(Fault::OrderSocketFrozen));
    stage.until("the order link down", |v| v.header.orders.state != LinkState::Up).await;
    let id = stage.execute_next().await;
    assert_eq!(stage.outcome(id).await, StrategyStatus::Executed, "{}", stage.told());
    stage.clean_up().await;
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_feed_is_silent_its_age_is_shown_and_prices_come_by_request() {
    let stage = Stage::open().await;
    prices_move(&stage, 2).await;
    let silent = stage.set(FaultSpec::new(Fault::FeedSilent));
    stage.until("a feed of some age", |v| v.header.feed.age_ms.is_some_and(|age| age > 3_500)).await;
    prices_move(&stage, 2).await;
    let view = stage.view();
    assert!(view.header.feed.age_ms.is_none_or(|age| age > 3_500), "not by the feed: {:?}", view.header.feed);
    let id = stage.execute_next().await;
    assert_eq!(stage.outcome(id).await, StrategyStatus::Executed, "{}", stage.told());
    stage.faults.clear(silent);
    stage.until("a feed that speaks", |v| v.header.feed.age_ms.is_some_and(|age| age < 1_000)).await;
    prices_move(&stage, 2).await;
    stage.clean_up().await;
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_feed_is_taken_for_dead_and_comes_back() {
    let stage = Stage::open().await;
    let frozen = stage.set(FaultSpec::new(Fault::FeedFrozen));
    stage.until("the feed down", |v| v.header.feed.state != LinkState::Up).await;
    assert!(stage.screen().contains("connecting"), "{}", stage.screen());
    stage.faults.clear(frozen);
    stage.until("the feed up", |v| v.header.feed.state == LinkState::Up).await;
    prices_move(&stage, 2).await;
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_feed_is_opened_again_and_everything_is_subscribed_again() {
    let stage = Stage::open().await;
    stage.set(FaultSpec::new(Fault::FeedClosed).lasting(Duration::from_millis(700)));
    stage.until("the feed down", |v| v.header.feed.state != LinkState::Up).await;
    stage.until("the feed up", |v| v.header.feed.state == LinkState::Up).await;
    prices_move(&stage, 3).await;
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_ended_with_a_reason_comes_back_after_its_penalty() {
    for code in [805, 807, 809] {
        let stage = Stage::open().await;
        stage.set(FaultSpec::new(Fault::FeedEnded { code }).times(1));
        stage.until("the feed down", |v| v.header.feed.state != LinkState::Up).await;
        stage.until("the feed up", |v| v.header.feed.state == LinkState::Up).await;
        prices_move(&stage, 2).await;
        stage.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_refused_as_one_connection_too_many_is_tried_again_later() {
    let stage = Stage::open().await;
    stage.set(FaultSpec::new(Fault::FeedRefused { status: 429 }).times(2));
    stage.set(FaultSpec::new(Fault::FeedClosed).times(1));
    stage.until("the feed down", |v| v.header.feed.state != LinkState::Up).await;
    stage.until("the feed up", |v| v.header.feed.state == LinkState::Up).await;
    assert!(stage.faults.list().is_empty(), "both refusals have happened");
    prices_move(&stage, 2).await;
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn packets_stacked_split_or_with_wrapped_quantities_are_read_without_a_break() {
    for fault in [Fault::FeedStacked, Fault::FeedSplit, Fault::LtqWrap] {
        let stage = Stage::open().await;
        stage.set(FaultSpec::new(fault.clone()));
        prices_move(&stage, 5).await;
        assert!(stage.faults.list()[0].happened > 0, "{fault:?}");
        assert_eq!(stage.view().header.feed.state, LinkState::Up);
        let id = stage.execute_next().await;
        assert_eq!(stage.outcome(id).await, StrategyStatus::Executed, "{}", stage.told());
        stage.clean_up().await;
        stage.close().await;
    }
}
