//! From what a leg says (a name, a strike, a right, perhaps an expiry) to the instrument that is listed today.
//!
//! What is not listed is refused with a reason and the nearest that is: never replaced by it. Only a missing expiry is filled
//! in, by the rule of `resolve_expiry`, and a missing exchange by where the underlying is listed.

mod at_the_money;
mod names;

use jiff::civil::{Date, Time};

pub use self::at_the_money::{at_the_money, nearest_strike};
pub use self::names::{canonical_symbol, similar_symbols};
use super::time::{Timestamp, ist};
use super::{Contract, Exchange, Instrument, InstrumentIndex, LegKind, OptionRight, Price, Symbol};

/// What a leg asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WantedLeg<'a> {
    /// As the exchange spells it (`NIFTY`).
    pub symbol: &'a str,
    pub exchange: Option<Exchange>,
    pub kind: LegKind,
    pub expiry: Option<Date>,
}

/// From when on the expiry day a leg without an expiry means the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpiryPolicy {
    /// IST, on the day of expiry.
    pub cut_off: Time,
}

impl Default for ExpiryPolicy {
    /// 15:15, when the closing auction starts to fix the settlement value: nothing new is entered in an expiring contract after it.
    fn default() -> Self {
        Self { cut_off: Time::constant(15, 15, 0, 0) }
    }
}

/// Why a leg has no instrument.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    #[error("{text}: no such underlying{}", did_you_mean(similar))]
    UnknownUnderlying { text: String, similar: Vec<Symbol> },
    #[error("{symbol} has no {what} on {asked}; they are on {}", join(listed, " and "))]
    OtherExchange { symbol: Symbol, what: &'static str, asked: Exchange, listed: Vec<Exchange> },
    #[error("{symbol} has no {what} in today's instrument list")]
    NothingListed { symbol: Symbol, what: &'static str },
    #[error("{symbol}: none of its {what} listed today expires after {now}; load today's instrument list")]
    AllExpired { symbol: Symbol, what: &'static str, now: String },
    #[error("{symbol}: no {what} expire on {asked}; the nearest that do: {}", join(nearest, ", "))]
    ExpiryNotListed { symbol: Symbol, what: &'static str, asked: Date, nearest: Vec<Date> },
    #[error("{symbol} {expiry}: strike {asked} {right} is not listed; the nearest that are: {}", join(nearest, ", "))]
    StrikeNotListed { symbol: Symbol, expiry: Date, asked: Price, right: OptionRight, nearest: Vec<Price> },
    #[error("{symbol} {expiry}: no {right} is listed at the money ({spot})")]
    NothingAtTheMoney { symbol: Symbol, expiry: Date, spot: Price, right: OptionRight },
}

fn did_you_mean(similar: &[Symbol]) -> String {
    if similar.is_empty() { String::new() } else { format!("; did you mean {}?", join(similar, " or ")) }
}

fn join<T: std::fmt::Display>(items: &[T], between: &str) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(between)
}

/// The instrument a leg means at `now`. A leg without an expiry gets the one of `resolve_expiry`.
pub fn map_leg(
    index: &InstrumentIndex,
    wanted: &WantedLeg<'_>,
    now: Timestamp,
    policy: ExpiryPolicy,
) -> Result<Instrument, MappingError> {
    let what = Listed::of(wanted.kind);
    let (exchange, symbol) = find_underlying(index, wanted.symbol, wanted.exchange, what)?;
    match wanted.kind {
        LegKind::Equity => {
            let found = index.by_contract(&Contract::equity(exchange, symbol));
            found.ok_or(MappingError::NothingListed { symbol, what: what.name() })
        }
        LegKind::Future => {
            let expiry = expiry_of(index, exchange, symbol, wanted.expiry, what, now, policy)?;
            let found = index.by_contract(&Contract::future(exchange, symbol, expiry));
            found.ok_or(MappingError::NothingListed { symbol, what: what.name() })
        }
        LegKind::Option { strike, right } => {
            let expiry = expiry_of(index, exchange, symbol, wanted.expiry, what, now, policy)?;
            index.option(exchange, symbol, expiry, strike, right).ok_or_else(|| {
                let nearest = nearest_strikes(index, exchange, symbol, expiry, strike, right);
                MappingError::StrikeNotListed { symbol, expiry, asked: Price(strike.0.normalize()), right, nearest }
            })
        }
    }
}

/// The expiry a leg without one means: the nearest listed expiry not before today; on the expiry day itself, from the
/// policy's cut-off on, the one after it. `what` is asked for futures and options apart, since futures have no weeklies.
pub fn resolve_expiry(
    index: &InstrumentIndex,
    exchange: Exchange,
    symbol: Symbol,
    what: Listed,
    now: Timestamp,
    policy: ExpiryPolicy,
) -> Result<Date, MappingError> {
    let expiries = what.expiries(index, exchange, symbol);
    if expiries.is_empty() {
        return Err(MappingError::NothingListed { symbol, what: what.name() });
    }
    let clock = ist(now);
    let usable = |e: &&Date| **e > clock.date() || (**e == clock.date() && clock.time() < policy.cut_off);
    expiries.iter().find(usable).copied().ok_or_else(|| MappingError::AllExpired {
        symbol,
        what: what.name(),
        now: clock.strftime("%Y-%m-%d %H:%M").to_string(),
    })
}

/// The three things a leg can be made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    Options,
    Futures,
    Shares,
}

impl Listed {
    pub fn of(kind: LegKind) -> Self {
        match kind {
            LegKind::Option { .. } => Self::Options,
            LegKind::Future => Self::Futures,
            LegKind::Equity => Self::Shares,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Options => "options",
            Self::Futures => "futures",
            Self::Shares => "shares",
        }
    }

    fn expiries(self, index: &InstrumentIndex, exchange: Exchange, symbol: Symbol) -> Vec<Date> {
        match self {
            Self::Options => index.option_expiries(exchange, symbol),
            Self::Futures => index.future_expiries(exchange, symbol),
            Self::Shares => Vec::new(),
        }
    }

    fn are_on(self, index: &InstrumentIndex, exchange: Exchange, symbol: Symbol) -> bool {
        match self {
            Self::Shares => index.by_contract(&Contract::equity(exchange, symbol)).is_some(),
            Self::Options | Self::Futures => !self.expiries(index, exchange, symbol).is_empty(),
        }
    }
}

/// Where and under which symbol a leg's name is listed. Without an exchange: NSE before BSE before MCX.
pub fn find_underlying(
    index: &InstrumentIndex,
    text: &str,
    exchange: Option<Exchange>,
    what: Listed,
) -> Result<(Exchange, Symbol), MappingError> {
    let exchanges = [Exchange::Nse, Exchange::Bse, Exchange::Mcx];
    let symbol = Symbol::new(text).ok().filter(|s| exchanges.iter().any(|e| index.lists(*e, *s)));
    let Some(symbol) = symbol else {
        let similar = similar_symbols(index, text);
        return Err(MappingError::UnknownUnderlying { text: text.chars().take(40).collect(), similar });
    };
    let listed: Vec<Exchange> = exchanges.into_iter().filter(|e| what.are_on(index, *e, symbol)).collect();
    match (exchange, listed.first()) {
        (_, None) => Err(MappingError::NothingListed { symbol, what: what.name() }),
        (None, Some(first)) => Ok((*first, symbol)),
        (Some(asked), Some(_)) if listed.contains(&asked) => Ok((asked, symbol)),
        (Some(asked), Some(_)) => Err(MappingError::OtherExchange { symbol, what: what.name(), asked, listed }),
    }
}

fn expiry_of(
    index: &InstrumentIndex,
    exchange: Exchange,
    symbol: Symbol,
    asked: Option<Date>,
    what: Listed,
    now: Timestamp,
    policy: ExpiryPolicy,
) -> Result<Date, MappingError> {
    let Some(asked) = asked else { return resolve_expiry(index, exchange, symbol, what, now, policy) };
    let listed = what.expiries(index, exchange, symbol);
    if listed.contains(&asked) {
        return Ok(asked);
    }
    let after = listed.partition_point(|e| *e < asked);
    let nearest = around(&listed, after);
    Err(MappingError::ExpiryNotListed { symbol, what: what.name(), asked, nearest })
}

fn nearest_strikes(
    index: &InstrumentIndex,
    exchange: Exchange,
    symbol: Symbol,
    expiry: Date,
    asked: Price,
    right: OptionRight,
) -> Vec<Price> {
    let is_listed = |strike: &Price| index.option(exchange, symbol, expiry, *strike, right).is_some();
    let strikes: Vec<Price> = index.strikes(exchange, symbol, expiry).into_iter().filter(is_listed).collect();
    let above = strikes.partition_point(|s| *s < asked);
    around(&strikes, above)
}

/// The item before position `at` and the one on it, where there are such.
fn around<T: Copy>(items: &[T], at: usize) -> Vec<T> {
    items.iter().skip(at.saturating_sub(1)).take(if at == 0 { 1 } else { 2 }).copied().collect()
}

#[cfg(test)]
mod tests;
