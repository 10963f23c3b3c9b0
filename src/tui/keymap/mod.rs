//! Keys and actions. One table ([`actions::ACTIONS`]) says what can be done, where, with which keys and how it is
//! described; dispatch, the hint line, the help page, `keymap.toml` and the README's table all read it.

pub mod actions;
mod file;
mod taken;

use std::collections::HashMap;

pub use actions::{ACTIONS, Action, ActionDef, Context, Group};
pub use file::{KeymapError, SHIPPED, readme_table, shipped_text};
pub use taken::taken_on_windows;

use super::key::Chord;

/// Which keys do what.
#[derive(Clone, Debug)]
pub struct Keymap {
    /// In the order of the table.
    keys: Vec<Vec<Chord>>,
    lookup: HashMap<(Context, Chord), Action>,
}

impl Default for Keymap {
    /// The keys of the table. That they do not clash is tested.
    fn default() -> Self {
        let keys = ACTIONS.iter().map(|a| a.keys.iter().filter_map(|k| k.parse().ok()).collect()).collect();
        let mut map = Self { keys, lookup: HashMap::new() };
        for (def, chords) in ACTIONS.iter().zip(&map.keys) {
            for chord in chords {
                for context in def.contexts {
                    map.lookup.insert((*context, *chord), def.action);
                }
            }
        }
        map
    }
}

impl Keymap {
    /// What a key does in a context.
    pub fn find(&self, context: Context, chord: Chord) -> Option<Action> {
        self.lookup.get(&(context, chord)).copied()
    }

    /// The keys of an action, the one to show first.
    pub fn keys(&self, action: Action) -> &[Chord] {
        let at = ACTIONS.iter().position(|a| a.action == action);
        at.and_then(|i| self.keys.get(i)).map_or(&[], Vec::as_slice)
    }

    /// The key to show for an action.
    pub fn key(&self, action: Action) -> String {
        self.keys(action).first().map_or_else(|| "(no key)".into(), ToString::to_string)
    }
}
