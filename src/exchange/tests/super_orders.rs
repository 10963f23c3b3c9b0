//! Super orders: what is held for what has filled, what fires, what trails, and what ends with it.

use crate::domain::BracketLeg::{Entry, StopLoss, Target};

use super::*;

/// A market that stands still until it is moved.
fn still(seed: u64) -> ExchangeConfig {
    let behaviour = Behaviour { jumps: 0.0, pace: 0.0, passive_fill: 0.0, ..Behaviour::default() };
    ExchangeConfig { behaviour, ..config(seed) }
}

fn wish(contract: Contract, side: Side, quantity: u32, kind: OrderKind, target: Price, stop: Price) -> NewSuperOrder {
    let (validity, product) = (Validity::Day, Product::Margin);
    NewSuperOrder {
        entry: OrderSpec { contract, side, quantity: Quantity(quantity), kind, validity, product },
        target: Some(target),
        stop: Some(stop),
        trail: None,
        correlation: "SUPER".into(),
    }
}

fn points(at: Price, by: &str) -> Price {
    Price(at.0 + price(by).0)
}

/// One lot of the future, at the market, with exits this far away.
fn bought(desk: &mut Desk, by: &str, trail: Option<&str>) -> (BrokerOrderId, Price) {
    let last = desk.exchange.quote(&future()).unwrap().last;
    let (up, down) = (points(last, by), Price(last.0 - price(by).0));
    let order = NewSuperOrder { trail: trail.map(price), ..wish(future(), Side::Buy, 65, OrderKind::Market, up, down) };
    let id = desk.exchange.place_super_order(ME, &order, desk.now).unwrap().order_id;
    desk.wait(5_000);
    assert_eq!(desk.status(&id), OrderStatus::Traded);
    (id, last)
}

fn seen(desk: &Desk, id: &BrokerOrderId) -> SuperOrderView {
    desk.exchange.super_order(ME, id).unwrap()
}

fn leg(desk: &Desk, id: &BrokerOrderId, leg: crate::domain::BracketLeg) -> SuperLegView {
    seen(desk, id).legs.into_iter().find(|l| l.leg == leg).unwrap()
}

fn net(desk: &Desk) -> i64 {
    desk.exchange.positions(ME).iter().map(|p| p.net.0).sum()
}

#[test]
fn exits_rest_for_what_of_the_entry_has_filled_and_grow_with_it() {
    let thin = Behaviour { depth: 0.05, jumps: 0.0, pace: 0.0, passive_fill: 0.0, ..Behaviour::default() };
    let mut desk = Desk::with(ExchangeConfig { behaviour: thin, ..config(7) });
    let call = option(25_950, "CE");
    let at = desk.ask(call).ticks(40, price("0.05"));
    let order = wish(call, Side::Buy, 1755, limit(at), points(at, "30"), points(at, "-30"));
    let id = desk.exchange.place_super_order(ME, &order, desk.now).unwrap().order_id;
    let before = leg(&desk, &id, StopLoss);
    assert_eq!((before.status, before.remaining, &before.order_id), (LegStatus::Pending, Quantity(0), &id));
    desk.wait(100);
    let first = desk.order(&id);
    assert_eq!(first.status, OrderStatus::PartTraded);
    for name in [StopLoss, Target] {
        let exit = leg(&desk, &id, name);
        assert_eq!((exit.remaining, exit.status), (first.filled, LegStatus::Pending));
        let own = desk.order(&exit.order_id);
        assert_eq!((own.spec.side, own.status), (Side::Sell, OrderStatus::Pending));
    }
    desk.wait(120_000);
    assert_eq!(desk.status(&id), OrderStatus::Traded);
    assert_eq!(leg(&desk, &id, StopLoss).remaining, Quantity(1755));
    assert_eq!(seen(&desk, &id).status, SuperStatus::Entry(OrderStatus::Traded));
    assert_eq!(desk.exchange.by_correlation(ME, "SUPER").unwrap().order_id, id, "the exits do not carry its mark");
}

#[test]
fn the_exit_that_is_reached_ends_the_other() {
    for (to, fired, other) in [("26060", Target, StopLoss), ("25830", StopLoss, Target)] {
        let mut desk = Desk::with(still(2));
        let (id, _) = bought(&mut desk, "60", None);
        desk.move_market(to);
        let order = seen(&desk, &id);
        assert_eq!((order.status, net(&desk)), (SuperStatus::Closed, 0), "{to}");
        let (hit, ended) = (leg(&desk, &id, fired), leg(&desk, &id, other));
        assert_eq!((hit.status, hit.triggered, hit.remaining), (LegStatus::Triggered, Quantity(65), Quantity(0)));
        assert_eq!((ended.status, desk.order(&ended.order_id).filled), (LegStatus::Cancelled, Quantity(0)));
        // Back and beyond: what is over stays over.
        desk.move_market("25944");
        desk.move_market(if fired == Target { "25700" } else { "26200" });
        assert_eq!(net(&desk), 0);
    }
}

#[test]
fn a_sale_has_its_target_below_and_its_stop_above() {
    let mut desk = Desk::with(still(3));
    let last = desk.exchange.quote(&future()).unwrap().last;
    let order = wish(future(), Side::Sell, 65, OrderKind::Market, points(last, "-60"), points(last, "60"));
    let id = desk.exchange.place_super_order(ME, &order, desk.now).unwrap().order_id;
    desk.wait(5_000);
    assert_eq!(net(&desk), -65);
    desk.move_market("26060");
    assert_eq!((net(&desk), leg(&desk, &id, StopLoss).status), (0, LegStatus::Triggered));
}

#[test]
fn the_stop_trails_by_whole_jumps_and_never_back() {
    let mut desk = Desk::with(still(4));
    let (id, last) = bought(&mut desk, "60", Some("10"));
    let first = leg(&desk, &id, StopLoss).price;
    assert_eq!(first, points(last, "-60"));
    desk.move_market("25980");
    let raised = leg(&desk, &id, StopLoss).price;
    let moved = raised.0 - first.0;
    assert!(moved >= price("20").0 && moved <= price("40").0, "{moved} after 36 points");
    assert!((moved % price("10").0).is_zero(), "{moved} is not whole jumps");
    assert_eq!(desk.order(&leg(&desk, &id, StopLoss).order_id).spec.kind.trigger(), Some(raised));
    desk.move_market("25950");
    assert_eq!(leg(&desk, &id, StopLoss).price, raised, "it does not go back");
    desk.move_market("25880");
    assert_eq!(
        (net(&desk), leg(&desk, &id, StopLoss).status),
        (0, LegStatus::Triggered),
        "where it would not have been"
    );
}

#[test]
fn what_is_left_of_the_entry_is_cancelled_when_an_exit_fires() {
    let thin = Behaviour { depth: 0.01, replenish_steps: 100_000, pace: 0.0, jumps: 0.0, ..Behaviour::default() };
    let mut desk = Desk::with(ExchangeConfig { behaviour: Behaviour { passive_fill: 0.0, ..thin }, ..config(5) });
    let at = desk.ask(future());
    let order = wish(future(), Side::Buy, 260, limit(at), points(at, "60"), points(at, "-60"));
    let id = desk.exchange.place_super_order(ME, &order, desk.now).unwrap().order_id;
    desk.wait(200);
    let filled = desk.order(&id).filled;
    assert!(filled.0 > 0 && filled.0 < 260, "{filled}");
    desk.move_market("26100");
    desk.wait(60_000);
    let entry = desk.order(&id);
    assert_eq!((entry.status, entry.filled), (OrderStatus::Cancelled, filled));
    assert!(leg(&desk, &id, Target).triggered <= filled);
    assert!(net(&desk) >= 0);
}

#[test]
fn legs_are_modified_as_documented() {
    let mut desk = Desk::with(still(6));
    let last = desk.exchange.quote(&future()).unwrap().last;
    let low = points(last, "-40");
    let order = wish(future(), Side::Buy, 65, limit(low), points(low, "60"), points(low, "-60"));
    let id = desk.exchange.place_super_order(ME, &order, desk.now).unwrap().order_id;
    desk.wait(200);
    let higher = points(low, "5");
    let all = SuperChange::Entry {
        kind: limit(higher),
        quantity: Quantity(130),
        target: Some(points(higher, "70")),
        stop: Some(points(higher, "-70")),
        trail: Some(price("5")),
    };
    desk.exchange.modify_super_order(ME, &id, &all, desk.now).unwrap();
    desk.wait(200);
    let entry = desk.order(&id);
    assert_eq!((entry.limit, entry.spec.quantity), (Some(higher), Quantity(130)));
    assert_eq!(leg(&desk, &id, Target).price, points(higher, "70"));
    let stop = leg(&desk, &id, StopLoss);
    assert_eq!((stop.price, stop.trail), (points(higher, "-70"), price("5")));
    let inside = SuperChange::StopLoss { price: points(higher, "1"), trail: None };
    desk.exchange.modify_super_order(ME, &id, &inside, desk.now).unwrap();
    desk.wait(200);
    assert_eq!(leg(&desk, &id, StopLoss).price, points(higher, "-70"), "not above an entry that waits");
    assert!(desk.order(&id).reason.contains("Stop Loss Price should be less than Price"));

    desk.move_market("25890");
    assert_eq!(desk.status(&id), OrderStatus::Traded);
    let late = desk.exchange.modify_super_order(ME, &id, &all, desk.now);
    assert_eq!(late, Err(Refusal::Order("Order is already TRADED".into())));
    let up = points(higher, "90");
    desk.exchange.modify_super_order(ME, &id, &SuperChange::Target { price: up }, desk.now).unwrap();
    let stop = points(higher, "-30");
    let change = SuperChange::StopLoss { price: points(higher, "-90"), trail: None };
    desk.exchange.modify_super_order(ME, &id, &change, desk.now).unwrap();
    desk.wait(200);
    assert_eq!(desk.order(&leg(&desk, &id, Target).order_id).limit, Some(up));
    let held = leg(&desk, &id, StopLoss);
    assert_eq!((held.price, held.trail), (points(higher, "-90"), Price::ZERO), "left out, the trail ends");
    // A target below the stop changes nothing, and the book says why.
    let wrong = SuperChange::Target { price: points(stop, "-200") };
    desk.exchange.modify_super_order(ME, &id, &wrong, desk.now).unwrap();
    desk.wait(200);
    let target = leg(&desk, &id, Target);
    assert_eq!(target.price, up);
    assert!(desk.order(&target.order_id).reason.contains("Modification rejected"));
}

#[test]
fn cancelling_the_entry_cancels_everything_and_a_cancelled_exit_is_gone_for_good() {
    let mut desk = Desk::with(still(8));
    let (id, last) = bought(&mut desk, "60", None);
    desk.exchange.cancel_super_order(ME, &id, Target, desk.now).unwrap();
    desk.wait(200);
    assert_eq!(leg(&desk, &id, Target).status, LegStatus::Cancelled);
    assert_eq!(leg(&desk, &id, StopLoss).status, LegStatus::Pending, "the stop stays");
    let again = SuperChange::Target { price: points(last, "90") };
    assert!(desk.exchange.modify_super_order(ME, &id, &again, desk.now).is_err());
    assert!(desk.exchange.cancel_super_order(ME, &id, Target, desk.now).is_err());
    desk.exchange.cancel_super_order(ME, &id, Entry, desk.now).unwrap();
    desk.wait(200);
    assert_eq!(leg(&desk, &id, StopLoss).status, LegStatus::Cancelled);
    assert_eq!(net(&desk), 65, "the position is the trader's");
    assert!(desk.exchange.cancel_super_order(ME, &id, Entry, desk.now).is_err(), "nothing is left");

    let low = points(last, "-40");
    let order = wish(future(), Side::Buy, 65, limit(low), points(low, "60"), points(low, "-60"));
    let id = desk.exchange.place_super_order(ME, &order, desk.now).unwrap().order_id;
    let soon = desk.exchange.cancel_super_order(ME, &id, Entry, desk.now);
    assert_eq!(soon, Err(Refusal::Order("Order is in Transit state".into())));
    desk.wait(200);
    desk.exchange.cancel_super_order(ME, &id, Entry, desk.now).unwrap();
    desk.wait(200);
    let order = seen(&desk, &id);
    assert_eq!(order.status, SuperStatus::Entry(OrderStatus::Cancelled));
    assert!(order.legs.iter().all(|l| l.status == LegStatus::Cancelled));
}

#[test]
fn a_leg_is_no_order_of_its_own_to_modify_but_can_be_cancelled_as_one() {
    let mut desk = Desk::with(still(9));
    let (id, last) = bought(&mut desk, "60", None);
    let stop = leg(&desk, &id, StopLoss).order_id;
    let to = Modification { kind: limit(last), quantity: Quantity(130), validity: Validity::Day };
    assert!(matches!(desk.exchange.modify(ME, &stop, &to, desk.now), Err(Refusal::Order(_))));
    desk.exchange.cancel(ME, &stop, desk.now).unwrap();
    desk.wait(200);
    assert_eq!(leg(&desk, &id, StopLoss).status, LegStatus::Cancelled);
    assert_eq!(leg(&desk, &id, Target).remaining, Quantity(65));
}

#[test]
fn exits_on_the_wrong_side_are_rejected_a_little_later_and_incomplete_requests_at_once() {
    let mut desk = Desk::with(still(10));
    let last = desk.exchange.quote(&future()).unwrap().last;
    let low = points(last, "-40");
    for (target, stop, says) in [
        (points(low, "-1"), points(low, "-60"), "Target Price should be greater than Price"),
        (points(low, "60"), points(low, "1"), "Stop Loss Price should be less than Price"),
        (points(low, "60.02"), points(low, "-60"), "tick size"),
    ] {
        let order = wish(future(), Side::Buy, 65, limit(low), target, stop);
        let id = desk.exchange.place_super_order(ME, &order, desk.now).unwrap().order_id;
        desk.wait(200);
        assert!(desk.order(&id).reason.contains(says), "{says}: {}", desk.order(&id).reason);
        assert_eq!(seen(&desk, &id).status, SuperStatus::Entry(OrderStatus::Rejected));
        assert!(seen(&desk, &id).legs.iter().all(|l| l.status == LegStatus::Cancelled));
    }
    let fine = wish(future(), Side::Buy, 65, limit(low), points(low, "60"), points(low, "-60"));
    let mut refused = |order: NewSuperOrder| desk.exchange.place_super_order(ME, &order, desk.now).unwrap_err();
    let naked = NewSuperOrder { target: None, stop: None, ..fine.clone() };
    assert_eq!(refused(naked).to_string(), "targetPrice is required");
    let negative = NewSuperOrder { stop: Some(price("-1")), ..fine.clone() };
    assert_eq!(refused(negative).to_string(), "stopLossPrice is invalid");
    let kind = OrderKind::StopLimit { trigger: low, price: low };
    let stop_entry = NewSuperOrder { entry: OrderSpec { kind, ..fine.entry }, ..fine };
    assert_eq!(refused(stop_entry).to_string(), "orderType is invalid");
}

#[test]
fn the_two_exits_hold_no_money() {
    let cash = Money("60000".parse().unwrap());
    let mut desk = Desk::with(ExchangeConfig { start_cash: cash, ..still(11) });
    let call = option(26_000, "CE");
    let at = desk.ask(call).ticks(20, price("0.05"));
    let order = wish(call, Side::Buy, 65, limit(at), points(at, "30"), points(at, "-30"));
    let id = desk.exchange.place_super_order(ME, &order, desk.now).unwrap().order_id;
    desk.wait(2_000);
    assert_eq!(desk.status(&id), OrderStatus::Traded);
    assert!(seen(&desk, &id).legs.iter().all(|l| l.status == LegStatus::Pending), "{:?}", seen(&desk, &id));
    let paid = desk.order(&id).average.unwrap().times(Quantity(65));
    assert_eq!(desk.exchange.funds(ME).available, cash - paid);
    // Only one of them can be executed: a second lot can be sold without being a naked short.
    desk.trade(call, Side::Buy, 65);
    let high = desk.ask(call).ticks(200, price("0.05"));
    let own = desk.send(call, Side::Sell, 65, limit(high));
    desk.wait(200);
    assert_eq!(desk.status(&own), OrderStatus::Pending, "{}", desk.order(&own).reason);
    let naked = desk.send(call, Side::Sell, 65, limit(high));
    desk.wait(200);
    assert!(desk.order(&naked).reason.contains("Insufficient Funds"));
}

#[test]
fn the_kill_switch_and_the_closed_market_stop_super_orders_too() {
    let mut desk = Desk::with(ExchangeConfig { clock: ClockMode::real(), ..still(12) });
    let last = desk.exchange.quote(&future()).unwrap().last;
    let order = wish(future(), Side::Buy, 65, OrderKind::Market, points(last, "60"), points(last, "-60"));
    desk.exchange.set_kill_switch(ME, true, desk.now).unwrap();
    let id = desk.exchange.place_super_order(ME, &order, desk.now).unwrap().order_id;
    desk.wait(200);
    assert!(desk.order(&id).reason.contains("Kill Switch"));
    desk.exchange.set_kill_switch(ME, false, desk.now).unwrap();
    desk.now = from_ist(date(2026, 11, 20).at(16, 0, 0, 0));
    let refused = desk.exchange.place_super_order(ME, &order, desk.now).unwrap_err();
    assert!(refused.to_string().starts_with("Market is Closed"));
}

#[test]
fn all_of_it_expires_at_the_close_and_intraday_is_squared_off_before() {
    let mut desk = Desk::with(ExchangeConfig { clock: ClockMode::real(), ..still(13) });
    let (carried, last) = bought(&mut desk, "60", None);
    let mut order = wish(future(), Side::Buy, 65, OrderKind::Market, points(last, "60"), points(last, "-60"));
    order.entry.product = Product::Intraday;
    let squared = desk.exchange.place_super_order(ME, &order, desk.now).unwrap().order_id;
    desk.wait(5_000);
    desk.now = from_ist(date(2026, 11, 20).at(15, 25, 0, 0));
    desk.wait(0);
    assert!(seen(&desk, &squared).legs.iter().all(|l| l.status == LegStatus::Cancelled));
    assert_eq!(net(&desk), 65, "only the one that is carried");
    assert_eq!(leg(&desk, &carried, StopLoss).status, LegStatus::Pending);
    desk.now = from_ist(date(2026, 11, 20).at(15, 41, 0, 0));
    desk.wait(0);
    assert!(seen(&desk, &carried).legs.iter().all(|l| l.status == LegStatus::Expired));
    desk.now = from_ist(date(2026, 11, 23).at(9, 0, 0, 0));
    desk.wait(0);
    assert!(desk.exchange.super_orders(ME).is_empty(), "the list is of the day");
}
