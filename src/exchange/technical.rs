//! Conditions on technical indicators: what is compared with what, whenever a candle of their time frame has closed.
//!
//! The candles are drawn once and then continued; they follow from the prices, so the books do not keep them.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::domain::time::{Timestamp, after_ms};
use crate::domain::{Against, Bar, Comparison, Condition, Indicator, TimeFrame};

use super::Exchange;
use super::indicators::{self, Candle};
use super::order::Refusal;
use super::prices::BLOCK;
use super::triggers::Look;

/// Digits behind the point to which an indicator is compared.
const DIGITS: u32 = 4;

/// A comparison of an indicator, over candles of some length, with something.
#[derive(Clone, Copy, Debug)]
pub(super) struct Technical {
    pub indicator: Indicator,
    pub time_frame: TimeFrame,
    pub with: Against,
}

impl Technical {
    /// Candles that are kept: as many as the longer indicator reaches back, at this look and at the one before.
    fn reach(self) -> usize {
        let other = match self.with {
            Against::Indicator(other) => indicators::reach(other),
            Against::Value(_) | Against::Close => 0,
        };
        indicators::reach(self.indicator).max(other) + 1
    }

    /// Both sides at the last of these bars; `None` while they are too few.
    fn sides(self, bars: &[Bar]) -> Option<(Decimal, Decimal)> {
        let candles: Vec<Candle> = bars.iter().filter_map(candle).collect();
        let value = |indicator| {
            let value = indicators::value(indicator, &candles)?;
            Decimal::from_f64_retain(value).map(|value| value.round_dp(DIGITS))
        };
        let right = match self.with {
            Against::Value(value) => value,
            Against::Indicator(other) => value(other)?,
            Against::Close => bars.last()?.close.0,
        };
        Some((value(self.indicator)?, right))
    }
}

fn candle(bar: &Bar) -> Option<Candle> {
    Some(Candle { high: bar.high.0.to_f64()?, low: bar.low.0.to_f64()?, close: bar.close.0.to_f64()? })
}

impl Exchange {
    /// The candles a condition is judged by; refused where they are too few for its indicators.
    pub(super) fn candles_for(&self, condition: &Condition) -> Result<Vec<Bar>, Refusal> {
        let technical = match condition.comparison {
            Comparison::Price { .. } => return Ok(Vec::new()),
            Comparison::Technical { indicator, time_frame, with } => Technical { indicator, time_frame, with },
        };
        let charts = self.charts(&condition.contract);
        let bars = charts.map(|c| c.closed(technical.time_frame, technical.reach())).unwrap_or_default();
        if technical.sides(&bars).is_none() {
            return Err(Refusal::Input(format!(
                "{} cannot be computed: there are too few candles of {} ({})",
                technical.indicator.as_str(),
                technical.time_frame.as_str(),
                bars.len(),
            )));
        }
        Ok(bars)
    }

    /// How both sides stand, and stood at the last look; `None` where no candle has closed since.
    pub(super) fn look_at_candles(&mut self, number: u64, technical: Technical) -> Option<Look> {
        let running = self.candle_began(technical.time_frame);
        let standing = self.triggers.get_mut(&number)?;
        let last_look = standing.candle.replace(running);
        if last_look == Some(running) {
            return None;
        }
        let contract = standing.trigger.condition.contract;
        let charts = self.charts(&contract)?;
        // Prices of a block show their extremes when it is over: candles drawn before that are drawn once more.
        let block = self.step_ms() * i64::try_from(BLOCK).unwrap_or(i64::MAX);
        let candles = self.candles.entry(number).or_default();
        let settled = candles.last().map_or(Timestamp::MIN, |last| after_ms(last.start, -block));
        candles.retain(|bar| bar.start < settled);
        match candles.last() {
            Some(last) => candles.extend(charts.closed_since(technical.time_frame, last.start)),
            None => *candles = charts.closed(technical.time_frame, technical.reach()),
        }
        candles.drain(..candles.len().saturating_sub(technical.reach()));
        let before = last_look.and_then(|then| {
            let known = candles.partition_point(|bar| bar.start < then);
            technical.sides(candles.get(..known)?)
        });
        let look = Look { before, now: technical.sides(candles)? };
        // A look that was taken is not taken again after a restart.
        self.note_trigger(number);
        Some(look)
    }
}
