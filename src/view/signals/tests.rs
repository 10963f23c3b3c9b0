//! What the trader reads of set-ups, signals and scalps.

use super::*;
use crate::domain::SetupMode;
use crate::engine::record::Record;
use crate::view::fixture::Desk;
use crate::view::fixture::scalps::setup;
use rust_decimal_macros::dec;

fn desk() -> Desk {
    let mut desk = Desk::new();
    desk.set_up(vec![setup("SCALP_ATM", SetupMode::Auto), setup("ASK", SetupMode::Confirm)]);
    desk.arm_setup("SCALP_ATM", true);
    desk
}

fn bought(desk: &mut Desk) -> StrategyId {
    let signal = desk.signal("SCALP_ATM", "NIFTY", Side::Buy, dec!(26000));
    let id = desk.scalp(signal, 26000, "CE", dec!(100));
    desk.fill_scalp(id, dec!(100));
    id
}

#[test]
fn a_scalp_shows_how_far_its_stop_its_target_and_its_end_are() {
    let mut desk = desk();
    let id = bought(&mut desk);
    desk.protect_scalp(id, dec!(85), dec!(130));
    desk.advance(60_000);
    desk.touch(26000, "CE", dec!(104), dec!(103.9), dec!(104.1));
    let view = desk.view();
    let scalp = view.signals.scalp(id).unwrap();
    assert_eq!((scalp.state, scalp.net, scalp.lots), (TradeState::SlPlaced, NetQuantity(65), 1));
    assert_eq!((scalp.to_stop(), scalp.to_target()), (Some(dec!(19)), Some(dec!(26))));
    assert_eq!((scalp.pnl, scalp.resting), (Some(Money(dec!(260))), Quantity(65)));
    assert_eq!(scalp.left_ms(), Some(29 * 60_000), "30 minutes at most, of which one is over");
    assert_eq!(view.signals.today.net, Some(Money(dec!(253.50))), "less the charges so far");
}

#[test]
fn without_a_price_the_days_result_is_unknown_and_says_so() {
    let mut desk = desk();
    bought(&mut desk);
    let today = &desk.view().signals.today;
    assert_eq!(today.net, None);
    assert!(today.full[0].contains("unknown"), "{:?}", today.full);
}

#[test]
fn a_scalp_that_is_over_has_its_prices_its_time_and_its_reason() {
    let mut desk = desk();
    let id = bought(&mut desk);
    desk.advance(45_000);
    desk.leave_scalp(id, dec!(85), "stop");
    let all = desk.view().signals;
    let closed = &all.closed[0];
    assert_eq!((closed.entry, closed.exit), (Some(Price(dec!(100))), Some(Price(dec!(85)))));
    assert_eq!((closed.held_ms, closed.reason.as_str()), (Some(45_000), "stop"));
    assert_eq!((closed.gross, closed.net()), (Money(dec!(-975)), Money(dec!(-987.40))));
    let today = &all.today;
    assert_eq!((today.trades, today.losses_in_a_row, today.cool_down_ms), (1, 1, Some(60_000)));
    assert_eq!((all.setups[0].trades, all.setups[0].net, all.setups[1].trades), (1, Money(dec!(-987.40)), 0));
}

#[test]
fn each_signal_says_what_became_of_it_the_newest_first() {
    let mut desk = desk();
    bought(&mut desk);
    let refused = desk.signal("SCALP_ATM", "NIFTY", Side::Sell, dec!(26000));
    desk.refuse_signal(refused, SignalRefusal::Open, "one trade of NIFTY at a time");
    let waits = desk.signal("SCALP_ATM", "BANKNIFTY", Side::Buy, dec!(58000));
    let asks = desk.signal("ASK", "NIFTY", Side::Buy, dec!(26000));
    desk.proposes(asks, 26000, dec!(100));
    desk.advance(5_000);
    let all = desk.view().signals;
    let told: Vec<(SignalId, &str)> = all.signals.iter().map(|s| (s.id, s.standing.word())).collect();
    let first = SignalId(1);
    assert_eq!(told, [(asks, "waits for you"), (waits, "waits"), (refused, "refused"), (first, "traded")]);
    let (row, asked) = all.asking().next().unwrap();
    assert_eq!((row.id, asked.left_ms, asked.quantity), (asks, 15_000, Some(Quantity(130))));
    assert_eq!(asked.risk(), Some(Money(dec!(1950))));
}

#[test]
fn a_set_up_says_why_it_enters_nothing_now() {
    let mut desk = desk();
    assert_eq!((desk.view().signals.setups[0].armed, desk.view().signals.setups[1].armed), (true, false));
    assert_eq!(desk.view().signals.setups[0].closed, None);
    desk.advance(6 * 3_600_000);
    assert!(desk.view().signals.setups[0].closed.as_ref().unwrap().contains("from 09:20 to 15:00"));
    desk.record(Record::Halted { reason: "kill switch".into() });
    assert_eq!(desk.view().signals.setups[0].closed.as_deref(), Some("halted: kill switch"));
}
