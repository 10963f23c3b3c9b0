//! `backstop`: the broker's own exit of everything at the day-loss limit. Set, taken back, or shown.

use serde_json::{Value, json};

use crate::cli::args::{BackstopArgs, OnOff};
use crate::cli::failure::Failure;
use crate::cli::fields::{self, text};
use crate::cli::shell::Shell;
use crate::engine::command::Command;

pub async fn run(shell: &mut Shell<'_>, args: BackstopArgs) -> Result<(), Failure> {
    let Some(wish) = args.wish else { return show(shell).await };
    let on = wish == OnOff::On;
    let question = if on {
        "Ask the broker to exit everything in the account by itself at the day-loss limit?"
    } else {
        "Take the broker's own exit at the day-loss limit back?"
    };
    shell.console.confirm(question, args.yes.yes).await?;
    let reply = shell.ask(Command::BrokerExit { on }).await?;
    shell.tell(&reply)?;
    let status = answered(shell, "broker_exit").await?;
    match text(&status["broker_exit"], "state") {
        "refused" | "unknown" => Err(Failure::Refused(line(&status["broker_exit"]))),
        _ => shell.console.say(&line(&status["broker_exit"])),
    }
}

/// Waits for the broker's answer about one of its safeguards.
pub async fn answered(shell: &Shell<'_>, safeguard: &str) -> Result<Value, Failure> {
    loop {
        let status = shell.desk.status().await?;
        if text(&status[safeguard], "state") != "asked" {
            return Ok(status);
        }
        shell.wait("the broker has not answered yet").await?;
    }
}

async fn show(shell: &mut Shell<'_>) -> Result<(), Failure> {
    let status = shell.desk.status().await?;
    let both = json!({"broker_exit": status["broker_exit"], "broker_switch": status["broker_switch"]});
    shell.console.document(&both)?;
    shell.console.say(&line(&status["broker_exit"]))?;
    shell.console.say(&format!("The broker's kill switch: {}.", text(&status["broker_switch"], "state")))
}

/// `The broker's exit on loss: set, at ₹25,000.`
fn line(exit: &Value) -> String {
    let (state, reason) = (text(exit, "state"), text(exit, "reason"));
    let more = match state {
        "set" => format!(", at {}", fields::rupees(exit, "loss")),
        _ if reason.is_empty() => String::new(),
        _ => format!(" ({reason})"),
    };
    format!("The broker's exit on loss: {state}{more}.")
}
