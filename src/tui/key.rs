//! Our own keys: what the terminal sends is turned into these at the edge, and nothing behind it knows the terminal.

use std::fmt;
use std::str::FromStr;

/// A key without its modifiers. Letters keep their case: `A` is `a` with Shift.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    Char(char),
    F(u8),
    Enter,
    Esc,
    Tab,
    Backspace,
    Delete,
    Insert,
    Home,
    End,
    PageUp,
    PageDown,
    Up,
    Down,
    Left,
    Right,
}

/// A key with its modifiers: what a binding names. Written `Space`, `F12`, `Ctrl-c`, `Shift-Tab`, `+`, `A`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Chord {
    pub code: Code,
    pub ctrl: bool,
    pub alt: bool,
    /// Never set on characters: their case says it.
    pub shift: bool,
}

/// One press.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    pub chord: Chord,
    /// The key is being held down.
    pub repeat: bool,
    /// Came in a burst no hand types: text for a field, never an action.
    pub pasted: bool,
    /// The input thread has told the engine to halt already.
    pub halt_sent: bool,
}

impl Chord {
    pub const fn plain(code: Code) -> Self {
        Self { code, ctrl: false, alt: false, shift: false }
    }

    pub const fn char(c: char) -> Self {
        Self::plain(Code::Char(c))
    }

    /// The character it would type into a text field.
    pub fn text(self) -> Option<char> {
        match self.code {
            Code::Char(c) if !self.ctrl && !self.alt => Some(c),
            _ => None,
        }
    }
}

impl Key {
    /// An ordinary press.
    pub const fn press(chord: Chord) -> Self {
        Self { chord, repeat: false, pasted: false, halt_sent: false }
    }
}

const NAMES: [(Code, &str); 15] = [
    (Code::Char(' '), "Space"),
    (Code::Enter, "Enter"),
    (Code::Esc, "Esc"),
    (Code::Tab, "Tab"),
    (Code::Backspace, "Backspace"),
    (Code::Delete, "Delete"),
    (Code::Insert, "Insert"),
    (Code::Home, "Home"),
    (Code::End, "End"),
    (Code::PageUp, "PageUp"),
    (Code::PageDown, "PageDown"),
    (Code::Up, "Up"),
    (Code::Down, "Down"),
    (Code::Left, "Left"),
    (Code::Right, "Right"),
];

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (held, name) in [(self.ctrl, "Ctrl-"), (self.alt, "Alt-"), (self.shift, "Shift-")] {
            if held {
                f.write_str(name)?;
            }
        }
        match (NAMES.iter().find(|(code, _)| *code == self.code), self.code) {
            (Some((_, name)), _) => f.write_str(name),
            (None, Code::F(n)) => write!(f, "F{n}"),
            (None, Code::Char(c)) => write!(f, "{c}"),
            (None, _) => Ok(()),
        }
    }
}

/// A text that names no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no key: write a character, or Space, Enter, Esc, Tab, Up, PageUp, … F1 to F12, with Ctrl-, Alt- or Shift- before it"
)]
pub struct NoKey(pub String);

impl FromStr for Chord {
    type Err = NoKey;

    fn from_str(text: &str) -> Result<Self, NoKey> {
        let no_key = || NoKey(text.chars().take(30).collect());
        let (mut ctrl, mut alt, mut shift) = (false, false, false);
        let mut rest = text;
        loop {
            let (held, after) = match rest.split_once('-') {
                Some((name, after)) if !after.is_empty() => (name, after),
                _ => break,
            };
            match held.to_ascii_lowercase().as_str() {
                "ctrl" => ctrl = true,
                "alt" => alt = true,
                "shift" => shift = true,
                _ => return Err(no_key()),
            }
            rest = after;
        }
        let code = code(rest).ok_or_else(no_key)?;
        match code {
            // The case of a letter says Shift; Ctrl with a letter has no case.
            Code::Char(_) if shift => Err(no_key()),
            Code::Char(c) if ctrl => Ok(Self { code: Code::Char(c.to_ascii_lowercase()), ctrl, alt, shift }),
            _ => Ok(Self { code, ctrl, alt, shift }),
        }
    }
}

fn code(text: &str) -> Option<Code> {
    let mut chars = text.chars();
    if let (Some(c), None) = (chars.next(), chars.next()) {
        return Some(Code::Char(c));
    }
    if let Some((code, _)) = NAMES.iter().find(|(_, name)| name.eq_ignore_ascii_case(text)) {
        return Some(*code);
    }
    let number = text.strip_prefix(['F', 'f'])?.parse().ok()?;
    (1..=24).contains(&number).then_some(Code::F(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys_are_written_as_people_name_them() {
        for text in ["Space", "F12", "Ctrl-c", "Shift-Tab", "+", "-", "Ctrl--", "A", "?", "Alt-Enter", "₹"] {
            assert_eq!(text.parse::<Chord>().unwrap().to_string(), text);
        }
        assert_eq!("ctrl-C".parse::<Chord>(), "Ctrl-c".parse());
        for text in ["", "Hyper-x", "F0", "F99", "Spaceship", "Shift-a"] {
            assert!(text.parse::<Chord>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(c in any::<char>(), ctrl: bool, alt: bool, n in 1_u8..=24) {
            prop_assume!(!c.is_control());
            let c = if ctrl { c.to_ascii_lowercase() } else { c };
            for code in [Code::Char(c), Code::F(n)] {
                let chord = Chord { code, ctrl, alt, shift: false };
                prop_assert_eq!(chord.to_string().parse::<Chord>(), Ok(chord));
            }
        }
    }
}
