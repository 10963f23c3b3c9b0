//! What was closed elsewhere, in the broker's app or by the broker: less is open than our lots say, though no order of ours
//! can be why. That much is taken off our books, so that stops cover what is left; nothing is sent for it.
//!
//! Two readings of the positions show the same shortage, at least [`PERSISTS_MS`] apart; in between, the order book, asked
//! for once the first reading had come, has no fill of ours that we did not know of. So our own late news is not taken for
//! somebody else's order.
//!
//! What the broker has beyond our lots goes first: it is not in them. Of our lots, those lose first that are being exited
//! anyway, then the one that was executed longest ago, and the newest last; never more than what is missing.

use std::collections::{BTreeMap, BTreeSet};

use super::effect::AlertLevel;
use super::event::Book;
use super::record::{Owner, Purpose, Record};
use super::sabotage::Sabotage;
use super::state::{LotKey, Order};
use super::turn::Turn;
use crate::domain::time::{Timestamp, after_ms};
use crate::domain::{Contract, NetQuantity, Product, Quantity};

/// The broker's books agree with each other after this long.
const PERSISTS_MS: i64 = 1_000;
/// A position that is closed stays in the broker's book until the end of the day. Where its row is missing altogether, the
/// book itself may be incomplete: it is believed only after this long.
const NO_ROW_PERSISTS_MS: i64 = 10_000;
/// The position book may lag behind an entry that has just filled.
const AFTER_ENTRY_MS: i64 = 5_000;
/// A book is asked for once more after this long.
const ASK_AGAIN_MS: i64 = 1_000;

type Place = (Contract, Product);

/// Less is open at the broker than our lots say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortage {
    /// Signed as the lots it is of.
    missing: NetQuantity,
    /// When the first reading that showed it was asked for, and when it came.
    asked_at: Timestamp,
    told_at: Timestamp,
    /// The order book, asked for after that, explains nothing of it.
    unexplained: bool,
    patience_ms: i64,
}

/// Whether the position book has all that is held; shares for delivery move from it to the holdings overnight.
pub(super) fn is_netted(product: Product) -> bool {
    match product {
        Product::Intraday | Product::Margin => true,
        Product::Cnc | Product::Mtf => false,
    }
}

impl Turn<'_> {
    /// The positions have been read: what is short of our lots, and since when?
    pub(super) fn compare_lots(&mut self, asked_at: Timestamp) {
        let before = std::mem::take(&mut self.memory.shortages);
        for (place, missing) in self.shortages() {
            let known = before.get(&place).filter(|s| s.missing == missing && !self.has_changed(place, s.asked_at));
            match known {
                _ if self.sabotaged(Sabotage::HastyWriteOff) => self.write_off(place, missing),
                Some(s) if s.unexplained && self.since(s.told_at) >= s.patience_ms => self.write_off(place, missing),
                Some(s) => drop(self.memory.shortages.insert(place, *s)),
                None => {
                    let patience_ms = if self.has_row(place) { PERSISTS_MS } else { NO_ROW_PERSISTS_MS };
                    let (told_at, unexplained) = (self.now, false);
                    let new = Shortage { missing, asked_at, told_at, unexplained, patience_ms };
                    self.memory.shortages.insert(place, new);
                }
            }
        }
    }

    /// The order book, as it was asked for at `asked_at`, has been gone through.
    pub(super) fn explain_shortages(&mut self, asked_at: Timestamp) {
        let mut shortages = std::mem::take(&mut self.memory.shortages);
        let all = shortages.len();
        shortages.retain(|place, s| !self.has_changed(*place, s.asked_at));
        if shortages.len() < all {
            // It was news: what is short now?
            self.read(Book::Positions);
        }
        shortages.values_mut().filter(|s| asked_at >= s.told_at).for_each(|s| s.unexplained = true);
        self.memory.shortages = shortages;
    }

    /// Asks for what a decision about a shortage takes.
    pub(super) fn drive_shortages(&mut self) {
        let all: Vec<Shortage> = self.memory.shortages.values().copied().collect();
        for s in all {
            let due = after_ms(s.told_at, s.patience_ms);
            if !s.unexplained {
                self.read_after(Book::Orders, s.told_at);
            } else if due > self.now {
                self.wake_at(due);
            } else {
                self.read_after(Book::Positions, due);
            }
        }
    }

    /// Asks for a book, unless it has been asked for since `then`, a moment ago.
    fn read_after(&mut self, book: Book, then: Timestamp) {
        match self.memory.asked.get(&book).copied() {
            Some(asked) if asked >= then && self.since(asked) < ASK_AGAIN_MS => {
                self.wake_at(after_ms(asked, ASK_AGAIN_MS));
            }
            _ => self.read(book),
        }
    }

    /// How much less the broker has of a contract than our lots say, as it was last read; signed as they are.
    pub(super) fn shortage_of(&self, contract: &Contract, product: Product) -> NetQuantity {
        let (ours, theirs) = (self.state.lots_net(contract, product).0, self.state.broker_net(contract, product).0);
        NetQuantity(match ours {
            0.. => (ours - theirs).clamp(0, ours),
            _ => (ours - theirs).clamp(ours, 0),
        })
    }

    /// Wherever less is open than our lots say and none of our own orders or late news can be the reason.
    fn shortages(&self) -> BTreeMap<Place, NetQuantity> {
        if self.state.reconciling_since.is_some() {
            return BTreeMap::new();
        }
        let held = self.state.lots.iter().filter(|(k, l)| k.owner != Owner::Foreign && !l.net.is_flat());
        let places: BTreeSet<Place> = held.map(|(k, _)| (k.contract, k.product)).collect();
        let short = places.into_iter().map(|place| (place, self.shortage_of(&place.0, place.1)));
        short.filter(|(place, missing)| !missing.is_flat() && self.is_settled_for_comparing(*place)).collect()
    }

    /// After the close a row still tells what is open; one that is gone tells nothing.
    fn is_settled_for_comparing(&self, (contract, product): Place) -> bool {
        let entered = |o: &&Order| matches!(o.purpose, Purpose::Entry { .. }) && !o.filled.is_zero();
        let mut of_it = self
            .state
            .orders
            .values()
            .filter(|o| (o.intent.spec.contract, o.intent.spec.product) == (contract, product));
        is_netted(product)
            && (self.reference.is_open(contract.segment(), self.now) || self.has_row((contract, product)))
            && self.state.position_is_fresh(&contract, product)
            && self.state.open_orders_of(contract, product).all(Order::is_resting_stop)
            && !of_it.any(|o| entered(&o) && self.since(o.changed_at) < AFTER_ENTRY_MS)
    }

    fn has_changed(&self, place: Place, since: Timestamp) -> bool {
        self.state.changed.get(&place).is_some_and(|changed| *changed >= since)
    }

    fn has_row(&self, (contract, product): Place) -> bool {
        self.state.broker.positions.iter().any(|p| (p.contract, p.product) == (contract, product))
    }

    fn write_off(&mut self, place: Place, missing: NetQuantity) {
        let mut rest = missing.size();
        for key in self.losers(place, missing) {
            let held = self.state.lots.get(&key).map(|l| l.net.size()).unwrap_or_default();
            let quantity = held.min(rest);
            rest = rest.saturating_sub(quantity);
            if !quantity.is_zero() {
                self.write_off_lot(key, quantity);
            }
        }
    }

    /// The lots that lose, in their order.
    fn losers(&self, (contract, product): Place, missing: NetQuantity) -> Vec<LotKey> {
        let executed_at = |owner: Owner| match owner {
            Owner::Strategy(id) => self.state.strategies.get(&id).and_then(|s| s.executed_at),
            Owner::Foreign => None,
        };
        let same_side = |k: &LotKey| self.state.lots.get(k).is_some_and(|l| l.net.0.signum() == missing.0.signum());
        let ours = self.state.lots_in(&contract).filter(|k| k.product == product && k.owner != Owner::Foreign);
        let mut lots: Vec<LotKey> = ours.filter(same_side).collect();
        lots.sort_by_key(|k| {
            let executed = executed_at(k.owner);
            (!self.state.exits.contains_key(k), executed.is_none(), executed, *k)
        });
        lots
    }

    fn write_off_lot(&mut self, key: LotKey, quantity: Quantity) {
        let LotKey { owner, contract, product } = key;
        let (reason, hedge) = ("closed elsewhere".to_string(), self.is_hedge(key));
        self.record(Record::LotWrittenOff { owner, contract, product, quantity: Some(quantity), reason });
        let left = self.state.lots.get(&key).map(|l| l.net).unwrap_or_default();
        let whose = match owner {
            Owner::Strategy(id) => format!(" of #{id}"),
            Owner::Foreign => String::new(),
        };
        let rest = if left.is_flat() { "Nothing of it is left.".to_string() } else { format!("{left:+} are left.") };
        let naked = if hedge { " Its short legs have lost a hedge: look at them." } else { "" };
        let label = contract.label();
        let text = format!(
            "{label}: the broker has {quantity} fewer: they were closed elsewhere, and are off our books{whose}. {rest}{naked}"
        );
        let level = if hedge { AlertLevel::Critical } else { AlertLevel::Warning };
        self.alert(level, text);
        self.hold_entry_of(owner, &format!("{label} was closed elsewhere: resume or unwind"));
    }
}
