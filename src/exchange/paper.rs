//! What paper trading lists: the index contracts of the day, and shares with given prices.

use jiff::civil::Date;
use rust_decimal::Decimal;
use rust_decimal_macros::dec;

use crate::domain::contract_rules::usable_max_order;
use crate::domain::time::{Timestamp, ist};
use crate::domain::{
    Contract, ContractRules, Exchange as Place, ExpiryCycle, Price, Quantity, SecurityId, Symbol, TradingCalendar,
    UnderlyingRules,
};

use super::config::{Series, UnderlyingSpec};

/// A share to list, or what to change about an index that is listed anyway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShareSpec {
    pub symbol: Symbol,
    pub spot: Price,
    /// Instead of the lot that follows from the price.
    pub lot: Option<Quantity>,
    /// Instead of the distance of strikes that follows from the price.
    pub strike_step: Option<Price>,
    /// Listed besides the regular strikes.
    pub strikes: Vec<Price>,
}

impl ShareSpec {
    pub fn new(symbol: Symbol, spot: Price) -> Self {
        Self { symbol, spot, lot: None, strike_step: None, strikes: Vec::new() }
    }
}

/// An index as paper trading starts it.
struct IndexStart {
    symbol: &'static str,
    name: &'static str,
    spot: Decimal,
    vol: f64,
    liquidity: f64,
    strikes_each_side: u32,
}

const INDICES: [IndexStart; 5] = [
    IndexStart {
        symbol: "NIFTY",
        name: "Nifty 50",
        spot: dec!(25944),
        vol: 0.115,
        liquidity: 1.0,
        strikes_each_side: 60,
    },
    IndexStart {
        symbol: "BANKNIFTY",
        name: "Nifty Bank",
        spot: dec!(58210),
        vol: 0.13,
        liquidity: 0.5,
        strikes_each_side: 60,
    },
    IndexStart {
        symbol: "FINNIFTY",
        name: "Nifty Fin Service",
        spot: dec!(27450),
        vol: 0.13,
        liquidity: 0.15,
        strikes_each_side: 50,
    },
    IndexStart {
        symbol: "MIDCPNIFTY",
        name: "Nifty Midcap Select",
        spot: dec!(13380),
        vol: 0.16,
        liquidity: 0.15,
        strikes_each_side: 50,
    },
    IndexStart {
        symbol: "SENSEX",
        name: "Sensex",
        spot: dec!(84900),
        vol: 0.115,
        liquidity: 0.7,
        strikes_each_side: 60,
    },
];

const WEEKLY_SERIES: usize = 4;
const MONTHLY_SERIES: usize = 3;
/// Value of one lot of a share's derivatives, in rupees: the middle of what the regulator asks for (15 to 20 lakh).
const LOT_VALUE: Decimal = dec!(1_750_000);
/// The largest order in a share's derivatives, in lots.
const MOST_LOTS: u32 = 40;
const SHARE_STRIKES_EACH_SIDE: u32 = 20;

/// The listing of the day: NIFTY, BANKNIFTY, FINNIFTY, MIDCPNIFTY and SENSEX by the rules, and the shares given (entries
/// that name an index change its price, lot or strikes instead).
pub fn paper_listing(
    now: Timestamp,
    calendar: &TradingCalendar,
    rules: &ContractRules,
    shares: &[ShareSpec],
) -> Vec<UnderlyingSpec> {
    let mut listing = Vec::new();
    for start in &INDICES {
        let Ok(symbol) = Symbol::new(start.symbol) else { continue };
        let Some(rule) = rules.get(symbol) else { continue };
        let changes = shares.iter().find(|s| s.symbol == symbol);
        listing.push(index(start, rule, changes, now, calendar, rules));
    }
    let mut shares: Vec<&ShareSpec> =
        shares.iter().filter(|s| INDICES.iter().all(|i| i.symbol != s.symbol.as_str())).collect();
    shares.sort_by_key(|s| s.symbol);
    shares.dedup_by_key(|s| s.symbol);
    let monthlies = series_dates(now, Place::Nse, calendar, rules, 0);
    let mut used = Vec::new();
    for spec in shares.into_iter().filter(|s| s.spot.is_positive()) {
        listing.push(share(spec, &monthlies, &mut used));
    }
    listing
}

/// One small underlying for simulations: an index near 25,944 with one expiry, 21 strikes and a future.
pub fn small_listing(symbol: Symbol, expiry: Date) -> UnderlyingSpec {
    UnderlyingSpec {
        contract: Contract::index(Place::Nse, symbol),
        security_id: SecurityId(13),
        name: "Nifty 50".into(),
        spot: Price(dec!(25944)),
        vol: 0.13,
        liquidity: 1.0,
        tick: Price(dec!(0.05)),
        strike_step: Price(dec!(50)),
        strikes_each_side: 10,
        extra_strikes: Vec::new(),
        series: vec![Series {
            expiry,
            lot: Quantity(65),
            max_order: Some(Quantity(1755)),
            monthly: true,
            future: true,
        }],
    }
}

fn index(
    start: &IndexStart,
    rule: &UnderlyingRules,
    changes: Option<&ShareSpec>,
    now: Timestamp,
    calendar: &TradingCalendar,
    rules: &ContractRules,
) -> UnderlyingSpec {
    let today = ist(now).date();
    let weeklies = if rule.weekly { WEEKLY_SERIES } else { 0 };
    let dates = series_dates(now, rule.exchange, calendar, rules, weeklies);
    let series = dates.into_iter().filter_map(|(expiry, monthly)| {
        let lot = changes.and_then(|c| c.lot).or_else(|| rule.lot(expiry)).filter(|lot| !lot.is_zero())?;
        let max_order = rule.freeze(today).map(|freeze| usable_max_order(freeze, lot));
        Some(Series { expiry, lot, max_order, monthly, future: monthly })
    });
    UnderlyingSpec {
        contract: Contract::index(rule.exchange, rule.symbol),
        security_id: rule.dhan_index_id,
        name: start.name.into(),
        spot: changes.map_or(Price(start.spot), |c| c.spot),
        vol: start.vol,
        liquidity: start.liquidity,
        tick: rule.tick,
        strike_step: changes.and_then(|c| c.strike_step).unwrap_or(rule.strike_step),
        strikes_each_side: start.strikes_each_side,
        extra_strikes: changes.map(|c| c.strikes.clone()).unwrap_or_default(),
        series: series.collect(),
    }
}

fn share(spec: &ShareSpec, monthlies: &[(Date, bool)], used: &mut Vec<u64>) -> UnderlyingSpec {
    let lot = spec.lot.filter(|lot| !lot.is_zero()).unwrap_or_else(|| share_lot(spec.spot));
    let max_order = Some(Quantity(lot.0.saturating_mul(MOST_LOTS)));
    let series = monthlies.iter().map(|(expiry, monthly)| Series {
        expiry: *expiry,
        lot,
        max_order,
        monthly: *monthly,
        future: true,
    });
    let id = share_number(spec.symbol, used);
    UnderlyingSpec {
        contract: Contract::equity(Place::Nse, spec.symbol),
        security_id: SecurityId(id),
        name: spec.symbol.to_string(),
        spot: spec.spot,
        vol: 0.28,
        liquidity: 0.1,
        tick: Price(dec!(0.05)),
        strike_step: spec.strike_step.filter(|s| s.is_positive()).unwrap_or_else(|| share_step(spec.spot)),
        strikes_each_side: SHARE_STRIKES_EACH_SIDE,
        extra_strikes: spec.strikes.clone(),
        series: series.collect(),
    }
}

/// Expiries whose last session is not over, with whether each is the last of its month.
fn series_dates(
    now: Timestamp,
    exchange: Place,
    calendar: &TradingCalendar,
    rules: &ContractRules,
    weeklies: usize,
) -> Vec<(Date, bool)> {
    let today = ist(now).date();
    let over = |date: Date| calendar.close_of_expiry(exchange, date) <= now;
    // One more of each, in case today's expiry is over.
    let more = |n: usize| if n == 0 { 0 } else { n + 1 };
    let (mut weekly_left, mut monthly_left) = (weeklies, MONTHLY_SERIES);
    let coming = rules.exchange_expiries(exchange, today, calendar, more(weeklies), more(MONTHLY_SERIES));
    let mut dates = Vec::new();
    for expiry in coming.into_iter().filter(|e| !over(e.date)) {
        let left = match expiry.cycle {
            ExpiryCycle::Weekly => &mut weekly_left,
            ExpiryCycle::Monthly => &mut monthly_left,
        };
        if *left > 0 {
            *left -= 1;
            dates.push((expiry.date, expiry.cycle == ExpiryCycle::Monthly));
        }
    }
    dates
}

/// A lot worth 15 to 20 lakh rupees, as round as exchanges make them.
fn share_lot(spot: Price) -> Quantity {
    let raw = LOT_VALUE / spot.0;
    let round_to = if raw >= dec!(100) {
        dec!(25)
    } else if raw >= dec!(20) {
        dec!(5)
    } else {
        Decimal::ONE
    };
    let lot = ((raw / round_to).round() * round_to).max(Decimal::ONE);
    Quantity(u32::try_from(lot).unwrap_or(u32::MAX))
}

/// The distance of strikes exchanges choose at this price, roughly one to two percent of it.
fn share_step(spot: Price) -> Price {
    const STEPS: [(Decimal, Decimal); 8] = [
        (dec!(100), dec!(1)),
        (dec!(250), dec!(2.5)),
        (dec!(500), dec!(5)),
        (dec!(1000), dec!(10)),
        (dec!(2000), dec!(20)),
        (dec!(5000), dec!(50)),
        (dec!(20000), dec!(100)),
        (dec!(50000), dec!(250)),
    ];
    Price(STEPS.iter().find(|(below, _)| spot.0 < *below).map_or(dec!(500), |(_, step)| *step))
}

/// A number that follows from the name, so that it stays when the list changes.
fn share_number(symbol: Symbol, used: &mut Vec<u64>) -> u64 {
    let hash = symbol
        .as_str()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3));
    let mut number = 1_000 + hash % 29_000;
    while used.contains(&number) {
        number += 1;
    }
    used.push(number);
    number
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::from_ist;
    use jiff::civil::date;

    fn listing(at: Timestamp, shares: &[ShareSpec]) -> Vec<UnderlyingSpec> {
        paper_listing(at, TradingCalendar::builtin(), ContractRules::builtin(), shares)
    }

    #[test]
    fn the_listing_of_the_20th_of_november_2026_is_that_of_the_exchanges() {
        let all = listing(from_ist(date(2026, 11, 20).at(10, 0, 0, 0)), &[]);
        let names: Vec<_> = all.iter().map(|u| u.contract.underlying.to_string()).collect();
        assert_eq!(names, ["NIFTY", "BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "SENSEX"]);
        let nifty = &all[0];
        assert_eq!(nifty.series[0].expiry, date(2026, 11, 23), "Tuesday the 24th is a holiday");
        assert!(nifty.series[0].monthly && nifty.series[0].future);
        assert_eq!((nifty.series[0].lot, nifty.series[0].max_order), (Quantity(65), Some(Quantity(1755))));
        assert_eq!(nifty.series.len(), 7, "four weekly and three monthly expiries");
        assert_eq!((all[1].series.len(), all[1].series[0].lot), (3, Quantity(30)));
        assert_eq!((all[4].series[0].expiry, all[4].series[0].lot), (date(2026, 11, 26), Quantity(20)));
    }

    #[test]
    fn an_expiry_is_gone_when_its_session_is_over() {
        let evening = listing(from_ist(date(2026, 11, 23).at(15, 40, 0, 0)), &[]);
        assert!(evening[0].series[0].expiry > date(2026, 11, 23));
        assert_eq!(evening[0].series.len(), 7);
    }

    #[test]
    fn a_share_gets_a_lot_of_15_to_20_lakh_and_strikes_that_suit_its_price() {
        let at = from_ist(date(2026, 11, 20).at(10, 0, 0, 0));
        for (spot, step) in [("152.40", "2.5"), ("1423.5", "20"), ("42.1", "1"), ("6410", "100")] {
            let spec = ShareSpec::new(Symbol::new("ABC").unwrap(), spot.parse().unwrap());
            let share = listing(at, &[spec]).pop().unwrap();
            let value = share.spot.times(share.series[0].lot).0;
            assert!(value >= dec!(1_500_000) && value <= dec!(2_000_000), "{spot}: {value}");
            assert_eq!(share.strike_step, step.parse().unwrap());
        }
    }

    #[test]
    fn a_share_keeps_its_number_when_others_come_and_go() {
        let at = from_ist(date(2026, 11, 20).at(10, 0, 0, 0));
        let spec = |name: &str| ShareSpec::new(Symbol::new(name).unwrap(), Price(dec!(500)));
        let alone = listing(at, &[spec("TCS")]).pop().unwrap().security_id;
        let among = listing(at, &[spec("INFY"), spec("TCS"), spec("RELIANCE")]).pop().unwrap();
        assert_eq!((among.contract.underlying.as_str(), among.security_id), ("TCS", alone));
    }
}
