//! Reads the calendar's two tables. Columns and keys that only inform people are left alone.

use std::collections::BTreeMap;

use jiff::civil::{Date, Time};
use serde::Deserialize;

use super::{Clock, DayNote, Exchange, Hours, Market, TradingCalendar};

/// A calendar table that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{table}{}: {detail}", line.map(|n| format!(" line {n}")).unwrap_or_default())]
pub struct CalendarError {
    /// `holidays.csv` or `sessions.yaml`, whatever file it was read from.
    pub table: &'static str,
    /// Counted from 1; `None` where the fault belongs to no line.
    pub line: Option<u64>,
    pub detail: String,
}

pub(super) fn read(holidays_csv: &str, sessions_yaml: &str) -> Result<TradingCalendar, CalendarError> {
    let sessions = Sessions::read(sessions_yaml)?;
    let (days, tentative_from) = read_holidays(holidays_csv)?;
    let closing_auction = sessions.equity_cash.iter().filter_map(|row| {
        let auction = row.closing_auction_derivative_stocks.as_ref()?;
        Some((row.effective_from, Hours { open: auction.reference_price.0.open, close: auction.matching.0.close }))
    });
    Ok(TradingCalendar {
        days,
        closing_auction: closing_auction.collect(),
        cash: clock("equity_cash", &sessions.equity_cash)?,
        derivatives: clock("equity_derivatives", &sessions.equity_derivatives)?,
        currency: clock("currency_derivatives", &sessions.currency_derivatives)?,
        commodity: clock("commodity_derivatives", &sessions.commodity_derivatives)?,
        muhurat: sessions.muhurat.into_iter().map(|(date, m)| (date, m.continuous.map(|c| c.0))).collect(),
        tentative_from,
    })
}

#[derive(Deserialize)]
struct Sessions {
    equity_cash: Vec<Row>,
    equity_derivatives: Vec<Row>,
    #[serde(default)]
    currency_derivatives: Vec<Row>,
    #[serde(default)]
    commodity_derivatives: Vec<Row>,
    #[serde(default)]
    muhurat: BTreeMap<Date, Muhurat>,
}

#[derive(Deserialize)]
struct Row {
    effective_from: Date,
    continuous: Option<HoursText>,
    /// Cash since the closing auction: the hours of shares without derivatives are those of the segment.
    continuous_other_stocks: Option<HoursText>,
    closing_auction_derivative_stocks: Option<Auction>,
}

#[derive(Deserialize)]
struct Auction {
    reference_price: HoursText,
    matching: HoursText,
}

#[derive(Deserialize)]
struct Muhurat {
    continuous: Option<HoursText>,
}

impl Sessions {
    fn read(yaml: &str) -> Result<Self, CalendarError> {
        let sessions: Self = serde_saphyr::from_str(yaml).map_err(|e| {
            let line = e.location().map(|at| at.line());
            let detail = e.without_snippet().to_string();
            sessions_error(line, detail.lines().next().unwrap_or("not readable").to_string())
        })?;
        for (key, rows) in
            [("equity_cash", &sessions.equity_cash), ("equity_derivatives", &sessions.equity_derivatives)]
        {
            if rows.is_empty() {
                return Err(sessions_error(None, format!("`{key}` has no row; give at least one with `continuous`")));
            }
        }
        Ok(sessions)
    }
}

fn clock(key: &str, rows: &[Row]) -> Result<Clock, CalendarError> {
    let mut clock = Clock::new();
    for row in rows {
        let hours = row.continuous.as_ref().or(row.continuous_other_stocks.as_ref()).ok_or_else(|| {
            sessions_error(
                None,
                format!("`{key}` from {}: `continuous` is missing, e.g. \"09:15-15:40\"", row.effective_from),
            )
        })?;
        clock.push((row.effective_from, hours.0));
    }
    clock.sort_by_key(|(from, _)| *from);
    if let Some(twice) = clock.windows(2).find(|w| w[0].0 == w[1].0) {
        return Err(sessions_error(None, format!("`{key}` has two rows from {}; keep one", twice[0].0)));
    }
    Ok(clock)
}

fn sessions_error(line: Option<u64>, detail: String) -> CalendarError {
    CalendarError { table: "sessions.yaml", line, detail }
}

/// `09:15-15:40`; a remark may follow after a space.
struct HoursText(Hours);

impl<'de> Deserialize<'de> for HoursText {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        let range = text.split_whitespace().next().and_then(|word| word.split_once('-'));
        let hours = range.and_then(|(a, b)| Some(Hours { open: time_of_day(a)?, close: time_of_day(b)? }));
        match hours {
            Some(hours) if hours.open < hours.close => Ok(Self(hours)),
            _ => Err(serde::de::Error::custom(format!("`{text}` is not a range of times such as 09:15-15:40"))),
        }
    }
}

fn time_of_day(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

type Days = BTreeMap<(Exchange, Date), DayNote>;

#[derive(Deserialize)]
struct HolidayRow {
    date: Date,
    exchange: String,
    segment: String,
    kind: DayKind,
    #[serde(default)]
    name: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum DayKind {
    TradingHoliday,
    /// Expected, not announced: treated as a holiday, and every answer from here on is tentative.
    TentativeHoliday,
    /// A holiday on a Saturday or Sunday: closed anyway, kept for its name.
    WeekendHoliday,
    SpecialSession,
    MuhuratSession,
}

fn read_holidays(csv_text: &str) -> Result<(Days, Option<Date>), CalendarError> {
    let mut days = Days::new();
    let mut tentative_from: Option<Date> = None;
    let text = csv_text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|e| holiday_error(Some(1), e.to_string()))?.clone();
    let mut record = csv::StringRecord::new();
    loop {
        let more = reader.read_record(&mut record).map_err(|e| {
            holiday_error(
                e.position().map(csv::Position::line),
                "the row has another number of columns than the header".into(),
            )
        })?;
        if !more {
            return Ok((days, tentative_from));
        }
        let line = record.position().map(csv::Position::line);
        let row: HolidayRow = record.deserialize(Some(&headers)).map_err(|e| holiday_error(line, row_fault(&e)))?;
        if row.kind == DayKind::TentativeHoliday {
            // Announcements come by calendar year, so the whole year of the first unannounced day is open.
            let year_start = row.date.first_of_year();
            tentative_from = Some(tentative_from.map_or(year_start, |d| d.min(year_start)));
        }
        note_row(&mut days, &row).map_err(|detail| holiday_error(line, detail))?;
    }
}

fn row_fault(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => err.to_string(),
        _ => error.to_string(),
    }
}

fn holiday_error(line: Option<u64>, detail: String) -> CalendarError {
    CalendarError { table: "holidays.csv", line, detail }
}

fn note_row(days: &mut Days, row: &HolidayRow) -> Result<(), String> {
    let mut exchanges = Vec::new();
    for name in row.exchange.split('+') {
        exchanges.push(
            name.parse::<Exchange>()
                .map_err(|_| format!("`{name}` is not an exchange; write NSE, BSE, MCX or NSE+BSE"))?,
        );
    }
    // Its own holidays are not in the table: MCX is taken to close when NSE does.
    if exchanges.contains(&Exchange::Nse) && !exchanges.contains(&Exchange::Mcx) {
        exchanges.push(Exchange::Mcx);
    }
    let mut markets = Vec::new();
    for name in row.segment.split('+') {
        match name {
            "EQ" => markets.push(Market::Cash),
            // Currency and commodity markets close with the derivatives of their exchange.
            "FO" => markets.extend([Market::Derivatives, Market::Currency, Market::Commodity]),
            "CD" => markets.push(Market::Currency),
            "COM" => markets.push(Market::Commodity),
            _ => return Err(format!("`{name}` is not a segment; write EQ, FO, CD, COM or EQ+FO")),
        }
    }
    for exchange in exchanges {
        let note = days.entry((exchange, row.date)).or_default();
        match row.kind {
            DayKind::TradingHoliday | DayKind::TentativeHoliday => note.closed.extend(&markets),
            DayKind::SpecialSession => note.special.extend(&markets),
            DayKind::MuhuratSession => note.muhurat.extend(&markets),
            DayKind::WeekendHoliday => {}
        }
        if note.name.is_empty() {
            note.name.clone_from(&row.name);
        }
    }
    Ok(())
}
