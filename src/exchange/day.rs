//! The events of the day: opening, square-off, close, settlement, and the roll to the next trading day.

use crate::domain::time::{ist, trading_day};
use crate::domain::{Contract, NetQuantity, Product};

use super::listing::price;
use super::market::Market;
use super::order::{Order, OrderStatus};
use super::schedule::DayEvent;
use super::{Event, Exchange, Notice, Stopped};

/// Milliseconds in an hour.
const HOUR_MS: i64 = 3_600_000;

impl Exchange {
    pub(super) fn day_event(&mut self, event: DayEvent) {
        match event {
            DayEvent::Roll => self.roll(),
            DayEvent::Open => self.open_session(),
            DayEvent::SquareOff => self.square_off(),
            DayEvent::Close => self.close_session(),
            DayEvent::Settle => self.settle(),
        }
    }

    fn open_session(&mut self) {
        if self.suspensions.everything {
            return;
        }
        let Some(stopped) = self.price_clock.stopped.take() else { return };
        // The market moved while it was closed, in one gap.
        let gap = i64::from(self.market.behaviour.overnight_hours) * HOUR_MS;
        self.price_clock.origin = self.now.as_millisecond() - stopped.ms - gap;
        self.market.move_to(self.step_at(self.now));
        self.market.open_day();
        self.outbox.push(Notice::Session { open: true });
        self.note_snapshot();
    }

    fn close_session(&mut self) {
        self.end_day_orders();
        if self.is_open() {
            self.price_clock.stopped = Some(Stopped { ms: self.price_clock.ms(self.now), at: self.now });
            self.outbox.push(Notice::Session { open: false });
        }
        self.note_snapshot();
    }

    fn square_off(&mut self) {
        let accounts: Vec<String> = self.accounts.keys().cloned().collect();
        for account in accounts {
            self.schedule_event(self.now, Event::ExitAll(account, Some(Product::Intraday)));
        }
    }

    fn end_day_orders(&mut self) {
        let open: Vec<u64> = self.orders.values().filter(|o| !o.status.is_final()).map(|o| o.number).collect();
        for number in open {
            self.end_order(number, OrderStatus::Expired, "Order expired at the end of the session");
        }
        // What is about forever orders goes on: they rest over the night.
        self.queue.retain(|_, event| {
            matches!(event, Event::ArmForever(_) | Event::ModifyForever(..) | Event::CancelForever(_))
        });
        self.taken.clear();
    }

    /// Contracts whose last session is over pay what they are worth and are gone.
    pub(super) fn settle(&mut self) {
        let over = |exchange: &Self, contract: &Contract| {
            exchange.find_held(contract).and_then(|l| l.close).is_some_and(|close| close <= exchange.now)
        };
        let ended = |o: &&Order| !o.status.is_final() && over(self, &o.contract);
        let orders: Vec<u64> = self.orders.values().filter(ended).map(|o| o.number).collect();
        for number in orders {
            self.end_order(number, OrderStatus::Expired, "Contract has expired");
        }
        let mut due: Vec<(String, Contract, Product, i64)> = Vec::new();
        for account in self.accounts.values() {
            let open = account.positions.iter().filter(|p| p.net() != 0 && over(self, &p.contract));
            due.extend(open.map(|p| (account.name.clone(), p.contract, p.product, p.net())));
        }
        for (account, contract, product, net) in due {
            self.settle_one(account, contract, product, net);
        }
        self.expire_forever_orders();
        self.watched.retain(|contract, _| contract.expiry().is_none_or(|e| e >= ist(self.now).date()));
    }

    fn settle_one(&mut self, account: String, contract: Contract, product: Product, net: i64) {
        let Some(listed) = self.find_held(&contract) else { return };
        let pays = Market::intrinsic(&listed, self.market.spot(listed.underlying));
        let side = NetQuantity(net).closing_side();
        let quantity = u32::try_from(net.unsigned_abs()).unwrap_or(u32::MAX);
        self.account(&account).fill(contract, product, listed.id, side, quantity, pays);
        self.outbox.push(Notice::Settled { account, contract, product, net: NetQuantity(net), price: price(pays) });
        self.note_snapshot();
    }

    /// The trading day ends and the next begins.
    pub(super) fn roll(&mut self) {
        self.end_day_orders();
        self.settle();
        self.remember();
        self.history.end_day(self.now, &self.market);
        self.bill_the_day();
        self.orders.clear();
        self.trades.clear();
        self.super_orders.clear();
        self.roll_forever_orders();
        self.roll_triggers();
        let today = trading_day(self.now);
        for name in self.accounts.keys().cloned().collect::<Vec<_>>() {
            let Some(mut account) = self.accounts.remove(&name) else { continue };
            account.roll(|p| self.mark(&p.contract));
            self.accounts.insert(name.clone(), account);
            let balance = self.balance(&name);
            self.account(&name).start_of_day = balance;
        }
        for spec in &mut self.market.specs {
            spec.series.retain(|s| s.expiry >= today);
        }
        self.market.numbers.forget_before(today);
        self.market.start_day();
        self.history.begin_day(today, self.now, &self.price_clock, &self.market);
        self.unsaved.trades = 0;
        self.unsaved.orders.clear();
        self.unsaved.super_orders.clear();
        self.outbox.push(Notice::DayRolled(today));
        self.note_snapshot();
    }

    /// Goes on at `now` after the exchange was not running, or the clock was set: the market stood still meanwhile. What was
    /// on its way arrives as much later; what the day had in store meanwhile happens at once.
    pub fn resume(&mut self, now: crate::domain::time::Timestamp) {
        let away = now.as_millisecond().saturating_sub(self.now.as_millisecond());
        let before = self.now;
        self.price_clock.origin += away;
        let later = |at| crate::domain::time::after_ms(at, away);
        self.queue = std::mem::take(&mut self.queue).into_iter().map(|((at, n), e)| ((later(at), n), e)).collect();
        self.now = now;
        // The clock may have been set back.
        self.candles.clear();
        // Whether the market is open is the clock's to say, not what it was when the exchange stopped.
        match (self.clock.is_open(self.now), self.is_open()) {
            (true, false) => self.open_session(),
            (false, true) => self.close_session(),
            (true, true) | (false, false) => {}
        }
        self.settle();
        if trading_day(before) != trading_day(self.now) {
            self.roll();
        }
        self.next_day_event = self.clock.next(self.now, self.market.behaviour.square_off);
        self.note_snapshot();
    }
}
