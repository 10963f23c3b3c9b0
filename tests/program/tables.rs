//! What `strikedeck.db` says, read as any SQLite tool would read it.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, Row};

pub struct Tables {
    connection: Connection,
}

#[derive(Clone, Debug, PartialEq)]
pub struct StrategyRow {
    pub id: u64,
    pub status: String,
    pub marked: bool,
    pub priority: i64,
    pub executed_at: Option<String>,
    pub reason: Option<String>,
}

/// One order of ours.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderRow {
    pub intent: u64,
    pub correlation: String,
    pub strategy: Option<u64>,
    /// Of an entry; 1 is the first.
    pub leg: Option<u64>,
    pub purpose: String,
    pub side: String,
    pub contract: String,
    pub quantity: i64,
    pub filled: i64,
    pub status: String,
}

/// A leg of a strategy, and what its entry orders made of it.
#[derive(Clone, Debug, PartialEq)]
pub struct LegRow {
    pub strategy: u64,
    pub leg: u64,
    pub side: String,
    /// `CE` or `PE`.
    pub right: String,
    pub strike: String,
    pub contract: Option<String>,
    pub security_id: Option<u64>,
    /// Units the strategy asks for; before it is marked, unknown.
    pub quantity: i64,
    pub filled: i64,
    pub average: Option<f64>,
}

impl Tables {
    pub fn open(file: &Path) -> Self {
        let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        connection.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
        Self { connection }
    }

    /// What the audit says of scalps, in order: a state where one was reached.
    pub fn states_of_scalp(&self) -> Vec<String> {
        let query = "SELECT CASE event WHEN 'scalp moved' THEN what ELSE event END FROM audit_log
                     WHERE event LIKE 'scalp %' ORDER BY seq";
        let mut statement = self.connection.prepare(query).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    fn rows<T>(&self, sql: &str, row: impl Fn(&Row<'_>) -> rusqlite::Result<T>) -> Vec<T> {
        let mut statement = self.connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |r| row(r)).unwrap();
        rows.map(|r| r.unwrap()).collect()
    }

    pub fn strategies(&self) -> Vec<StrategyRow> {
        let sql = "SELECT id, execution_status, marked_for_execution, execution_priority, executed_at, reason \
                   FROM strategies ORDER BY id";
        self.rows(sql, |r| {
            Ok(StrategyRow {
                id: number(r, 0)?,
                status: r.get(1)?,
                marked: r.get(2)?,
                priority: r.get(3)?,
                executed_at: r.get(4)?,
                reason: r.get(5)?,
            })
        })
    }

    pub fn strategy(&self, id: u64) -> StrategyRow {
        self.strategies().into_iter().find(|s| s.id == id).unwrap()
    }

    /// In the order in which they were decided.
    pub fn orders(&self) -> Vec<OrderRow> {
        let sql = "SELECT intent_id, correlation_id, strategy_id, leg, purpose, side, contract, quantity, \
                   filled_quantity, status FROM orders ORDER BY intent_id";
        self.rows(sql, |r| {
            Ok(OrderRow {
                intent: number(r, 0)?,
                correlation: r.get(1)?,
                strategy: maybe(r, 2)?,
                leg: maybe(r, 3)?,
                purpose: r.get(4)?,
                side: r.get(5)?,
                contract: r.get(6)?,
                quantity: r.get(7)?,
                filled: r.get(8)?,
                status: r.get(9)?,
            })
        })
    }

    pub fn legs(&self, strategy: u64) -> Vec<LegRow> {
        let sql = "SELECT strategy_id, leg, setup_type, option_type, strike_price, contract, security_id, quantity, \
                   filled_quantity, average_price_real FROM v_trade_execution ORDER BY strategy_id, leg";
        let all = self.rows(sql, |r| {
            Ok(LegRow {
                strategy: number(r, 0)?,
                leg: number(r, 1)?,
                side: r.get(2)?,
                right: r.get::<_, Option<String>>(3)?.unwrap_or_default(),
                strike: r.get::<_, Option<String>>(4)?.unwrap_or_default(),
                contract: r.get(5)?,
                security_id: maybe(r, 6)?,
                quantity: r.get::<_, Option<i64>>(7)?.unwrap_or_default(),
                filled: r.get(8)?,
                average: r.get(9)?,
            })
        });
        all.into_iter().filter(|l| l.strategy == strategy).collect()
    }

    /// The broker's book: contract and net quantity of what is open.
    pub fn open_positions(&self) -> Vec<(String, i64)> {
        let sql = "SELECT contract, net_quantity FROM positions WHERE net_quantity <> 0 ORDER BY contract";
        self.rows(sql, |r| Ok((r.get(0)?, r.get(1)?)))
    }

    /// What the strategies' fills say is open.
    pub fn open_lots(&self) -> Vec<(String, i64)> {
        let sql = "SELECT contract, SUM(net_quantity) FROM position_lots GROUP BY contract \
                   HAVING SUM(net_quantity) <> 0 ORDER BY contract";
        self.rows(sql, |r| Ok((r.get(0)?, r.get(1)?)))
    }

    /// Sold minus bought over everything, rupees.
    pub fn cash(&self) -> rust_decimal::Decimal {
        let texts: Vec<String> = self.rows("SELECT cash FROM position_lots", |r| r.get(0));
        texts.iter().map(|t| t.parse::<rust_decimal::Decimal>().unwrap()).sum()
    }

    /// Quantity bought and sold by the trades, and what of it the orders say is filled: (trades, orders).
    pub fn traded_and_filled(&self) -> (i64, i64) {
        let one = |sql: &str| self.rows::<i64>(sql, |r| r.get(0))[0];
        (
            one("SELECT COALESCE(SUM(quantity), 0) FROM fills WHERE intent_id IS NOT NULL"),
            one("SELECT COALESCE(SUM(filled_quantity), 0) FROM orders"),
        )
    }

    /// The alerts nobody has read, oldest first.
    pub fn unread_alerts(&self) -> Vec<u64> {
        self.rows("SELECT id FROM alerts WHERE read_at IS NULL ORDER BY id", |r| number(r, 0))
    }

    pub fn queue(&self) -> Vec<u64> {
        self.rows("SELECT id FROM v_execution_queue", |r| number(r, 0))
    }
}

fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(i64::cast_unsigned)
}

fn maybe(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<u64>> {
    row.get::<_, Option<i64>>(column).map(|n| n.map(i64::cast_unsigned))
}
