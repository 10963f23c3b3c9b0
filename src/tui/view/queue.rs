//! The execution queue, in the order in which it goes.

use std::fmt::Write as _;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{Scene, words};
use crate::tui::keymap::Action;
use crate::tui::model::{Pane, offset};
use crate::tui::theme::Theme;
use crate::tui::widgets::pane;
use crate::tui::widgets::table::{Column, Row, render as table};
use crate::view::{LegProgress, QueueRow, Stage, format};

const COLUMNS: &[Column] = &[
    Column::word("", 0, 1),
    Column::number("Pri", 0, 3),
    Column::number("ID", 0, 3),
    Column::word("Symbol", 0, 6),
    Column::text("Strategy", 2, 12),
    Column::text("State", 0, 14),
    Column::number("Score", 5, 5),
    Column::number("Max loss", 3, 9),
    Column::number("Drift", 1, 6),
    Column::number("Expires", 4, 7),
    Column::text("Note", 6, 8),
];

pub fn render(scene: &Scene<'_>, buf: &mut Buffer, area: Rect, compact: bool) {
    let (model, theme) = (scene.model, scene.theme);
    let own = format!("Execution queue {}", model.view.queue.len());
    let title = words::title(model, Pane::Queue, own, compact, theme);
    let focused = model.focus == Pane::Queue;
    let available = model.view.header.available;
    let right = available
        .map_or_else(Line::default, |a| Line::styled(format!("available {}", format::rupees_whole(a)), theme.dim));
    let inner = pane::frame(buf, area, &title, &right, focused, theme);
    if model.view.queue.is_empty() {
        let key = model.keymap.key(Action::Mark);
        pane::empty(buf, inner, &format!("Nothing is marked. {key} marks the strategy under the cursor."), theme);
        return;
    }
    let height = usize::from(inner.height.saturating_sub(1));
    let first = offset(model.queue.index(), model.view.queue.len(), height);
    let rows: Vec<Row<'_>> = model.view.queue[first..].iter().take(height).map(|q| row(scene, q, focused)).collect();
    table(buf, inner, COLUMNS, &rows, theme);
}

fn row(scene: &Scene<'_>, q: &QueueRow, focused: bool) -> Row<'static> {
    let (model, theme, s) = (scene.model, scene.theme, &q.strategy);
    let chosen = if model.chosen.contains(&s.id) { theme.symbols.chosen } else { "" };
    let cells = vec![
        words::cell(chosen, theme.accent),
        words::cell(model.priority(s).to_string(), theme.marked),
        words::cell(s.id.to_string(), theme.dim),
        words::cell(s.symbol.to_string(), theme.bright),
        words::cell(s.name.clone(), theme.text),
        state(q, theme),
        words::known(s.score, theme.text, theme, |d| format::grouped(d, 2)),
        words::bound(s.max_loss(), theme.down, theme),
        drift(q, theme),
        words::known(q.expires_in_ms, expiry_style(q, theme), theme, format::left),
        words::cell(s.notes.clone(), theme.dim),
    ];
    Row { cells, selected: focused && model.queue.key() == Some(s.id), heads: false, style: Style::new() }
}

/// A question only while it waits.
fn drift(q: &QueueRow, theme: &Theme) -> Line<'static> {
    let waits = matches!(q.stage, Stage::Marked | Stage::Deferred | Stage::Queued);
    let style = if q.drift.is_some_and(|d| d.warn) { theme.warn } else { theme.dim };
    words::known(q.drift.filter(|_| waits), style, theme, |d| format::signed(d.points, 2))
}

fn expiry_style(q: &QueueRow, theme: &Theme) -> Style {
    /// The last minutes of a mark are coloured.
    const SOON_MS: i64 = 5 * 60_000;
    if q.expires_in_ms.is_some_and(|ms| ms < SOON_MS) { theme.warn } else { theme.dim }
}

/// The stage in words, and how many legs are in.
pub fn state(q: &QueueRow, theme: &Theme) -> Line<'static> {
    let (word, style) = match &q.stage {
        Stage::Marked => ("marked".to_string(), theme.text),
        Stage::Deferred => ("deferred: market closed".to_string(), theme.dim),
        Stage::Queued => ("waiting for its turn".to_string(), theme.accent),
        Stage::Executing => ("executing".to_string(), theme.accent),
        Stage::Held(_) => ("HELD".to_string(), theme.warn),
        Stage::Unwinding(_) => ("unwinding".to_string(), theme.warn),
    };
    let mut spans = vec![Span::styled(word, style)];
    if matches!(q.stage, Stage::Executing | Stage::Held(_) | Stage::Unwinding(_)) {
        spans.push(Span::raw(" "));
        spans.extend(q.progress.iter().map(|p| leg(p, theme)));
        spans.push(Span::styled(format!(" {}", legs(&q.progress)), theme.dim));
    }
    if let Stage::Held(reason) | Stage::Unwinding(reason) = &q.stage {
        spans.push(Span::styled(format!(": {reason}"), theme.warn));
    }
    Line::from(spans)
}

fn leg(progress: &LegProgress, theme: &Theme) -> Span<'static> {
    if progress.unknown {
        Span::styled("?", theme.warn)
    } else if progress.is_done() {
        Span::styled(theme.symbols.part_done, theme.accent)
    } else {
        Span::styled(theme.symbols.part_open, theme.dim)
    }
}

/// `leg 3/4 sent`, `2/4 in, wave 2`.
fn legs(progress: &[LegProgress]) -> String {
    let done = progress.iter().filter(|p| p.is_done()).count();
    let working = progress.iter().filter(|p| !p.working.is_zero()).count();
    let wave = progress.iter().filter(|p| !p.is_done()).map(|p| p.wave).min();
    let mut text = format!("{done}/{} in", progress.len());
    if working > 0 {
        let _ = write!(text, ", {working} working");
    }
    if let Some(wave) = wave.filter(|w| *w > 1) {
        let _ = write!(text, ", wave {wave}");
    }
    text
}
