//! Sessions, expiry, the roll to the next day, and going on after a pause.

use super::*;

fn real(seed: u64) -> ExchangeConfig {
    let still = Behaviour { pace: 0.0, jumps: 0.0, ..Behaviour::default() };
    ExchangeConfig { clock: ClockMode::real(), behaviour: still, ..config(seed) }
}

#[test]
fn day_orders_expire_at_the_close_and_new_ones_are_refused() {
    let mut desk = Desk::with(real(1));
    let call = option(25_950, "CE");
    let low = desk.bid(call).ticks(-400, price("0.05"));
    let id = desk.send(call, Side::Buy, 65, limit(low));
    desk.wait(1_000);
    desk.now = from_ist(date(2026, 11, 20).at(15, 41, 0, 0));
    let told = desk.wait(0);
    assert!(told.contains(&Notice::Session { open: false }));
    assert_eq!(desk.status(&id), OrderStatus::Expired);
    let refused = desk.try_send(call, Side::Buy, 65, OrderKind::Market, Validity::Day, Product::Margin);
    assert_eq!(refused.unwrap_err().to_string(), "Market is Closed! Want to place an offline order?");
    let quote = desk.exchange.quote(&future()).unwrap();
    desk.wait(3_600_000);
    assert_eq!(desk.exchange.quote(&future()).unwrap().last, quote.last, "prices stand while it is closed");
}

#[test]
fn intraday_positions_are_squared_off_before_the_close() {
    let mut desk = Desk::with(real(2));
    let call = option(25_950, "CE");
    desk.try_send(call, Side::Buy, 65, OrderKind::Market, Validity::Day, Product::Intraday).unwrap();
    desk.trade(call, Side::Buy, 65);
    desk.now = from_ist(date(2026, 11, 20).at(15, 25, 0, 0));
    desk.wait(0);
    let nets: Vec<_> = desk.exchange.positions(ME).iter().map(|p| (p.product, p.net.0)).collect();
    assert_eq!(nets, [(Product::Intraday, 0), (Product::Margin, 65)]);
}

#[test]
fn an_expired_option_pays_its_intrinsic_value_and_is_gone() {
    let still = Behaviour { pace: 0.0, jumps: 0.0, ..Behaviour::default() };
    let mut desk = Desk::with(ExchangeConfig { behaviour: still, ..config(3) });
    let call = option(25_500, "CE");
    let bought = desk.trade(call, Side::Buy, 65);
    let low = desk.bid(call).ticks(-400, price("0.05"));
    let resting = desk.send(call, Side::Buy, 65, limit(low));
    desk.wait(100);
    desk.now = from_ist(date(2026, 11, 23).at(15, 39, 59, 900_000_000));
    desk.wait(0);
    let cash = desk.exchange.funds(ME).available;
    let told = desk.wait(200);
    let index = Contract::index(Place::Nse, call.underlying);
    let paid = told.iter().find_map(|n| match n {
        Notice::Settled { net, price, .. } => Some((net.0, *price)),
        _ => None,
    });
    let (net, paid) = paid.unwrap();
    assert_eq!(net, 65);
    assert_eq!(paid, Price(desk.exchange.quote(&index).unwrap().last.0 - price("25500").0));
    assert_eq!(desk.exchange.funds(ME).available, cash + paid.times(Quantity(65)));
    assert!(desk.exchange.quote(&call).is_none());
    assert!(desk.exchange.expiries(Place::Nse, call.underlying).is_empty());
    let row = &desk.exchange.positions(ME)[0];
    assert!(row.net.is_flat());
    assert_eq!(bought.average.unwrap(), row.cost + bought.average.unwrap(), "closed rows have no cost");
    assert!(desk.exchange.order(ME, &resting).is_none_or(|o| o.status == OrderStatus::Expired));
    let late = desk.try_send(call, Side::Buy, 65, OrderKind::Market, Validity::Day, Product::Margin);
    assert!(late.is_err());
}

#[test]
fn the_roll_starts_the_books_anew_and_carries_positions() {
    let mut desk = Desk::new(4);
    desk.trade(option(26_000, "CE"), Side::Buy, 65);
    desk.trade(option(26_000, "PE"), Side::Buy, 65);
    desk.trade(option(26_000, "PE"), Side::Sell, 65);
    desk.now = from_ist(date(2026, 11, 21).at(8, 30, 0, 0));
    let told = desk.wait(0);
    assert!(told.contains(&Notice::DayRolled(date(2026, 11, 21))));
    assert!(desk.exchange.orders(ME).is_empty() && desk.exchange.trades(ME).is_empty());
    let positions = desk.exchange.positions(ME);
    assert_eq!(positions.len(), 1, "closed rows are gone");
    assert_eq!((positions[0].net.0, positions[0].carried.0), (65, 65));
    assert_eq!(desk.exchange.funds(ME).start_of_day, desk.exchange.funds(ME).available);
}

#[test]
fn order_numbers_are_never_used_twice() {
    let mut desk = Desk::new(5);
    let first = desk.trade(option(26_000, "CE"), Side::Buy, 65).order_id;
    desk.now = from_ist(date(2026, 11, 21).at(9, 0, 0, 0));
    desk.wait(0);
    let second = desk.trade(option(26_000, "CE"), Side::Sell, 65).order_id;
    assert_eq!((first.0.as_str(), second.0.as_str()), ("1261120000001", "1261121000002"));
}

#[test]
fn after_a_pause_the_market_goes_on_where_it_stood() {
    let mut desk = Desk::new(6);
    let call = option(25_950, "CE");
    desk.trade(call, Side::Buy, 65);
    let low = desk.bid(call).ticks(-400, price("0.05"));
    let resting = desk.send(call, Side::Buy, 65, limit(low));
    desk.wait(1_000);
    let index = Contract::index(Place::Nse, call.underlying);
    let spot = desk.exchange.quote(&index).unwrap().last;
    let mut back = Exchange::restore(&desk.exchange.save(), ClockMode::AlwaysOpen).unwrap();
    let later = after_ms(desk.now, 7_200_000);
    back.resume(later);
    assert_eq!(back.quote(&index).unwrap().last, spot);
    assert_eq!(back.positions(ME)[0].net.0, 65);
    assert_eq!(back.order(ME, &resting).unwrap().status, OrderStatus::Pending);
    assert_eq!(back.advance(later), []);
}

#[test]
fn a_held_strike_can_be_traded_after_the_ladder_has_left_it() {
    let mut desk = Desk::new(8);
    let low = option(25_450, "PE");
    desk.trade(low, Side::Buy, 65);
    let mut spec = small_listing(low.underlying, date(2026, 11, 23));
    spec.spot = price("27000");
    desk.exchange.relist(vec![spec]);
    let spot = desk.exchange.quote(&Contract::index(Place::Nse, low.underlying)).unwrap().last;
    assert!((spot.0 - price("27000").0).abs() < price("50").0, "the market starts anew at {spot}");
    assert!(desk.exchange.quote(&option(25_500, "PE")).is_none(), "not held, not listed");
    assert!(desk.exchange.instruments().iter().any(|l| l.instrument.contract == low));
    desk.send(low, Side::Sell, 65, OrderKind::Market);
    desk.wait(60_000);
    let contracts: Vec<_> = desk.exchange.orders(ME).iter().map(|o| (o.status, o.reason.clone())).collect();
    assert!(contracts.iter().all(|(s, _)| *s != OrderStatus::Rejected), "{contracts:?}");
}

#[test]
fn a_clock_set_back_does_not_stop_the_market() {
    let mut desk = Desk::new(9);
    let call = option(25_950, "CE");
    let id = desk.send(call, Side::Buy, 65, OrderKind::Market);
    desk.now = after_ms(desk.now, -3_600_000);
    desk.exchange.resume(desk.now);
    desk.wait(10_000);
    assert_eq!(desk.status(&id), OrderStatus::Traded);
}

#[test]
fn a_pause_over_the_roll_starts_a_new_day() {
    let mut desk = Desk::new(7);
    desk.trade(option(25_950, "CE"), Side::Buy, 65);
    let mut back = Exchange::restore(&desk.exchange.save(), ClockMode::AlwaysOpen).unwrap();
    let monday = from_ist(date(2026, 11, 23).at(16, 0, 0, 0));
    back.resume(monday);
    let told = back.advance(monday);
    assert!(told.iter().any(|n| matches!(n, Notice::Settled { .. })), "the contract has expired meanwhile");
    assert!(told.contains(&Notice::DayRolled(date(2026, 11, 23))));
    assert!(back.positions(ME).is_empty());
}
