//! `doctor`: looks at everything a cockpit needs and says what to do about what is missing.

use std::io::IsTerminal;
use std::path::Path;

use serde_json::json;

use crate::cli::args::Global;
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::machine::{Check, CheckLevel, Machine};
use crate::cli::table::{self, Table};
use crate::store::{DataFolder, StoreError};
use crate::web::{Desk, DeskError, Remote, Token};

pub async fn run(global: &Global, machine: &dyn Machine, console: &mut Console) -> Result<(), Failure> {
    let mut checks = vec![version(), terminal()];
    match DataFolder::locate(global.data.as_deref(), global.profile()) {
        Ok(folder) => {
            checks.push(disk(&folder));
            checks.push(control(&folder).await);
        }
        Err(error) => checks.push(Check::wrong("disk", error.to_string(), "name a folder with --data DIR")),
    }
    checks.extend(machine.doctor(global).await?);
    console.document(&json!(checks))?;
    let mut table = Table::new([table::text(""), table::text("Check"), table::text("Found"), table::text("")]);
    for check in &checks {
        let mark = match check.level {
            CheckLevel::Ok => "ok",
            CheckLevel::Note => "note",
            CheckLevel::Wrong => "WRONG",
        };
        table.row([mark.into(), check.name.into(), check.found.clone(), check.advice.clone()]);
    }
    console.table(&table)?;
    match checks.iter().filter(|c| c.level == CheckLevel::Wrong).count() {
        0 => Ok(()),
        1 => Err(Failure::Refused("one thing is wrong".into())),
        n => Err(Failure::Refused(format!("{n} things are wrong"))),
    }
}

fn version() -> Check {
    Check::ok("version", format!("strikedeck {}", env!("CARGO_PKG_VERSION")))
}

fn terminal() -> Check {
    const NAME: &str = "terminal";
    if !std::io::stdout().is_terminal() {
        return Check::ok(NAME, "none here; the screen needs one, sub-commands do not");
    }
    match ratatui::crossterm::terminal::size() {
        Ok((columns, rows)) if columns < 80 || rows < 24 => {
            Check::note(NAME, format!("{columns}×{rows}"), "the screen wants 80×24 at least: enlarge the window")
        }
        Ok((columns, rows)) => Check::ok(NAME, format!("{columns}×{rows}")),
        Err(error) => Check::note(NAME, format!("its size is unknown: {error}"), "the screen wants 80×24 at least"),
    }
}

fn disk(folder: &DataFolder) -> Check {
    const NAME: &str = "disk";
    let path = folder.folder();
    match folder.create().and_then(|()| probe(path)) {
        Ok(()) => Check::ok(NAME, format!("{} can be written", path.display())),
        Err(error) => Check::wrong(NAME, error.to_string(), "name another with --data DIR"),
    }
}

/// Whether a file can be made there: a full disk or a folder of somebody else's shows now, not at the first order.
fn probe(folder: &Path) -> Result<(), StoreError> {
    let path = folder.join("doctor.probe");
    crate::store::files::write_private(&path, "written to see whether it can be\n")?;
    // Left behind, it is harmless and overwritten the next time.
    let _ = std::fs::remove_file(path);
    Ok(())
}

/// The door of a running cockpit for shells like this one.
async fn control(folder: &DataFolder) -> Check {
    const NAME: &str = "control API";
    let Some(holder) = folder.holder() else { return Check::ok(NAME, "no cockpit is running") };
    let process = holder.pid.map_or_else(|| "a process".into(), |p| format!("process {p}"));
    let Some((port, token)) = folder.control().and_then(|c| Some((c.port, Token::new(c.token)?))) else {
        return Check::note(
            NAME,
            format!("{process} holds the folder and cannot be reached"),
            "it may be starting: look again",
        );
    };
    match Remote::find(port, token).await {
        Ok(remote) => match remote.status().await {
            Ok(_) => Check::ok(NAME, format!("{process} answers on 127.0.0.1:{port}")),
            Err(error) => Check::wrong(NAME, format!("{process}: {error}"), "see its window"),
        },
        Err(DeskError::NoAnswer(_)) => {
            let advice = "see its window; `strikedeck flatten --force` goes to the broker itself";
            Check::wrong(NAME, format!("{process} hangs"), advice)
        }
        Err(error) => Check::wrong(NAME, format!("{process}: {error}"), "see its window"),
    }
}
