//! Writes an instrument master, compact or detailed (newest generation), as DhanHQ does.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::domain::contract_rules::ExpiryCycle;
use crate::domain::{Contract, ContractKind, Exchange, Instrument, OptionRight, Quantity, SecurityId, Symbol};

/// One row to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listing<'a> {
    pub instrument: Instrument,
    /// For people, of an index or a share (`Nifty 50`); the names of derivatives follow from their contracts.
    pub name: &'a str,
    /// Weekly or monthly; of no meaning for an index or a share.
    pub cycle: ExpiryCycle,
    /// As the exchange states it, not yet cut to whole lots. Only the detailed file has it.
    pub freeze: Option<Quantity>,
}

const COMPACT_HEADER: &str = "SEM_EXM_EXCH_ID,SEM_SEGMENT,SEM_SMST_SECURITY_ID,SEM_INSTRUMENT_NAME,SEM_EXPIRY_CODE,\
SEM_TRADING_SYMBOL,SEM_LOT_UNITS,SEM_CUSTOM_SYMBOL,SEM_EXPIRY_DATE,SEM_STRIKE_PRICE,SEM_OPTION_TYPE,SEM_TICK_SIZE,\
SEM_EXPIRY_FLAG,SEM_EXCH_INSTRUMENT_TYPE,SEM_SERIES,SM_SYMBOL_NAME\n";

const DETAILED_HEADER: &str = "EXCH_ID,SEGMENT,SECURITY_ID,ISIN,INSTRUMENT,UNDERLYING_SECURITY_ID,UNDERLYING_SYMBOL,\
SYMBOL_NAME,DISPLAY_NAME,INSTRUMENT_TYPE,SERIES,LOT_SIZE,SM_EXPIRY_DATE,STRIKE_PRICE,OPTION_TYPE,TICK_SIZE,EXPIRY_FLAG,\
BRACKET_FLAG,COVER_FLAG,ASM_GSM_FLAG,ASM_GSM_CATEGORY,BUY_SELL_INDICATOR,BUY_CO_MIN_MARGIN_PER,BUY_CO_SL_RANGE_MAX_PERC,\
BUY_CO_SL_RANGE_MIN_PERC,BUY_BO_MIN_MARGIN_PER,BUY_BO_PROFIT_RANGE_MAX_PERC,BUY_BO_PROFIT_RANGE_MIN_PERC,MTF_LEVERAGE,\
SM_UPPER_LIMIT,SM_LOWER_LIMIT,SM_FREEZE_QTY,\n";

/// The compact file. A derivative counts as one on an index where the index itself is among the listings, else as one on a share.
/// An unlisted contract has no row.
pub fn write_compact(listings: &[Listing<'_>]) -> String {
    let names = Names::of(listings);
    let mut out = String::with_capacity(COMPACT_HEADER.len() + listings.len() * 130);
    out.push_str(COMPACT_HEADER);
    for listing in listings {
        let Some(words) = names.words(listing) else { continue };
        let cells = [
            Cow::Borrowed(words.exchange),
            words.segment.into(),
            listing.instrument.security_id.to_string().into(),
            words.instrument.into(),
            "0".into(),
            quoted(&words.trading_symbol),
            lot_text(&listing.instrument).into(),
            quoted(&words.display),
            words.expiry_with_time().into(),
            words.strike.as_str().into(),
            words.right.into(),
            words.tick.as_str().into(),
            words.flag_compact.into(),
            words.exchange_type.into(),
            words.series_compact.into(),
            quoted(&words.symbol_name),
        ];
        put_row(&mut out, &cells, "\n");
    }
    out
}

/// The detailed file of the newest generation, with freeze quantities and a comma at the end of each line.
pub fn write_detailed(listings: &[Listing<'_>]) -> String {
    let names = Names::of(listings);
    let mut out = String::with_capacity(DETAILED_HEADER.len() + listings.len() * 190);
    out.push_str(DETAILED_HEADER);
    for listing in listings {
        let Some(words) = names.words(listing) else { continue };
        let contract = &listing.instrument.contract;
        let is_share = contract.kind == ContractKind::Equity;
        let underlying_id = names.underlying_id(contract).filter(|_| !is_share);
        // Nothing trades with brackets or covers in derivatives, nor an index at all.
        let allowed = if is_share { "Y" } else { "N" };
        let cells = [
            Cow::Borrowed(words.exchange),
            words.segment.into(),
            listing.instrument.security_id.to_string().into(),
            "NA".into(),
            words.instrument.into(),
            underlying_id.map(|id| id.to_string()).unwrap_or_default().into(),
            contract.underlying.to_string().into(),
            quoted(&words.detailed_symbol_name),
            quoted(&words.display),
            words.exchange_type.into(),
            words.series_detailed.into(),
            lot_text(&listing.instrument).into(),
            words.expiry_date().into(),
            words.strike.as_str().into(),
            words.right.into(),
            words.tick.as_str().into(),
            words.flag_detailed.into(),
            allowed.into(),
            allowed.into(),
            "N,NA,A,0,0,0,0,0,0,0,0.0000,0.0000".into(),
            listing.freeze.unwrap_or_default().to_string().into(),
        ];
        put_row(&mut out, &cells, ",\n");
    }
    out
}

fn put_row(out: &mut String, cells: &[Cow<'_, str>], end: &str) {
    for (n, cell) in cells.iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        out.push_str(cell);
    }
    out.push_str(end);
}

fn quoted(text: &str) -> Cow<'_, str> {
    if text.contains([',', '"', '\n', '\r']) {
        let plain: String = text.chars().map(|c| if c == '\n' || c == '\r' { ' ' } else { c }).collect();
        Cow::Owned(format!("\"{}\"", plain.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(text)
    }
}

fn lot_text(instrument: &Instrument) -> String {
    format!("{}.0", instrument.lot)
}

/// The texts of one row.
struct Words {
    exchange: &'static str,
    segment: &'static str,
    instrument: &'static str,
    trading_symbol: String,
    display: String,
    expiry: Option<Date>,
    /// The clock DhanHQ prints behind the expiry; it is not the exchange's close.
    expiry_clock: &'static str,
    strike: String,
    right: &'static str,
    tick: String,
    flag_compact: &'static str,
    flag_detailed: &'static str,
    exchange_type: &'static str,
    series_compact: &'static str,
    series_detailed: &'static str,
    symbol_name: String,
    detailed_symbol_name: String,
}

impl Words {
    fn expiry_with_time(&self) -> String {
        match (self.expiry, self.segment) {
            (Some(date), _) => format!("{date} {}", self.expiry_clock),
            (None, "I") => "0001-01-01".into(),
            (None, _) => String::new(),
        }
    }

    fn expiry_date(&self) -> String {
        match (self.expiry, self.segment) {
            (Some(date), _) => date.to_string(),
            (None, "I") => "0001-01-01".into(),
            (None, _) => String::new(),
        }
    }
}

/// The numbers of the shares and indices listed, which the rows of their derivatives refer to.
struct Names {
    indices: BTreeMap<(Exchange, Symbol), SecurityId>,
    shares: BTreeMap<(Exchange, Symbol), SecurityId>,
}

impl Names {
    fn of(listings: &[Listing<'_>]) -> Self {
        let mut names = Self { indices: BTreeMap::new(), shares: BTreeMap::new() };
        for Listing { instrument, .. } in listings {
            let key = (instrument.contract.exchange, instrument.contract.underlying);
            match instrument.contract.kind {
                ContractKind::Index => names.indices.insert(key, instrument.security_id),
                ContractKind::Equity => names.shares.insert(key, instrument.security_id),
                ContractKind::Future { .. } | ContractKind::Option { .. } | ContractKind::Unlisted { .. } => None,
            };
        }
        names
    }

    fn is_on_index(&self, contract: &Contract) -> bool {
        let listed = self.indices.contains_key(&(contract.exchange, contract.underlying));
        // The index of SENSEX50 contracts is listed under another name (SNSX50).
        listed || contract.underlying.as_str() == "SENSEX50"
    }

    /// The exchange's own number of an index, which is not the broker's; a share's number is the same at both.
    fn underlying_id(&self, contract: &Contract) -> Option<SecurityId> {
        let key = (contract.exchange, contract.underlying);
        if contract.kind != ContractKind::Index
            && let Some(token) = index_token(contract.underlying.as_str())
        {
            return Some(SecurityId(token));
        }
        self.indices.get(&key).or_else(|| self.shares.get(&key)).copied()
    }

    fn words(&self, listing: &Listing<'_>) -> Option<Words> {
        let contract = &listing.instrument.contract;
        match contract.kind {
            ContractKind::Index => Some(index_words(listing)),
            ContractKind::Equity => Some(share_words(listing)),
            ContractKind::Future { expiry } => Some(self.derivative_words(listing, expiry, None)),
            ContractKind::Option { expiry, strike, right } => {
                Some(self.derivative_words(listing, expiry, Some((strike.0, right))))
            }
            ContractKind::Unlisted { .. } => None,
        }
    }

    fn derivative_words(&self, listing: &Listing<'_>, expiry: Date, option: Option<(Decimal, OptionRight)>) -> Words {
        let contract = &listing.instrument.contract;
        let (exchange, root) = (contract.exchange, contract.underlying);
        let instrument = match (exchange, option.is_some(), self.is_on_index(contract)) {
            (Exchange::Mcx, true, _) => "OPTFUT",
            (Exchange::Mcx, false, _) => "FUTCOM",
            (_, true, true) => "OPTIDX",
            (_, true, false) => "OPTSTK",
            (_, false, true) => "FUTIDX",
            (_, false, false) => "FUTSTK",
        };
        let (trading_symbol, display) = derivative_names(contract, expiry, option);
        let (expiry_clock, exchange_type) = match exchange {
            Exchange::Nse => ("14:30:00", if option.is_some() { "OP" } else { "FUT" }),
            Exchange::Bse => ("15:30:00", instrument),
            Exchange::Mcx => ("23:30:00", instrument),
        };
        let flag = match listing.cycle {
            ExpiryCycle::Weekly => "W",
            ExpiryCycle::Monthly => "M",
        };
        let symbol_name = match exchange {
            Exchange::Nse => String::new(),
            Exchange::Bse => bse_mnemonic(root, option.is_some()),
            Exchange::Mcx => root.to_string(),
        };
        let detailed_symbol_name = if exchange == Exchange::Nse { trading_symbol.clone() } else { symbol_name.clone() };
        Words {
            exchange: exchange.as_str(),
            segment: if exchange == Exchange::Mcx { "M" } else { "D" },
            instrument,
            trading_symbol,
            display,
            expiry: Some(expiry),
            expiry_clock,
            strike: match (option, exchange) {
                (Some((strike, _)), _) => fixed(strike, 5),
                (None, Exchange::Nse) => "-0.01000".into(),
                (None, Exchange::Bse | Exchange::Mcx) => "0.00000".into(),
            },
            right: option.map_or("XX", |(_, right)| right.as_str()),
            tick: paise(&listing.instrument),
            flag_compact: flag,
            flag_detailed: flag,
            exchange_type,
            series_compact: if exchange == Exchange::Mcx { "2" } else { "" },
            series_detailed: if exchange == Exchange::Mcx { "2" } else { "NA" },
            symbol_name,
            detailed_symbol_name,
        }
    }
}

/// `NIFTY-Dec2026-26000-CE` and `NIFTY 01 DEC 26000 CALL`: weekly and monthly options of one month share the former.
fn derivative_names(contract: &Contract, expiry: Date, option: Option<(Decimal, OptionRight)>) -> (String, String) {
    let root = contract.underlying;
    let month = match contract.exchange {
        Exchange::Nse | Exchange::Bse => expiry.strftime("%b%Y"),
        Exchange::Mcx => expiry.strftime("%d%b%Y"),
    };
    if let Some((strike, right)) = option {
        let (strike, day) = (strike.normalize(), expiry.strftime("%d %b").to_string().to_uppercase());
        let word = match right {
            OptionRight::Call => "CALL",
            OptionRight::Put => "PUT",
        };
        (format!("{root}-{month}-{strike}-{right}"), format!("{root} {day} {strike} {word}"))
    } else {
        let gap = if contract.exchange == Exchange::Bse { "  " } else { " " };
        let name = expiry.strftime("%b").to_string().to_uppercase();
        (format!("{root}-{month}-FUT"), format!("{root} {name}{gap}FUT"))
    }
}

fn index_words(listing: &Listing<'_>) -> Words {
    let symbol = listing.instrument.contract.underlying.to_string();
    Words {
        exchange: listing.instrument.contract.exchange.as_str(),
        segment: "I",
        instrument: "INDEX",
        trading_symbol: symbol.clone(),
        display: listing.name.to_string(),
        expiry: None,
        expiry_clock: "",
        strike: String::new(),
        right: "XX",
        // Of an index the file says rupees.
        tick: fixed(listing.instrument.tick.0, 4),
        flag_compact: "",
        flag_detailed: "N",
        exchange_type: "INDEX",
        series_compact: "X",
        series_detailed: "NA",
        symbol_name: symbol.clone(),
        detailed_symbol_name: symbol,
    }
}

fn share_words(listing: &Listing<'_>) -> Words {
    let exchange = listing.instrument.contract.exchange;
    let series = if exchange == Exchange::Bse { "A" } else { "EQ" };
    Words {
        exchange: exchange.as_str(),
        segment: "E",
        instrument: "EQUITY",
        trading_symbol: listing.instrument.contract.underlying.to_string(),
        display: listing.name.to_string(),
        expiry: None,
        expiry_clock: "",
        strike: String::new(),
        right: "",
        tick: paise(&listing.instrument),
        flag_compact: "NA",
        flag_detailed: "NA",
        exchange_type: "ES",
        series_compact: series,
        series_detailed: series,
        symbol_name: listing.name.to_uppercase(),
        detailed_symbol_name: listing.name.to_uppercase(),
    }
}

fn paise(instrument: &Instrument) -> String {
    fixed(instrument.tick.0 * Decimal::ONE_HUNDRED, 4)
}

fn fixed(value: Decimal, digits: usize) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write!(text, "{value:.digits$}");
    text
}

/// The exchange's number of an index, as the detailed file gives it for the underlying of its contracts.
fn index_token(symbol: &str) -> Option<u64> {
    match symbol {
        "NIFTY" => Some(26_000),
        "BANKNIFTY" => Some(26_009),
        "NIFTYNXT50" => Some(26_013),
        "FINNIFTY" => Some(26_037),
        "MIDCPNIFTY" => Some(26_074),
        "SENSEX" => Some(1),
        "BANKEX" => Some(12),
        _ => None,
    }
}

fn bse_mnemonic(root: Symbol, option: bool) -> String {
    let what = if option { "OPT" } else { "FUT" };
    match root.as_str() {
        "SENSEX" => format!("BSX{what}"),
        "BANKEX" => format!("BKX{what}"),
        "SENSEX50" => format!("SX50{what}"),
        other => other.to_string(),
    }
}
