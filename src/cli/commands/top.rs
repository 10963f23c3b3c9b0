//! `top`: the best pending strategies, shown and marked.

use std::cmp::Reverse;

use serde_json::Value;

use super::list::{plural, rows_table};
use crate::cli::args::TopArgs;
use crate::cli::failure::Failure;
use crate::cli::fields::{flag, items, number, text, whole};
use crate::cli::shell::Shell;
use crate::domain::StrategyId;
use crate::engine::command::Command;

/// Marks what was shown, not what is best a moment later. Marking sends nothing, so off a terminal nobody is asked.
pub async fn run(shell: &mut Shell<'_>, args: &TopArgs) -> Result<(), Failure> {
    let best = best(shell.list().await?, args);
    if best.is_empty() {
        // The engine says why, in its own words.
        return shell.order(Command::MarkTop { count: args.count, min_score: args.min_score }).await;
    }
    shell.console.table(&rows_table(&best))?;
    if shell.console.can_ask() {
        let question = format!("Mark {}?", plural(best.len(), "strategy", "strategies"));
        shell.console.confirm(&question, args.yes.yes).await?;
    }
    let ids = best.iter().filter_map(|r| r["id"].as_u64()).map(StrategyId).collect();
    shell.order(Command::Mark { ids, priority: None, notes: None }).await
}

/// As the engine's own `mark top` chooses: pending, executable, scoring enough, the best first.
fn best(mut rows: Vec<Value>, args: &TopArgs) -> Vec<Value> {
    rows.retain(|r| {
        text(r, "status") == "pending"
            && number(r, "total_score").is_some_and(|score| score >= args.min_score)
            && !items(r, "issues").iter().any(|i| flag(i, "blocking"))
    });
    rows.sort_by_key(|r| (Reverse(number(r, "total_score")), whole(r, "id")));
    rows.truncate(args.count as usize);
    rows
}
