//! What the broker is asked before an execution, and how long the way out takes by the wall clock.

use std::time::{Duration, Instant};

use strikedeck::broker::Broker;
use strikedeck::domain::{
    AccountId, Contract, CorrelationId, Exchange, Intent, IntentId, OptionRight, OrderKind, OrderSpec, Price, Product,
    Quantity, Side, StrategyId, StrategyStatus, Symbol, Validity,
};
use strikedeck::engine::command::{Command, Preview, Reply};
use strikedeck::engine::{EngineConfig, Margin};
use strikedeck::exchange_server::Script;
use strikedeck::exchange_server::faults::{Endpoint, Fault, FaultSpec};
use strikedeck::gateway::GatewayPolicy;

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

/// Strategies with twenty legs in all.
async fn twenty_positions(stage: &Stage) {
    let view = stage.view();
    let mut rows: Vec<_> = view.strategies.iter().filter(|s| s.blocked().is_none() && s.legs.len() % 2 == 0).collect();
    rows.sort_by_key(|s| (std::cmp::Reverse(s.legs.len()), s.id));
    let mut legs = 0;
    let mut chosen = Vec::new();
    for row in rows {
        if legs + row.legs.len() <= 20 {
            legs += row.legs.len();
            chosen.push(row.id);
        }
    }
    assert_eq!(legs, 20);
    stage.ask(Command::Mark { ids: chosen.clone(), priority: None, notes: None }).await;
    stage.ask(Command::Execute { ids: chosen.clone() }).await;
    for id in chosen {
        assert_eq!(stage.outcome(id).await, StrategyStatus::Executed, "{}", stage.told());
    }
}

/// Ten orders of somebody else's that rest far from the market.
async fn ten_working_orders(stage: &Stage) {
    let nifty = Symbol::new("NIFTY").unwrap();
    let expiry = stage.auditor().expiries(Contract::index(Exchange::Nse, nifty)).await.unwrap()[0];
    let chain = stage.auditor().option_chain(Contract::index(Exchange::Nse, nifty), expiry).await.unwrap();
    let strike = Price((chain.spot.0 / rust_decimal::Decimal::from(50)).round() * rust_decimal::Decimal::from(50));
    let contract = Contract::option(Exchange::Nse, nifty, expiry, strike, OptionRight::Call);
    for n in 1..=10 {
        let kind = OrderKind::Limit { price: Price(rust_decimal::Decimal::ONE) };
        let (side, quantity, validity, product) = (Side::Buy, Quantity(65), Validity::Day, Product::Intraday);
        let spec = OrderSpec { contract, side, quantity, kind, validity, product };
        let correlation = CorrelationId::new("APP", n).unwrap();
        let expires = strikedeck::domain::time::Timestamp::MAX;
        let intent = Intent { id: IntentId(n), account: AccountId(1), correlation, spec, expires };
        stage.auditor().place(&intent).await.unwrap();
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
}

/// The same as in virtual time, but with sockets, a disk and other programs on the machine: a figure, not a promise.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement: cargo test --test strikedeck by_the_wall_clock -- --ignored --nocapture"]
async fn flattening_twenty_positions_with_ten_working_orders_by_the_wall_clock() {
    let as_shipped = |config: &mut strikedeck::app::config::AppConfig| {
        config.tuning.gateway = GatewayPolicy::default();
        config.engine.polls = EngineConfig::default().polls;
        config.engine.limits.max_loss_per_trade_pct = rust_decimal::Decimal::ONE_HUNDRED;
        config.engine.limits.max_trades_per_day = 50;
        config.engine.limits.max_open_strategies = 50;
    };
    let stage = Stage::set_up(Script::default(), as_shipped).await.unwrap();
    stage.ready().await;
    twenty_positions(&stage).await;
    ten_working_orders(&stage).await;
    stage.until("ten orders from elsewhere", |v| v.safety.close.foreign_orders == 10).await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let before = stage.book().await.len();
    let began = Instant::now();
    stage.ask(Command::Flatten { include_foreign: true }).await;
    stage.until("flat", |v| v.safety.flatten.is_none() && v.positions.is_flat()).await;
    let elapsed = began.elapsed().as_millis();
    let calls = stage.book().await.len() - before + 10;
    println!(
        "{calls} orders and cancellations, {elapsed} ms; at eight in any second they take {} ms",
        (calls - 1) / 8 * 1_000
    );
    assert!(stage.auditor().positions().await.unwrap().iter().all(|p| p.net.is_flat()));
    stage.close().await;
}
