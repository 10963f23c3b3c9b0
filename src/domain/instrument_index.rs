//! Today's instruments, packed: a broker lists some 230,000, and every order, quote and position is looked up among them.
//!
//! Rows are kept sorted by contract in 40 bytes each, so that expiries and strikes of an underlying stand side by side; a
//! second order by the broker's number is a list of row numbers. Pure: whoever reads a list from somewhere hands it in here.

mod packed;

use jiff::civil::Date;

pub use self::packed::{Family, NotAnIndex, PackedInstruments, PackedKind, PackedRow};
use super::{Contract, Exchange, Instrument, OptionRight, Price, SecurityId, Segment, Symbol};

/// All instruments of one day, looked up by contract and by the broker's number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstrumentIndex {
    parts: PackedInstruments,
    date: Option<Date>,
    source: String,
    left_out: usize,
}

impl InstrumentIndex {
    /// Of two instruments with the same contract, or the same number in a segment, the first is kept. Those and any that
    /// cannot be packed (an unlisted contract, a price finer than a millionth) are counted in `left_out`.
    pub fn new(instruments: Vec<Instrument>) -> Self {
        let given = instruments.len();
        let parts = PackedInstruments::pack(instruments);
        let left_out = given - parts.rows.len();
        Self { parts, date: None, source: String::new(), left_out }
    }

    /// Says of which day the list is and where it came from, for people (`DhanHQ instrument master`).
    #[must_use]
    pub fn with_origin(mut self, date: Date, source: impl Into<String>) -> Self {
        self.date = Some(date);
        self.source = source.into();
        self
    }

    /// Takes over parts that were packed before, after checking that they are in order.
    pub fn from_packed(parts: PackedInstruments) -> Result<Self, NotAnIndex> {
        parts.check()?;
        Ok(Self { parts, date: None, source: String::new(), left_out: 0 })
    }

    /// The parts an index is made of, for whoever keeps it.
    pub fn packed(&self) -> &PackedInstruments {
        &self.parts
    }

    /// The day the list was made for.
    pub fn date(&self) -> Option<Date> {
        self.date
    }

    /// Where the list came from, for people.
    pub fn source(&self) -> &str {
        &self.source
    }

    pub fn len(&self) -> usize {
        self.parts.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.parts.rows.is_empty()
    }

    /// How many of the instruments given could not be taken in.
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// Bytes held on the heap.
    pub fn heap_bytes(&self) -> usize {
        self.parts.heap_bytes() + self.source.capacity()
    }

    pub fn by_contract(&self, contract: &Contract) -> Option<Instrument> {
        let family = self.family(contract.exchange, contract.underlying)?;
        let key = packed::key_of(contract)?;
        let rows = self.rows_of(family);
        let found = rows.binary_search_by_key(&key, PackedRow::key).ok()?;
        rows.get(found).and_then(|row| self.parts.unpack(row))
    }

    pub fn by_security(&self, segment: Segment, id: SecurityId) -> Option<Instrument> {
        let key = packed::security_key(segment, id.0)?;
        let key_of_row = |n: &u32| self.parts.rows.get(*n as usize).map(|row| self.parts.security_key_of(row));
        let found = self.parts.by_security.binary_search_by_key(&Some(key), key_of_row).ok()?;
        let row = self.parts.rows.get(*self.parts.by_security.get(found)? as usize)?;
        self.parts.unpack(row)
    }

    /// All instruments, by exchange, symbol, kind, expiry and strike.
    pub fn iter(&self) -> impl Iterator<Item = Instrument> {
        self.parts.rows.iter().filter_map(|row| self.parts.unpack(row))
    }

    /// Every name listed, whatever for: ascending by exchange and symbol.
    pub fn symbols(&self) -> impl Iterator<Item = (Exchange, Symbol)> {
        self.parts.families.iter().map(|f| (f.exchange, f.symbol))
    }

    /// What has futures or options: ascending by exchange and symbol.
    pub fn underlyings(&self) -> impl Iterator<Item = (Exchange, Symbol)> {
        // Derivatives sort behind an index or a share of the same name.
        let has_derivatives = |n: &usize| self.rows_of(*n).last().is_some_and(|row| row.kind.is_derivative());
        let listed = (0..self.parts.families.len()).filter(has_derivatives);
        listed.filter_map(|n| self.parts.families.get(n)).map(|f| (f.exchange, f.symbol))
    }

    /// Whether anything of this name is listed on the exchange.
    pub fn lists(&self, exchange: Exchange, symbol: Symbol) -> bool {
        self.family(exchange, symbol).is_some()
    }

    /// The days on which futures or options of the underlying expire, ascending.
    pub fn expiries(&self, exchange: Exchange, symbol: Symbol) -> Vec<Date> {
        let mut all = self.future_expiries(exchange, symbol);
        all.extend(self.option_expiries(exchange, symbol));
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The days on which futures of the underlying expire, ascending.
    pub fn future_expiries(&self, exchange: Exchange, symbol: Symbol) -> Vec<Date> {
        self.rows(exchange, symbol)
            .iter()
            .filter(|r| r.kind == PackedKind::Future)
            .filter_map(PackedRow::date)
            .collect()
    }

    /// The days on which options on the underlying expire, ascending.
    pub fn option_expiries(&self, exchange: Exchange, symbol: Symbol) -> Vec<Date> {
        let rows = self.rows(exchange, symbol);
        let mut rest = &rows[rows.partition_point(|r| !r.kind.is_option())..];
        let mut found = Vec::new();
        while let Some(first) = rest.first() {
            found.extend(first.date());
            rest = &rest[rest.partition_point(|r| r.expiry <= first.expiry)..];
        }
        found
    }

    /// The strikes listed for an expiry, ascending, whether as call, put or both.
    pub fn strikes(&self, exchange: Exchange, symbol: Symbol, expiry: Date) -> Vec<Price> {
        let rows = self.option_rows(exchange, symbol, expiry);
        let mut strikes: Vec<Price> = rows.iter().map(PackedRow::strike_price).collect();
        strikes.dedup();
        strikes
    }

    /// The options of an expiry, ascending by strike, the call of a strike before its put.
    pub fn options(&self, exchange: Exchange, symbol: Symbol, expiry: Date) -> impl Iterator<Item = Instrument> {
        self.option_rows(exchange, symbol, expiry).iter().filter_map(|row| self.parts.unpack(row))
    }

    /// The option with this strike and right, if it is listed.
    pub fn option(
        &self,
        exchange: Exchange,
        symbol: Symbol,
        expiry: Date,
        strike: Price,
        right: OptionRight,
    ) -> Option<Instrument> {
        self.by_contract(&Contract::option(exchange, symbol, expiry, strike, right))
    }

    fn family(&self, exchange: Exchange, symbol: Symbol) -> Option<usize> {
        self.parts.families.binary_search_by_key(&(exchange, symbol), |f| (f.exchange, f.symbol)).ok()
    }

    fn rows_of(&self, family: usize) -> &[PackedRow] {
        let start = self.parts.families.get(family).map_or(0, |f| f.first_row as usize);
        let end = self.parts.families.get(family + 1).map_or(self.parts.rows.len(), |f| f.first_row as usize);
        self.parts.rows.get(start..end).unwrap_or_default()
    }

    fn rows(&self, exchange: Exchange, symbol: Symbol) -> &[PackedRow] {
        self.family(exchange, symbol).map_or(&[], |n| self.rows_of(n))
    }

    fn option_rows(&self, exchange: Exchange, symbol: Symbol, expiry: Date) -> &[PackedRow] {
        let rows = self.rows(exchange, symbol);
        let options = &rows[rows.partition_point(|r| !r.kind.is_option())..];
        let day = packed::pack_date(Some(expiry));
        let from = options.partition_point(|r| r.expiry < day);
        let to = options.partition_point(|r| r.expiry <= day);
        &options[from..to]
    }
}

#[cfg(test)]
mod tests;
