//! Reads the rows of an instrument master.

use std::collections::HashMap;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::columns::Columns;
use super::fields::{Fields, Line, next_line};
use super::{MasterError, ParsedMaster, SkipReason, SkippedRows};
use crate::domain::contract_rules::usable_max_order;
use crate::domain::{Contract, ContractKind, Exchange, Instrument, OptionRight, Price, Quantity, SecurityId, Symbol};

/// Reads a compact or detailed instrument master. Rows that cannot be used are counted, with the reason; only a text that is no
/// instrument master at all is an error.
pub fn read_master(bytes: &[u8]) -> Result<ParsedMaster, MasterError> {
    let (columns, mut rest) = Columns::of_header(bytes)?;
    let layout = columns.layout;
    let mut reader = Reader {
        columns,
        // A row has 130 bytes or more; a page too many costs nothing.
        instruments: Vec::with_capacity(bytes.len() / 110),
        skipped: SkippedRows::default(),
        cash_names: HashMap::new(),
        last_root: None,
        last_tick: (Vec::new(), Price::ZERO),
    };
    let mut fields = Fields::default();
    let mut line_number = 1;
    while !rest.is_empty() {
        let (line, after) = next_line(rest, &mut fields);
        rest = after;
        line_number += 1;
        if fields.count() == 1 && line.bytes.trim_ascii().is_empty() {
            continue;
        }
        if let Err(reason) = reader.take(&Row { line, fields: &fields }) {
            reader.skipped.note(reason, line_number);
        }
    }
    Ok(ParsedMaster { layout, instruments: reader.instruments, skipped: reader.skipped })
}

struct Row<'a, 'f> {
    line: Line<'a>,
    fields: &'f Fields,
}

impl<'a> Row<'a, '_> {
    #[inline]
    fn get(&self, column: usize) -> &'a [u8] {
        self.line.field(self.fields, column)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Index,
    Equity,
    Future,
    Option,
}

struct Reader<'a> {
    columns: Columns,
    instruments: Vec<Instrument>,
    skipped: SkippedRows,
    /// Shares and indices by name: where in `instruments` they are, and how far from the usual series.
    cash_names: HashMap<(Exchange, Symbol, bool), (usize, u8)>,
    /// Underlyings come in long runs.
    last_root: Option<(&'a [u8], Symbol)>,
    last_tick: (Vec<u8>, Price),
}

impl<'a> Reader<'a> {
    fn take(&mut self, row: &Row<'a, '_>) -> Result<(), SkipReason> {
        if row.fields.count() < self.columns.needed {
            return Err(SkipReason::TooFewColumns);
        }
        let exchange = exchange(row.get(self.columns.exchange))?;
        let kind = self.kind(exchange, row)?;
        let id = whole_number(row.get(self.columns.id)).ok_or(SkipReason::BadSecurityId)?;
        let (underlying, contract_kind) = match kind {
            Kind::Index => (index_symbol(self.cash_name(row))?, ContractKind::Index),
            Kind::Equity => (share_symbol(self.cash_name(row))?, ContractKind::Equity),
            Kind::Future => (self.underlying(row)?, ContractKind::Future { expiry: self.expiry(row)? }),
            Kind::Option => (self.underlying(row)?, self.option(row)?),
        };
        let lot = self.lot(kind, row)?;
        let instrument = Instrument {
            contract: Contract { exchange, underlying, kind: contract_kind },
            security_id: SecurityId(id),
            lot,
            tick: self.tick(kind, row)?,
            max_order: self.max_order(kind, lot, row),
        };
        if matches!(kind, Kind::Index | Kind::Equity) {
            return self.add_named(instrument, self.unusualness(exchange, row));
        }
        self.instruments.push(instrument);
        Ok(())
    }

    fn kind(&self, exchange: Exchange, row: &Row<'a, '_>) -> Result<Kind, SkipReason> {
        let kind = match row.get(self.columns.instrument) {
            b"INDEX" => Kind::Index,
            b"EQUITY" => Kind::Equity,
            [b'O', b'P', b'T', ..] => Kind::Option,
            [b'F', b'U', b'T', ..] => Kind::Future,
            _ => return Err(SkipReason::UnknownKind),
        };
        match (exchange, row.get(self.columns.segment)) {
            (_, b"I") if kind == Kind::Index => Ok(kind),
            (Exchange::Nse | Exchange::Bse, b"E") if kind == Kind::Equity => Ok(kind),
            (Exchange::Nse | Exchange::Bse, b"D") | (Exchange::Mcx, b"M")
                if matches!(kind, Kind::Future | Kind::Option) =>
            {
                Ok(kind)
            }
            (_, b"C" | b"M") => Err(SkipReason::SegmentNotCarried),
            (_, b"I" | b"E" | b"D") => Err(SkipReason::UnknownKind),
            _ => Err(SkipReason::UnknownSegment),
        }
    }

    /// The name of a share or an index: the detailed file has it in the underlying's column.
    fn cash_name(&self, row: &Row<'a, '_>) -> &'a [u8] {
        let root = row.get(self.columns.root);
        if root.is_empty() { row.get(self.columns.trading_symbol) } else { root }
    }

    fn underlying(&mut self, row: &Row<'a, '_>) -> Result<Symbol, SkipReason> {
        let root = self.root(row);
        if let Some((known, symbol)) = self.last_root
            && known == root
        {
            return Ok(symbol);
        }
        let symbol = share_symbol(root)?;
        self.last_root = Some((root, symbol));
        Ok(symbol)
    }

    /// The underlying's name, from the best of the columns that may hold it. BSE rows have a mnemonic in some of them.
    fn root(&self, row: &Row<'a, '_>) -> &'a [u8] {
        let root = row.get(self.columns.root);
        if !root.is_empty() && mnemonic(root).is_none() {
            return root;
        }
        if let Some(root) = root_of_trading_symbol(row.get(self.columns.trading_symbol)) {
            return root;
        }
        let display = row.get(self.columns.display);
        let first_word = display.split(u8::is_ascii_whitespace).next().unwrap_or_default();
        if first_word.len() < display.len() {
            return first_word;
        }
        let name = row.get(self.columns.name);
        mnemonic(name).unwrap_or(name)
    }

    fn expiry(&self, row: &Row<'a, '_>) -> Result<Date, SkipReason> {
        date(row.get(self.columns.expiry)).ok_or(SkipReason::BadExpiry)
    }

    fn option(&self, row: &Row<'a, '_>) -> Result<ContractKind, SkipReason> {
        let right = match row.get(self.columns.right) {
            b"CE" => OptionRight::Call,
            b"PE" => OptionRight::Put,
            _ => return Err(SkipReason::BadRight),
        };
        let strike = decimal(row.get(self.columns.strike)).filter(Decimal::is_sign_positive);
        let strike = strike.filter(|s| !s.is_zero()).ok_or(SkipReason::BadStrike)?;
        Ok(ContractKind::Option { expiry: self.expiry(row)?, strike: Price(strike), right })
    }

    fn lot(&self, kind: Kind, row: &Row<'a, '_>) -> Result<Quantity, SkipReason> {
        match quantity(row.get(self.columns.lot)) {
            Some(lot) if !lot.is_zero() => Ok(lot),
            // An index is not traded: its lot says nothing.
            _ if kind == Kind::Index => Ok(Quantity(1)),
            _ => Err(SkipReason::BadLot),
        }
    }

    /// Paise in rows that can be traded, rupees in those of an index.
    fn tick(&mut self, kind: Kind, row: &Row<'a, '_>) -> Result<Price, SkipReason> {
        let text = row.get(self.columns.tick);
        if kind == Kind::Index {
            return Ok(Price(decimal(text).unwrap_or_default().max(Decimal::ZERO)));
        }
        if self.last_tick.0 != text {
            let paise = decimal(text).filter(|t| *t > Decimal::ZERO).ok_or(SkipReason::BadTick)?;
            self.last_tick = (text.to_vec(), Price((paise / Decimal::ONE_HUNDRED).normalize()));
        }
        Ok(self.last_tick.1)
    }

    /// Whole lots up to the freeze quantity (1,756 means 1,755 for a lot of 65); zero, negative or blank means there is none.
    fn max_order(&self, kind: Kind, lot: Quantity, row: &Row<'a, '_>) -> Option<Quantity> {
        if kind == Kind::Index {
            return None;
        }
        let freeze = quantity(row.get(self.columns.freeze)).filter(|f| !f.is_zero())?;
        Some(usable_max_order(freeze, lot))
    }

    /// 0 for the series a symbol usually means, more for others: bonds and rights can carry the name of the share.
    fn unusualness(&self, exchange: Exchange, row: &Row<'a, '_>) -> u8 {
        let series = row.get(self.columns.series);
        let is_share = matches!(row.get(self.columns.exchange_type), b"ES" | b"");
        match (exchange, series) {
            (Exchange::Nse, b"EQ") => 0,
            (Exchange::Nse, b"BE") => 1,
            (Exchange::Nse, b"BZ") => 2,
            (Exchange::Nse, b"SM" | b"ST" | b"SZ") => 3,
            _ if is_share => 4,
            _ => 5,
        }
    }

    /// Adds a share or an index; of several with one name on an exchange, the most usual stays.
    fn add_named(&mut self, instrument: Instrument, unusualness: u8) -> Result<(), SkipReason> {
        let contract = &instrument.contract;
        let key = (contract.exchange, contract.underlying, contract.kind == ContractKind::Index);
        if let Some((at, known)) = self.cash_names.get_mut(&key) {
            if unusualness < *known
                && let Some(slot) = self.instruments.get_mut(*at)
            {
                *known = unusualness;
                *slot = instrument;
            }
            return Err(SkipReason::SameName);
        }
        self.cash_names.insert(key, (self.instruments.len(), unusualness));
        self.instruments.push(instrument);
        Ok(())
    }
}

fn exchange(text: &[u8]) -> Result<Exchange, SkipReason> {
    match text {
        b"NSE" => Ok(Exchange::Nse),
        b"BSE" => Ok(Exchange::Bse),
        b"MCX" => Ok(Exchange::Mcx),
        _ => Err(SkipReason::UnknownExchange),
    }
}

fn share_symbol(name: &[u8]) -> Result<Symbol, SkipReason> {
    if name.ends_with(b"NSETEST") || name.ends_with(b"BSETEST") {
        return Err(SkipReason::TestSymbol);
    }
    std::str::from_utf8(name).ok().and_then(|n| Symbol::new(n).ok()).ok_or(SkipReason::BadName)
}

/// Index names are written as for people (`India VIX`): in capitals and without blanks they are symbols.
fn index_symbol(name: &[u8]) -> Result<Symbol, SkipReason> {
    let letters = name.iter().filter(|b| !b.is_ascii_whitespace());
    let capitals: Vec<u8> = letters.map(u8::to_ascii_uppercase).collect();
    if capitals.len() > Symbol::MAX_LENGTH {
        return Err(SkipReason::LongName);
    }
    share_symbol(&capitals)
}

/// The underlying a BSE mnemonic (`BSXOPT`) stands for.
fn mnemonic(text: &[u8]) -> Option<&'static [u8]> {
    match text {
        b"BSXOPT" | b"BSXFUT" => Some(b"SENSEX"),
        b"BKXOPT" | b"BKXFUT" => Some(b"BANKEX"),
        b"SX50OPT" | b"SX50FUT" => Some(b"SENSEX50"),
        _ => None,
    }
}

/// `NIFTY` of `NIFTY-Jun2026-27650-CE`, `BAJAJ-AUTO` of `BAJAJ-AUTO-29Sep2026-FUT`; `None` for a text of another form.
fn root_of_trading_symbol(text: &[u8]) -> Option<&[u8]> {
    let (before, last) = cut_last_word(text)?;
    let (root, month) = match last {
        b"FUT" => cut_last_word(before)?,
        b"CE" | b"PE" => cut_last_word(cut_last_word(before)?.0)?,
        _ => return None,
    };
    is_month(month).then_some(root)
}

fn cut_last_word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = text.iter().rposition(|b| *b == b'-')?;
    Some((&text[..at], &text[at + 1..]))
}

/// `Jun2026` or `19Oct2026`.
fn is_month(word: &[u8]) -> bool {
    let Some((day, month)) = word.len().checked_sub(7).map(|n| word.split_at(n)) else { return false };
    let (name, year) = month.split_at(3);
    day.len() <= 2
        && [day, year].iter().all(|d| d.iter().all(u8::is_ascii_digit))
        && name.iter().all(u8::is_ascii_alphabetic)
}

fn whole_number(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 18 {
        return None;
    }
    text.iter().try_fold(0_u64, |n, b| b.is_ascii_digit().then(|| n * 10 + u64::from(b - b'0')))
}

/// `65`, `65.0`: a whole number of units, however many zeros follow the point.
fn quantity(text: &[u8]) -> Option<Quantity> {
    let (whole, fraction) = match text.iter().position(|b| *b == b'.') {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, &[][..]),
    };
    if fraction.iter().any(|b| *b != b'0') {
        return None;
    }
    whole_number(whole).and_then(|n| u32::try_from(n).ok()).map(Quantity)
}

/// A decimal without its trailing zeros: `27650.00000` is 27650.
fn decimal(text: &[u8]) -> Option<Decimal> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let (whole, fraction) = match digits.iter().position(|b| *b == b'.') {
        Some(at) => (&digits[..at], &digits[at + 1..]),
        None => (digits, &[][..]),
    };
    let kept = fraction.iter().rposition(|b| *b != b'0').map_or(0, |last| last + 1);
    let fraction = &fraction[..kept];
    if whole.len() + kept > 18 || whole.is_empty() {
        return None;
    }
    let all = whole.iter().chain(fraction);
    let number = all.copied().try_fold(0_i64, |n, b| b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0')))?;
    Some(Decimal::new(if negative { -number } else { number }, kept as u32))
}

/// `2026-06-30`, with or without a time behind it, or `30/06/26` as spreadsheets make of it. Year 1 stands for no date.
fn date(text: &[u8]) -> Option<Date> {
    let number = |part: &[u8]| whole_number(part).and_then(|n| i16::try_from(n).ok());
    let (year, month, day) = match text {
        [y @ .., b'-', m1, m2, b'-', d1, d2] if y.len() == 4 => (number(y)?, [*m1, *m2], [*d1, *d2]),
        [date @ .., b' ' | b'T', _, _, b':', _, _, b':', _, _] if date.len() == 10 => return self::date(date),
        [d1, d2, b'/', m1, m2, b'/', y @ ..] if y.len() == 2 => (2000 + number(y)?, [*m1, *m2], [*d1, *d2]),
        [d1, d2, b'/', m1, m2, b'/', y @ ..] if y.len() == 4 => (number(y)?, [*m1, *m2], [*d1, *d2]),
        _ => return None,
    };
    let small = |part: [u8; 2]| number(&part).map(|n| n as i8);
    Date::new(year, small(month)?, small(day)?).ok().filter(|d| d.year() > 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date as day;
    use rust_decimal_macros::dec;

    #[test]
    fn dates_of_every_generation_are_read() {
        for text in ["2026-06-30", "2026-06-30 14:30:00", "30/06/26", "30/06/2026"] {
            assert_eq!(date(text.as_bytes()), Some(day(2026, 6, 30)), "{text}");
        }
        for text in ["", "0001-01-01", "0001-01-01 00:00:00", "2026-02-30", "NA", "2026-06-3", "30-06-2026"] {
            assert_eq!(date(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn numbers_are_read_without_their_trailing_zeros() {
        assert_eq!(decimal(b"27650.00000"), Some(dec!(27650)));
        assert_eq!(decimal(b"27650.00000").map(|d| d.scale()), Some(0));
        assert_eq!(decimal(b"84.25000"), Some(dec!(84.25)));
        assert_eq!(decimal(b"-0.01000"), Some(dec!(-0.01)));
        for text in ["", ".5", "1,5", "x", "1e3", "99999999999999999999"] {
            assert_eq!(decimal(text.as_bytes()), None, "{text}");
        }
        assert_eq!(quantity(b"65.0"), Some(Quantity(65)));
        assert_eq!(quantity(b"1756"), Some(Quantity(1756)));
        for text in ["", "65.5", "-1", "99999999999", "1.x"] {
            assert_eq!(quantity(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn the_underlying_is_what_stands_before_the_month() {
        let root = |t: &str| root_of_trading_symbol(t.as_bytes()).map(|r| String::from_utf8_lossy(r).into_owned());
        assert_eq!(root("NIFTY-Jun2026-27650-CE").as_deref(), Some("NIFTY"));
        assert_eq!(root("BAJAJ-AUTO-Jan2026-9000-PE").as_deref(), Some("BAJAJ-AUTO"));
        assert_eq!(root("CRUDEOIL-19Oct2026-FUT").as_deref(), Some("CRUDEOIL"));
        assert_eq!(root("M&M-Jan2026-3600.5-PE").as_deref(), Some("M&M"));
        for other in ["BSXOPT", "CRUDEOIL", "A-B-C", "", "CE", "X-CE", "NIFTY-Jun26-1-CE"] {
            assert_eq!(root(other), None, "{other}");
        }
    }
}
