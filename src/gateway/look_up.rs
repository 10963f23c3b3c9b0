//! Looking for orders whose answer was lost: by correlation id, in the order book and in the trades, in rounds that
//! grow apart, until one of them shows the order or all of them, asked late enough, do not.
//!
//! Only evidence ends a search. A search that cannot ask (the broker does not answer, the clock has jumped) goes on.

use std::collections::{BTreeMap, BTreeSet};

use super::policy::LookUpPolicy;
use crate::domain::time::{Timestamp, after_ms};
use crate::domain::{BrokerOrderId, Intent, IntentId, OrderSighting, TradeSighting};

#[derive(Clone, Debug)]
struct Search {
    intent: Intent,
    /// Books asked for before this say nothing: it might still have been on its way.
    proof_from: Timestamp,
    round: usize,
    next: Timestamp,
    find_wanted: Option<Timestamp>,
    find_out: bool,
    /// When the newest question left that did not find it, of each kind.
    not_found: Option<Timestamp>,
    not_listed: Option<Timestamp>,
    not_traded: Option<Timestamp>,
}

impl Search {
    fn is_lost(&self) -> bool {
        let late = |asked: Option<Timestamp>| asked.is_some_and(|at| at >= self.proof_from);
        late(self.not_found) && late(self.not_listed) && late(self.not_traded)
    }
}

/// All searches of an account.
#[derive(Clone, Debug)]
pub struct LookUps {
    policy: LookUpPolicy,
    searches: BTreeMap<IntentId, Search>,
    /// The order ids of the newest order book: a trade of none of them is unexplained.
    listed: BTreeSet<BrokerOrderId>,
}

/// Which books the searches want now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    pub orders: bool,
    pub trades: bool,
}

impl LookUps {
    pub fn new(policy: LookUpPolicy) -> Self {
        Self { policy, searches: BTreeMap::new(), listed: BTreeSet::new() }
    }

    pub fn len(&self) -> usize {
        self.searches.len()
    }

    pub fn is_empty(&self) -> bool {
        self.searches.is_empty()
    }

    /// Starts to look for an intent that may arrive until `arrives_by`.
    pub fn start(&mut self, intent: Intent, arrives_by: Timestamp, now: Timestamp) {
        let first = self.policy.pauses_ms.first().copied().unwrap_or_default();
        let search = Search {
            proof_from: after_ms(arrives_by, self.policy.lost_after_ms),
            round: 0,
            next: after_ms(now, first),
            find_wanted: None,
            find_out: false,
            not_found: None,
            not_listed: None,
            not_traded: None,
            intent,
        };
        self.searches.insert(search.intent.id, search);
    }

    /// It was found, or its answer came after all.
    pub fn stop(&mut self, intent: IntentId) {
        self.searches.remove(&intent);
    }

    /// Starts the rounds that are due, and says which books they want.
    pub fn due(&mut self, now: Timestamp) -> Wanted {
        let mut wanted = Wanted::default();
        for search in self.searches.values_mut().filter(|s| s.next <= now) {
            search.find_wanted.get_or_insert(now);
            wanted.orders = true;
            wanted.trades |= search.proof_from <= now;
            search.round += 1;
            let pauses = &self.policy.pauses_ms;
            let pause = pauses.get(search.round).or(pauses.last()).copied().unwrap_or_default();
            // A pause of nothing would never let time pass.
            search.next = after_ms(now, pause.max(1));
        }
        wanted
    }

    pub fn next_due(&self) -> Option<Timestamp> {
        self.searches.values().map(|s| s.next).min()
    }

    /// The question by correlation id that has waited longest.
    pub fn next_find(&self) -> Option<(Timestamp, IntentId)> {
        let ready = |s: &Search| s.find_wanted.filter(|_| !s.find_out).map(|since| (since, s.intent.id));
        self.searches.values().filter_map(ready).min()
    }

    /// The question leaves; the intent it is about.
    pub fn find_leaves(&mut self, intent: IntentId) -> Option<&Intent> {
        let search = self.searches.get_mut(&intent)?;
        search.find_wanted = None;
        search.find_out = true;
        Some(&search.intent)
    }

    /// The question was answered, failed, or nobody waits for it any longer.
    pub fn find_over(&mut self, intent: IntentId) {
        if let Some(search) = self.searches.get_mut(&intent) {
            search.find_out = false;
        }
    }

    /// The broker knew no such order when it was asked.
    pub fn not_found(&mut self, intent: IntentId, asked_at: Timestamp) {
        if let Some(search) = self.searches.get_mut(&intent) {
            search.not_found = search.not_found.max(Some(asked_at));
        }
    }

    /// An order book was read. Whoever is listed in it is no longer looked for when this is called.
    pub fn orders_read(&mut self, asked_at: Timestamp, orders: &[OrderSighting]) {
        if self.searches.is_empty() {
            return;
        }
        self.listed = orders.iter().map(|o| o.order_id.clone()).collect();
        for search in self.searches.values_mut() {
            search.not_listed = search.not_listed.max(Some(asked_at));
        }
    }

    /// A trade book was read. A trade that could be of a lost order, and is of no listed one, keeps the search going.
    pub fn trades_read(&mut self, asked_at: Timestamp, trades: &[TradeSighting]) {
        for search in self.searches.values_mut() {
            let spec = search.intent.spec;
            let unexplained = trades.iter().any(|t| {
                (t.contract, t.product, t.side) == (spec.contract, spec.product, spec.side)
                    && !self.listed.contains(&t.order_id)
            });
            if !unexplained {
                search.not_traded = search.not_traded.max(Some(asked_at));
            }
        }
    }

    /// Ends the searches that have proved that there is no such order.
    pub fn take_lost(&mut self) -> Vec<IntentId> {
        let lost: Vec<_> = self.searches.iter().filter(|(_, s)| s.is_lost()).map(|(id, _)| *id).collect();
        for id in &lost {
            self.searches.remove(id);
        }
        lost
    }
}
