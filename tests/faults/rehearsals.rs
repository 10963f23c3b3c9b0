//! Rehearsals: the same faults from the paper cockpit.

use strikedeck::domain::{Drill, StrategyStatus};
use strikedeck::engine::command::{Command, Reply};
use strikedeck::view::LinkState;

use super::stage::Stage;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rehearsal_is_shown_happens_and_ends_by_itself() {
    let stage = Stage::open().await;
    let reply = stage.ask(Command::Rehearse { drill: Drill::FeedDown, seconds: 2 }).await;
    assert!(matches!(&reply, Reply::Done { message } if message.contains("price feed is closed")), "{reply:?}");
    stage.until("the feed down", |v| v.header.feed.state != LinkState::Up).await;
    let screen = stage.screen();
    assert!(screen.contains("REHEARSAL feed-down") && screen.contains(" PAPER "), "{screen}");
    assert!(stage.standing().contains("Rehearsal: the price feed is closed"), "{}", stage.standing());
    stage.until("its end", |v| v.header.rehearsals.is_empty()).await;
    assert!(!stage.screen().contains("REHEARSAL"));
    stage.until("the feed up", |v| v.header.feed.state == LinkState::Up).await;
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unanswered_order_can_be_practised_and_ended_early() {
    let stage = Stage::open().await;
    stage.ask(Command::Rehearse { drill: Drill::UnansweredOrder, seconds: 60 }).await;
    let id = stage.execute_next().await;
    assert_eq!(stage.outcome(id).await, StrategyStatus::Executed, "{}", stage.told());
    stage.ask(Command::Rehearse { drill: Drill::MixedUpdates, seconds: 60 }).await;
    stage.until("a rehearsal", |v| v.header.rehearsals.iter().any(|r| r.drill == Drill::MixedUpdates)).await;
    stage.ask(Command::EndRehearsals).await;
    stage.until("none", |v| v.header.rehearsals.is_empty()).await;
    assert!(stage.faults.list().is_empty());
    stage.clean_up().await;
    stage.close().await;
}
