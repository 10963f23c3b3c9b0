//! `resume`, `unwind` and `close`: what becomes of one strategy's orders and positions. Each waits for the end of it.

use serde_json::Value;

use super::execute::follow;
use crate::cli::args::OneArgs;
use crate::cli::failure::Failure;
use crate::cli::fields::{items, text};
use crate::cli::shell::Shell;
use crate::domain::StrategyId;
use crate::engine::command::Command;

pub async fn resume(shell: &mut Shell<'_>, args: &OneArgs) -> Result<(), Failure> {
    let question = format!("Resume #{}: its missing orders go out.", args.id);
    shell.console.confirm(&question, args.yes.yes).await?;
    let reply = shell.ask(Command::Resume { id: args.id }).await?;
    if reply.is_refused() {
        return shell.tell(&reply);
    }
    follow(shell, &[args.id], Vec::new()).await
}

pub async fn unwind(shell: &mut Shell<'_>, args: &OneArgs) -> Result<(), Failure> {
    let question = format!("Unwind #{}: what has filled is exited.", args.id);
    shell.console.confirm(&question, args.yes.yes).await?;
    exit(shell, args.id, Command::Unwind { id: args.id }).await
}

pub async fn close(shell: &mut Shell<'_>, args: &OneArgs) -> Result<(), Failure> {
    let question = format!("Close #{}: everything it holds is exited.", args.id);
    shell.console.confirm(&question, args.yes.yes).await?;
    exit(shell, args.id, Command::CloseStrategy { id: args.id }).await
}

/// Asks for the exit, then waits until nothing of the strategy is held or working.
async fn exit(shell: &mut Shell<'_>, id: StrategyId, command: Command) -> Result<(), Failure> {
    let reply = shell.ask(command).await?;
    if reply.is_refused() {
        return shell.tell(&reply);
    }
    let mut told = String::new();
    loop {
        let left = held(&shell.desk.status().await?, id);
        if left.is_empty() {
            break;
        }
        let line = format!("#{id}: still open {}", left.join(", "));
        if line != told {
            shell.console.progress(&line)?;
            told = line;
        }
        shell.wait(&told).await?;
    }
    shell.tell(&reply)?;
    shell.console.say(&format!("#{id} holds nothing any more."))
}

fn held(status: &Value, id: StrategyId) -> Vec<String> {
    let ours = |row: &&Value| row["strategy_id"].as_u64() == Some(id.0);
    let positions = items(status, "positions").iter().filter(ours);
    let positions = positions.map(|p| format!("{} {}", text(p, "symbol"), crate::cli::fields::net(p, "net_quantity")));
    let orders = items(status, "working_orders").iter().filter(ours);
    let orders = orders.map(|o| format!("order {} {}", text(o, "side"), text(o, "symbol")));
    positions.chain(orders).collect()
}
