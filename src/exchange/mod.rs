//! The built-in exchange's core: prices, books, matching, margin, life cycles.
//!
//! Floor 2, pure: everything follows from a seed, the commands and the time it is told. Knows nothing of the engine.
//!
//! `Exchange` jumps from event to event: orders arriving after their transit, price steps while something rests in the
//! book, the events of the day. Whoever drives it calls `advance` whenever it likes, `next_wake` says when something
//! can happen next; the outcome does not depend on how time is cut.

mod account;
mod bits;
mod books;
mod candles;
mod charts;
mod checks;
mod config;
mod day;
mod depth;
mod forever_orders;
mod history;
mod holdings;
mod indicators;
mod listing;
mod margin;
mod market;
mod matching;
mod noise;
mod order;
mod paper;
mod past;
mod pnl_exit;
mod prices;
mod quotes;
mod requests;
mod rolling;
mod saving;
mod schedule;
mod statements;
mod steering;
mod super_orders;
mod technical;
#[cfg(test)]
mod tests;
mod triggers;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::time::{Timestamp, after_ms, trading_day};
use crate::domain::{Bar, BracketLeg, Contract, NetQuantity, Price, Product, Quote, Side};

pub use account::PositionView;
pub use books::MarginFor;
pub use charts::Charts;
pub use config::{Behaviour, ExchangeConfig, Series, UnderlyingSpec};
pub use depth::DeepBook;
pub use forever_orders::{ForeverStatus, ForeverView, NewForeverOrder};
pub use holdings::{HoldingView, isin};
pub use listing::Listing;
pub use order::{Accepted, CONFIRMED, Modification, NewOrder, OrderStatus, OrderView, Origin, Refusal, TradeView};
pub use paper::{ShareSpec, paper_listing, small_listing};
pub use quotes::{Chain, ChainLeg, ChainRow, DepthLevel, MarketView};
pub use rolling::{RollingBar, RollingOption};
pub use saving::{Changes, RestoreError};
pub use schedule::ClockMode;
pub use statements::{LedgerEntry, PastTradeView, Voucher};
pub use steering::Ways;

use account::Account;
use forever_orders::{ForeverOrder, ForeverTerms};
use history::History;
use listing::{Listed, to_paise};
use market::Market;
use order::{Order, Terms, Trade};
use schedule::DayEvent;
use statements::Statements;
use steering::Suspensions;
pub use super_orders::{LegStatus, NewSuperOrder, SuperChange, SuperLegView, SuperOrderView, SuperStatus};
use super_orders::{SuperOrder, SuperTerms};
use triggers::StandingTrigger;
pub use triggers::TriggerView;

/// What the exchange tells without being asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// An order changed: every status, every fill, every restatement.
    Order(Box<OrderView>),
    /// The touch or the last price of a watched contract changed.
    Tick { contract: Contract, quote: Quote },
    /// A position in an expired contract was settled at this price and is closed.
    Settled { account: String, contract: Contract, product: Product, net: NetQuantity, price: Price },
    /// A new trading day: books, counters and kill switches start anew.
    DayRolled(Date),
    /// The session opened or closed.
    Session { open: bool },
}

/// What is on its way to the exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Event {
    Arrive(u64),
    Modify(u64, Terms),
    Cancel(u64),
    /// Cancel everything and close every position of the account (of one product).
    ExitAll(String, Option<Product>),
    /// Restate legs of the super order with this entry.
    ModifySuper(u64, SuperTerms),
    /// Cancel a leg of the super order with this entry; the entry itself: all of it.
    CancelSuper(u64, BracketLeg),
    /// A forever order is taken, or rejected.
    ArmForever(u64),
    ModifyForever(u64, usize, ForeverTerms),
    CancelForever(u64),
}

impl Event {
    /// Whether it is about the order, super order or forever order with this number.
    fn is_about(&self, number: u64) -> bool {
        match self {
            Self::Arrive(n)
            | Self::Modify(n, _)
            | Self::Cancel(n)
            | Self::ModifySuper(n, _)
            | Self::CancelSuper(n, _)
            | Self::ArmForever(n)
            | Self::ModifyForever(n, ..)
            | Self::CancelForever(n) => *n == number,
            Self::ExitAll(..) => false,
        }
    }
}

/// What was lately traded against one side of a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Taken {
    step: u64,
    quantity: u32,
}

/// How many numbers of each kind have been given out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Counters {
    orders: u64,
    exchange_orders: u64,
    trades: u64,
    events: u64,
    #[serde(default)]
    forever_orders: u64,
    #[serde(default)]
    triggers: u64,
}

/// The clock of the price processes: it stands while the market is closed and while the exchange is not running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct PriceClock {
    /// Milliseconds of the wall clock at which price time would have been zero.
    origin: i64,
    /// While the market is closed.
    stopped: Option<Stopped>,
}

/// When the price clock was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Stopped {
    /// By itself, in milliseconds.
    ms: i64,
    /// By the wall clock.
    at: Timestamp,
}

impl PriceClock {
    fn ms(&self, at: Timestamp) -> i64 {
        self.stopped.map_or_else(|| at.as_millisecond().saturating_sub(self.origin), |s| s.ms).max(0)
    }
}

/// What has changed since the books were last written.
#[derive(Clone, Debug, Default)]
struct Unsaved {
    orders: BTreeSet<u64>,
    super_orders: BTreeSet<u64>,
    forever_orders: BTreeSet<u64>,
    triggers: BTreeSet<u64>,
    trades: usize,
    /// Anything at all.
    any: bool,
    /// So much that a whole snapshot is due.
    snapshot: bool,
}

/// A small stock exchange with its order system: books, matching, margin, life cycles, prices.
pub struct Exchange {
    seed: u64,
    market: Market,
    clock: ClockMode,
    /// Cash of a new account, in paise.
    start_cash: i64,
    now: Timestamp,
    price_clock: PriceClock,
    next_day_event: (Timestamp, DayEvent),
    accounts: BTreeMap<String, Account>,
    /// Of the trading day, by number.
    orders: BTreeMap<u64, Order>,
    /// Those that rest at the exchange.
    resting: BTreeSet<u64>,
    trades: Vec<Trade>,
    /// Of the trading day, by the number of their entry.
    super_orders: BTreeMap<u64, SuperOrder>,
    /// They outlive the day; those that are over go with it.
    forever_orders: BTreeMap<u64, ForeverOrder>,
    triggers: BTreeMap<u64, StandingTrigger>,
    /// What triggers on indicators are judged by, as far as it is drawn.
    candles: BTreeMap<u64, Vec<Bar>>,
    queue: BTreeMap<(Timestamp, u64), Event>,
    taken: BTreeMap<(Contract, Side), Taken>,
    watched: BTreeMap<Contract, Option<Quote>>,
    counters: Counters,
    outbox: Vec<Notice>,
    unsaved: Unsaved,
    ways: Ways,
    suspensions: Suspensions,
    /// The days so far, for charts.
    history: History,
    /// Trades and bills of past days.
    statements: Statements,
}

impl Exchange {
    /// An exchange that starts at `now`. Accounts appear when they are first named, with the start cash.
    pub fn new(config: ExchangeConfig, now: Timestamp) -> Self {
        let mut market = Market::new(config.seed, config.behaviour);
        for spec in config.underlyings {
            market.list(spec);
        }
        let open = config.clock.is_open(now);
        let next_day_event = config.clock.next(now, market.behaviour.square_off);
        let mut exchange = Self {
            seed: config.seed,
            market,
            clock: config.clock,
            start_cash: to_paise(Price(config.start_cash.0)).unwrap_or(0),
            now,
            price_clock: PriceClock {
                origin: now.as_millisecond(),
                stopped: (!open).then_some(Stopped { ms: 0, at: now }),
            },
            next_day_event,
            accounts: BTreeMap::new(),
            orders: BTreeMap::new(),
            resting: BTreeSet::new(),
            trades: Vec::new(),
            super_orders: BTreeMap::new(),
            forever_orders: BTreeMap::new(),
            triggers: BTreeMap::new(),
            candles: BTreeMap::new(),
            queue: BTreeMap::new(),
            taken: BTreeMap::new(),
            watched: BTreeMap::new(),
            counters: Counters::default(),
            outbox: Vec::new(),
            unsaved: Unsaved { snapshot: true, any: true, ..Unsaved::default() },
            ways: Ways::default(),
            suspensions: Suspensions::default(),
            history: History::default(),
            statements: Statements::begun(trading_day(now)),
        };
        exchange.remember();
        exchange
    }

    /// Replaces what is listed: new expiries, lots and strikes. Prices go on, unless an underlying's starting price is another
    /// one than before; what is held stays listed.
    pub fn relist(&mut self, underlyings: Vec<UnderlyingSpec>) {
        for mut spec in underlyings {
            if let Some(known) = self.market.specs.iter().find(|s| s.contract == spec.contract) {
                let kept = known.series.iter().filter(|s| spec.series.iter().all(|new| new.expiry != s.expiry));
                spec.series.extend(kept.copied().collect::<Vec<_>>());
                spec.series.sort_by_key(|s| s.expiry);
            }
            self.market.list(spec);
        }
        self.note_snapshot();
    }

    /// Lets time pass up to `now`, and tells everything that has happened since the last call.
    pub fn advance(&mut self, now: Timestamp) -> Vec<Notice> {
        self.run_until(now);
        std::mem::take(&mut self.outbox)
    }

    /// Lets time pass like `advance`, but keeps what there is to tell for the next `advance`.
    pub fn let_pass(&mut self, now: Timestamp) {
        self.run_until(now);
    }

    /// The earliest instant at which something can happen by itself.
    pub fn next_wake(&self) -> Timestamp {
        let queued = self.queue.keys().next().map_or(Timestamp::MAX, |(at, _)| *at);
        self.next_day_event.0.min(queued).min(self.next_step().unwrap_or(Timestamp::MAX))
    }

    /// The exchange's time: that of the last call or event.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Whether orders are taken.
    pub fn is_open(&self) -> bool {
        self.price_clock.stopped.is_none()
    }

    /// Tells every change of this contract's quote from now on. Price steps are then walked through one by one.
    pub fn watch(&mut self, contract: Contract) {
        self.watched.entry(contract).or_insert(None);
    }

    pub fn unwatch(&mut self, contract: &Contract) {
        self.watched.remove(contract);
    }

    fn run_until(&mut self, now: Timestamp) {
        // At one instant: first the day's events, then prices, then what arrives.
        loop {
            let step = self.next_step().filter(|at| *at <= now);
            let queued = self.queue.first_key_value().map(|(key, _)| *key).filter(|(at, _)| *at <= now);
            let day = Some(self.next_day_event.0).filter(|at| *at <= now);
            let Some(next) = [day, step, queued.map(|(at, _)| at)].into_iter().flatten().min() else { break };
            self.clock_to(next);
            if day == Some(next) {
                let event = self.next_day_event.1;
                self.next_day_event = self.clock.next(next, self.market.behaviour.square_off);
                self.day_event(event);
            } else if step == Some(next) {
                self.price_step();
            } else if let Some(event) = queued.and_then(|key| self.queue.remove(&key)) {
                self.unsaved.any = true;
                self.handle(event);
            }
        }
        self.clock_to(now);
        self.remember();
    }

    /// Takes note of how prices are made now, for the charts of this day.
    fn remember(&mut self) {
        self.history.sync(self.now, &self.price_clock, &self.market);
    }

    fn clock_to(&mut self, at: Timestamp) {
        self.remember();
        self.now = self.now.max(at);
        self.market.move_to(self.step_at(self.now));
    }

    fn step_ms(&self) -> i64 {
        i64::from(self.market.behaviour.step_ms.max(1))
    }

    fn step_at(&self, at: Timestamp) -> u64 {
        u64::try_from(self.price_clock.ms(at) / self.step_ms()).unwrap_or(0)
    }

    /// When the next price step is due, if anybody cares about one.
    fn next_step(&self) -> Option<Timestamp> {
        if !self.is_open() || !self.anyone_cares() {
            return None;
        }
        let next = i64::try_from(self.market.step + 1).ok()?;
        Timestamp::from_millisecond(self.price_clock.origin + next * self.step_ms()).ok()
    }

    /// Whether a price step can make a difference.
    fn anyone_cares(&self) -> bool {
        self.minds_pnl()
            || !self.resting.is_empty()
            || !self.watched.is_empty()
            || self.forever_orders.values().any(ForeverOrder::is_armed)
            || self.triggers.values().any(StandingTrigger::is_active)
    }

    /// When the current price step began: the age of every quote.
    fn quote_time(&self) -> Timestamp {
        let began = i64::try_from(self.market.step).unwrap_or(0) * self.step_ms() + self.price_clock.origin;
        let began = Timestamp::from_millisecond(began).unwrap_or(self.now);
        self.price_clock.stopped.map_or(began, |s| s.at).min(self.now)
    }

    /// The instant prices are made for: nothing decays while the market is closed.
    fn pricing_time(&self) -> Timestamp {
        self.price_clock.stopped.map_or(self.now, |s| s.at)
    }

    fn price_step(&mut self) {
        let resting: Vec<u64> = self.resting.iter().copied().collect();
        for number in resting {
            self.match_order(number, false);
        }
        self.look_at_forever_orders();
        self.look_at_triggers();
        let watched: Vec<Contract> = self.watched.keys().copied().collect();
        for contract in watched {
            self.tell_quote(contract);
        }
        self.mind_pnl_exits();
    }

    fn tell_quote(&mut self, contract: Contract) {
        let Some(quote) = self.quote(&contract) else { return };
        let told = self.watched.entry(contract).or_insert(None);
        let same = told.is_some_and(|t| Quote { at: quote.at, ..t } == quote);
        if !same {
            *told = Some(quote);
            self.outbox.push(Notice::Tick { contract, quote });
        }
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Arrive(number) => self.arrive(number),
            Event::Modify(number, terms) => self.restate(number, terms),
            Event::Cancel(number) => self.end_order(number, OrderStatus::Cancelled, CONFIRMED),
            Event::ExitAll(account, product) => self.exit_positions(&account, product),
            Event::ModifySuper(number, terms) => self.restate_super(number, &terms),
            Event::CancelSuper(number, leg) => self.end_super(number, leg),
            Event::ArmForever(number) => self.arm_forever(number),
            Event::ModifyForever(number, leg, terms) => self.restate_forever(number, leg, terms),
            Event::CancelForever(number) => self.end_forever(number, ForeverStatus::Cancelled),
        }
    }

    fn schedule_event(&mut self, at: Timestamp, event: Event) {
        self.counters.events += 1;
        self.queue.insert((at, self.counters.events), event);
        self.unsaved.any = true;
    }

    /// When a request sent now about order `number` reaches the exchange.
    fn transit(&self, number: u64) -> Timestamp {
        let (least, most) = self.market.behaviour.transit_ms;
        let spread = most.saturating_sub(least);
        let mut draw = self.market.noise.at(noise::Stream::Order(number), self.counters.events);
        after_ms(self.now, i64::from(least) + i64::from(draw.below(spread + 1)))
    }

    /// A contract that can be traded: on the strike ladder, or held by somebody.
    fn find(&self, contract: &Contract) -> Option<Listed> {
        let regular = self.market.find(contract, false, &self.clock);
        let listed = regular.or_else(|| self.find_held(contract).filter(|_| self.is_held(contract)))?;
        listed.close.is_none_or(|close| self.now < close).then_some(listed)
    }

    fn is_held(&self, contract: &Contract) -> bool {
        self.accounts.values().flat_map(|a| &a.positions).any(|p| p.contract == *contract && p.net() != 0)
    }

    /// Also what has left the strike ladder, or has expired today.
    fn find_held(&self, contract: &Contract) -> Option<Listed> {
        self.market.find(contract, true, &self.clock)
    }

    fn account(&mut self, name: &str) -> &mut Account {
        let cash = self.start_cash;
        self.accounts.entry(name.to_string()).or_insert_with(|| Account::new(name, cash))
    }

    fn note_order(&mut self, number: u64) {
        let Some(order) = self.orders.get(&number) else { return };
        self.outbox.push(Notice::Order(Box::new(order.view())));
        self.unsaved.orders.insert(number);
        self.unsaved.any = true;
        if let Origin::Forever { number: of, leg } = order.origin {
            let status = order.status;
            self.forever_order_is(of, leg, status);
        }
    }

    fn note_snapshot(&mut self) {
        self.unsaved.any = true;
        self.unsaved.snapshot = true;
    }
}
