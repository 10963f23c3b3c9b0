//! `status`: where everything stands.

use serde_json::Value;

use super::open;
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::fields::{self, flag, items, number, text, whole};
use crate::cli::shell::Shell;
use crate::cli::table::{self, Table};
use crate::domain::Money;
use crate::view::format;

pub async fn run(shell: &mut Shell<'_>) -> Result<(), Failure> {
    let status = shell.desk.status().await?;
    shell.console.document(&status)?;
    tell(shell.console, &status)
}

/// The status for people.
pub(super) fn tell(console: &mut Console, status: &Value) -> Result<(), Failure> {
    console.say(&first_line(status))?;
    console.say(&entries(status))?;
    console.say(&format!(
        "Day P&L {} (before charges {}, charges {}) · available {}",
        fields::pnl(status, "day_pnl"),
        fields::pnl(status, "day_pnl_gross"),
        format::or_unknown(number(status, "charges"), |n| format::rupees(Money(n))),
        fields::rupees(status, "available"),
    ))?;
    if text(&status["broker_exit"], "state") == "set" {
        let loss = fields::rupees(&status["broker_exit"], "loss");
        console.say(&format!("The broker exits everything by itself at a day loss of {loss}."))?;
    }
    match text(status, "awake") {
        "kept" => console.say("Something is open: this machine is kept awake.")?,
        "not kept" => console.say("! Something is open, and this machine may fall asleep by itself: set it not to.")?,
        _ => {}
    }
    for condition in items(status, "conditions") {
        let mark = if text(condition, "level") == "critical" { "!!" } else { "!" };
        console.say(&format!("{mark} {}", text(condition, "text")))?;
    }
    for table in [open::positions_table(status), open::orders_table(status), queue(status), limits(status)] {
        if !table.is_empty() {
            console.say("")?;
            console.table(&table)?;
        }
    }
    Ok(())
}

fn first_line(status: &Value) -> String {
    let session = &status["session"];
    let session = match (flag(session, "open"), fields::time(session, "closes_at"), fields::time(session, "opens_at")) {
        (true, Some(until), _) => format!("market open until {}", until.strftime("%H:%M")),
        (true, None, _) => "market open".into(),
        (false, _, Some(until)) => format!("market closed, opens {}", until.strftime("%a %d %b %H:%M")),
        (false, _, None) => "market closed".into(),
    };
    let at = fields::time(status, "at").map(|t| t.strftime("%d %b %Y %H:%M:%S IST").to_string()).unwrap_or_default();
    format!("{} · {session} · {at}", text(status, "mode").to_uppercase())
}

fn entries(status: &Value) -> String {
    let halt = &status["halt"];
    if !status["flattening"].is_null() {
        return "FLATTENING: everything is being cancelled and exited.".into();
    }
    if flag(status, "halted") {
        let since = fields::time(halt, "since").map(|t| t.strftime(" since %H:%M").to_string()).unwrap_or_default();
        return format!("HALTED{since}: {}. `strikedeck arm WORD` allows entries again.", text(halt, "reason"));
    }
    if flag(status, "reconciling") {
        return "The broker's books are being read: no entries yet.".into();
    }
    "Entries are allowed.".into()
}

fn queue(status: &Value) -> Table {
    let mut table = Table::new([
        table::cut("Queue", 40),
        table::figure("Pri"),
        table::text("Stage"),
        table::text("Legs"),
        table::cut("", 60),
    ]);
    for place in items(status, "queue") {
        let legs: Vec<String> = items(place, "legs")
            .iter()
            .map(|l| format!("{}/{}", whole(l, "filled").unwrap_or(0), whole(l, "target").unwrap_or(0)))
            .collect();
        table.row([
            text(place, "title").into(),
            fields::shown(place, "priority", 0),
            text(place, "stage").into(),
            legs.join(" "),
            text(place, "reason").into(),
        ]);
    }
    table
}

fn limits(status: &Value) -> Table {
    let mut table = Table::new([table::text("Limit"), table::figure("Used"), table::figure("Of"), table::text("")]);
    for limit in items(status, "limits") {
        let level = match text(limit, "state") {
            "ok" => "",
            other => other,
        };
        table.row([
            text(limit, "name").into(),
            fields::shown(limit, "used", 0),
            fields::shown(limit, "limit", 0),
            level.into(),
        ]);
    }
    table
}
