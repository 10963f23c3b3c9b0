//! `alerts`: the inbox, what is read of it, and quiet for a while.

use serde_json::Value;

use crate::cli::args::{AlertsArgs, AlertsCommand};
use crate::cli::failure::Failure;
use crate::cli::fields::{items, text, whole};
use crate::cli::shell::Shell;
use crate::cli::table::{self, Table};
use crate::web::AlertsRequest;

pub async fn run(shell: &mut Shell<'_>, args: &AlertsArgs) -> Result<(), Failure> {
    match &args.command {
        None => list(shell, args.unread).await,
        Some(AlertsCommand::Read { which }) => read(shell, which).await,
        Some(AlertsCommand::Mute { seconds }) => mute(shell, seconds.0).await,
    }
}

async fn list(shell: &mut Shell<'_>, unread: bool) -> Result<(), Failure> {
    let inbox = shell.desk.alerts(AlertsRequest::List { unread }).await?;
    shell.console.document(&inbox)?;
    let alerts = items(&inbox, "alerts");
    if alerts.is_empty() {
        return shell.console.say(if unread { "Nothing unread." } else { "No alerts." });
    }
    let columns =
        [table::figure("ID"), table::text(""), table::text("Time"), table::text("Level"), table::text("Alert")];
    let mut table = Table::new(columns);
    for alert in alerts {
        let new = if alert["read_at"].is_null() { "*" } else { "" };
        // To the second, as the wall clock says.
        let at = text(alert, "at").get(..19).unwrap_or_default().replace('T', " ");
        table.row([alert["id"].to_string(), new.into(), at, text(alert, "level").into(), text(alert, "text").into()]);
    }
    shell.console.table(&table)?;
    shell.console.say(&left(&inbox))
}

async fn read(shell: &mut Shell<'_>, which: &[String]) -> Result<(), Failure> {
    let ids = if which.iter().any(|w| w == "all") { None } else { Some(numbers(which)?) };
    let inbox = shell.desk.alerts(AlertsRequest::Read { ids }).await?;
    shell.console.document(&inbox)?;
    shell.console.say(&left(&inbox))
}

async fn mute(shell: &mut Shell<'_>, seconds: u32) -> Result<(), Failure> {
    let answer = shell.desk.alerts(AlertsRequest::Mute { seconds }).await?;
    shell.console.document(&answer)?;
    let until = text(&answer, "muted_until").get(11..19).unwrap_or_default();
    shell.console.say(&match until {
        "" => "Alerts are told again.".to_string(),
        time => format!("No bell, toast or message until {time}; the inbox goes on."),
    })
}

fn left(inbox: &Value) -> String {
    match whole(inbox, "unread") {
        Some(0) | None => "Nothing unread.".to_string(),
        Some(n) => format!("{n} unread: `strikedeck alerts read ID` or `all`."),
    }
}

fn numbers(which: &[String]) -> Result<Vec<u64>, Failure> {
    let number = |text: &String| {
        text.trim_start_matches('#')
            .parse()
            .map_err(|_| Failure::Usage(format!("`{text}` is not an alert: say its number, or all")))
    };
    which.iter().map(number).collect()
}
