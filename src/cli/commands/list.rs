//! `list`: strategies, the highest priority first, then the best score.

use std::cmp::Reverse;

use serde_json::Value;

use crate::cli::args::ListArgs;
use crate::cli::failure::Failure;
use crate::cli::fields::{self, number, text, whole};
use crate::cli::shell::Shell;
use crate::cli::table::{self, Table};
use crate::domain::StrategyStatus;
use crate::domain::mapping::canonical_symbol;
use crate::view::format;

pub async fn run(shell: &mut Shell<'_>, args: &ListArgs) -> Result<(), Failure> {
    let all = shell.list().await?;
    let none_at_all = all.is_empty();
    let rows = chosen(all, args)?;
    shell.console.document(&Value::Array(rows.clone()))?;
    if rows.is_empty() {
        let text =
            if none_at_all { "No strategies yet: `strikedeck import FILE` reads some." } else { "None that fits." };
        return shell.console.say(text);
    }
    shell.console.table(&rows_table(&rows))?;
    shell.console.say(&total(&rows))
}

/// Those that were asked for, in the order in which they would be executed.
fn chosen(mut rows: Vec<Value>, args: &ListArgs) -> Result<Vec<Value>, Failure> {
    if let Some(symbol) = &args.symbol {
        let wanted = canonical_symbol(symbol)
            .ok_or_else(|| Failure::Usage(format!("`{symbol}` is not a symbol: say it as NIFTY or RELIANCE")))?;
        rows.retain(|r| text(r, "symbol") == wanted.as_str());
    }
    if let Some(least) = args.min_score.filter(|s| !s.is_zero()) {
        rows.retain(|r| number(r, "total_score").is_some_and(|score| score >= least));
    }
    if args.status.is_empty() {
        // They stand under `signals`.
        rows.retain(|r| !fields::flag(r, "scalp"));
    } else {
        rows.retain(|r| args.status.iter().any(|s| s.as_str() == text(r, "status")));
    }
    rows.sort_by_key(|r| (Reverse(whole(r, "priority")), Reverse(number(r, "total_score")), whole(r, "id")));
    Ok(rows)
}

/// The table of strategies that `list`, `show` and `top` share.
pub(super) fn rows_table(rows: &[Value]) -> Table {
    let mut table = Table::new([
        table::figure("ID"),
        table::text("Symbol"),
        table::cut("Strategy", 30),
        table::text("Status"),
        table::figure("Pri"),
        table::figure("Score"),
        table::text("Conviction"),
        table::figure("PoP"),
        table::text("Expiry"),
        table::figure("Max profit"),
        table::figure("Max loss"),
        table::cut("Notes", 44),
    ]);
    for row in rows {
        table.row([
            row["id"].to_string(),
            text(row, "symbol").into(),
            text(row, "strategy_name").into(),
            status(row).into(),
            whole(row, "priority").filter(|p| *p != 0).map(|p| p.to_string()).unwrap_or_default(),
            fields::shown(row, "total_score", 3),
            format::or_unknown(row["conviction"].as_str(), |c| c.to_lowercase().replace('_', " ")),
            format::or_unknown(number(row, "probability_of_profit"), format::share),
            fields::day(row, "expiry"),
            fields::bound(row, "max_profit"),
            fields::bound(row, "max_loss"),
            remark(row),
        ]);
    }
    table
}

fn status(row: &Value) -> &str {
    if fields::flag(row, "queued") { "queued" } else { text(row, "status") }
}

/// The trader's own words; else why it is where it is.
fn remark(row: &Value) -> String {
    let notes = text(row, "notes");
    if !notes.is_empty() {
        return notes.into();
    }
    let blocking = fields::items(row, "issues").iter().find(|i| fields::flag(i, "blocking"));
    blocking.map_or_else(|| text(row, "reason").into(), |i| format!("not executable: {}", text(i, "detail")))
}

fn total(rows: &[Value]) -> String {
    let counts = StrategyStatus::ALL.iter().filter_map(|status| {
        let n = rows.iter().filter(|r| text(r, "status") == status.as_str()).count();
        (n > 0).then(|| format!("{n} {status}"))
    });
    let counts: Vec<String> = counts.collect();
    format!("{}: {}", plural(rows.len(), "strategy", "strategies"), counts.join(", "))
}

/// `1 strategy`, `2 strategies`.
pub(super) fn plural(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}
