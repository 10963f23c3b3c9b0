//! Changes that arrive: new terms of a leg, its end, and the stop that follows the price.

use crate::domain::{BracketLeg, Side};
use crate::exchange::Exchange;
use crate::exchange::listing::Listed;
use crate::exchange::order::{CONFIRMED, OrderStatus, Origin};

use super::exits::exit_terms;
use super::{SuperTerms, better, on_tick};

impl Exchange {
    /// New terms arrive. When they will not do, everything stays as it was, and the book says why.
    pub(in crate::exchange) fn restate_super(&mut self, number: u64, terms: &SuperTerms) {
        let Some((order, held)) = self.orders.get(&number).cloned().zip(self.super_orders.get(&number).copied()) else {
            return;
        };
        let Some(listed) = self.find_held(&order.contract) else { return };
        match *terms {
            SuperTerms::Entry { terms, target, stop, jump } => {
                if let Err(why) = self.prices_fit(order.side, &terms, (target, stop, jump), &listed) {
                    self.say_not_modified(number, &why);
                } else if self.take_terms(number, terms) {
                    for (leg, at) in [(BracketLeg::Target, target), (BracketLeg::StopLoss, stop)] {
                        self.move_exit_if_open(number, leg, at);
                    }
                    self.set_jump(number, jump, &listed);
                    self.match_order(number, true);
                }
            }
            SuperTerms::Target(at) => {
                let beside = held.stop.filter(|_| self.exit_is_open(number, BracketLeg::StopLoss).is_ok());
                let fits = match beside {
                    Some(stop) if better(order.side, at, stop.at) <= 0 => Err("Target Price is beyond the stop".into()),
                    // While nothing has traded it has to lie beyond the entry.
                    _ if order.status == OrderStatus::Pending => {
                        self.prices_fit(order.side, &order.terms, (Some(at), None, 0), &listed)
                    }
                    _ => on_tick([Some(at), None, None], &listed),
                };
                self.restate_exit(number, BracketLeg::Target, at, fits);
            }
            SuperTerms::StopLoss { at, jump } => {
                let beside = held.target.filter(|_| self.exit_is_open(number, BracketLeg::Target).is_ok());
                let fits = match beside {
                    Some(target) if better(order.side, at, target.at) >= 0 => {
                        Err("Stop Loss Price is beyond the target".into())
                    }
                    _ if order.status == OrderStatus::Pending => {
                        self.prices_fit(order.side, &order.terms, (None, Some(at), jump), &listed)
                    }
                    _ => on_tick([Some(at), Some(jump), None], &listed),
                };
                if fits.is_ok() {
                    self.set_jump(number, jump, &listed);
                }
                self.restate_exit(number, BracketLeg::StopLoss, at, fits);
            }
        }
    }

    fn restate_exit(&mut self, number: u64, leg: BracketLeg, at: i64, fits: Result<(), String>) {
        let said_of = self.exit(number, leg).and_then(|e| e.order).unwrap_or(number);
        match fits.and_then(|()| self.exit_is_open(number, leg).map_err(|why| why.to_string())) {
            Err(why) => self.say_not_modified(said_of, &why),
            Ok(()) => {
                self.move_exit(number, leg, at);
                self.match_order(said_of, true);
            }
        }
    }

    fn say_not_modified(&mut self, number: u64, why: &str) {
        let now = self.now;
        // What has ended meanwhile keeps the reason it ended for.
        if let Some(order) = self.orders.get_mut(&number).filter(|o| !o.status.is_final()) {
            order.reason = format!("RMS:{number}:Modification rejected: {why}");
            order.updated = now;
            self.note_order(number);
        }
    }

    /// From now on the trail is measured from the last price.
    fn set_jump(&mut self, number: u64, jump: i64, listed: &Listed) {
        let last = self.book(listed).last;
        if let Some(held) = self.super_orders.get_mut(&number) {
            held.jump = jump;
            held.anchor = last;
            self.unsaved.super_orders.insert(number);
        }
    }

    fn move_exit_if_open(&mut self, number: u64, leg: BracketLeg, at: Option<i64>) {
        if let Some(at) = at.filter(|_| self.exit_is_open(number, leg).is_ok()) {
            self.move_exit(number, leg, at);
        }
    }

    fn move_exit(&mut self, number: u64, leg: BracketLeg, at: i64) {
        self.change_exit(number, leg, |exit| exit.at = at);
        let Some(own) = self.exit(number, leg).and_then(|e| e.order) else { return };
        let now = self.now;
        if let Some(order) = self.orders.get_mut(&own) {
            order.terms = exit_terms(leg, at, order.terms.quantity);
            order.reason = CONFIRMED.into();
            order.updated = now;
        }
        self.note_order(own);
    }

    /// A cancellation arrives.
    pub(in crate::exchange) fn end_super(&mut self, number: u64, leg: BracketLeg) {
        let legs: &[BracketLeg] = match leg {
            BracketLeg::Entry => {
                self.end_order(number, OrderStatus::Cancelled, CONFIRMED);
                &[BracketLeg::StopLoss, BracketLeg::Target]
            }
            BracketLeg::Target => &[BracketLeg::Target],
            BracketLeg::StopLoss => &[BracketLeg::StopLoss],
        };
        for leg in legs {
            match self.exit(number, *leg).and_then(|e| e.order) {
                Some(order) => self.end_order(order, OrderStatus::Cancelled, CONFIRMED),
                None => self.change_exit(number, *leg, |exit| exit.cancelled = true),
            }
        }
    }

    /// The stop follows the last price, by whole jumps, and never back.
    pub(in crate::exchange) fn trail_stop(&mut self, number: u64) {
        let Some(stop) = self.orders.get(&number).filter(|o| !o.status.is_final()) else { return };
        let Origin::Exit { entry, leg: BracketLeg::StopLoss } = stop.origin else { return };
        let Some(trigger) = stop.terms.trigger else { return };
        let Some(held) = self.super_orders.get(&entry).filter(|s| s.jump > 0).copied() else { return };
        let Some(listed) = self.find_held(&stop.contract) else { return };
        let side = stop.side.opposite();
        let jumps = better(side, self.book(&listed).last, held.anchor) / held.jump;
        if jumps <= 0 {
            return;
        }
        let way = if side == Side::Buy { jumps * held.jump } else { -jumps * held.jump };
        if let Some(held) = self.super_orders.get_mut(&entry) {
            held.anchor += way;
        }
        self.move_exit(entry, BracketLeg::StopLoss, trigger + way);
    }
}
