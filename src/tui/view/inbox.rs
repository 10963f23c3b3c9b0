//! The inbox of alerts, read and unread, and the messages that this screen has shown.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use super::{Scene, words};
use crate::domain::time::{ist, trading_day};
use crate::engine::effect::AlertLevel;
use crate::tui::keymap::Action;
use crate::tui::model::{Model, Pane, Said, ToastLevel};
use crate::tui::theme::Theme;
use crate::tui::widgets::list::List;
use crate::tui::widgets::table::{Column, Row};
use crate::tui::widgets::{pane, text};
use crate::view::books::AlertRow;

const COLUMNS: &[Column] =
    &[Column::word("", 0, 1), Column::word("Time", 0, 8), Column::word("Level", 1, 7), Column::text("Alert", 0, 20)];

const MESSAGES: &[Column] = &[Column::word("Time", 0, 8), Column::word("Level", 1, 7), Column::text("Message", 0, 20)];

pub fn render(scene: &Scene<'_>, buf: &mut Buffer, area: Rect, own: Pane) {
    let (model, theme) = (scene.model, scene.theme);
    let title = words::title(model, own, String::new(), true, theme);
    let inner = pane::frame(buf, area, &title, &Line::default(), model.focus == own, theme);
    if own == Pane::Messages { messages(model, buf, inner, theme) } else { alerts(model, buf, inner, theme) }
}

fn alerts(model: &Model, buf: &mut Buffer, area: Rect, theme: &Theme) {
    let Some(all) = model.books.inbox.value.as_deref() else {
        let why = model.books.inbox.missing("the inbox").unwrap_or_default();
        return pane::empty(buf, area, &why, theme);
    };
    if all.is_empty() {
        return pane::empty(
            buf,
            area,
            "No alert yet: fills, stops, refusals, links that go down are kept here.",
            theme,
        );
    }
    let at = model.inbox.index();
    let key = model.keymap.key(Action::ReadAlert);
    let full =
        all.get(at).map(|a| format!("{}{}", a.text, if a.read { String::new() } else { format!(" ({key}: read)") }));
    let foot = text::wrapped(&full.unwrap_or_default(), area.width, "", theme.text).into_iter().take(4).collect();
    let today = model.today();
    let list = List { columns: COLUMNS, count: all.len(), at, focused: true, foot };
    list.render(buf, area, |n| all.get(n).map(|a| alert(a, today, theme)).unwrap_or_default(), theme);
}

fn alert(a: &AlertRow, today: jiff::civil::Date, theme: &Theme) -> Row<'static> {
    let (level, style) = match a.level {
        AlertLevel::Info => ("info", theme.accent),
        AlertLevel::Warning => ("warning", theme.warn),
        AlertLevel::Critical => ("alarm", theme.down),
    };
    let wall = ist(a.at);
    let time = if trading_day(a.at) == today { wall.strftime("%H:%M:%S") } else { wall.strftime("%d %b %H:%M") };
    let cells = vec![
        words::cell(if a.read { "" } else { theme.symbols.dot }, theme.accent),
        words::cell(time.to_string(), theme.dim),
        words::cell(level, style),
        words::cell(a.text.clone(), if a.read { theme.dim } else { theme.bright }),
    ];
    Row { cells, ..Row::default() }
}

fn messages(model: &Model, buf: &mut Buffer, area: Rect, theme: &Theme) {
    if model.said.is_empty() {
        return pane::empty(buf, area, "This screen has said nothing yet.", theme);
    }
    let at = model.messages.index();
    let said = |n: usize| model.said.iter().rev().nth(n);
    let full = said(at).map(|s| s.text.clone()).unwrap_or_default();
    let foot = text::wrapped(&full, area.width, "", theme.text).into_iter().take(4).collect();
    let list = List { columns: MESSAGES, count: model.said.len(), at, focused: true, foot };
    list.render(buf, area, |n| said(n).map(|s| message(s, theme)).unwrap_or_default(), theme);
}

fn message(s: &Said, theme: &Theme) -> Row<'static> {
    let (level, style): (&str, Style) = match s.level {
        ToastLevel::Done => ("done", theme.up),
        ToastLevel::Info => ("info", theme.accent),
        ToastLevel::Warning => ("warning", theme.warn),
        ToastLevel::Refused => ("refused", theme.warn),
        ToastLevel::Alarm => ("alarm", theme.down),
    };
    let time = s.at.strftime("%H:%M:%S").to_string();
    let cells = vec![words::cell(time, theme.dim), words::cell(level, style), words::cell(s.text.clone(), theme.text)];
    Row { cells, ..Row::default() }
}
