//! Today's instruments of these tests.

use std::sync::{Arc, RwLock};

use jiff::civil::date;
use rust_decimal_macros::dec;

use crate::broker::dhan::SharedIndex;
use crate::domain::{
    AccountId, Contract, CorrelationId, Exchange, Instrument, InstrumentIndex, Intent, IntentId, OptionRight,
    OrderKind, OrderSpec, Price, Product, Quantity, SecurityId, Side, Symbol, Validity,
};

pub fn nifty() -> Contract {
    Contract::index(Exchange::Nse, Symbol::new("NIFTY").unwrap())
}

pub fn nifty_put() -> Contract {
    let symbol = Symbol::new("NIFTY").unwrap();
    Contract::option(Exchange::Nse, symbol, date(2026, 11, 24), Price(dec!(25900)), OptionRight::Put)
}

pub fn reliance() -> Contract {
    Contract::equity(Exchange::Nse, Symbol::new("RELIANCE").unwrap())
}

pub fn index() -> InstrumentIndex {
    let listed = [(nifty(), 13, 1), (nifty_put(), 51_234, 65), (reliance(), 2_885, 1)];
    let instrument = |(contract, id, lot)| Instrument {
        contract,
        security_id: SecurityId(id),
        lot: Quantity(lot),
        tick: Price(dec!(0.05)),
        max_order: None,
    };
    InstrumentIndex::new(listed.into_iter().map(instrument).collect())
}

pub fn shared_index() -> SharedIndex {
    Arc::new(RwLock::new(Arc::new(index())))
}

/// Sell two lots of the put at 150.25, stop at 151.
pub fn intent() -> Intent {
    let spec = OrderSpec {
        contract: nifty_put(),
        side: Side::Sell,
        quantity: Quantity(130),
        kind: OrderKind::StopLimit { trigger: Price(dec!(151)), price: Price(dec!(150.25)) },
        validity: Validity::Day,
        product: Product::Intraday,
    };
    let expires = "2026-11-20T05:00:00Z".parse().unwrap();
    let correlation = CorrelationId::new("SD7K2M", 147).unwrap();
    Intent { id: IntentId(42), account: AccountId(1), correlation, spec, expires }
}
