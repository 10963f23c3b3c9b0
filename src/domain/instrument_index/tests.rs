use jiff::civil::date;
use proptest::prelude::*;
use rust_decimal::Decimal;
use rust_decimal_macros::dec;

use super::*;
use crate::domain::Quantity;

fn symbol(name: &str) -> Symbol {
    Symbol::new(name).unwrap()
}

fn listed(contract: &str, id: u64) -> Instrument {
    Instrument {
        contract: contract.parse().unwrap(),
        security_id: SecurityId(id),
        lot: Quantity(65),
        tick: Price(dec!(0.05)),
        max_order: Some(Quantity(1755)),
    }
}

fn sample() -> Vec<Instrument> {
    vec![
        listed("NSE:NIFTY:2026-12-01:26000:PE", 12),
        listed("NSE:NIFTY:2026-11-23:26050:CE", 11),
        listed("NSE:NIFTY:2026-11-23:26000:PE", 10),
        listed("NSE:NIFTY:2026-11-23:26000:CE", 9),
        listed("NSE:NIFTY:2026-12-29:FUT", 8),
        listed("NSE:NIFTY:2026-11-23:FUT", 7),
        listed("NSE:NIFTY:INDEX", 13),
        listed("NSE:RELIANCE:EQ", 13),
        listed("BSE:RELIANCE:EQ", 500_325),
        listed("BSE:SENSEX:2026-11-26:85000:CE", 13),
        listed("MCX:NATURALGAS:2026-11-24:282.5:CE", 13),
    ]
}

#[test]
fn every_instrument_is_found_by_contract_and_by_number() {
    let index = InstrumentIndex::new(sample());
    assert_eq!((index.len(), index.left_out()), (11, 0));
    for instrument in sample() {
        assert_eq!(index.by_contract(&instrument.contract), Some(instrument));
        assert_eq!(index.by_security(instrument.contract.segment(), instrument.security_id), Some(instrument));
    }
}

#[test]
fn what_is_not_listed_is_not_found() {
    let index = InstrumentIndex::new(sample());
    for text in [
        "NSE:NIFTY:2026-11-23:26100:CE",
        "NSE:NIFTY:2026-11-24:26000:CE",
        "BSE:NIFTY:INDEX",
        "NSE:RELIANCE:INDEX",
        "NSE:TCS:EQ",
    ] {
        assert_eq!(index.by_contract(&text.parse().unwrap()), None, "{text}");
    }
    assert_eq!(index.by_security(Segment::NseCurrency, SecurityId(13)), None);
    assert_eq!(index.by_security(Segment::NseDerivatives, SecurityId(13)), None);
    assert_eq!(index.by_security(Segment::Index, SecurityId(u64::MAX)), None);
    assert_eq!(InstrumentIndex::new(Vec::new()).by_contract(&"NSE:TCS:EQ".parse().unwrap()), None);
}

#[test]
fn a_strike_is_found_however_many_zeros_it_is_asked_with() {
    let index = InstrumentIndex::new(sample());
    let mut contract: Contract = "NSE:NIFTY:2026-11-23:26000:CE".parse().unwrap();
    contract.kind = super::super::ContractKind::Option {
        expiry: date(2026, 11, 23),
        strike: Price(Decimal::new(26_000_000_000_000, 9)),
        right: OptionRight::Call,
    };
    assert_eq!(index.by_contract(&contract).map(|i| i.security_id), Some(SecurityId(9)));
}

#[test]
fn expiries_and_strikes_ascend() {
    let index = InstrumentIndex::new(sample());
    let nifty = symbol("NIFTY");
    assert_eq!(index.expiries(Exchange::Nse, nifty), [date(2026, 11, 23), date(2026, 12, 1), date(2026, 12, 29)]);
    assert_eq!(index.option_expiries(Exchange::Nse, nifty), [date(2026, 11, 23), date(2026, 12, 1)]);
    assert_eq!(index.future_expiries(Exchange::Nse, nifty), [date(2026, 11, 23), date(2026, 12, 29)]);
    let strikes = index.strikes(Exchange::Nse, nifty, date(2026, 11, 23));
    assert_eq!(strikes, [Price(dec!(26000)), Price(dec!(26050))]);
    assert_eq!(index.strikes(Exchange::Nse, nifty, date(2026, 11, 24)), []);
    let chain: Vec<_> = index.options(Exchange::Nse, nifty, date(2026, 11, 23)).map(|i| i.security_id.0).collect();
    assert_eq!(chain, [9, 10, 11]);
    assert_eq!(index.expiries(Exchange::Bse, nifty), []);
}

#[test]
fn underlyings_are_what_has_derivatives() {
    let index = InstrumentIndex::new(sample());
    let names = |list: Vec<(Exchange, Symbol)>| list.iter().map(|(e, s)| format!("{e} {s}")).collect::<Vec<_>>();
    assert_eq!(names(index.underlyings().collect()), ["NSE NIFTY", "BSE SENSEX", "MCX NATURALGAS"]);
    assert_eq!(names(index.symbols().collect()).len(), 5);
    assert!(index.lists(Exchange::Bse, symbol("RELIANCE")) && !index.lists(Exchange::Mcx, symbol("RELIANCE")));
}

#[test]
fn of_equal_contracts_or_numbers_the_first_is_kept() {
    let mut list = sample();
    list.push(listed("NSE:NIFTY:2026-11-23:26000:CE", 99));
    list.push(listed("NSE:NIFTY:2026-11-23:26100:CE", 9));
    let index = InstrumentIndex::new(list);
    assert_eq!((index.len(), index.left_out()), (11, 2));
    assert_eq!(
        index.by_contract(&"NSE:NIFTY:2026-11-23:26000:CE".parse().unwrap()).unwrap().security_id,
        SecurityId(9)
    );
    assert_eq!(index.by_security(Segment::NseDerivatives, SecurityId(99)), None);
    assert_eq!(InstrumentIndex::from_packed(index.packed().clone()).map(|i| i.len()), Ok(11));
}

#[test]
fn a_contract_without_a_listing_cannot_be_taken_in() {
    let index = InstrumentIndex::new(vec![listed("NSE:NIFTY:ID-NseDerivatives-7", 7), listed("NSE:NIFTY:INDEX", 13)]);
    assert_eq!((index.len(), index.left_out()), (1, 1));
}

#[test]
fn it_says_of_which_day_it_is_and_where_it_came_from() {
    let index = InstrumentIndex::new(sample()).with_origin(date(2026, 11, 20), "built-in exchange");
    assert_eq!((index.date(), index.source()), (Some(date(2026, 11, 20)), "built-in exchange"));
}

#[test]
fn packed_parts_out_of_order_are_refused() {
    let good = InstrumentIndex::new(sample()).packed().clone();
    assert!(InstrumentIndex::from_packed(good.clone()).is_ok());
    let broken: [fn(&mut PackedInstruments); 7] = [
        |p| p.rows.swap(0, 1),
        |p| p.families.swap(0, 1),
        |p| p.by_security.swap(0, 1),
        |p| p.by_security[3] = 4000,
        |p| p.by_security.truncate(5),
        |p| p.families[1].first_row += 1,
        |p| p.rows.iter_mut().for_each(|r| r.expiry = u32::from(r.expiry > 0)),
    ];
    for spoil in broken {
        let mut parts = good.clone();
        spoil(&mut parts);
        assert!(InstrumentIndex::from_packed(parts).is_err());
    }
}

#[test]
fn a_row_takes_forty_bytes() {
    assert_eq!(size_of::<PackedRow>(), 40);
}

proptest! {
    #[test]
    fn any_list_is_found_again(picks in prop::collection::vec((0..4_u8, 0..6_u16, 1..40_i64, any::<bool>()), 1..120)) {
        let list: Vec<Instrument> = picks
            .iter()
            .zip(1_u64..)
            .map(|((name, week, strike, call), id)| {
                let underlying = symbol(["NIFTY", "BANKNIFTY", "M&M", "NIFTYNXT50"][*name as usize]);
                let expiry = date(2026, 11, 3).saturating_add(jiff::Span::new().days(i64::from(*week) * 7));
                let right = if *call { OptionRight::Call } else { OptionRight::Put };
                let strike = Price(Decimal::new(strike * 25, 1));
                let contract = Contract::option(Exchange::Nse, underlying, expiry, strike, right);
                Instrument { contract, ..listed("NSE:NIFTY:INDEX", id) }
            })
            .collect();
        let index = InstrumentIndex::new(list.clone());
        prop_assert_eq!(index.len() + index.left_out(), list.len());
        for wanted in &list {
            let first = list.iter().find(|i| i.contract == wanted.contract).copied();
            prop_assert_eq!(index.by_contract(&wanted.contract), first);
        }
        prop_assert!(InstrumentIndex::from_packed(index.packed().clone()).is_ok());
        prop_assert_eq!(InstrumentIndex::new(index.iter().collect()), InstrumentIndex { left_out: 0, ..index });
    }
}
