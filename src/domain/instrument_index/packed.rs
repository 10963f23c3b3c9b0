//! The packed form of an instrument list: fixed-size rows, the families of one underlying they stand in, and their order by number.

use std::collections::HashMap;

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::domain::{
    Contract, ContractKind, Exchange, Instrument, OptionRight, Price, Quantity, SecurityId, Segment, Symbol,
};

/// All rows of one underlying on one exchange: from `first_row` to the next family's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Family {
    pub exchange: Exchange,
    pub symbol: Symbol,
    pub first_row: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum PackedKind {
    Index = 0,
    Equity = 1,
    Future = 2,
    Call = 3,
    Put = 4,
}

impl PackedKind {
    pub const ALL: [Self; 5] = [Self::Index, Self::Equity, Self::Future, Self::Call, Self::Put];

    pub fn is_option(self) -> bool {
        matches!(self, Self::Call | Self::Put)
    }

    pub fn is_derivative(self) -> bool {
        self.is_option() || self == Self::Future
    }

    /// Calls and puts share a class: expiry and strike come before the right in the order of rows.
    fn class(self) -> u8 {
        match self {
            Self::Index => 0,
            Self::Equity => 1,
            Self::Future => 2,
            Self::Call | Self::Put => 3,
        }
    }
}

/// One instrument in numbers. Which underlying it belongs to is said by `family`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackedRow {
    pub security_id: u64,
    /// In millionths of a rupee; 0 where there is none.
    pub strike: i64,
    /// Position in the list of families.
    pub family: u32,
    /// As the number YYYYMMDD; 0 where there is none.
    pub expiry: u32,
    pub lot: u32,
    /// 0 where there is none.
    pub max_order: u32,
    /// In ten-thousandths of a rupee.
    pub tick: u32,
    pub kind: PackedKind,
}

const STRIKE_DIGITS: u32 = 6;
const TICK_DIGITS: u32 = 4;

/// Orders the rows of a family: kind, expiry, strike, right.
pub(super) type Key = (u8, u32, i64, PackedKind);

impl PackedRow {
    pub(super) fn key(&self) -> Key {
        (self.kind.class(), self.expiry, self.strike, self.kind)
    }

    pub(super) fn date(&self) -> Option<Date> {
        unpack_date(self.expiry)
    }

    pub(super) fn strike_price(&self) -> Price {
        Price(unscale(self.strike, STRIKE_DIGITS))
    }
}

pub(super) fn key_of(contract: &Contract) -> Option<Key> {
    let (kind, expiry, strike) = shape(&contract.kind)?;
    Some((kind.class(), pack_date(expiry), strike, kind))
}

/// One number by which the instruments of all segments can be ordered; `None` for ids no broker uses.
pub(super) fn security_key(segment: Segment, id: u64) -> Option<u64> {
    let number: u64 = match segment {
        Segment::Index => 0,
        Segment::NseEquity => 1,
        Segment::NseDerivatives => 2,
        Segment::NseCurrency => 3,
        Segment::BseEquity => 4,
        Segment::McxCommodity => 5,
        Segment::NseCommodity => 6,
        Segment::BseCurrency => 7,
        Segment::BseDerivatives => 8,
    };
    (id < 1 << 56).then_some(number << 56 | id)
}

fn shape(kind: &ContractKind) -> Option<(PackedKind, Option<Date>, i64)> {
    match *kind {
        ContractKind::Index => Some((PackedKind::Index, None, 0)),
        ContractKind::Equity => Some((PackedKind::Equity, None, 0)),
        ContractKind::Future { expiry } => Some((PackedKind::Future, Some(expiry), 0)),
        ContractKind::Option { expiry, strike, right } => {
            let kind = match right {
                OptionRight::Call => PackedKind::Call,
                OptionRight::Put => PackedKind::Put,
            };
            Some((kind, Some(expiry), scale(strike.0, STRIKE_DIGITS)?))
        }
        ContractKind::Unlisted { .. } => None,
    }
}

pub(super) fn pack_date(date: Option<Date>) -> u32 {
    date.map_or(0, |d| u32::from(d.year().unsigned_abs()) * 10_000 + d.month() as u32 * 100 + d.day() as u32)
}

fn unpack_date(packed: u32) -> Option<Date> {
    let year = i16::try_from(packed / 10_000).ok()?;
    Date::new(year, (packed / 100 % 100) as i8, (packed % 100) as i8).ok()
}

/// `value` in units of the last of `digits` decimals, when it is a whole number of them.
fn scale(value: Decimal, digits: u32) -> Option<i64> {
    let value = if value.scale() > digits { value.normalize() } else { value };
    let missing = digits.checked_sub(value.scale())?;
    i64::try_from(value.mantissa()).ok()?.checked_mul(10_i64.pow(missing))
}

/// The opposite, without trailing zeros. Whole numbers, nearly all of them, take the short way.
fn unscale(value: i64, digits: u32) -> Decimal {
    let unit = 10_i64.pow(digits);
    if value % unit == 0 { Decimal::from(value / unit) } else { Decimal::new(value, digits).normalize() }
}

/// An instrument list in its packed form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackedInstruments {
    /// Ascending by exchange and symbol.
    pub families: Vec<Family>,
    /// Ascending by family, kind, expiry, strike and right.
    pub rows: Vec<PackedRow>,
    /// Row numbers, ascending by segment and security id.
    pub by_security: Vec<u32>,
}

/// Packed parts that are not in the order an index needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the packed instruments are not in order: {0}")]
pub struct NotAnIndex(&'static str);

impl PackedInstruments {
    pub(super) fn pack(instruments: Vec<Instrument>) -> Self {
        let mut families = FamilyNumbers::default();
        let mut rows = Vec::with_capacity(instruments.len());
        for instrument in &instruments {
            let family = families.number(instrument.contract.exchange, instrument.contract.underlying);
            rows.extend(pack_row(instrument, family));
        }
        drop(instruments);
        let families = families.sort(&mut rows);
        // Stable, so that of equal contracts the first given stays first; and quick on lists that come in runs.
        rows.sort_by_key(|row| (row.family, row.key()));
        rows.dedup_by_key(|row| (row.family, row.key()));
        let mut parts = Self { families, rows, by_security: Vec::new() };
        parts.order_by_security();
        parts.place_families();
        parts
    }

    /// Sorts row numbers by the broker's number; of rows that share one, all but the first go.
    fn order_by_security(&mut self) {
        let keyed = |parts: &Self| {
            let mut keys: Vec<(u64, u32)> = Vec::with_capacity(parts.rows.len());
            keys.extend(parts.rows.iter().zip(0_u32..).map(|(row, n)| (parts.security_key_of(row), n)));
            keys.sort_unstable();
            keys
        };
        let mut keys = keyed(self);
        let mut twice: Vec<u32> = keys.windows(2).filter(|w| w[0].0 == w[1].0).map(|w| w[1].1).collect();
        if !twice.is_empty() {
            twice.sort_unstable();
            let mut n = 0_u32;
            self.rows.retain(|_| {
                let keep = twice.binary_search(&n).is_err();
                n += 1;
                keep
            });
            keys = keyed(self);
        }
        self.by_security = keys.into_iter().map(|(_, n)| n).collect();
    }

    /// Notes where each family starts, and lets go of those whose rows were all left out.
    fn place_families(&mut self) {
        let mut placed: Vec<Family> = Vec::with_capacity(self.families.len());
        let mut last = None;
        for (row, n) in self.rows.iter_mut().zip(0_u32..) {
            if last != Some(row.family) {
                last = Some(row.family);
                if let Some(family) = self.families.get(row.family as usize) {
                    placed.push(Family { first_row: n, ..*family });
                }
            }
            row.family = placed.len().saturating_sub(1) as u32;
        }
        self.families = placed;
    }

    pub(super) fn security_key_of(&self, row: &PackedRow) -> u64 {
        let segment = self.families.get(row.family as usize).map_or(Segment::Index, |f| segment(f.exchange, row.kind));
        security_key(segment, row.security_id).unwrap_or(u64::MAX)
    }

    pub(super) fn unpack(&self, row: &PackedRow) -> Option<Instrument> {
        let family = self.families.get(row.family as usize)?;
        let option = |right| {
            let (expiry, strike) = (row.date()?, row.strike_price());
            Some(ContractKind::Option { expiry, strike, right })
        };
        let kind = match row.kind {
            PackedKind::Index => ContractKind::Index,
            PackedKind::Equity => ContractKind::Equity,
            PackedKind::Future => ContractKind::Future { expiry: row.date()? },
            PackedKind::Call => option(OptionRight::Call)?,
            PackedKind::Put => option(OptionRight::Put)?,
        };
        Some(Instrument {
            contract: Contract { exchange: family.exchange, underlying: family.symbol, kind },
            security_id: SecurityId(row.security_id),
            lot: Quantity(row.lot),
            tick: Price(unscale(row.tick.into(), TICK_DIGITS)),
            max_order: (row.max_order > 0).then_some(Quantity(row.max_order)),
        })
    }

    pub(super) fn check(&self) -> Result<(), NotAnIndex> {
        let ascending = |ok: bool, what| if ok { Ok(()) } else { Err(NotAnIndex(what)) };
        let families_ascend = self.families.is_sorted_by(|a, b| (a.exchange, a.symbol) < (b.exchange, b.symbol));
        ascending(families_ascend, "families do not ascend")?;
        let rows_ascend = self.rows.is_sorted_by(|a, b| (a.family, a.key()) < (b.family, b.key()));
        ascending(rows_ascend, "rows do not ascend")?;
        ascending(self.families_fit_rows(), "families do not fit the rows")?;
        let days_exist = self.rows.iter().all(|r| !r.kind.is_derivative() || r.date().is_some());
        ascending(days_exist, "an expiry is not a date")?;
        ascending(self.by_security.len() == self.rows.len(), "row numbers are missing")?;
        let mut last = None;
        for n in &self.by_security {
            let row = self.rows.get(*n as usize).ok_or(NotAnIndex("a row number is too large"))?;
            let key = self.security_key_of(row);
            ascending(last.is_none_or(|l| l < key), "numbers do not ascend")?;
            last = Some(key);
        }
        Ok(())
    }

    /// Each family's first row is where its rows begin, and no family is empty.
    fn families_fit_rows(&self) -> bool {
        let mut expected = 0_u32;
        for (row, n) in self.rows.iter().zip(0_u32..) {
            if row.family == expected {
                if self.families.get(expected as usize).is_none_or(|f| f.first_row != n) {
                    return false;
                }
                expected += 1;
            } else if row.family + 1 != expected {
                return false;
            }
        }
        self.families.len() == expected as usize
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.families.capacity() * size_of::<Family>()
            + self.rows.capacity() * size_of::<PackedRow>()
            + self.by_security.capacity() * size_of::<u32>()
    }
}

fn segment(exchange: Exchange, kind: PackedKind) -> Segment {
    match (kind, exchange) {
        (PackedKind::Index, _) => Segment::Index,
        (PackedKind::Equity, Exchange::Bse) => Segment::BseEquity,
        (PackedKind::Equity, _) => Segment::NseEquity,
        (_, Exchange::Nse) => Segment::NseDerivatives,
        (_, Exchange::Bse) => Segment::BseDerivatives,
        (_, Exchange::Mcx) => Segment::McxCommodity,
    }
}

fn pack_row(instrument: &Instrument, family: u32) -> Option<PackedRow> {
    let (kind, expiry, strike) = shape(&instrument.contract.kind)?;
    security_key(Segment::Index, instrument.security_id.0)?;
    Some(PackedRow {
        security_id: instrument.security_id.0,
        strike,
        family,
        expiry: pack_date(expiry),
        lot: instrument.lot.0,
        max_order: instrument.max_order.map_or(0, |q| q.0),
        tick: u32::try_from(scale(instrument.tick.0, TICK_DIGITS)?).ok()?,
        kind,
    })
}

/// Numbers families in the order they are first seen.
#[derive(Default)]
struct FamilyNumbers {
    seen: Vec<(Exchange, Symbol)>,
    numbers: HashMap<(Exchange, Symbol), u32>,
    last: u32,
}

impl FamilyNumbers {
    fn number(&mut self, exchange: Exchange, symbol: Symbol) -> u32 {
        // Lists come in long runs of one underlying.
        if self.seen.get(self.last as usize) != Some(&(exchange, symbol)) {
            let next = self.seen.len() as u32;
            self.last = *self.numbers.entry((exchange, symbol)).or_insert(next);
            if self.last == next {
                self.seen.push((exchange, symbol));
            }
        }
        self.last
    }

    /// The families ascending by name; `rows` get their new numbers.
    fn sort(self, rows: &mut [PackedRow]) -> Vec<Family> {
        let mut order: Vec<(Exchange, Symbol, u32)> =
            self.seen.iter().zip(0_u32..).map(|((exchange, symbol), n)| (*exchange, *symbol, n)).collect();
        order.sort_unstable();
        let mut new_number = vec![0_u32; order.len()];
        for ((_, _, old), new) in order.iter().zip(0_u32..) {
            if let Some(slot) = new_number.get_mut(*old as usize) {
                *slot = new;
            }
        }
        for row in rows {
            row.family = new_number.get(row.family as usize).copied().unwrap_or_default();
        }
        order.into_iter().map(|(exchange, symbol, _)| Family { exchange, symbol, first_row: 0 }).collect()
    }
}
