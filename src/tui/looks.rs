//! What the terminal can show: how many colours, and which signs. Found out from the system and the environment, and
//! overridable in both.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use crate::platform::console::Kind;

/// How many colours are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Colours {
    /// The sixteen of old, as the terminal's own scheme paints them.
    Sixteen,
    /// The table of xterm.
    Indexed,
    /// Red, green and blue of 256 steps each.
    True,
}

/// Which characters are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SymbolSet {
    Unicode,
    /// ASCII only.
    Plain,
}

/// What a user says, or leaves to be found out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice<T> {
    #[default]
    Auto,
    Always(T),
}

impl<T: Copy> Choice<T> {
    pub fn or(self, found: T) -> T {
        match self {
            Self::Auto => found,
            Self::Always(chosen) => chosen,
        }
    }
}

impl fmt::Display for Colours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sixteen => "16",
            Self::Indexed => "256",
            Self::True => "true",
        })
    }
}

impl FromStr for Colours {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "16" => Ok(Self::Sixteen),
            "256" => Ok(Self::Indexed),
            "true" => Ok(Self::True),
            _ => Err(format!("`{text}` is no number of colours: write 16, 256, true or auto")),
        }
    }
}

impl fmt::Display for SymbolSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unicode => "unicode",
            Self::Plain => "plain",
        })
    }
}

impl FromStr for SymbolSet {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "unicode" => Ok(Self::Unicode),
            "plain" | "ascii" => Ok(Self::Plain),
            _ => Err(format!("`{text}` is no set of symbols: write unicode, plain or auto")),
        }
    }
}

impl<T: fmt::Display> fmt::Display for Choice<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Always(chosen) => chosen.fmt(f),
        }
    }
}

impl<T: FromStr> FromStr for Choice<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        if text == "auto" { Ok(Self::Auto) } else { text.parse().map(Self::Always) }
    }
}

impl<T: fmt::Display> Serialize for Choice<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// `16` and `true` are a number and a truth to YAML; here they are words.
impl<'de, T: FromStr<Err = String>> Deserialize<'de> for Choice<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Word<T>(std::marker::PhantomData<T>);
        impl<T: FromStr<Err = String>> Visitor<'_> for Word<T> {
            type Value = Choice<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("one of the words named beside the setting")
            }
            fn visit_str<E: de::Error>(self, word: &str) -> Result<Choice<T>, E> {
                word.parse().map_err(E::custom)
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Choice<T>, E> {
                self.visit_str(&number.to_string())
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Choice<T>, E> {
                self.visit_str(&number.to_string())
            }
            fn visit_bool<E: de::Error>(self, truth: bool) -> Result<Choice<T>, E> {
                self.visit_str(&truth.to_string())
            }
        }
        deserializer.deserialize_any(Word(std::marker::PhantomData))
    }
}

/// What was found out, and from what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looks {
    pub colours: Colours,
    pub symbols: SymbolSet,
    /// In words, for `doctor`.
    pub because: String,
}

/// What the terminal can show. `variable` answers for the environment.
pub fn find_out(kind: Kind, variable: &dyn Fn(&str) -> Option<String>) -> Looks {
    let variable = |name: &str| variable(name).filter(|v| !v.is_empty());
    let looks = |colours, symbols, because: String| Looks { colours, symbols, because };
    let full = |because: String| looks(Colours::True, SymbolSet::Unicode, because);
    match kind {
        Kind::Pseudo => return full("a terminal behind Windows' pseudo console".into()),
        Kind::Legacy => return looks(Colours::Sixteen, SymbolSet::Plain, "the old Windows console".into()),
        Kind::Terminal => {}
    }
    if variable("WT_SESSION").is_some() {
        return full("Windows Terminal (WT_SESSION)".into());
    }
    let Some(term) = variable("TERM").filter(|t| t != "dumb") else {
        let because = "no TERM in the environment: a console of which nothing is known";
        return looks(Colours::Sixteen, SymbolSet::Plain, because.into());
    };
    let colour_term = variable("COLORTERM").unwrap_or_default();
    let modern = ["kitty", "alacritty", "wezterm", "ghostty", "foot", "direct", "truecolor"];
    let colours = if matches!(colour_term.as_str(), "truecolor" | "24bit") || modern.iter().any(|m| term.contains(m)) {
        Colours::True
    } else if term.contains("256") {
        Colours::Indexed
    } else {
        Colours::Sixteen
    };
    let simple = ["linux", "vt100", "vt102", "vt220", "ansi", "cons25", "cygwin"].iter().any(|t| term == **t);
    let other_charset = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|n| variable(n)).filter(|l| is_not_utf8(l));
    let symbols = if simple || other_charset.is_some() { SymbolSet::Plain } else { SymbolSet::Unicode };
    let colour_term = if colour_term.is_empty() { colour_term } else { format!(" COLORTERM={colour_term}") };
    let locale = other_charset.map(|l| format!(", locale {l}")).unwrap_or_default();
    looks(colours, symbols, format!("TERM={term}{colour_term}{locale}"))
}

/// A locale that names a character set, and another one. A locale that names none says nothing.
fn is_not_utf8(locale: &str) -> bool {
    let set = locale.split_once('.').map(|(_, set)| set.split('@').next().unwrap_or(set).to_ascii_lowercase());
    set.is_some_and(|set| set != "utf-8" && set != "utf8")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(kind: Kind, environment: &[(&str, &str)]) -> (Colours, SymbolSet) {
        let variable = |name: &str| environment.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_string());
        let looks = find_out(kind, &variable);
        (looks.colours, looks.symbols)
    }

    #[test]
    fn windows_tells_a_terminal_from_the_old_console() {
        assert_eq!(found(Kind::Pseudo, &[]), (Colours::True, SymbolSet::Unicode));
        // The old console inherits the variables of the terminal it was started from.
        let inherited = [("WT_SESSION", "1"), ("TERM", "xterm-256color")];
        assert_eq!(found(Kind::Legacy, &inherited), (Colours::Sixteen, SymbolSet::Plain));
    }

    #[test]
    fn the_environment_tells_the_rest() {
        use Colours::{Indexed, Sixteen, True};
        use SymbolSet::{Plain, Unicode};
        type Case = (&'static [(&'static str, &'static str)], Colours, SymbolSet);
        let cases: &[Case] = &[
            (&[], Sixteen, Plain),
            (&[("TERM", "dumb")], Sixteen, Plain),
            (&[("TERM", "")], Sixteen, Plain),
            (&[("TERM", "linux")], Sixteen, Plain),
            (&[("TERM", "xterm")], Sixteen, Unicode),
            (&[("TERM", "xterm-256color")], Indexed, Unicode),
            (&[("TERM", "screen-256color"), ("COLORTERM", "truecolor")], True, Unicode),
            (&[("TERM", "alacritty")], True, Unicode),
            (&[("WT_SESSION", "0a1b")], True, Unicode),
            (&[("TERM", "xterm-256color"), ("LANG", "en_IN.UTF-8")], Indexed, Unicode),
            (&[("TERM", "xterm-256color"), ("LC_ALL", "C")], Indexed, Unicode),
            (&[("TERM", "xterm-256color"), ("LANG", "de_DE.ISO-8859-1@euro")], Indexed, Plain),
            (&[("TERM", "xterm-256color"), ("LC_ALL", "en_IN.utf8"), ("LANG", "x.latin1")], Indexed, Unicode),
        ];
        for (environment, colours, symbols) in cases {
            assert_eq!(found(Kind::Terminal, environment), (*colours, *symbols), "{environment:?}");
        }
    }

    #[test]
    fn what_is_said_goes_before_what_is_found() {
        let said: Choice<Colours> = serde_saphyr::from_str("16").unwrap();
        assert_eq!(said.or(Colours::True), Colours::Sixteen);
        for word in ["auto", "16", "256", "true"] {
            let read: Choice<Colours> = serde_saphyr::from_str(word).unwrap();
            assert_eq!(read, word.parse().unwrap(), "{word}");
            assert_eq!(read.to_string(), word);
        }
        assert_eq!("auto".parse::<Choice<SymbolSet>>().unwrap().or(SymbolSet::Plain), SymbolSet::Plain);
        assert!(serde_saphyr::from_str::<Choice<Colours>>("64").unwrap_err().to_string().contains("16, 256, true"));
        assert!("wingdings".parse::<SymbolSet>().unwrap_err().contains("unicode, plain"));
    }
}
