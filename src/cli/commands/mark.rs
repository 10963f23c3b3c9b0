//! `mark` and `bulk`: for execution.

use crate::cli::args::{BulkArgs, MarkArgs};
use crate::cli::failure::Failure;
use crate::cli::shell::Shell;
use crate::engine::command::Command;

pub async fn one(shell: &mut Shell<'_>, args: &MarkArgs) -> Result<(), Failure> {
    shell.order(Command::Mark { ids: vec![args.id], priority: args.priority, notes: args.notes.clone() }).await
}

pub async fn several(shell: &mut Shell<'_>, args: &BulkArgs) -> Result<(), Failure> {
    shell.order(Command::Mark { ids: args.ids.clone(), priority: args.priority, notes: None }).await
}
