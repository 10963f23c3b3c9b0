//! The bytes of the cache file: a header with version and checksum, then the packed index in fixed-size records, little-endian.

use jiff::civil::Date;

use super::CacheRefusal;
use crate::domain::instrument_index::{Family, PackedInstruments, PackedKind, PackedRow};
use crate::domain::{Exchange, InstrumentIndex, Symbol};

/// Goes up with every change of the layout below.
pub(super) const VERSION: u32 = 1;

const MAGIC: &[u8; 8] = b"SDINSTR\n";
/// Magic, version, checksum of all that follows.
const HEADER: usize = 8 + 4 + 8;
/// Exchange, symbol, first row.
const FAMILY: usize = 1 + Symbol::MAX_LENGTH + 4;
/// Security id, strike, family, expiry, lot, largest order, tick, kind.
const ROW: usize = 8 + 8 + 5 * 4 + 1;

/// Fails only for an index of more than four thousand million rows, or one whose source is described by a book.
pub(super) fn encode(index: &InstrumentIndex) -> Result<Vec<u8>, std::num::TryFromIntError> {
    let parts = index.packed();
    let size = HEADER + 64 + parts.families.len() * FAMILY + parts.rows.len() * (ROW + 4) + index.source().len();
    let mut out = Vec::with_capacity(size);
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&VERSION.to_le_bytes());
    out.extend_from_slice(&[0; 8]);
    out.extend_from_slice(&date_number(index.date()).to_le_bytes());
    out.extend_from_slice(&u32::try_from(index.source().len())?.to_le_bytes());
    out.extend_from_slice(&u32::try_from(parts.families.len())?.to_le_bytes());
    out.extend_from_slice(&u32::try_from(parts.rows.len())?.to_le_bytes());
    out.extend_from_slice(index.source().as_bytes());
    for family in &parts.families {
        out.push(exchange_number(family.exchange));
        let name = family.symbol.as_str().as_bytes();
        out.extend_from_slice(name);
        out.resize(out.len() + Symbol::MAX_LENGTH - name.len(), 0);
        out.extend_from_slice(&family.first_row.to_le_bytes());
    }
    for row in &parts.rows {
        out.extend_from_slice(&encode_row(row));
    }
    for number in &parts.by_security {
        out.extend_from_slice(&number.to_le_bytes());
    }
    let sum = checksum(out.get(HEADER..).unwrap_or_default());
    if let Some(place) = out.get_mut(12..HEADER) {
        place.copy_from_slice(&sum.to_le_bytes());
    }
    Ok(out)
}

pub(super) fn decode(bytes: &[u8]) -> Result<InstrumentIndex, CacheRefusal> {
    let mut input = Input(bytes);
    if input.take(MAGIC.len()).ok() != Some(MAGIC) {
        return Err(CacheRefusal::Foreign);
    }
    let version = input.u32()?;
    if version != VERSION {
        return Err(CacheRefusal::OtherVersion { found: version });
    }
    let sum = input.u64()?;
    if sum != checksum(input.0) {
        return Err(CacheRefusal::Damaged("its checksum does not fit"));
    }
    let date = date_of_number(input.u32()?);
    let source_length = input.u32()? as usize;
    let families = input.u32()? as usize;
    let rows = input.u32()? as usize;
    let source =
        std::str::from_utf8(input.take(source_length)?).map_err(|_| CacheRefusal::Damaged("a text is broken"))?;
    let parts = PackedInstruments {
        families: input.records::<FAMILY>(families)?.iter().map(decode_family).collect::<Option<_>>().ok_or(BROKEN)?,
        rows: input.records::<ROW>(rows)?.iter().map(decode_row).collect::<Option<_>>().ok_or(BROKEN)?,
        by_security: input.records::<4>(rows)?.iter().map(|n| u32::from_le_bytes(*n)).collect(),
    };
    let index = InstrumentIndex::from_packed(parts).map_err(|_| CacheRefusal::Damaged("its rows are not in order"))?;
    Ok(match date {
        Some(date) => index.with_origin(date, source),
        None => index,
    })
}

const BROKEN: CacheRefusal = CacheRefusal::Damaged("a record is broken");

fn encode_row(row: &PackedRow) -> [u8; ROW] {
    let mut out = [0; ROW];
    out[0..8].copy_from_slice(&row.security_id.to_le_bytes());
    out[8..16].copy_from_slice(&row.strike.to_le_bytes());
    let numbers = [row.family, row.expiry, row.lot, row.max_order, row.tick];
    for (place, number) in out[16..36].chunks_exact_mut(4).zip(numbers) {
        place.copy_from_slice(&number.to_le_bytes());
    }
    out[36] = row.kind as u8;
    out
}

fn decode_row(record: &[u8; ROW]) -> Option<PackedRow> {
    let (security_id, rest) = record.split_first_chunk::<8>()?;
    let (strike, rest) = rest.split_first_chunk::<8>()?;
    let (numbers, rest) = rest.split_first_chunk::<20>()?;
    let number = |n: usize| numbers.as_chunks::<4>().0.get(n).map(|b| u32::from_le_bytes(*b));
    Some(PackedRow {
        security_id: u64::from_le_bytes(*security_id),
        strike: i64::from_le_bytes(*strike),
        family: number(0)?,
        expiry: number(1)?,
        lot: number(2)?,
        max_order: number(3)?,
        tick: number(4)?,
        kind: *PackedKind::ALL.get(usize::from(*rest.first()?))?,
    })
}

fn decode_family(record: &[u8; FAMILY]) -> Option<Family> {
    let (exchange, rest) = record.split_first()?;
    let (name, first_row) = rest.split_at_checked(Symbol::MAX_LENGTH)?;
    let end = name.iter().position(|b| *b == 0).unwrap_or(name.len());
    Some(Family {
        exchange: exchange_of_number(*exchange)?,
        symbol: Symbol::new(std::str::from_utf8(name.get(..end)?).ok()?).ok()?,
        first_row: u32::from_le_bytes(first_row.try_into().ok()?),
    })
}

fn exchange_number(exchange: Exchange) -> u8 {
    match exchange {
        Exchange::Nse => 1,
        Exchange::Bse => 2,
        Exchange::Mcx => 3,
    }
}

fn exchange_of_number(number: u8) -> Option<Exchange> {
    [Exchange::Nse, Exchange::Bse, Exchange::Mcx].into_iter().find(|e| exchange_number(*e) == number)
}

fn date_number(date: Option<Date>) -> u32 {
    date.map_or(0, |d| u32::from(d.year().unsigned_abs()) * 10_000 + d.month() as u32 * 100 + d.day() as u32)
}

fn date_of_number(number: u32) -> Option<Date> {
    let year = i16::try_from(number / 10_000).ok()?;
    Date::new(year, (number / 100 % 100) as i8, (number % 100) as i8).ok()
}

/// Finds damage, not malice: every word goes through the whole sum, at memory speed.
fn checksum(bytes: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let (words, rest) = bytes.as_chunks::<8>();
    let mut sum = bytes.len() as u64;
    let mut mix = |word: u64| sum = (sum.rotate_left(23) ^ word).wrapping_mul(FACTOR);
    for word in words {
        mix(u64::from_le_bytes(*word));
    }
    for byte in rest {
        mix(u64::from(*byte));
    }
    sum ^ (sum >> 32)
}

/// What is left to read.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], CacheRefusal> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(CacheRefusal::Damaged("it ends too early"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn u32(&mut self) -> Result<u32, CacheRefusal> {
        self.records::<4>(1)?.first().map(|b| u32::from_le_bytes(*b)).ok_or(BROKEN)
    }

    fn u64(&mut self) -> Result<u64, CacheRefusal> {
        self.records::<8>(1)?.first().map(|b| u64::from_le_bytes(*b)).ok_or(BROKEN)
    }

    /// The next `count` records of `N` bytes.
    fn records<const N: usize>(&mut self, count: usize) -> Result<&'a [[u8; N]], CacheRefusal> {
        let length = count.checked_mul(N).ok_or(BROKEN)?;
        Ok(self.take(length)?.as_chunks::<N>().0)
    }
}
