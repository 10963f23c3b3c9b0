//! The tables read for people: trades, sessions and the audit log, by a connection of its own that can only look.
//!
//! Slow compared to a trade: never asked on the engine's thread.

use std::path::Path;
use std::str::FromStr;

use jiff::civil::Date;
use rusqlite::{Connection, Row};
use rust_decimal::Decimal;

use super::StoreError;
use super::tradebook::open;
use crate::domain::time::Timestamp;
use crate::domain::{AuditRecord, IntentId, Money, Price, Quantity, SessionRecord, Side, StrategyId, TradeRecord};

/// The trades that ended last and those that are open: at most this many, some years of trading by hand.
const TRADES: u32 = 20_000;

/// The trades and the sessions, oldest first.
pub fn trades_and_sessions(tables: &Path) -> Result<(Vec<TradeRecord>, Vec<SessionRecord>), StoreError> {
    let db = open(tables)?;
    let failed = |e: rusqlite::Error| StoreError::sqlite("reading", tables, &e);
    let trades = rows(
        &db,
        "SELECT id, trading_day, strategy_id, COALESCE(setup, strategy_name, ''), stock_name, contract, side, quantity,
                entry_at, entry_price, exit_at, exit_price, gross, charges, net, state, exit_reason
         FROM (SELECT * FROM trades ORDER BY COALESCE(exit_at, entry_at) DESC, id DESC LIMIT ?1)
         ORDER BY COALESCE(exit_at, entry_at), id",
        TRADES,
        trade,
    );
    let sessions = rows(
        &db,
        "SELECT trading_day, executions, signals, intents, trades, gross, charges, net
         FROM trading_sessions ORDER BY trading_day LIMIT ?1",
        TRADES,
        session,
    );
    Ok((trades.map_err(failed)?, sessions.map_err(failed)?))
}

/// The newest lines of the audit log, at most `limit` of them, the newest first.
pub fn audit(tables: &Path, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
    let db = open(tables)?;
    let failed = |e: rusqlite::Error| StoreError::sqlite("reading", tables, &e);
    rows(
        &db,
        "SELECT seq, at, category, event, what, command_id, origin, strategy_id, intent_id, trade_id, value_before,
                value_after, reason
         FROM audit_log ORDER BY seq DESC LIMIT ?1",
        limit,
        line,
    )
    .map_err(failed)
}

fn rows<T>(
    db: &Connection,
    sql: &str,
    limit: u32,
    read: fn(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    db.prepare(sql)?.query_map([limit], read)?.collect()
}

fn trade(r: &Row<'_>) -> rusqlite::Result<TradeRecord> {
    let side: String = r.get(6)?;
    let state: String = r.get(15)?;
    Ok(TradeRecord {
        id: number(r, 0)?.unwrap_or(0),
        day: parsed::<Date>(r, 1)?.unwrap_or_default(),
        strategy: number(r, 2)?.map(StrategyId),
        kind: r.get(3)?,
        symbol: r.get(4)?,
        contract: r.get(5)?,
        side: if side == Side::Sell.as_str() { Side::Sell } else { Side::Buy },
        quantity: Quantity(r.get(7)?),
        entered_at: parsed::<Timestamp>(r, 8)?.unwrap_or_default(),
        entry: parsed::<Decimal>(r, 9)?.map(Price),
        exited_at: parsed::<Timestamp>(r, 10)?,
        exit: parsed::<Decimal>(r, 11)?.map(Price),
        gross: parsed::<Decimal>(r, 12)?.map(Money),
        charges: parsed::<Decimal>(r, 13)?.map(Money),
        net: parsed::<Decimal>(r, 14)?.map(Money),
        is_estimate: state == "closed elsewhere",
        exit_reason: r.get(16)?,
    })
}

fn session(r: &Row<'_>) -> rusqlite::Result<SessionRecord> {
    let money = |n| Ok::<_, rusqlite::Error>(Money(parsed::<Decimal>(r, n)?.unwrap_or_default()));
    Ok(SessionRecord {
        day: parsed::<Date>(r, 0)?.unwrap_or_default(),
        executions: r.get(1)?,
        signals: r.get(2)?,
        orders: r.get(3)?,
        trades: r.get(4)?,
        gross: money(5)?,
        charges: money(6)?,
        net: money(7)?,
    })
}

fn line(r: &Row<'_>) -> rusqlite::Result<AuditRecord> {
    Ok(AuditRecord {
        seq: number(r, 0)?.unwrap_or(0),
        at: parsed::<Timestamp>(r, 1)?.unwrap_or_default(),
        category: r.get(2)?,
        event: r.get(3)?,
        what: r.get(4)?,
        command: number(r, 5)?,
        origin: r.get(6)?,
        strategy: number(r, 7)?.map(StrategyId),
        intent: number(r, 8)?.map(IntentId),
        trade: number(r, 9)?,
        before: r.get(10)?,
        after: r.get(11)?,
        reason: r.get(12)?,
    })
}

fn number(r: &Row<'_>, n: usize) -> rusqlite::Result<Option<u64>> {
    Ok(r.get::<_, Option<i64>>(n)?.map(i64::unsigned_abs))
}

/// A column that holds exact text: a decimal, a date, an instant. What cannot be read is an error, not an empty cell.
fn parsed<T: FromStr>(r: &Row<'_>, n: usize) -> rusqlite::Result<Option<T>>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text: Option<String> = r.get(n)?;
    let read = |t: String| {
        t.parse::<T>()
            .map_err(|e| rusqlite::Error::FromSqlConversionFailure(n, rusqlite::types::Type::Text, Box::new(e)))
    };
    text.map(read).transpose()
}
