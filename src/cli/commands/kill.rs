//! `kill`: the kill switch. Entries stop, positions stay; then what is open is shown.

use super::open;
use crate::cli::args::Yes;
use crate::cli::failure::Failure;
use crate::cli::shell::Shell;
use crate::engine::command::Origin;

pub async fn run(shell: &mut Shell<'_>, yes: Yes) -> Result<(), Failure> {
    // Nothing is read before it: a cockpit that is slow to answer is halted first.
    shell.console.confirm("Halt: no entries, working entries cancelled?", yes.yes).await?;
    let reply = shell.desk.halt(Origin::Shell).await?;
    shell.tell(&reply)?;
    let mut status = shell.desk.status().await?;
    // An engine in this process ends with it: the cancellations are waited for.
    while shell.headless && open::entries(&status) > 0 {
        shell.wait("working entries are not all cancelled").await?;
        status = shell.desk.status().await?;
    }
    let positions = open::positions_table(&status);
    if positions.is_empty() {
        return shell.console.say("No position is open.");
    }
    shell.console.table(&positions)?;
    shell.console.say("`strikedeck flatten` exits these.")
}
