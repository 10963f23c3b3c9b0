//! Naming a position from its legs: order, scaling and split fills must not matter.
//!
//! The rules follow the tables of the strategy taxonomy (one expiry, with an underlying leg, two expiries). A name never
//! replaces the numbers: maximum loss and breakevens are shown beside it.

mod table;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

pub use self::table::{Bias, StrategyName};
use crate::domain::{Leg, LegKind, OptionRight, Price, Side, Symbol};

/// Part of a position: signed lots of one contract (stock counted in lots of the underlying).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    pub underlying: Symbol,
    pub kind: LegKind,
    /// Absent for stock, and for legs whose expiry is not known yet (all of them are then taken to share one).
    pub expiry: Option<Date>,
    /// Positive is long.
    pub lots: i64,
}

/// The name of a net position.
pub fn name(holdings: &[Holding]) -> StrategyName {
    let mut underlyings = BTreeSet::new();
    let mut net = Net::new();
    let mut by_contract = BTreeMap::new();
    for h in holdings {
        *by_contract.entry((h.underlying, contract_key(h.kind, h.expiry))).or_insert(0i64) += h.lots;
    }
    for ((underlying, key), lots) in by_contract {
        if lots != 0 {
            underlyings.insert(underlying);
            net.insert(key, lots);
        }
    }
    if underlyings.len() > 1 { StrategyName::CustomMultiUnderlying } else { name_net(net) }
}

/// The name of a strategy's legs (of one underlying).
pub fn of_legs(legs: &[Leg]) -> StrategyName {
    let mut net = Net::new();
    for leg in legs {
        let lots = match leg.side {
            Side::Buy => i64::from(leg.ratio),
            Side::Sell => -i64::from(leg.ratio),
        };
        *net.entry(contract_key(leg.kind, leg.expiry)).or_insert(0) += lots;
    }
    net.retain(|_, lots| *lots != 0);
    name_net(net)
}

/// Lots per contract of one underlying, without zeros.
type Net = BTreeMap<(LegKind, Option<Date>), i64>;

/// Strike and lots, ascending by strike.
type Line = Vec<(Price, i64)>;

fn contract_key(kind: LegKind, expiry: Option<Date>) -> (LegKind, Option<Date>) {
    let expiry = if kind == LegKind::Equity { None } else { expiry };
    (kind, expiry)
}

/// The options of one expiry.
#[derive(Default)]
struct Series {
    calls: Line,
    puts: Line,
}

fn name_net(mut net: Net) -> StrategyName {
    let divisor = net.values().fold(0, |a, b| gcd(a, b.abs()));
    if divisor == 0 {
        return StrategyName::Flat;
    }
    let mut outright: Vec<(LegKind, i64)> = Vec::new();
    let mut series: BTreeMap<Option<Date>, Series> = BTreeMap::new();
    for ((kind, expiry), lots) in &mut net {
        *lots /= divisor;
        match kind {
            LegKind::Option { strike, right } => {
                let of_expiry = series.entry(*expiry).or_default();
                match right {
                    OptionRight::Call => of_expiry.calls.push((*strike, *lots)),
                    OptionRight::Put => of_expiry.puts.push((*strike, *lots)),
                }
            }
            LegKind::Future | LegKind::Equity => outright.push((*kind, *lots)),
        }
    }
    // One leg with an expiry and one without are two expiries, but which is the nearer is unknown.
    let datable = series.len() == 1 || !series.contains_key(&None);
    let series: Vec<Series> = series.into_values().collect();
    match (outright.as_slice(), series.as_slice()) {
        ([], [one]) => one_expiry(&one.calls, &one.puts),
        ([leg], []) => alone(leg.0, leg.1),
        ([a, b], []) if futures_calendar(*a, *b) => StrategyName::FuturesCalendarSpread,
        ([(_, lots)], [one]) => with_underlying(*lots, &one.calls, &one.puts),
        ([], [near, far]) if datable => two_expiries(near, far),
        (_, [] | [_]) => StrategyName::Custom,
        _ => StrategyName::CustomMultiExpiry,
    }
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn alone(kind: LegKind, lots: i64) -> StrategyName {
    match (kind, lots) {
        (LegKind::Future, 1) => StrategyName::LongFuture,
        (LegKind::Future, -1) => StrategyName::ShortFuture,
        (LegKind::Equity, 1) => StrategyName::LongStock,
        (LegKind::Equity, -1) => StrategyName::ShortStock,
        _ => StrategyName::Custom,
    }
}

fn futures_calendar(a: (LegKind, i64), b: (LegKind, i64)) -> bool {
    a.0 == LegKind::Future && b.0 == LegKind::Future && a.1.abs() == 1 && a.1 + b.1 == 0
}

/// Table A: one expiry, options only.
fn one_expiry(calls: &[(Price, i64)], puts: &[(Price, i64)]) -> StrategyName {
    match (calls, puts) {
        ([(_, 1)], []) => StrategyName::LongCall,
        ([(_, -1)], []) => StrategyName::ShortCall,
        ([], [(_, 1)]) => StrategyName::LongPut,
        ([], [(_, -1)]) => StrategyName::ShortPut,
        ([(_, low), (_, high)], []) => two_calls(*low, *high),
        ([], [(_, low), (_, high)]) => two_puts(*low, *high),
        ([call], [put]) => call_and_put(*call, *put),
        ([a, b, c], []) => three_calls([*a, *b, *c]),
        ([], [a, b, c]) => three_puts([*a, *b, *c]),
        ([a, b], [put]) => two_calls_and_put([*a, *b], *put),
        ([call], [a, b]) => call_and_two_puts(*call, [*a, *b]),
        ([(_, 1), (_, -1), (_, -1), (_, 1)], []) => StrategyName::LongCallCondor,
        ([(_, -1), (_, 1), (_, 1), (_, -1)], []) => StrategyName::ShortCallCondor,
        ([], [(_, 1), (_, -1), (_, -1), (_, 1)]) => StrategyName::LongPutCondor,
        ([], [(_, -1), (_, 1), (_, 1), (_, -1)]) => StrategyName::ShortPutCondor,
        ([c1, c2], [p1, p2]) => two_and_two([*c1, *c2], [*p1, *p2]),
        _ => StrategyName::Custom,
    }
}

fn two_calls(low: i64, high: i64) -> StrategyName {
    match (low, high) {
        (1, -1) => StrategyName::BullCallSpread,
        (-1, 1) => StrategyName::BearCallSpread,
        (m, n) if m > 0 && -n > m => StrategyName::CallRatioSpread,
        (m, n) if m < 0 && n > -m => StrategyName::CallRatioBackspread,
        _ => StrategyName::Custom,
    }
}

fn two_puts(low: i64, high: i64) -> StrategyName {
    match (low, high) {
        (1, -1) => StrategyName::BullPutSpread,
        (-1, 1) => StrategyName::BearPutSpread,
        (n, m) if m > 0 && -n > m => StrategyName::PutRatioSpread,
        (n, m) if m < 0 && n > -m => StrategyName::PutRatioBackspread,
        _ => StrategyName::Custom,
    }
}

fn call_and_put((call, c): (Price, i64), (put, p): (Price, i64)) -> StrategyName {
    use std::cmp::Ordering::{Equal, Greater, Less};
    match (c, p, put.cmp(&call)) {
        (1, 1, Equal) => StrategyName::LongStraddle,
        (1, 1, Less) => StrategyName::LongStrangle,
        (1, 1, Greater) => StrategyName::LongGuts,
        (-1, -1, Equal) => StrategyName::ShortStraddle,
        (-1, -1, Less) => StrategyName::ShortStrangle,
        (-1, -1, Greater) => StrategyName::ShortGuts,
        (2, 1, Equal) => StrategyName::LongStrap,
        (1, 2, Equal) => StrategyName::LongStrip,
        (-2, -1, Equal) => StrategyName::ShortStrap,
        (-1, -2, Equal) => StrategyName::ShortStrip,
        (1, -1, Equal) => StrategyName::SyntheticLong,
        (1, -1, Less) => StrategyName::BullishRiskReversal,
        (1, -1, Greater) => StrategyName::BullishRiskReversalInverted,
        (-1, 1, Equal) => StrategyName::SyntheticShort,
        (-1, 1, Less) => StrategyName::BearishRiskReversal,
        (-1, 1, Greater) => StrategyName::BearishRiskReversalInverted,
        _ => StrategyName::Custom,
    }
}

fn equal_wings([(a, _), (b, _), (c, _)]: [(Price, i64); 3]) -> bool {
    b - a == c - b
}

fn three_calls(line: [(Price, i64); 3]) -> StrategyName {
    match (line.map(|(_, lots)| lots), equal_wings(line)) {
        ([1, -2, 1], true) => StrategyName::LongCallButterfly,
        ([1, -2, 1], false) => StrategyName::BrokenWingCallButterfly,
        ([-1, 2, -1], true) => StrategyName::ShortCallButterfly,
        ([-1, 2, -1], false) => StrategyName::ShortBrokenWingCallButterfly,
        ([1, -1, -1], _) => StrategyName::BullCallLadder,
        ([-1, 1, 1], _) => StrategyName::BearCallLadder,
        _ => StrategyName::Custom,
    }
}

fn three_puts(line: [(Price, i64); 3]) -> StrategyName {
    match (line.map(|(_, lots)| lots), equal_wings(line)) {
        ([1, -2, 1], true) => StrategyName::LongPutButterfly,
        ([1, -2, 1], false) => StrategyName::BrokenWingPutButterfly,
        ([-1, 2, -1], true) => StrategyName::ShortPutButterfly,
        ([-1, 2, -1], false) => StrategyName::ShortBrokenWingPutButterfly,
        ([-1, -1, 1], _) => StrategyName::BearPutLadder,
        ([1, 1, -1], _) => StrategyName::BullPutLadder,
        _ => StrategyName::Custom,
    }
}

fn two_calls_and_put([(low, a), (_, b)]: [(Price, i64); 2], (put, p): (Price, i64)) -> StrategyName {
    match (a, b, p) {
        (-1, 1, -1) if put < low => StrategyName::JadeLizard,
        (-1, 1, -1) if put == low => StrategyName::BigLizard,
        (1, -1, -1) if put < low => StrategyName::BullishSeagull,
        _ => StrategyName::Custom,
    }
}

fn call_and_two_puts((call, c): (Price, i64), [(_, a), (high, b)]: [(Price, i64); 2]) -> StrategyName {
    match (c, a, b) {
        (-1, 1, -1) if call > high => StrategyName::ReverseJadeLizard,
        (-1, 1, -1) if call == high => StrategyName::ReverseBigLizard,
        (-1, -1, 1) if call > high => StrategyName::BearishSeagull,
        _ => StrategyName::Custom,
    }
}

fn two_and_two([c1, c2]: [(Price, i64); 2], [p1, p2]: [(Price, i64); 2]) -> StrategyName {
    let boxed = c1.0 == p1.0 && c2.0 == p2.0;
    match (c1.1, c2.1, p1.1, p2.1) {
        (-1, 1, 1, -1) if p2.0 < c1.0 => StrategyName::IronCondor,
        (-1, 1, 1, -1) if p2.0 == c1.0 => StrategyName::IronButterfly,
        (-1, 1, 1, -1) if boxed => StrategyName::ShortBox,
        (1, -1, -1, 1) if p2.0 < c1.0 => StrategyName::ReverseIronCondor,
        (1, -1, -1, 1) if p2.0 == c1.0 => StrategyName::ReverseIronButterfly,
        (1, -1, -1, 1) if boxed => StrategyName::LongBox,
        _ => StrategyName::Custom,
    }
}

/// Table B: one option expiry and one leg in the underlying itself.
fn with_underlying(lots: i64, calls: &[(Price, i64)], puts: &[(Price, i64)]) -> StrategyName {
    use std::cmp::Ordering::{Equal, Greater, Less};
    match (lots, calls, puts) {
        (1, [(_, -1)], []) => StrategyName::CoveredCall,
        (1, [(_, n)], []) if *n <= -2 => StrategyName::RatioCallWrite,
        (-1, [], [(_, -1)]) => StrategyName::CoveredPut,
        (1, [], [(_, 1)]) => StrategyName::ProtectivePut,
        (-1, [(_, 1)], []) => StrategyName::ProtectiveCall,
        (_, [(call, c)], [(put, p)]) => match (lots, c, p, put.cmp(call)) {
            (1, -1, 1, Less) => StrategyName::Collar,
            (1, -1, 1, Equal) => StrategyName::Conversion,
            (-1, 1, -1, Less) => StrategyName::ShortCollar,
            (-1, 1, -1, Equal) => StrategyName::Reversal,
            (1, -1, -1, Equal) => StrategyName::CoveredStraddle,
            (1, -1, -1, Less) => StrategyName::CoveredStrangle,
            (_, _, _, Less | Equal | Greater) => StrategyName::Custom,
        },
        _ => StrategyName::Custom,
    }
}

/// Table C: two option expiries, no leg in the underlying.
fn two_expiries(near: &Series, far: &Series) -> StrategyName {
    match (near.calls.as_slice(), near.puts.as_slice(), far.calls.as_slice(), far.puts.as_slice()) {
        ([n], [], [f], []) if n.1 + f.1 == 0 => match (n.0 == f.0, f.1) {
            (true, 1) => StrategyName::LongCallCalendar,
            (true, -1) => StrategyName::ShortCallCalendar,
            (false, 1) => StrategyName::LongCallDiagonal,
            (false, -1) => StrategyName::ShortCallDiagonal,
            _ => StrategyName::CustomMultiExpiry,
        },
        ([], [n], [], [f]) if n.1 + f.1 == 0 => match (n.0 == f.0, f.1) {
            (true, 1) => StrategyName::LongPutCalendar,
            (true, -1) => StrategyName::ShortPutCalendar,
            (false, 1) => StrategyName::LongPutDiagonal,
            (false, -1) => StrategyName::ShortPutDiagonal,
            _ => StrategyName::CustomMultiExpiry,
        },
        ([nc], [np], [fc], [fp]) => four_of_two_expiries(*nc, *np, *fc, *fp),
        _ => StrategyName::CustomMultiExpiry,
    }
}

fn four_of_two_expiries(nc: (Price, i64), np: (Price, i64), fc: (Price, i64), fp: (Price, i64)) -> StrategyName {
    let one_strike = nc.0 == np.0 && np.0 == fc.0 && fc.0 == fp.0;
    let same_strikes = nc.0 == fc.0 && np.0 == fp.0;
    let outside = fp.0 < np.0 && fc.0 > nc.0 && np.0 <= nc.0;
    match (nc.1, np.1, fc.1, fp.1) {
        (-1, -1, 1, 1) if one_strike => StrategyName::StraddleCalendar,
        (-1, -1, 1, 1) if same_strikes && np.0 < nc.0 => StrategyName::DoubleCalendar,
        (-1, -1, 1, 1) if outside => StrategyName::DoubleDiagonal,
        (-1, 1, 1, -1) | (1, -1, -1, 1) if one_strike => StrategyName::JellyRoll,
        _ => StrategyName::CustomMultiExpiry,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct File {
        cases: Vec<Case>,
    }
    #[derive(Deserialize)]
    struct Case {
        id: String,
        expected: String,
        legs: Vec<Row>,
    }
    #[derive(Deserialize)]
    struct Row {
        underlying: Symbol,
        action: Side,
        #[serde(rename = "type")]
        kind: String,
        strike: Option<serde_json::Number>,
        expiry: Option<Date>,
        lots: i64,
    }

    fn holding(row: &Row) -> Holding {
        let strike = row.strike.as_ref().map(|s| s.to_string().parse().unwrap());
        let kind = match (row.kind.as_str(), strike) {
            ("CE", Some(strike)) => LegKind::Option { strike, right: OptionRight::Call },
            ("PE", Some(strike)) => LegKind::Option { strike, right: OptionRight::Put },
            ("FUT", None) => LegKind::Future,
            ("EQ", None) => LegKind::Equity,
            other => panic!("{other:?}"),
        };
        let lots = if row.action == Side::Buy { row.lots } else { -row.lots };
        Holding { underlying: row.underlying, kind, expiry: row.expiry, lots }
    }

    #[test]
    fn every_case_of_the_reference_gets_its_name() {
        let file: File = serde_json::from_str(include_str!("../../tests/fixtures/market/strategy_names.json")).unwrap();
        assert_eq!(file.cases.len(), 278);
        for case in file.cases {
            let mut holdings: Vec<Holding> = case.legs.iter().map(holding).collect();
            assert_eq!(name(&holdings).id(), case.expected, "{}", case.id);
            holdings.reverse();
            assert_eq!(name(&holdings).id(), case.expected, "{} backwards", case.id);
        }
    }

    #[test]
    fn legs_without_expiry_are_taken_to_share_one() {
        let leg = |side, strike: i64| Leg {
            side,
            kind: LegKind::Option { strike: Price(strike.into()), right: OptionRight::Call },
            expiry: None,
            ratio: 1,
            premium: None,
        };
        let mut legs = [leg(Side::Sell, 26500), leg(Side::Buy, 26800)];
        assert_eq!(of_legs(&legs), StrategyName::BearCallSpread);
        legs[0].expiry = Some(jiff::civil::date(2026, 12, 29));
        assert_eq!(of_legs(&legs), StrategyName::CustomMultiExpiry, "which is nearer is not known");
    }

    proptest::proptest! {
        /// Order, scaling and split fills do not matter, and neither does a leg that was opened and closed again.
        #[test]
        fn a_name_is_that_of_the_net_position(case in 0usize..278, seed in 0u64..1_000, scale in 1i64..7, split in 0i64..5) {
            static CASES: std::sync::LazyLock<Vec<Case>> = std::sync::LazyLock::new(|| {
                let text = include_str!("../../tests/fixtures/market/strategy_names.json");
                serde_json::from_str::<File>(text).unwrap().cases
            });
            let case = &CASES[case];
            let mut fills: Vec<Holding> = Vec::new();
            for row in &case.legs {
                let whole = holding(row);
                let first = split.min(whole.lots.abs() * scale - 1).max(0) * whole.lots.signum();
                fills.push(Holding { lots: first, ..whole });
                fills.push(Holding { lots: whole.lots * scale - first, ..whole });
            }
            let closed = Holding { lots: 3, kind: LegKind::Option { strike: Price(rust_decimal::Decimal::ONE), right: OptionRight::Put }, ..fills[0] };
            fills.extend([closed, Holding { lots: -3, ..closed }]);
            // Any order: sorted by a number drawn from the seed.
            let mut order = seed;
            let mut keyed: Vec<(u64, Holding)> = fills
                .into_iter()
                .map(|fill| {
                    order = order.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    (order >> 33, fill)
                })
                .collect();
            keyed.sort_by_key(|(key, _)| *key);
            let fills: Vec<Holding> = keyed.into_iter().map(|(_, fill)| fill).collect();
            proptest::prop_assert_eq!(name(&fills).id(), case.expected.as_str(), "{}", case.id);
        }
    }
}
