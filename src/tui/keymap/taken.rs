//! Keys that a program never hears: terminals and Windows keep them for themselves.

use crate::tui::key::{Chord, Code};

/// Keys that Windows Terminal answers itself as it is shipped, beside every key with Ctrl and Shift together (tabs, panes,
/// the clipboard), which is its own. (Ctrl-c and Enter copy while something is selected there, and are passed on otherwise.)
const WINDOWS_TERMINAL: &[(&str, &str)] = &[
    ("Alt-Enter", "full screen"),
    ("F11", "full screen"),
    ("Alt-F4", "closes the window"),
    ("Alt-Space", "the window's menu"),
    ("Ctrl-Tab", "the next tab"),
    ("Ctrl-v", "pastes"),
    ("Ctrl-Insert", "copies"),
    ("Shift-Insert", "pastes"),
    ("Ctrl-,", "the settings"),
    ("Ctrl-=", "a larger font"),
    ("Ctrl-+", "a larger font"),
    ("Ctrl--", "a smaller font"),
    ("Ctrl-0", "the font's own size"),
    ("Alt-Up", "another pane"),
    ("Alt-Down", "another pane"),
    ("Alt-Left", "another pane"),
    ("Alt-Right", "another pane"),
    ("Alt-Shift-Up", "a pane's size"),
    ("Alt-Shift-Down", "a pane's size"),
    ("Alt-Shift-Left", "a pane's size"),
    ("Alt-Shift-Right", "a pane's size"),
    ("Ctrl-Alt-Left", "the pane before"),
    ("Ctrl-Alt-,", "the settings"),
];

/// Keys that Windows itself answers.
const WINDOWS: &[(&str, &str)] = &[
    ("Alt-Tab", "another window"),
    ("Alt-Shift-Tab", "another window"),
    ("Alt-Esc", "another window"),
    ("Ctrl-Esc", "the Start menu"),
    ("Ctrl-Alt-Delete", "Windows"),
    ("Ctrl-Alt-Tab", "another window"),
];

/// What the old console does with a key even while a program reads keys itself.
const OLD_CONSOLE: &[(&str, &str)] = &[("Alt-Enter", "full screen"), ("F11", "full screen"), ("Alt-F4", "closes it")];

/// What a terminal on Windows does with this key instead of passing it on; `None`: it is passed on.
pub fn taken_on_windows(chord: Chord) -> Option<&'static str> {
    if chord.ctrl && chord.shift {
        return Some("Windows Terminal's own");
    }
    // Ctrl, Alt and a digit go to a tab.
    if chord.ctrl && chord.alt && matches!(chord.code, Code::Char('0'..='9')) {
        return Some("a tab of Windows Terminal");
    }
    let tables = [WINDOWS_TERMINAL, WINDOWS, OLD_CONSOLE];
    let mut keys = tables.into_iter().flatten();
    keys.find(|(key, _)| key.parse() == Ok(chord)).map(|(_, what)| *what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::keymap::ACTIONS;

    #[test]
    fn no_default_key_is_taken_by_a_terminal_on_windows() {
        for def in ACTIONS {
            for key in def.keys {
                let chord: Chord = key.parse().unwrap();
                assert_eq!(taken_on_windows(chord), None, "{key} of `{}`", def.id);
            }
        }
    }

    #[test]
    fn no_default_key_needs_more_than_every_terminal_sends() {
        for def in ACTIONS {
            for key in def.keys {
                let chord: Chord = key.parse().unwrap();
                let letter = matches!(chord.code, Code::Char('a'..='z'));
                // Ctrl is sent with letters only, and these three are Tab, Enter and Backspace.
                assert!(!chord.ctrl || (letter && !["Ctrl-i", "Ctrl-m", "Ctrl-h"].contains(key)), "{key}");
                assert!(!chord.alt, "{key}: Alt is Escape and a key to many terminals");
                assert!(!chord.shift || chord.code == Code::Tab, "{key}: Shift is not sent with every key");
                assert!(!matches!(chord.code, Code::F(13..)), "{key}: keyboards end at F12");
            }
        }
    }

    #[test]
    fn every_key_of_the_tables_is_one() {
        for (key, what) in WINDOWS_TERMINAL.iter().chain(WINDOWS).chain(OLD_CONSOLE) {
            let chord: Chord = key.parse().unwrap_or_else(|e| panic!("{key}: {e}"));
            assert!(taken_on_windows(chord).is_some(), "{key}: {what}");
        }
        assert_eq!(taken_on_windows("Ctrl-Shift-Tab".parse().unwrap()), Some("Windows Terminal's own"));
        assert_eq!(taken_on_windows("F12".parse().unwrap()), None);
    }
}
