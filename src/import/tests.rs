//! The importer as a whole: every form, the reference's examples, the real files where they are at hand, and nonsense.

mod examples;
mod forms;
mod nonsense;
mod oddities;
mod real_files;
mod refusals;

use std::path::Path;

use jiff::civil::date;
use rust_decimal_macros::dec;
use serde_json::Value;

use super::*;
use crate::domain::strategy::Metrics;
use crate::domain::time::{from_ist, ist};
use crate::domain::{Bound, Conviction, LegKind, Money, OptionRight, Price, Side};

fn now() -> Timestamp {
    from_ist(date(2026, 11, 20).at(10, 5, 0, 0))
}

/// Lots of today for the symbols of the tests.
fn lot_of(_: Exchange, symbol: Symbol, _: Option<Date>) -> Option<Quantity> {
    let lots = [("NIFTY", 65), ("BANKNIFTY", 30), ("SENSEX", 20), ("DIXON", 50)];
    lots.iter().find(|(name, _)| *name == symbol.as_str()).map(|(_, lot)| Quantity(*lot))
}

fn read_text(name: &str, text: &str) -> Imported {
    read(name, text.as_bytes(), now(), &lot_of).unwrap()
}

fn only(mut imported: Imported) -> Recommendation {
    assert_eq!((imported.refused.as_slice(), imported.good.len()), ([].as_slice(), 1));
    imported.good.remove(0)
}

fn codes(r: &Recommendation) -> Vec<&str> {
    r.issues.iter().map(|i| i.code.as_str()).collect()
}

fn blocks(r: &Recommendation) -> Option<&str> {
    r.blocked().map(|i| i.code.as_str())
}

/// A file of `tests/fixtures/analysis`.
fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/analysis").join(name)).unwrap()
}

fn import_fixture(name: &str) -> Imported {
    read(name, &fixture(name), now(), &lot_of).unwrap()
}

fn strategy_json(name: &str, legs: &str) -> String {
    format!(r#"{{"symbol": "NIFTY", "name": "{name}", "generated_at": "2026-11-20T10:00:00", "legs": [{legs}]}}"#)
}

fn leg_json(side: &str, strike: &str, kind: &str, premium: &str, more: &str) -> String {
    format!(r#"{{"position": "{side}", "option_type": "{kind}", "strike": {strike}, "premium": {premium}{more}}}"#)
}
