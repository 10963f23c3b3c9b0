//! When the exchanges are open: trading days, dated session hours, special sessions and the clock of an expiry.
//!
//! Read once from two tables, `holidays.csv` and `sessions.yaml`; the built-in ones are compiled in, a user may bring newer ones.
//! All answers are functions of the date asked for: nothing here reads a clock.

mod text;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::ToSpan;
use jiff::civil::{Date, Time, Weekday};

pub use self::text::CalendarError;
use super::time::{Timestamp, from_ist, ist};
use super::{Contract, Exchange, Segment};

/// The parts of an exchange that keep their own hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Market {
    Cash,
    Derivatives,
    Currency,
    Commodity,
}

/// Why there is a session on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SessionKind {
    Regular,
    /// A full session on a weekend, such as that of a Union Budget.
    Special,
    /// The hour of Diwali evening on a day that is otherwise closed; contracts do not expire on it.
    Muhurat,
}

/// Continuous trading from `open` up to, not including, `close`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    pub open: Timestamp,
    pub close: Timestamp,
    pub kind: SessionKind,
}

impl Session {
    pub fn contains(&self, at: Timestamp) -> bool {
        self.open <= at && at < self.close
    }
}

/// From a time of day to a time of day, IST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Hours {
    open: Time,
    close: Time,
}

impl Hours {
    fn on(self, date: Date, kind: SessionKind) -> Session {
        Session { open: from_ist(date.to_datetime(self.open)), close: from_ist(date.to_datetime(self.close)), kind }
    }
}

/// Hours by the date from which they hold, ascending.
type Clock = Vec<(Date, Hours)>;

fn at_date(clock: &Clock, date: Date) -> Option<Hours> {
    clock.iter().rev().find(|(from, _)| *from <= date).map(|(_, hours)| *hours)
}

/// What the tables say of one day of one exchange.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct DayNote {
    closed: Vec<Market>,
    special: Vec<Market>,
    muhurat: Vec<Market>,
    /// As the exchange names the day.
    name: String,
}

/// The trading days and hours of NSE, BSE and MCX.
///
/// Where a table is silent, Monday to Friday are trading days. Currency and commodity markets close when their exchange's
/// derivatives do, and MCX when NSE does (its evening sessions on some holidays are not known here).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TradingCalendar {
    days: BTreeMap<(Exchange, Date), DayNote>,
    cash: Clock,
    derivatives: Clock,
    currency: Clock,
    commodity: Clock,
    /// The closing auction of stocks with derivatives: from the end of their continuous trading to the matching.
    closing_auction: Clock,
    muhurat: BTreeMap<Date, Option<Hours>>,
    /// First day that rests on holidays nobody has announced yet.
    tentative_from: Option<Date>,
}

static BUILT_IN: LazyLock<TradingCalendar> = LazyLock::new(|| {
    let holidays = include_str!("../../assets/market/holidays.csv");
    let sessions = include_str!("../../assets/market/sessions.yaml");
    // A test holds that the compiled-in tables parse; were they broken, weekdays are the best guess left.
    TradingCalendar::from_text(holidays, sessions).unwrap_or_else(|_| TradingCalendar::weekdays_only())
});

impl TradingCalendar {
    /// The calendar compiled into the program.
    pub fn builtin() -> &'static Self {
        &BUILT_IN
    }

    /// Reads the text of `holidays.csv` and `sessions.yaml`. Errors name the table, the line and what is wrong.
    pub fn from_text(holidays_csv: &str, sessions_yaml: &str) -> Result<Self, CalendarError> {
        text::read(holidays_csv, sessions_yaml)
    }

    /// Every weekday from 09:15 to 15:30: what is left when no table can be read, and a plain world for tests.
    pub fn weekdays_only() -> Self {
        let always = |open, close| vec![(Date::MIN, Hours { open, close })];
        let morning = Time::constant(9, 15, 0, 0);
        let afternoon = Time::constant(15, 30, 0, 0);
        let nine = Time::constant(9, 0, 0, 0);
        Self {
            days: BTreeMap::new(),
            cash: always(morning, afternoon),
            derivatives: always(morning, afternoon),
            currency: always(nine, Time::constant(17, 0, 0, 0)),
            commodity: always(nine, Time::constant(23, 30, 0, 0)),
            closing_auction: Vec::new(),
            muhurat: BTreeMap::new(),
            tentative_from: None,
        }
    }

    /// Whether the exchange's derivatives (MCX: commodities) have a full session on `date`. A day with only a muhurat hour is not one:
    /// nothing expires on it.
    pub fn is_trading_day(&self, exchange: Exchange, date: Date) -> bool {
        self.is_full_day(exchange, main_market(exchange), date)
    }

    /// The last trading day before `date`.
    pub fn previous_trading_day(&self, exchange: Exchange, date: Date) -> Date {
        self.walk(exchange, date, -1)
    }

    /// The first trading day after `date`.
    pub fn next_trading_day(&self, exchange: Exchange, date: Date) -> Date {
        self.walk(exchange, date, 1)
    }

    /// `date` itself if it is a trading day, else the last one before it: the rule by which exchanges move an expiry off a holiday.
    pub fn trading_day_on_or_before(&self, exchange: Exchange, date: Date) -> Date {
        if self.is_trading_day(exchange, date) { date } else { self.previous_trading_day(exchange, date) }
    }

    /// The session of a segment on `date`; `None` when it is closed, or open at hours nobody has published.
    ///
    /// The index segment belongs to no single exchange and follows NSE's cash hours; see `session_of` for a contract.
    pub fn session(&self, segment: Segment, date: Date) -> Option<Session> {
        let (exchange, market) = place(segment);
        self.session_on(exchange, market, date)
    }

    /// The session of a contract on `date`: an index or a share keeps the cash hours of its own exchange.
    pub fn session_of(&self, contract: &Contract, date: Date) -> Option<Session> {
        let (exchange, market) = place(contract.segment());
        let exchange = if contract.segment() == Segment::Index { contract.exchange } else { exchange };
        self.session_on(exchange, market, date)
    }

    pub fn session_on(&self, exchange: Exchange, market: Market, date: Date) -> Option<Session> {
        if self.is_full_day(exchange, market, date) {
            let special = self.note(exchange, date).is_some_and(|n| n.special.contains(&market));
            let kind = if special { SessionKind::Special } else { SessionKind::Regular };
            return at_date(self.clock(market), date).map(|hours| hours.on(date, kind));
        }
        let muhurat = self.note(exchange, date).is_some_and(|n| n.muhurat.contains(&market));
        let hours = if muhurat { self.muhurat.get(&date).copied().flatten() } else { None };
        hours.map(|h| h.on(date, SessionKind::Muhurat))
    }

    /// Whether the segment trades continuously at this instant.
    pub fn is_open(&self, segment: Segment, now: Timestamp) -> bool {
        self.session(segment, ist(now).date()).is_some_and(|s| s.contains(now))
    }

    /// The next opening strictly after `now`; `None` only when the tables close a whole month.
    pub fn next_open(&self, segment: Segment, now: Timestamp) -> Option<Timestamp> {
        a_month_from(ist(now).date()).filter_map(|d| self.session(segment, d)).map(|s| s.open).find(|open| *open > now)
    }

    /// The session that runs at `now`, or the next one.
    pub fn current_or_next(&self, segment: Segment, now: Timestamp) -> Option<Session> {
        a_month_from(ist(now).date()).filter_map(|d| self.session(segment, d)).find(|s| s.close > now)
    }

    /// The closing auction of shares with derivatives (since 2026-08-03: 15:15 to 15:35): while it lasts the index is not
    /// made of continuous prices, although its options trade on.
    pub fn closing_auction(&self, exchange: Exchange, date: Date) -> Option<Session> {
        if !self.is_full_day(exchange, Market::Cash, date) {
            return None;
        }
        at_date(&self.closing_auction, date).map(|hours| hours.on(date, SessionKind::Regular))
    }

    /// The instant to which the time to expiry of a contract runs: the close of derivatives on its expiry day
    /// (15:40 since 2026-08-03, 15:30 before; the exchanges' own convention).
    pub fn close_of_expiry(&self, exchange: Exchange, date: Date) -> Timestamp {
        let clock = self.clock(main_market(exchange));
        let hours = at_date(clock, date).or_else(|| clock.first().map(|(_, hours)| *hours));
        from_ist(date.to_datetime(hours.map_or(Time::constant(15, 30, 0, 0), |h| h.close)))
    }

    /// What the exchange calls the day, when the tables name it (`Christmas`).
    pub fn day_name(&self, exchange: Exchange, date: Date) -> Option<&str> {
        self.note(exchange, date).map(|n| n.name.as_str())
    }

    /// Whether answers for this day rest on holidays that have not been announced.
    pub fn is_tentative(&self, date: Date) -> bool {
        self.tentative_from.is_some_and(|from| date >= from)
    }

    fn is_full_day(&self, exchange: Exchange, market: Market, date: Date) -> bool {
        let weekday = !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
        match self.note(exchange, date) {
            Some(note) if note.special.contains(&market) => true,
            Some(note) => weekday && !note.closed.contains(&market),
            None => weekday,
        }
    }

    fn note(&self, exchange: Exchange, date: Date) -> Option<&DayNote> {
        self.days.get(&(exchange, date))
    }

    fn clock(&self, market: Market) -> &Clock {
        match market {
            Market::Cash => &self.cash,
            Market::Derivatives => &self.derivatives,
            Market::Currency => &self.currency,
            Market::Commodity => &self.commodity,
        }
    }

    /// The nearest trading day in steps of `step` days. A table that closes a whole year is not searched further.
    fn walk(&self, exchange: Exchange, date: Date, step: i32) -> Date {
        let mut day = date;
        for _ in 0..366 {
            day = day.saturating_add(step.days());
            if self.is_trading_day(exchange, day) {
                break;
            }
        }
        day
    }
}

fn a_month_from(first: Date) -> impl Iterator<Item = Date> {
    (0..32).map(move |n: i32| first.saturating_add(n.days()))
}

/// The market whose days count as the exchange's trading days.
fn main_market(exchange: Exchange) -> Market {
    match exchange {
        Exchange::Nse | Exchange::Bse => Market::Derivatives,
        Exchange::Mcx => Market::Commodity,
    }
}

fn place(segment: Segment) -> (Exchange, Market) {
    match segment {
        Segment::Index | Segment::NseEquity => (Exchange::Nse, Market::Cash),
        Segment::NseDerivatives => (Exchange::Nse, Market::Derivatives),
        Segment::NseCurrency => (Exchange::Nse, Market::Currency),
        Segment::NseCommodity => (Exchange::Nse, Market::Commodity),
        Segment::BseEquity => (Exchange::Bse, Market::Cash),
        Segment::BseDerivatives => (Exchange::Bse, Market::Derivatives),
        Segment::BseCurrency => (Exchange::Bse, Market::Currency),
        Segment::McxCommodity => (Exchange::Mcx, Market::Commodity),
    }
}

#[cfg(test)]
mod tests;
