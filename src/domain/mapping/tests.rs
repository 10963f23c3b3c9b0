use jiff::civil::date;
use rust_decimal_macros::dec;

use super::super::time::from_ist;
use super::*;
use crate::domain::{Quantity, SecurityId};

fn index() -> InstrumentIndex {
    let contracts = [
        "NSE:NIFTY:INDEX",
        "NSE:NIFTY:2026-11-23:26000:CE",
        "NSE:NIFTY:2026-11-23:26000:PE",
        "NSE:NIFTY:2026-11-23:26050:CE",
        "NSE:NIFTY:2026-11-23:26100:PE",
        "NSE:NIFTY:2026-12-01:26000:CE",
        "NSE:NIFTY:2026-11-23:FUT",
        "NSE:NIFTY:2026-12-29:FUT",
        "NSE:BANKNIFTY:2026-11-23:59000:CE",
        "BSE:SENSEX:2026-11-26:85000:CE",
        "NSE:RELIANCE:EQ",
        "BSE:RELIANCE:EQ",
        "NSE:RELIANCE:2026-11-23:1500:CE",
    ];
    let listed = |(text, id): (&str, u64)| Instrument {
        contract: text.parse().unwrap(),
        security_id: SecurityId(id),
        lot: Quantity(65),
        tick: Price(dec!(0.05)),
        max_order: None,
    };
    InstrumentIndex::new(contracts.into_iter().zip(1..).map(listed).collect())
}

fn call(strike: u32) -> LegKind {
    LegKind::Option { strike: Price(strike.into()), right: OptionRight::Call }
}

/// What the leg became: the contract, or the reason there is none.
fn map_at(symbol: &str, kind: LegKind, expiry: Option<Date>, now: Timestamp) -> String {
    let wanted = WantedLeg { symbol, exchange: None, kind, expiry };
    let found = map_leg(&index(), &wanted, now, ExpiryPolicy::default());
    found.map_or_else(|e| e.to_string(), |i| i.contract.to_string())
}

fn map(symbol: &str, kind: LegKind, expiry: Option<Date>) -> String {
    map_at(symbol, kind, expiry, from_ist(date(2026, 11, 20).at(12, 0, 0, 0)))
}

#[test]
fn a_leg_becomes_the_listed_instrument() {
    assert_eq!(map("NIFTY", call(26000), Some(date(2026, 12, 1))), "NSE:NIFTY:2026-12-01:26000:CE");
    assert_eq!(map("SENSEX", call(85000), None), "BSE:SENSEX:2026-11-26:85000:CE");
    assert_eq!(map("RELIANCE", LegKind::Equity, None), "NSE:RELIANCE:EQ");
    assert_eq!(map("NIFTY", LegKind::Future, Some(date(2026, 12, 29))), "NSE:NIFTY:2026-12-29:FUT");
}

#[test]
fn the_exchange_asked_for_is_the_one_used() {
    let now = from_ist(date(2026, 11, 20).at(12, 0, 0, 0));
    let map_on = |symbol, exchange, kind| {
        let wanted = WantedLeg { symbol, exchange: Some(exchange), kind, expiry: None };
        let found = map_leg(&index(), &wanted, now, ExpiryPolicy::default());
        found.map_or_else(|e| e.to_string(), |i| i.contract.to_string())
    };
    assert_eq!(map_on("RELIANCE", Exchange::Bse, LegKind::Equity), "BSE:RELIANCE:EQ");
    let sensex = map_on("SENSEX", Exchange::Nse, call(85000));
    assert_eq!(sensex, "SENSEX has no options on NSE; they are on BSE");
}

#[test]
fn an_unknown_name_is_refused_with_what_may_have_been_meant() {
    assert_eq!(map("NIFTY50", call(26000), None), "NIFTY50: no such underlying; did you mean NIFTY?");
    assert_eq!(map("BANK NIFTY", call(59000), None), "BANK NIFTY: no such underlying; did you mean BANKNIFTY?");
    assert_eq!(map("RELAINCE", LegKind::Equity, None), "RELAINCE: no such underlying; did you mean RELIANCE?");
    assert_eq!(map("QWERTZ", call(1), None), "QWERTZ: no such underlying");
}

#[test]
fn a_strike_that_is_not_listed_is_refused_with_its_neighbours() {
    let expiry = Some(date(2026, 11, 23));
    assert_eq!(
        map("NIFTY", call(26010), expiry),
        "NIFTY 2026-11-23: strike 26010 CE is not listed; the nearest that are: 26000, 26050"
    );
    // Only the asked right counts: 26100 is listed as a put.
    assert_eq!(
        map("NIFTY", call(26100), expiry),
        "NIFTY 2026-11-23: strike 26100 CE is not listed; the nearest that are: 26050"
    );
    assert_eq!(
        map("NIFTY", call(100), expiry),
        "NIFTY 2026-11-23: strike 100 CE is not listed; the nearest that are: 26000"
    );
}

#[test]
fn an_expiry_that_is_not_listed_is_refused_with_its_neighbours() {
    assert_eq!(
        map("NIFTY", call(26000), Some(date(2026, 11, 24))),
        "NIFTY: no options expire on 2026-11-24; the nearest that do: 2026-11-23, 2026-12-01"
    );
    assert_eq!(
        map("NIFTY", LegKind::Future, Some(date(2026, 12, 1))),
        "NIFTY: no futures expire on 2026-12-01; the nearest that do: 2026-11-23, 2026-12-29"
    );
}

#[test]
fn a_missing_expiry_is_the_nearest_listed_one_not_before_today() {
    assert_eq!(map("NIFTY", call(26000), None), "NSE:NIFTY:2026-11-23:26000:CE");
    let at = |d, h, m| map_at("NIFTY", call(26000), None, from_ist(date(2026, 11, d).at(h, m, 0, 0)));
    assert_eq!(at(23, 15, 14), "NSE:NIFTY:2026-11-23:26000:CE");
    assert_eq!(at(23, 15, 15), "NSE:NIFTY:2026-12-01:26000:CE");
    assert_eq!(at(24, 9, 0), "NSE:NIFTY:2026-12-01:26000:CE");
}

#[test]
fn futures_have_expiries_of_their_own() {
    let late = from_ist(date(2026, 11, 24).at(10, 0, 0, 0));
    assert_eq!(map_at("NIFTY", LegKind::Future, None, late), "NSE:NIFTY:2026-12-29:FUT");
}

#[test]
fn a_list_whose_contracts_are_all_gone_says_so() {
    let later = from_ist(date(2027, 1, 4).at(10, 0, 0, 0));
    assert_eq!(
        map_at("NIFTY", call(26000), None, later),
        "NIFTY: none of its options listed today expires after 2027-01-04 10:00; load today's instrument list"
    );
}

#[test]
fn a_name_without_such_contracts_says_so() {
    assert_eq!(map("SENSEX", LegKind::Future, None), "SENSEX has no futures in today's instrument list");
    assert_eq!(map("NIFTY", LegKind::Equity, None), "NIFTY has no shares in today's instrument list");
}
