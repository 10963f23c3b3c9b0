//! Charts: daily and intraday bars, and those of expired options by their distance from the money.
//!
//! Bars come as parallel arrays, stamped with their start in true UTC seconds (the live feed's stamps are not).

use std::fmt;

use jiff::civil::{Date, DateTime};
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::enums::{ExchangeSegment, ExpiryFlag, InstrumentType, Interval, OptionType, RollingField};
use super::values;
use crate::domain::time::{Timestamp, from_ist};

/// The longest range of one intraday call, in days.
pub const MOST_INTRADAY_DAYS: i32 = 90;

/// The longest range of one call for expired options, in days.
pub const MOST_ROLLING_DAYS: i32 = 31;

/// Body of `POST /charts/historical`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DailyRequest {
    /// A text here.
    #[serde(with = "values::text")]
    pub security_id: String,
    pub exchange_segment: ExchangeSegment,
    pub instrument: InstrumentType,
    #[serde(with = "values::whole")]
    pub expiry_code: i64,
    /// Whether open interest is wanted.
    #[serde(with = "values::flag")]
    pub oi: bool,
    #[serde(with = "values::date")]
    pub from_date: Option<Date>,
    /// Not itself part of the answer.
    #[serde(with = "values::date")]
    pub to_date: Option<Date>,
}

/// Body of `POST /charts/intraday`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IntradayRequest {
    /// A text here.
    #[serde(with = "values::text")]
    pub security_id: String,
    pub exchange_segment: ExchangeSegment,
    pub instrument: InstrumentType,
    pub interval: Interval,
    #[serde(with = "values::flag")]
    pub oi: bool,
    pub from_date: Option<ChartTime>,
    /// Of no meaning on the current day: bars up to now are sent.
    pub to_date: Option<ChartTime>,
}

/// One end of an intraday range: a moment, or a whole day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChartTime {
    Day(Date),
    /// By the clock of India.
    Moment(DateTime),
}

impl ChartTime {
    /// `2026-11-20 09:15:00`, or the day alone.
    pub fn read(text: &str) -> Option<Self> {
        let text = values::present(text)?;
        let day = values::parse_date(text)?;
        if !text.contains([' ', 'T']) {
            return Some(Self::Day(day));
        }
        values::parse_ist(text).map(|at| Self::Moment(crate::domain::time::ist(at)))
    }

    /// As the beginning of a range.
    pub fn start(self) -> Timestamp {
        match self {
            Self::Day(day) => from_ist(day.at(0, 0, 0, 0)),
            Self::Moment(at) => from_ist(at),
        }
    }

    /// As the end of a range, which is not itself part of it: a day is meant whole.
    pub fn end(self) -> Timestamp {
        match self {
            Self::Day(day) => from_ist(day.tomorrow().unwrap_or(day).at(0, 0, 0, 0)),
            Self::Moment(at) => from_ist(at),
        }
    }
}

impl fmt::Display for ChartTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => day.fmt(f),
            Self::Moment(at) => at.strftime("%Y-%m-%d %H:%M:%S").fmt(f),
        }
    }
}
impl Serialize for ChartTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for ChartTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::read(&text).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is neither a day nor a time")))
    }
}

/// Answer to both: parallel arrays. An empty one does not prove that the id is known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Candles {
    #[serde(with = "values::numbers")]
    pub open: Vec<Decimal>,
    #[serde(with = "values::numbers")]
    pub high: Vec<Decimal>,
    #[serde(with = "values::numbers")]
    pub low: Vec<Decimal>,
    #[serde(with = "values::numbers")]
    pub close: Vec<Decimal>,
    #[serde(with = "values::wholes")]
    pub volume: Vec<i64>,
    /// Starts of the bars, UTC seconds. A day's bar is stamped with midnight in India.
    #[serde(with = "values::wholes")]
    pub timestamp: Vec<i64>,
    /// Zeros or missing unless asked for.
    #[serde(with = "values::wholes")]
    pub open_interest: Vec<i64>,
}

/// One bar of a chart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CandleRow {
    /// UTC seconds.
    pub start: i64,
    pub open: Decimal,
    pub high: Decimal,
    pub low: Decimal,
    pub close: Decimal,
    pub volume: i64,
    pub open_interest: i64,
}

/// Arrays of a chart that are not of one length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the chart's arrays are not of one length ({bars} bars, {field} has {length})")]
pub struct Uneven {
    pub bars: usize,
    pub field: &'static str,
    pub length: usize,
}

impl Candles {
    pub fn push(&mut self, row: CandleRow) {
        self.open.push(row.open);
        self.high.push(row.high);
        self.low.push(row.low);
        self.close.push(row.close);
        self.volume.push(row.volume);
        self.timestamp.push(row.start);
        self.open_interest.push(row.open_interest);
    }

    /// The bars. Open interest may be missing as a whole.
    pub fn rows(&self) -> Result<Vec<CandleRow>, Uneven> {
        let bars = self.timestamp.len();
        let fits = |field, length| if length == bars { Ok(()) } else { Err(Uneven { bars, field, length }) };
        fits("open", self.open.len())?;
        fits("high", self.high.len())?;
        fits("low", self.low.len())?;
        fits("close", self.close.len())?;
        fits("volume", self.volume.len())?;
        if !self.open_interest.is_empty() {
            fits("open_interest", self.open_interest.len())?;
        }
        let at = |values: &[Decimal], n: usize| values.get(n).copied().unwrap_or_default();
        let row = |(n, start): (usize, &i64)| CandleRow {
            start: *start,
            open: at(&self.open, n),
            high: at(&self.high, n),
            low: at(&self.low, n),
            close: at(&self.close, n),
            volume: self.volume.get(n).copied().unwrap_or_default(),
            open_interest: self.open_interest.get(n).copied().unwrap_or_default(),
        };
        Ok(self.timestamp.iter().enumerate().map(row).collect())
    }
}

/// Body of `POST /charts/rollingoption`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RollingRequest {
    pub exchange_segment: ExchangeSegment,
    pub interval: Interval,
    /// The underlying's; an integer here.
    #[serde(with = "values::whole")]
    pub security_id: i64,
    pub instrument: InstrumentType,
    pub expiry_flag: ExpiryFlag,
    /// 1 near, 2 next, 3 far. 0 is refused.
    #[serde(with = "values::whole")]
    pub expiry_code: i64,
    pub strike: RollingStrike,
    pub drv_option_type: OptionType,
    pub required_data: Vec<RollingField>,
    #[serde(with = "values::date")]
    pub from_date: Option<Date>,
    /// Not itself part of the answer.
    #[serde(with = "values::date")]
    pub to_date: Option<Date>,
}

/// Distance from the money in strikes: `ATM`, `ATM+2`, `ATM-10`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RollingStrike(pub i32);

impl RollingStrike {
    pub fn read(text: &str) -> Option<Self> {
        let offset = text.trim().strip_prefix("ATM")?.trim();
        if offset.is_empty() {
            return Some(Self(0));
        }
        let signed = offset.starts_with(['+', '-']);
        offset.parse().ok().filter(|_| signed).map(Self)
    }
}

impl fmt::Display for RollingStrike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 { f.write_str("ATM") } else { write!(f, "ATM{:+}", self.0) }
    }
}
impl Serialize for RollingStrike {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for RollingStrike {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::read(&text).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not a strike like ATM+1")))
    }
}

/// Answer to `POST /charts/rollingoption`. No status.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RollingAnswer {
    pub data: RollingSides,
}

/// Only the side asked for is there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RollingSides {
    pub ce: Option<RollingSeries>,
    pub pe: Option<RollingSeries>,
}

/// Parallel arrays; one that was not asked for is empty. Rows can be sparse.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RollingSeries {
    /// Percent a year.
    #[serde(with = "values::numbers")]
    pub iv: Vec<Decimal>,
    #[serde(with = "values::wholes")]
    pub oi: Vec<i64>,
    #[serde(with = "values::numbers")]
    pub strike: Vec<Decimal>,
    #[serde(with = "values::numbers")]
    pub spot: Vec<Decimal>,
    #[serde(with = "values::numbers")]
    pub open: Vec<Decimal>,
    #[serde(with = "values::numbers")]
    pub high: Vec<Decimal>,
    #[serde(with = "values::numbers")]
    pub low: Vec<Decimal>,
    #[serde(with = "values::numbers")]
    pub close: Vec<Decimal>,
    #[serde(with = "values::wholes")]
    pub volume: Vec<i64>,
    #[serde(with = "values::wholes")]
    pub timestamp: Vec<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_strike_is_a_distance_from_the_money() {
        for (text, steps) in [("ATM", 0), ("ATM+1", 1), ("ATM-10", -10)] {
            assert_eq!(RollingStrike::read(text), Some(RollingStrike(steps)));
            assert_eq!(RollingStrike(steps).to_string(), text);
        }
        for text in ["", "ATM1", "OTM+1", "ATM+", "25900"] {
            assert_eq!(RollingStrike::read(text), None, "{text}");
        }
    }

    #[test]
    fn a_range_ends_with_a_moment_or_with_a_whole_day() {
        let day = ChartTime::read("2026-11-20").unwrap();
        assert_eq!(day.start(), from_ist(date(2026, 11, 20).at(0, 0, 0, 0)));
        assert_eq!(day.end(), from_ist(date(2026, 11, 21).at(0, 0, 0, 0)));
        let moment = ChartTime::read("2026-11-20 09:15:00").unwrap();
        assert_eq!((moment.start(), moment.end()), (moment.end(), from_ist(date(2026, 11, 20).at(9, 15, 0, 0))));
        assert_eq!(moment.to_string(), "2026-11-20 09:15:00");
        assert_eq!(ChartTime::read("yesterday"), None);
    }

    #[test]
    fn bars_are_read_with_whatever_open_interest_there_is() {
        let text = r#"{"open":[1,"2"],"high":[3,3.5],"low":[0.5,1],"close":[2,null],"volume":[10.0,"7"],
            "timestamp":[1795146300,1795146360]}"#;
        let candles: Candles = serde_json::from_str(text).unwrap();
        let rows = candles.rows().unwrap();
        assert_eq!((rows[1].open, rows[1].close, rows[1].volume), (Decimal::TWO, Decimal::ZERO, 7));
        assert_eq!(rows[0].open_interest, 0);
        let uneven = Candles { low: Vec::new(), ..candles };
        assert_eq!(uneven.rows(), Err(Uneven { bars: 2, field: "low", length: 0 }));
        assert_eq!(serde_json::from_str::<Candles>("{}").unwrap().rows(), Ok(Vec::new()));
    }
}
