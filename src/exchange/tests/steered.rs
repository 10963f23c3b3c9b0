//! A market that is steered, and an order system with other ways.

use rust_decimal_macros::dec;

use super::*;
use crate::exchange::Ways;

fn nifty() -> Contract {
    Contract::index(Place::Nse, Symbol::new("NIFTY").unwrap())
}

fn last(desk: &Desk, contract: Contract) -> Price {
    desk.exchange.quote(&contract).unwrap().last
}

#[test]
fn a_price_that_is_set_holds_and_everything_follows() {
    let mut desk = Desk::new(1);
    desk.wait(60_000);
    let (call, before) = (option(25_950, "CE"), desk.ask(option(25_950, "CE")));
    let close = desk.exchange.market_view(&nifty()).unwrap().previous_close;
    assert!(desk.exchange.set_price(&nifty(), price("27000"), desk.now));
    let at = last(&desk, nifty());
    assert!((at.0 - dec!(27000)).abs() <= dec!(0.10), "{at}");
    assert!(desk.ask(call).0 > before.0 + dec!(500), "the option follows");
    let view = desk.exchange.market_view(&nifty()).unwrap();
    assert!(view.high >= at && view.previous_close == close);
    desk.wait(3_600_000);
    assert!((last(&desk, nifty()).0 - dec!(27000)).abs() < dec!(270), "it stays thereabouts");
    assert!(!desk.exchange.set_price(&call, price("10"), desk.now), "an option's price follows, it is not set");
    assert!(!desk.exchange.set_price(&nifty(), price("0"), desk.now));
}

#[test]
fn a_gap_triggers_a_resting_stop() {
    let mut desk = Desk::new(2);
    desk.trade(future(), Side::Buy, 65);
    let spot = last(&desk, nifty());
    let trigger = Price((desk.bid(future()).0 * dec!(0.995)).round());
    let kind = OrderKind::StopLimit { trigger, price: Price(trigger.0 - dec!(600)) };
    let stop = desk.send(future(), Side::Sell, 65, kind);
    desk.wait(1_000);
    assert_eq!(desk.status(&stop), OrderStatus::Pending);
    assert!(desk.exchange.gap(&nifty(), dec!(-2), desk.now));
    desk.wait(1_000);
    assert_eq!(desk.status(&stop), OrderStatus::Traded);
    assert!(desk.order(&stop).average.unwrap().0 < spot.0 * dec!(0.985), "it traded beyond the gap");
}

#[test]
fn a_suspended_instrument_takes_no_orders_and_keeps_those_that_rest() {
    let mut desk = Desk::new(3);
    let (call, put) = (option(25_950, "CE"), option(25_950, "PE"));
    let resting = desk.send(call, Side::Buy, 65, limit(desk.bid(call).ticks(-100, price("0.05"))));
    desk.wait(200);
    desk.exchange.suspend(nifty());
    let refused = desk.send(put, Side::Buy, 65, OrderKind::Market);
    desk.wait(200);
    assert_eq!(desk.status(&refused), OrderStatus::Rejected);
    assert!(desk.order(&refused).reason.contains("suspended"), "{}", desk.order(&refused).reason);
    assert_eq!(desk.status(&resting), OrderStatus::Pending);
    desk.exchange.cancel(ME, &resting, desk.now).unwrap();
    desk.wait(200);
    assert_eq!(desk.status(&resting), OrderStatus::Cancelled, "a cancellation always goes");
    assert!(desk.exchange.unsuspend(&nifty()) && !desk.exchange.unsuspend(&nifty()));
    desk.trade(put, Side::Buy, 65);
}

#[test]
fn a_suspended_market_stands_still_and_goes_on_where_it_stood() {
    let mut desk = Desk::new(4);
    let call = option(25_950, "CE");
    let resting = desk.send(call, Side::Buy, 65, limit(desk.bid(call).ticks(-100, price("0.05"))));
    desk.wait(5_000);
    let (spot, asked) = (last(&desk, nifty()), desk.ask(call));
    desk.exchange.suspend_market(desk.now);
    let kind = OrderKind::Market;
    let refused = desk.try_send(call, Side::Buy, 65, kind, Validity::Day, Product::Margin).unwrap_err();
    assert!(refused.to_string().starts_with("Market is Closed"), "{refused}");
    desk.wait(600_000);
    assert_eq!((last(&desk, nifty()), desk.ask(call)), (spot, asked));
    assert_eq!(desk.status(&resting), OrderStatus::Pending);
    desk.exchange.unsuspend_market(desk.now);
    assert_eq!(last(&desk, nifty()), spot);
    desk.wait(60_000);
    assert_ne!(last(&desk, nifty()), spot);
    desk.trade(call, Side::Buy, 65);
}

#[test]
fn a_market_order_at_the_touch_stays_a_market_order() {
    let mut desk = Desk::new(5);
    desk.exchange.set_ways(Ways { market_at_touch: true, ..Ways::default() });
    let call = option(25_950, "CE");
    let id = desk.send(call, Side::Buy, 1_755, OrderKind::Market);
    desk.wait(200);
    let order = desk.order(&id);
    assert_eq!((order.status, order.limit), (OrderStatus::Traded, None));
    assert_eq!(desk.exchange.trades_of(ME, &id).len(), 1, "whole, at one price");
}

#[test]
fn a_cancellation_in_transit_may_be_taken() {
    let mut desk = Desk::new(6);
    desk.exchange.set_ways(Ways { cancel_in_transit: true, ..Ways::default() });
    let call = option(25_950, "CE");
    let id = desk.send(call, Side::Buy, 65, limit(desk.bid(call).ticks(-100, price("0.05"))));
    assert_eq!(desk.exchange.cancel(ME, &id, desk.now).unwrap().status, OrderStatus::Transit);
    desk.wait(500);
    assert_eq!(desk.status(&id), OrderStatus::Cancelled);
}

#[test]
fn a_mark_of_thirty_letters_is_taken_only_where_it_may_be() {
    let mut desk = Desk::new(7);
    let spec = |contract| OrderSpec {
        contract,
        side: Side::Buy,
        quantity: Quantity(65),
        kind: OrderKind::Market,
        validity: Validity::Day,
        product: Product::Margin,
    };
    let order = NewOrder::new(spec(option(25_950, "CE")), "M".repeat(30));
    assert!(desk.exchange.place(ME, &order, desk.now).is_err());
    desk.exchange.set_ways(Ways { longest_mark: 30, ..Ways::default() });
    assert!(desk.exchange.place(ME, &order, desk.now).is_ok());
}
