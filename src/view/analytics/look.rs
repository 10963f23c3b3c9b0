//! One option as a model sees it: what it is marked at, the volatility that implies, the sensitivities of one unit.

use std::collections::BTreeMap;
use std::fmt;

use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};

use super::forward::{Forward, forward};
use super::market::{ChainKey, Market, chain_of, expiries};
use super::{Inputs, RATE};
use crate::domain::calendar::TradingCalendar;
use crate::domain::time::{Timestamp, ms_between};
use crate::domain::{Contract, ContractKind, OptionRight, Price, Quote};
use crate::engine::Reference;
use crate::options::black76::{self, Greeks, YEAR_SECONDS};
use crate::options::implied::{self, NoVolatility};
use crate::options::pricing::{Model, Terms};

/// So close to its end, an option's gamma and theta say nothing any more.
const LAST_SECONDS: f64 = 60.0;

/// Years from `now` to the close of the chain's contracts.
pub(super) fn years_to(key: &ChainKey, now: Timestamp) -> f64 {
    let close = TradingCalendar::builtin().close_of_expiry(key.underlying.exchange, key.expiry);
    ms_between(now, close) as f64 / 1_000.0 / YEAR_SECONDS
}

/// What a price is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkKind {
    /// Between bid and ask.
    Mid,
    /// The last trade: one side of the book is empty.
    Last,
    /// A model's, from the volatilities of the strikes around it: nobody has quoted it.
    Model,
}

impl MarkKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mid => "mid",
            Self::Last => "last",
            Self::Model => "model",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    pub price: Price,
    pub kind: MarkKind,
    /// Of the quote; of the chain, where a model made it.
    pub age_ms: i64,
}

impl Mark {
    /// Midpoint where both sides are quoted, else the last trade.
    pub fn of(quote: &Quote, now: Timestamp) -> Option<Self> {
        let age_ms = quote.age_ms(now);
        if quote.bid.is_some() && quote.ask.is_some() {
            return Some(Self { price: quote.mid(), kind: MarkKind::Mid, age_ms });
        }
        let traded = quote.last.is_positive();
        traded.then_some(Self { price: quote.last, kind: MarkKind::Last, age_ms })
    }
}

/// Why an option's own price implies no volatility.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoVol {
    /// Nobody has quoted it.
    NoPrice,
    /// Its underlying has no price.
    NoForward,
    Unsolved(NoVolatility),
}

impl NoVol {
    pub const EXPIRED: Self = Self::Unsolved(NoVolatility::Expired);

    /// In a word or two, for a cell.
    pub fn short(self) -> &'static str {
        match self {
            Self::NoPrice => "no price",
            Self::NoForward => "no forward",
            Self::Unsolved(NoVolatility::Expired) => "expired",
            Self::Unsolved(NoVolatility::BelowIntrinsic) => "under intr.",
            Self::Unsolved(NoVolatility::AboveMaximum) => "too dear",
            Self::Unsolved(NoVolatility::NoTimeValue) => "no time v.",
            Self::Unsolved(NoVolatility::ZeroPrice) => "no price",
            Self::Unsolved(NoVolatility::Underflow | NoVolatility::InvalidInput) => "no number",
        }
    }
}

impl fmt::Display for NoVol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPrice => f.write_str("nobody has quoted it"),
            Self::NoForward => f.write_str("its underlying has no price"),
            Self::Unsolved(why) => why.fmt(f),
        }
    }
}

/// Whose volatility the Greeks go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VolOrigin {
    Own,
    /// The option of the other right at the same strike: by parity they share it, and it has time value left.
    Twin,
    /// The strikes around it.
    Around,
}

/// One unit of an option.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OptionLook {
    pub mark: Option<Mark>,
    /// What its own mark implies: annual, as a fraction.
    pub iv: Result<f64, NoVol>,
    /// What its Greeks go by.
    pub vol: Option<(f64, VolOrigin)>,
    pub greeks: Option<Greeks>,
    pub forward: Option<Forward>,
}

/// Volatilities of one chain by strike, ascending: of the out-of-the-money side, where the time value is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Smile(Vec<(f64, f64)>);

impl Smile {
    fn of(market: &Market, key: &ChainKey, forward: &Forward, now: Timestamp) -> Self {
        let Some(chain) = market.chains.get(key).and_then(|s| s.chain.as_ref()) else { return Self::default() };
        let points = chain.rows().into_iter().filter_map(|row| {
            let strike = row.strike.0.to_f64()?;
            let (right, option) =
                if strike >= forward.price { (OptionRight::Call, row.call?) } else { (OptionRight::Put, row.put?) };
            let quote = market.quote(&option.contract, Some(*key))?;
            let mark = Mark::of(&quote, now).filter(|m| m.kind == MarkKind::Mid)?;
            implied_vol(right, strike, mark.price, forward).ok().map(|vol| (strike, vol))
        });
        Self(points.collect())
    }

    /// Between two strikes on the line between them; beyond the last, the last.
    fn at(&self, strike: f64) -> Option<f64> {
        let after = self.0.partition_point(|(k, _)| *k < strike);
        match (after.checked_sub(1).and_then(|n| self.0.get(n)), self.0.get(after)) {
            (Some((k0, v0)), Some((k1, v1))) => Some(v0 + (v1 - v0) * (strike - k0) / (k1 - k0)),
            (Some((_, v)), None) | (None, Some((_, v))) => Some(*v),
            (None, None) => None,
        }
    }
}

/// What looking at options needs, with the forward and the smile of each expiry found once.
pub(super) struct Looker<'a> {
    pub market: &'a Market,
    pub reference: &'a dyn Reference,
    pub now: Timestamp,
    forwards: BTreeMap<ChainKey, (Option<Forward>, Smile)>,
}

impl<'a> Looker<'a> {
    pub fn new(inputs: &Inputs<'a>) -> Self {
        let Inputs { view, market, reference, demand, now } = *inputs;
        let look = |key: ChainKey| {
            let forward = forward(market, &key, reference, now);
            let smile = forward.map(|f| Smile::of(market, &key, &f, now)).unwrap_or_default();
            (key, (forward, smile))
        };
        let forwards = expiries(view, demand, &market.mapped, reference).into_iter().map(look).collect();
        Self { market, reference, now, forwards }
    }

    pub fn chain_of(&self, contract: &Contract) -> Option<ChainKey> {
        chain_of(contract, self.reference)
    }

    /// To its close; `None` for what does not expire.
    pub fn years_to(&self, contract: &Contract) -> Option<f64> {
        Some(years_to(&ChainKey { underlying: *contract, expiry: contract.expiry()? }, self.now))
    }

    pub fn forward(&self, key: &ChainKey) -> Option<Forward> {
        self.forwards.get(key).and_then(|(f, _)| *f)
    }

    /// The volatility at the forward itself.
    pub fn at_the_money(&self, key: &ChainKey) -> Option<f64> {
        let (forward, smile) = self.forwards.get(key)?;
        smile.at(forward.as_ref()?.price)
    }

    /// `None` for what is no option.
    pub fn option(&self, contract: &Contract) -> Option<OptionLook> {
        let ContractKind::Option { strike, right, .. } = contract.kind else { return None };
        let key = self.chain_of(contract);
        let quote = self.market.quote(contract, key);
        let mark = quote.and_then(|q| Mark::of(&q, self.now));
        let nothing = |why, forward| OptionLook { mark, iv: Err(why), vol: None, greeks: None, forward };
        let Some((key, forward)) = key.and_then(|k| Some((k, self.forward(&k)?))) else {
            return Some(nothing(NoVol::NoForward, None));
        };
        let strike = strike.0.to_f64()?;
        if forward.t_years * YEAR_SECONDS < LAST_SECONDS {
            return Some(nothing(NoVol::EXPIRED, Some(forward)));
        }
        let iv = mark.map_or(Err(NoVol::NoPrice), |m| implied_vol(right, strike, m.price, &forward));
        let vol = match iv {
            Ok(vol) => Some((vol, VolOrigin::Own)),
            Err(_) => self.borrowed(&key, contract, strike, &forward),
        };
        let at =
            |vol| black76::Inputs { right, forward: forward.price, strike, t_years: forward.t_years, vol, rate: RATE };
        let greeks = vol.map(|(vol, _)| black76::greeks(&at(vol)));
        let modelled = || {
            let price = Decimal::from_f64(black76::price(&at(vol?.0)))?.round_dp(2);
            let read_at = self.market.chains.get(&key)?.read_at?;
            Some(Mark { price: Price(price), kind: MarkKind::Model, age_ms: ms_between(read_at, self.now) })
        };
        Some(OptionLook { mark: mark.or_else(modelled), iv, vol, greeks, forward: Some(forward) })
    }

    /// For an option whose own price says nothing: its twin's volatility, or that of the strikes around it.
    fn borrowed(
        &self,
        key: &ChainKey,
        contract: &Contract,
        strike: f64,
        forward: &Forward,
    ) -> Option<(f64, VolOrigin)> {
        let twin = twin(contract)?;
        let quote = self.market.quote(&twin, Some(*key));
        let mark = quote.and_then(|q| Mark::of(&q, self.now)).filter(|m| m.kind == MarkKind::Mid);
        let ContractKind::Option { right, .. } = twin.kind else { return None };
        let own = mark.and_then(|m| implied_vol(right, strike, m.price, forward).ok());
        let around = || self.forwards.get(key)?.1.at(strike).map(|vol| (vol, VolOrigin::Around));
        own.map(|vol| (vol, VolOrigin::Twin)).or_else(around)
    }
}

/// The option of the other right at the same strike.
fn twin(contract: &Contract) -> Option<Contract> {
    let ContractKind::Option { expiry, strike, right } = contract.kind else { return None };
    let other = match right {
        OptionRight::Call => OptionRight::Put,
        OptionRight::Put => OptionRight::Call,
    };
    Some(Contract { kind: ContractKind::Option { expiry, strike, right: other }, ..*contract })
}

/// The volatility at which an option is worth its price, or why there is none.
fn implied_vol(right: OptionRight, strike: f64, price: Price, forward: &Forward) -> Result<f64, NoVol> {
    let price = price.0.to_f64().filter(|p| *p > 0.0).ok_or(NoVol::NoPrice)?;
    let terms = Terms {
        model: Model::Black76,
        right,
        underlying: forward.price,
        strike,
        t_years: forward.t_years,
        rate: RATE,
        dividend: 0.0,
    };
    implied::solve(&terms, price).map(|solved| solved.vol).map_err(NoVol::Unsolved)
}
