//! The broker's own safeguards, asked for from the cockpit and looked at past it.

use strikedeck::broker::Broker;
use strikedeck::engine::EngineConfig;
use strikedeck::engine::command::{Command, Reply};
use strikedeck::engine::state::Safeguard;
use strikedeck::exchange_server::Script;

use super::stage::Stage;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_exit_on_loss_is_set_at_the_broker_shown_and_taken_back() {
    let stage = Stage::open().await;
    let reply = stage.ask(Command::BrokerExit { on: true }).await;
    assert!(matches!(&reply, Reply::Done { .. }), "{reply:?}");
    stage.until("it is set", |v| matches!(v.safety.broker_exit, Safeguard::Set(_))).await;
    let exit = stage.auditor().pnl_exit().await.unwrap().expect("set at the broker");
    assert_eq!(exit.loss, EngineConfig::default().limits.max_daily_loss);
    assert!(exit.intraday && exit.delivery);
    assert!(stage.screen().contains("broker exits at"), "{}", stage.screen());

    stage.ask(Command::BrokerExit { on: false }).await;
    stage.until("it is taken back", |v| v.safety.broker_exit == Safeguard::NotSet).await;
    assert_eq!(stage.auditor().pnl_exit().await.unwrap(), None);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_the_settings_the_exit_is_set_from_the_start_and_the_kill_switch_once_flat() {
    let configured = Stage::set_up(Script::default(), |config| {
        config.engine.kill_switch.broker_exit = true;
        config.engine.kill_switch.broker_switch = true;
    });
    let stage = configured.await.unwrap();
    stage.ready().await;
    stage.until("the exit", |v| matches!(v.safety.broker_exit, Safeguard::Set(_))).await;
    assert!(stage.auditor().pnl_exit().await.unwrap().is_some_and(|exit| exit.kill_switch));

    let id = stage.execute_next().await;
    stage.outcome(id).await;
    stage.ask(Command::Flatten { include_foreign: false }).await;
    stage.until("the switch", |v| v.safety.broker_switch == Safeguard::Set(())).await;
    assert_eq!(stage.auditor().kill_switch_state().await, Ok(true));
    assert!(stage.standing().contains("kill switch is set"), "{}", stage.standing());

    stage.ask(Command::Arm { word: "ARM".into() }).await;
    stage.until("armed", |v| v.safety.halt.is_none()).await;
    assert_eq!(stage.auditor().kill_switch_state().await, Ok(false));
    stage.close().await;
}
