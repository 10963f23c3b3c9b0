//! The journal: a commit, a fold, a start from a snapshot; and the tables built again from it.
//!
//! `cargo bench --bench store`. A commit waits for the disk: its time says more of the disk than of the program.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use divan::{Bencher, black_box};
use jiff::civil::date;
use rust_decimal_macros::dec;
use strikedeck::domain::time::{Timestamp, after_ms, from_ist};
use strikedeck::domain::{Contract, Exchange, OptionRight, Price, Quantity, Quote, Symbol};
use strikedeck::engine::Record;
use strikedeck::engine::record::Profile;
use strikedeck::store::{Journal, JournalOptions, Projection};

/// A morning of marks: one record a second for 20 contracts.
const SECONDS: i64 = 5_000;

fn main() {
    divan::main();
}

fn start() -> Timestamp {
    from_ist(date(2026, 11, 20).at(9, 15, 0, 0))
}

fn marks(second: i64) -> (Timestamp, Record) {
    let at = after_ms(start(), second * 1_000);
    let nifty = Symbol::new("NIFTY").unwrap();
    let quote = |n: i64| {
        let strike = Price((25_000 + 50 * n).into());
        let contract = Contract::option(Exchange::Nse, nifty, date(2026, 11, 24), strike, OptionRight::Call);
        let last = Price(dec!(120.05) + rust_decimal::Decimal::from(second % 7));
        let (bid, ask) = (Some(last.ticks(-1, Price(dec!(0.05)))), Some(last.ticks(1, Price(dec!(0.05)))));
        (contract, Quote { last, bid, ask, bid_quantity: Quantity(650), ask_quantity: Quantity(325), at })
    };
    (at, Record::Marks { quotes: (0..20).map(quote).collect() })
}

fn open(folder: &Path, relaxed: bool) -> Journal {
    let options = JournalOptions { relaxed, ..Default::default() };
    Journal::open(folder, Profile::Paper, options, start()).unwrap().0
}

/// A journal of one morning, not closed: without a snapshot.
fn morning(folder: &Path) -> Journal {
    let mut journal = open(folder, true);
    let records: Vec<_> = (0..SECONDS).map(marks).collect();
    journal.append(&records).unwrap();
    journal
}

#[divan::bench(args = [false, true])]
fn commit_one_record(bencher: Bencher, relaxed: bool) {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(folder.path(), relaxed);
    let records = [(start(), Record::Started)];
    bencher.bench_local(|| journal.append(black_box(&records)).unwrap());
}

#[divan::bench(sample_count = 10)]
fn fold_a_morning(bencher: Bencher) {
    let folder = tempfile::tempdir().unwrap();
    let journal = morning(folder.path());
    bencher.bench_local(|| journal.fold().unwrap());
}

#[divan::bench(sample_count = 10)]
fn start_from_a_snapshot(bencher: Bencher) {
    let folder = tempfile::tempdir().unwrap();
    morning(folder.path()).close().unwrap();
    bencher.bench_local(|| open(folder.path(), true));
}

#[divan::bench(sample_count = 10)]
fn build_the_tables_again(bencher: Bencher) {
    let folder = tempfile::tempdir().unwrap();
    let journal = morning(folder.path());
    let path = folder.path().join("strikedeck.db");
    bencher.bench_local(|| {
        let _ = std::fs::remove_file(&path);
        Projection::open(&path, &journal).unwrap().write().unwrap();
    });
}
