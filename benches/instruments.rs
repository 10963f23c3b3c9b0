//! The morning's instrument list: reading 230,000 rows, keeping and loading them, and finding one among them.
//!
//! `cargo bench --bench instruments`. Goals: reading ≤ 100 ms, loading the kept list ≤ 20 ms, a look-up ≤ 1 µs, ≤ 25 MB held.

#![allow(clippy::unwrap_used)]

use std::path::PathBuf;
use std::sync::LazyLock;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use jiff::ToSpan;
use jiff::civil::{Date, date};
use rust_decimal::Decimal;
use strikedeck::domain::contract_rules::ExpiryCycle;
use strikedeck::domain::{
    Contract, Exchange, Instrument, InstrumentIndex, OptionRight, Price, Quantity, SecurityId, Segment, Symbol,
};
use strikedeck::protocol::dhan::instruments::{Listing, read_master, write_compact, write_detailed};
use strikedeck::store::instrument_cache;

const ROWS: usize = 230_000;
const DAY: Date = date(2026, 11, 20);

static INSTRUMENTS: LazyLock<Vec<Instrument>> = LazyLock::new(all_instruments);
static INDEX: LazyLock<InstrumentIndex> =
    LazyLock::new(|| InstrumentIndex::new(INSTRUMENTS.clone()).with_origin(DAY, "benchmark"));
static COMPACT: LazyLock<String> = LazyLock::new(|| write_compact(&listings()));
static DETAILED: LazyLock<String> = LazyLock::new(|| write_detailed(&listings()));
static CACHE: LazyLock<PathBuf> = LazyLock::new(|| {
    let path = std::env::temp_dir().join(format!("strikedeck-bench-{}.bin", std::process::id()));
    instrument_cache::save(&path, &INDEX).unwrap();
    path
});

fn main() {
    println!(
        "{} instruments, compact {} kB, detailed {} kB, index {} kB, cache {} kB",
        INDEX.len(),
        COMPACT.len() / 1000,
        DETAILED.len() / 1000,
        INDEX.heap_bytes() / 1000,
        std::fs::metadata(CACHE.as_path()).unwrap().len() / 1000,
    );
    divan::main();
    let _ = std::fs::remove_file(CACHE.as_path());
}

#[divan::bench]
fn read_compact(bencher: Bencher) {
    let bytes = COMPACT.as_bytes();
    bencher.counter(BytesCount::of_slice(bytes)).bench(|| read_master(black_box(bytes)).unwrap());
}

#[divan::bench]
fn read_detailed(bencher: Bencher) {
    let bytes = DETAILED.as_bytes();
    bencher.counter(BytesCount::of_slice(bytes)).bench(|| read_master(black_box(bytes)).unwrap());
}

#[divan::bench]
fn build_index(bencher: Bencher) {
    bencher.with_inputs(|| INSTRUMENTS.clone()).bench_values(InstrumentIndex::new);
}

#[divan::bench]
fn load_cache(bencher: Bencher) {
    let path = CACHE.as_path();
    bencher.bench(|| instrument_cache::load(black_box(path), DAY).unwrap());
}

#[divan::bench]
fn by_contract_1000_times(bencher: Bencher) {
    let wanted: Vec<Contract> = some(1000).map(|i| i.contract).collect();
    bencher
        .counter(ItemsCount::of_iter(&wanted))
        .bench(|| wanted.iter().filter(|c| INDEX.by_contract(black_box(c)).is_some()).count());
}

#[divan::bench]
fn by_security_1000_times(bencher: Bencher) {
    let wanted: Vec<(Segment, SecurityId)> = some(1000).map(|i| (i.contract.segment(), i.security_id)).collect();
    bencher.counter(ItemsCount::of_iter(&wanted)).bench(|| {
        wanted.iter().filter(|(segment, id)| INDEX.by_security(black_box(*segment), black_box(*id)).is_some()).count()
    });
}

#[divan::bench]
fn expiries_and_strikes_of_one_underlying() -> usize {
    let nifty = symbol("NIFTY");
    let expiries = INDEX.option_expiries(Exchange::Nse, black_box(nifty));
    INDEX.strikes(Exchange::Nse, nifty, expiries[0]).len()
}

/// Instruments from all over the list, in no order the index could profit from.
fn some(count: usize) -> impl Iterator<Item = Instrument> {
    (0..count).map(|n| INSTRUMENTS[n * 7_919_993 % INSTRUMENTS.len()])
}

fn symbol(name: &str) -> Symbol {
    Symbol::new(name).unwrap()
}

fn listings() -> Vec<Listing<'static>> {
    let listing = |instrument: &Instrument| Listing {
        instrument: *instrument,
        name: "A Company of Middling Name",
        cycle: ExpiryCycle::Monthly,
        freeze: instrument.max_order,
    };
    INSTRUMENTS.iter().map(listing).collect()
}

/// Some 23,000 indices, shares and bonds, then the chains of the indices, and stock options up to the full number.
fn all_instruments() -> Vec<Instrument> {
    let mut list = Listed(Vec::with_capacity(ROWS));
    for n in 0..190 {
        list.add(Contract::index(Exchange::Nse, symbol(&format!("INDEX{n}"))), 1);
    }
    for (exchange, name) in INDICES {
        list.add(Contract::index(exchange, symbol(name)), 1);
    }
    for n in 0..9_500 {
        list.add(Contract::equity(Exchange::Nse, symbol(&format!("SHARE{n}"))), 1);
    }
    for n in 0..13_000 {
        list.add(Contract::equity(Exchange::Bse, symbol(&format!("PAPER{n}"))), 1);
    }
    for (exchange, name) in INDICES {
        for week in 0..18 {
            list.add_chain(exchange, symbol(name), DAY.saturating_add((week * 7 + 3).days()), 120, 50);
        }
    }
    let mut share = 0;
    while list.0.len() < ROWS {
        for month in 1..=3 {
            let expiry = DAY.saturating_add((month * 28).days());
            list.add_chain(Exchange::Nse, symbol(&format!("SHARE{share}")), expiry, 130, 5);
        }
        share += 1;
    }
    list.0.truncate(ROWS);
    list.0
}

const INDICES: [(Exchange, &str); 7] = [
    (Exchange::Nse, "NIFTY"),
    (Exchange::Nse, "BANKNIFTY"),
    (Exchange::Nse, "FINNIFTY"),
    (Exchange::Nse, "MIDCPNIFTY"),
    (Exchange::Nse, "NIFTYNXT50"),
    (Exchange::Bse, "SENSEX"),
    (Exchange::Bse, "BANKEX"),
];

struct Listed(Vec<Instrument>);

impl Listed {
    fn add(&mut self, contract: Contract, lot: u32) {
        let has_freeze = contract.expiry().is_some();
        self.0.push(Instrument {
            contract,
            security_id: SecurityId(30_000 + self.0.len() as u64),
            lot: Quantity(lot),
            tick: Price(Decimal::new(5, 2)),
            max_order: has_freeze.then_some(Quantity(lot * 27)),
        });
    }

    fn add_chain(&mut self, exchange: Exchange, underlying: Symbol, expiry: Date, strikes: i64, step: i64) {
        self.add(Contract::future(exchange, underlying, expiry), 65);
        for n in 1..=strikes {
            for right in [OptionRight::Call, OptionRight::Put] {
                let strike = Price(Decimal::from(20_000 + n * step));
                self.add(Contract::option(exchange, underlying, expiry, strike, right), 65);
            }
        }
    }
}
