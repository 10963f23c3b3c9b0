//! Technical indicators over closed candles, by the names the broker's conditional triggers have for them.
//!
//! The broker names them and prints no formulas; these are the common ones: exponential averages begin with a simple one and
//! weigh by `2 / (length + 1)`; Wilder's (RSI, ATR) by `1 / length`; Bollinger's bands lie two standard deviations of the
//! population from the average of 20 closes; the stochastic is the fast %K of 14 candles; the two components of MACD are its
//! averages of 12 and 26 closes, the histogram their difference less its average of 9. Nothing here is money: floats will do.

use crate::domain::Indicator;

/// Candles of the relative strength, the true range and the two stochastics.
const OSCILLATOR: usize = 14;
/// Candles of Bollinger's bands, and how many deviations they lie apart from the average.
const BAND: usize = 20;
const DEVIATIONS: f64 = 2.0;
/// MACD's averages.
const FAST: usize = 12;
const SLOW: usize = 26;
const SIGNAL: usize = 9;
/// Averages that never forget are begun this many times their length back: what came before weighs less than one per cent.
const WARM_UP: usize = 4;
/// Where an oscillator stands that has no range to stand in.
const MIDDLE: f64 = 50.0;

/// What an indicator knows of a candle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Candle {
    pub high: f64,
    pub low: f64,
    pub close: f64,
}

/// How many candles an indicator is computed from, where there are as many.
pub(super) fn reach(indicator: Indicator) -> usize {
    match shape(indicator) {
        Shape::Simple(length) => length,
        Shape::Exponential(length) => WARM_UP * length,
        Shape::Band(_) => BAND,
        Shape::Stochastic => OSCILLATOR,
        // Wilder's averages forget half as fast.
        Shape::RelativeStrength | Shape::TrueRange => 2 * WARM_UP * OSCILLATOR,
        Shape::StochasticStrength => 2 * WARM_UP * OSCILLATOR + OSCILLATOR,
        Shape::Histogram => WARM_UP * (SLOW + SIGNAL),
    }
}

/// The indicator at the last of these candles, the oldest first; `None` while they are too few.
pub(super) fn value(indicator: Indicator, candles: &[Candle]) -> Option<f64> {
    let candles = last(candles, reach(indicator)).unwrap_or(candles);
    let closes: Vec<f64> = candles.iter().map(|c| c.close).collect();
    match shape(indicator) {
        Shape::Simple(length) => mean(last(&closes, length)?),
        Shape::Exponential(length) => exponential(&closes, length).last().copied(),
        Shape::Band(side) => {
            let closes = last(&closes, BAND)?;
            Some(mean(closes)? + side * DEVIATIONS * deviation(closes)?)
        }
        Shape::RelativeStrength => relative_strength(&closes).last().copied(),
        Shape::TrueRange => smoothed(&true_ranges(candles), OSCILLATOR, 1.0 / OSCILLATOR as f64).last().copied(),
        Shape::Stochastic => {
            let candles = last(candles, OSCILLATOR)?;
            let low = candles.iter().map(|c| c.low).fold(f64::INFINITY, f64::min);
            let high = candles.iter().map(|c| c.high).fold(f64::NEG_INFINITY, f64::max);
            Some(within(candles.last()?.close, low, high))
        }
        Shape::StochasticStrength => {
            let strengths = relative_strength(&closes);
            let strengths = last(&strengths, OSCILLATOR)?;
            let low = strengths.iter().copied().fold(f64::INFINITY, f64::min);
            let high = strengths.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            Some(within(*strengths.last()?, low, high))
        }
        Shape::Histogram => {
            let (fast, slow) = (exponential(&closes, FAST), exponential(&closes, SLOW));
            let lines: Vec<f64> = fast.iter().skip(SLOW - FAST).zip(&slow).map(|(f, s)| f - s).collect();
            Some(lines.last()? - exponential(&lines, SIGNAL).last()?)
        }
    }
}

/// What an indicator is, with its length where there are several of a kind.
enum Shape {
    Simple(usize),
    Exponential(usize),
    /// Above the average or below it.
    Band(f64),
    RelativeStrength,
    TrueRange,
    Stochastic,
    StochasticStrength,
    Histogram,
}

fn shape(indicator: Indicator) -> Shape {
    match indicator {
        Indicator::Sma5 => Shape::Simple(5),
        Indicator::Sma10 => Shape::Simple(10),
        Indicator::Sma20 => Shape::Simple(20),
        Indicator::Sma50 => Shape::Simple(50),
        Indicator::Sma100 => Shape::Simple(100),
        Indicator::Sma200 => Shape::Simple(200),
        Indicator::Ema5 => Shape::Exponential(5),
        Indicator::Ema10 => Shape::Exponential(10),
        Indicator::Ema20 => Shape::Exponential(20),
        Indicator::Ema50 => Shape::Exponential(50),
        Indicator::Ema100 => Shape::Exponential(100),
        Indicator::Ema200 => Shape::Exponential(200),
        Indicator::BollingerUpper => Shape::Band(1.0),
        Indicator::BollingerLower => Shape::Band(-1.0),
        Indicator::Rsi14 => Shape::RelativeStrength,
        Indicator::Atr14 => Shape::TrueRange,
        Indicator::Stochastic => Shape::Stochastic,
        Indicator::StochasticRsi14 => Shape::StochasticStrength,
        Indicator::Macd26 => Shape::Exponential(SLOW),
        Indicator::Macd12 => Shape::Exponential(FAST),
        Indicator::MacdHistogram => Shape::Histogram,
    }
}

/// The last so many; `None` where there are fewer.
fn last<T>(all: &[T], count: usize) -> Option<&[T]> {
    all.get(all.len().checked_sub(count)?..)
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Of the population, not of a sample.
fn deviation(values: &[f64]) -> Option<f64> {
    let middle = mean(values)?;
    let squares: Vec<f64> = values.iter().map(|v| (v - middle) * (v - middle)).collect();
    mean(&squares).map(libm::sqrt)
}

fn exponential(values: &[f64], length: usize) -> Vec<f64> {
    smoothed(values, length, 2.0 / (length as f64 + 1.0))
}

/// A running average in which the newest value has this weight, from the `length`-th value on; it begins with their mean.
fn smoothed(values: &[f64], length: usize, weight: f64) -> Vec<f64> {
    let Some((first, rest)) = values.split_at_checked(length) else { return Vec::new() };
    let Some(mut at) = mean(first) else { return Vec::new() };
    let mut all = vec![at];
    for value in rest {
        at += weight * (value - at);
        all.push(at);
    }
    all
}

/// The part of gains in the average moves, in per cent, from the close after the first `OSCILLATOR` moves on.
fn relative_strength(closes: &[f64]) -> Vec<f64> {
    let moves = || closes.windows(2).map(|pair| pair[1] - pair[0]);
    let averages = |moves: Vec<f64>| smoothed(&moves, OSCILLATOR, 1.0 / OSCILLATOR as f64);
    let gains = averages(moves().map(|m| m.max(0.0)).collect());
    let losses = averages(moves().map(|m| (-m).max(0.0)).collect());
    gains.iter().zip(&losses).map(|(gain, loss)| within(*gain, 0.0, gain + loss)).collect()
}

/// How far a candle reaches, from the close before it on. The first has no close before it.
fn true_ranges(candles: &[Candle]) -> Vec<f64> {
    let range = |pair: &[Candle]| pair[1].high.max(pair[0].close) - pair[1].low.min(pair[0].close);
    candles.windows(2).map(range).collect()
}

/// Where a value lies between two others, in per cent.
fn within(value: f64, low: f64, high: f64) -> f64 {
    if high > low { 100.0 * (value - low) / (high - low) } else { MIDDLE }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(close: f64) -> Candle {
        Candle { high: close, low: close, close }
    }

    fn closes(values: impl IntoIterator<Item = f64>) -> Vec<Candle> {
        values.into_iter().map(flat).collect()
    }

    fn is(indicator: Indicator, candles: &[Candle], expected: f64) {
        let found = value(indicator, candles);
        assert!(found.is_some_and(|v| (v - expected).abs() < 1e-9), "{indicator:?} is {found:?}, not {expected}");
    }

    #[test]
    fn averages_are_of_the_last_closes_and_the_exponential_one_leans_to_the_newest() {
        let rising = closes([100.0, 10.0, 20.0, 30.0, 40.0, 50.0]);
        is(Indicator::Sma5, &rising, 30.0);
        // Begun with (100 + 10 + 20 + 30 + 40) / 5 = 40, then a third of the way to 50.
        is(Indicator::Ema5, &rising, 40.0 + 10.0 / 3.0);
        is(Indicator::Macd12, &closes((1..=13).map(f64::from)), 6.5 + 2.0 / 13.0 * 6.5);
        is(Indicator::Macd26, &closes((1..=26).map(f64::from)), 13.5);
    }

    #[test]
    fn bands_lie_two_deviations_from_the_average_of_twenty() {
        // Ten closes of 90 and ten of 110: the average is 100, the deviation 10.
        let swing = closes((0..20).map(|n| if n % 2 == 0 { 90.0 } else { 110.0 }));
        is(Indicator::BollingerUpper, &swing, 120.0);
        is(Indicator::BollingerLower, &swing, 80.0);
    }

    #[test]
    fn relative_strength_is_the_part_of_gains_in_all_moves() {
        // Seven moves of +3 and seven of -1: 21 of 28.
        let first =
            || (0..15).scan(100.0, |at, n| Some(std::mem::replace(at, *at + if n % 2 == 0 { 3.0 } else { -1.0 })));
        is(Indicator::Rsi14, &closes(first()), 75.0);
        // A move of +14 more: gains (13 * 1.5 + 14) / 14, losses 13 * 0.5 / 14.
        is(Indicator::Rsi14, &closes(first().chain([128.0])), 100.0 * 33.5 / (33.5 + 6.5));
        is(Indicator::Rsi14, &closes((0..15).map(f64::from)), 100.0);
        is(Indicator::Rsi14, &closes((0..15).map(|n| -f64::from(n))), 0.0);
        is(Indicator::Rsi14, &closes([100.0; 15]), 50.0);
    }

    #[test]
    fn the_true_range_counts_the_gap_to_the_close_before() {
        let candle = |low: f64| Candle { high: low + 4.0, low, close: low + 1.0 };
        // Each begins 10 above the last one's low: from the close before (low + 1) to the high (low + 14).
        let gaps: Vec<Candle> = (0..15).map(|n| candle(100.0 + 10.0 * f64::from(n))).collect();
        is(Indicator::Atr14, &gaps, 13.0);
        let mut wider = gaps.clone();
        // The close before is 241: from 214 to 241.
        wider.push(Candle { high: 230.0, low: 214.0, close: 220.0 });
        is(Indicator::Atr14, &wider, (13.0 * 13.0 + 27.0) / 14.0);
    }

    #[test]
    fn stochastics_tell_where_the_last_one_lies_in_the_range_of_fourteen() {
        let mut range = vec![Candle { high: 110.0, low: 90.0, close: 100.0 }; 13];
        range.push(flat(105.0));
        is(Indicator::Stochastic, &range, 75.0);
        // What is older than fourteen candles is no part of it.
        range.insert(0, Candle { high: 200.0, low: 1.0, close: 100.0 });
        is(Indicator::Stochastic, &range, 75.0);
        // Strengths of 100 while it rises; the first fall is the lowest of the fourteen.
        let rising = (0..27).map(f64::from);
        is(Indicator::StochasticRsi14, &closes(rising.clone().chain([20.0])), 0.0);
        is(Indicator::StochasticRsi14, &closes(rising.chain([20.0, 60.0, 200.0]).skip(1)), 100.0 * recovered());
    }

    /// Where the strength stands in its range after 25 moves of +1, one of -6, one of +40 and one of +140.
    fn recovered() -> f64 {
        let step = |(gain, loss): (f64, f64), to: f64| {
            ((13.0 * gain + to.max(0.0)) / 14.0, (13.0 * loss + (-to).max(0.0)) / 14.0)
        };
        let strength = |(gain, loss): (f64, f64)| 100.0 * gain / (gain + loss);
        let fallen = step((1.0, 0.0), -6.0);
        let last = step(step(fallen, 40.0), 140.0);
        (strength(last) - strength(fallen)) / (100.0 - strength(fallen))
    }

    #[test]
    fn the_histogram_is_how_far_the_averages_have_lately_come_apart() {
        is(Indicator::MacdHistogram, &closes([100.0; 34]), 0.0);
        // Of a straight rise both averages lag by a constant: their difference does not change.
        is(Indicator::MacdHistogram, &closes((0..140).map(f64::from)), 0.0);
        // After 34 flat candles a jump of 100 moves the averages by 2/13 and 2/27 of it, and the signal by a fifth of that.
        let apart = 100.0 * (2.0 / 13.0 - 2.0 / 27.0);
        is(Indicator::MacdHistogram, &closes([100.0; 34].into_iter().chain([200.0])), apart * 0.8);
    }

    #[test]
    fn too_few_candles_make_no_indicator_and_a_reach_of_them_always_does() {
        let fewest = |indicator| (0..=1000).find(|n| value(indicator, &vec![flat(1.0); *n]).is_some()).unwrap();
        for (indicator, least) in [
            (Indicator::Sma200, 200),
            (Indicator::Ema50, 50),
            (Indicator::BollingerLower, 20),
            (Indicator::Rsi14, 15),
            (Indicator::Atr14, 15),
            (Indicator::Stochastic, 14),
            (Indicator::StochasticRsi14, 28),
            (Indicator::MacdHistogram, 34),
        ] {
            assert_eq!(fewest(indicator), least, "{indicator:?}");
        }
        assert!(Indicator::ALL.iter().all(|i| fewest(*i) <= reach(*i)));
    }

    #[test]
    fn older_candles_than_it_reaches_do_not_matter() {
        let recent: Vec<Candle> = (0..800).map(|n| flat(100.0 + f64::from(n * 37 % 29))).collect();
        let mut longer = vec![flat(9_999.0); 50];
        longer.extend(&recent);
        for indicator in Indicator::ALL {
            assert_eq!(value(*indicator, &recent), value(*indicator, &longer), "{indicator:?}");
        }
    }
}
