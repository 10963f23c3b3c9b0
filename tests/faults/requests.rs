//! Faults around a request: of each, what becomes of an execution whose first order meets it, and what the trader reads.

use std::time::Duration;

use strikedeck::domain::{StrategyId, StrategyStatus};
use strikedeck::engine::command::Command;
use strikedeck::exchange_server::faults::{Category, Endpoint, Fault, FaultSpec};

use strikedeck::view::View;

use super::stage::{Stage, standing};

/// The next order that is placed meets it, once.
fn next_order(fault: Fault) -> FaultSpec {
    FaultSpec::new(fault).on(&[Endpoint::Place]).times(1)
}

fn refusal(done: bool) -> Fault {
    let (status, code, message) = (400, "DH-906".to_string(), "Insufficient Funds".to_string());
    Fault::WrongCode { status, code, message, done }
}

/// Everything of it filled, and no order more than its legs needed.
async fn is_whole(stage: &Stage, id: StrategyId) {
    assert_eq!(stage.outcome(id).await, StrategyStatus::Executed, "{}\n{}", stage.told(), stage.screen());
    stage.settle().await;
    let as_the_broker_says = |v: &View| {
        let group = v.positions.groups.iter().find(|g| g.strategy == id);
        group.is_some_and(|g| g.rows.iter().all(|r| r.broker == Some(r.net)))
    };
    let view = stage.until("its positions as the broker has them", as_the_broker_says).await;
    let group = view.positions.groups.iter().find(|g| g.strategy == id).unwrap();
    let legs = &view.strategy(id).unwrap().legs;
    assert_eq!(group.rows.iter().filter(|r| !r.net.is_flat()).count(), legs.len());
}

/// Executes under a fault, which must have happened, and ends flat.
async fn executed_under(spec: FaultSpec) -> (Stage, String) {
    let stage = Stage::open().await;
    stage.set(spec);
    let id = stage.execute_next().await;
    is_whole(&stage, id).await;
    let told = stage.told();
    stage.clean_up().await;
    (stage, told)
}

const LOOKED_UP: &str = "no answer to an order. It is being looked up, not sent again.";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn latency_is_waited_for() {
    let (stage, told) = executed_under(next_order(Fault::Latency { ms: 600 })).await;
    assert!(!told.contains(LOOKED_UP), "{told}");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_arrives_after_its_deadline_is_found_not_repeated() {
    let (stage, told) = executed_under(next_order(Fault::Latency { ms: 2_500 })).await;
    assert!(told.contains(LOOKED_UP), "{told}");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_requests_in_either_body_are_tried_again_as_another_order() {
    for plain_text in [false, true] {
        let (stage, told) = executed_under(next_order(Fault::TooManyRequests { plain_text })).await;
        assert!(!told.contains(LOOKED_UP), "it certainly was not taken: {told}");
        stage.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_error_leaves_an_order_unknown_until_the_books_prove_there_is_none() {
    let stage = Stage::open().await;
    stage.set(next_order(Fault::ServerError { status: 500, html: false, done: false }));
    let id = stage.execute_next().await;
    let view = stage.until("an order without an answer", |v| standing(v).contains("without an answer")).await;
    assert!(standing(&view).contains("looked up, never sent again"), "{}", standing(&view));
    is_whole(&stage, id).await;
    let told = stage.told();
    assert!(told.contains(LOOKED_UP) && told.contains("an unanswered order was not found at the broker"), "{told}");
    stage.clean_up().await;
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_the_load_balancer_after_acceptance_doubles_nothing() {
    for status in [500, 502, 503] {
        let (stage, told) = executed_under(next_order(Fault::ServerError { status, html: true, done: true })).await;
        assert!(!told.contains("was not found"), "{told}");
        stage.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_cut_before_acceptance_is_proved_to_have_placed_nothing() {
    let (stage, told) = executed_under(next_order(Fault::ConnectionReset { done: false })).await;
    assert!(told.contains("an unanswered order was not found at the broker"), "{told}");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_cut_after_acceptance_doubles_nothing() {
    let (stage, told) = executed_under(next_order(Fault::ConnectionReset { done: true })).await;
    assert!(!told.contains("was not found"), "{told}");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_swallowed_order_is_looked_for_and_only_then_another_is_sent() {
    let (stage, told) = executed_under(next_order(Fault::TimeoutBefore)).await;
    assert!(told.contains(LOOKED_UP) && told.contains("was not found at the broker"), "{told}");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unanswered_order_that_was_taken_is_found_even_without_order_updates() {
    let stage = Stage::open().await;
    stage.set(FaultSpec::new(Fault::UpdateLost));
    stage.set(next_order(Fault::TimeoutAfter));
    let id = stage.execute_next().await;
    is_whole(&stage, id).await;
    assert!(!stage.told().contains("was not found"), "{}", stage.told());
    stage.clean_up().await;
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_fails_the_strategy_in_the_brokers_words() {
    let stage = Stage::open().await;
    stage.set(next_order(refusal(false)));
    let id = stage.execute_next().await;
    assert_eq!(stage.outcome(id).await, StrategyStatus::Failed);
    assert!(stage.told().contains("order refused: Insufficient Funds (DH-906)"), "{}", stage.told());
    stage.settle().await;
    assert!(stage.view().positions.is_flat());
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_was_refused_and_exists_all_the_same_is_taken_over() {
    let stage = Stage::open().await;
    stage.set(next_order(refusal(true)));
    let id = stage.execute_next().await;
    stage.outcome(id).await;
    stage.settle().await;
    // Whatever was bought by an order that the broker denied is in the books as ours. Heard of before the refusal it counts,
    // heard of after it the strategy has failed and what was bought is exited.
    let view = stage.view();
    assert!(view.positions.foreign.is_empty(), "{}", stage.screen());
    match view.strategy(id).unwrap().status {
        StrategyStatus::Executed => is_whole(&stage, id).await,
        StrategyStatus::Failed => drop(stage.until("nothing held of it", |v| v.positions.is_flat()).await),
        other => panic!("{other:?}: {}", stage.told()),
    }
    stage.clean_up().await;
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_is_not_registered_halts_entries_and_says_so() {
    let stage = Stage::open().await;
    stage.set(FaultSpec::new(Fault::InvalidIp).times(1));
    let id = stage.execute_next().await;
    let view = stage.until("a halt", |v| v.safety.halt.is_some()).await;
    assert!(view.safety.halt.as_ref().unwrap().reason.contains("Invalid IP"), "{:?}", view.safety.halt);
    assert!(stage.screen().contains("HALTED") && stage.told().contains("The broker takes no orders"));
    stage.outcome(id).await;
    stage.clean_up().await;
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_token_halts_entries_is_said_and_exits_go_when_it_is_good_again() {
    let stage = Stage::open().await;
    let id = stage.execute_next().await;
    is_whole(&stage, id).await;
    stage.set(FaultSpec::new(Fault::TokenRevoked));
    stage.until("a halt", |v| v.safety.halt.is_some()).await;
    let said = |v: &View| v.notices.iter().any(|n| n.text.contains("does not take the access token"));
    stage.until("what to do about it", said).await;
    stage.ask(Command::Flatten { include_foreign: false }).await;
    stage.until("flattening", |v| v.safety.flatten.is_some()).await;
    assert!(!stage.view().positions.is_flat(), "nothing is closed without a token, and nothing pretends to be");
    stage.clean_up().await;
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_an_order_in_slices_of_which_one_is_refused_nothing_is_left_over() {
    let stage = Stage::open().await;
    let id = stage.mark_larger(40).await;
    // The second slice of the first leg.
    stage.set(next_order(refusal(false)).after(1));
    let reply = stage.ask(Command::Execute { ids: vec![id] }).await;
    assert!(!reply.is_refused(), "{reply:?}");
    assert_eq!(stage.outcome(id).await, StrategyStatus::Failed, "{}", stage.told());
    assert!(stage.told().contains("What has filled is being exited"), "{}", stage.told());
    stage.settle().await;
    stage.until("nothing held of it", |v| v.positions.is_flat()).await;
    assert!(!stage.book().await.is_empty());
    stage.clean_up().await;
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exits_go_while_every_read_fails() {
    let stage = Stage::open().await;
    let id = stage.execute_next().await;
    is_whole(&stage, id).await;
    let broken = FaultSpec::new(Fault::ServerError { status: 503, html: true, done: false });
    stage.set(broken.in_category(Category::OtherCalls));
    stage.until("that books cannot be read", |v| v.notices.iter().any(|n| n.text.contains("could not be read"))).await;
    stage.ask(Command::CloseStrategy { id }).await;
    // The order updates tell of the exits; the books, of nothing.
    stage
        .until("what was held is sold", |v| v.positions.groups.iter().all(|g| g.rows.iter().all(|r| r.net.is_flat())))
        .await;
    stage.clean_up().await;
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_fails_at_random_from_a_seed_ends_in_agreement() {
    let stage = Stage::open().await;
    let now_and_then = |fault| FaultSpec { chance: 0.15, ..FaultSpec::new(fault) };
    for fault in [
        Fault::TooManyRequests { plain_text: false },
        Fault::ServerError { status: 502, html: true, done: true },
        Fault::ConnectionReset { done: true },
        Fault::Latency { ms: 300 },
    ] {
        stage.set(now_and_then(fault));
    }
    for _ in 0..3 {
        let id = stage.execute_next().await;
        tokio::time::timeout(Duration::from_secs(40), stage.outcome(id)).await.expect("it does not hang");
    }
    stage.clean_up().await;
    stage.close().await;
}
