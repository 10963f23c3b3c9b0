//! Charts: daily and intraday bars, and those of options by their distance from the money.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Serialize;

use super::contracts::{current, security_of};
use super::rest::{decode, unreadable};
use super::{DhanBroker, Purpose};
use crate::broker::{BarLength, BrokerError, RollingBar, RollingOption};
use crate::domain::time::{Timestamp, ist};
use crate::domain::{Bar, Contract, ContractKind, Exchange, InstrumentIndex, OptionRight, Price};
use crate::protocol::dhan::enums::{ExchangeSegment, ExpiryFlag, InstrumentType, Interval, OptionType, RollingField};
use crate::protocol::dhan::historical::{
    CandleRow, Candles, ChartTime, DailyRequest, IntradayRequest, MOST_INTRADAY_DAYS, MOST_ROLLING_DAYS, RollingAnswer,
    RollingRequest, RollingSeries, RollingStrike,
};

impl DhanBroker {
    /// Bars of whole days, `to` excluded. Counts as a data call.
    pub async fn daily_bars(
        &self,
        contract: &Contract,
        from: Date,
        to: Date,
        open_interest: bool,
    ) -> Result<Vec<Bar>, BrokerError> {
        let index = current(&self.index);
        let (exchange_segment, id) = security_of(&index, contract)?;
        let request = DailyRequest {
            security_id: id.to_string(),
            exchange_segment,
            instrument: instrument_type(&index, contract),
            expiry_code: 0,
            oi: open_interest,
            from_date: Some(from),
            to_date: Some(to),
        };
        self.bars("/charts/historical", &request).await
    }

    /// Bars of minutes that begin within a range of at most 90 days. On the current day the range's end is of no meaning.
    /// Counts as a data call.
    pub async fn intraday_bars(
        &self,
        contract: &Contract,
        length: BarLength,
        (from, to): (Timestamp, Timestamp),
        open_interest: bool,
    ) -> Result<Vec<Bar>, BrokerError> {
        if to.duration_since(from).as_hours() > i64::from(MOST_INTRADAY_DAYS) * 24 {
            return Err(BrokerError::not_sent("intraday bars can be asked for 90 days at a time"));
        }
        let index = current(&self.index);
        let (exchange_segment, id) = security_of(&index, contract)?;
        let request = IntradayRequest {
            security_id: id.to_string(),
            exchange_segment,
            instrument: instrument_type(&index, contract),
            interval: interval(length),
            oi: open_interest,
            from_date: Some(ChartTime::Moment(ist(from))),
            to_date: Some(ChartTime::Moment(ist(to))),
        };
        self.bars("/charts/intraday", &request).await
    }

    /// Bars of an option by its distance from the money, `to` excluded, at most a month. Counts as a data call.
    pub async fn rolling_option(
        &self,
        underlying: &Contract,
        option: RollingOption,
        length: BarLength,
        (from, to): (Date, Date),
    ) -> Result<Vec<RollingBar>, BrokerError> {
        if from.since(to).is_ok_and(|span| span.get_days() < -MOST_ROLLING_DAYS) {
            return Err(BrokerError::not_sent("bars of expired options can be asked for 30 days at a time"));
        }
        let index = current(&self.index);
        let (_, id) = security_of(&index, underlying)?;
        let on_index = underlying.kind == ContractKind::Index;
        let request = RollingRequest {
            exchange_segment: match underlying.exchange {
                Exchange::Nse => ExchangeSegment::NseFno,
                Exchange::Bse => ExchangeSegment::BseFno,
                Exchange::Mcx => ExchangeSegment::McxComm,
            },
            interval: interval(length),
            security_id: i64::try_from(id.0).unwrap_or_default(),
            instrument: if on_index { InstrumentType::OptionOnIndex } else { InstrumentType::OptionOnStock },
            expiry_flag: if option.monthly { ExpiryFlag::Month } else { ExpiryFlag::Week },
            expiry_code: i64::from(option.expiry),
            strike: RollingStrike(option.steps),
            drv_option_type: OptionType::from(Some(option.right)),
            required_data: RollingField::KNOWN.to_vec(),
            from_date: Some(from),
            to_date: Some(to),
        };
        let Some(answer) = no_data(self.ask("/charts/rollingoption", &request).await)? else { return Ok(Vec::new()) };
        let answer: RollingAnswer = decode(Purpose::Read, &answer)?;
        let side = match option.right {
            OptionRight::Call => answer.data.ce,
            OptionRight::Put => answer.data.pe,
        };
        side.map_or(Ok(Vec::new()), |series| rolled(&series))
    }

    async fn bars<B: Serialize>(&self, path: &str, request: &B) -> Result<Vec<Bar>, BrokerError> {
        let Some(answer) = no_data(self.ask(path, request).await)? else { return Ok(Vec::new()) };
        let candles: Candles = decode(Purpose::Read, &answer)?;
        let rows = candles.rows().map_err(|error| unreadable(Purpose::Read, error))?;
        rows.iter().map(bar).collect()
    }
}

/// The broker says with an error what others say with an empty chart: `None` for *no data*.
fn no_data(answer: Result<Vec<u8>, BrokerError>) -> Result<Option<Vec<u8>>, BrokerError> {
    match answer {
        Ok(body) => Ok(Some(body)),
        Err(error) if error.code == "DH-907" || error.message.to_lowercase().contains("unable to fetch data") => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn bar(row: &CandleRow) -> Result<Bar, BrokerError> {
    let start = Timestamp::from_second(row.start).map_err(|error| unreadable(Purpose::Read, error))?;
    let count = |n: i64| u64::try_from(n).unwrap_or_default();
    Ok(Bar {
        start,
        open: Price(row.open),
        high: Price(row.high),
        low: Price(row.low),
        close: Price(row.close),
        volume: count(row.volume),
        open_interest: count(row.open_interest),
    })
}

/// Arrays may be shorter than the stamps (rows can be sparse): what is missing is nothing.
fn rolled(series: &RollingSeries) -> Result<Vec<RollingBar>, BrokerError> {
    let number = |values: &[Decimal], n: usize| values.get(n).copied().unwrap_or_default();
    let count = |values: &[i64], n: usize| values.get(n).copied().unwrap_or_default();
    let one = |(n, start): (usize, &i64)| {
        let row = CandleRow {
            start: *start,
            open: number(&series.open, n),
            high: number(&series.high, n),
            low: number(&series.low, n),
            close: number(&series.close, n),
            volume: count(&series.volume, n),
            open_interest: count(&series.oi, n),
        };
        let iv = number(&series.iv, n);
        Ok(RollingBar {
            bar: bar(&row)?,
            strike: Price(number(&series.strike, n)),
            spot: Price(number(&series.spot, n)),
            implied_volatility: (iv > Decimal::ZERO).then_some(iv),
        })
    };
    series.timestamp.iter().enumerate().map(one).collect()
}

fn interval(length: BarLength) -> Interval {
    match length {
        BarLength::Minute => Interval::One,
        BarLength::FiveMinutes => Interval::Five,
        BarLength::FifteenMinutes => Interval::Fifteen,
        BarLength::TwentyFiveMinutes => Interval::TwentyFive,
        BarLength::Hour => Interval::Sixty,
    }
}

/// The broker's word for the kind; derivatives are on an index where the list has one of that name.
fn instrument_type(index: &InstrumentIndex, contract: &Contract) -> InstrumentType {
    let on_index = || index.by_contract(&Contract::index(contract.exchange, contract.underlying)).is_some();
    match (contract.kind, contract.exchange) {
        (ContractKind::Index, _) => InstrumentType::Index,
        (ContractKind::Equity | ContractKind::Unlisted { .. }, _) => InstrumentType::Equity,
        (ContractKind::Future { .. }, Exchange::Mcx) => InstrumentType::FutureOnCommodity,
        (ContractKind::Option { .. }, Exchange::Mcx) => InstrumentType::OptionOnFuture,
        (ContractKind::Future { .. }, _) if on_index() => InstrumentType::FutureOnIndex,
        (ContractKind::Future { .. }, _) => InstrumentType::FutureOnStock,
        (ContractKind::Option { .. }, _) if on_index() => InstrumentType::OptionOnIndex,
        (ContractKind::Option { .. }, _) => InstrumentType::OptionOnStock,
    }
}
