//! `execute`: the preview, the question, the queue, and what became of each strategy.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::list::plural;
use super::preview;
use crate::cli::args::ExecuteArgs;
use crate::cli::failure::Failure;
use crate::cli::fields::{self, flag, items, text, whole};
use crate::cli::shell::Shell;
use crate::domain::StrategyId;
use crate::engine::command::{Command, Reply};

pub async fn run(shell: &mut Shell<'_>, args: &ExecuteArgs) -> Result<(), Failure> {
    let previews = shell.previews(&args.ids).await?;
    let shown: Vec<Value> = previews.iter().map(crate::view::json::preview).collect();
    for one in &shown {
        preview::tell(shell.console, one)?;
        shell.console.say("")?;
    }
    let refused = shown.iter().filter(|p| preview::is_refused(p)).count();
    if args.dry_run {
        shell.console.document(&Value::Array(shown))?;
        return match refused {
            0 => shell.console.say("Nothing was sent."),
            n => Err(Failure::Refused(format!(
                "{} would be refused; nothing was sent",
                plural(n, "strategy", "strategies")
            ))),
        };
    }
    if !args.yes.yes {
        shell.console.confirm(&question(shell, shown.len(), refused).await?, false).await?;
    }
    // Those that were shown; or those that were named, so that the engine says which of them do not exist.
    let ids = if args.ids.is_empty() { previews.iter().map(|p| p.id).collect() } else { args.ids.clone() };
    match shell.ask(Command::Execute { ids: ids.clone() }).await? {
        reply @ Reply::Refused { .. } => shell.tell(&reply),
        Reply::Partly { refused, .. } => follow(shell, &ids, refused).await,
        Reply::Done { .. } | Reply::Previews { .. } | Reply::Signal { .. } => follow(shell, &ids, Vec::new()).await,
    }
}

async fn question(shell: &Shell<'_>, count: usize, refused: usize) -> Result<String, Failure> {
    let live = text(&shell.desk.status().await?, "mode") == "live";
    let mode = if live { " LIVE, with real money" } else { "" };
    let but = if refused == 0 { String::new() } else { format!(" ({refused} would be refused now)") };
    Ok(format!("Execute {}{mode}{but}?", plural(count, "strategy", "strategies")))
}

/// Tells what happens to these strategies until none of them is queued or executing; fails unless all have executed.
/// `refused` are reasons why others did not even get into the queue.
pub async fn follow(shell: &mut Shell<'_>, ids: &[StrategyId], refused: Vec<String>) -> Result<(), Failure> {
    for reason in &refused {
        shell.console.warn(reason)?;
    }
    let mut told: BTreeMap<u64, String> = BTreeMap::new();
    loop {
        let status = shell.desk.status().await?;
        let places: Vec<&Value> = items(&status, "queue").iter().filter(|q| is_one_of(q, ids)).collect();
        for place in &places {
            let (id, line) = (place["id"].as_u64().unwrap_or_default(), progress(place));
            if told.get(&id) != Some(&line) {
                shell.console.progress(&line)?;
                told.insert(id, line);
            }
        }
        if !places.iter().any(|q| is_going(q)) {
            return end(shell, ids, refused, &status).await;
        }
        shell.wait("the queue is not done").await?;
    }
}

fn is_one_of(row: &Value, ids: &[StrategyId]) -> bool {
    row["id"].as_u64().is_some_and(|id| ids.contains(&StrategyId(id)))
}

/// A held one waits for the trader, not for us.
fn is_going(place: &Value) -> bool {
    matches!(text(place, "stage"), "queued" | "executing" | "unwinding")
}

fn progress(place: &Value) -> String {
    let title = text(place, "title");
    let legs = items(place, "legs");
    let done = legs.iter().filter(|l| whole(l, "filled") >= whole(l, "target") && whole(l, "target") > Some(0)).count();
    match text(place, "stage") {
        "queued" => format!("{title}: waiting for its turn"),
        "executing" => format!("{title}: executing, {done} of {} legs filled", legs.len()),
        "unwinding" => format!("{title}: exiting what has filled: {}", text(place, "reason")),
        "held" => format!("{title}: held: {}", text(place, "reason")),
        stage => format!("{title}: {stage}"),
    }
}

async fn end(shell: &mut Shell<'_>, ids: &[StrategyId], refused: Vec<String>, status: &Value) -> Result<(), Failure> {
    let list = shell.list().await?;
    let held = |id: &Value| items(status, "queue").iter().find(|q| q["id"] == *id && text(q, "stage") == "held");
    let mut results = Vec::new();
    let mut all_well = refused.is_empty();
    for row in list.iter().filter(|r| is_one_of(r, ids)) {
        let held = held(&row["id"]);
        let reason = held.map_or_else(|| text(row, "reason"), |q| text(q, "reason"));
        let executed = text(row, "status") == "executed";
        all_well &= executed;
        let became = if held.is_some() { "held" } else { text(row, "status") };
        results.push(json!({"id": row["id"], "title": fields::title(row), "status": became, "reason": reason}));
        if executed {
            shell.console.say(&format!("{}: executed", fields::title(row)))?;
        } else {
            shell.console.warn(&fate(row, became, reason))?;
        }
    }
    shell.console.document(&json!({"results": results, "refused": refused}))?;
    if all_well { Ok(()) } else { Err(Failure::Told) }
}

fn fate(row: &Value, became: &str, reason: &str) -> String {
    let (title, id) = (fields::title(row), &row["id"]);
    let why = if reason.is_empty() { String::new() } else { format!(": {reason}") };
    match became {
        "held" => format!("{title} is held{why}. `strikedeck resume {id}` or `strikedeck unwind {id}` decides"),
        "marked" if !flag(row, "queued") => format!("{title} was not executed and stays marked{why}"),
        other => format!("{title} is {other}{why}"),
    }
}
