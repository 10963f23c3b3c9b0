//! `keys`: the keys of the screen as they are set, from the table that the screen itself uses.

use serde_json::json;

use crate::cli::args::Global;
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::table::{self, Table};
use crate::store::DataFolder;
use crate::tui::keymap::{ACTIONS, ActionDef, Group, Keymap};

pub fn run(global: &Global, console: &mut Console) -> Result<(), Failure> {
    let keymap = keymap(global)?;
    let keys = |def: &ActionDef| keymap.keys(def.action).iter().map(ToString::to_string).collect::<Vec<_>>();
    let document = ACTIONS.iter().map(|def| {
        json!({
            "action": def.id,
            "keys": keys(def),
            "where": def.contexts.iter().map(|c| c.as_str()).collect::<Vec<_>>(),
            "help": def.help,
        })
    });
    console.document(&document.collect())?;
    for (n, group) in Group::ALL.into_iter().enumerate() {
        let mut table = Table::new([table::text("Key"), table::text("Action"), table::text("What it does")]);
        for def in ACTIONS.iter().filter(|d| d.group == group) {
            table.row([keys(def).join(" "), def.id.into(), def.help.into()]);
        }
        if n > 0 {
            console.say("")?;
        }
        console.say(group.title())?;
        console.table(&table)?;
    }
    Ok(())
}

/// The defaults, with the user's file over them.
fn keymap(global: &Global) -> Result<Keymap, Failure> {
    let folder = DataFolder::locate(global.data.as_deref(), global.profile())?;
    let file = global.config.as_deref().unwrap_or_else(|| folder.config()).join("keymap.toml");
    match std::fs::read_to_string(&file) {
        Ok(text) => {
            Keymap::with_overlay(&text, &file.display().to_string()).map_err(|e| Failure::Refused(e.to_string()))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Keymap::default()),
        Err(error) => Err(Failure::Refused(format!("{} cannot be read: {error}", file.display()))),
    }
}
