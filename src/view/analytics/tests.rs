//! What the models say of desks whose prices were made with known volatilities.

use rust_decimal_macros::dec;

use super::*;
use crate::domain::{Contract, Price};
use crate::options::black76;
use crate::view::fixture::{Desk, TestLeg, chains::chain_key, option, symbol};

const STRIKES: (i64, i64, i64) = (26_000, 100, 21);

/// NIFTY at 25,980 with a chain of 13 % on a forward of 26,000.
fn desk() -> Desk {
    let mut desk = Desk::new();
    desk.index("NIFTY", dec!(25980), dec!(25900));
    desk.chain("NIFTY", 26_000.0, 0.13, STRIKES);
    desk
}

fn held(desk: &mut Desk, legs: &[TestLeg<'_>]) -> Analytics {
    desk.executed("Test", legs);
    desk.analytics(&Demand::default())
}

fn look(analytics: &Analytics, strike: i64, right: &str) -> OptionLook {
    let contract = option("NIFTY", strike, right);
    let (_, leg) = analytics.book.legs.iter().find(|(k, _)| k.contract == contract).unwrap();
    leg.option.unwrap()
}

#[test]
fn the_forward_comes_from_the_chain_then_the_future_then_the_underlying() {
    let mut desk = desk();
    let from_chain = look(&held(&mut desk, &[("B", 26000, "CE", dec!(100))]), 26000, "CE").forward.unwrap();
    assert!((from_chain.price - 26_000.0).abs() < 0.2, "{from_chain:?}");
    assert!(matches!(from_chain.origin, ForwardOrigin::Chain { strikes: 5, .. }));
    desk.chains.clear();
    let future = Contract::future(crate::domain::Exchange::Nse, symbol("NIFTY"), chain_key("NIFTY").expiry);
    desk.quote(future, dec!(26004.5), None, None);
    desk.quote(option("NIFTY", 26000, "CE"), dec!(100), None, None);
    let analytics = desk.analytics(&Demand::default());
    let from_future = look(&analytics, 26000, "CE").forward.unwrap();
    assert_eq!((from_future.price, from_future.origin), (26_004.5, ForwardOrigin::Future));
    desk.prices.retain(|c| *c != future);
    let from_spot = look(&desk.analytics(&Demand::default()), 26000, "CE").forward.unwrap();
    assert_eq!(from_spot.origin, ForwardOrigin::Spot);
    assert!(from_spot.price > 25_980.0 && from_spot.price < 26_000.0, "{from_spot:?}");
}

#[test]
fn one_bad_quote_does_not_move_the_forward() {
    let mut desk = desk();
    desk.chain_quote(26000, "CE", |q| (q.bid, q.ask) = (Some(Price(dec!(900))), Some(Price(dec!(901)))));
    let forward = look(&held(&mut desk, &[("B", 26200, "CE", dec!(60))]), 26200, "CE").forward.unwrap();
    assert!((forward.price - 26_000.0).abs() < 0.5, "{forward:?}");
}

#[test]
fn between_two_chains_the_forward_moves_with_its_underlying() {
    let mut desk = desk();
    desk.index("NIFTY", dec!(26080), dec!(25900));
    let forward = look(&held(&mut desk, &[("B", 26200, "CE", dec!(60))]), 26200, "CE").forward.unwrap();
    assert!((forward.price - 26_100.0).abs() < 0.5, "{forward:?}");
}

#[test]
fn a_price_gives_back_its_volatility_and_greeks() {
    let mut desk = desk();
    let found = look(&held(&mut desk, &[("S", 26300, "CE", dec!(50))]), 26300, "CE");
    assert!((found.iv.unwrap() - 0.13).abs() < 5e-4, "{found:?}");
    let (right, t_years) = (crate::domain::OptionRight::Call, desk.years());
    let exact = black76::Inputs { right, forward: 26_000.0, strike: 26_300.0, t_years, vol: 0.13, rate: RATE };
    let (greeks, exact) = (found.greeks.unwrap(), black76::greeks(&exact));
    assert!((greeks.delta - exact.delta).abs() < 2e-3 && (greeks.vega / exact.vega - 1.0).abs() < 1e-2, "{greeks:?}");
    assert_eq!(found.mark.map(|m| m.kind), Some(MarkKind::Mid));
}

#[test]
fn greeks_add_up_by_strategy_underlying_and_in_all_with_what_was_opened_elsewhere() {
    let mut desk = desk();
    let first = desk.executed("Bear Call", &[("S", 26200, "CE", dec!(80)), ("B", 26400, "CE", dec!(40))]);
    let second = desk.executed("Long Put", &[("B", 25800, "PE", dec!(70))]);
    desk.broker_has(26_000, "CE", 65);
    let book = desk.analytics(&Demand::default()).book;
    let total = book.total.exposure().unwrap();
    let foreign = book.legs.iter().find(|(k, _)| k.strategy.is_none()).unwrap().1.exposure().unwrap();
    let parts = [book.strategy(first).unwrap(), book.strategy(second).unwrap(), foreign];
    let sum = |part: fn(&crate::risk::Exposure) -> f64| parts.iter().map(part).sum::<f64>();
    assert!((total.delta - sum(|g| g.delta)).abs() < 1e-6 && (total.vega - sum(|g| g.vega)).abs() < 1e-6);
    assert_eq!(book.underlying(symbol("NIFTY")), Some(total));
    assert_eq!(book.total.legs, 4);
    assert!(book.strategy(first).unwrap().delta < 0.0 && foreign.delta > 0.0);
}

#[test]
fn a_part_is_not_the_whole() {
    let mut desk = Desk::new();
    desk.index("NIFTY", dec!(25980), dec!(25900));
    let id = desk.executed("Long Call", &[("B", 26000, "CE", dec!(100)), ("B", 26100, "CE", dec!(60))]);
    desk.price(26000, "CE", dec!(100));
    let book = desk.analytics(&Demand::default()).book;
    assert_eq!((book.strategies[&id].unknown, book.strategy(id), book.total.exposure()), (1, None, None));
}

#[test]
fn what_says_nothing_itself_borrows_its_twins_volatility_and_says_so() {
    let mut desk = desk();
    // The last trade of a deep call is from before the underlying rose.
    desk.chain_quote(25700, "CE", |q| {
        (q.bid, q.ask, q.last) = (None, None, Price(dec!(250)));
    });
    let found = look(&held(&mut desk, &[("B", 25700, "CE", dec!(250))]), 25700, "CE");
    assert_eq!(found.iv, Err(NoVol::Unsolved(crate::options::implied::NoVolatility::BelowIntrinsic)));
    let (vol, origin) = found.vol.unwrap();
    assert_eq!(origin, VolOrigin::Twin);
    assert!((vol - 0.13).abs() < 0.02 && found.greeks.unwrap().delta > 0.7, "{found:?}");
}

#[test]
fn what_nobody_quotes_is_marked_by_the_strikes_around_it_and_called_a_models_price() {
    let mut desk = desk();
    for right in ["CE", "PE"] {
        desk.chain_quote(26300, right, |q| (q.bid, q.ask, q.last) = (None, None, Price(dec!(0))));
    }
    let found = look(&held(&mut desk, &[("B", 26300, "CE", dec!(50))]), 26300, "CE");
    let mark = found.mark.unwrap();
    assert_eq!((mark.kind, found.iv, found.vol.unwrap().1), (MarkKind::Model, Err(NoVol::NoPrice), VolOrigin::Around));
    let exact = black76::Inputs {
        right: crate::domain::OptionRight::Call,
        forward: 26_000.0,
        strike: 26_300.0,
        t_years: desk.years(),
        vol: 0.13,
        rate: RATE,
    };
    let off = rust_decimal::prelude::ToPrimitive::to_f64(&mark.price.0).unwrap() - black76::price(&exact);
    assert!(off.abs() < 0.3, "{off}");
}

#[test]
fn without_any_price_of_the_underlying_there_is_no_forward_and_that_is_said() {
    let mut desk = Desk::new();
    desk.price(26000, "CE", dec!(100));
    let found = look(&held(&mut desk, &[("B", 26000, "CE", dec!(100))]), 26000, "CE");
    assert_eq!((found.iv, found.greeks), (Err(NoVol::NoForward), None));
}

#[test]
fn once_expired_there_are_no_greeks() {
    let mut desk = desk();
    desk.executed("Long Call", &[("B", 26000, "CE", dec!(100))]);
    desk.advance(4 * 86_400_000);
    let found = look(&desk.analytics(&Demand::default()), 26000, "CE");
    assert_eq!((found.iv, found.greeks), (Err(NoVol::EXPIRED), None));
}
