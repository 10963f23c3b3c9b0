//! Closed candles: what conditions on indicators are judged by. The same bars as in charts, without the one that still grows.

use jiff::ToSpan;

use crate::domain::time::{Timestamp, after_ms, from_ist, ist};
use crate::domain::{Bar, TimeFrame};

use super::Exchange;
use super::charts::Charts;
use super::past::instant;

/// Calendar days that are searched for the candles of a session, at most.
const MOST_DAYS_BACK: usize = 120;

/// Minutes of an intraday candle; `None` for days.
fn minutes(frame: TimeFrame) -> Option<u32> {
    match frame {
        TimeFrame::Day => None,
        TimeFrame::OneMinute => Some(1),
        TimeFrame::FiveMinutes => Some(5),
        TimeFrame::FifteenMinutes => Some(15),
    }
}

impl Exchange {
    /// When the candle began that grows now. A day's candle is closed when the next trading day begins.
    pub(super) fn candle_began(&self, frame: TimeFrame) -> Timestamp {
        match minutes(frame) {
            None => from_ist(self.today().at(0, 0, 0, 0)),
            // Candles are counted from 09:15, which is a whole number of each of these lengths.
            Some(minutes) => {
                let length = i64::from(minutes) * 60;
                instant(self.now.as_second().div_euclid(length) * length)
            }
        }
    }
}

impl Charts {
    /// The latest candles that are closed, oldest first, at most so many.
    pub(super) fn closed(&self, frame: TimeFrame, count: usize) -> Vec<Bar> {
        let mut candles = match minutes(frame) {
            None => {
                // Five sessions a week, and holidays.
                let days = i64::try_from(count * 3 / 2 + 20).unwrap_or(i64::MAX / 2);
                self.daily(self.today.saturating_sub(days.days()), self.today)
            }
            Some(length) => {
                let mut candles = Vec::new();
                for day in self.today.series(-1.day()).take(MOST_DAYS_BACK) {
                    let mut earlier = self.bars_of_day(day, length);
                    earlier.retain(|bar| self.is_closed(bar, length));
                    earlier.append(&mut candles);
                    candles = earlier;
                    if candles.len() >= count {
                        break;
                    }
                }
                candles
            }
        };
        candles.drain(..candles.len().saturating_sub(count));
        candles
    }

    /// Those that have closed since one that began then.
    pub(super) fn closed_since(&self, frame: TimeFrame, began: Timestamp) -> Vec<Bar> {
        match minutes(frame) {
            None => self.daily(ist(began).date().saturating_add(1.day()), self.today),
            Some(length) => {
                let mut candles = self.intraday(length, after_ms(began, i64::from(length) * 60_000), self.now);
                candles.retain(|bar| self.is_closed(bar, length));
                candles
            }
        }
    }

    fn is_closed(&self, bar: &Bar, minutes: u32) -> bool {
        after_ms(bar.start, i64::from(minutes) * 60_000) <= self.now
    }
}
