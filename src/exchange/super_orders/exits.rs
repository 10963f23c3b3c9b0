//! The exits follow what is open: they get their orders when the entry fills, shrink and end with one another.

use crate::domain::{BracketLeg, OrderKind, Validity};
use crate::exchange::Exchange;
use crate::exchange::listing::price;
use crate::exchange::order::{Order, OrderStatus, Origin, Terms};
use crate::exchange::requests::Fresh;

use super::has_fired;

/// What has to be done so that the exits fit what is open.
enum Step {
    EndEntry,
    Open(BracketLeg, u32),
    End(u64),
    Resize(u64, u32),
}

impl Exchange {
    /// Brings the exits in line with what is open, after anything of a super order has traded.
    pub(in crate::exchange) fn balance_super(&mut self, entry: u64) {
        // Each step leaves one thing less to do.
        while let Some(step) = self.next_of_super(entry) {
            match step {
                Step::EndEntry => {
                    self.end_order(entry, OrderStatus::Cancelled, "An exit of the super order was executed");
                }
                Step::Open(leg, quantity) => self.open_exit(entry, leg, quantity),
                Step::End(order) => {
                    self.end_order(order, OrderStatus::Cancelled, "The other exit of the super order was executed");
                }
                Step::Resize(order, quantity) => {
                    if let Some(order) = self.orders.get_mut(&order) {
                        order.terms.quantity = quantity;
                        order.updated = self.now;
                    }
                    self.note_order(order);
                }
            }
        }
    }

    fn next_of_super(&self, number: u64) -> Option<Step> {
        let (held, entry) = (self.super_orders.get(&number)?, self.orders.get(&number)?);
        let (target, stop) = (self.exit_order(held.target), self.exit_order(held.stop));
        let filled = |order: Option<&Order>| order.map_or(0, |o| o.filled);
        let stop_fired = stop.is_some_and(has_fired);
        let out = filled(target) + filled(stop);
        if (out > 0 || stop_fired) && !entry.status.is_final() {
            return Some(Step::EndEntry);
        }
        let open = entry.filled.saturating_sub(out);
        let exits = [
            (BracketLeg::StopLoss, held.stop, stop, open > 0),
            (BracketLeg::Target, held.target, target, open > 0 && !stop_fired),
        ];
        exits.into_iter().find_map(|(leg, exit, order, wanted)| match (exit?, order) {
            (exit, None) if wanted && exit.order.is_none() && !exit.cancelled => Some(Step::Open(leg, open)),
            (_, Some(order)) if order.status.is_final() => None,
            (_, Some(order)) if !wanted => Some(Step::End(order.number)),
            (_, Some(order)) if order.terms.quantity != order.filled + open => {
                Some(Step::Resize(order.number, order.filled + open))
            }
            _ => None,
        })
    }

    /// An exit gets its order: it rests at once, and may fire at once. No money is held for it: it closes what is open.
    fn open_exit(&mut self, entry: u64, leg: BracketLeg, quantity: u32) {
        let Some(order) = self.orders.get(&entry).cloned() else { return };
        let Some(held) = self.super_orders.get(&entry).copied() else { return };
        let exit = match leg {
            BracketLeg::Target => held.target,
            BracketLeg::Entry | BracketLeg::StopLoss => held.stop,
        };
        let listed = self.find_held(&order.contract);
        let terms = exit.map(|e| exit_terms(leg, e.at, quantity));
        let (Some(listed), Some(terms)) = (listed, terms) else {
            self.change_exit(entry, leg, |exit| exit.cancelled = true);
            return;
        };
        let number = self.new_order(&Fresh {
            account: &order.account,
            correlation: "",
            listed: &listed,
            side: order.side.opposite(),
            product: order.product,
            terms,
            origin: Origin::Exit { entry, leg },
        });
        self.change_exit(entry, leg, |exit| exit.order = Some(number));
        if let (Some(held), Some((_, at)), BracketLeg::StopLoss) =
            (self.super_orders.get_mut(&entry), order.last_fill, leg)
        {
            held.anchor = at;
        }
        self.enter(number, terms, 0);
        self.match_order(number, true);
    }

    /// A target whose stop is counted already: only one of the two can be executed.
    pub(in crate::exchange) fn is_beside_its_stop(&self, order: &Order) -> bool {
        let Origin::Exit { entry, leg: BracketLeg::Target } = order.origin else { return false };
        let stop = self.exit(entry, BracketLeg::StopLoss);
        self.exit_order(stop).is_some_and(|o| !o.status.is_final())
    }
}

/// A target is a limit order; a stop goes to the market when its price is reached.
pub(super) fn exit_terms(leg: BracketLeg, at: i64, quantity: u32) -> Terms {
    let validity = Validity::Day;
    match leg {
        BracketLeg::Target => {
            let kind = OrderKind::Limit { price: price(at) };
            Terms { kind, quantity, validity, limit: Some(at), trigger: None }
        }
        BracketLeg::Entry | BracketLeg::StopLoss => {
            let kind = OrderKind::StopMarket { trigger: price(at) };
            Terms { kind, quantity, validity, limit: None, trigger: Some(at) }
        }
    }
}
