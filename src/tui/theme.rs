//! Colours by meaning. Panes ask for a meaning ("a loss", "the live profile"), never for a colour; themes are data.

use std::collections::BTreeMap;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

use super::looks::{Colours, SymbolSet};
use super::palette;

macro_rules! roles {
    ($($(#[$doc:meta])* $role:ident),* $(,)?) => {
        /// How each meaning looks.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Theme {
            pub name: String,
            pub symbols: Symbols,
            $($(#[$doc])* pub $role: Style),*
        }

        impl Theme {
            fn of(name: String, styles: &BTreeMap<String, Style>) -> Result<Self, String> {
                const ROLES: &[&str] = &[$(stringify!($role)),*];
                if let Some(unknown) = styles.keys().find(|k| !ROLES.contains(&k.as_str())) {
                    return Err(format!("theme `{name}`: there is no style `{unknown}`"));
                }
                $(let $role = *styles.get(stringify!($role))
                    .ok_or_else(|| format!("theme `{name}`: the style `{}` is missing", stringify!($role)))?;)*
                Ok(Self { name, symbols: Symbols::UNICODE, $($role),* })
            }

            /// As it can be shown with these colours and signs.
            #[must_use]
            pub fn fitted(self, colours: Colours, symbols: SymbolSet) -> Self {
                let symbols = match symbols {
                    SymbolSet::Unicode => Symbols::UNICODE,
                    SymbolSet::Plain => Symbols::PLAIN,
                };
                Self { name: self.name, symbols, $($role: palette::fitted(self.$role, colours)),* }
            }
        }
    };
}

roles! {
    ground, head,
    /// The whole head line in the live profile.
    head_live,
    line, line_focus, title, text, bright,
    /// What never changes.
    dim,
    /// Less still: stale, or behind a card.
    faint,
    accent, up, down, warn, marked, selection,
    paper, live, halted,
    key, danger_key, danger,
    card, card_danger, card_calm,
    field, cursor,
}

/// Signs beside colours: colour never carries a meaning alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Symbols {
    pub up: &'static str,
    pub down: &'static str,
    pub dot: &'static str,
    pub hollow: &'static str,
    pub chosen: &'static str,
    pub cursor: &'static str,
    pub blocked: &'static str,
    pub failed: &'static str,
    pub done: &'static str,
    pub folded: &'static str,
    pub unfolded: &'static str,
    pub part_done: &'static str,
    pub part_open: &'static str,
    pub gauge: &'static str,
    pub gauge_tick: &'static str,
    pub gauge_rest: &'static str,
    pub bars: [&'static str; 8],
    pub ellipsis: &'static str,
    /// Payoff curves may be drawn with braille dots.
    pub braille: bool,
    pub rounded: bool,
}

impl Symbols {
    pub const UNICODE: Self = Self {
        up: "▲",
        down: "▼",
        dot: "●",
        hollow: "○",
        chosen: "◆",
        cursor: "▎",
        blocked: "!",
        failed: "✗",
        done: "✓",
        folded: "▸",
        unfolded: "▾",
        part_done: "▰",
        part_open: "▱",
        gauge: "━",
        gauge_tick: "╋",
        gauge_rest: "─",
        bars: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
        ellipsis: "…",
        braille: true,
        rounded: true,
    };

    /// For fonts that have little.
    pub const PLAIN: Self = Self {
        up: "^",
        down: "v",
        dot: "*",
        hollow: "o",
        chosen: "#",
        cursor: ">",
        blocked: "!",
        failed: "x",
        done: "+",
        folded: ">",
        unfolded: "v",
        part_done: "#",
        part_open: ".",
        gauge: "=",
        gauge_tick: "|",
        gauge_rest: "-",
        bars: ["_", ".", ".", ":", ":", "|", "|", "#"],
        ellipsis: "~",
        braille: false,
        rounded: false,
    };
}

/// The themes that come with the program: name and text.
pub const SHIPPED: [(&str, &str); 5] = [
    ("dark", include_str!("../../assets/themes/dark.toml")),
    ("light", include_str!("../../assets/themes/light.toml")),
    ("high-contrast", include_str!("../../assets/themes/high-contrast.toml")),
    ("colour-blind", include_str!("../../assets/themes/colour-blind.toml")),
    ("ansi16", include_str!("../../assets/themes/ansi16.toml")),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    #[serde(default)]
    colours: BTreeMap<String, String>,
    styles: BTreeMap<String, FileStyle>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileStyle {
    fg: Option<String>,
    bg: Option<String>,
    #[serde(default)]
    bold: bool,
    #[serde(default)]
    dim: bool,
    #[serde(default)]
    underlined: bool,
    #[serde(default)]
    reversed: bool,
}

impl Theme {
    /// Reads a theme; the error names the style and the colour.
    pub fn parse(text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|e| format!("theme: {}", e.to_string().trim_end()))?;
        let mut styles = BTreeMap::new();
        for (role, style) in &file.styles {
            let style = file.style(style).map_err(|e| format!("theme `{}`, style `{role}`: {e}", file.name))?;
            styles.insert(role.clone(), style);
        }
        Self::of(file.name, &styles)
    }

    /// A shipped theme by its name.
    pub fn named(name: &str) -> Result<Self, String> {
        if let Some((_, text)) = SHIPPED.iter().find(|(shipped, _)| *shipped == name) {
            Self::parse(text)
        } else {
            let names: Vec<&str> = SHIPPED.iter().map(|(n, _)| *n).collect();
            Err(format!("there is no theme `{name}`; there are {}", names.join(", ")))
        }
    }
}

impl File {
    fn style(&self, style: &FileStyle) -> Result<Style, String> {
        let mut made = Style::new();
        if let Some(fg) = &style.fg {
            made = made.fg(self.colour(fg)?);
        }
        if let Some(bg) = &style.bg {
            made = made.bg(self.colour(bg)?);
        }
        for (set, modifier) in [
            (style.bold, Modifier::BOLD),
            (style.dim, Modifier::DIM),
            (style.underlined, Modifier::UNDERLINED),
            (style.reversed, Modifier::REVERSED),
        ] {
            if set {
                made = made.add_modifier(modifier);
            }
        }
        Ok(made)
    }

    fn colour(&self, text: &str) -> Result<Color, String> {
        let text = self.colours.get(text).map_or(text, String::as_str);
        if text == "default" {
            return Ok(Color::Reset);
        }
        text.parse()
            .map_err(|_| format!("`{text}` is no colour (#rrggbb, one of the 16 names, or a name of [colours])"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_theme_has_every_style() {
        for (name, _) in SHIPPED {
            assert_eq!(Theme::named(name).map(|t| t.name), Ok(name.to_string()));
        }
        assert!(Theme::named("plaid").unwrap_err().contains("dark, light"));
    }

    #[test]
    fn paper_live_and_halted_differ_in_every_theme() {
        for (name, _) in SHIPPED {
            let theme = Theme::named(name).unwrap();
            let grounds = [theme.paper.bg, theme.live.bg, theme.halted.bg];
            assert!(grounds.iter().all(Option::is_some), "{name}");
            assert!(grounds[0] != grounds[1] && grounds[1] != grounds[2] && grounds[0] != grounds[2], "{name}");
            assert_ne!(theme.up, theme.down, "{name}");
        }
    }

    #[test]
    fn what_matters_still_differs_where_colours_are_few() {
        for (name, _) in SHIPPED {
            for colours in [Colours::Sixteen, Colours::Indexed, Colours::True] {
                let theme = Theme::named(name).unwrap().fitted(colours, SymbolSet::Unicode);
                let grounds = [theme.paper.bg, theme.live.bg, theme.halted.bg];
                let differ = grounds[0] != grounds[1] && grounds[1] != grounds[2] && grounds[0] != grounds[2];
                assert!(differ, "{name} with {colours}: {grounds:?}");
                assert_ne!(theme.up, theme.down, "{name} with {colours}");
                for style in [theme.text, theme.bright, theme.paper, theme.live, theme.halted, theme.danger_key] {
                    assert!(style.fg.is_none() || style.fg != style.bg, "{name} with {colours}: {style:?}");
                }
                for fg in [theme.text.fg, theme.bright.fg, theme.up.fg, theme.down.fg, theme.warn.fg] {
                    assert!(fg.is_none() || fg != theme.ground.bg, "{name} with {colours}: {fg:?} cannot be read");
                }
            }
        }
    }

    #[test]
    fn a_mistake_names_the_style() {
        let text = SHIPPED[0].1.replace("up = { fg = \"up\" }", "up = { fg = \"upp\" }");
        assert_eq!(
            Theme::parse(&text).unwrap_err(),
            "theme `dark`, style `up`: `upp` is no colour (#rrggbb, one of the 16 names, or a name of [colours])"
        );
    }
}
