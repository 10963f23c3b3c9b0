//! `doctor`: looks at everything a cockpit needs and says what to do about what is missing.

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
            checks.push(data_folder(&folder));
            checks.push(settings(global.config.as_deref().unwrap_or_else(|| folder.config())));
            checks.push(running(&folder).await);
        }
        Err(error) => checks.push(Check::wrong("data folder", error.to_string(), "name one with --data DIR")),
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
    match ratatui::crossterm::terminal::size() {
        Ok((columns, rows)) if columns < 80 || rows < 24 => {
            Check::note(NAME, format!("{columns}×{rows}"), "the screen wants 80×24 at least: enlarge the window")
        }
        Ok((columns, rows)) => Check::ok(NAME, format!("{columns}×{rows}")),
        Err(_) => Check::note(NAME, "none", "sub-commands work without; the screen needs one"),
    }
}

fn data_folder(folder: &DataFolder) -> Check {
    const NAME: &str = "data folder";
    let path = folder.folder();
    match folder.create().and_then(|()| probe(path)) {
        Ok(()) => Check::ok(NAME, path.display().to_string()),
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

fn settings(folder: &Path) -> Check {
    const NAME: &str = "settings";
    let found: Vec<String> = std::fs::read_dir(folder)
        .map(|entries| entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect())
        .unwrap_or_default();
    if found.is_empty() {
        return Check::ok(NAME, format!("the built-in ones; yours would be in {}", folder.display()));
    }
    let mut found = found;
    found.sort();
    Check::ok(NAME, format!("{}: {}", folder.display(), found.join(", ")))
}

async fn running(folder: &DataFolder) -> Check {
    const NAME: &str = "cockpit";
    let Some(holder) = folder.holder() else { return Check::ok(NAME, "none is running") };
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
