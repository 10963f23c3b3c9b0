//! The last line: what can be done here now, from the table of actions, the most important first; and the kill switch.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Scene, words};
use crate::tui::keymap::{ACTIONS, Action, ActionDef, Context};
use crate::tui::update::only_looks;
use crate::tui::widgets::text;

pub fn render(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    let (model, theme) = (scene.model, scene.theme);
    text::blank(buf, area, theme.ground.patch(theme.head));
    let context = model.context();
    let flatten = Context::Kill != context && area.width >= 100;
    let word = if flatten { " HALT / FLATTEN " } else { " HALT " };
    let kill = Line::from(vec![
        Span::styled(format!(" {} ", model.keymap.key(Action::Halt)), theme.danger_key),
        Span::styled(word, theme.danger),
    ]);
    // There is nothing to halt in a past day.
    let kill = if model.view.replay.is_some() { Line::default() } else { kill };
    text::put_right(buf, area, &kill);
    let mut room = area.width.saturating_sub(text::line_width(&kill) + 1);
    let mut spans = vec![Span::raw(" ")];
    for def in offered(scene, context) {
        let hint = words::key_hint(&key(scene, def), def.label, theme);
        let wide = hint.iter().map(|s| text::width(&s.content)).sum::<u16>() + 2;
        if wide > room {
            break;
        }
        room -= wide;
        spans.extend(hint);
        spans.push(Span::raw("  "));
    }
    text::put(buf, area, &Line::from(spans), "");
}

/// `+/-` says more than `+`.
fn key(scene: &Scene<'_>, def: &ActionDef) -> String {
    let first = scene.model.keymap.key(def.action);
    if def.action == Action::PriorityUp {
        format!("{first}/{}", scene.model.keymap.key(Action::PriorityDown))
    } else {
        first
    }
}

/// What stands in the hint line: available now, in the order of importance.
fn offered(scene: &Scene<'_>, context: Context) -> Vec<&'static ActionDef> {
    // In the panes Esc clears this and that: worth knowing, not worth a place here.
    let leaves = |d: &ActionDef| d.action != Action::Back || !scene.model.layers.is_empty();
    let replays = scene.model.view.replay.is_some();
    let own = |d: &ActionDef| replays && scene.model.layers.is_empty() && d.contexts.contains(&Context::Replay);
    let here =
        |d: &ActionDef| d.contexts.contains(&context) && (!replays || context == Context::Text || only_looks(d.action));
    let mut defs: Vec<&ActionDef> = ACTIONS
        .iter()
        .filter(|d| d.hint > 0 && (own(d) || here(d)) && leaves(d))
        .filter(|d| !scene.model.keymap.keys(d.action).is_empty() && (d.available)(scene.model).is_ok())
        .collect();
    defs.sort_by_key(|d| (!own(d), d.hint));
    defs
}
