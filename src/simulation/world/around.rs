//! Everything around the desk: quotes once a second, bad luck, other people, the trader.

use std::collections::BTreeSet;

use super::{Happening, World};
use crate::domain::time::after_ms;
use crate::domain::{
    CommandId, Contract, Exchange as Place, Money, NetQuantity, OptionRight, OrderKind, OrderSpec, Price, Product,
    Quantity, Quote, Side, StrategyId, StrategyStatus, Validity,
};
use crate::engine::command::Origin;
use crate::engine::record::Owner;
use crate::engine::state::{LotKey, Order, Strategy};
use crate::engine::{Command, Event, orders_of};
use crate::exchange::NewOrder;
use crate::simulation::broker::ACCOUNT;
use crate::simulation::checks::{CLOSING, Checked};
use crate::simulation::dice::Dice;
use crate::simulation::disturbance::{Disturbance, Kind};
use crate::simulation::listing;
use crate::simulation::text::cut;
use crate::simulation::weather::Span;

impl World {
    pub(super) fn second(&mut self) -> Checked {
        self.after(1_000, Happening::Second);
        self.deliver_quotes();
        if let Some(desk) = &self.desk {
            self.checks.stop_cover(desk.state(), self.now, self.exchange.is_open())?;
            self.checks.scalps_are_left(desk.state(), self.now, self.exchange.is_open())?;
        }
        if self.clear_since.is_some() {
            return self.end_when_quiet();
        }
        let f = self.faults;
        if self.link_up
            && let Some(ms) = self.strikes(Kind::Link, f.link_down, f.link_down_ms)
        {
            self.set_link(false);
            self.after(ms, Happening::Link { up: true });
        }
        if let Some(ms) = self.strikes(Kind::Feed, f.feed_dead, f.feed_dead_ms) {
            self.feed_dead_until = after_ms(self.now, ms);
            self.note(|| format!("=== no quotes for {ms} ms"));
        }
        if let Some(ms) = self.strikes(Kind::Token, f.logged_out, f.logged_out_ms) {
            self.logged_out_until = after_ms(self.now, ms);
            self.note(|| format!("=== logged out for {ms} ms"));
        }
        if let Some(ms) = self.strikes(Kind::Network, f.cut_off, f.cut_off_ms) {
            self.cut_off_until = after_ms(self.now, ms);
            self.note(|| format!("=== cut off for {ms} ms"));
        }
        let (what, mut dice) = self.chance(Kind::Elsewhere);
        if dice.chance(f.foreign) && self.disturbances.happens(what) {
            self.somebody_trades(&mut dice)?;
        }
        let (what, mut dice) = self.chance(Kind::Closing);
        if dice.chance(f.closing) && self.disturbances.happens(what) {
            self.somebody_closes(&mut dice)?;
        }
        self.somebody_signals();
        match self.strikes(Kind::Kill, f.crash, f.down_ms) {
            Some(down_ms) => self.crash(down_ms),
            None => Ok(()),
        }
    }

    /// The next chance of a kind of disturbance, and its dice.
    pub(super) fn chance(&mut self, kind: Kind) -> (Disturbance, Dice) {
        let ms = self.now.as_millisecond() - self.hours.start().as_millisecond();
        let what = self.disturbances.next(kind, (ms / 1_000) as u32);
        (what, Dice::of(self.seed, what))
    }

    /// How long a disturbance lasts, if this chance (in a thousand) brings one.
    pub(super) fn strikes(&mut self, kind: Kind, rate: u32, span: Span) -> Option<i64> {
        let (what, mut dice) = self.chance(kind);
        (dice.chance(rate) && self.disturbances.happens(what)).then(|| dice.between(span))
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
    fn somebody_trades(&mut self, dice: &mut Dice) -> Checked {
        let away = if dice.chance(500) { 550 } else { -600 };
        let right = if away > 0 { OptionRight::Call } else { OptionRight::Put };
        let strike = Price((listing::SPOT + away).into());
        let contract = Contract::option(Place::Nse, self.symbol, listing::expiry(), strike, right);
        let Some(quote) = self.exchange.quote(&contract) else { return Ok(()) };
        let side = if dice.chance(500) { Side::Buy } else { Side::Sell };
        // Half of them rest in the book.
        let kind = match (dice.chance(500), side, quote.bid) {
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

    /// The trader closes what a strategy holds, or a lot of it, in the broker's app. Not while it is being exited here.
    fn somebody_closes(&mut self, dice: &mut Dice) -> Checked {
        let Some(desk) = &self.desk else { return Ok(()) };
        let state = desk.state();
        let quiet = |k: &LotKey| {
            let rests = state.open_orders_of(k.contract, k.product).all(Order::is_resting_stop);
            rests && !state.exits.contains_key(k)
        };
        let lots = state.lots.iter().filter(|(k, l)| k.owner != Owner::Foreign && !l.net.is_flat() && quiet(k));
        let held: Vec<(LotKey, NetQuantity)> = lots.map(|(k, l)| (*k, l.net)).collect();
        let Some((key, net)) = dice.pick(&held).copied() else { return Ok(()) };
        // Whoever has just closed it looks at the app, and does not close it again.
        if self.exchange.orders(ACCOUNT).iter().any(|o| o.correlation == CLOSING && o.spec.contract == key.contract) {
            return Ok(());
        }
        let quantity = if dice.chance(500) { net.size().min(Quantity(65)) } else { net.size() };
        let spec = key.order(net.closing_side(), quantity, OrderKind::Market);
        self.note(|| format!("=== somebody else closes {quantity} of {}", key.contract.label()));
        let _ = self.exchange.place(ACCOUNT, &NewOrder::new(spec, CLOSING), self.now);
        self.hear_exchange()
    }

    pub(super) fn press(&mut self) {
        let (what, dice) = self.chance(Kind::Key);
        let Some(desk) = &self.desk else { return };
        if !self.disturbances.happens(what) {
            return;
        }
        let command = self.trader.press(desk.state(), dice);
        self.command(command);
    }

    pub(super) fn command(&mut self, command: Command) {
        self.report.keys += 1;
        self.ask(command, Origin::Screen);
    }

    pub(super) fn ask(&mut self, command: Command, origin: Origin) {
        let Some(desk) = &self.desk else { return };
        let mut concerned: BTreeSet<Contract> = BTreeSet::new();
        if matches!(command, Command::Execute { .. } | Command::Preview { .. }) && self.now >= self.feed_dead_until {
            for s in desk.state().strategies.values() {
                concerned.extend(s.legs.iter().map(|l| l.instrument.contract));
            }
        }
        let signals = matches!(command, Command::Signal { .. } | Command::DecideSignal { .. });
        if signals && self.now >= self.feed_dead_until {
            concerned.extend(self.near_the_money());
        }
        let id = CommandId(self.next_command);
        self.next_command += 1;
        self.note(|| format!("key {id} {}", cut(format!("{command:?}"), 200)));
        let quotes = self.quotes(&concerned.into_iter().collect::<Vec<_>>());
        self.checks.asked(id);
        let margins = self.margins_of(&command, &quotes);
        self.tell(Event::Command { id, origin, command, quotes, margins });
    }

    /// What the broker says that the strategies of a command would tie up: unless it cannot be reached, or the seed has one
    /// that never says.
    fn margins_of(&self, command: &Command, quotes: &[(Contract, Quote)]) -> Vec<(StrategyId, Money)> {
        let (Command::Execute { .. } | Command::Preview { .. }, Some(desk)) = (command, &self.desk) else {
            return Vec::new();
        };
        if self.now < self.cut_off_until || self.now < self.logged_out_until || self.seed % 3 == 1 {
            return Vec::new();
        }
        let marked = desk.state().active_strategies().filter(|s| s.status == StrategyStatus::Marked);
        let margin = |s: &Strategy| {
            let orders = orders_of(&s.legs, self.config.execution.product, quotes);
            self.exchange.margin_for(ACCOUNT, &orders, false, false).total
        };
        marked.map(|s| (s.id, margin(s))).collect()
    }
}
