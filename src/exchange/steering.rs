//! What somebody who steers the market may do to it: set a price, open a gap, suspend trading; and the ways in which
//! accounts of the broker's order system disagree, as switches.
//!
//! Nothing here is kept in the books: an exchange that starts again has no suspension and the default ways.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use crate::domain::time::Timestamp;
use crate::domain::{BrokerOrderId, Contract, Price};

use super::listing::{price, to_paise};
use super::order::{Accepted, OrderStatus, Refusal};
use super::{Event, Exchange, Notice, Stopped};

/// The longest mark the order system is known to take for certain.
const SAFE_MARK: usize = 25;

/// What the sources on the broker's order system disagree about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ways {
    /// A market order trades whole at the touch and stays a market order, instead of becoming a limit order with a
    /// protective band.
    pub market_at_touch: bool,
    /// A cancellation is taken before its order is at the exchange.
    pub cancel_in_transit: bool,
    /// The longest correlation id.
    pub longest_mark: usize,
}

impl Default for Ways {
    fn default() -> Self {
        Self { market_at_touch: false, cancel_in_transit: false, longest_mark: SAFE_MARK }
    }
}

/// What is suspended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Suspensions {
    pub everything: bool,
    pub contracts: BTreeSet<Contract>,
}

impl Exchange {
    pub fn set_ways(&mut self, ways: Ways) {
        self.ways = ways;
    }

    /// Moves an underlying to this price at once; everything on it follows. `false` for what is no listed underlying.
    pub fn set_price(&mut self, underlying: &Contract, to: Price, now: Timestamp) -> bool {
        self.run_until(now);
        let Some(paise) = to_paise(to).filter(|p| *p > 0) else { return false };
        let moved = self.market.move_price(underlying, paise);
        if moved {
            self.note_snapshot();
            self.price_step();
        }
        moved
    }

    /// Moves an underlying by so many per cent at once. `false` for what is no listed underlying.
    pub fn gap(&mut self, underlying: &Contract, per_cent: Decimal, now: Timestamp) -> bool {
        self.run_until(now);
        let Some(spot) = self.quote(underlying).map(|q| q.last.0) else { return false };
        let factor = Decimal::ONE + per_cent / Decimal::ONE_HUNDRED;
        // A twentieth of a rupee is as fine as an index is published.
        let to = (spot * factor * Decimal::from(20)).round() / Decimal::from(20);
        self.set_price(underlying, Price(to), now)
    }

    /// Suspends trading in one contract, or in an underlying and everything on it. Resting orders stay where they are.
    pub fn suspend(&mut self, contract: Contract) {
        self.suspensions.contracts.insert(contract);
    }

    /// Lifts what `suspend` did; `false` where nothing was suspended.
    pub fn unsuspend(&mut self, contract: &Contract) -> bool {
        self.suspensions.contracts.remove(contract)
    }

    /// Suspends the whole market: no orders are taken, prices stand, resting orders stay.
    pub fn suspend_market(&mut self, now: Timestamp) {
        self.run_until(now);
        self.suspensions.everything = true;
        if self.is_open() {
            self.price_clock.stopped = Some(Stopped { ms: self.price_clock.ms(self.now), at: self.now });
            self.outbox.push(Notice::Session { open: false });
            self.note_snapshot();
        }
    }

    /// Lets the market go on where it stood, if it is open at this hour.
    pub fn unsuspend_market(&mut self, now: Timestamp) {
        self.run_until(now);
        self.suspensions.everything = false;
        if !self.clock.is_open(self.now) {
            return;
        }
        if let Some(stopped) = self.price_clock.stopped.take() {
            self.price_clock.origin = self.now.as_millisecond() - stopped.ms;
            self.outbox.push(Notice::Session { open: true });
            self.note_snapshot();
        }
    }

    /// What is suspended by itself, for people; and whether the whole market is.
    pub fn suspended(&self) -> (bool, Vec<Contract>) {
        (self.suspensions.everything, self.suspensions.contracts.iter().copied().collect())
    }

    /// Whether trading in a contract is suspended, by itself or with its underlying.
    pub(super) fn is_suspended(&self, contract: &Contract) -> bool {
        let contracts = &self.suspensions.contracts;
        if contracts.is_empty() {
            return false;
        }
        let (exchange, symbol) = (contract.exchange, contract.underlying);
        let of_underlying = [Contract::index(exchange, symbol), Contract::equity(exchange, symbol)];
        contracts.contains(contract) || of_underlying.iter().any(|u| contracts.contains(u))
    }

    /// The underlyings that can be steered, with their prices.
    pub fn underlyings(&self) -> Vec<(Contract, Price)> {
        let spot = |n: usize| price(self.market.spot(n));
        self.market.specs.iter().enumerate().map(|(n, s)| (s.contract, spot(n))).collect()
    }

    /// A cancellation that came before its order was at the exchange.
    pub(super) fn cancel_early(&mut self, number: u64, id: &BrokerOrderId) -> Result<Accepted, Refusal> {
        if !self.ways.cancel_in_transit {
            return Err(Refusal::Order("Order is in Transit state".into()));
        }
        let at = self.after_arrival(number);
        self.schedule_event(at, Event::Cancel(number));
        Ok(Accepted { order_id: id.clone(), status: OrderStatus::Transit })
    }
}
