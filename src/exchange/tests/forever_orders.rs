//! Forever orders: armed over days, fired once, and of a pair only one.

use crate::domain::{ForeverLeg, ForeverLegName, ForeverLegs, ForeverOrder, Pricing};

use super::*;

fn still(seed: u64) -> ExchangeConfig {
    let behaviour = Behaviour { jumps: 0.0, pace: 0.0, passive_fill: 0.0, ..Behaviour::default() };
    ExchangeConfig { behaviour, ..config(seed) }
}

fn at_market(trigger: &str) -> ForeverLeg {
    ForeverLeg { quantity: Quantity(65), trigger: price(trigger), pricing: Pricing::Market }
}

fn order(side: Side, legs: ForeverLegs) -> NewForeverOrder {
    let order = ForeverOrder { contract: future(), side, product: Product::Margin, validity: Validity::Day, legs };
    NewForeverOrder { order, correlation: "FOREVER".into() }
}

fn place(desk: &mut Desk, side: Side, legs: ForeverLegs) -> BrokerOrderId {
    let accepted = desk.exchange.place_forever_order(ME, &order(side, legs), desk.now).unwrap();
    assert_eq!(accepted.status, OrderStatus::Pending);
    desk.wait(200);
    accepted.order_id
}

fn legs(desk: &Desk, id: &BrokerOrderId) -> Vec<(ForeverLegName, ForeverStatus)> {
    let all = desk.exchange.forever_orders(ME);
    all.into_iter().filter(|f| f.order_id == *id).map(|f| (f.leg, f.status)).collect()
}

fn net(desk: &Desk) -> i64 {
    desk.exchange.positions(ME).iter().map(|p| p.net.0).sum()
}

#[test]
fn it_waits_over_the_night_without_money_and_fires_when_the_price_is_reached() {
    let mut desk = Desk::with(still(1));
    let id = place(&mut desk, Side::Buy, ForeverLegs::Single(at_market("26050")));
    assert_eq!(legs(&desk, &id), [(ForeverLegName::Entry, ForeverStatus::Confirm)]);
    assert_eq!(desk.exchange.funds(ME).utilised, Money::ZERO);
    assert!(desk.exchange.orders(ME).is_empty(), "it is no order yet");
    desk.now = from_ist(date(2026, 11, 21).at(9, 0, 0, 0));
    desk.wait(0);
    assert_eq!(legs(&desk, &id), [(ForeverLegName::Entry, ForeverStatus::Confirm)], "the next day");
    desk.move_market("26000");
    assert_eq!(net(&desk), 0, "not there yet");
    desk.move_market("26080");
    assert_eq!((legs(&desk, &id)[0].1, net(&desk)), (ForeverStatus::Traded, 65));
    let sent = desk.exchange.forever_orders(ME).remove(0).sent_as.unwrap();
    let order = desk.order(&sent);
    assert_eq!((order.status, order.correlation.as_str()), (OrderStatus::Traded, "FOREVER"));
    desk.move_market("25900");
    desk.move_market("26080");
    assert_eq!(net(&desk), 65, "once");
    desk.now = from_ist(date(2026, 11, 22).at(9, 0, 0, 0));
    desk.wait(0);
    assert!(legs(&desk, &id).is_empty(), "what is over goes with the day");
}

#[test]
fn of_a_pair_the_first_cancels_the_other() {
    for (to, fired) in [("26080", 1), ("25800", 0)] {
        let mut desk = Desk::with(still(2));
        desk.trade(future(), Side::Buy, 65);
        let pair = ForeverLegs::OneCancelsOther { stop: at_market("25850"), target: at_market("26050") };
        let id = place(&mut desk, Side::Sell, pair);
        let names = [ForeverLegName::StopLoss, ForeverLegName::Target];
        assert_eq!(legs(&desk, &id), names.map(|n| (n, ForeverStatus::Confirm)));
        desk.move_market(to);
        let now = legs(&desk, &id);
        assert_eq!((now[fired].1, now[1 - fired].1), (ForeverStatus::Traded, ForeverStatus::Cancelled), "{to}");
        desk.move_market("25944");
        desk.move_market(if fired == 1 { "25700" } else { "26200" });
        assert_eq!(net(&desk), 0, "never both");
    }
}

#[test]
fn a_leg_is_modified_and_the_order_cancelled() {
    let mut desk = Desk::with(still(3));
    desk.trade(future(), Side::Buy, 65);
    let pair = ForeverLegs::OneCancelsOther { stop: at_market("25850"), target: at_market("26050") };
    let id = place(&mut desk, Side::Sell, pair);
    let to = (ForeverLegName::Target, &at_market("26150"), Validity::Day);
    desk.exchange.modify_forever_order(ME, &id, to, desk.now).unwrap();
    let entry = (ForeverLegName::Entry, &at_market("26150"), Validity::Day);
    assert!(desk.exchange.modify_forever_order(ME, &id, entry, desk.now).is_err(), "a pair has no such leg");
    desk.wait(200);
    desk.move_market("26080");
    assert_eq!(net(&desk), 65, "the old price is no longer waited for");
    assert_eq!(desk.exchange.forever_orders(ME)[1].trigger, price("26150"));
    desk.exchange.cancel_forever_order(ME, &id, desk.now).unwrap();
    desk.wait(200);
    assert!(legs(&desk, &id).iter().all(|(_, s)| *s == ForeverStatus::Cancelled));
    desk.move_market("26300");
    assert_eq!(net(&desk), 65);
    let again = desk.exchange.cancel_forever_order(ME, &id, desk.now);
    assert_eq!(again, Err(Refusal::Order("Order is already CANCELLED".into())));
}

#[test]
fn what_it_sends_is_checked_when_it_is_sent() {
    let poor = ExchangeConfig { start_cash: Money("1000".parse().unwrap()), ..still(4) };
    let mut desk = Desk::with(poor);
    let id = place(&mut desk, Side::Buy, ForeverLegs::Single(at_market("26050")));
    assert_eq!(legs(&desk, &id)[0].1, ForeverStatus::Confirm, "nothing is held while it waits");
    desk.move_market("26080");
    assert_eq!(legs(&desk, &id)[0].1, ForeverStatus::Rejected);
    assert!(desk.exchange.orders(ME)[0].reason.contains("Insufficient Funds"));

    let mut desk = Desk::with(still(4));
    let id = place(&mut desk, Side::Buy, ForeverLegs::Single(at_market("26050")));
    desk.exchange.set_kill_switch(ME, true, desk.now).unwrap();
    desk.move_market("26080");
    assert_eq!((legs(&desk, &id)[0].1, net(&desk)), (ForeverStatus::Rejected, 0));
}

#[test]
fn what_cannot_be_sent_is_refused_or_rejected() {
    let mut desk = Desk::with(still(5));
    let single = |leg| order(Side::Buy, ForeverLegs::Single(leg));
    let mut intraday = single(at_market("26050"));
    intraday.order.product = Product::Intraday;
    let refused = desk.exchange.place_forever_order(ME, &intraday, desk.now).unwrap_err();
    assert_eq!(refused, Refusal::Input("productType is invalid".into()));
    let refused = desk.exchange.place_forever_order(ME, &single(at_market("0")), desk.now).unwrap_err();
    assert_eq!(refused, Refusal::Input("triggerPrice is required".into()));
    let odd = ForeverLeg { quantity: Quantity(66), ..at_market("26050") };
    let id = place(&mut desk, Side::Buy, ForeverLegs::Single(odd));
    assert_eq!(legs(&desk, &id)[0].1, ForeverStatus::Rejected);
    desk.move_market("26080");
    assert!(desk.exchange.orders(ME).is_empty());
}

#[test]
fn it_is_taken_at_night_and_fires_only_while_the_market_is_open() {
    let mut desk = Desk::with(ExchangeConfig { clock: ClockMode::real(), ..still(6) });
    desk.now = from_ist(date(2026, 11, 20).at(20, 0, 0, 0));
    let id = place(&mut desk, Side::Buy, ForeverLegs::Single(at_market("26050")));
    assert_eq!(legs(&desk, &id)[0].1, ForeverStatus::Confirm);
    desk.move_market("26080");
    assert_eq!(legs(&desk, &id)[0].1, ForeverStatus::Confirm);
    desk.now = from_ist(date(2026, 11, 23).at(9, 16, 0, 0));
    desk.wait(0);
    assert_eq!((legs(&desk, &id)[0].1, net(&desk)), (ForeverStatus::Traded, 65));
}

#[test]
fn it_ends_with_its_contract() {
    let mut desk = Desk::with(still(7));
    let id = place(&mut desk, Side::Buy, ForeverLegs::Single(at_market("27050")));
    desk.now = from_ist(date(2026, 11, 23).at(15, 41, 0, 0));
    desk.wait(0);
    assert_eq!(legs(&desk, &id)[0].1, ForeverStatus::Expired);
}

#[test]
fn a_sale_is_named_by_where_its_trigger_lies() {
    let mut desk = Desk::with(still(8));
    let stop = place(&mut desk, Side::Sell, ForeverLegs::Single(at_market("25000")));
    let target = place(&mut desk, Side::Sell, ForeverLegs::Single(at_market("27000")));
    assert_eq!(legs(&desk, &stop)[0].0, ForeverLegName::StopLoss);
    assert_eq!(legs(&desk, &target)[0].0, ForeverLegName::Target);
    assert_ne!(stop, target);
}
