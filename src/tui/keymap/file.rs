//! `keymap.toml`: the defaults are shipped in the form in which users write theirs; theirs lie over the defaults.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;

use super::actions::{ACTIONS, ActionDef, Context, EVERYWHERE, Group, PANES};
use super::{Action, Keymap};
use crate::tui::key::{Chord, Code, NoKey};

/// The file as shipped.
pub const SHIPPED: &str = include_str!("../../../keymap.toml");

/// What is wrong with a keymap file, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeymapError {
    #[error("{file}: {message}")]
    Syntax { file: String, message: String },
    #[error(
        "{file}: `{action}` is not an action{nearest}. `strikedeck` lists them under `?`, keymap.toml has them all."
    )]
    UnknownAction { file: String, action: String, nearest: String },
    #[error("{file}: `{action}`: {why}")]
    BadKey { file: String, action: &'static str, why: NoKey },
    #[error("{file}: `{key}` is given to both `{first}` and `{second}` ({context}). Give one of them another key.")]
    Clash { file: String, key: Chord, first: &'static str, second: &'static str, context: &'static str },
    #[error(
        "{file}: `{action}` is heard in text fields, where `{key}` types a character. Take a function key, or one with Ctrl or Alt."
    )]
    Typed { file: String, action: &'static str, key: Chord },
    #[error(
        "{file}: `{action}`: `{key}` types a character on keyboards with AltGr. Take a key with Ctrl or Alt alone, or a function key."
    )]
    AltGr { file: String, action: &'static str, key: Chord },
    #[error("{file}: `{action}` must keep a key.")]
    NoKey { file: String, action: &'static str },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    keys: BTreeMap<String, Keys>,
}

/// One key, or several; the first is the one shown. None takes the action's keys away.
#[derive(Deserialize)]
#[serde(untagged)]
enum Keys {
    One(String),
    Several(Vec<String>),
}

impl Keymap {
    /// The defaults with a user's file over them. `file` is its name, for messages.
    pub fn with_overlay(text: &str, file: &str) -> Result<Self, KeymapError> {
        let name = || file.to_string();
        let parsed: File = toml::from_str(text)
            .map_err(|e| KeymapError::Syntax { file: name(), message: e.to_string().trim_end().to_string() })?;
        let mut map = Self::default();
        for (id, keys) in parsed.keys {
            let Some(at) = ACTIONS.iter().position(|a| a.id == id) else {
                return Err(KeymapError::UnknownAction { file: name(), nearest: nearest(&id), action: id });
            };
            let keys = match keys {
                Keys::One(key) => vec![key],
                Keys::Several(keys) => keys,
            };
            let chords: Result<Vec<Chord>, NoKey> = keys.iter().map(|k| k.parse()).collect();
            map.keys[at] = chords.map_err(|why| KeymapError::BadKey { file: name(), action: ACTIONS[at].id, why })?;
        }
        map.lookup.clear();
        for (def, chords) in ACTIONS.iter().zip(&map.keys) {
            check(def, chords, file)?;
            for (context, chord) in def.contexts.iter().flat_map(|c| chords.iter().map(move |k| (*c, *k))) {
                if let Some(other) = map.lookup.insert((context, chord), def.action).filter(|o| *o != def.action) {
                    let (first, second) = (other.def().id, def.id);
                    let context = context.as_str();
                    return Err(KeymapError::Clash { file: name(), key: chord, first, second, context });
                }
            }
        }
        Ok(map)
    }
}

/// What may never be lost, and what a text field must not swallow.
fn check(def: &'static ActionDef, chords: &[Chord], file: &str) -> Result<(), KeymapError> {
    let vital = [Action::Halt, Action::Cancel, Action::Back, Action::Abandon, Action::Interrupt];
    if chords.is_empty() && vital.contains(&def.action) {
        return Err(KeymapError::NoKey { file: file.into(), action: def.id });
    }
    if let Some(key) = chords.iter().find(|c| matches!(c.code, Code::Char(_)) && c.ctrl && c.alt) {
        return Err(KeymapError::AltGr { file: file.into(), action: def.id, key: *key });
    }
    if def.contexts.contains(&Context::Text)
        && let Some(key) = chords.iter().find(|c| c.text().is_some())
    {
        return Err(KeymapError::Typed { file: file.into(), action: def.id, key: *key });
    }
    Ok(())
}

/// `; did you mean …?` where a name is close.
fn nearest(id: &str) -> String {
    let close = ACTIONS.iter().map(|a| (distance(id, a.id), a.id)).min();
    match close {
        Some((d, name)) if d <= 2.max(name.len() / 3) => format!("; did you mean `{name}`?"),
        _ => String::new(),
    }
}

/// Letters to change, add or drop to get from one word to the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// The shipped file, written from the table.
pub fn shipped_text() -> String {
    let mut text = String::from(
        "# Keys. Copy the lines you want to change into keymap.toml of your configuration folder; the others stay as they are.\n\
         # A key is a character (`e`, `E`, `+`) or Space, Enter, Esc, Tab, Backspace, Delete, Insert, Home, End, PageUp,\n\
         # PageDown, Up, Down, Left, Right, F1 to F12, with Ctrl-, Alt- or Shift- before it. The first of several is the one\n\
         # shown in the hint line. An empty list takes an action's keys away.\n\
         \n[keys]\n",
    );
    for group in Group::ALL {
        let _ = writeln!(text, "\n# {}", group.title());
        for def in ACTIONS.iter().filter(|a| a.group == group) {
            let keys: Vec<String> = def.keys.iter().map(|k| toml::Value::from(*k).to_string()).collect();
            let keys = if keys.len() == 1 { keys[0].clone() } else { format!("[{}]", keys.join(", ")) };
            let wheres: Vec<&str> = def.contexts.iter().map(|c| c.as_str()).collect();
            let wheres = match def.contexts {
                all if all == EVERYWHERE => "everywhere".to_string(),
                all if all == PANES => "every screen".to_string(),
                _ => wheres.join(", "),
            };
            let _ = writeln!(text, "# {} ({wheres})\n{} = {keys}", def.help, def.id);
        }
    }
    text
}

/// The README's table of keys: Markdown, from the same table.
pub fn readme_table() -> String {
    let map = Keymap::default();
    let mut text = String::new();
    for group in Group::ALL {
        let _ = writeln!(text, "\n**{}**\n\n| Key | Does |\n|---|---|", group.title());
        for def in ACTIONS.iter().filter(|a| a.group == group) {
            let keys: Vec<String> = map.keys(def.action).iter().map(|k| format!("`{k}`")).collect();
            let _ = writeln!(text, "| {} | {} |", keys.join(" "), def.help);
        }
    }
    text.trim_start().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_file_is_the_table() {
        if std::env::var_os("UPDATE_KEYMAP").is_some() {
            std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/keymap.toml"), shipped_text()).unwrap();
        }
        let file = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/keymap.toml")).unwrap();
        assert!(file == shipped_text(), "keymap.toml is not what the table says: run this test with UPDATE_KEYMAP=1");
        let read = Keymap::with_overlay(SHIPPED, "keymap.toml").unwrap();
        for def in ACTIONS {
            assert_eq!(read.keys(def.action), Keymap::default().keys(def.action), "{}", def.id);
            assert_eq!(def.keys.len(), read.keys(def.action).len(), "{}", def.id);
        }
    }

    #[test]
    fn every_action_has_its_own_name_and_a_key() {
        for (n, def) in ACTIONS.iter().enumerate() {
            assert_eq!(def.action as usize, n);
            assert!(ACTIONS[n + 1..].iter().all(|other| other.id != def.id), "{}", def.id);
            assert!(!def.keys.is_empty() && !def.contexts.is_empty(), "{}", def.id);
        }
    }

    #[test]
    fn a_users_file_changes_only_what_it_names() {
        let map = Keymap::with_overlay("[keys]\nmark = ['m', 'Insert']\nzoom = []\n", "mine.toml").unwrap();
        assert_eq!(map.find(Context::Pending, Chord::char('m')), Some(Action::Mark));
        assert_eq!(map.find(Context::Pending, Chord::char(' ')), None);
        assert_eq!(map.find(Context::Pending, Chord::char('z')), None);
        assert_eq!(map.find(Context::Positions, Chord::char(' ')), Some(Action::Fold));
    }

    #[test]
    fn a_file_saved_by_a_windows_editor_is_read() {
        let crlf = "\u{feff}# mine\r\n[keys]\r\nmark = 'm'\r\n";
        let map = Keymap::with_overlay(crlf, "mine.toml").unwrap();
        assert_eq!(map.find(Context::Pending, Chord::char('m')), Some(Action::Mark));
    }

    #[test]
    fn mistakes_are_named_with_what_to_do() {
        let says = |text: &str| Keymap::with_overlay(text, "mine.toml").unwrap_err().to_string();
        let cases = [
            ("[keys]\nmarc = 'm'", "mine.toml: `marc` is not an action; did you mean `mark`?"),
            ("[keys]\nmark = 'e'", "`e` is given to both `mark` and `execute` (pending)"),
            ("[keys]\nmark = 'Hyper-x'", "mine.toml: `mark`: `Hyper-x` is no key"),
            ("[keys]\nhalt = 'h'", "`halt` is heard in text fields, where `h` types a character"),
            ("[keys]\nzoom = 'Ctrl-Alt-z'", "`zoom`: `Ctrl-Alt-z` types a character on keyboards with AltGr"),
            ("[keys]\nhalt = []", "`halt` must keep a key"),
            ("[keys]\nmark = 7", "mine.toml: "),
            ("[colours]\nx = 'y'", "unknown field `colours`"),
        ];
        for (text, message) in cases {
            assert!(says(text).contains(message), "{}", says(text));
        }
    }

    #[test]
    fn the_readme_table_has_every_action() {
        let table = readme_table();
        assert!(ACTIONS.iter().all(|a| table.contains(a.help)));
        assert!(table.contains("| `F12` | Halts at once"));
    }
}
