use std::collections::HashSet;
use std::path::PathBuf;

use proptest::prelude::*;
use rust_decimal_macros::dec;

use super::*;
use crate::domain::contract_rules::ExpiryCycle;
use crate::domain::{Contract, InstrumentIndex, Price, Quantity, SecurityId};

const COMPACT: &[u8] = include_bytes!("../../../../tests/fixtures/instruments/compact.csv");
const DETAILED_39: &[u8] = include_bytes!("../../../../tests/fixtures/instruments/detailed-39-columns.csv");
const DETAILED_31: &[u8] = include_bytes!("../../../../tests/fixtures/instruments/detailed-31-columns.csv");
const DETAILED_32: &[u8] = include_bytes!("../../../../tests/fixtures/instruments/detailed-32-columns.csv");
const ODD: &[u8] = include_bytes!("../../../../tests/fixtures/instruments/odd.csv");

fn contracts(master: &ParsedMaster) -> Vec<String> {
    master.instruments.iter().map(|i| i.contract.to_string()).collect()
}

fn find(master: &ParsedMaster, contract: &str) -> Instrument {
    *master.instruments.iter().find(|i| i.contract.to_string() == contract).unwrap()
}

#[test]
fn a_compact_master_is_read() {
    let master = read_master(COMPACT).unwrap();
    assert_eq!(master.layout, Layout::Compact);
    assert_eq!(
        contracts(&master),
        [
            "NSE:NIFTY:INDEX",
            "NSE:INDIAVIX:INDEX",
            "NSE:NIFTYCAPITALMKT:INDEX",
            "BSE:SENSEX:INDEX",
            "NSE:M&M:EQ",
            "NSE:TOYLTD:EQ",
            "BSE:TOYLTD:EQ",
            "BSE:SMALLTOY:EQ",
            "NSE:NIFTY:2026-12-01:26000:CE",
            "NSE:NIFTY:2026-12-01:26000:PE",
            "NSE:NIFTY:2026-12-29:26000:CE",
            "NSE:NIFTY:2026-12-29:FUT",
            "NSE:TOY-LTD:2026-12-29:FUT",
            "NSE:M&M:2026-12-29:3612.5:PE",
            "BSE:SENSEX:2026-11-26:85000:CE",
            "BSE:SENSEX:2026-11-26:FUT",
            "BSE:BANKEX:2026-11-26:FUT",
            "MCX:CRUDEOIL:2026-12-17:FUT",
            "MCX:CRUDEOIL:2026-12-16:5500:CE",
        ]
    );
    assert_eq!(master.skipped.rows(SkipReason::SegmentNotCarried), 2);
    assert_eq!(master.skipped.rows(SkipReason::TestSymbol), 1);
    assert_eq!(master.skipped.rows(SkipReason::SameName), 1);
    assert_eq!((master.skipped.total(), master.skipped.faulty()), (4, 0));
}

#[test]
fn lots_are_whole_units_and_ticks_are_rupees() {
    let master = read_master(COMPACT).unwrap();
    let option = find(&master, "NSE:NIFTY:2026-12-01:26000:CE");
    assert_eq!((option.lot, option.tick, option.max_order), (Quantity(65), Price(dec!(0.05)), None));
    assert_eq!(option.security_id, SecurityId(41001));
    assert_eq!(find(&master, "MCX:CRUDEOIL:2026-12-17:FUT").tick, Price(dec!(1)));
    assert_eq!(find(&master, "NSE:NIFTY:INDEX").tick, Price(dec!(0.05)));
    assert_eq!(find(&master, "BSE:SMALLTOY:EQ").lot, Quantity(750));
}

#[test]
fn a_weekly_and_a_monthly_option_of_the_same_trading_symbol_are_two_contracts() {
    let index = InstrumentIndex::new(read_master(COMPACT).unwrap().instruments);
    let id = |contract: &str| index.by_contract(&contract.parse().unwrap()).unwrap().security_id;
    assert_eq!(id("NSE:NIFTY:2026-12-01:26000:CE"), SecurityId(41001));
    assert_eq!(id("NSE:NIFTY:2026-12-29:26000:CE"), SecurityId(41003));
}

#[test]
fn a_share_is_not_taken_for_its_bond() {
    let master = read_master(COMPACT).unwrap();
    assert_eq!(find(&master, "NSE:TOYLTD:EQ").security_id, SecurityId(90002));
    // The bond first: the share takes its place.
    let text = String::from_utf8(COMPACT.to_vec()).unwrap();
    let (share, bond) = (text.lines().nth(6).unwrap(), text.lines().nth(7).unwrap());
    let swapped = text.replace(share, "SHARE").replace(bond, share).replace("SHARE", bond);
    assert_eq!(find(&read_master(swapped.as_bytes()).unwrap(), "NSE:TOYLTD:EQ").security_id, SecurityId(90002));
}

#[test]
fn every_generation_of_the_detailed_master_is_read() {
    let oldest = read_master(DETAILED_39).unwrap();
    assert_eq!(oldest.layout, Layout::Detailed);
    assert_eq!(contracts(&oldest), ["NSE:TOYLTD:2026-01-27:FUT", "NSE:TOYLTD:EQ"]);
    assert_eq!(oldest.skipped.rows(SkipReason::TestSymbol), 1);

    let middle = read_master(DETAILED_31).unwrap();
    assert_eq!(contracts(&middle), ["NSE:INDIAVIX:INDEX", "NSE:TOYLTD:EQ", "NSE:NIFTY:2026-12-01:26000:CE"]);
    assert_eq!(middle.skipped, SkippedRows::default());

    let newest = read_master(DETAILED_32).unwrap();
    assert_eq!(
        contracts(&newest),
        [
            "NSE:NIFTY:INDEX",
            "NSE:NIFTY:2026-12-01:26000:CE",
            "NSE:BANKNIFTY:2026-12-29:59000:PE",
            "BSE:SENSEX:2026-11-26:85000:CE",
            "BSE:SENSEX:2026-11-26:85100:CE",
            "MCX:CRUDEOIL:2026-12-17:FUT",
            "NSE:TOYLTD:EQ",
        ]
    );
    assert_eq!((newest.skipped.total(), newest.skipped.faulty()), (1, 0));
}

#[test]
fn the_largest_order_is_whole_lots_below_the_freeze_quantity() {
    let master = read_master(DETAILED_32).unwrap();
    let max = |contract| find(&master, contract).max_order.map(|q| q.0);
    assert_eq!(max("NSE:NIFTY:2026-12-01:26000:CE"), Some(1755));
    assert_eq!(max("NSE:BANKNIFTY:2026-12-29:59000:PE"), Some(600));
    assert_eq!(max("BSE:SENSEX:2026-11-26:85000:CE"), Some(1000));
    assert_eq!(max("BSE:SENSEX:2026-11-26:85100:CE"), None);
    assert_eq!(max("NSE:NIFTY:INDEX"), None);
    assert_eq!(max("NSE:TOYLTD:EQ"), None);
}

#[test]
fn broken_rows_are_counted_and_the_others_are_read() {
    let master = read_master(ODD).unwrap();
    assert_eq!(
        contracts(&master),
        ["NSE:NIFTY:2026-12-01:26000:CE", "NSE:NIFTY:2026-12-01:26050:CE", "NSE:NIFTY:2026-12-01:26100:CE"]
    );
    let counted: Vec<_> = master.skipped.iter().map(|(reason, count)| (reason, count.rows, count.first_line)).collect();
    assert_eq!(
        counted,
        [
            (SkipReason::TooFewColumns, 1, 4),
            (SkipReason::UnknownExchange, 1, 5),
            (SkipReason::UnknownSegment, 1, 6),
            (SkipReason::UnknownKind, 1, 7),
            (SkipReason::BadSecurityId, 1, 8),
            (SkipReason::BadName, 1, 9),
            (SkipReason::BadExpiry, 1, 10),
            (SkipReason::BadStrike, 1, 11),
            (SkipReason::BadRight, 1, 12),
            (SkipReason::BadLot, 1, 13),
            (SkipReason::BadTick, 1, 14),
        ]
    );
    assert!(master.skipped.to_string().starts_with("1 too few columns (first in line 4), 1 unknown exchange"));
    assert_eq!(master.skipped.faulty(), 11);
}

#[test]
fn what_is_not_an_instrument_master_is_refused() {
    assert_eq!(read_master(b""), Err(MasterError::Empty));
    assert_eq!(read_master(b"\r\n"), Err(MasterError::Empty));
    let page = read_master(b"<html><body>Service unavailable</body></html>\n").unwrap_err();
    assert_eq!(
        page.to_string(),
        "this is not an instrument master: its first line lacks the column SECURITY_ID (it begins `<html><body>Service unavailable</body></html>`)"
    );
}

#[test]
fn a_file_cut_off_in_the_middle_of_a_row_loses_that_row_only() {
    let cut = &COMPACT[..COMPACT.len() - 90];
    let master = read_master(cut).unwrap();
    assert_eq!(master.instruments.len(), 19);
    assert_eq!(master.skipped.rows(SkipReason::TooFewColumns), 1);
}

fn listings(instruments: &[Instrument]) -> Vec<Listing<'static>> {
    let listing = |instrument: &Instrument| Listing {
        instrument: *instrument,
        name: "Toy, \"Limited\"",
        cycle: ExpiryCycle::Monthly,
        freeze: instrument.max_order,
    };
    instruments.iter().map(listing).collect()
}

#[test]
fn what_is_written_reads_back_the_same() {
    let mut all = read_master(COMPACT).unwrap().instruments;
    let compact = write_compact(&listings(&all));
    assert_eq!(read_master(compact.as_bytes()).map(|m| m.instruments), Ok(all.clone()));
    for instrument in all.iter_mut().filter(|i| i.contract.expiry().is_some()) {
        instrument.max_order = Some(Quantity(instrument.lot.0 * 10));
    }
    let detailed = write_detailed(&listings(&all));
    let master = read_master(detailed.as_bytes()).unwrap();
    assert_eq!((master.layout, master.skipped), (Layout::Detailed, SkippedRows::default()));
    assert_eq!(master.instruments, all);
}

/// Rows we write are the rows of the fixture, which has the form of the real file.
#[test]
fn rows_are_written_as_the_broker_writes_them() {
    let line = |text: &str, start: &str| text.lines().find(|l| l.starts_with(start)).map(str::to_string);
    let one = |master: &[u8], contract: &str, cycle, name, freeze| {
        let instrument = find(&read_master(master).unwrap(), contract);
        let index = Contract::index(instrument.contract.exchange, instrument.contract.underlying);
        let index = Instrument { contract: index, security_id: SecurityId(1), max_order: None, ..instrument };
        let row = Listing { instrument, name, cycle, freeze };
        // The index comes along, so that its options are known to be index options.
        vec![row, Listing { instrument: index, ..row }]
    };
    for (contract, start, cycle, name) in [
        ("NSE:NIFTY:INDEX", "NSE,I,13,", ExpiryCycle::Monthly, "Nifty 50"),
        ("NSE:NIFTY:2026-12-01:26000:CE", "NSE,D,41001,", ExpiryCycle::Weekly, ""),
        ("NSE:NIFTY:2026-12-29:FUT", "NSE,D,41004,", ExpiryCycle::Monthly, ""),
        ("BSE:SENSEX:2026-11-26:85000:CE", "BSE,D,860001,", ExpiryCycle::Monthly, ""),
        ("MCX:CRUDEOIL:2026-12-17:FUT", "MCX,M,570001,", ExpiryCycle::Monthly, ""),
    ] {
        let written = write_compact(&one(COMPACT, contract, cycle, name, None));
        assert_eq!(line(&written, start), line(std::str::from_utf8(COMPACT).unwrap(), start));
        assert_eq!(written.lines().next(), std::str::from_utf8(COMPACT).unwrap().lines().next());
    }
    let freeze = Some(Quantity(1756));
    let written = write_detailed(&one(DETAILED_32, "NSE:NIFTY:2026-12-01:26000:CE", ExpiryCycle::Weekly, "", freeze));
    let expected = line(std::str::from_utf8(DETAILED_32).unwrap(), "NSE,D,41001,").unwrap();
    assert_eq!(line(&written, "NSE,D,41001,").unwrap(), expected.replace("20.1000,0.0500", "0.0000,0.0000"));
    assert_eq!(written.lines().next(), std::str::from_utf8(DETAILED_32).unwrap().lines().next());
}

/// The larger samples, where they are at hand.
fn samples() -> Option<PathBuf> {
    ["/../shared", "/../../shared"]
        .map(|up| PathBuf::from(format!("{}{up}/dhanhq-v2/samples", env!("CARGO_MANIFEST_DIR"))))
        .into_iter()
        .find(|folder| folder.is_dir())
}

#[test]
fn the_sample_masters_load_whole() {
    let Some(folder) = samples() else { return };
    for (file, layout, expected) in [
        ("scrip-master-sample.csv", Layout::Compact, 2505),
        ("scrip-master-detailed-sample-2025-old-header.csv", Layout::Detailed, 102),
        ("scrip-master-detailed-sample-2026.csv", Layout::Detailed, 454),
        ("scrip-master-detailed-sample-2026-freeze-qty.csv", Layout::Detailed, 8),
    ] {
        let bytes = std::fs::read(folder.join(file)).unwrap();
        let rows = bytes.split(|b| *b == b'\n').filter(|l| !l.is_empty()).count() - 1;
        let master = read_master(&bytes).unwrap();
        assert_eq!(master.layout, layout);
        assert_eq!(master.instruments.len() + master.skipped.total(), rows, "{file}: {}", master.skipped);
        assert_eq!((master.instruments.len(), master.skipped.faulty()), (expected, 0), "{file}: {}", master.skipped);
        let index = InstrumentIndex::new(master.instruments);
        assert_eq!((index.len(), index.left_out()), (expected, 0), "{file}");
    }
}

#[test]
fn the_derivatives_of_the_sample_master_are_written_as_they_were() {
    let Some(folder) = samples() else { return };
    let bytes = std::fs::read(folder.join("scrip-master-sample.csv")).unwrap();
    let lines: Vec<&str> = std::str::from_utf8(&bytes).unwrap().lines().collect();
    let master = read_master(&bytes).unwrap();
    let weekly: HashSet<&str> =
        lines.iter().filter(|l| l.contains(",W,")).filter_map(|l| l.split(',').nth(2)).collect();
    let cycle = |i: &Instrument| {
        let is_weekly = weekly.contains(i.security_id.to_string().as_str());
        if is_weekly { ExpiryCycle::Weekly } else { ExpiryCycle::Monthly }
    };
    let rows: Vec<Listing<'_>> = master
        .instruments
        .iter()
        .map(|i| Listing { instrument: *i, name: "", cycle: cycle(i), freeze: None })
        .collect();
    let written = write_compact(&rows);
    // The broker calls NATGASMINI by another name for people.
    let derivatives =
        |l: &&str| l.split(',').nth(1).is_some_and(|s| matches!(s, "D" | "M")) && !l.contains("NATGASMINI");
    let expected: Vec<&str> = lines.iter().copied().filter(derivatives).collect();
    let different: Vec<_> = written.lines().filter(derivatives).zip(&expected).filter(|(a, b)| a != *b).collect();
    assert!(different.is_empty(), "{} rows differ: {:#?}", different.len(), &different[..different.len().min(5)]);
    assert_eq!(written.lines().filter(derivatives).count(), expected.len());
}

proptest! {
    /// Whatever happens to a file on its way, each of its lines is either read or counted.
    #[test]
    fn no_damage_to_a_file_stops_the_reading(
        damage in prop::collection::vec((200..COMPACT.len(), any::<u8>()), 0..40),
        cut in 200..COMPACT.len(),
    ) {
        let mut bytes = COMPACT.to_vec();
        for (at, byte) in damage {
            bytes[at] = byte;
        }
        bytes.truncate(cut);
        if let Ok(master) = read_master(&bytes) {
            let lines = bytes.split(|b| *b == b'\n').filter(|l| !l.trim_ascii().is_empty()).count();
            prop_assert_eq!(master.instruments.len() + master.skipped.total() + 1, lines);
        }
    }
}
