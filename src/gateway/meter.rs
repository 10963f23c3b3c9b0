//! What is done on the account from elsewhere: the limit on orders a second is the account's, whoever sends them.

use std::collections::BTreeMap;

use crate::domain::time::{Timestamp, ms_between};
use crate::domain::{BrokerOrderId, OrderKind, OrderSighting, Quantity, SeenStatus};

/// What was seen longer ago than this says nothing about the pace of now.
const RECENT_MS: i64 = 60_000;

/// An order that is not of this gateway, as it was last seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Terms {
    kind: OrderKind,
    quantity: Quantity,
    cancelled: bool,
}

/// Counts placements, modifications and cancellations in what is told of other people's orders.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    known: BTreeMap<BrokerOrderId, Terms>,
}

impl Meter {
    /// When something was done to an order from elsewhere, if this sighting shows it for the first time.
    pub fn saw(&mut self, seen: &OrderSighting, now: Timestamp) -> Option<Timestamp> {
        let cancelled = seen.status == SeenStatus::Cancelled;
        let terms = Terms { kind: seen.spec.kind, quantity: seen.spec.quantity, cancelled };
        let before = self.known.insert(seen.order_id.clone(), terms);
        if before == Some(terms) {
            return None;
        }
        let at = seen.updated.map_or(now, |at| at.min(now));
        (ms_between(at, now) < RECENT_MS).then_some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::after_ms;
    use crate::domain::{Contract, Exchange, OrderSpec, Price, Product, Side, Symbol, Validity};

    fn now() -> Timestamp {
        "2026-11-20T04:30:00Z".parse().unwrap()
    }

    fn seen(price: i64, status: SeenStatus, updated: Option<Timestamp>) -> OrderSighting {
        let spec = OrderSpec {
            contract: Contract::equity(Exchange::Nse, Symbol::new("RELIANCE").unwrap()),
            side: Side::Buy,
            quantity: Quantity(1),
            kind: OrderKind::Limit { price: Price(price.into()) },
            validity: Validity::Day,
            product: Product::Margin,
        };
        let order_id = BrokerOrderId("7".into());
        let (filled, average, reason) = (Quantity::ZERO, None, None);
        OrderSighting { correlation: None, order_id, spec, filled, average, status, reason, updated }
    }

    #[test]
    fn a_placement_a_change_and_a_cancellation_count_once_each_and_a_fill_does_not() {
        let mut meter = Meter::default();
        let mut count = |price, status| meter.saw(&seen(price, status, Some(now())), now()).is_some();
        assert!(count(10, SeenStatus::Transit));
        assert!(!count(10, SeenStatus::Working), "told again");
        assert!(count(11, SeenStatus::Working));
        assert!(count(11, SeenStatus::Cancelled));
        assert!(!count(11, SeenStatus::Cancelled));
    }

    #[test]
    fn what_was_done_long_ago_does_not_count_and_the_broker_does_not_live_in_the_future() {
        let mut meter = Meter::default();
        let (old, later) = (after_ms(now(), -RECENT_MS), after_ms(now(), 900));
        assert_eq!(meter.saw(&seen(10, SeenStatus::Working, Some(old)), now()), None);
        assert_eq!(meter.saw(&seen(11, SeenStatus::Working, Some(later)), now()), Some(now()));
        assert_eq!(meter.saw(&seen(12, SeenStatus::Working, None), now()), Some(now()));
    }
}
