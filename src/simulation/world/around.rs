//! Everything around the desk: quotes once a second, bad luck, other people, the trader.

use std::collections::BTreeSet;

use super::{Happening, World};
use crate::domain::time::after_ms;
use crate::domain::{
    CommandId, Contract, Exchange as Place, OptionRight, OrderKind, OrderSpec, Price, Product, Quantity, Quote, Side,
    Validity,
};
use crate::engine::command::Origin;
use crate::engine::{Command, Event};
use crate::exchange::NewOrder;
use crate::simulation::broker::ACCOUNT;
use crate::simulation::checks::Checked;
use crate::simulation::listing;
use crate::simulation::text::cut;

impl World {
    pub(super) fn second(&mut self) -> Checked {
        self.after(1_000, Happening::Second);
        self.deliver_quotes();
        if let Some(desk) = &self.desk {
            self.checks.stop_cover(desk.state(), self.now, self.exchange.is_open())?;
        }
        if self.clear_since.is_some() {
            return self.end_when_quiet();
        }
        let f = self.faults;
        if self.dice.chance(f.link_down) && self.link_up {
            self.set_link(false);
            let ms = self.dice.between(f.link_down_ms);
            self.after(ms, Happening::Link { up: true });
        }
        if self.dice.chance(f.feed_dead) {
            let ms = self.dice.between(f.feed_dead_ms);
            self.feed_dead_until = after_ms(self.now, ms);
        }
        if self.dice.chance(f.logged_out) {
            let ms = self.dice.between(f.logged_out_ms);
            self.logged_out_until = after_ms(self.now, ms);
            self.note(|| "=== logged out for a while".into());
        }
        if self.dice.chance(f.cut_off) {
            let ms = self.dice.between(f.cut_off_ms);
            self.cut_off_until = after_ms(self.now, ms);
            self.note(|| "=== cut off for a while".into());
        }
        if self.dice.chance(f.foreign) {
            self.somebody_trades()?;
        }
        if self.dice.chance(f.crash) {
            return self.crash();
        }
        Ok(())
    }

    fn deliver_quotes(&mut self) {
        if self.now < self.feed_dead_until {
            return;
        }
        let watched: Vec<Contract> = self.watched.iter().copied().collect();
        let quotes = self.quotes(&watched);
        if !quotes.is_empty() {
            self.tell(Event::Quotes(quotes));
        }
    }

    pub(super) fn quotes(&self, contracts: &[Contract]) -> Vec<(Contract, Quote)> {
        let received = |q: Quote| Quote { at: self.now, ..q };
        contracts.iter().filter_map(|c| Some((*c, received(self.exchange.quote(c)?)))).collect()
    }

    /// An order on the account from elsewhere, in contracts that no strategy of ours uses.
    fn somebody_trades(&mut self) -> Checked {
        let away = if self.dice.chance(500) { 550 } else { -600 };
        let right = if away > 0 { OptionRight::Call } else { OptionRight::Put };
        let strike = Price((listing::SPOT + away).into());
        let contract = Contract::option(Place::Nse, self.symbol, listing::expiry(), strike, right);
        let Some(quote) = self.exchange.quote(&contract) else { return Ok(()) };
        let side = if self.dice.chance(500) { Side::Buy } else { Side::Sell };
        // Half of them rest in the book.
        let kind = match (self.dice.chance(500), side, quote.bid) {
            (true, Side::Buy, Some(bid)) => OrderKind::Limit { price: bid },
            _ => OrderKind::Market,
        };
        let quantity = Quantity(65);
        let spec = OrderSpec { contract, side, quantity, kind, validity: Validity::Day, product: Product::Margin };
        self.note(|| format!("=== somebody else sends {side} {}", contract.label()));
        // What becomes of it shows in the books; a refusal is theirs to see.
        let _ = self.exchange.place(ACCOUNT, &NewOrder::new(spec, "APP-1"), self.now);
        self.hear_exchange()
    }

    pub(super) fn press(&mut self) {
        let Some(desk) = &self.desk else { return };
        let command = self.trader.press(desk.state());
        self.command(command);
    }

    pub(super) fn command(&mut self, command: Command) {
        let Some(desk) = &self.desk else { return };
        let mut concerned: BTreeSet<Contract> = BTreeSet::new();
        if matches!(command, Command::Execute { .. } | Command::Preview { .. }) && self.now >= self.feed_dead_until {
            for s in desk.state().strategies.values() {
                concerned.extend(s.legs.iter().map(|l| l.instrument.contract));
            }
        }
        let id = CommandId(self.next_command);
        self.next_command += 1;
        self.report.keys += 1;
        self.note(|| format!("key {id} {}", cut(format!("{command:?}"), 200)));
        let quotes = self.quotes(&concerned.into_iter().collect::<Vec<_>>());
        self.checks.asked(id);
        self.tell(Event::Command { id, origin: Origin::Screen, command, quotes });
    }
}
