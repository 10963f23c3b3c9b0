//! Conditional triggers: what makes them fire, how often, and what is refused.

use crate::domain::{
    Against, Comparison, Condition, Frequency, Indicator, Operator, TimeFrame, TradingCalendar, Trigger, TriggerId,
    TriggerStatus,
};

use super::*;

fn still(seed: u64) -> ExchangeConfig {
    let behaviour = Behaviour { jumps: 0.0, pace: 0.0, passive_fill: 0.0, ..Behaviour::default() };
    ExchangeConfig { behaviour, ..config(seed) }
}

fn nifty() -> Contract {
    Contract::index(Place::Nse, Symbol::new("NIFTY").unwrap())
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
        contract: nifty(),
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

fn technical(indicator: Indicator, time_frame: TimeFrame, operator: Operator, with: Against) -> Trigger {
    let mut trigger = trigger(operator, "1");
    trigger.condition.comparison = Comparison::Technical { indicator, time_frame, with };
    trigger
}

/// Milliseconds of a minute.
const MINUTE: i64 = 60_000;

#[test]
fn an_indicator_is_looked_at_when_a_candle_has_closed() {
    let mut desk = Desk::with(still(7));
    // The five closes are all alike, until the price jumps by 500 in a minute.
    desk.wait(20 * MINUTE);
    let last = desk.exchange.quote(&nifty()).unwrap().last;
    let level = Against::Value(last.0 + rust_decimal::Decimal::from(150));
    let id = create(&mut desk, technical(Indicator::Sma5, TimeFrame::OneMinute, Operator::CrossingUp, level));
    desk.wait(30_000);
    let mut spec = small_listing(Symbol::new("NIFTY").unwrap(), date(2026, 11, 23));
    spec.spot = Price(last.0 + rust_decimal::Decimal::from(500));
    desk.exchange.relist(vec![spec]);
    desk.wait(29_000);
    assert_eq!(status(&desk, &id), TriggerStatus::Active, "the candle is not closed");
    desk.wait(2_000);
    assert_eq!(status(&desk, &id), TriggerStatus::Active, "a fifth of 500 is 100");
    desk.wait(MINUTE);
    assert_eq!((status(&desk, &id), net(&desk)), (TriggerStatus::Triggered, 65), "two fifths are 200");
}

#[test]
fn an_average_does_not_cross_where_it_already_is_but_a_level_holds_at_once() {
    let mut desk = Desk::with(still(8));
    let below = Against::Value(rust_decimal::Decimal::from(1_000));
    let crossing = technical(Indicator::Ema200, TimeFrame::FifteenMinutes, Operator::CrossingUp, below);
    let crossing = create(&mut desk, crossing);
    let level = technical(Indicator::Ema200, TimeFrame::FifteenMinutes, Operator::GreaterThan, below);
    let level = create(&mut desk, level);
    desk.wait(31 * MINUTE);
    assert_eq!((status(&desk, &crossing), status(&desk, &level)), (TriggerStatus::Active, TriggerStatus::Triggered));
}

#[test]
fn a_candles_close_and_another_indicator_are_things_to_compare_with() {
    let mut desk = Desk::with(still(9));
    desk.wait(30 * MINUTE);
    let with = [Against::Close, Against::Indicator(Indicator::Sma10)];
    let ids = with.map(|w| create(&mut desk, technical(Indicator::Sma5, TimeFrame::OneMinute, Operator::LessThan, w)));
    desk.wait(2 * MINUTE);
    assert!(ids.iter().all(|id| status(&desk, id) == TriggerStatus::Active), "nothing moves");
    desk.move_market("26500");
    desk.wait(MINUTE);
    assert_eq!(status(&desk, &ids[0]), TriggerStatus::Triggered, "the average lags behind the close");
    assert_eq!(status(&desk, &ids[1]), TriggerStatus::Active, "the shorter average lags less");
    let under = technical(Indicator::Sma5, TimeFrame::OneMinute, Operator::GreaterThan, with[1]);
    let under = create(&mut desk, under);
    desk.wait(1_000);
    assert_eq!(status(&desk, &under), TriggerStatus::Triggered);
}

#[test]
fn a_day_closes_when_the_next_one_begins() {
    let mut desk = Desk::with(still(10));
    let low = Against::Value(rust_decimal::Decimal::from(25_000));
    let id = create(&mut desk, technical(Indicator::Sma5, TimeFrame::Day, Operator::CrossingDown, low));
    desk.move_market("15000");
    desk.wait(3 * 60 * MINUTE);
    assert_eq!(status(&desk, &id), TriggerStatus::Active, "today is not over");
    desk.now = from_ist(date(2026, 11, 21).at(8, 29, 0, 0));
    desk.wait(0);
    assert_eq!(status(&desk, &id), TriggerStatus::Active);
    desk.wait(2 * MINUTE);
    assert_eq!(status(&desk, &id), TriggerStatus::Triggered);
}

#[test]
fn every_indicator_of_every_time_frame_can_be_computed() {
    let mut desk = Desk::new(11);
    desk.wait(MINUTE);
    for indicator in Indicator::ALL {
        for frame in TimeFrame::ALL {
            let never = Against::Value(rust_decimal::Decimal::from(-1_000_000));
            create(&mut desk, technical(*indicator, *frame, Operator::LessThan, never));
        }
    }
    desk.wait(16 * MINUTE);
    assert_eq!(net(&desk), 0);
}

#[test]
fn an_indicator_goes_on_after_a_restart_as_without_one() {
    let middle = Against::Value(rust_decimal::Decimal::from(50));
    let watch = |desk: &mut Desk| {
        let conditions =
            [(Indicator::Sma5, Against::Close), (Indicator::Stochastic, middle), (Indicator::Rsi14, middle)];
        conditions.map(|(indicator, with)| {
            let mut often = technical(indicator, TimeFrame::OneMinute, Operator::CrossingAnySide, with);
            often.condition.frequency = Frequency::Always;
            create(desk, often)
        })
    };
    let (mut straight, mut broken) = (Desk::new(12), Desk::new(12));
    let ids = watch(&mut straight);
    assert_eq!(watch(&mut broken), ids);
    for _ in 0..60 {
        straight.wait(MINUTE);
        broken.wait(MINUTE);
        broken.exchange = Exchange::restore(&broken.exchange.save(), ClockMode::AlwaysOpen).unwrap();
        assert_eq!(broken.exchange.triggers(ME), straight.exchange.triggers(ME));
    }
    assert!(straight.exchange.triggers(ME).iter().all(|t| t.triggered.is_some()));
}

#[test]
fn an_indicator_without_enough_candles_is_refused() {
    // A calendar that begins yesterday: there is nothing to draw earlier candles of.
    let hours = include_str!("../../../assets/market/sessions.yaml");
    let hours = hours.replace("2010-10-18", "2026-11-19").replace("2026-08-03", "2026-11-20");
    let holidays = "date,weekday,exchange,segment,kind,name,source,confidence\n";
    let calendar = TradingCalendar::from_text(holidays, &hours).unwrap();
    let config = ExchangeConfig { clock: ClockMode::Real(std::sync::Arc::new(calendar)), ..still(13) };
    let mut desk = Desk::with(config);
    let level = Against::Value(rust_decimal::Decimal::from(50));
    let daily = technical(Indicator::Rsi14, TimeFrame::Day, Operator::LessThan, level);
    let refused = desk.exchange.create_trigger(ME, daily, desk.now).unwrap_err().to_string();
    assert_eq!(refused, "RSI_14 cannot be computed: there are too few candles of DAY (1)");
}
