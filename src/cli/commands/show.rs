//! `show`: one strategy whole; or all that are marked, in the order in which they would go.

use serde_json::{Value, json};

use super::{list, preview};
use crate::cli::failure::Failure;
use crate::cli::fields::{self, items, number, text, whole};
use crate::cli::shell::Shell;
use crate::cli::table::{self, Table};
use crate::domain::{Money, StrategyId};
use crate::view::format;

pub async fn run(shell: &mut Shell<'_>, id: Option<StrategyId>) -> Result<(), Failure> {
    match id {
        Some(id) => one(shell, id).await,
        None => marked(shell).await,
    }
}

async fn one(shell: &mut Shell<'_>, id: StrategyId) -> Result<(), Failure> {
    let strategy = shell.show(id).await?;
    shell.console.document(&strategy)?;
    for line in head(&strategy) {
        shell.console.say(&line)?;
    }
    shell.console.say("")?;
    shell.console.table(&legs(&strategy))?;
    for line in super::protect::lines(&strategy) {
        shell.console.say(&format!("Rule: {line}"))?;
    }
    let stated = text(&strategy, "rules_stated");
    if !stated.is_empty() {
        shell
            .console
            .say(&format!("Its source would close it: {stated}. `strikedeck rules ID --stated` follows that."))?;
    }
    for issue in items(&strategy, "issues") {
        let weight = if fields::flag(issue, "blocking") { "Not executable" } else { "Note" };
        shell.console.say(&format!("{weight}: {}", text(issue, "detail")))?;
    }
    // Once it is executing there is nothing to foresee.
    if strategy["preview"].is_object() && matches!(text(&strategy, "status"), "pending" | "marked" | "deferred") {
        shell.console.say("")?;
        preview::tell(shell.console, &strategy["preview"])?;
    }
    Ok(())
}

fn head(s: &Value) -> Vec<String> {
    let mut lines = vec![format!("{} · {}", fields::title(s), standing(s))];
    let judgement = [
        ("score", fields::shown(s, "total_score", 3)),
        ("conviction", format::or_unknown(s["conviction"].as_str(), |c| c.to_lowercase().replace('_', " "))),
        ("probability of profit", format::or_unknown(number(s, "probability_of_profit"), format::share)),
        ("expiry", fields::day(s, "expiry")),
    ];
    lines.push(joined(&judgement));
    let breakevens: Vec<String> = items(s, "breakevens")
        .iter()
        .map(|b| b.to_string().parse().map_or_else(|_| b.to_string(), |n| format::grouped(n, 2)))
        .collect();
    let figures = [
        ("max profit", fields::bound(s, "max_profit")),
        ("max loss", fields::bound(s, "max_loss")),
        ("net premium", format::or_unknown(number(s, "net_premium"), |n| format::pnl(Money(n)))),
        ("breakeven", if breakevens.is_empty() { format::UNKNOWN.into() } else { breakevens.join(" and ") }),
    ];
    lines.push(joined(&figures));
    if !s["reported_max_profit"].is_null() || !s["reported_max_loss"].is_null() {
        let reported = [
            ("max profit", fields::bound(s, "reported_max_profit")),
            ("max loss", fields::bound(s, "reported_max_loss")),
        ];
        lines.push(format!("as reported, not trusted: {}", joined(&reported)));
    }
    lines.push(origin(s));
    for (name, what) in [("outlook", "outlook"), ("notes", "notes"), ("reason", "why")] {
        let words = text(s, name);
        if !words.is_empty() {
            lines.push(format!("{what}: {words}"));
        }
    }
    lines
}

fn standing(s: &Value) -> String {
    let parts = [
        Some(text(s, "status").to_string()),
        fields::flag(s, "queued").then(|| "in the queue".into()),
        whole(s, "priority").filter(|p| *p != 0).map(|p| format!("priority {p}")),
        fields::time(s, "expires_at").map(|at| format!("expires {}", at.strftime("%d %b %H:%M"))),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn origin(s: &Value) -> String {
    let parts = [
        Some(format!("from {}", text(s, "source"))),
        fields::time(s, "generated_at").map(|at| format!("made {}", at.strftime("%d %b %Y %H:%M"))),
        number(s, "spot").map(|_| format!("with {} at {}", text(s, "symbol"), fields::price(s, "spot"))),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn joined(parts: &[(&str, String)]) -> String {
    parts.iter().map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join(" · ")
}

/// The legs, with the contract and the broker's number once they are mapped.
fn legs(s: &Value) -> Table {
    let mut table = Table::new([
        table::text("Side"),
        table::figure("Qty"),
        table::text("Leg"),
        table::text("Expiry"),
        table::figure("Premium"),
        table::figure("Bid"),
        table::figure("Ask"),
        table::figure("Security id"),
        table::figure("Lot"),
        table::figure("Filled"),
    ]);
    for leg in items(s, "legs") {
        let strike = format::or_unknown(number(leg, "strike"), |n| format::strike(crate::domain::Price(n)));
        let name = match text(leg, "kind") {
            "option" => format!("{strike} {}", text(leg, "type")),
            _ => text(leg, "type").to_string(),
        };
        let lots = || format!("{}×lot", leg["ratio"]);
        table.row([
            text(leg, "action").into(),
            whole(leg, "quantity").map_or_else(lots, |q| q.to_string()),
            name,
            fields::day(leg, "expiry"),
            fields::price(leg, "premium"),
            fields::price(leg, "bid"),
            fields::price(leg, "ask"),
            format::or_unknown(leg["security_id"].as_str(), str::to_string),
            format::or_unknown(whole(leg, "lot"), |l| l.to_string()),
            whole(leg, "filled").filter(|f| *f != 0).map(|f| f.to_string()).unwrap_or_default(),
        ]);
    }
    table
}

/// The queue, whatever its stage, each row as `list` writes it and with its place in the queue.
async fn marked(shell: &mut Shell<'_>) -> Result<(), Failure> {
    let status = shell.desk.status().await?;
    let list = shell.list().await?;
    let rows: Vec<Value> = items(&status, "queue")
        .iter()
        .filter_map(|place| {
            let mut row = list.iter().find(|r| r["id"] == place["id"])?.clone();
            if let Value::Object(row) = &mut row {
                row.insert("queue".into(), place.clone());
            }
            Some(row)
        })
        .collect();
    shell.console.document(&json!(rows))?;
    if rows.is_empty() {
        return shell.console.say("Nothing is marked: `strikedeck mark ID` marks a strategy.");
    }
    shell.console.table(&list::rows_table(&rows))?;
    for row in &rows {
        let reason = text(&row["queue"], "reason");
        if text(&row["queue"], "stage") == "held" {
            let id = &row["id"];
            let line =
                format!("#{id} is held: {reason}. `strikedeck resume {id}` or `strikedeck unwind {id}` decides.");
            shell.console.say(&line)?;
        }
    }
    Ok(())
}
