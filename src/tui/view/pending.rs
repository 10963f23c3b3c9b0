//! The strategies to choose from.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use rust_decimal_macros::dec;

use super::{Scene, words};
use crate::domain::{Conviction, StrategyStatus};
use crate::tui::keymap::Action;
use crate::tui::model::{Pane, offset};
use crate::tui::theme::Theme;
use crate::tui::widgets::table::{Column, Row, render as table};
use crate::tui::widgets::{pane, text};
use crate::view::{StrategyRow, format};

const COLUMNS: &[Column] = &[
    Column::word("", 0, 1),
    Column::number("ID", 0, 3),
    Column::word("Symbol", 0, 6),
    Column::text("Strategy", 0, 16),
    Column::number("Pri", 2, 3),
    Column::word("Expiry", 3, 6),
    Column::number("Legs", 7, 4),
    Column::number("Score", 1, 5),
    Column::word("Conv", 5, 4),
    Column::number("PoP", 6, 3),
    Column::number("Max profit", 4, 10),
    Column::number("Max loss", 1, 9),
    Column::number("R:R", 8, 4),
    Column::number("Age", 9, 3),
    Column::text("Note", 10, 8),
];

pub fn render(scene: &Scene<'_>, buf: &mut Buffer, area: Rect, compact: bool) {
    let (model, theme) = (scene.model, scene.theme);
    let own = words::pane_name(model, Pane::Pending);
    let title = words::title(model, Pane::Pending, own, compact, theme);
    let focused = model.focus == Pane::Pending;
    let inner = pane::frame(buf, area, &title, &facts(scene), focused, theme);
    if model.pending_rows.is_empty() {
        pane::empty(buf, inner, &what_to_do(scene), theme);
        return;
    }
    let about = model.pending.key().and_then(|id| model.view.strategy(id)).and_then(|row| about(row, theme));
    let foot = u16::from(about.is_some() && inner.height > 4);
    let list = Rect { height: inner.height - foot, ..inner };
    let height = usize::from(list.height.saturating_sub(1));
    let first = offset(model.pending.index(), model.pending_rows.len(), height);
    let rows: Vec<Row<'_>> = model.pending_rows[first..]
        .iter()
        .take(height)
        .filter_map(|i| model.view.strategies.get(*i))
        .map(|s| row(scene, s, focused))
        .collect();
    table(buf, list, COLUMNS, &rows, theme);
    if let Some(line) = about.filter(|_| foot > 0) {
        text::put(buf, text::row(inner, inner.height - 1), &line, theme.symbols.ellipsis);
    }
}

/// Filter, selection and order, on the right of the frame.
fn facts(scene: &Scene<'_>) -> Line<'static> {
    let (model, theme) = (scene.model, scene.theme);
    let mut spans = Vec::new();
    if !model.filter.is_empty() {
        spans.push(Span::styled(format!("{}  ", model.filter.text), theme.accent));
    }
    if !model.chosen.is_empty() {
        spans.push(Span::styled(format!("{} selected  ", model.chosen.len()), theme.accent));
    }
    let arrow = if model.sort.descends() { theme.symbols.down } else { theme.symbols.up };
    spans.push(Span::styled(format!("sort {} {arrow}", model.sort.by.as_str()), theme.dim));
    Line::from(spans)
}

fn what_to_do(scene: &Scene<'_>) -> String {
    let (model, keymap) = (scene.model, &scene.model.keymap);
    if model.view.strategies.is_empty() {
        return "No strategies yet. Load the analyser's output from a shell: strikedeck import FILE…".into();
    }
    if !model.filter.is_empty() {
        let keys = (keymap.key(Action::Back), keymap.key(Action::Filter));
        return format!(
            "No strategy passes `{}`. {} clears the filter, {} changes it.",
            model.filter.text, keys.0, keys.1
        );
    }
    "Every strategy here has been executed. Load more from a shell: strikedeck import FILE…".into()
}

/// What stands in the way, or what there is to know, of the strategy under the cursor.
fn about(row: &StrategyRow, theme: &Theme) -> Option<Line<'static>> {
    let (words, style) = if let Some(issue) = row.blocked() {
        (issue.detail.clone(), theme.warn)
    } else if let Some(reason) = &row.reason {
        let style = if row.status == StrategyStatus::Failed { theme.down } else { theme.warn };
        (reason.clone(), style)
    } else if !row.notes.is_empty() {
        (row.notes.clone(), theme.dim)
    } else {
        return None;
    };
    Some(Line::styled(format!("#{} {words}", row.id), style))
}

fn row(scene: &Scene<'_>, s: &StrategyRow, focused: bool) -> Row<'static> {
    let (model, theme) = (scene.model, scene.theme);
    let over = matches!(s.status, StrategyStatus::Expired | StrategyStatus::Failed);
    let quiet = if over { theme.dim } else { theme.text };
    let counts = matches!(s.status, StrategyStatus::Marked | StrategyStatus::Deferred | StrategyStatus::Executing);
    let priority = if counts { words::cell(model.priority(s).to_string(), theme.marked) } else { Line::default() };
    let limit_style = |style: Style| if over { theme.dim } else { style };
    let cells = vec![
        marker(scene, s),
        words::cell(s.id.to_string(), theme.dim),
        words::cell(s.symbol.to_string(), limit_style(theme.bright)),
        words::cell(s.name.clone(), quiet),
        priority,
        words::known(s.expiry, theme.dim, theme, |d| d.strftime("%d %b").to_string()),
        words::cell(s.legs.len().to_string(), theme.dim),
        words::known(s.score, limit_style(score_style(s, theme)), theme, |d| format::grouped(d, 2)),
        words::known(s.conviction, limit_style(conviction_style(s.conviction, theme)), theme, |c| conviction(c).into()),
        words::known(s.probability, quiet, theme, format::share),
        words::bound(s.max_profit(), limit_style(theme.up), theme),
        words::bound(s.max_loss(), limit_style(theme.down), theme),
        words::known(s.reward_to_risk, theme.dim, theme, |d| format::grouped(d, 2)),
        age(s, theme),
        words::cell(s.notes.clone(), theme.dim),
    ];
    Row { cells, selected: focused && model.pending.key() == Some(s.id), heads: false, style: Style::new() }
}

/// Selected with `v`, then the status: marked, waiting, failed, expired, or not executable.
fn marker(scene: &Scene<'_>, s: &StrategyRow) -> Line<'static> {
    let (theme, signs) = (scene.theme, &scene.theme.symbols);
    let mut spans = Vec::new();
    if scene.model.chosen.contains(&s.id) {
        spans.push(Span::styled(signs.chosen, theme.accent));
    }
    let status = match s.status {
        StrategyStatus::Marked | StrategyStatus::Executing => Some((signs.dot, theme.marked)),
        StrategyStatus::Deferred => Some((signs.hollow, theme.marked)),
        StrategyStatus::Failed => Some((signs.failed, theme.down)),
        StrategyStatus::Expired => Some((signs.hollow, theme.dim)),
        StrategyStatus::Executed => Some((signs.done, theme.up)),
        StrategyStatus::Pending => s.blocked().map(|_| (signs.blocked, theme.warn)),
    };
    spans.extend(status.map(|(sign, style)| Span::styled(sign, style)));
    Line::from(spans)
}

fn score_style(s: &StrategyRow, theme: &Theme) -> Style {
    if s.score.is_some_and(|score| score >= dec!(0.7)) { theme.up } else { theme.text }
}

pub fn conviction(conviction: Conviction) -> &'static str {
    match conviction {
        Conviction::VeryLow => "V.LOW",
        Conviction::Low => "LOW",
        Conviction::Medium => "MED",
        Conviction::High => "HIGH",
        Conviction::VeryHigh => "V.HIGH",
    }
}

fn conviction_style(conviction: Option<Conviction>, theme: &Theme) -> Style {
    match conviction {
        Some(Conviction::High | Conviction::VeryHigh) => theme.up,
        Some(Conviction::Medium) => theme.text,
        Some(Conviction::Low | Conviction::VeryLow) | None => theme.dim,
    }
}

fn age(s: &StrategyRow, theme: &Theme) -> Line<'static> {
    /// Prices of a recommendation this old say little.
    const OLD_MS: i64 = 30 * 60_000;
    let style = if s.age_ms > OLD_MS { theme.warn } else { theme.dim };
    words::cell(format::whole_age(s.age_ms), style)
}
