//! The audit trail: every command, decision and order with its ids, the newest first.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use super::{Scene, words};
use crate::domain::AuditRecord;
use crate::domain::time::{ist, trading_day};
use crate::tui::keymap::Action;
use crate::tui::model::{Model, Pane};
use crate::tui::theme::Theme;
use crate::tui::widgets::list::List;
use crate::tui::widgets::table::{Column, Row};
use crate::tui::widgets::{pane, text};
use crate::view::books::AUDIT_LINES;

const COLUMNS: &[Column] = &[
    Column::word("Time", 0, 8),
    Column::word("Kind", 3, 6),
    Column::word("Event", 0, 8),
    Column::text("What", 0, 16),
    Column::text("Reason", 1, 12),
    Column::word("For", 2, 4),
    Column::word("Order", 4, 5),
    Column::word("Trade", 5, 5),
    Column::word("Asked by", 6, 6),
    Column::number("Record", 7, 6),
];

pub fn render(scene: &Scene<'_>, buf: &mut Buffer, area: Rect) {
    let (model, theme) = (scene.model, scene.theme);
    let title = Line::styled(format!("Audit trail {}", model.audit.rows.len()), theme.title);
    let inner = pane::frame(buf, area, &title, &right(model, theme), model.focus == Pane::Audit, theme);
    let Some(all) = model.books.audit.value.as_deref() else {
        let why = model.books.audit.missing("the audit trail").unwrap_or_default();
        return pane::empty(buf, inner, &why, theme);
    };
    if model.audit.rows.is_empty() {
        let words = if model.audit.filter.is_empty() {
            "Nothing has been asked or done yet.".to_string()
        } else {
            let key = model.keymap.key(Action::Back);
            format!("Nothing in the newest {} lines says `{}`. {key} shows all.", all.len(), model.audit.filter)
        };
        return pane::empty(buf, inner, &words, theme);
    }
    let record = |n: usize| model.audit.rows.get(n).and_then(|at| all.get(*at));
    let at = model.audit.lines.index();
    let in_full = record(at).map(in_full).unwrap_or_default();
    let foot = text::wrapped(&in_full, inner.width, "", theme.dim).into_iter().take(4).collect();
    let today = model.today();
    let list = List { columns: COLUMNS, count: model.audit.rows.len(), at, focused: true, foot };
    list.render(buf, inner, |n| record(n).map(|r| row(r, today, theme)).unwrap_or_default(), theme);
}

/// What is left out, and what it is narrowed by.
fn right(model: &Model, theme: &Theme) -> Line<'static> {
    let all = model.books.audit.value.as_ref().map_or(0, |a| a.len());
    if !model.audit.filter.is_empty() {
        return Line::styled(format!("says {}", model.audit.filter), theme.accent);
    }
    let full = all >= usize::try_from(AUDIT_LINES).unwrap_or(usize::MAX);
    Line::styled(if full { "the newest; older ones are in strikedeck.db" } else { "" }, theme.dim)
}

fn row(r: &AuditRecord, today: jiff::civil::Date, theme: &Theme) -> Row<'static> {
    let wall = ist(r.at);
    let time = if trading_day(r.at) == today { wall.strftime("%H:%M:%S") } else { wall.strftime("%d %b %H:%M") };
    let id = |name: &str, id: Option<u64>| id.map(|n| format!("{name}{n}")).unwrap_or_default();
    let cells = vec![
        words::cell(time.to_string(), theme.dim),
        words::cell(r.category.clone(), theme.dim),
        words::cell(r.event.clone(), event_style(&r.event, theme)),
        words::cell(r.what.clone(), theme.text),
        words::cell(r.reason.clone().unwrap_or_default(), theme.dim),
        words::cell(id("#", r.strategy.map(|s| s.0)), theme.text),
        words::cell(id("", r.intent.map(|i| i.0)), theme.dim),
        words::cell(id("", r.trade), theme.dim),
        words::cell(r.origin.clone().unwrap_or_default(), theme.dim),
        words::cell(r.seq.to_string(), theme.dim),
    ];
    Row { cells, ..Row::default() }
}

fn event_style(event: &str, theme: &Theme) -> Style {
    match event {
        "refused" | "signal refused" | "safeguard failed" | "not executed" | "held" => theme.warn,
        "halted" | "flatten started" | "journal" => theme.down,
        "asked" => theme.accent,
        _ => theme.text,
    }
}

/// The line under the cursor with all its ids and both values.
fn in_full(r: &AuditRecord) -> String {
    let mut parts = vec![format!("{} {}: {}", r.category, r.event, r.what)];
    match (&r.before, &r.after) {
        (Some(before), Some(after)) => parts.push(format!("{before} → {after}")),
        (None, Some(after)) => parts.push(after.clone()),
        (Some(before), None) => parts.push(format!("was {before}")),
        (None, None) => {}
    }
    parts.extend(r.reason.clone());
    parts.extend(r.command.map(|id| format!("command {id}")));
    parts.extend(r.intent.map(|id| format!("order {id}")));
    parts.extend(r.trade.map(|id| format!("trade {id}")));
    parts.push(format!("record {} of the journal, {}", r.seq, ist(r.at).strftime("%d %b %Y %H:%M:%S%.3f")));
    parts.join(" · ")
}
