//! What the engine may look up, answered from the instrument list of the day, the calendar and the tariff.

use std::sync::{Arc, RwLock};

use jiff::civil::Date;

use crate::domain::calendar::TradingCalendar;
use crate::domain::instrument_index::InstrumentIndex;
use crate::domain::mapping::{ExpiryPolicy, Listed, WantedLeg, at_the_money, find_underlying, map_leg};
use crate::domain::time::Timestamp;
use crate::domain::{Contract, Instrument, OptionRight, Price, Recommendation, Segment, Symbol};
use crate::engine::{Reference, ResolvedLeg};
use crate::options::charges::{OrderTally, RawCharges, Tariff};

/// The instrument list in force; replaced as a whole when a new day's list has been read.
#[derive(Clone, Debug)]
pub struct Instruments(Arc<RwLock<Arc<InstrumentIndex>>>);

impl Instruments {
    /// No list yet: nothing can be mapped.
    pub fn none() -> Self {
        Self::new(InstrumentIndex::new(Vec::new()))
    }

    pub fn new(index: InstrumentIndex) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(index))))
    }

    pub fn current(&self) -> Arc<InstrumentIndex> {
        // A writer that panicked has replaced the pointer or not: either list is whole.
        self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    pub fn replace(&self, index: InstrumentIndex) {
        *self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Arc::new(index);
    }

    pub fn handle(&self) -> Arc<RwLock<Arc<InstrumentIndex>>> {
        self.0.clone()
    }
}

/// Whether sessions are those of the exchanges, or paper's market that never closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    AlwaysOpen,
    Real,
}

/// Today, as the engine sees it.
#[derive(Clone, Debug)]
pub struct Today {
    pub instruments: Instruments,
    pub clock: Clock,
    pub tariff: Option<Arc<Tariff>>,
}

impl Today {
    /// When the session of derivatives that is open now closes; `None` when closed, or never.
    pub fn closes_at(&self, now: Timestamp) -> Option<Timestamp> {
        match self.clock {
            Clock::AlwaysOpen => None,
            Clock::Real => {
                let session = TradingCalendar::builtin().current_or_next(Segment::NseDerivatives, now)?;
                session.contains(now).then_some(session.close)
            }
        }
    }
}

impl Reference for Today {
    fn resolve(&self, r: &Recommendation, _today: Date, now: Timestamp) -> Result<Vec<ResolvedLeg>, String> {
        let index = self.instruments.current();
        if index.is_empty() {
            return Err("the instrument list has not been read yet: a moment, or see the log".into());
        }
        let one = |leg: &crate::domain::Leg| {
            let symbol = r.symbol.as_str();
            let wanted = WantedLeg { symbol, exchange: Some(r.exchange), kind: leg.kind, expiry: leg.expiry };
            let instrument = map_leg(&index, &wanted, now, ExpiryPolicy::default()).map_err(|e| e.to_string())?;
            Ok(ResolvedLeg { instrument, side: leg.side, ratio: leg.ratio, recommended: leg.premium })
        };
        r.legs.iter().map(one).collect()
    }

    fn is_open(&self, segment: Segment, now: Timestamp) -> bool {
        match self.clock {
            Clock::AlwaysOpen => true,
            Clock::Real => TradingCalendar::builtin().is_open(segment, now),
        }
    }

    fn keeps_hours(&self) -> bool {
        self.clock == Clock::Real
    }

    fn next_open(&self, segment: Segment, now: Timestamp) -> Option<Timestamp> {
        match self.clock {
            Clock::AlwaysOpen => None,
            Clock::Real => TradingCalendar::builtin().next_open(segment, now),
        }
    }

    fn instrument(&self, contract: &Contract) -> Option<Instrument> {
        self.instruments.current().by_contract(contract)
    }

    fn underlying(&self, symbol: Symbol) -> Option<Contract> {
        let index = self.instruments.current();
        let (exchange, symbol) = find_underlying(&index, symbol.as_str(), None, Listed::Options).ok()?;
        self.underlying_of(&Contract::index(exchange, symbol))
    }

    fn at_the_money(
        &self,
        symbol: Symbol,
        spot: Price,
        right: OptionRight,
        policy: ExpiryPolicy,
        now: Timestamp,
    ) -> Result<Instrument, String> {
        at_the_money(&self.instruments.current(), symbol, spot, right, now, policy).map_err(|e| e.to_string())
    }

    fn charges(&self, order: &OrderTally) -> RawCharges {
        self.tariff.as_ref().and_then(|t| t.order(order).ok()).unwrap_or_default()
    }
}
