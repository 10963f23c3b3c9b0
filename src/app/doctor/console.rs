//! Doctor: the console, what it can show, and whether the machine can be kept awake.

use super::Finding;
use crate::app::config::CockpitConfig;
use crate::app::screen::{Wishes, looks};
use crate::platform::{awake, console};
use crate::tui::Keymap;
use crate::tui::keymap::{ACTIONS, taken_on_windows};
use crate::tui::looks::SymbolSet;

/// Signs of every kind that the screen uses, frames and shading included.
const SIGNS: &str = "╭─╮│┌┐ ▲▼●○◆▎✓✗▸▾ ▰▱━╋ ▁▂▃▄▅▆▇█ ⣀⠤⠒ ₹≈≠…·";

/// What can be told of the console this runs in, and of the machine around it.
pub fn findings(config: &CockpitConfig, wishes: &Wishes, keymap: &Keymap) -> Vec<Finding> {
    let mut found = Vec::new();
    if console::is_terminal(&std::io::stdout()) {
        found.push(match console::usable() {
            Ok(()) => Finding::ok("console", console_in_words()),
            Err(why) => Finding::wrong("console", console_in_words(), why),
        });
        let looks = looks(wishes, &config.screen);
        found.push(Finding::ok("colours", format!("{} ({})", looks.colours, looks.because)));
        found.push(signs(looks.symbols));
    }
    found.extend(keys(keymap));
    if config.keep_awake {
        found.push(match awake::stay_awake() {
            Ok(_) => Finding::ok("staying awake", "this machine can be kept awake while something is open"),
            Err(why) => Finding::note(
                "staying awake",
                format!("this machine may fall asleep while something is open: {why}"),
                "set the system not to sleep while you trade",
            ),
        });
    }
    found
}

fn console_in_words() -> String {
    let facts = console::facts();
    if facts.is_empty() { "a terminal".into() } else { facts.join(", ") }
}

/// Only an eye can tell whether a font has them.
fn signs(symbols: SymbolSet) -> Finding {
    match symbols {
        SymbolSet::Unicode => {
            Finding::ok("signs", format!("{SIGNS} (boxes or question marks among them: --symbols plain)"))
        }
        SymbolSet::Plain => {
            Finding::ok("signs", format!("plain; if {SIGNS} show no boxes or question marks: --symbols unicode"))
        }
    }
}

/// Keys of the trader's own that a terminal on Windows keeps for itself.
fn keys(keymap: &Keymap) -> Option<Finding> {
    if !cfg!(windows) {
        return None;
    }
    let taken = keys_taken(keymap);
    (!taken.is_empty()).then(|| {
        Finding::note(
            "keys",
            taken.join("; "),
            "give these actions other keys in keymap.toml, or change the terminal's",
        )
    })
}

fn keys_taken(keymap: &Keymap) -> Vec<String> {
    let mut taken = Vec::new();
    for def in ACTIONS {
        for chord in keymap.keys(def.action) {
            if let Some(what) = taken_on_windows(*chord) {
                taken.push(format!("{chord} of `{}` is not heard ({what})", def.id));
            }
        }
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::Symbols;

    #[test]
    fn the_signs_to_look_at_are_those_the_screen_uses() {
        let s = Symbols::UNICODE;
        let mut used = vec![s.up, s.down, s.dot, s.hollow, s.chosen, s.cursor, s.failed, s.done, s.folded, s.unfolded];
        used.extend([s.part_done, s.part_open, s.gauge, s.gauge_tick, s.gauge_rest, s.ellipsis]);
        used.extend(s.bars);
        for sign in used {
            assert!(SIGNS.contains(sign), "{sign}");
        }
    }

    #[test]
    fn a_key_of_the_users_that_the_terminal_takes_is_named() {
        assert_eq!(keys_taken(&Keymap::default()), Vec::<String>::new());
        let mine = Keymap::with_overlay("[keys]\nzoom = 'F11'\n", "keymap.toml").unwrap();
        assert_eq!(keys_taken(&mine), ["F11 of `zoom` is not heard (full screen)"]);
    }
}
