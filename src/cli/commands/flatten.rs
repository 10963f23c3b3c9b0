//! `flatten`: halt, cancel what works, exit everything, and stay until the broker says that it is flat.

use serde_json::{Value, json};

use super::list::plural;
use super::open;
use crate::cli::args::{FlattenArgs, Global};
use crate::cli::connect::{Checks, confirm_live};
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::fields::{flag, text};
use crate::cli::machine::Machine;
use crate::cli::shell::Shell;
use crate::engine::command::Command;

pub async fn run(shell: &mut Shell<'_>, args: FlattenArgs) -> Result<(), Failure> {
    if !args.yes.yes {
        let question = question(shell, args.include_foreign).await;
        shell.console.confirm(&question, false).await?;
    }
    let reply = shell.ask(Command::Flatten { include_foreign: args.include_foreign }).await?;
    if reply.is_refused() {
        return shell.tell(&reply);
    }
    let mut told = String::new();
    loop {
        let status = shell.desk.status().await?;
        let open = open::named(&status, args.include_foreign);
        if open.is_empty() && is_over(&status) {
            shell.console.document(&json!({"flat": true, "open": []}))?;
            return shell
                .console
                .say("Flat, as the broker says. Entries stay locked: `strikedeck arm WORD` allows them again.");
        }
        let line = if open.is_empty() {
            "nothing open in the last read; the broker is asked again".to_string()
        } else {
            format!("still open: {}", open.join(", "))
        };
        if line != told {
            shell.console.progress(&line)?;
            told = line;
        }
        shell.wait(&told).await?;
    }
}

/// Locked, and no longer flattening: a picture from before the command shows neither.
fn is_over(status: &Value) -> bool {
    status["flattening"].is_null() && flag(&status["halt"], "locked")
}

/// What would go. A cockpit that cannot say so is asked to flatten all the same.
async fn question(shell: &mut Shell<'_>, include_foreign: bool) -> String {
    let Ok(status) = shell.desk.status().await else { return "Flatten everything?".into() };
    let _ = shell.console.table(&open::positions_table(&status));
    let (positions, orders) =
        (open::positions(&status, include_foreign).len(), open::orders(&status, include_foreign).len());
    let mode = if text(&status, "mode") == "live" { " LIVE" } else { "" };
    format!(
        "Flatten{mode}: cancel {} and exit {}?",
        plural(orders, "working order", "working orders"),
        plural(positions, "position", "positions")
    )
}

/// Past a cockpit that hangs. The broker cannot tell whose a position is: everything goes.
pub async fn force(
    global: &Global,
    args: FlattenArgs,
    machine: &dyn Machine,
    console: &mut Console,
) -> Result<(), Failure> {
    if !args.yes.yes {
        confirm_live(global, machine, console, Checks::NotAsked).await?;
        let question = "Go to the broker itself, cancel and exit everything in the account, whoever opened it?";
        console.confirm(question, false).await?;
    }
    let forced = machine.force_flatten(global, args.include_foreign).await?;
    console.document(&json!({"flat": forced.open.is_empty(), "done": forced.done, "open": forced.open}))?;
    for line in &forced.done {
        console.say(line)?;
    }
    if forced.open.is_empty() {
        return console.say("Flat, as the broker says.");
    }
    Err(Failure::Refused(format!("still open at the broker: {}", forced.open.join(", "))))
}
