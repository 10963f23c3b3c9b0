//! The palette: the letters typed, and what fits them with the keys that do the same.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::Scene;
use super::textbox::typed;
use crate::tui::model::TextDialog;
use crate::tui::update::{Drawn, Entry, SHOWN, palette_entries};
use crate::tui::widgets::card::{Card, fade};
use crate::tui::widgets::text;

const WIDTH: u16 = 84;
/// Columns of the key.
const KEY: u16 = 9;

pub fn render(scene: &Scene<'_>, buf: &mut Buffer, area: Rect, dialog: &TextDialog, at: usize) -> Drawn {
    let (model, theme) = (scene.model, scene.theme);
    let width = Card::inner_width(area, WIDTH);
    let mut body = Vec::new();
    if let Some(field) = dialog.fields.first() {
        let mut spans = vec![Span::styled(": ", theme.accent)];
        spans.extend(typed(field, true, width.saturating_sub(2), theme));
        body.push(Line::from(spans));
        body.push(Line::default());
    }
    let entries = palette_entries(model, dialog.value(0));
    for n in 0..SHOWN {
        let mut line = entries.get(n).map(|entry| line(scene, entry, width)).unwrap_or_default();
        if n == at && n < entries.len() {
            let chosen = line.spans.into_iter().map(|s| Span::styled(s.content, s.style.patch(theme.selection)));
            let mark = Span::styled(theme.symbols.cursor, theme.accent.patch(theme.selection));
            line = Line::from(std::iter::once(mark).chain(chosen).collect::<Vec<_>>());
        } else {
            line.spans.insert(0, Span::raw(" "));
        }
        body.push(line);
    }
    if entries.is_empty() {
        body[2] = Line::styled("Nothing is called so.", theme.dim);
    }
    fade(buf, area, theme);
    let frame = theme.paper;
    Card { title: dialog.title.clone(), frame, body, foot: Vec::new(), scroll: 0, width: WIDTH }
        .render(buf, area, theme)
}

fn line(scene: &Scene<'_>, entry: &Entry, width: u16) -> Line<'static> {
    let (model, theme) = (scene.model, scene.theme);
    let (key, name, says, style) = match entry {
        Entry::Action(def, Ok(())) => {
            (model.keymap.key(def.action), def.label.to_string(), def.help.to_string(), theme.bright)
        }
        Entry::Action(def, Err(why)) => (model.keymap.key(def.action), def.label.to_string(), why.clone(), theme.dim),
        Entry::Strategy(_, title) => (String::new(), title.clone(), "details".to_string(), theme.text),
    };
    let named = text::padded(&text::cut(&name, 34, theme.symbols.ellipsis), 20);
    let room = width.saturating_sub(1 + KEY + text::width(&named) + 2);
    Line::from(vec![
        Span::styled(text::padded(&text::cut(&key, KEY - 1, theme.symbols.ellipsis), KEY), theme.key),
        Span::styled(named, style),
        Span::styled(format!("  {}", text::padded(&text::cut(&says, room, theme.symbols.ellipsis), room)), theme.dim),
    ])
}
