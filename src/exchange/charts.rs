//! Bars: of recorded days from the very prices that were quoted, of earlier days from the walk of the past.
//!
//! A chart is taken from the exchange as a copy of what it follows from, and drawn wherever there is time for it.

use jiff::ToSpan;
use jiff::civil::{Date, Time};

use crate::domain::time::{Timestamp, after_ms, from_ist, ist};
use crate::domain::{Bar, Contract, ContractKind};

use super::history::{DayRecord, Origin, Run};
use super::listing::{Listed, Numbers, price};
use super::market::{Market, worth_then};
use super::past::{Minute, Past, instant};
use super::prices::BLOCK;
use super::schedule::ClockMode;
use super::{Exchange, UnderlyingSpec};

/// Derivatives are listed this long before they end.
const LISTED_DAYS: i32 = 90;
/// Milliseconds in a minute.
const MINUTE: i64 = 60_000;

/// What charts of one contract follow from.
pub struct Charts {
    pub(super) listed: Listed,
    /// One underlying, the contract's.
    pub(super) market: Market,
    pub(super) days: Vec<DayRecord>,
    pub(super) clock: ClockMode,
    pub(super) now: Timestamp,
    /// The trading day it is.
    pub(super) today: Date,
    /// The price step it is.
    live_step: u64,
    /// The account's own trades in the contract: seconds, paise, units.
    trades: Vec<(i64, i64, u32)>,
}

impl Exchange {
    /// The trading day it is.
    pub(super) fn today(&self) -> Date {
        self.history.days.last().map_or(ist(self.now).date(), |d| d.day)
    }

    /// What charts of a contract follow from; `None` for what is not listed.
    pub fn charts(&self, contract: &Contract) -> Option<Charts> {
        let listed = self.find_held(contract)?;
        let spec: &UnderlyingSpec = self.market.specs.get(listed.underlying)?;
        let process = self.market.processes.get(listed.underlying)?;
        let own = |day: &DayRecord| DayRecord {
            day: day.day,
            runs: day.runs.clone(),
            origins: day.origins.iter().filter(|o| o.contract == spec.contract).cloned().collect(),
            closings: day.closings.iter().filter(|(c, _)| *c == spec.contract).copied().collect(),
        };
        let market = Market {
            specs: vec![spec.clone()],
            processes: vec![process.clone()],
            numbers: Numbers::default(),
            noise: self.market.noise.clone(),
            rules: self.market.rules,
            behaviour: self.market.behaviour.clone(),
            step: self.market.step,
        };
        let ours = self.trades.iter().filter(|t| t.contract == *contract);
        Some(Charts {
            listed: Listed { underlying: 0, ..listed },
            market,
            days: self.history.days.iter().map(own).collect(),
            clock: self.clock.clone(),
            now: self.now,
            today: self.today(),
            live_step: self.market.step,
            trades: ours.map(|t| (t.at.as_second(), t.price, t.quantity)).collect(),
        })
    }
}

impl Charts {
    /// Bars of so many minutes that begin within a range. On the current day the range's end is of no meaning: bars up to now
    /// are given, as the broker does.
    pub fn intraday(&self, minutes: u32, from: Timestamp, to: Timestamp) -> Vec<Bar> {
        let to = if ist(to).date() >= self.today { after_ms(self.now, 1) } else { to };
        let mut bars = Vec::new();
        for day in self.days_between(from, to) {
            let inside = |m: &Minute| (from.as_millisecond()..to.as_millisecond()).contains(&(m.start * 1_000));
            let drawn: Vec<Minute> = self.minutes_of(day, from, to).into_iter().filter(inside).collect();
            bars.extend(self.gather(&drawn, day, minutes));
        }
        bars
    }

    /// Bars of whole days that are over, the last day excluded, stamped with midnight.
    pub fn daily(&self, from: Date, to: Date) -> Vec<Bar> {
        let last = to.min(self.today);
        let (start, end) = (from_ist(from.at(0, 0, 0, 0)), from_ist(last.at(0, 0, 0, 0)));
        let days = self.days_between(start, end).into_iter().filter(|day| (from..last).contains(day));
        days.filter_map(|day| {
            let drawn = self.closing(day).unwrap_or_else(|| self.minutes_of(day, Timestamp::MIN, Timestamp::MAX));
            let mut bar = self.gather(&drawn, day, 24 * 60).into_iter().reduce(joined)?;
            bar.start = from_ist(day.at(0, 0, 0, 0));
            // A day is a day, however much of it was recorded.
            bar.volume = self.market.day_volume(&self.listed) as u64;
            Some(bar)
        })
        .collect()
    }

    /// Bars of so many minutes of one trading day.
    pub(super) fn bars_of_day(&self, day: Date, minutes: u32) -> Vec<Bar> {
        self.gather(&self.minutes_of(day, Timestamp::MIN, Timestamp::MAX), day, minutes)
    }

    /// The trading days that touch a range, up to today.
    fn days_between(&self, from: Timestamp, to: Timestamp) -> Vec<Date> {
        let first = ist(from).date().yesterday().unwrap_or(Date::MIN);
        // Ten years of days are as many as anybody asks for.
        let first = first.max(self.today.saturating_sub(3_660.days()));
        let last = ist(to).date().min(self.today);
        first.series(1.day()).take_while(|day| *day <= last).collect()
    }

    /// The minutes of a trading day that may lie within a range.
    fn minutes_of(&self, day: Date, from: Timestamp, to: Timestamp) -> Vec<Minute> {
        match self.days.iter().find(|d| d.day == day) {
            Some(record) => self.recorded(record, from, to),
            None => self.generated(day),
        }
    }

    /// A recorded day of an underlying itself that is over needs no drawing.
    fn closing(&self, day: Date) -> Option<Vec<Minute>> {
        let itself = matches!(self.listed.contract.kind, ContractKind::Index | ContractKind::Equity);
        let record = self.days.iter().find(|d| d.day == day).filter(|_| itself)?;
        let (_, closing) = record.closings.first()?;
        let start = record.runs.first()?.from.as_second();
        let (high, low) = (closing.day.high.max(closing.close), closing.day.low.min(closing.close));
        Some(vec![Minute { start, open: closing.day.open, high, low, close: closing.close }])
    }

    /// The underlying's minutes of a day on which the exchange was not running.
    pub(super) fn underlyings_past(&self, day: Date) -> Vec<Minute> {
        let Some((spec, process)) = self.market.specs.first().zip(self.market.processes.first()) else {
            return Vec::new();
        };
        let pinned = self.days.iter().filter(|d| d.day > day).find_map(|d| {
            let first = d.origins.first()?;
            Some((d.day, first.process.previous_close()))
        });
        let (pinned_day, pinned_at) = pinned.unwrap_or((self.today, process.anchor()));
        let past = Past {
            noise: &self.market.noise,
            stream: process.stream(),
            vol: spec.vol,
            place: spec.contract.exchange,
            calendar: self.clock.calendar(),
            pinned_day,
            pinned_at,
        };
        past.minutes(day)
    }

    fn generated(&self, day: Date) -> Vec<Minute> {
        if day >= self.today || !self.was_listed(day) {
            return Vec::new();
        }
        let vol = self.market.specs.first().map_or(0.1, |s| s.vol);
        let worth = |spot: i64, second: i64| worth_then(&self.listed, spot, vol, instant(second)).0;
        let minute = |m: Minute| {
            let (open, close) = (worth(m.open, m.start), worth(m.close, m.start + 59));
            let (a, b) = (worth(m.high, m.start), worth(m.low, m.start));
            let (high, low) = (a.max(b).max(open).max(close), a.min(b).min(open).min(close));
            Minute { start: m.start, open, high, low, close }
        };
        self.underlyings_past(day).into_iter().map(minute).collect()
    }

    fn was_listed(&self, day: Date) -> bool {
        let Some(expiry) = self.listed.contract.expiry() else { return true };
        day <= expiry && expiry.saturating_sub(LISTED_DAYS.days()) <= day
    }

    /// The minutes of a recorded day, from the prices of its steps.
    fn recorded(&self, record: &DayRecord, from: Timestamp, to: Timestamp) -> Vec<Minute> {
        let mut drawing = Drawing {
            listed: &self.listed,
            market: self.market.clone(),
            standing: None,
            live_block: self.live_step / BLOCK,
            minutes: Vec::new(),
        };
        for run in &record.runs {
            let end = run.to.unwrap_or(after_ms(self.now, 1));
            let begin = run.from.max(from).as_millisecond();
            drawing.run(run, &record.origins, begin, end.min(to).as_millisecond());
        }
        self.with_own_trades(drawing.minutes)
    }

    /// What the account itself traded was traded, too.
    fn with_own_trades(&self, mut minutes: Vec<Minute>) -> Vec<Minute> {
        for (second, at, _) in &self.trades {
            if let Some(minute) = minutes.iter_mut().find(|m| (m.start..m.start + 60).contains(second)) {
                minute.high = minute.high.max(*at);
                minute.low = minute.low.min(*at);
            }
        }
        minutes
    }

    /// Gathers minutes into longer bars, counted from 09:15.
    fn gather(&self, minutes: &[Minute], day: Date, length: u32) -> Vec<Bar> {
        let anchor = from_ist(day.to_datetime(Time::constant(9, 15, 0, 0))).as_second();
        let seconds = i64::from(length.max(1)) * 60;
        let mut bars: Vec<Bar> = Vec::new();
        for minute in minutes {
            let start = instant(anchor + (minute.start - anchor).div_euclid(seconds) * seconds);
            let bar = self.bar(minute, start);
            match bars.last_mut() {
                Some(last) if last.start == start => *last = joined(*last, bar),
                _ => bars.push(bar),
            }
        }
        bars
    }

    fn bar(&self, minute: &Minute, start: Timestamp) -> Bar {
        let (begin, end) = (instant(minute.start), instant(minute.start + 60).min(self.now));
        let part = (self.clock.day_part(end) - self.clock.day_part(begin)).clamp(0.0, 1.0);
        let here = |t: &&(i64, i64, u32)| (minute.start..minute.start + 60).contains(&t.0);
        let own: u64 = self.trades.iter().filter(here).map(|t| u64::from(t.2)).sum();
        let has_interest = self.listed.contract.expiry().is_some();
        Bar {
            start,
            open: price(minute.open),
            high: price(minute.high),
            low: price(minute.low),
            close: price(minute.close),
            volume: (self.market.day_volume(&self.listed) * part) as u64 + own,
            open_interest: if has_interest { u64::from(self.market.open_interest(&self.listed)) } else { 0 },
        }
    }
}

/// Two bars that follow one another as one.
pub(super) fn joined(first: Bar, next: Bar) -> Bar {
    Bar {
        start: first.start,
        open: first.open,
        high: first.high.max(next.high),
        low: first.low.min(next.low),
        close: next.close,
        volume: first.volume + next.volume,
        open_interest: next.open_interest,
    }
}

/// Walks through the steps of recorded runs and notes the minutes they fall into.
struct Drawing<'a> {
    listed: &'a Listed,
    market: Market,
    /// The origin (by its step) whose process stands in the market.
    standing: Option<u64>,
    /// The block prices are made in now: it has not reached its extremes yet.
    live_block: u64,
    minutes: Vec<Minute>,
}

impl Drawing<'_> {
    fn run(&mut self, run: &Run, origins: &[Origin], begin: i64, end: i64) {
        let step_ms = i64::from(self.market.behaviour.step_ms.max(1));
        let step_of = |ms: i64| u64::try_from((ms - run.origin).max(0) / step_ms).unwrap_or(0);
        let time_of = |step: u64| run.origin + i64::try_from(step).unwrap_or(i64::MAX / step_ms) * step_ms;
        if begin >= end {
            return;
        }
        let (mut step, last) = (step_of(begin), step_of(end - 1));
        while step <= last {
            let Some(n) = origins.iter().rposition(|o| o.step <= step) else {
                // Nothing is known of before the first origin.
                let Some(first) = origins.first() else { return };
                step = first.step;
                continue;
            };
            let until = origins.get(n + 1).map_or(u64::MAX, |next| next.step.saturating_sub(1));
            let minute = time_of(step).max(begin).div_euclid(MINUTE);
            let minute_end = step_of((minute + 1) * MINUTE - 1).max(step);
            let block_end = step / BLOCK * BLOCK + BLOCK - 1;
            let piece_end = last.min(until).min(minute_end).min(block_end);
            if let Some(origin) = origins.get(n) {
                self.stand(origin, step);
                self.piece(step, piece_end, minute * 60, &time_of);
            }
            step = piece_end + 1;
        }
    }

    /// Brings the origin's process to the block of a step.
    fn stand(&mut self, origin: &Origin, step: u64) {
        let behind = self.market.processes.first().is_none_or(|p| p.block() > step / BLOCK);
        if self.standing != Some(origin.step) || behind {
            self.market.processes = vec![origin.process.clone()];
            self.standing = Some(origin.step);
        }
        for process in &mut self.market.processes {
            process.advance_to(step / BLOCK, &self.market.noise, &self.market.rules);
        }
    }

    /// Steps of one block and one minute.
    fn piece(&mut self, first: u64, last: u64, minute: i64, time_of: &impl Fn(u64) -> i64) {
        let (mut top, mut bottom) = ((i64::MIN, first), (i64::MAX, first));
        for step in first..=last {
            self.market.step = step;
            let spot = self.market.spot(0);
            top = if spot > top.0 { (spot, step) } else { top };
            bottom = if spot < bottom.0 { (spot, step) } else { bottom };
        }
        let at = |drawing: &mut Self, step: u64| {
            drawing.market.step = step;
            let time = Timestamp::from_millisecond(time_of(step)).unwrap_or(Timestamp::MIN);
            drawing.market.book(drawing.listed, time).last
        };
        let (open, close) = (at(self, first), at(self, last));
        let (a, b) = (at(self, top.1), at(self, bottom.1));
        let (mut high, mut low) = (a.max(b).max(open).max(close), a.min(b).min(open).min(close));
        if self.listed.contract.kind == ContractKind::Index {
            self.reach(first / BLOCK, top, bottom, &mut high, &mut low);
        }
        match self.minutes.last_mut() {
            Some(known) if known.start == minute => {
                known.high = known.high.max(high);
                known.low = known.low.min(low);
                known.close = close;
            }
            _ => self.minutes.push(Minute { start: minute, open, high, low, close }),
        }
    }

    /// The day's range takes a block's extremes from a formula once the block is over; the minute in which the steps come
    /// nearest to them has them too, so that day and minutes agree.
    fn reach(&self, block: u64, top: (i64, u64), bottom: (i64, u64), high: &mut i64, low: &mut i64) {
        let Some(process) = self.market.processes.first().filter(|_| block < self.live_block) else { return };
        let (most, least) = process.extremes(&self.market.noise, &self.market.rules);
        let steps = block * BLOCK..(block + 1) * BLOCK;
        let spot = |step: u64| process.spot(step, &self.market.noise, &self.market.rules);
        let (all_high, all_low) = steps.map(spot).fold((i64::MIN, i64::MAX), |(h, l), s| (h.max(s), l.min(s)));
        if top.0 == all_high {
            *high = (*high).max(most);
        }
        if bottom.0 == all_low {
            *low = (*low).min(least);
        }
    }
}
