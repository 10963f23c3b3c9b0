//! Where each column stands: found by its name in the header, in any order, unknown ones ignored.

use super::MasterError;
use super::fields::{Fields, Line, next_line};

/// Which of the two files it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    Compact,
    Detailed,
}

/// Positions of the columns we read; a missing one is `ABSENT` and reads as blank.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    pub layout: Layout,
    pub exchange: usize,
    pub segment: usize,
    pub id: usize,
    pub instrument: usize,
    pub lot: usize,
    pub expiry: usize,
    pub strike: usize,
    pub right: usize,
    pub tick: usize,
    /// `NIFTY-Jun2026-27650-CE`; for shares and indices their symbol in the compact file, the company in the detailed one.
    pub trading_symbol: usize,
    /// The underlying's symbol (detailed file only).
    pub root: usize,
    /// `NIFTY 30 JUN 27650 CALL`.
    pub display: usize,
    /// Company or mnemonic (compact file only).
    pub name: usize,
    pub exchange_type: usize,
    pub series: usize,
    pub freeze: usize,
    /// A row with fewer fields is broken.
    pub needed: usize,
}

pub(super) const ABSENT: usize = usize::MAX;

impl Columns {
    /// Reads the header line; returns the columns and what follows the line.
    pub fn of_header(bytes: &[u8]) -> Result<(Self, &[u8]), MasterError> {
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut fields = Fields::default();
        let (header, rest) = next_line(text, &mut fields);
        if header.bytes.trim_ascii().is_empty() {
            return Err(MasterError::Empty);
        }
        let find = |name: &str| (0..fields.count()).find(|n| header.field(&fields, *n) == name.as_bytes());
        let layout = if find("SEM_SMST_SECURITY_ID").is_some() { Layout::Compact } else { Layout::Detailed };
        let pick = |compact: &'static str, detailed: &'static str| match layout {
            Layout::Compact => compact,
            Layout::Detailed => detailed,
        };
        let must = |compact, detailed| {
            let name = pick(compact, detailed);
            find(name).ok_or_else(|| MasterError::UnknownHeader { missing: name, begins: beginning(&header) })
        };
        let may = |compact, detailed| find(pick(compact, detailed)).unwrap_or(ABSENT);
        let mut columns = Self {
            layout,
            id: must("SEM_SMST_SECURITY_ID", "SECURITY_ID")?,
            exchange: must("SEM_EXM_EXCH_ID", "EXCH_ID")?,
            segment: must("SEM_SEGMENT", "SEGMENT")?,
            instrument: must("SEM_INSTRUMENT_NAME", "INSTRUMENT")?,
            lot: must("SEM_LOT_UNITS", "LOT_SIZE")?,
            expiry: must("SEM_EXPIRY_DATE", "SM_EXPIRY_DATE")?,
            strike: must("SEM_STRIKE_PRICE", "STRIKE_PRICE")?,
            right: must("SEM_OPTION_TYPE", "OPTION_TYPE")?,
            tick: must("SEM_TICK_SIZE", "TICK_SIZE")?,
            trading_symbol: must("SEM_TRADING_SYMBOL", "SYMBOL_NAME")?,
            root: may("UNDERLYING_SYMBOL", "UNDERLYING_SYMBOL"),
            display: may("SEM_CUSTOM_SYMBOL", "DISPLAY_NAME"),
            name: may("SM_SYMBOL_NAME", "UNDERLYING_SYMBOL"),
            exchange_type: may("SEM_EXCH_INSTRUMENT_TYPE", "INSTRUMENT_TYPE"),
            series: may("SEM_SERIES", "SERIES"),
            freeze: may("SM_FREEZE_QTY", "SM_FREEZE_QTY"),
            needed: 0,
        };
        columns.needed = 1 + columns.last_needed();
        Ok((columns, rest))
    }

    fn last_needed(&self) -> usize {
        let needed = [
            self.exchange,
            self.segment,
            self.id,
            self.instrument,
            self.lot,
            self.expiry,
            self.strike,
            self.right,
            self.tick,
            self.trading_symbol,
        ];
        needed.into_iter().max().unwrap_or_default()
    }
}

fn beginning(header: &Line<'_>) -> String {
    String::from_utf8_lossy(&header.bytes[..header.bytes.len().min(60)]).trim().to_string()
}
