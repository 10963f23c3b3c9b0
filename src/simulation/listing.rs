//! What is listed in the simulation: one expiry of one index, small freeze quantities, so that slices are ordinary.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::civil::{Date, date};
use rust_decimal::Decimal;
use rust_decimal_macros::dec;

use super::weather::Weather;
use crate::domain::calendar::TradingCalendar;
use crate::domain::mapping::nearest_strike;
use crate::domain::time::{Timestamp, from_ist};
use crate::domain::{
    Contract, ContractKind, Exchange as Place, ExpiryPolicy, Instrument, LegKind, OptionRight, Price, Quantity,
    Recommendation, SecurityId, Segment, Symbol,
};
use crate::engine::{Reference, ResolvedLeg};
use crate::exchange::{ClockMode, Exchange, Series, UnderlyingSpec};
use crate::options::charges::{OrderTally, RawCharges, Tariff};

/// What the exchange's trades cost.
pub fn tariff() -> Option<&'static Tariff> {
    static BUILT_IN: LazyLock<Option<Tariff>> = LazyLock::new(|| Tariff::built_in().ok());
    BUILT_IN.as_ref()
}

/// When on a Friday a run takes place, and whether the exchange keeps hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hours {
    /// An ordinary morning of a market that never closes.
    Open,
    /// The trading day begins in the middle of the run.
    NewDay,
    /// The market opens in the middle of the run.
    Opens,
    /// It closes.
    Closes,
}

impl Hours {
    pub fn of(seed: u64, weather: Weather) -> Self {
        match seed % 10 {
            7 => Self::Opens,
            8 => Self::Closes,
            // An order whose answer is lost over the change of days cannot be looked up: the books are new.
            9 if weather == Weather::Calm => Self::NewDay,
            _ => Self::Open,
        }
    }

    pub fn start(self) -> Timestamp {
        let day = date(2026, 11, 20);
        from_ist(match self {
            Self::Open => day.at(10, 0, 0, 0),
            Self::NewDay => day.at(8, 29, 20, 0),
            Self::Opens => day.at(9, 14, 20, 0),
            Self::Closes => day.at(15, 38, 40, 0),
        })
    }

    pub fn clock(self) -> ClockMode {
        match self {
            Self::Open | Self::NewDay => ClockMode::AlwaysOpen,
            Self::Opens | Self::Closes => ClockMode::real(),
        }
    }
}

pub fn expiry() -> Date {
    date(2026, 12, 1)
}

/// The index that is traded.
pub fn symbol() -> Symbol {
    match Symbol::new("NIFTY") {
        Ok(symbol) => symbol,
        Err(_) => unreachable!("NIFTY is a symbol"),
    }
}

pub const SPOT: i64 = 25_950;
pub const STRIKE_STEP: i64 = 50;

/// What is listed of it.
pub fn underlying(symbol: Symbol) -> UnderlyingSpec {
    UnderlyingSpec {
        contract: Contract::index(Place::Nse, symbol),
        security_id: SecurityId(13),
        name: "Nifty 50".into(),
        spot: Price(Decimal::from(SPOT)),
        vol: 0.13,
        liquidity: 1.0,
        tick: Price(dec!(0.05)),
        strike_step: Price(Decimal::from(STRIKE_STEP)),
        strikes_each_side: 12,
        extra_strikes: Vec::new(),
        series: vec![Series {
            expiry: expiry(),
            lot: Quantity(65),
            max_order: Some(Quantity(130)),
            monthly: false,
            future: false,
        }],
    }
}

/// The instruments of the exchange, as the engine may look them up.
#[derive(Clone, Debug)]
pub struct Listing {
    instruments: BTreeMap<Contract, Instrument>,
    hours: Hours,
}

impl Listing {
    pub fn of(exchange: &Exchange, hours: Hours) -> Self {
        let all = exchange.instruments().into_iter().map(|l| (l.instrument.contract, l.instrument));
        Self { instruments: all.collect(), hours }
    }

    /// What was printed for machines, with its contracts as a trader names them.
    pub fn with_labels(&self, text: String) -> String {
        self.instruments.keys().fold(text, |text, c| text.replace(&format!("{c:?}"), &c.label()))
    }

    /// The contract a leg of a recommendation means.
    pub fn contract(recommendation: &Recommendation, kind: LegKind) -> Option<Contract> {
        match kind {
            LegKind::Option { strike, right } => {
                Some(Contract::option(recommendation.exchange, recommendation.symbol, expiry(), strike, right))
            }
            LegKind::Future | LegKind::Equity => None,
        }
    }
}

impl Reference for Listing {
    fn resolve(&self, recommendation: &Recommendation, _: Date, _: Timestamp) -> Result<Vec<ResolvedLeg>, String> {
        let resolve = |leg: &crate::domain::Leg| {
            let contract = Self::contract(recommendation, leg.kind).ok_or("only options are listed")?;
            let instrument = *self.instruments.get(&contract).ok_or_else(|| format!("{contract} is not listed"))?;
            Ok(ResolvedLeg { instrument, side: leg.side, ratio: leg.ratio, recommended: leg.premium })
        };
        recommendation.legs.iter().map(resolve).collect()
    }

    fn is_open(&self, segment: Segment, now: Timestamp) -> bool {
        match self.hours {
            Hours::Open | Hours::NewDay => true,
            Hours::Opens | Hours::Closes => TradingCalendar::builtin().is_open(segment, now),
        }
    }

    fn next_open(&self, segment: Segment, now: Timestamp) -> Option<Timestamp> {
        TradingCalendar::builtin().next_open(segment, now)
    }

    fn instrument(&self, contract: &Contract) -> Option<Instrument> {
        self.instruments.get(contract).copied()
    }

    fn underlying(&self, symbol: Symbol) -> Option<Contract> {
        Some(Contract::index(Place::Nse, symbol))
    }

    fn at_the_money(
        &self,
        symbol: Symbol,
        spot: Price,
        right: OptionRight,
        _: ExpiryPolicy,
        _: Timestamp,
    ) -> Result<Instrument, String> {
        let of_right = |c: &Contract| match c.kind {
            ContractKind::Option { strike, right: r, .. } if r == right && c.underlying == symbol => Some(strike),
            _ => None,
        };
        let strikes: Vec<Price> = self.instruments.keys().filter_map(of_right).collect();
        let strike = nearest_strike(&strikes, spot, right).ok_or("nothing is listed at the money")?;
        let contract = Contract::option(Place::Nse, symbol, expiry(), strike, right);
        self.instruments.get(&contract).copied().ok_or_else(|| "not listed".into())
    }

    fn charges(&self, order: &OrderTally) -> RawCharges {
        tariff().and_then(|t| t.order(order).ok()).unwrap_or_default()
    }
}
