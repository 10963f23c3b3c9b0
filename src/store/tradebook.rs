//! The trade book as a file for a spreadsheet, an accountant or the tax return: read from the tables, whether a cockpit
//! runs or not.
//!
//! Amounts and prices are exact, times are Indian. What somebody else may have worded (a strategy's name, the broker's
//! reasons) cannot become a formula of the spreadsheet that opens it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use jiff::civil::Date;
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, params};
use rust_decimal::Decimal;

use super::StoreError;
use super::projection::form;
use crate::domain::time::{ist_offset, trading_day};
use crate::domain::{Contract, Money, Product, Side};
use crate::options::charges::{OrderTally, Tariff};
use crate::platform::files::for_sqlite;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Digits, a sign, a point: stays as it is.
    Figure,
    /// Anything else.
    Words,
}

/// Header, where it comes from, what it holds.
type Column = (&'static str, &'static str, Kind);

const TRADES: &[Column] = &[
    ("trade", "id", Kind::Figure),
    ("trading_day", "trading_day", Kind::Words),
    ("strategy", "strategy_id", Kind::Figure),
    ("strategy_name", "strategy_name", Kind::Words),
    ("setup", "setup", Kind::Words),
    ("signal", "signal_id", Kind::Figure),
    ("symbol", "stock_name", Kind::Words),
    ("contract", "contract", Kind::Words),
    ("option_type", "option_type", Kind::Words),
    ("strike", "strike_price", Kind::Figure),
    ("expiry", "expiry_date", Kind::Words),
    ("product", "product", Kind::Words),
    ("state", "state", Kind::Words),
    ("side", "side", Kind::Words),
    ("quantity", "quantity", Kind::Figure),
    ("entry_time", "replace(substr(entry_at, 1, 19), 'T', ' ')", Kind::Words),
    ("entry_price", "entry_price", Kind::Figure),
    ("exit_time", "replace(substr(exit_at, 1, 19), 'T', ' ')", Kind::Words),
    ("exit_price", "exit_price", Kind::Figure),
    ("hold_seconds", "hold_seconds", Kind::Figure),
    ("stop", "stop", Kind::Figure),
    ("target", "target", Kind::Figure),
    ("gross", "gross", Kind::Figure),
    ("charges", "charges", Kind::Figure),
    ("net", "net", Kind::Figure),
    ("exit_reason", "exit_reason", Kind::Words),
    ("orders", "replace(broker_answers, char(10), '; ')", Kind::Words),
];

const FILLS: &[Column] = &[
    ("fill", "f.fill_id", Kind::Words),
    ("order", "f.order_id", Kind::Words),
    ("correlation", "o.correlation_id", Kind::Words),
    ("trade", "o.trade_id", Kind::Figure),
    ("strategy", "f.strategy_id", Kind::Figure),
    ("purpose", "o.purpose", Kind::Words),
    ("time", "replace(substr(COALESCE(f.traded_at, f.seen_at), 1, 19), 'T', ' ')", Kind::Words),
    ("symbol", "f.stock_name", Kind::Words),
    ("contract", "f.contract", Kind::Words),
    ("product", "f.product", Kind::Words),
    ("side", "f.action", Kind::Words),
    ("quantity", "f.quantity", Kind::Figure),
    ("price", "f.price", Kind::Figure),
];

/// Lines under headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tradebook {
    headers: Vec<&'static str>,
    kinds: Vec<Kind>,
    lines: Vec<Vec<String>>,
}

impl Tradebook {
    /// One line per trade of the trading days `from` to `to`: those closed then, and those that are open since then.
    pub fn trades(tables: &Path, from: Date, to: Date) -> Result<Self, StoreError> {
        let order = "trading_day BETWEEN ?1 AND ?2 ORDER BY entry_at, id";
        Self::read(tables, TRADES, &format!("FROM trades WHERE {order}"), from, to)
    }

    /// One line per fill of the trading days `from` to `to`, with what it was worth and what it added to the charges.
    pub fn fills(tables: &Path, from: Date, to: Date) -> Result<Self, StoreError> {
        // A trading day starts at 08:30.
        let rest = "FROM fills f LEFT JOIN orders o USING (intent_id)
             WHERE date(substr(COALESCE(f.traded_at, f.seen_at), 1, 19), '-510 minutes') BETWEEN ?1 AND ?2
             ORDER BY COALESCE(f.traded_at, f.seen_at), f.order_id, f.fill_id";
        let mut book = Self::read(tables, FILLS, rest, from, to)?;
        book.add_costs();
        Ok(book)
    }

    fn read(tables: &Path, columns: &[Column], rest: &str, from: Date, to: Date) -> Result<Self, StoreError> {
        let db = open(tables)?;
        let failed = |e: rusqlite::Error| StoreError::sqlite("reading", tables, &e);
        let chosen: Vec<&str> = columns.iter().map(|(_, from, _)| *from).collect();
        let mut statement = db.prepare(&format!("SELECT {} {rest}", chosen.join(", "))).map_err(failed)?;
        let line = |row: &rusqlite::Row<'_>| (0..columns.len()).map(|n| Ok(shown(row.get(n)?))).collect();
        let lines = statement.query_map(params![from.to_string(), to.to_string()], line).map_err(failed)?;
        let lines = lines.collect::<Result<_, _>>().map_err(failed)?;
        let (headers, kinds) = columns.iter().map(|(header, _, kind)| (*header, *kind)).unzip();
        Ok(Self { headers, kinds, lines })
    }

    /// Value and charges of each fill. The charges of an order's fills add up to those of the order.
    fn add_costs(&mut self) {
        let tariff = Tariff::built_in().ok();
        let mut tallies: BTreeMap<String, OrderTally> = BTreeMap::new();
        self.headers.extend(["value", "charges"]);
        self.kinds.extend([Kind::Figure, Kind::Figure]);
        let at = |header: &str| self.headers.iter().position(|h| *h == header);
        let columns = [at("order"), at("contract"), at("product"), at("side"), at("time"), at("quantity"), at("price")];
        for line in &mut self.lines {
            let [order, contract, product, side, time, quantity, price] =
                columns.map(|n| n.and_then(|n| line.get(n)).cloned().unwrap_or_default());
            let value = quantity.parse::<Decimal>().ok().zip(price.parse::<Decimal>().ok()).map(|(q, p)| Money(q * p));
            let tally = tally(&contract, &product, &side, &time).map(|new| tallies.entry(order).or_insert(new));
            let charges = tally.zip(value).and_then(|(tally, value)| {
                let tariff = tariff.as_ref()?;
                let before = tally.charges(tariff).ok()?.rounded().total();
                tally.turnover += value;
                Some(tally.charges(tariff).ok()?.rounded().total() - before)
            });
            let text = |m: Option<Money>| m.map_or(String::new(), |m| m.0.normalize().to_string());
            line.extend([text(value), text(charges)]);
        }
    }

    pub fn len(&self) -> usize {
        self.lines.len()
    }

    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Comma-separated, with a line of headers.
    pub fn csv(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let _ = writer.write_record(&self.headers);
        for line in &self.lines {
            let _ = writer.write_record(line.iter().zip(&self.kinds).map(|(text, kind)| match kind {
                Kind::Figure => text.clone(),
                Kind::Words => harmless(text),
            }));
        }
        // Writing into memory does not fail.
        writer.into_inner().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// The same as JSON: an array of objects.
    pub fn json(&self) -> serde_json::Value {
        let cell = |text: &String, kind: &Kind| match kind {
            _ if text.is_empty() => serde_json::Value::Null,
            Kind::Figure => text.parse().map_or_else(|_| text.as_str().into(), serde_json::Value::Number),
            Kind::Words => text.as_str().into(),
        };
        let object = |line: &Vec<String>| {
            let cells = line.iter().zip(&self.kinds).map(|(text, kind)| cell(text, kind));
            serde_json::Value::Object(self.headers.iter().map(|h| (*h).to_string()).zip(cells).collect())
        };
        serde_json::Value::Array(self.lines.iter().map(object).collect())
    }
}

/// Opens the tables for looking only.
pub(super) fn open(tables: &Path) -> Result<Connection, StoreError> {
    let failed = |e: rusqlite::Error| StoreError::sqlite("reading", tables, &e);
    if !tables.exists() {
        return Err(StoreError::NoTables { path: tables.into() });
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(for_sqlite(tables), flags).map_err(failed)?;
    db.busy_timeout(Duration::from_secs(5)).map_err(failed)?;
    let found: Option<String> = db.query_row("SELECT schema FROM meta", [], |r| r.get(0)).ok();
    if found != Some(form()) {
        return Err(StoreError::NoTables { path: tables.into() });
    }
    Ok(db)
}

fn shown(value: Value) -> String {
    match value {
        Value::Null | Value::Blob(_) => String::new(),
        Value::Integer(n) => n.to_string(),
        Value::Real(x) => x.to_string(),
        Value::Text(text) => text,
    }
}

/// An order before its first fill.
fn tally(contract: &str, product: &str, side: &str, time: &str) -> Option<OrderTally> {
    let contract: Contract = contract.parse().ok()?;
    let product =
        [Product::Intraday, Product::Margin, Product::Cnc, Product::Mtf].into_iter().find(|p| p.as_str() == product)?;
    let side = [Side::Buy, Side::Sell].into_iter().find(|s| s.as_str() == side)?;
    let wall: jiff::civil::DateTime = time.parse().ok()?;
    let at = ist_offset().to_timestamp(wall).ok()?;
    Some(OrderTally::new(contract, product, side, trading_day(at)))
}

/// A spreadsheet takes what begins so for a formula; with an apostrophe before it, for text.
fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{text}") } else { text.to_string() }
}

#[cfg(test)]
mod tests;
