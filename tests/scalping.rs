//! Scalps from the signal to the exit, on the built-in exchange and over its wire: three underlyings, both directions, and
//! every way in which one ends.

use rust_decimal::Decimal;
use rust_decimal_macros::dec;
use strikedeck::app::config::AppConfig;
use strikedeck::broker::Broker;
use strikedeck::domain::time::Timestamp;
use strikedeck::domain::{
    PositionSighting, Price, Product, ScalpSetup, SetupName, Side, Signal, SignalAnswer, SignalKey, SignalRefusal,
    Symbol,
};
use strikedeck::engine::command::{Command, Reply};
use strikedeck::exchange_server::Script;
use strikedeck::view::View;

use crate::faults::stage::Stage;

fn setup(name: &str, symbol: &str) -> ScalpSetup {
    ScalpSetup {
        name: SetupName::new(name).unwrap(),
        symbols: vec![Symbol::new(symbol).unwrap()],
        armed: true,
        signal_ttl_s: 60,
        entry_timeout_s: 30,
        stop_points: dec!(60),
        max_price_gap_pct: dec!(1000),
        target_points: None,
        max_holding_min: None,
        ..ScalpSetup::default()
    }
}

fn settings(config: &mut AppConfig) {
    let points = |points: Decimal| Some(points);
    let scalping = &mut config.engine.scalping;
    scalping.limits.max_daily_loss = "10000000".parse().unwrap();
    scalping.limits.max_consecutive_losses = 100;
    scalping.limits.cool_down_min = 0;
    scalping.limits.risk_per_trade_pct = dec!(1);
    scalping.setups = vec![
        ScalpSetup { stop_points: dec!(1), ..setup("STOP", "NIFTY") },
        ScalpSetup { target_points: points(dec!(1)), ..setup("TARGET", "BANKNIFTY") },
        ScalpSetup { max_holding_min: Some(dec!(0.03)), ..setup("TIME", "SENSEX") },
        setup("HOLD", "NIFTY"),
        setup("HOLD_BANK", "BANKNIFTY"),
        setup("HOLD_SENSEX", "SENSEX"),
    ];
}

async fn stage() -> Stage {
    let stage = Stage::set_up(Script::default(), settings).await.unwrap();
    stage.ready().await;
    stage
}

async fn signal(stage: &Stage, setup: &str, symbol: &str, side: Side) -> SignalAnswer {
    let at = Timestamp::now();
    let signal = Signal {
        setup: SetupName::new(setup).unwrap(),
        symbol: Symbol::new(symbol).unwrap(),
        side,
        timeframe: "1m".into(),
        price: Price(dec!(25000)),
        at,
        key: SignalKey(format!("{setup} {at}")),
        source: "test".into(),
    };
    match stage.ask(Command::Signal { signal: Box::new(signal) }).await {
        Reply::Signal { answer } => answer,
        other => panic!("{other:?}"),
    }
}

async fn accepted(stage: &Stage, setup: &str, symbol: &str, side: Side) {
    let answer = signal(stage, setup, symbol, side).await;
    assert!(matches!(answer, SignalAnswer::Accepted { .. }), "{answer:?}");
}

/// Until the cockpit has said so many times that a scalp of this set-up is over for this reason.
async fn over(stage: &Stage, setup: &str, reason: &str, times: usize) {
    let told = |text: &str| text.contains(setup) && text.contains(" is over (") && text.contains(reason);
    let over = |v: &View| v.notices.iter().filter(|n| told(&n.text)).count() >= times;
    stage.until(&format!("the end of {setup} by {reason}"), over).await;
}

async fn held(stage: &Stage, symbol: &str) -> PositionSighting {
    let open = |v: &View| {
        let mut rows =
            v.positions.groups.iter().flat_map(|g| &g.rows).filter(|r| r.contract.underlying.as_str() == symbol);
        rows.any(|r| !r.net.is_flat())
    };
    stage.until(&format!("a position of {symbol}"), open).await;
    let positions = stage.auditor().positions().await.unwrap();
    positions.into_iter().find(|p| p.contract.underlying.as_str() == symbol && !p.net.is_flat()).unwrap()
}

#[tokio::test]
async fn scalps_of_three_underlyings_end_by_stop_target_time_hand_and_flatten() {
    let stage = stage().await;
    for (round, side) in [(1, Side::Buy), (2, Side::Sell)] {
        accepted(&stage, "STOP", "NIFTY", side).await;
        accepted(&stage, "TARGET", "BANKNIFTY", side).await;
        accepted(&stage, "TIME", "SENSEX", side).await;
        over(&stage, "STOP", "stop", round).await;
        over(&stage, "TARGET", "target", round).await;
        over(&stage, "TIME", "held for", round).await;
    }
    stage.settle().await;

    for (setup, symbol, side) in
        [("HOLD", "NIFTY", Side::Buy), ("HOLD_BANK", "BANKNIFTY", Side::Sell), ("HOLD_SENSEX", "SENSEX", Side::Buy)]
    {
        accepted(&stage, setup, symbol, side).await;
        let position = held(&stage, symbol).await;
        assert_eq!(position.product, Product::Intraday);
        assert!(position.net.0 > 0, "options are bought, never sold: {position:?}");
        let again = signal(&stage, setup, symbol, side).await;
        assert!(matches!(again, SignalAnswer::Refused { why: SignalRefusal::Open, .. }), "{again:?}");
    }
    let nifty = held(&stage, "NIFTY").await;
    stage.ask(Command::ClosePosition { contract: nifty.contract, product: nifty.product }).await;
    over(&stage, "HOLD ", "closed by the trader", 1).await;

    stage.ask(Command::Flatten { include_foreign: false }).await;
    over(&stage, "HOLD_BANK", "", 1).await;
    over(&stage, "HOLD_SENSEX", "", 1).await;
    let refused = signal(&stage, "HOLD", "NIFTY", Side::Buy).await;
    assert!(matches!(refused, SignalAnswer::Refused { why: SignalRefusal::Closed, .. }), "{refused:?}");
    stage.clean_up().await;
    stage.close().await;
}
