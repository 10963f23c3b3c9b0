//! What can be traded: neutral contracts (no broker's number inside), and instruments (a contract as a broker lists it).

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Price, Quantity, SecurityId};

/// The root name of an underlying as the exchange writes it (`NIFTY`, `M&M`, `BAJAJ-AUTO`): 1 to 20 capitals, digits, `&`, `-`, `_`.
/// Kept inline, so that a contract can be copied like a number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol {
    bytes: [u8; Self::MAX_LENGTH],
}

impl Symbol {
    pub const MAX_LENGTH: usize = 20;

    /// Takes the exchange's spelling only; aliases such as `NIFTY 50` are resolved by whoever reads them.
    pub fn new(text: &str) -> Result<Self, UnknownName> {
        let ok = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b'&' | b'-' | b'_');
        if text.is_empty() || text.len() > Self::MAX_LENGTH || !text.as_bytes().iter().all(ok) {
            return Err(UnknownName { what: "symbol", text: text.chars().take(40).collect() });
        }
        let mut bytes = [0; Self::MAX_LENGTH];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Ok(Self { bytes })
    }

    pub fn as_str(&self) -> &str {
        let end = self.bytes.iter().position(|b| *b == 0).unwrap_or(Self::MAX_LENGTH);
        std::str::from_utf8(&self.bytes[..end]).unwrap_or_default()
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
impl FromStr for Symbol {
    type Err = UnknownName;
    fn from_str(s: &str) -> Result<Self, UnknownName> {
        Self::new(s)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Exchange {
    #[serde(rename = "NSE")]
    Nse,
    #[serde(rename = "BSE")]
    Bse,
    #[serde(rename = "MCX")]
    Mcx,
}

impl Exchange {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nse => "NSE",
            Self::Bse => "BSE",
            Self::Mcx => "MCX",
        }
    }
}

impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
impl FromStr for Exchange {
    type Err = UnknownName;
    fn from_str(s: &str) -> Result<Self, UnknownName> {
        match s {
            "NSE" => Ok(Self::Nse),
            "BSE" => Ok(Self::Bse),
            "MCX" => Ok(Self::Mcx),
            _ => Err(UnknownName { what: "exchange", text: s.chars().take(40).collect() }),
        }
    }
}

/// Where a contract trades: the part of an exchange that has its own sessions and, at brokers, its own ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Segment {
    /// Index values: quoted, never traded.
    Index,
    NseEquity,
    NseDerivatives,
    NseCurrency,
    NseCommodity,
    BseEquity,
    BseDerivatives,
    BseCurrency,
    McxCommodity,
}

/// Call or put, as the exchange abbreviates them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum OptionRight {
    #[serde(rename = "CE")]
    Call,
    #[serde(rename = "PE")]
    Put,
}

impl OptionRight {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Call => "CE",
            Self::Put => "PE",
        }
    }
}

impl fmt::Display for OptionRight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A contract in neutral terms: what every broker means, whatever number it gives it.
///
/// Written, in JSON and as a key, as `NSE:NIFTY:2026-11-23:26000:CE`, `NSE:NIFTY:2026-11-30:FUT`, `NSE:RELIANCE:EQ`,
/// `NSE:NIFTY:INDEX`, or `NSE:NIFTY:ID-NseDerivatives-35191` for one the instrument list does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Contract {
    pub exchange: Exchange,
    pub underlying: Symbol,
    pub kind: ContractKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContractKind {
    Index,
    Equity,
    Future {
        expiry: Date,
    },
    Option {
        expiry: Date,
        strike: Price,
        right: OptionRight,
    },
    /// Reported by the broker, but not in our instrument list: it can be shown and closed by its number, nothing else.
    Unlisted {
        segment: Segment,
        id: SecurityId,
    },
}

impl Contract {
    pub fn option(exchange: Exchange, underlying: Symbol, expiry: Date, strike: Price, right: OptionRight) -> Self {
        let strike = Price(strike.0.normalize());
        Self { exchange, underlying, kind: ContractKind::Option { expiry, strike, right } }
    }

    pub fn future(exchange: Exchange, underlying: Symbol, expiry: Date) -> Self {
        Self { exchange, underlying, kind: ContractKind::Future { expiry } }
    }

    pub fn index(exchange: Exchange, underlying: Symbol) -> Self {
        Self { exchange, underlying, kind: ContractKind::Index }
    }

    pub fn equity(exchange: Exchange, underlying: Symbol) -> Self {
        Self { exchange, underlying, kind: ContractKind::Equity }
    }

    pub fn expiry(&self) -> Option<Date> {
        match self.kind {
            ContractKind::Future { expiry } | ContractKind::Option { expiry, .. } => Some(expiry),
            ContractKind::Index | ContractKind::Equity | ContractKind::Unlisted { .. } => None,
        }
    }

    pub fn segment(&self) -> Segment {
        match (self.kind, self.exchange) {
            (ContractKind::Unlisted { segment, .. }, _) => segment,
            (ContractKind::Index, _) => Segment::Index,
            (ContractKind::Equity, Exchange::Bse) => Segment::BseEquity,
            (ContractKind::Equity, _) => Segment::NseEquity,
            (_, Exchange::Nse) => Segment::NseDerivatives,
            (_, Exchange::Bse) => Segment::BseDerivatives,
            (_, Exchange::Mcx) => Segment::McxCommodity,
        }
    }

    /// For people: `NIFTY 23 Nov 26000 CE`.
    pub fn label(&self) -> String {
        match self.kind {
            ContractKind::Index | ContractKind::Equity => self.underlying.to_string(),
            ContractKind::Future { expiry } => format!("{} {} FUT", self.underlying, expiry.strftime("%d %b")),
            ContractKind::Option { expiry, strike, right } => {
                format!("{} {} {} {}", self.underlying, expiry.strftime("%d %b"), strike.0.normalize(), right)
            }
            ContractKind::Unlisted { id, .. } => format!("{} id {id}", self.underlying),
        }
    }
}

impl fmt::Display for Contract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:", self.exchange, self.underlying)?;
        match self.kind {
            ContractKind::Index => f.write_str("INDEX"),
            ContractKind::Equity => f.write_str("EQ"),
            ContractKind::Future { expiry } => write!(f, "{expiry}:FUT"),
            ContractKind::Option { expiry, strike, right } => {
                write!(f, "{expiry}:{}:{right}", strike.0.normalize())
            }
            ContractKind::Unlisted { segment, id } => write!(f, "ID-{segment:?}-{id}"),
        }
    }
}

impl FromStr for Contract {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let bad = || UnknownName { what: "contract", text: text.chars().take(60).collect() };
        let parts: Vec<&str> = text.split(':').collect();
        let (exchange, underlying) = match parts.as_slice() {
            [exchange, underlying, ..] => (exchange.parse()?, Symbol::new(underlying)?),
            _ => return Err(bad()),
        };
        let date = |s: &str| s.parse::<Date>().map_err(|_| bad());
        match &parts[2..] {
            ["INDEX"] => Ok(Self::index(exchange, underlying)),
            ["EQ"] => Ok(Self::equity(exchange, underlying)),
            [expiry, "FUT"] => Ok(Self::future(exchange, underlying, date(expiry)?)),
            [expiry, strike, right] => {
                let right = match *right {
                    "CE" => OptionRight::Call,
                    "PE" => OptionRight::Put,
                    _ => return Err(bad()),
                };
                let strike = strike.parse().map_err(|_| bad())?;
                Ok(Self::option(exchange, underlying, date(expiry)?, strike, right))
            }
            [unlisted] => {
                let (segment, id) = unlisted.strip_prefix("ID-").and_then(|s| s.split_once('-')).ok_or_else(bad)?;
                let segment = segment_from_name(segment).ok_or_else(bad)?;
                let id = id.parse().map_err(|_| bad())?;
                Ok(Self { exchange, underlying, kind: ContractKind::Unlisted { segment, id } })
            }
            _ => Err(bad()),
        }
    }
}

fn segment_from_name(name: &str) -> Option<Segment> {
    use Segment::{
        BseCurrency, BseDerivatives, BseEquity, Index, McxCommodity, NseCommodity, NseCurrency, NseDerivatives,
        NseEquity,
    };
    [Index, NseEquity, NseDerivatives, NseCurrency, NseCommodity, BseEquity, BseDerivatives, BseCurrency, McxCommodity]
        .into_iter()
        .find(|s| format!("{s:?}") == name)
}

macro_rules! serde_as_text {
    ($t:ty) => {
        impl Serialize for $t {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $t {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
serde_as_text!(Symbol);
serde_as_text!(Contract);

/// A contract as a broker lists it today: its number, lot, tick and the largest order the exchange takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instrument {
    pub contract: Contract,
    pub security_id: SecurityId,
    /// Units in one lot. Quantities are whole multiples of it.
    pub lot: Quantity,
    /// Smallest price step, in points (rupees).
    pub tick: Price,
    /// The largest quantity of one order, already a whole number of lots; `None` where the exchange sets none.
    pub max_order: Option<Quantity>,
}

impl Instrument {
    /// The most that one order may be for: whole lots within the exchange's limit, and never less than one lot.
    pub fn largest_order(&self) -> Quantity {
        let lot = self.lot.0.max(1);
        let cap = self.max_order.map_or(u32::MAX, |q| q.0);
        Quantity((cap / lot).max(1).saturating_mul(lot))
    }
}

/// A text that names nothing we know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a {what}")]
pub struct UnknownName {
    pub what: &'static str,
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use rust_decimal_macros::dec;

    #[test]
    fn a_contract_reads_back_what_it_writes() {
        let nifty = Symbol::new("NIFTY").unwrap();
        let id = ContractKind::Unlisted { segment: Segment::McxCommodity, id: SecurityId(7) };
        for contract in [
            Contract::option(Exchange::Nse, nifty, date(2026, 11, 23), Price(dec!(26000.0)), OptionRight::Call),
            Contract::option(Exchange::Nse, nifty, date(2026, 11, 23), Price(dec!(152.5)), OptionRight::Put),
            Contract::future(Exchange::Bse, Symbol::new("SENSEX").unwrap(), date(2026, 11, 26)),
            Contract::equity(Exchange::Nse, Symbol::new("M&M").unwrap()),
            Contract::index(Exchange::Nse, nifty),
            Contract { exchange: Exchange::Mcx, underlying: nifty, kind: id },
        ] {
            assert_eq!(contract.to_string().parse(), Ok(contract));
        }
    }

    #[test]
    fn a_strike_is_the_same_contract_however_many_zeros_it_is_written_with() {
        let a: Contract = "NSE:NIFTY:2026-11-23:26000:CE".parse().unwrap();
        assert_eq!("NSE:NIFTY:2026-11-23:26000.00000:CE".parse(), Ok(a));
        assert_eq!(a.label(), "NIFTY 23 Nov 26000 CE");
    }
}
