//! Instrument lists that are not what they should be.

use jiff::civil::date;
use strikedeck::domain::{InstrumentIndex, StrategyStatus};
use strikedeck::exchange_server::Script;
use strikedeck::exchange_server::faults::{Fault, FaultSpec};
use strikedeck::protocol::dhan::instruments::read_master;

use super::stage::Stage;
use super::switches::Wire;

#[tokio::test]
async fn columns_in_another_order_make_no_difference() {
    let wire = Wire::new().await;
    let plain = read_master(&wire.master().await.unwrap()).unwrap().instruments;
    wire.faults().set(FaultSpec::new(Fault::InstrumentsReordered));
    let reordered = read_master(&wire.master().await.unwrap()).unwrap().instruments;
    assert!(plain.len() > 5_000 && plain == reordered);
}

#[tokio::test]
async fn a_renamed_column_is_an_error_that_names_it_and_no_half_list() {
    let wire = Wire::new().await;
    let renamed = Fault::InstrumentsRenamed { column: "STRIKE_PRICE".into(), to: "STRIKE".into() };
    wire.faults().set(FaultSpec::new(renamed).times(1));
    let told = read_master(&wire.master().await.unwrap()).unwrap_err().to_string();
    assert!(told.contains("STRIKE_PRICE"), "{told}");
    read_master(&wire.master().await.unwrap()).unwrap();
}

#[tokio::test]
async fn a_list_of_last_week_offers_no_expired_contract_and_lacks_the_newest() {
    let wire = Wire::new().await;
    let index = |bytes: &[u8]| InstrumentIndex::new(read_master(bytes).unwrap().instruments);
    let today = index(&wire.master().await.unwrap());
    wire.faults().set(FaultSpec::new(Fault::InstrumentsStale { days: 7 }));
    let stale = index(&wire.master().await.unwrap());
    let (exchange, nifty) = (strikedeck::domain::Exchange::Nse, "NIFTY".parse().unwrap());
    let (now, then) = (today.option_expiries(exchange, nifty), stale.option_expiries(exchange, nifty));
    assert_eq!(then.first(), Some(&date(2026, 11, 16)), "it expired last Monday");
    assert!(now.last() > then.last(), "the last series was listed since");
    // What is still good is unchanged, number and all.
    let call = "NSE:NIFTY:2026-11-23:25950:CE".parse().unwrap();
    assert_eq!(today.by_contract(&call), stale.by_contract(&call));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_an_old_list_the_cockpit_starts_and_says_so() {
    let stage = Stage::with_fault(FaultSpec::new(Fault::InstrumentsStale { days: 7 })).await;
    let said = |text: &str| text.contains("The instrument list is of an earlier day") && text.contains("expired on");
    stage.until("a warning", |v| v.notices.iter().any(|n| said(&n.text))).await;
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_columns_in_another_order_the_cockpit_trades_as_ever() {
    let stage = Stage::with_fault(FaultSpec::new(Fault::InstrumentsReordered)).await;
    stage.until("strategies", |v| v.strategies.len() >= 5).await;
    let id = stage.execute_next().await;
    assert_eq!(stage.outcome(id).await, StrategyStatus::Executed, "{}", stage.told());
    stage.clean_up().await;
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_renamed_column_the_cockpit_does_not_start_and_names_it() {
    let renamed = Fault::InstrumentsRenamed { column: "STRIKE_PRICE".into(), to: "STRIKE".into() };
    let script = Script { faults: vec![FaultSpec::new(renamed)], ..Script::default() };
    let Err(refused) = Stage::of(script).await else { panic!("it started without strikes") };
    let told = format!("{refused:#}");
    assert!(told.contains("the instrument list") && told.contains("STRIKE_PRICE"), "{told}");
}
