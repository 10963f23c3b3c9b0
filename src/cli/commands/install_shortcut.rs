//! `install-shortcut`: the program in the menus, so that it is started with a click.

use serde_json::json;

use crate::cli::args::ShortcutArgs;
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::platform::shortcut::{self, Menus};

pub fn run(args: ShortcutArgs, console: &mut Console) -> Result<(), Failure> {
    let menus = Menus::of_user().ok_or_else(|| Failure::Refused("this user has no home folder".into()))?;
    let failed = |e: std::io::Error| Failure::Refused(format!("the menus cannot be changed: {e}"));
    let done = if args.remove {
        shortcut::remove(&menus).map_err(failed)?
    } else {
        let exe = std::env::current_exe().map_err(failed)?;
        shortcut::install(&exe, &menus).map_err(failed)?
    };
    console.document(&json!({ "done": done }))?;
    for line in &done {
        console.say(line)?;
    }
    if args.remove {
        return console.say("Strikedeck is in no menu any more");
    }
    console.say(if cfg!(windows) {
        "Strikedeck is in the Start menu, and in Windows Terminal's list of profiles once that is started anew"
    } else {
        "Strikedeck is in the menu of your desktop"
    })
}
