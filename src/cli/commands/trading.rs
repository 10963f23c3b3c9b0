//! `trading`: whether entries are allowed; forbidding and allowing them.

use serde_json::json;

use crate::cli::args::TradingCommand;
use crate::cli::failure::Failure;
use crate::cli::fields::text;
use crate::cli::shell::Shell;
use crate::engine::command::Command;

pub async fn run(shell: &mut Shell<'_>, command: &TradingCommand) -> Result<(), Failure> {
    match command {
        TradingCommand::Status => status(shell).await,
        TradingCommand::Enable => shell.order(Command::Enable).await,
        TradingCommand::Disable { reason } => {
            let reason = if reason.is_empty() { "by hand".to_string() } else { reason.join(" ") };
            shell.order(Command::Disable { reason }).await
        }
    }
}

async fn status(shell: &mut Shell<'_>) -> Result<(), Failure> {
    let status = shell.desk.status().await?;
    let halt = &status["halt"];
    let document = json!({"enabled": halt.is_null(), "since": halt["since"], "reason": halt["reason"], "locked": halt["locked"] == true});
    shell.console.document(&document)?;
    if halt.is_null() {
        return shell.console.say("Trading is enabled: entries are allowed.");
    }
    let how = if halt["locked"] == true { "strikedeck arm" } else { "strikedeck trading enable" };
    let (reason, since) = (text(halt, "reason"), text(halt, "since"));
    shell.console.say(&format!("Trading is disabled since {since}: {reason}. `{how}` allows entries again."))
}
