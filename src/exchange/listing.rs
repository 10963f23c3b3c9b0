//! What is listed: contracts follow from the underlyings' specifications, and so do their numbers. Nothing is tabulated, so a
//! listing of thousands costs nothing until somebody asks for it.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;
use crate::domain::{Contract, ContractKind, Instrument, OptionRight, Price, Quantity, SecurityId, Segment};

use super::config::{Series, UnderlyingSpec};

/// An instrument with the names an instrument list gives it.
#[derive(Clone, Debug, PartialEq)]
pub struct Listing {
    pub instrument: Instrument,
    /// `NIFTY-Nov2026-26000-CE`: shared by weekly and monthly options of one month, as at the broker.
    pub trading_symbol: String,
    /// `NIFTY 23 NOV 26000 CALL`.
    pub display_name: String,
    /// Whether the contract's expiry is the last of its month; `None` without an expiry.
    pub monthly: Option<bool>,
    /// Whether the underlying is a share rather than an index.
    pub underlying_is_share: bool,
}

/// A listed contract, resolved: what pricing and checks need to know of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Listed {
    pub contract: Contract,
    pub id: SecurityId,
    /// Index into the exchange's underlyings.
    pub underlying: usize,
    pub lot: u32,
    /// In paise.
    pub tick: i64,
    pub max_order: Option<u32>,
    /// When its last session ends.
    pub close: Option<Timestamp>,
}

/// The numbers of one expiry's contracts: the future first, then for each multiple of `unit` a call and a put.
///
/// Once given, a contract's number stays, over restarts and new listings: positions are known by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct NumberBlock {
    underlying: Contract,
    expiry: Date,
    /// Distance of strikes, in paise.
    unit: i64,
    first: u64,
    count: u64,
}

impl NumberBlock {
    fn number(&self, kind: ContractKind) -> Option<SecurityId> {
        let slot = match kind {
            ContractKind::Future { expiry } if expiry == self.expiry => 0,
            ContractKind::Option { expiry, strike, right } if expiry == self.expiry => {
                let strike = to_paise(strike)?;
                if strike <= 0 || strike % self.unit != 0 {
                    return None;
                }
                u64::try_from(strike / self.unit).ok()? * 2 + u64::from(right == OptionRight::Put)
            }
            _ => return None,
        };
        (slot < self.count).then_some(SecurityId(self.first + slot))
    }

    fn kind(&self, id: SecurityId) -> Option<ContractKind> {
        let slot = id.0.checked_sub(self.first).filter(|s| *s < self.count)?;
        match slot {
            0 => Some(ContractKind::Future { expiry: self.expiry }),
            1 => None,
            _ => {
                let strike = price(i64::try_from(slot / 2).ok()? * self.unit);
                let right = if slot % 2 == 0 { OptionRight::Call } else { OptionRight::Put };
                Some(ContractKind::Option { expiry: self.expiry, strike: Price(strike.0.normalize()), right })
            }
        }
    }
}

/// The numbers given out so far, in order of their first number.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Numbers(Vec<NumberBlock>);

/// The first number given to a derivative.
const FIRST_NUMBER: u64 = 35_001;

impl Numbers {
    /// Gives numbers to the series of `spec` that have none yet.
    pub(super) fn give(&mut self, spec: &UnderlyingSpec) {
        let Some(unit) = to_paise(spec.strike_step).filter(|u| *u > 0) else { return };
        let extra: Vec<i64> = spec.extra_strikes.iter().filter_map(|s| to_paise(*s)).collect();
        let unit = extra.iter().fold(unit, |unit, strike| gcd(unit, *strike));
        let spot = to_paise(spec.spot).unwrap_or(unit);
        // Room for the ladder to follow the price to twice its start.
        let highest = extra.iter().copied().fold(spot * 2 + unit * 2 * i64::from(spec.strikes_each_side), i64::max);
        let count = u64::try_from(highest / unit * 2 + 4).unwrap_or(4);
        for series in &spec.series {
            let fits = |b: &NumberBlock| {
                b.underlying == spec.contract && b.expiry == series.expiry && unit % b.unit == 0 && {
                    b.count.saturating_mul(u64::try_from(b.unit).unwrap_or(1)) / 2
                        >= u64::try_from(highest).unwrap_or(0)
                }
            };
            if !self.0.iter().any(fits) {
                let first = self.0.last().map_or(FIRST_NUMBER, |b| b.first + b.count);
                let (underlying, expiry) = (spec.contract, series.expiry);
                self.0.push(NumberBlock { underlying, expiry, unit, first, count });
            }
        }
    }

    fn number(&self, spec: &UnderlyingSpec, kind: ContractKind) -> Option<SecurityId> {
        self.0.iter().filter(|b| b.underlying == spec.contract).find_map(|b| b.number(kind))
    }

    /// The underlying and kind of contract of a number.
    pub(super) fn contract(&self, id: SecurityId) -> Option<Contract> {
        let at = self.0.partition_point(|b| b.first <= id.0).checked_sub(1)?;
        let block = self.0.get(at)?;
        Some(Contract { kind: block.kind(id)?, ..block.underlying })
    }

    /// Forgets the series that ended before `day`: their numbers are not used again.
    pub(super) fn forget_before(&mut self, day: Date) {
        let last = self.0.last().copied();
        self.0.retain(|b| b.expiry >= day || Some(*b) == last);
    }
}

/// The lowest and highest regular strike, in paise.
pub(super) fn ladder(spec: &UnderlyingSpec) -> Option<(i64, i64, i64)> {
    let step = to_paise(spec.strike_step).filter(|s| *s > 0)?;
    let middle = (to_paise(spec.spot)? + step / 2) / step * step;
    let reach = step * i64::from(spec.strikes_each_side);
    Some(((middle - reach).max(step), middle + reach, step))
}

/// All strikes of a specification, ascending, in paise.
pub(super) fn strikes(spec: &UnderlyingSpec) -> Vec<i64> {
    let regular = ladder(spec).into_iter().flat_map(|(low, high, step)| (low..=high).step_by(step as usize));
    let mut all: Vec<i64> = regular.chain(spec.extra_strikes.iter().filter_map(|s| to_paise(*s))).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn has_strike(spec: &UnderlyingSpec, strike: Price) -> bool {
    let regular = ladder(spec).zip(to_paise(strike));
    regular.is_some_and(|((low, high, step), k)| low <= k && k <= high && k % step == 0)
        || spec.extra_strikes.contains(&strike)
}

/// Resolves a contract of this underlying; `held` contracts stay listed although the ladder has left them.
pub(super) fn resolve(
    spec: &UnderlyingSpec,
    underlying: usize,
    contract: &Contract,
    numbers: &Numbers,
    held: bool,
    close: impl Fn(Date) -> Timestamp,
) -> Option<Listed> {
    let tick = to_paise(spec.tick)?;
    let series = |expiry: Date| spec.series.iter().find(|s| s.expiry == expiry).copied();
    let derivative = |series: Series| {
        Some(Listed {
            contract: *contract,
            id: numbers.number(spec, contract.kind)?,
            underlying,
            lot: series.lot.0,
            tick,
            max_order: series.max_order.map(|q| q.0),
            close: Some(close(series.expiry)),
        })
    };
    match contract.kind {
        ContractKind::Index | ContractKind::Equity if *contract == spec.contract => Some(Listed {
            contract: *contract,
            id: spec.security_id,
            underlying,
            lot: 1,
            tick,
            max_order: None,
            close: None,
        }),
        ContractKind::Future { expiry } => series(expiry).filter(|s| s.future || held).and_then(derivative),
        ContractKind::Option { expiry, strike, .. } if held || has_strike(spec, strike) => {
            series(expiry).and_then(derivative)
        }
        _ => None,
    }
}

/// The listing of one contract with its names.
pub(super) fn describe(spec: &UnderlyingSpec, listed: &Listed) -> Listing {
    let root = listed.contract.underlying;
    let series = listed.contract.expiry().and_then(|e| spec.series.iter().find(|s| s.expiry == e));
    let (trading_symbol, display_name) = match listed.contract.kind {
        ContractKind::Index | ContractKind::Equity | ContractKind::Unlisted { .. } => {
            (root.to_string(), spec.name.clone())
        }
        ContractKind::Future { expiry } => {
            let month = expiry.strftime("%b").to_string().to_uppercase();
            (format!("{root}-{}-FUT", expiry.strftime("%b%Y")), format!("{root} {month} FUT"))
        }
        ContractKind::Option { expiry, strike, right } => {
            let strike = strike.0.normalize();
            let word = match right {
                OptionRight::Call => "CALL",
                OptionRight::Put => "PUT",
            };
            let day = expiry.strftime("%d %b").to_string().to_uppercase();
            (format!("{root}-{}-{strike}-{right}", expiry.strftime("%b%Y")), format!("{root} {day} {strike} {word}"))
        }
    };
    Listing {
        instrument: Instrument {
            contract: listed.contract,
            security_id: listed.id,
            lot: Quantity(listed.lot),
            tick: price(listed.tick),
            max_order: listed.max_order.map(Quantity),
        },
        trading_symbol,
        display_name,
        monthly: series.map(|s| s.monthly),
        underlying_is_share: spec.contract.kind == ContractKind::Equity,
    }
}

/// A small number for each segment, for random streams.
pub(super) fn segment_number(segment: Segment) -> u8 {
    match segment {
        Segment::Index => 0,
        Segment::NseEquity => 1,
        Segment::NseDerivatives => 2,
        Segment::NseCurrency => 3,
        Segment::BseEquity => 4,
        Segment::McxCommodity => 5,
        Segment::BseCurrency => 7,
        Segment::BseDerivatives => 8,
        Segment::NseCommodity => 9,
    }
}

/// Whole paise of a price; `None` when it has a fraction of one.
pub(super) fn to_paise(price: Price) -> Option<i64> {
    let paise = price.0.checked_mul(Decimal::ONE_HUNDRED)?;
    if paise.fract().is_zero() { i64::try_from(paise.trunc()).ok() } else { None }
}

pub(super) fn price(paise: i64) -> Price {
    Price(Decimal::new(paise, 2))
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a.abs().max(1) } else { gcd(b, a % b) }
}
