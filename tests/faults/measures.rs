//! What the broker is asked before an execution.

use std::time::{Duration, Instant};

use strikedeck::broker::Broker;
use strikedeck::domain::{OrderKind, OrderSpec, Product, StrategyId, Validity};
use strikedeck::engine::Margin;
use strikedeck::engine::command::{Command, Preview, Reply};
use strikedeck::exchange_server::faults::{Endpoint, Fault, FaultSpec};

use super::stage::Stage;

async fn preview(stage: &Stage, id: StrategyId) -> Preview {
    match stage.ask(Command::Preview { ids: vec![id] }).await {
        Reply::Previews { mut previews } => previews.remove(0),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_card_has_the_brokers_margin_of_all_legs_and_an_estimate_where_it_does_not_answer() {
    let stage = Stage::open().await;
    let (told, silent) = (stage.mark_next().await, stage.mark_next().await);
    let card = preview(&stage, told).await;
    let order = |leg: &strikedeck::engine::PreviewLeg| {
        let kind = OrderKind::Limit { price: leg.quote.and_then(|q| q.touch(leg.side)).unwrap() };
        let (contract, side, quantity) = (leg.contract, leg.side, leg.quantity);
        OrderSpec { contract, side, quantity, kind, validity: Validity::Day, product: Product::Margin }
    };
    let orders: Vec<OrderSpec> = card.legs.iter().map(order).collect();
    let theirs = stage.auditor().margin(&orders).await.unwrap();
    let Margin::Broker(ours) = card.margin else { panic!("{card:?}") };
    // The market has moved a little between the two questions.
    assert!((ours - theirs).abs().0 * rust_decimal::Decimal::TEN <= theirs.0, "{ours} on the card, {theirs} asked now");

    stage.set(FaultSpec::new(Fault::TimeoutBefore).on(&[Endpoint::Margin]));
    let began = Instant::now();
    let card = preview(&stage, silent).await;
    assert!(matches!(card.margin, Margin::Estimate(_)), "{card:?}");
    assert!(began.elapsed() < Duration::from_secs(3), "it is not waited for for long: {:?}", began.elapsed());
    stage.clean_up().await;
    stage.close().await;
}
