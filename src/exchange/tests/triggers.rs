//! Conditional triggers: what makes them fire, how often, and what is refused.

use crate::domain::{
    Against, Comparison, Condition, Frequency, Indicator, Operator, TimeFrame, Trigger, TriggerId, TriggerStatus,
};

use super::*;

fn still(seed: u64) -> ExchangeConfig {
    let behaviour = Behaviour { jumps: 0.0, pace: 0.0, passive_fill: 0.0, ..Behaviour::default() };
    ExchangeConfig { behaviour, ..config(seed) }
}

fn trigger(operator: Operator, value: &str) -> Trigger {
    let spec = OrderSpec {
        contract: future(),
        side: Side::Buy,
        quantity: Quantity(65),
        kind: OrderKind::Market,
        validity: Validity::Day,
        product: Product::Margin,
    };
    let condition = Condition {
        contract: Contract::index(Place::Nse, Symbol::new("NIFTY").unwrap()),
        comparison: Comparison::Price { value: price(value) },
        operator,
        expires: None,
        frequency: Frequency::Once,
        note: "a test".into(),
    };
    Trigger { condition, orders: vec![spec] }
}

fn create(desk: &mut Desk, trigger: Trigger) -> TriggerId {
    let made = desk.exchange.create_trigger(ME, trigger, desk.now).unwrap();
    assert_eq!(made.status, TriggerStatus::Active);
    made.id
}

fn status(desk: &Desk, id: &TriggerId) -> TriggerStatus {
    desk.exchange.trigger(ME, id).unwrap().status
}

fn net(desk: &Desk) -> i64 {
    desk.exchange.positions(ME).iter().map(|p| p.net.0).sum()
}

#[test]
fn a_crossing_fires_once_and_sends_its_orders() {
    let mut desk = Desk::with(still(1));
    let id = create(&mut desk, trigger(Operator::CrossingUp, "26000"));
    desk.wait(5_000);
    assert_eq!((status(&desk, &id), net(&desk)), (TriggerStatus::Active, 0));
    desk.move_market("26050");
    let fired = desk.exchange.trigger(ME, &id).unwrap();
    assert_eq!((fired.status, net(&desk)), (TriggerStatus::Triggered, 65));
    assert!(fired.triggered.is_some() && fired.last == price("26050"));
    desk.move_market("25900");
    desk.move_market("26050");
    assert_eq!(net(&desk), 65, "once");
}

#[test]
fn a_crossing_is_not_where_the_price_already_was() {
    let mut desk = Desk::with(still(2));
    let up = create(&mut desk, trigger(Operator::CrossingUp, "25900"));
    let level = create(&mut desk, trigger(Operator::GreaterThan, "25900"));
    desk.wait(2_000);
    assert_eq!(status(&desk, &up), TriggerStatus::Active);
    assert_eq!(status(&desk, &level), TriggerStatus::Triggered);
    desk.move_market("25850");
    desk.move_market("25950");
    assert_eq!(status(&desk, &up), TriggerStatus::Triggered);
}

#[test]
fn one_that_fires_always_waits_to_come_true_anew() {
    let mut desk = Desk::with(still(3));
    let mut again = trigger(Operator::GreaterThan, "26000");
    again.condition.frequency = Frequency::Always;
    let id = create(&mut desk, again);
    desk.move_market("26050");
    desk.move_market("26060");
    assert_eq!((status(&desk, &id), net(&desk)), (TriggerStatus::Active, 65), "it is still true, not true anew");
    desk.move_market("25950");
    desk.move_market("26050");
    assert_eq!(net(&desk), 130);
}

#[test]
fn it_is_modified_and_cancelled_until_it_has_fired() {
    let mut desk = Desk::with(still(4));
    let id = create(&mut desk, trigger(Operator::CrossingUp, "26000"));
    let higher = Trigger { orders: Vec::new(), ..trigger(Operator::CrossingUp, "26100") };
    let modified = desk.exchange.modify_trigger(ME, &id, higher, desk.now).unwrap();
    assert_eq!(modified.trigger.orders.len(), 1, "left out, the orders stay");
    desk.move_market("26050");
    assert_eq!(status(&desk, &id), TriggerStatus::Active);
    desk.exchange.cancel_trigger(ME, &id, desk.now).unwrap();
    desk.move_market("26200");
    assert_eq!((status(&desk, &id), net(&desk)), (TriggerStatus::Cancelled, 0));
    let again = desk.exchange.cancel_trigger(ME, &id, desk.now);
    assert_eq!(again.unwrap_err().to_string(), "Alert is already CANCELLED");
    assert_eq!(desk.exchange.cancel_trigger(ME, &TriggerId("1".into()), desk.now), Err(Refusal::UnknownOrder));
}

#[test]
fn what_cannot_be_watched_or_sent_is_refused_at_once() {
    let mut desk = Desk::with(still(5));
    let fine = || trigger(Operator::CrossingUp, "26000");
    let mut refused = |change: &dyn Fn(&mut Trigger)| {
        let mut wrong = fine();
        change(&mut wrong);
        desk.exchange.create_trigger(ME, wrong, desk.now).unwrap_err().to_string()
    };
    assert_eq!(refused(&|t| t.condition.contract = option(26_000, "CE")), "securityId is invalid");
    let rsi = Comparison::Technical {
        indicator: Indicator::Rsi14,
        time_frame: TimeFrame::Day,
        with: Against::Value("70".parse().unwrap()),
    };
    assert!(refused(&|t| t.condition.comparison = rsi).contains("PRICE_WITH_VALUE"));
    assert_eq!(refused(&|t| t.condition.expires = Some(date(2026, 11, 19))), "expDate is invalid");
    assert_eq!(refused(&|t| t.orders = vec![t.orders[0]; 16]), "orders must be 1 to 15");
    assert_eq!(refused(&|t| t.orders[0].quantity = Quantity(0)), "quantity is required");
    assert_eq!(refused(&|t| t.orders[0].contract = t.condition.contract), "securityId is invalid");
}

#[test]
fn it_expires_after_its_last_day() {
    let mut desk = Desk::with(still(6));
    let mut short = trigger(Operator::CrossingUp, "26000");
    short.condition.expires = Some(date(2026, 11, 21));
    let id = create(&mut desk, short);
    desk.now = from_ist(date(2026, 11, 21).at(9, 0, 0, 0));
    desk.wait(0);
    assert_eq!(status(&desk, &id), TriggerStatus::Active);
    desk.now = from_ist(date(2026, 11, 22).at(9, 0, 0, 0));
    desk.wait(0);
    assert_eq!(status(&desk, &id), TriggerStatus::Expired);
    desk.move_market("26050");
    assert_eq!(net(&desk), 0);
}
