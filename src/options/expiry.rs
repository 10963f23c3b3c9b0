//! How long an option still has: clock seconds to the close of derivatives on its expiry day, at its own exchange.
//!
//! The exchanges' own convention: 15:40 since 2026-08-03, 15:30 before, no weights for nights or weekends. A year is 365 days.

use jiff::civil::Date;

use super::black76::YEAR_SECONDS;
use crate::domain::Exchange;
use crate::domain::calendar::TradingCalendar;
use crate::domain::time::{Timestamp, ms_between};

/// Seconds from `now` to the close on `expiry`; negative once it has passed.
pub fn seconds_to_close(exchange: Exchange, expiry: Date, now: Timestamp) -> f64 {
    let close = TradingCalendar::builtin().close_of_expiry(exchange, expiry);
    ms_between(now, close) as f64 / 1_000.0
}

/// The same in years of 365 days, as the models want it.
pub fn years_to_close(exchange: Exchange, expiry: Date, now: Timestamp) -> f64 {
    seconds_to_close(exchange, expiry, now) / YEAR_SECONDS
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // the table's own digits
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::domain::Symbol;
    use crate::domain::contract_rules::ContractRules;

    #[derive(Deserialize)]
    struct Row {
        id: String,
        as_of: Timestamp,
        symbol: Symbol,
        next_expiry: Date,
        seconds_to_derivatives_close: f64,
        t_years: f64,
    }

    #[test]
    fn every_row_of_the_reference_table_holds() {
        let table = include_str!("../../tests/fixtures/market/time_to_expiry_reference.csv");
        let rows: Vec<Row> = csv::Reader::from_reader(table.as_bytes()).deserialize().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 205);
        for row in rows {
            let exchange = ContractRules::builtin().get(row.symbol).unwrap().exchange;
            let seconds = seconds_to_close(exchange, row.next_expiry, row.as_of);
            assert_eq!(seconds, row.seconds_to_derivatives_close, "{}", row.id);
            assert_eq!(years_to_close(exchange, row.next_expiry, row.as_of), row.t_years, "{}", row.id);
        }
    }
}
