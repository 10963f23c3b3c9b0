use jiff::civil::date;
use rust_decimal_macros::dec;

use super::*;
use crate::domain::{Instrument, Price, Quantity, SecurityId};

const DAY: Date = date(2026, 11, 20);

fn index() -> InstrumentIndex {
    let contracts = [
        "NSE:NIFTY:INDEX",
        "NSE:NIFTY:2026-11-23:26000:CE",
        "NSE:NIFTY:2026-11-23:26000:PE",
        "NSE:NIFTY:2026-12-29:FUT",
        "NSE:M&M:2026-12-29:3612.5:PE",
        "BSE:RELIANCE:EQ",
        "MCX:CRUDEOIL:2026-12-17:FUT",
    ];
    let listed = |(text, id): (&str, u64)| Instrument {
        contract: text.parse().unwrap(),
        security_id: SecurityId(id),
        lot: Quantity(65),
        tick: Price(dec!(0.05)),
        max_order: (id % 2 == 0).then_some(Quantity(1755)),
    };
    InstrumentIndex::new(contracts.into_iter().zip(11..).map(listed).collect()).with_origin(DAY, "DhanHQ compact")
}

#[test]
fn an_index_comes_back_as_it_was_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("instruments.bin");
    save(&path, &index()).unwrap();
    assert_eq!(load(&path, DAY).unwrap(), index());
    save(&path, &InstrumentIndex::new(Vec::new()).with_origin(DAY, "")).unwrap();
    assert_eq!(load(&path, DAY).unwrap().len(), 0);
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["instruments.bin"]);
}

#[test]
fn a_cache_of_another_day_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("instruments.bin");
    let refusal = |day| load(&path, day).unwrap_err().to_string();
    assert_eq!(refusal(DAY), "there is no instrument cache yet");
    save(&path, &index()).unwrap();
    assert_eq!(refusal(date(2026, 11, 23)), "the instrument cache is of 2026-11-20, not of 2026-11-23");
    save(&path, &InstrumentIndex::new(Vec::new())).unwrap();
    assert_eq!(refusal(DAY), "the instrument cache is of no day, not of 2026-11-20");
}

#[test]
fn a_foreign_or_newer_file_is_refused() {
    let refusal = |bytes: &[u8]| format::decode(bytes).unwrap_err().to_string();
    assert_eq!(refusal(b""), "the file is not an instrument cache");
    assert_eq!(refusal(b"SQLite format 3\0"), "the file is not an instrument cache");
    let mut newer = format::encode(&index()).unwrap();
    newer[8] = 200;
    assert_eq!(refusal(&newer), "the instrument cache has format 200, this build reads format 1");
}

#[test]
fn a_damaged_cache_is_refused_wherever_the_damage_is() {
    let good = format::encode(&index()).unwrap();
    assert_eq!(format::decode(&good).unwrap(), index());
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        assert!(format::decode(&bad).is_err(), "byte {at}");
        assert!(format::decode(&good[..at]).is_err(), "cut at {at}");
    }
    let mut longer = good.clone();
    longer.push(0);
    assert!(format::decode(&longer).is_err());
}

#[test]
fn a_place_that_cannot_be_written_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("missing").join("instruments.bin");
    assert!(save(&nowhere, &index()).is_err());
}
