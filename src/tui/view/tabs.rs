//! The screens, with the key of each: the one that is shown stands out.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::Scene;
use crate::tui::model::Screen;
use crate::tui::theme::Theme;
use crate::tui::widgets::text;

pub fn render(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    let (model, theme) = (scene.model, scene.theme);
    let tabs: Vec<Tab> = Screen::ALL
        .into_iter()
        .map(|s| Tab { key: model.keymap.key(s.action()), name: s.name(), here: s == model.screen })
        .collect();
    let line = fitted(&tabs, area.width, theme);
    text::put(buf, area, &line, "");
}

struct Tab {
    key: String,
    name: &'static str,
    here: bool,
}

impl Tab {
    fn width(&self, named: bool) -> u16 {
        let name = if named { text::width(self.name) + 1 } else { 0 };
        text::width(&self.key) + name
    }
}

/// The one shown has its name always; the others have theirs, from the left, as far as there is room.
fn fitted(tabs: &[Tab], room: u16, theme: &Theme) -> Line<'static> {
    const AIRY: u16 = 3;
    let count = u16::try_from(tabs.len()).unwrap_or(u16::MAX);
    // A blank at either end.
    let room = room.saturating_sub(2);
    let mut used = tabs.iter().map(|t| t.width(t.here)).sum::<u16>() + count.saturating_sub(1);
    let mut named: Vec<bool> = tabs.iter().map(|t| t.here).collect();
    for (tab, named) in tabs.iter().zip(&mut named).filter(|(t, _)| !t.here) {
        let more = tab.width(true) - tab.width(false);
        if used + more > room {
            break;
        }
        used += more;
        *named = true;
    }
    let spare = room.saturating_sub(used).checked_div(count.saturating_sub(1)).unwrap_or(0);
    let gap = " ".repeat(usize::from((1 + spare).min(AIRY)));
    let mut spans = vec![Span::raw(" ")];
    for (n, (tab, named)) in tabs.iter().zip(named).enumerate() {
        if n > 0 {
            spans.push(Span::raw(gap.clone()));
        }
        let (key, name) = if tab.here { (theme.accent, theme.bright) } else { (theme.dim, theme.dim) };
        spans.push(Span::styled(tab.key.clone(), key));
        if named {
            spans.push(Span::styled(format!(" {}", tab.name), name));
        }
    }
    spans.push(Span::raw(" "));
    Line::from(spans)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_room_is_short_the_screen_shown_keeps_its_name() {
        let names = ["Cockpit", "Strategy", "Chain", "Orders", "Portfolio", "Risk", "Signals", "Journal"];
        let tab = |n: usize| Tab { key: (n + 1).to_string(), name: names[n], here: n == 6 };
        let tabs: Vec<Tab> = (0..names.len()).map(tab).collect();
        let shown = |room| fitted(&tabs, room, &Theme::named("dark").unwrap()).to_string();
        assert_eq!(shown(34), " 1 Cockpit 2 3 4 5 6 7 Signals 8 ");
        assert_eq!(shown(56), " 1 Cockpit 2 Strategy 3 Chain 4 Orders 5 6 7 Signals 8 ");
        assert!(shown(120).starts_with(" 1 Cockpit   2 Strategy   3 Chain   4 Orders   5 Portfolio"));
        assert_eq!(shown(10).trim(), "1 2 3 4 5 6 7 Signals 8");
    }
}
