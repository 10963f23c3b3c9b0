//! The help page: every action with the keys as they are set, and what the signs mean.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::Scene;
use crate::tui::keymap::{ACTIONS, Group};
use crate::tui::update::Drawn;
use crate::tui::widgets::{card, pane, text};

/// What the signs and words mean, and how to begin.
const INTRODUCTION: &str = include_str!("../../../assets/help/cockpit.txt");

pub fn render(scene: &Scene<'_>, buf: &mut Buffer, area: Rect, scroll: usize) -> Drawn {
    let theme = scene.theme;
    text::blank(buf, area, theme.ground);
    let title = Line::from(Span::styled("Help", theme.title));
    let inner = pane::frame(buf, area, &title, &Line::default(), true, theme);
    card::scrolled(buf, inner, &lines(scene, inner.width.saturating_sub(1)), scroll, theme)
}

fn lines(scene: &Scene<'_>, width: u16) -> Vec<Line<'static>> {
    const KEYS: u16 = 20;
    let (theme, keymap) = (scene.theme, &scene.model.keymap);
    let mut lines = Vec::new();
    for group in Group::ALL {
        lines.push(Line::styled(group.title(), theme.accent));
        for def in ACTIONS.iter().filter(|a| a.group == group) {
            let keys: Vec<String> = keymap.keys(def.action).iter().map(ToString::to_string).collect();
            let keys = if keys.is_empty() { "(no key)".to_string() } else { keys.join(" ") };
            let parts = text::wrap(def.help, width.saturating_sub(KEYS).max(20));
            for (n, part) in parts.into_iter().enumerate() {
                let keys = if n == 0 { keys.as_str() } else { "" };
                let style = if def.danger { theme.danger } else { theme.key };
                lines.push(Line::from(vec![
                    Span::styled(text::padded(&text::cut(&format!("  {keys}"), KEYS, "…"), KEYS), style),
                    Span::styled(part, theme.text),
                ]));
            }
        }
        lines.push(Line::default());
    }
    for paragraph in INTRODUCTION.lines() {
        if let Some(heading) = paragraph.strip_prefix("# ") {
            lines.push(Line::styled(heading.to_string(), theme.accent));
        } else if paragraph.is_empty() {
            lines.push(Line::default());
        } else {
            lines.extend(text::wrapped(paragraph, width, "  ", theme.text));
        }
    }
    lines
}
