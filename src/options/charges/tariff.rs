//! The tariff as `config/charges.yaml` states it, and the rates of one kind of trade on one day.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer};

use super::Trade;
use crate::domain::{Contract, ContractKind, Exchange, Product, Segment, Symbol};

/// The tariff that is compiled in, in the format a user edits.
pub const DEFAULT_YAML: &str = include_str!("../../../config/charges.yaml");

const CRORE: Decimal = Decimal::from_parts(10_000_000, 0, 0, false, 0);

/// Dated rates of everything a trade is charged with.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tariff {
    brokerage: Vec<Brokerage>,
    stt: Vec<Stt>,
    exchange: BTreeMap<Exchange, Vec<ExchangeFees>>,
    sebi_per_crore: Vec<Single>,
    stamp_per_crore: Vec<Stamp>,
    gst: Vec<Single>,
}

/// How a trade is taxed and charged: by what is traded and under which product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    Delivery,
    /// Delivery with the broker's money: taxed as delivery, with brokerage.
    Mtf,
    Intraday,
    Futures,
    Options,
}

impl std::str::FromStr for Class {
    type Err = &'static str;
    /// As files spell it.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "delivery" => Ok(Self::Delivery),
            "mtf" => Ok(Self::Mtf),
            "intraday" => Ok(Self::Intraday),
            "futures" => Ok(Self::Futures),
            "options" => Ok(Self::Options),
            _ => Err("the segment is options, futures, delivery, intraday or mtf"),
        }
    }
}

impl Class {
    /// The name in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delivery => "delivery",
            Self::Mtf => "mtf",
            Self::Intraday => "intraday",
            Self::Futures => "futures",
            Self::Options => "options",
        }
    }

    /// `None` for what is not traded (an index) or not covered (commodities, currency, contracts outside our list).
    pub fn of(contract: &Contract, product: Product) -> Option<Self> {
        if contract.exchange == Exchange::Mcx {
            return None;
        }
        match (contract.kind, product) {
            (ContractKind::Index, _) => None,
            (
                ContractKind::Unlisted { segment: Segment::NseEquity | Segment::BseEquity, .. } | ContractKind::Equity,
                p,
            ) => Some(match p {
                Product::Intraday => Self::Intraday,
                Product::Mtf => Self::Mtf,
                Product::Cnc | Product::Margin => Self::Delivery,
            }),
            (ContractKind::Unlisted { .. }, _) => None,
            (ContractKind::Future { .. }, _) => Some(Self::Futures),
            (ContractKind::Option { .. }, _) => Some(Self::Options),
        }
    }
}

/// A trade the tariff says nothing about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no charges are known for {} on {date}: add the tariff of that day to config/charges.yaml", contract.label())]
pub struct NoTariff {
    pub contract: Contract,
    pub date: Date,
}

/// A tariff file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TariffError {
    #[error("charges.yaml cannot be read: {0}")]
    Yaml(String),
    #[error("charges.yaml: the entries of `{list}` must be in order of `from`, each later than the one before")]
    Order { list: String },
}

/// The rates of one class of trade on one day, as fractions of turnover.
pub(super) struct Rates<'a> {
    pub brokerage: &'a Fee,
    pub stt_buy: Decimal,
    pub stt_sell: Decimal,
    pub fee: Decimal,
    pub ipft: Decimal,
    pub sebi: Decimal,
    pub stamp: Decimal,
    pub gst: Decimal,
}

impl Tariff {
    /// Reads a tariff in the format of `config/charges.yaml`.
    pub fn read(yaml: &str) -> Result<Self, TariffError> {
        let tariff: Self = serde_saphyr::from_str(yaml).map_err(|e| TariffError::Yaml(e.to_string()))?;
        tariff.check_order()?;
        Ok(tariff)
    }

    /// The tariff this program was built with.
    pub fn built_in() -> Result<Self, TariffError> {
        Self::read(DEFAULT_YAML)
    }

    fn check_order(&self) -> Result<(), TariffError> {
        ordered("brokerage", &self.brokerage)?;
        ordered("stt", &self.stt)?;
        ordered("sebi_per_crore", &self.sebi_per_crore)?;
        ordered("stamp_per_crore", &self.stamp_per_crore)?;
        ordered("gst", &self.gst)?;
        self.exchange.iter().try_for_each(|(exchange, fees)| ordered(&format!("exchange.{exchange}"), fees))
    }

    pub(super) fn on(&self, trade: &Trade) -> Option<Rates<'_>> {
        let Trade { date, class, .. } = *trade;
        let stt = current(&self.stt, date)?;
        let stamp = current(&self.stamp_per_crore, date)?;
        let fees = current(self.exchange.get(&trade.exchange)?, date)?;
        let brokerage = current(&self.brokerage, date)?;
        let none = Decimal::ZERO;
        let (brokerage, fee, stt_buy, stt_sell, stamp) = match class {
            Class::Delivery | Class::Mtf => {
                let fee = if class == Class::Mtf { &brokerage.mtf } else { &brokerage.delivery };
                (fee, &fees.equity, stt.delivery_buy.0, stt.delivery_sell.0, stamp.delivery.0)
            }
            Class::Intraday => (&brokerage.intraday, &fees.equity, none, stt.intraday_sell.0, stamp.intraday.0),
            Class::Futures => (&brokerage.futures, &fees.futures, none, stt.futures_sell.0, stamp.futures.0),
            Class::Options => {
                let fee = fees.options_of.get(&trade.underlying).unwrap_or(&fees.options);
                (&brokerage.options, fee, none, stt.options_sell.0, stamp.options.0)
            }
        };
        Some(Rates {
            brokerage,
            stt_buy,
            stt_sell,
            fee: fee.fee_per_crore.0 / CRORE,
            ipft: fee.ipft_per_crore.0 / CRORE,
            sebi: current(&self.sebi_per_crore, date)?.value.0 / CRORE,
            stamp: stamp / CRORE,
            gst: current(&self.gst, date)?.value.0,
        })
    }

    /// STT on the intrinsic value of an exercised option, as a fraction.
    pub(super) fn exercise_rate(&self, date: Date) -> Option<Decimal> {
        current(&self.stt, date).map(|stt| stt.options_exercise.0)
    }
}

/// Brokerage of one order: a flat amount, or a share of the turnover up to a cap.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "FeeFields")]
pub(super) enum Fee {
    Flat(Decimal),
    Share { rate: Decimal, cap: Decimal },
}

/// A fee as it is written. (An untagged enum would pass unquoted figures through binary floating point.)
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FeeFields {
    flat: Option<Exact>,
    rate: Option<Exact>,
    cap: Option<Exact>,
}

impl TryFrom<FeeFields> for Fee {
    type Error = &'static str;
    fn try_from(fields: FeeFields) -> Result<Self, Self::Error> {
        match (fields.flat, fields.rate, fields.cap) {
            (Some(flat), None, None) => Ok(Self::Flat(flat.0)),
            (None, Some(rate), Some(cap)) => Ok(Self::Share { rate: rate.0, cap: cap.0 }),
            _ => Err("brokerage is either `flat`, or `rate` and `cap`"),
        }
    }
}

impl Fee {
    pub(super) fn of(&self, turnover: Decimal) -> Decimal {
        match self {
            Self::Flat(flat) => *flat,
            Self::Share { rate, cap } => (turnover * rate).min(*cap),
        }
    }
}

trait Dated {
    fn from(&self) -> Date;
}

fn current<T: Dated>(entries: &[T], date: Date) -> Option<&T> {
    entries.iter().rev().find(|entry| entry.from() <= date)
}

fn ordered<T: Dated>(list: &str, entries: &[T]) -> Result<(), TariffError> {
    let rising = entries.windows(2).all(|pair| matches!(pair, [a, b] if a.from() < b.from()));
    if rising { Ok(()) } else { Err(TariffError::Order { list: list.into() }) }
}

macro_rules! dated {
    ($($t:ident { $($field:ident: $kind:ty),* $(,)? })*) => {
        $(
            #[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
            #[serde(deny_unknown_fields)]
            struct $t {
                from: Date,
                $($field: $kind,)*
            }
            impl Dated for $t {
                fn from(&self) -> Date {
                    self.from
                }
            }
        )*
    };
}

dated! {
    Brokerage { delivery: Fee, mtf: Fee, intraday: Fee, futures: Fee, options: Fee }
    Stt {
        delivery_buy: Exact,
        delivery_sell: Exact,
        intraday_sell: Exact,
        futures_sell: Exact,
        options_sell: Exact,
        options_exercise: Exact,
    }
    Stamp { delivery: Exact, intraday: Exact, futures: Exact, options: Exact }
    Single { value: Exact }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExchangeFees {
    from: Date,
    equity: ExchangeFee,
    futures: ExchangeFee,
    options: ExchangeFee,
    /// Underlyings whose options pay their own fee.
    #[serde(default)]
    options_of: BTreeMap<Symbol, ExchangeFee>,
}

impl Dated for ExchangeFees {
    fn from(&self) -> Date {
        self.from
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExchangeFee {
    fee_per_crore: Exact,
    ipft_per_crore: Exact,
}

/// A figure read as text into an exact decimal, never through binary floating point. Charges are not negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exact(pub Decimal);

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        let value: Decimal = text.trim().parse().map_err(serde::de::Error::custom)?;
        if value.is_sign_negative() && !value.is_zero() {
            return Err(serde::de::Error::custom(format!("`{text}` is negative: a charge is zero or more")));
        }
        Ok(Self(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tariff_with_a_wrong_figure_says_where() {
        let text = DEFAULT_YAML.replace("futures_sell: \"0.0005\"", "futures_sell: \"half\"");
        let error = Tariff::read(&text).unwrap_err().to_string();
        assert!(error.contains("charges.yaml") && error.contains("line"), "{error}");
        assert!(Tariff::read(&DEFAULT_YAML.replace("\"0.18\"", "\"-0.18\"")).is_err());
    }

    #[test]
    fn entries_out_of_order_are_refused() {
        let text = DEFAULT_YAML.replace("from: 2026-04-01", "from: 2024-10-01");
        let error = Tariff::read(&text).unwrap_err().to_string();
        assert!(error.contains("`stt`"), "{error}");
    }

    #[test]
    fn figures_may_stand_without_quotes() {
        let plain = DEFAULT_YAML.replace('"', "");
        assert_eq!(Tariff::read(&plain).unwrap(), Tariff::built_in().unwrap());
    }
}
