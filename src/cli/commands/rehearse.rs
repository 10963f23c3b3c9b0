//! `rehearse`: what goes wrong with money, practised without. Paper mode only.

use serde_json::json;

use crate::cli::args::RehearseArgs;
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::shell::Shell;
use crate::cli::table::{self, Table};
use crate::domain::Drill;
use crate::engine::command::Command;

/// What can be rehearsed: needs no cockpit.
pub fn list(console: &mut Console) -> Result<(), Failure> {
    let drills: Vec<_> = Drill::ALL.iter().map(|d| json!({ "name": d.as_str(), "what": d.what() })).collect();
    console.document(&json!({ "drills": drills }))?;
    let mut table = Table::new([table::text("Name"), table::text("What happens")]);
    for drill in Drill::ALL {
        table.row([drill.as_str().to_string(), drill.what().to_string()]);
    }
    console.table(&table)
}

pub async fn run(shell: &mut Shell<'_>, args: &RehearseArgs) -> Result<(), Failure> {
    if args.what == "clear" {
        return shell.order(Command::EndRehearsals).await;
    }
    let drill: Drill = args.what.parse().map_err(Failure::Usage)?;
    if shell.headless {
        let why =
            "a rehearsal needs a running cockpit: open one with `strikedeck`, then rehearse from another terminal";
        return Err(Failure::Refused(why.into()));
    }
    shell.order(Command::Rehearse { drill, seconds: args.seconds }).await
}
