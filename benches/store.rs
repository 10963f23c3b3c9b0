//! The journal: a commit, a fold, a start from a snapshot, a whole day recovered, checked and replayed; and the tables built
//! again from it.
//!
//! `cargo bench --bench store`. A commit waits for the disk: its time says more of the disk than of the program.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use jiff::civil::date;
use rust_decimal_macros::dec;
use strikedeck::domain::time::{Timestamp, after_ms, from_ist};
use strikedeck::domain::{
    AccountId, BrokerOrderId, Contract, CorrelationId, Exchange, Intent, IntentId, OptionRight, OrderKind,
    OrderSighting, OrderSpec, Price, Product, Quantity, Quote, SeenStatus, Side, StrategyId, Symbol, Validity,
};
use strikedeck::engine::record::{Owner, Profile, Purpose};
use strikedeck::engine::{Record, State};
use strikedeck::simulation::Playback;
use strikedeck::store::{Journal, JournalCopy, JournalOptions, Projection};

/// A morning of marks: one record a second for 20 contracts.
const SECONDS: i64 = 5_000;

/// A busy day: every second the marks of four contracts, news of an order, and two books read again.
const DAY: u64 = 100_000;
/// Orders of that day.
const ORDERS: u64 = 500;

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

fn contract(n: u64) -> Contract {
    let strike = Price((25_000 + 50 * i64::try_from(n).unwrap()).into());
    Contract::option(Exchange::Nse, Symbol::new("NIFTY").unwrap(), date(2026, 11, 24), strike, OptionRight::Call)
}

fn intent(n: u64) -> Intent {
    let spec = OrderSpec {
        contract: contract(n % 4),
        side: if n.is_multiple_of(2) { Side::Buy } else { Side::Sell },
        quantity: Quantity(650),
        kind: OrderKind::Limit { price: Price(dec!(120.05)) },
        validity: Validity::Day,
        product: Product::Margin,
    };
    let correlation = CorrelationId::new("BENCH1", n + 1).unwrap();
    Intent { id: IntentId(n + 1), account: AccountId(1), correlation, spec, expires: after_ms(start(), 5_000) }
}

/// The record `n` of the day.
fn of_the_day(n: u64) -> (Timestamp, Record) {
    let at = after_ms(start(), i64::try_from(n / 4).unwrap() * 900);
    // An order is made, then told of until it has filled.
    let (order, news) = (n / 4 % ORDERS, n / 4 / ORDERS);
    let intent = intent(order);
    let record = match n % 4 {
        0 => {
            let (_, Record::Marks { quotes }) = marks(i64::try_from(n / 4).unwrap()) else { unreachable!() };
            Record::Marks { quotes: quotes[..4].to_vec() }
        }
        1 if news == 0 => {
            let owner = Owner::Strategy(StrategyId(order));
            Record::IntentMade { intent: Box::new(intent), purpose: Purpose::Exit { owner } }
        }
        1 => {
            let filled = Quantity(650.min(u32::try_from(news).unwrap() * 15));
            let status = if filled.0 == 650 { SeenStatus::Filled } else { SeenStatus::Working };
            let sighting = OrderSighting {
                correlation: Some(intent.correlation.clone()),
                order_id: BrokerOrderId(format!("112611200{order:05}")),
                spec: intent.spec,
                filled,
                average: Some(Price(dec!(120.05))),
                status,
                reason: None,
                updated: Some(at),
            };
            Record::OrderSeen { intent: intent.id, sighting: Box::new(sighting) }
        }
        2 => Record::OrdersRead { asked_at: at },
        _ => Record::PositionsRead { asked_at: at, positions: None },
    };
    (at, record)
}

/// The journal of that day, not closed: without a snapshot.
fn busy_day(folder: &Path) -> Journal {
    let mut journal = open(folder, true);
    let records: Vec<_> = (0..DAY).map(of_the_day).collect();
    journal.append(&records).unwrap();
    journal
}

/// What a start does after a crash without any snapshot: every hash checked, every record folded.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn recover_a_day_of_100_000_records(bencher: Bencher) {
    let folder = tempfile::tempdir().unwrap();
    drop(busy_day(folder.path()));
    bencher.counter(ItemsCount::new(DAY)).bench_local(|| open(folder.path(), true));
}

/// `journal verify`: the files copied, every hash checked, folded twice.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn verify_a_day_of_100_000_records(bencher: Bencher) {
    let folder = tempfile::tempdir().unwrap();
    drop(busy_day(folder.path()));
    bencher.bench_local(|| assert!(JournalCopy::take(folder.path()).unwrap().verify().unwrap().is_sound()));
}

/// A replay's step back, wherever it stands.
#[divan::bench(sample_count = 40, sample_size = 1)]
fn step_back_in_a_replay_of_100_000_records(bencher: Bencher) {
    let records: Vec<_> = (0..DAY).map(of_the_day).collect();
    let mut playback = Playback::new(State::default(), records);
    playback.go_to(playback.len());
    bencher.bench_local(|| {
        // A step back, and on to elsewhere, which is not what is measured but costs no less.
        playback.go_to(playback.done() - 1);
        playback.go_to(playback.done().saturating_sub(2_345).max(5_000));
    });
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
