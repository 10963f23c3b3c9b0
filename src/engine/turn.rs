//! One turn: the state while an event is being handled, the records and effects it leads to, and what all rules share.

use std::collections::BTreeMap;

use super::elsewhere::Shortage;
use super::event::Book;
use super::reach::Reach;
use super::record::{Owner, Purpose, Record};
use super::sabotage::Sabotage;
use super::state::{LotKey, Order, OrderState, State};
use super::step::Step;
use super::{Effect, EngineConfig, Lane, Reference};
use crate::domain::money::Toward;
use crate::domain::time::{Timestamp, after_ms, ms_between};
use crate::domain::{
    AccountId, Contract, CorrelationId, Instrument, Intent, IntentId, Money, OrderKind, OrderSpec, Price, Product,
    Quantity, Quote, Side, SignalId, StrategyId,
};
use crate::engine::effect::AlertLevel;

/// The account of this installation. Every effect and row carries it; a later issue adds more than one.
pub const ACCOUNT: AccountId = AccountId(1);

/// A question to the broker that has had no answer for this long is asked again.
const READ_LOST_MS: i64 = 10_000;

/// What the engine remembers between turns and does not need after a restart.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// Books being read, and since when.
    pub reading: BTreeMap<Book, Timestamp>,
    /// When a book was last asked for.
    pub asked: BTreeMap<Book, Timestamp>,
    /// When the newest positions that were told had been asked for, news or not.
    pub positions_read: Option<Timestamp>,
    pub watched: std::collections::BTreeSet<Contract>,
    pub wake: Option<Timestamp>,
    /// What the trader has been told already, so that it is told once.
    pub told: BTreeMap<String, Timestamp>,
    /// The broker does not take our token: until it does, no book can be read and nothing can be sent.
    pub logged_out: bool,
    /// When the broker's kill switch (`true`) and its exit on loss (`false`) were last told or asked for.
    pub safeguards_read: BTreeMap<bool, Timestamp>,
    /// The levels last asked for.
    pub levels: BTreeMap<Contract, super::effect::Levels>,
    /// What protection has yet to look at.
    pub unprotected: Reach,
    /// Lots that protection looks at again at an instant, whatever happens.
    pub protect_at: BTreeMap<LotKey, Timestamp>,
    /// What the levels do not say yet.
    pub unlevelled: Reach,
    /// Lots whose stop does not rest as it should, and since when.
    pub uncovered: BTreeMap<LotKey, Timestamp>,
    /// Lots whose price has passed their stop without its filling, and since when.
    pub passed: BTreeMap<LotKey, Timestamp>,
    /// Strategies whose rules cannot be looked at for want of quotes, and since when.
    pub blind: BTreeMap<StrategyId, Timestamp>,
    /// What the signals that wait are decided on.
    pub signals: BTreeMap<SignalId, Vec<Contract>>,
    /// What the broker says that strategies would tie up, and when it said so.
    pub margins: BTreeMap<StrategyId, (Money, Timestamp)>,
    /// Where the broker has less than our lots say.
    pub shortages: BTreeMap<(Contract, Product), Shortage>,
    /// The latest instant seen: time does not run backwards in here.
    pub latest: Option<Timestamp>,
}

pub struct Turn<'a> {
    pub state: &'a mut State,
    pub memory: &'a mut Memory,
    pub config: &'a EngineConfig,
    pub reference: &'a dyn Reference,
    pub now: Timestamp,
    pub step: Step,
    /// The earliest instant at which something is due.
    pub due: Option<Timestamp>,
    #[cfg(test)]
    pub(super) sabotage: Option<super::sabotage::Sabotage>,
}

impl Turn<'_> {
    /// Remembers something: the state follows at once, the journal before any effect.
    pub fn record(&mut self, record: Record) {
        self.state.apply(&record, self.now);
        self.memory.unlevelled.note(&record, self.state);
        self.memory.unprotected.note(&record, self.state);
        self.memory.unprotected.note_marks(&record);
        if matches!(record, Record::ModifyAsked { .. }) && self.sabotaged(Sabotage::ForgetRecord) {
            return;
        }
        self.step.records.push(record);
    }

    pub fn effect(&mut self, effect: Effect) {
        self.step.effects.push(effect);
    }

    pub fn alert(&mut self, level: AlertLevel, text: impl Into<String>) {
        self.effect(Effect::Alert { level, text: text.into() });
    }

    /// An alert that is not repeated within a minute.
    pub fn alert_once(&mut self, level: AlertLevel, text: impl Into<String>) {
        let text = text.into();
        let recent = self.memory.told.get(&text).is_some_and(|t| ms_between(*t, self.now) < 60_000);
        if !recent {
            let now = self.now;
            self.memory.told.retain(|_, t| ms_between(*t, now) < 60_000);
            self.memory.told.insert(text.clone(), now);
            self.alert(level, text);
        }
    }

    /// Asks to be woken not later than `at`.
    pub fn wake_at(&mut self, at: Timestamp) {
        self.due = Some(self.due.map_or(at, |d| d.min(at)));
    }

    pub fn wake_in(&mut self, ms: i64) {
        self.wake_at(after_ms(self.now, ms));
    }

    /// Milliseconds since `then`.
    pub fn since(&self, then: Timestamp) -> i64 {
        ms_between(then, self.now)
    }

    /// Asks for a book of the broker, unless an answer is already on its way.
    pub fn read(&mut self, book: Book) {
        if let Some(since) = self.memory.reading.get(&book)
            && self.since(*since) < READ_LOST_MS
        {
            let again = after_ms(*since, READ_LOST_MS);
            self.wake_at(again);
            return;
        }
        self.memory.reading.insert(book, self.now);
        self.memory.asked.insert(book, self.now);
        self.effect(match book {
            Book::Orders => Effect::ReadOrders,
            Book::Trades => Effect::ReadTrades,
            Book::Positions => Effect::ReadPositions,
            Book::Funds => Effect::ReadFunds,
        });
    }

    /// The newest quote of a contract, if it is young enough to decide on.
    pub fn fresh_quote(&self, contract: &Contract) -> Option<Quote> {
        let quote = self.state.marks.get(contract)?;
        (quote.age_ms(self.now) <= self.config.execution.max_quote_age_ms).then_some(*quote)
    }

    /// Journals the decision to send one order, and asks for it to be sent.
    pub fn place(&mut self, spec: OrderSpec, purpose: Purpose, lifetime_ms: i64) {
        let number = self.state.next_intent.max(1);
        let Ok(correlation) = CorrelationId::new(&self.state.prefix, number) else {
            self.alert_once(AlertLevel::Critical, "This installation's order prefix is not usable: no order was sent.");
            return;
        };
        let expires = after_ms(self.now, lifetime_ms);
        let intent = Intent { id: IntentId(number), account: ACCOUNT, correlation, spec, expires };
        self.record(Record::IntentMade { intent: Box::new(intent.clone()), purpose });
        let lane = lane_of(purpose, &spec.kind);
        self.effect(Effect::Place { intent, lane });
    }

    /// Places an order for all of `spec`, in as many as the exchange's largest one makes of it.
    pub fn place_in_slices(&mut self, spec: OrderSpec, instrument: &Instrument, purpose: Purpose, lifetime_ms: i64) {
        let mut rest = spec.quantity;
        while !rest.is_zero() {
            let quantity = rest.min(instrument.largest_order());
            self.place(OrderSpec { quantity, ..spec }, purpose, lifetime_ms);
            rest = rest.saturating_sub(quantity);
        }
    }

    /// Restates a working order at another price.
    pub fn reprice(&mut self, id: IntentId, kind: OrderKind) {
        if let Some(quantity) = self.state.orders.get(&id).map(|o| o.quantity) {
            self.restate(id, kind, quantity);
        }
    }

    /// Restates a working order: its price and its units in all, whatever has filled of them.
    pub fn restate(&mut self, id: IntentId, kind: OrderKind, quantity: Quantity) {
        let Some(order) = self.state.orders.get(&id) else { return };
        let Some(order_id) = order.order_id.clone() else { return };
        let lane = lane_of(order.purpose, &kind);
        let spec = OrderSpec { quantity, kind, ..order.intent.spec };
        let told = (quantity != order.quantity).then_some(quantity);
        self.record(Record::ModifyAsked { intent: id, kind, quantity: told });
        self.effect(Effect::Modify { intent: id, order_id, spec, lane });
    }

    /// Asks for an order to be cancelled, as soon as it can be: not while it is unknown or in transit.
    pub fn cancel(&mut self, id: IntentId) {
        const ASK_AGAIN_MS: i64 = 3_000;
        let Some(order) = self.state.orders.get(&id) else { return };
        match (order.state, order.cancel_asked) {
            (OrderState::Working, Some(asked)) if self.since(asked) < ASK_AGAIN_MS => {
                self.wake_at(after_ms(asked, ASK_AGAIN_MS));
            }
            (OrderState::Working, _) => {
                if let Some(order_id) = order.order_id.clone() {
                    self.record(Record::CancelAsked { intent: id });
                    self.effect(Effect::Cancel { intent: Some(id), order_id });
                    self.wake_in(ASK_AGAIN_MS);
                }
            }
            // The next sighting tells whether it works; polls make sure that there is one.
            (OrderState::Intent | OrderState::Unknown | OrderState::Transit, _) => self.wake_in(1_000),
            _ => {}
        }
    }

    /// Our orders that may still trade and satisfy a condition, by id.
    pub fn open_ids(&self, which: impl Fn(&Order) -> bool) -> Vec<IntentId> {
        self.state.open_orders().filter(|o| which(o)).map(|o| o.intent.id).collect()
    }

    /// The instrument of a contract: as frozen with a strategy that holds it, else as listed today.
    pub fn instrument(&self, owner: Owner, contract: &Contract) -> Option<Instrument> {
        let frozen = match owner {
            Owner::Strategy(id) => self
                .state
                .strategies
                .get(&id)
                .and_then(|s| s.legs.iter().map(|l| l.instrument).find(|i| i.contract == *contract)),
            Owner::Foreign => None,
        };
        frozen.or_else(|| self.reference.instrument(contract))
    }

    /// Begins to exit what an owner holds, unless that is under way.
    pub fn start_exit(&mut self, key: LotKey, keep: Quantity, reason: &str) {
        if !self.state.exits.contains_key(&key) {
            let LotKey { owner, contract, product } = key;
            self.record(Record::ExitStarted { owner, contract, product, keep, reason: reason.into() });
        }
    }
}

/// The lane of an order. A stop that has become an exit is as urgent as one.
fn lane_of(purpose: Purpose, kind: &OrderKind) -> Lane {
    match purpose {
        Purpose::Entry { .. } => Lane::Entry,
        Purpose::Protect { .. } if kind.trigger().is_some() => Lane::Protection,
        Purpose::Exit { .. } | Purpose::Protect { .. } => Lane::Exit,
    }
}

/// A limit price `ticks` through the touch: above the ask to buy, below the bid to sell, on the tick and never under one.
pub fn marketable(quote: &Quote, side: Side, ticks: i64, tick: Price) -> Option<Price> {
    let touch = quote.touch(side)?;
    let price = match side {
        Side::Buy => touch.ticks(ticks, tick).on_tick(tick, Toward::Up),
        Side::Sell => touch.ticks(-ticks, tick).on_tick(tick, Toward::Down),
    };
    Some(price.max(tick))
}

/// A price so much further through the touch: on the tick, within the room, never under one tick.
pub fn through(touch: Price, side: Side, room: Price, tick: Price) -> Price {
    match side {
        Side::Buy => (touch + room).on_tick(tick, Toward::Down),
        Side::Sell => (touch - room).on_tick(tick, Toward::Up).max(tick),
    }
}

/// Whether `a` would trade sooner than `b`.
pub fn more_eager(side: Side, a: Price, b: Price) -> bool {
    match side {
        Side::Buy => a > b,
        Side::Sell => a < b,
    }
}
