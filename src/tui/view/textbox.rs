//! Text fields.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Scene, palette, words};
use crate::domain::Drill;
use crate::tui::keymap::Action;
use crate::tui::model::{Asked, Field, TextDialog};
use crate::tui::theme::Theme;
use crate::tui::update::Drawn;
use crate::tui::widgets::card::{Card, fade};
use crate::tui::widgets::text;

const WIDTH: u16 = 70;

pub fn render(scene: &Scene<'_>, buf: &mut Buffer, area: Rect, dialog: &TextDialog) -> Drawn {
    match dialog.asked {
        Asked::Filter { .. } | Asked::FilterAudit { .. } => return filter(scene, buf, area, dialog),
        Asked::Palette { at } => return palette::render(scene, buf, area, dialog, at),
        _ => {}
    }
    let (model, theme) = (scene.model, scene.theme);
    let width = Card::inner_width(area, WIDTH);
    let mut body = explanation(scene, dialog, width);
    for (n, field) in dialog.fields.iter().enumerate() {
        let label = text::padded(field.label, 13);
        let room = width.saturating_sub(text::width(&label));
        let mut spans = vec![Span::styled(label, theme.dim)];
        spans.extend(typed(field, n == dialog.active, room, theme));
        body.push(Line::from(spans));
    }
    if let Some(error) = &dialog.error {
        body.push(Line::default());
        body.extend(text::wrapped(error, width, "", theme.down));
    }
    let mut foot = words::key_hint(&model.keymap.key(Action::Submit), "done", theme);
    foot.push(Span::raw("   "));
    foot.extend(words::key_hint(&model.keymap.key(Action::Abandon), "cancel", theme));
    if dialog.fields.len() > 1 {
        foot.push(Span::raw("   "));
        foot.extend(words::key_hint(&model.keymap.key(Action::NextField), "next field", theme));
    }
    let frame = if matches!(dialog.asked, Asked::Arm) { theme.halted } else { theme.paper };
    fade(buf, area, theme);
    let foot = vec![Line::default(), Line::from(foot)];
    Card { title: dialog.title.clone(), frame, body, foot, scroll: 0, width: WIDTH }.render(buf, area, theme)
}

fn explanation(scene: &Scene<'_>, dialog: &TextDialog, width: u16) -> Vec<Line<'static>> {
    let theme = scene.theme;
    let words = match dialog.asked {
        Asked::Arm => "Entries are allowed again once the word is typed. Look at the positions first.".to_string(),
        Asked::MarkTop => {
            let least = dialog.value(1).trim().parse::<rust_decimal::Decimal>().ok();
            let pending = scene.model.view.strategies.iter().filter(|s| {
                s.status == crate::domain::StrategyStatus::Pending
                    && s.blocked().is_none()
                    && least.is_none_or(|l| s.score.is_some_and(|score| score >= l))
            });
            format!("{} pending strategies have this score and nothing known against them.", pending.count())
        }
        Asked::Rehearse => {
            let names: Vec<&str> = Drill::ALL.iter().map(|d| d.as_str()).collect();
            let chosen = dialog.value(0).parse::<Drill>().map_or(String::new(), |d| format!(" Now: {}.", d.what()));
            format!("One of {}; nothing ends what runs.{chosen}", names.join(", "))
        }
        Asked::Stop { .. } => "It rests at the broker and moves at once. A trailing stop never goes back.".to_string(),
        Asked::ReplayTime => "As a clock in India shows it; before 08:30, of the morning after.".to_string(),
        Asked::Notes(_) | Asked::Filter { .. } | Asked::FilterAudit { .. } | Asked::Palette { .. } => {
            return Vec::new();
        }
    };
    let mut lines = text::wrapped(&words, width, "", theme.text);
    lines.push(Line::default());
    lines
}

/// What was typed, scrolled so that the cursor shows.
pub fn typed(field: &Field, active: bool, room: u16, theme: &Theme) -> Vec<Span<'static>> {
    let value: Vec<char> = field.input.value().chars().collect();
    let cursor = field.input.cursor().min(value.len());
    let room = usize::from(room.saturating_sub(1)).max(1);
    let first = (cursor + 1).saturating_sub(room);
    let part = |from: usize, to: usize| value[from.min(value.len())..to.min(value.len())].iter().collect::<String>();
    if !active {
        return vec![Span::styled(part(0, room), theme.text)];
    }
    let under = value.get(cursor).copied().unwrap_or(' ').to_string();
    vec![
        Span::styled(part(first, cursor), theme.field),
        Span::styled(under, theme.cursor),
        Span::styled(part(cursor + 1, first + room), theme.field),
        Span::styled(" ".repeat(room.saturating_sub(value.len().saturating_sub(first))), theme.field),
    ]
}

/// One line at the foot: the list above narrows while it is typed.
fn filter(scene: &Scene<'_>, buf: &mut Buffer, area: Rect, dialog: &TextDialog) -> Drawn {
    let theme = scene.theme;
    let Some(field) = dialog.fields.first() else { return Drawn::default() };
    let bar = text::row(area, area.height.saturating_sub(1));
    text::blank(buf, bar, theme.card.patch(theme.head));
    let mut spans = vec![Span::styled(" / ", theme.key)];
    let room = bar.width.saturating_sub(4).min(60);
    spans.extend(typed(field, true, room, theme));
    let (words, style) = match &dialog.error {
        Some(error) => (format!("  {error}"), theme.down),
        None => {
            let model = scene.model;
            let found = match dialog.asked {
                Asked::FilterAudit { .. } => model.audit.rows.len(),
                _ => model.pending_rows.len(),
            };
            (format!("  {found} match"), theme.dim)
        }
    };
    spans.push(Span::styled(words, style));
    text::put(buf, bar, &Line::from(spans), theme.symbols.ellipsis);
    Drawn::default()
}
